//! The whole line on one screen: from the spec's text to a plan.
//!
//! ```text
//! Spec -> Desired -> Approved -> Confirmed -> Graph -> Observed -> Changes -> Plan
//! ```
//!
//! Each arrow is a free function of one stage. [`executor::run`](crate::executor::run)
//! carries the plan out.
//!
//! *Invariant*: a plan that keeps anything is made from a
//! [`Confirmed`] (or, for show, from an [`Approved`]); there is no
//! other way here from a spec to a plan.

mod drift;
mod forget;
mod import;
mod rebuild;
mod saved;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::aws::trail::Trail;
use crate::aws::{self, Aws, Owner};
use crate::between::{self, Bare};
use crate::blueprint::{self, Library};
use crate::compare::{self, Comparison};
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::diff::{self, Options, Target};
use crate::guardrail::{self, Approved, Confirmed, Judge, Refusal};
use crate::outputs::Output;
use crate::plan::by_hand::ByHand;
use crate::plan::{self, Changes, Choice, Header, Mode, Plan};
use crate::refresh::{self, Failure, Observed, Trust};
use crate::resource::{Desired, Lookups};
use crate::spec::{self, Parsed};
use crate::state::{Document, store};
use crate::{blockers, graph, lookup, outputs};

pub use drift::drift;
pub use forget::untag;
pub use import::{Imported, import};
pub use rebuild::{Rebuilt, rebuild};
pub use saved::plan_saved;
pub use undo::plan_undo;

/// Why a run ends before there is a plan.
#[derive(Debug)]
pub enum Stop {
    /// The spec or a blueprint is wrong, or does not fit what AWS has.
    Wrong(Vec<Diagnostic>),
    /// The guardrails refuse it.
    Refused(Refusal),
    /// A call failed that everything else needs.
    Aws(aws::Error),
    /// Resources could not be read.
    Unread(Vec<Failure>),
    /// The state can't be read or written.
    State(store::Error),
    /// The credentials are for another account than the spec or the state says.
    Account {
        /// The one that is expected.
        expected: String,
        /// The one that answered.
        found: String,
        /// Who expects it: `the spec's account`.
        says: &'static str,
        /// Whose credentials answered, and from where: `arn:… from profile deploy`.
        who: String,
    },
}

impl Stop {
    /// What is wrong in what the user wrote, as diagnostics; none where the world failed.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Wrong(problems) => problems.clone(),
            Self::Refused(refusal) => refusal.diagnostics(),
            _ => Vec::new(),
        }
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::State(error)
    }
}

/// The spec's text, for the environment that is asked for or else the one at its top -> what
/// the guardrails approve. Asks nobody.
///
/// # Errors
/// Every problem of the spec and its blueprints at once; or else every finding.
pub fn approve(
    source: &Arc<Source>,
    environment: Option<&str>,
    library: &Library,
    today: Date,
) -> Result<Approved, Stop> {
    let desired = expand(source, environment, library).map_err(Stop::Wrong)?;
    guardrail::approve(desired, today).map_err(Stop::Refused)
}

/// The spec's text, for an environment -> what AWS should have.
///
/// # Errors
/// Every problem of the spec and its blueprints at once.
pub fn expand(
    source: &Arc<Source>,
    environment: Option<&str>,
    library: &Library,
) -> Result<Desired, Vec<Diagnostic>> {
    let Parsed { spec, mut problems } = spec::parse(source, environment);
    let desired = match spec.map(|spec| blueprint::expand(&spec, library)) {
        Some(Ok(desired)) => Some(desired),
        Some(Err(more)) => {
            problems.extend(more);
            None
        }
        None => None,
    };
    let wrong = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    match desired {
        Some(desired) if !wrong => Ok(desired),
        _ => Err(problems),
    }
}

