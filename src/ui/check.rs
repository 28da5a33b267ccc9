//! What a checked spec holds, and which findings are waived.
//!
//! *Invariant*: a waived finding is always shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::style::{BOLD, DIM, GREEN, YELLOW, paint};
use crate::guardrail::{Approved, Finding};

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
        "{} {}/{}: {} resources ({}), approved by {} guardrails\n{}",
        paint(GREEN, "ok:"),
        paint(BOLD, &desired.app),
        desired.environment,
        desired.resources.len(),
        counts.join(", "),
        crate::guardrail::RULES.len(),
        waived(approved.findings()),
    )
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
        "waived": approved.findings(),
    });
    format!("{report}\n")
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
