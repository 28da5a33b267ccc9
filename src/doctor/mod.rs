//! Whether a spec can be applied from here, by this identity, to this account: what stands
//! in the way is found before anything is changed.
//!
//! In: the spec's text, the state's store, a way to AWS or why there is none. Out: [`Line`]s,
//! each `ok`, a warning or a failure with what to do.
//!
//! *Invariant*: no check ends another, each has an end of its own, and nothing is changed.

mod access;
mod permissions;
mod quotas;
mod state;
mod zones;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

pub use permissions::policy;

use crate::aws::{self, Aws};
use crate::blueprint::Library;
use crate::diagnostic::Source;
use crate::lookup;
use crate::pipeline::{self, Stop};
use crate::resource::{Desired, Lookups};
use crate::spec;
use crate::state::Document;

/// The longest that a check may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing stands in the way.
    Ok,
    /// Something may, or can't be found out.
    Warning,
    /// Something does.
    Failure,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What was checked, a word: `credentials`.
    pub check: &'static str,
    /// How it went.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// What to do, a sentence each.
    pub hints: Vec<String>,
}

impl Line {
    fn new(check: &'static str, level: Level, message: impl Into<String>) -> Self {
        Self {
            check,
            level,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, message)
    }

    fn warning(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Warning, message)
    }

    fn failure(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Failure, message)
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A call that failed, as a warning or a failure.
    fn failed(check: &'static str, level: Level, error: &aws::Error) -> Self {
        let line = Self::new(check, level, error.to_string());
        match error.next_step() {
            Some(step) => line.hint(step),
            None => line,
        }
    }

    /// That a way to AWS could not be found, in the words of whoever looked for it.
    #[must_use]
    pub fn no_way(message: impl Into<String>, hints: Vec<String>) -> Self {
        let mut line = Self::failure("credentials", message);
        line.hints = hints;
        line
    }
}

/// When the run began, by this machine.
#[derive(Clone, Copy, Debug)]
pub struct Began {
    /// By its clock.
    pub clock: Timestamp,
    /// At this instant.
    pub instant: Instant,
}

/// Checks the spec for an environment; what can be made of it is for the other checks.
#[must_use]
pub fn spec(
    source: &Arc<Source>,
    environment: Option<&str>,
    library: &Library,
    today: Date,
) -> (Line, Option<Desired>) {
    let picked = environment.map_or_else(String::new, |name| format!(" --env {name}"));
    let to_check = format!(
        "`watertight check {}{picked}` shows where and why",
        source.name
    );
    match pipeline::approve(source, environment, library, today) {
        Ok(approved) => {
            let desired = approved.desired();
            let line = Line::ok(
                "spec",
                format!(
                    "{}/{}: {} resources, approved by {} guardrails",
                    desired.app,
                    desired.environment,
                    desired.resources.len(),
                    crate::guardrail::RULES.len()
                ),
            );
            (line, Some(desired.clone()))
        }
        Err(Stop::Refused(refusal)) => {
            let n = refusal.diagnostics().len();
            let message = format!("refused by the guardrails: {n} findings");
            let line = Line::failure("spec", message).hint(to_check);
            (line, pipeline::expand(source, environment, library).ok())
        }
        Err(stop) => {
            let problems = stop.diagnostics();
            let first = problems.first().map(|first| first.message.clone());
            let message = match (problems.len(), first) {
                (0 | 1, Some(first)) => first,
                (n, Some(first)) => format!("{first}, and {} more", n - 1),
                (_, None) => "it is wrong".to_owned(),
            };
            // Its name may be known all the same, and with it the state and the region.
            let named = spec::parse(source, environment)
                .spec
                .as_ref()
                .map(Desired::named);
            (Line::failure("spec", message).hint(to_check), named)
        }
    }
}

pub use state::{check as state, state_bucket};

/// Checks everything that AWS has a say in.
pub async fn aws(
    aws: &Aws,
    desired: &Desired,
    document: Option<&Document>,
    began: Began,
) -> Vec<Line> {
    let who = access::identity(aws, desired, document);
    let region = access::region(aws, &desired.region);
    let ((mut lines, identity), region) = futures::join!(who, bounded("region", region));
    lines.extend(access::clock(aws, began));
    let unusable = region.iter().any(|line| line.level == Level::Failure);
    // A region that is not there or not enabled knows nobody; that is then the cause.
    if unusable || identity.is_some() {
        lines.extend(region);
    }
    let Some(identity) = identity.filter(|_| !unusable) else {
        return lines;
    };
    let elsewhere = bounded("region", access::elsewhere(aws, desired));
    let reading = async {
        let (found, lookups) = lookups(aws, desired).await;
        let known = desired.clone().with_lookups(&lookups);
        let permissions = bounded(
            "permissions",
            permissions::check(aws, &known, document, &identity),
        );
        let quotas = bounded("quotas", quotas::check(aws, &known, document));
        let zones = zones::check(aws, &lookups);
        let (zones, permissions, quotas) = futures::join!(zones, permissions, quotas);
        [found, zones, permissions, quotas].concat()
    };
    let (elsewhere, reading) = futures::join!(elsewhere, reading);
    lines.extend(elsewhere);
    lines.extend(reading);
    lines
}

/// A check, or that it took too long.
async fn bounded(check: &'static str, lines: impl Future<Output = Vec<Line>>) -> Vec<Line> {
    let waited = tokio::time::timeout(PATIENCE, lines).await;
    waited.unwrap_or_else(|_| vec![late(check)])
}

fn late(check: &'static str) -> Line {
    let message = format!("no answer within {} seconds", PATIENCE.as_secs());
    Line::warning(check, message).hint("check the connection to AWS, then run it again")
}

/// Whether everything is found that the spec looks up.
async fn lookups(aws: &Aws, desired: &Desired) -> (Vec<Line>, Lookups) {
    const CHECK: &str = "lookups";
    if desired.lookups.is_empty() {
        return (Vec::new(), Lookups::new());
    }
    let Ok(answer) = tokio::time::timeout(PATIENCE, lookup::read(aws, desired)).await else {
        return (vec![late(CHECK)], Lookups::new());
    };
    match answer {
        Ok(lookups) => {
            let mut found: Vec<String> = lookups
                .keys()
                .map(|address| address.kind.trim_start_matches("aws_").replace('_', " "))
                .filter(|kind| kind != "caller identity")
                .collect();
            found.sort();
            found.dedup();
            let message = format!("found: {}", found.join(", "));
            (vec![Line::ok(CHECK, message)], lookups)
        }
        Err(problems) => {
            let lines = problems.into_iter().map(|problem| {
                let mut line = Line::failure(CHECK, problem.message);
                line.hints = problem.hints;
                line
            });
            (lines.collect(), Lookups::new())
        }
    }
}