/// The spec's text, for an environment -> what AWS should have, or only what it is called
/// where a blueprint is gone or can't be expanded: that is enough to find its state. Its form
/// must be right, for where a name is wrong another stands in for it, whose state is
/// somebody else's.
///
/// # Errors
/// Every problem of a spec whose form is wrong.
pub fn expand_or_name(
    source: &Arc<Source>,
    environment: Option<&str>,
    library: &Library,
) -> Result<Desired, Stop> {
    let problems = match expand(source, environment, library) {
        Ok(desired) => return Ok(desired),
        Err(problems) => problems,
    };
    let Parsed {
        spec,
        problems: of_form,
    } = spec::parse(source, environment);
    let is_wrong = |problem: &Diagnostic| problem.severity == Severity::Error;
    match spec.filter(|_| !of_form.iter().any(is_wrong)) {
        Some(spec) => Ok(Desired::named(&spec)),
        None => Err(Stop::Wrong(problems)),
    }
}

/// The spec's text, for two environments (none: the one at its top) -> what differs.
///
/// # Errors
/// Every problem of the spec and its blueprints for either of them.
pub fn compare(
    source: &Arc<Source>,
    environment: Option<&str>,
    other: &str,
    library: &Library,
) -> Result<Comparison, Stop> {
    let side = |environment| {
        let desired = expand(source, environment, library)?;
        let Parsed { spec, problems } = spec::parse(source, environment);
        spec.map(|spec| (spec, desired)).ok_or(problems)
    };
    let (left, right) = (side(environment), side(Some(other)));
    let (left, right) = (left.map_err(Stop::Wrong)?, right.map_err(Stop::Wrong)?);
    Ok(compare::environments(
        (&left.0, &left.1),
        (&right.0, &right.1),
    ))
}

/// What one app and environment have, and the way to it.
#[derive(Debug)]
pub struct Session<'a> {
    /// AWS.
    pub aws: &'a Aws,
    /// What is remembered.
    pub document: Document,
    /// Whose everything is.
    pub owner: Owner,
    /// The account that answers.
    pub account: String,
    /// Whether the records are believed when a plan is made.
    pub trust: Trust,
    /// What of a plan is wanted.
    pub choice: Choice,
}

/// Takes up a session on what is remembered, and holds the account against what the spec
/// and the state say.
///
/// # Errors
/// Missing or expired credentials, or another account than the expected one.
pub async fn open<'a>(
    aws: &'a Aws,
    desired: &Desired,
    document: Document,
) -> Result<Session<'a>, Stop> {
    let identity = aws.identity().await.map_err(Stop::Aws)?;
    let expected = [
        (&desired.account, "the spec's account"),
        (&document.account, "the state's account"),
    ];
    for (expected, says) in expected {
        if let Some(expected) = expected
            && *expected != identity.account
        {
            return Err(Stop::Account {
                expected: expected.clone(),
                found: identity.account.clone(),
                says,
                who: match aws.origin() {
                    Some(origin) => format!("{}, from {}", identity.arn, origin.describe()),
                    None => identity.arn.clone(),
                },
            });
        }
    }
    Ok(Session {
        aws,
        owner: Owner {
            app: document.app.clone(),
            environment: document.environment.clone(),
            lineage: document.lineage.clone(),
        },
        account: identity.account.clone(),
        document,
        trust: Trust::Nothing,
        choice: Choice::default(),
    })
}

/// What was approved -> the plan that makes AWS so.
///
/// # Errors
/// A lookup that found nothing or several, a guardrail that refuses what was found, a resource
/// that could not be read, or a choice of what the plan doesn't have or should not do alone.
pub async fn plan(
    session: &Session<'_>,
    approved: Approved,
    today: Date,
    options: Options,
) -> Result<Plan, Stop> {
    let (confirmed, worth_knowing) = confirm(session.aws, approved, today).await?;
    keep(session, &confirmed, worth_knowing, options).await
}

/// What was confirmed, and what is worth knowing of it -> the plan that makes AWS so.
async fn keep(
    session: &Session<'_>,
    confirmed: &Confirmed,
    worth_knowing: Vec<Diagnostic>,
    options: Options,
) -> Result<Plan, Stop> {
    let target = Target::Keep(confirmed);
    against_aws(session, target, options, |changes| {
        let notes = worth_knowing.into_iter().map(|problem| problem.message);
        changes.notes.extend(notes);
    })
    .await
}

