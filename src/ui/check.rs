//! What a checked spec holds, what of it is the user's own, and which findings are waived.
//!
//! *Invariant*: a waived finding is always shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::style::{BOLD, CYAN, DIM, GREEN, YELLOW, paint};
use super::{Screen, diagnostics};
use crate::diagnostic::Span;
use crate::guardrail::{Approved, Finding};
use crate::resource::{Desired, Resource};

/// `ok`, and what the spec is in numbers.
#[must_use]
pub fn render(approved: &Approved) -> String {
    let desired = approved.desired();
    let mut components: BTreeMap<&str, usize> = BTreeMap::new();
    for address in desired.resources.keys() {
        *components.entry(&address.component).or_default() += 1;
    }
    let counts: Vec<String> = components
        .iter()
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    format!(
        "{} {}/{}: {} resources ({}), approved by {} guardrails\n{}{}",
        paint(GREEN, "ok:"),
        paint(BOLD, &desired.app),
        desired.environment,
        desired.resources.len(),
        counts.join(", "),
        crate::guardrail::RULES.len(),
        amended(desired),
        waived(approved.findings()),
    )
}

/// What is to say of its waivers: those that have ended, and those that nothing needs.
#[must_use]
pub fn warnings(approved: &Approved, screen: Screen) -> String {
    diagnostics::render(approved.warnings(), screen.look())
}

/// The same for programs.
#[must_use]
pub fn json(approved: &Approved) -> String {
    let desired = approved.desired();
    let addresses: Vec<String> = desired.resources.keys().map(ToString::to_string).collect();
    let report = serde_json::json!({
        "format_version": "1.0",
        "valid": true,
        "app": desired.app,
        "environment": desired.environment,
        "resources": addresses,
        "added": places(added(desired)),
        "overridden": places(overridden(desired)),
        "left_to_others": places(ignored(desired)),
        "waived": approved.findings(),
        "warnings": approved.warnings(),
    });
    format!("{report}\n")
}

/// A line for each thing of the user's own beside the inputs: what is added to what the
/// blueprints make, overridden of it, and left to others.
fn amended(desired: &Desired) -> String {
    let mut text = String::new();
    for (word, things) in [
        ("added:", added(desired)),
        ("override:", overridden(desired)),
        ("left to others:", ignored(desired)),
    ] {
        for (thing, span) in things {
            let (line, _) = span.line_and_column();
            let place = format!("({}:{line})", span.source.name);
            // A string takes all that is written to it.
            let _infallible =
                writeln!(text, "{} {thing} {}", paint(CYAN, word), paint(DIM, &place));
        }
    }
    text
}

type Things<'a> = Vec<(String, &'a Span)>;

fn added(desired: &Desired) -> Things<'_> {
    let added = desired.resources.values().filter(|of| of.is_added());
    added
        .filter_map(|of| Some((of.address.to_string(), of.origin.spec.as_ref()?)))
        .collect()
}

fn overridden(desired: &Desired) -> Things<'_> {
    attributes(desired, |resource| &resource.overridden)
}

fn ignored(desired: &Desired) -> Things<'_> {
    attributes(desired, |resource| &resource.ignored)
}

fn attributes(desired: &Desired, of: fn(&Resource) -> &BTreeMap<String, Span>) -> Things<'_> {
    let resources = desired.resources.values();
    resources
        .flat_map(|resource| {
            let address = &resource.address;
            let paths = of(resource).iter();
            paths.map(move |(path, span)| (format!("{address}.{path}"), span))
        })
        .collect()
}

fn places(things: Things<'_>) -> Vec<serde_json::Value> {
    things
        .into_iter()
        .map(|(thing, span)| serde_json::json!({ "what": thing, "at": span }))
        .collect()
}

/// A line for each finding that a waiver lets pass.
#[must_use]
pub fn waived(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let Some(waiver) = &finding.waived else {
            continue;
        };
        // A string takes all that is written to it.
        let _infallible = writeln!(
            text,
            "{} {} {}: {} {}",
            paint(YELLOW, "waived:"),
            finding.rule,
            finding.address,
            finding.message,
            paint(
                DIM,
                &format!(
                    "({} until {}: {})",
                    waiver.owner, waiver.expires, waiver.reason
                )
            ),
        );
    }
    text
}
