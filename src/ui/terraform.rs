//! What the guardrails say of somebody's Terraform.
//!
//! *Invariant*: what can't be proven is told apart from what is refused and from what holds,
//! and what no rule speaks of is counted.

use std::fmt::Write as _;

use super::Screen;
use super::diagnostics;
use super::style::{BOLD, GREEN, RED, YELLOW, paint};
use crate::diagnostic::Diagnostic;
use crate::guardrail::{Finding, rule};
use crate::terraform::Planned;

/// A plan, and what was found in it.
#[derive(Debug)]
pub struct Judged {
    /// The file's name.
    pub name: String,
    /// What it holds.
    pub planned: Planned,
    /// What the rules found.
    pub findings: Vec<Finding>,
}

impl Judged {
    fn count(&self, unknown: bool) -> usize {
        let of = self.findings.iter();
        of.filter(|finding| finding.refuses() && finding.unknown == unknown)
            .count()
    }

    fn waived(&self) -> usize {
        let of = self.findings.iter();
        of.filter(|finding| finding.waived.is_some()).count()
    }

    fn others(&self) -> usize {
        self.planned.others.values().sum()
    }
}

/// Every finding with its address, what to do and who asks for it; then a line in numbers.
#[must_use]
pub fn render(judged: &Judged, screen: Screen) -> String {
    let findings = judged.findings.iter();
    let all: Vec<Diagnostic> = findings.map(|finding| said(judged, finding)).collect();
    let mut text = diagnostics::render(&all, screen.look());
    let (refused, unproven) = (judged.count(false), judged.count(true));
    let (colour, word) = match (refused, unproven) {
        (0, 0) => (GREEN, "ok:"),
        (0, _) => (YELLOW, "not proven:"),
        _ => (RED, "refused:"),
    };
    // A string takes all that is written to it.
    let _infallible = writeln!(
        text,
        "{} {}: {} resources judged by {} guardrails, {refused} refused, {unproven} that can't be proven before apply",
        paint(colour, word),
        paint(BOLD, &judged.name),
        judged.planned.desired.resources.len(),
        crate::guardrail::RULES.len(),
    );
    if judged.waived() > 0 {
        let _infallible = writeln!(text, "    {} waived", judged.waived());
    }
    if !judged.planned.others.is_empty() {
        let types: Vec<String> = judged
            .planned
            .others
            .iter()
            .map(|(kind, n)| format!("{kind} {n}"))
            .collect();
        let _infallible = writeln!(
            text,
            "    no guardrail speaks of {} others: {}",
            judged.others(),
            types.join(", ")
        );
    }
    text
}

/// What is to be said of the waivers.
#[must_use]
pub fn waivers(told: &[Diagnostic], screen: Screen) -> String {
    diagnostics::render(told, screen.look())
}

/// The same for programs: an object for each plan, and what is to be said of the waivers.
#[must_use]
pub fn json(all: &[Judged], waivers: &[Diagnostic]) -> String {
    let plans: Vec<serde_json::Value> = all
        .iter()
        .map(|judged| {
            let findings: Vec<serde_json::Value> = judged
                .findings
                .iter()
                .map(|finding| {
                    serde_json::json!({
                        "rule": finding.rule,
                        "severity": finding.severity,
                        "address": judged.planned.address(&finding.address),
                        "result": match (&finding.waived, finding.unknown) {
                            (Some(_), _) => "waived",
                            (None, true) => "unproven",
                            (None, false) => "refused",
                        },
                        "waived": finding.waived,
                        "message": finding.message,
                        "fix": finding.fix,
                        "controls": rule(finding.rule).map(|rule| rule.controls),
                    })
                })
                .collect();
            serde_json::json!({
                "plan": judged.name,
                "terraform": judged.planned.terraform,
                "judged": judged.planned.desired.resources.len(),
                "not_judged": judged.planned.others,
                "refused": judged.count(false),
                "unproven": judged.count(true),
                "waived": judged.waived(),
                "findings": findings,
            })
        })
        .collect();
    let report = serde_json::json!({ "format_version": "1.0", "plans": plans, "waivers": waivers });
    format!("{report:#}\n")
}

/// A finding in the words of the configuration.
fn said(judged: &Judged, finding: &Finding) -> Diagnostic {
    let address = judged.planned.address(&finding.address);
    let message = format!("{address} {}", finding.message);
    if let Some(waiver) = &finding.waived {
        return Diagnostic::warning(message)
            .code(finding.rule)
            .hint(format!(
                "{} lets this pass until {}: {}",
                waiver.owner, waiver.expires, waiver.reason
            ));
    }
    let mut said = if finding.unknown {
        Diagnostic::warning(message).hint("write it so that the plan shows it: a literal, or a reference to a resource of the plan")
    } else {
        Diagnostic::error(message).hint(finding.fix)
    }
    .code(finding.rule);
    if let Some(rule) = rule(finding.rule) {
        said = said.hint(format!("required by {}", rule.controls.join(", ")));
    }
    if let Some(waiver) = &finding.ended {
        said = said.hint(format!(
            "the waiver of {} for this expired on {}",
            waiver.owner, waiver.expires
        ));
    }
    said
}