/// What stands, held against a target. `also` has a say in the changes before they are put in
/// order.
async fn against_aws(
    session: &Session<'_>,
    target: Target<'_>,
    options: Options,
    also: impl FnOnce(&mut Changes),
) -> Result<Plan, Stop> {
    let Session {
        aws,
        document,
        owner,
        trust,
        choice,
        ..
    } = session;
    let (mode, desired) = match target {
        Target::Keep(confirmed) => (Mode::Apply, confirmed.desired()),
        Target::Preview(approved) => (Mode::Apply, approved.desired()),
        Target::Remove(desired) => (Mode::Destroy, desired),
    };
    let graph = graph::build(desired, document).map_err(Stop::Wrong)?;
    let observed = refresh::observe(aws, desired, &graph, document, owner, *trust)
        .await
        .map_err(Stop::Unread)?;
    let mut changes = diff::compare(target, &graph, &observed, document, options);
    also(&mut changes);
    // What is in the way of a destroy stays, whoever made it.
    if mode == Mode::Apply {
        let mut trail = Trail::new(aws);
        let problems = &mut changes.problems;
        crate::drift::tell_makers(&mut trail, &observed.foreign, problems).await;
    }
    let found = blockers::find(aws, &changes.steps).await;
    changes.problems.extend(found.problems);
    changes.notes.extend(found.notes);
    changes.notes.extend(moved_whole(document));
    let header = Header {
        believed: observed.believed.len(),
        ..header(mode, desired, Some(&session.account))
    };
    let plan = plan::order(changes, &graph, document, header);
    let (mut plan, weak) = match target {
        Target::Keep(confirmed) => between::secure(plan, desired, document, &mut confirmed.judge()),
        // A destroy is never refused; it goes in the best order that there is.
        Target::Remove(_) => {
            let judge = &mut Judge::of_nothing();
            let (plan, _) = between::secure(plan, &Desired::default(), document, judge);
            (plan, Vec::new())
        }
        Target::Preview(_) => (plan, Vec::new()),
    };
    plan.problems.extend(weak);
    let out_of_order = between::check(&plan, &graph, document);
    plan.problems.extend(out_of_order);
    narrow(plan, choice, |plan, taken| match target {
        Target::Keep(confirmed) => {
            between::part(plan, taken, desired, document, &mut confirmed.judge())
        }
        Target::Preview(_) | Target::Remove(_) => Vec::new(),
    })
}

/// What was approved -> the same judged with what its lookups found and what policies keep,
/// and what is worth knowing of that.
///
/// # Errors
/// A lookup that found nothing or several, a statement to keep that is not there, or a
/// guardrail that refuses what was found.
pub async fn confirm(
    aws: &Aws,
    approved: Approved,
    today: Date,
) -> Result<(Confirmed, Vec<Diagnostic>), Stop> {
    let lookups = lookup::read(aws, approved.desired())
        .await
        .map_err(Stop::Wrong)?;
    let found = lookup::check(approved.desired(), &lookups, today);
    let (wrong, worth_knowing): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|problem| problem.severity == Severity::Error);
    wrong_if_any(wrong)?;
    let kept = lookup::kept(aws, approved.desired()).await;
    let kept = kept.map_err(Stop::Wrong)?;
    let confirmed = guardrail::confirm(approved, &lookups, &kept, today).map_err(Stop::Refused)?;
    let waivers = confirmed.warnings().iter().cloned();
    let worth_knowing = worth_knowing.into_iter().chain(waivers).collect();
    Ok((confirmed, worth_knowing))
}

/// A plan -> the part of it that is wanted, and what has to come along so that nothing is weak in
/// the end.
fn narrow(
    mut plan: Plan,
    choice: &Choice,
    mut bare: impl FnMut(&Plan, &BTreeSet<usize>) -> Vec<Bare>,
) -> Result<Plan, Stop> {
    if choice.is_everything() {
        return Ok(plan);
    }
    let mut along = BTreeMap::new();
    loop {
        let steps = along.keys().copied().collect();
        let taken = plan::chosen(&plan, choice, &steps).map_err(Stop::Wrong)?;
        let bare = bare(&plan, &taken);
        for one in &bare {
            let brings = one.lacks.map(|step| (step, one.brings.clone()));
            along.extend(brings.filter(|(step, _)| !steps.contains(step)));
        }
        // Nothing more helps where what is lacking is excluded.
        if along.len() == steps.len() {
            wrong_if_any(bare.into_iter().map(|one| one.problem).collect())?;
            plan.notes.extend(along.into_values());
            return Ok(plan.part(choice, &taken));
        }
    }
}

