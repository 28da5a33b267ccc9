//! Rules whose findings are made elsewhere: here they only have their words, and their
//! waivers.
//!
//! *Invariant*: `check` of none of them finds anything.

use jiff::civil::Date;

use super::finding::Finding;
use super::rule::{Rule, Severity};
use super::{Refusal, waiver};
use crate::diagnostic::Diagnostic;
use crate::spec::Waiver;

/// Every one of them, in order of id.
pub static OUTSIDE: &[&Rule] = &[&EXPRESSED];

/// WT-TF-001.
pub static EXPRESSED: Rule = Rule {
    id: "WT-TF-001",
    title: "what is exported says all that was approved",
    severity: Severity::Medium,
    explain: "Provider 5 has no words for some of what the guardrails demand: \
        TLSv1.2_2025 of a distribution, the blocking of SSE-C, the headers of a listener, \
        logs of a distribution that are delivered. What `export terraform --provider-version 5` \
        has to leave out is a finding each, so that nobody takes the weaker Terraform for the \
        whole. Judged at the export, not at a plan.",
    controls: &["Well-Architected SEC09-BP02"],
    fix: "export for provider 6; or write a waiver that says who answers for what is left out",
    check: |_, _| {},
};

/// Marks findings that were made elsewhere with the waivers for their rules. Out: the
/// findings, all of them let pass, and what to say of these waivers.
///
/// # Errors
/// A finding that no waiver lets pass.
pub fn let_pass(
    mut findings: Vec<Finding>,
    waivers: &[Waiver],
    today: Date,
) -> Result<(Vec<Finding>, Vec<Diagnostic>), Refusal> {
    let of_these = |waiver: &&Waiver| OUTSIDE.iter().any(|rule| rule.id == waiver.rule);
    let waivers: Vec<Waiver> = waivers.iter().filter(of_these).cloned().collect();
    let told = waiver::apply(&waivers, &mut findings, today);
    if findings.iter().any(Finding::refuses) {
        return Err(Refusal {
            findings,
            waivers: told,
        });
    }
    Ok((findings, told))
}
