//! Holds findings against the written exceptions.
//!
//! In: waivers and findings. Out: the findings marked, and what is wrong with the waivers.
//!
//! *Invariant*: a waiver that has ended, or that can't stand, lets nothing pass.

use jiff::ToSpan;
use jiff::civil::Date;

use super::finding::Finding;
use super::rule::{self, RULES};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::policy;
use crate::spec::Waiver;

/// How many days ahead a waiver may end at most: who answers for it looks at it again
/// once a year.
const LONGEST: i64 = 366;

/// Marks the findings that a waiver lets pass, and says what is wrong with the waivers:
/// errors for those that can't stand, warnings for those that have ended or that nothing
/// needs.
pub(super) fn apply(waivers: &[Waiver], findings: &mut [Finding], today: Date) -> Vec<Diagnostic> {
    let mut named: Vec<(String, &mut Finding)> = findings
        .iter_mut()
        .map(|finding| (finding.address.to_string(), finding))
        .collect();
    apply_named(waivers, &mut named, today)
}

/// The same of findings whose resources have other names for people: these.
pub(super) fn apply_named(
    waivers: &[Waiver],
    findings: &mut [(String, &mut Finding)],
    today: Date,
) -> Vec<Diagnostic> {
    waivers
        .iter()
        .filter_map(|waiver| apply_one(waiver, findings, today))
        .collect()
}

fn apply_one(
    waiver: &Waiver,
    findings: &mut [(String, &mut Finding)],
    today: Date,
) -> Option<Diagnostic> {
    if let Some(problem) = flaw(waiver, today) {
        return Some(problem);
    }
    let ended = waiver.expires < today;
    let mut is_used = false;
    for (_, finding) in findings
        .iter_mut()
        .filter(|(name, finding)| is_for(waiver, name, finding))
    {
        is_used = true;
        if ended {
            finding.ended = Some(waiver.clone());
        } else if finding.waived.is_none() {
            finding.waived = Some(waiver.clone());
        }
    }
    let is_judged_here = RULES.iter().any(|rule| rule.id == waiver.rule);
    let message = match (ended, is_used) {
        (false, true) => return None,
        (false, false) if !is_judged_here => return None,
        (true, _) => format!(
            "the waiver of {} for `{}` expired on {}",
            waiver.rule, waiver.address, waiver.expires
        ),
        (false, false) => format!(
            "nothing needs the waiver of {} for `{}`",
            waiver.rule, waiver.address
        ),
    };
    let hint = if is_used {
        "mend what it was for; or renew it, if its owner still answers for it"
    } else {
        "remove it, so that it can't hide what comes later"
    };
    Some(
        Diagnostic::warning(message)
            .code(waiver.rule.clone())
            .at(waiver.span.clone(), "")
            .hint(hint),
    )
}

/// Why a waiver can't stand, if it can't.
fn flaw(waiver: &Waiver, today: Date) -> Option<Diagnostic> {
    let latest = today.saturating_add(LONGEST.days());
    let (message, hint) = if rule::rule(&waiver.rule).is_none() {
        let upper = waiver.rule.to_ascii_uppercase();
        let near = did_you_mean(&upper, RULES.iter().map(|rule| rule.id));
        let hint = near.map_or_else(
            || "a rule's id looks like WT-ELB-001".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        (format!("there is no rule `{}`", waiver.rule), hint)
    } else if waiver.owner.trim().is_empty() || waiver.reason.trim().is_empty() {
        (
            format!("the waiver of {} has no owner or no reason", waiver.rule),
            "write who answers for it and why it is needed".to_owned(),
        )
    } else if waiver.expires > latest {
        (
            format!(
                "the waiver of {} ends on {}, more than {LONGEST} days ahead",
                waiver.rule, waiver.expires
            ),
            format!("let it end by {latest} and renew it then"),
        )
    } else {
        return None;
    };
    Some(
        Diagnostic::error(message)
            .at(waiver.span.clone(), "")
            .hint(hint),
    )
}

fn is_for(waiver: &Waiver, name: &str, finding: &Finding) -> bool {
    // In a waiver only `*` stands for anything, and an address has no question mark.
    !waiver.address.contains('?')
        && waiver.rule == finding.rule
        && policy::matches(&waiver.address, name)
}
