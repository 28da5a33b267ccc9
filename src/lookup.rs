//! Asks AWS what the lookups want to know, in the order in which they need each other, once
//! a run.
//!
//! In: the desired resources. Out: [`Lookups`], or everything that could not be answered.
//! Lookups that need no other are asked first, all at once; then those that need only
//! these, and so on. Two that ask the same are one question.
//!
//! A lookup with `depends_on` is [deferred](Lookup::is_deferred): refresh asks it once what
//! it waits for stands, and the executor where that is only made by the plan.
//!
//! *Invariant*: a lookup depends on literals and other lookups only, unless it is deferred.

mod certificates;
mod deferred;
mod demands;
mod kept;
mod zones;

use std::collections::BTreeMap;

use futures::future::join_all;
use jiff::civil::Date;

pub use deferred::{ask_one, pending, ready};
pub use kept::kept;

use crate::address::{Address, Mode};
use crate::aws::{Aws, Error, ErrorKind};
use crate::diagnostic::Diagnostic;
use crate::resource::{Desired, Lookup, Lookups};
use crate::value::{Attributes, Reference, Step, Value};

/// Asks everything that is to be asked.
///
/// # Errors
/// Every lookup that failed or found nothing, or several where one is wanted; those that
/// needed its answer are left out, as they have no fault of their own. Equal failures are
/// one diagnostic, and what is wrong with the credentials is said once.
pub async fn read(aws: &Aws, desired: &Desired) -> Result<Lookups, Vec<Diagnostic>> {
    let mut known = Lookups::new();
    let mut failures = Vec::new();
    let lookups = desired.lookups.values();
    let mut left: Vec<&Lookup> = lookups.filter(|one| !one.is_deferred()).collect();
    loop {
        let (ready, later): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|lookup| needs(lookup).iter().all(|need| known.contains_key(need)));
        if ready.is_empty() {
            left = later;
            break;
        }
        for (lookup, answer) in ask(aws, ready, &known).await {
            match answer {
                Ok(attributes) => {
                    known.insert(lookup.address.clone(), attributes);
                }
                Err(error) => failures.push((lookup, error)),
            }
        }
        left = later;
    }
    let mut diagnostics = diagnose(&failures);
    diagnostics.extend(unanswerable(&left, desired));
    if diagnostics.is_empty() {
        Ok(known)
    } else {
        Err(diagnostics)
    }
}

/// Whether what was found is what the inputs demand, and will do where it is used: an error
/// refuses the plan, a warning is worth a note.
#[must_use]
pub fn check(desired: &Desired, lookups: &Lookups, today: Date) -> Vec<Diagnostic> {
    let mut problems = demands::check(desired, lookups);
    problems.extend(zones::check(desired, lookups));
    problems.extend(certificates::check(desired, lookups, today));
    problems
}

/// What a reference to a lookup leads to, if the lookup was answered and has it.
#[must_use]
pub fn value(lookups: &Lookups, reference: &Reference) -> Option<Value> {
    if let Some((Step::Split, before)) = reference.path.split_last() {
        let whole = Reference {
            target: reference.target.clone(),
            path: before.to_vec(),
        };
        return value(lookups, &whole)?.split();
    }
    let (Step::Attribute(first), rest) = reference.path.split_first()? else {
        return None;
    };
    let mut value = lookups.get(&reference.target)?.get(first)?;
    for step in rest {
        value = match step {
            Step::Attribute(name) => match value {
                Value::List(items) => items.first()?.as_map()?.get(name)?,
                other => other.as_map()?.get(name)?,
            },
            Step::Index(index) => value.items().get(*index)?,
            Step::Key(key) => value.as_map()?.get(key)?,
            Step::Split => return None,
        };
    }
    (!value.is_null()).then(|| value.clone())
}

/// What a lookup refers to.
fn needs(lookup: &Lookup) -> Vec<Address> {
    let mut references = Vec::new();
    let values = lookup.arguments.values();
    values.for_each(|value| value.references(&mut references));
    let targets = references.into_iter();
    targets.map(|reference| reference.target.clone()).collect()
}

/// Asks these at once, each different question one time.
async fn ask<'a>(
    aws: &Aws,
    lookups: Vec<&'a Lookup>,
    known: &Lookups,
) -> Vec<(&'a Lookup, Result<Attributes, Error>)> {
    type Question<'a> = (&'a str, &'a str, String);
    let mut questions: BTreeMap<Question<'a>, (Attributes, Vec<&'a Lookup>)> = BTreeMap::new();
    for lookup in lookups {
        let arguments: Attributes = lookup
            .arguments
            .iter()
            .map(|(name, argument)| {
                let argument = argument.resolve(&|reference| value(known, reference));
                (name.clone(), argument)
            })
            .collect();
        let text = Value::Map(arguments.clone()).to_json().to_string();
        let question = (lookup.address.kind.as_str(), lookup.region.as_str(), text);
        let (_, asking) = questions
            .entry(question)
            .or_insert_with(|| (arguments, Vec::new()));
        asking.push(lookup);
    }
    let answers =
        questions
            .into_iter()
            .map(|((kind, region, _), (arguments, asking))| async move {
                let answer = ask_one(aws, kind, region, &arguments).await;
                (asking, answer)
            });
    join_all(answers)
        .await
        .into_iter()
        .flat_map(|(asking, answer)| {
            asking
                .into_iter()
                .map(move |lookup| (lookup, answer.clone()))
        })
        .collect()
}

