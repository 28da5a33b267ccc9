//! What a resource must be before it may reach a plan or an export.
//!
//! In: [`Desired`]. Out: [`Approved`] from [`approve`], and [`Confirmed`] from [`confirm`]
//! once the lookups have been read; or a [`Refusal`] with every finding at once.
//!
//! A rule is a pure function over the resources; the table of them is [`RULES`]. What it
//! can't judge is *unknown*, and unknown is never a pass. Where only a lookup is missing,
//! `approve` lets the finding wait and `confirm` judges it; where a value is known only
//! after apply, a rule follows the reference to the resource that will give it, and
//! refuses where that tells nothing. A finding is let pass by a [`Waiver`] alone, which
//! somebody owns and which ends.
//!
//! To add a rule: a [`Rule`] in the file of its service, a line in [`RULES`], and a file of
//! cases in `cases/` that pass, fail and can't be known.
//!
//! *Invariant*: `approve` and `confirm` are the only ways to an [`Approved`] and a
//! [`Confirmed`].
//!

mod finding;
mod judge;
mod outside;
mod report;
mod rule;
mod scope;
mod waiver;

mod acm;
mod certificate;
mod cloudfront;
mod elb;
mod network;
mod operations;
mod s3;
mod security_group;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::resource::{Desired, Kept, Lookups};
use crate::spec::Waiver;
use report::Report;
use scope::Scope;

pub use finding::Finding;
pub use judge::Judge;
pub use outside::{EXPRESSED, OUTSIDE, let_pass};
pub use rule::{RULES, Rule, Severity, rule};
pub use scope::Stands;

/// What the guardrails let pass, as far as can be judged before AWS is asked.
#[derive(Clone, Debug)]
pub struct Approved {
    desired: Desired,
    findings: Vec<Finding>,
    warnings: Vec<Diagnostic>,
}

/// What the guardrails let pass, its lookups resolved.
#[derive(Clone, Debug)]
pub struct Confirmed {
    desired: Desired,
    lookups: Lookups,
    today: Date,
    findings: Vec<Finding>,
    warnings: Vec<Diagnostic>,
}

/// What the guardrails do not let pass.
#[derive(Clone, Debug, thiserror::Error)]
#[error("refused by the guardrails")]
pub struct Refusal {
    /// All findings, in order of address and rule: also those that are waived or that wait
    /// for a lookup, which [`Finding::refuses`] tells apart.
    pub findings: Vec<Finding>,
    /// What is wrong with the waivers: errors, which refuse too, and warnings.
    pub waivers: Vec<Diagnostic>,
}

/// Judges what can be judged before AWS is asked.
///
/// A waiver holds up to and including its last day; `today` is the day to go by.
///
/// # Errors
/// A finding that no waiver lets pass and that no lookup could clear, or a waiver that
/// can't stand (an unknown rule, no owner or reason, an end too far ahead).
pub fn approve(desired: Desired, today: Date) -> Result<Approved, Refusal> {
    let (findings, warnings) = judge(&desired, None, today)?;
    Ok(Approved {
        desired,
        findings,
        warnings,
    })
}

/// Puts what the lookups found in their place, adds the statements that policies keep, and
/// judges again; now nothing waits. A kept statement is judged like one of the spec's own.
///
/// # Errors
/// As [`approve`], and a finding that still hangs on a lookup.
pub fn confirm(
    approved: Approved,
    lookups: &Lookups,
    kept: &Kept,
    today: Date,
) -> Result<Confirmed, Refusal> {
    let desired = approved.desired.with_lookups(lookups).with_kept(kept);
    let (findings, warnings) = judge(&desired, Some(lookups), today)?;
    Ok(Confirmed {
        desired,
        lookups: lookups.clone(),
        today,
        findings,
        warnings,
    })
}

/// The rules that each resource satisfies: they looked at it and found nothing. A resource
/// that no rule is about is not among them.
#[must_use]
pub fn satisfied(desired: &Desired) -> BTreeMap<Address, Vec<&'static Rule>> {
    let scope = Scope::new(desired, None);
    let mut satisfied: BTreeMap<Address, Vec<&'static Rule>> = BTreeMap::new();
    for rule in RULES {
        for address in Report::satisfied(rule, &scope) {
            satisfied.entry(address).or_default().push(rule);
        }
    }
    satisfied
}

/// What the rules find in resources that nobody asks to make: no way leads from here to a
/// plan. Lookups are answered, so nothing waits. In order of address and rule.
#[must_use]
pub fn inspect(desired: &Desired, lookups: &Lookups) -> Vec<Finding> {
    findings(desired, Some(lookups))
}

/// Marks what [`inspect`] found, by the names that people know the resources by, with these
/// waivers. Out: what is wrong with the waivers, and which of them nothing needs.
pub fn waive(
    waivers: &[Waiver],
    findings: &mut [(String, &mut Finding)],
    today: Date,
) -> Vec<Diagnostic> {
    waiver::apply_named(waivers, findings, today)
}

impl Approved {
    /// The resources.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }

    /// Findings that did not refuse: waived, or waiting for a lookup.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Waivers that have ended or that nothing needs.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

impl Confirmed {
    /// One who holds what stands on the way to this against the rules, by its lookups and
    /// waivers.
    #[must_use]
    pub fn judge(&self) -> Judge {
        Judge::of(&self.desired, &self.lookups, self.today)
    }

    /// The resources; no attribute refers to a lookup any more.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }

    /// Findings that are waived.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Waivers that have ended or that nothing needs.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

impl Refusal {
    /// Everything to be shown, what refuses first.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> =
            self.findings.iter().map(Finding::diagnostic).collect();
        diagnostics.extend(self.waivers.iter().cloned());
        diagnostics.sort_by_key(|diagnostic| diagnostic.severity);
        diagnostics
    }
}

/// Runs all rules: what they found and what is to say about the waivers, if none refuses.
fn judge(
    desired: &Desired,
    lookups: Option<&Lookups>,
    today: Date,
) -> Result<(Vec<Finding>, Vec<Diagnostic>), Refusal> {
    let mut findings = findings(desired, lookups);
    let waivers = waiver::apply(&desired.waivers, &mut findings, today);
    let refused = findings.iter().any(Finding::refuses)
        || waivers
            .iter()
            .any(|diagnostic| diagnostic.severity == crate::diagnostic::Severity::Error);
    if refused {
        Err(Refusal { findings, waivers })
    } else {
        Ok((findings, waivers))
    }
}

/// Runs all rules.
fn findings(desired: &Desired, lookups: Option<&Lookups>) -> Vec<Finding> {
    let scope = Scope::new(desired, lookups);
    let mut findings: Vec<Finding> = RULES
        .iter()
        .flat_map(|rule| {
            let mut report = Report::new(rule, &scope);
            (rule.check)(&scope, &mut report);
            report.findings()
        })
        .collect();
    findings
        .sort_by(|a, b| (&a.address, a.rule, &a.message).cmp(&(&b.address, b.rule, &b.message)));
    findings.dedup();
    findings
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