/// What was approved -> the plan as far as it can be made without AWS: what the state
/// remembers is taken for what stands, and what only AWS can tell is unknown.
///
/// # Errors
/// Resources that wait for each other, and a choice of what the plan doesn't have, or that would
/// part a thing from what secures it.
pub fn plan_offline(
    approved: &Approved,
    document: &Document,
    choice: &Choice,
) -> Result<Plan, Stop> {
    let desired = approved.desired();
    let graph = graph::build(desired, document).map_err(Stop::Wrong)?;
    let observed = Observed::remembered(document);
    let target = Target::Preview(approved);
    let mut changes = diff::compare(target, &graph, &observed, document, Options::default());
    if !observed.resources.is_empty() {
        changes.notes.push(
            "what stands is taken from the state, and what only AWS can tell is not compared"
                .to_owned(),
        );
    }
    changes.notes.extend(moved_whole(document));
    let warnings = approved.warnings().iter();
    changes
        .notes
        .extend(warnings.map(|warning| warning.message.clone()));
    let header = header(Mode::Apply, desired, None);
    let mut plan = plan::order(changes, &graph, document, header);
    let out_of_order = between::check(&plan, &graph, document);
    plan.problems.extend(out_of_order);
    narrow(plan, choice, |_, _| Vec::new())
}

/// The plan that removes everything that is recorded or, where the spec can be expanded,
/// described. Needs no approval.
///
/// # Errors
/// A resource that could not be read.
pub async fn plan_destroy(
    session: &Session<'_>,
    desired: &Desired,
    options: Options,
) -> Result<Plan, Stop> {
    // What can't be looked up any more may still be destroyed: records have ids.
    let (lookups, unanswered) = match lookup::read(session.aws, desired).await {
        Ok(lookups) => (lookups, Vec::new()),
        Err(unanswered) => (Lookups::new(), unanswered),
    };
    let mut desired = desired.clone().with_lookups(&lookups);
    // What was never taken over is not ours to delete.
    desired.imports.clear();
    against_aws(session, Target::Remove(&desired), options, |changes| {
        changes.notes.extend(unanswered.iter().map(|diagnostic| {
            format!(
                "what hangs on this lookup and has no record can't be looked for: {}",
                diagnostic.message
            )
        }));
    })
    .await
}

/// What components give, from what stands.
///
/// # Errors
/// A lookup that found nothing or several, or a resource that could not be read.
pub async fn outputs(
    session: &Session<'_>,
    desired: &Desired,
    chosen: &dyn Fn(&str, &str) -> bool,
) -> Result<Vec<Output>, Stop> {
    let Session { aws, document, .. } = session;
    let written = outputs::part(desired, chosen);
    let lookups = lookup::read(aws, &written).await.map_err(Stop::Wrong)?;
    let answered = written.clone().with_lookups(&lookups);
    let records = outputs::records(&answered, document);
    let observed = refresh::recorded(aws, &records)
        .await
        .map_err(Stop::Unread)?;
    Ok(outputs::resolve(&written, &answered, document, &observed))
}

/// That the document was another app's or environment's.
fn moved_whole(document: &Document) -> Option<String> {
    let (app, environment) = document.renamed.whole.as_ref()?;
    Some(format!(
        "{}/{} is moved from {app}/{environment}: what stands keeps its names in AWS and gets new tags",
        document.app, document.environment
    ))
}

fn header(mode: Mode, desired: &Desired, account: Option<&str>) -> Header {
    let lookups = desired.lookups.values();
    Header {
        deferred: lookups.filter(|one| one.is_deferred()).cloned().collect(),
        mode,
        believed: 0,
        region: desired.region.clone(),
        account: account.map(str::to_owned),
        outputs: desired.outputs.clone(),
        blueprints: desired.blueprints.clone(),
        by_hand: match mode {
            Mode::Apply => desired.by_hand.values().map(ByHand::of).collect(),
            Mode::Destroy => Vec::new(),
        },
        next: desired.next.clone(),
    }
}

fn wrong_if_any(problems: Vec<Diagnostic>) -> Result<(), Stop> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Stop::Wrong(problems))
    }
}

#[cfg(test)]
mod tests;