/// One diagnostic for each different failure.
fn diagnose(failures: &[(&Lookup, Error)]) -> Vec<Diagnostic> {
    let mut groups: Vec<(&Error, Vec<&Lookup>)> = Vec::new();
    for (lookup, error) in failures {
        match groups.iter_mut().find(|(other, _)| is_one(other, error)) {
            Some((_, lookups)) => lookups.push(lookup),
            None => groups.push((error, vec![lookup])),
        }
    }
    groups.sort_by(|(_, a), (_, b)| a[0].address.cmp(&b[0].address));
    groups
        .into_iter()
        .map(|(error, lookups)| {
            let diagnostic = if error.kind == ErrorKind::Credentials {
                // No line of the spec is to blame.
                Diagnostic::error(format!("AWS has no valid credentials from us: {error}"))
            } else {
                let more = match lookups.len() {
                    1 => String::new(),
                    n => format!(" (and {} more)", n - 1),
                };
                let message = format!("{}{more}: {error}", lookups[0].address);
                located(Diagnostic::error(message), &lookups)
            };
            match error.hint.clone().or_else(|| next_step(error)) {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            }
        })
        .collect()
}

/// Whether two failures have one cause.
fn is_one(a: &Error, b: &Error) -> bool {
    (a.kind == ErrorKind::Credentials && b.kind == ErrorKind::Credentials)
        || (a.kind, &a.operation, &a.code, &a.message)
            == (b.kind, &b.operation, &b.code, &b.message)
}

/// Points at the spec's lines, then at the blueprints'. Lookups of one component have the
/// same lines of the spec; each place is pointed at once.
fn located(mut diagnostic: Diagnostic, lookups: &[&Lookup]) -> Diagnostic {
    let specs = lookups.iter().filter_map(|one| one.origin.spec.as_ref());
    let blueprints = lookups
        .iter()
        .filter_map(|one| one.origin.blueprint.as_ref());
    for span in specs.chain(blueprints) {
        if !diagnostic.labels.iter().any(|label| label.span == *span) {
            diagnostic = diagnostic.at(span.clone(), "");
        }
    }
    diagnostic
}

/// What to do about a failure that any call can have.
fn next_step(error: &Error) -> Option<String> {
    let code = error.code.as_deref().unwrap_or_default();
    match error.kind {
        ErrorKind::Credentials if code.contains("Expired") || code == "TokenRefreshRequired" => {
            Some("they have expired; log in again, for instance with `aws sso login`".to_owned())
        }
        ErrorKind::Credentials => Some(
            "set AWS_PROFILE or log in (`aws sso login`); `aws sts get-caller-identity` shows whether AWS accepts them".to_owned(),
        ),
        ErrorKind::AccessDenied => Some(format!("allow {} to this identity", error.operation)),
        ErrorKind::Throttled => Some("wait a minute and run it again".to_owned()),
        ErrorKind::Uncertain => Some("check the connection to AWS, then run it again".to_owned()),
        _ => None,
    }
}

/// Lookups that no answer could ever make ready. One that needs a lookup that failed is
/// not among them.
fn unanswerable(left: &[&Lookup], desired: &Desired) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for lookup in left {
        let stray = needs(lookup)
            .into_iter()
            .find(|need| need.mode != Mode::Lookup || !desired.lookups.contains_key(need));
        if let Some(need) = stray {
            let message = format!(
                "{} refers to {need}, which is no lookup; a lookup can refer to other lookups only",
                lookup.address
            );
            diagnostics.push(located(Diagnostic::error(message), &[lookup]));
        } else if reaches(lookup, &lookup.address, desired, &mut Vec::new()) {
            let message = format!("{} needs its own answer", lookup.address);
            diagnostics.push(located(Diagnostic::error(message), &[lookup]));
        }
    }
    diagnostics
}

/// Whether a lookup needs this one, however far away.
fn reaches<'a>(
    lookup: &'a Lookup,
    goal: &Address,
    desired: &'a Desired,
    seen: &mut Vec<Address>,
) -> bool {
    needs(lookup).into_iter().any(|need| {
        if need == *goal {
            return true;
        }
        if seen.contains(&need) {
            return false;
        }
        seen.push(need.clone());
        desired
            .lookups
            .get(&need)
            .is_some_and(|next| reaches(next, goal, desired, seen))
    })
}

#[cfg(test)]
mod tests;
