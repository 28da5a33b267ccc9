//! What was exported.
//!
//! *Invariant*: what Terraform is going to make, and what of the approved it lacks, is said.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::style::{BOLD, DIM, GREEN, YELLOW, paint};
use super::{Screen, diagnostics};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::export::Exported;
use crate::export::folder::Changes;

/// What was written, and what to do with it.
#[must_use]
pub fn written(folder: &str, exported: &Exported, changes: &Changes) -> String {
    let mut text = String::new();
    let same = exported.files.len() - changes.write.len();
    let mut say = |line: String| {
        // A string takes all that is written to it.
        let _infallible = writeln!(text, "{line}");
    };
    say(format!(
        "{} {} of {} files in {folder}{}",
        paint(GREEN, "wrote"),
        changes.write.len(),
        exported.files.len(),
        if same == 0 {
            ""
        } else {
            "; the others are the same"
        }
    ));
    if !changes.remove.is_empty() {
        say(format!("removed {}", changes.remove.join(", ")));
    }
    for finding in &exported.findings {
        say(format!(
            "{} {} {}",
            paint(YELLOW, finding.rule),
            finding.address,
            finding.message
        ));
    }
    let listed = |addresses: &[Address]| {
        let addresses = addresses.iter().map(|address| format!("\n  {address}"));
        addresses.collect::<String>()
    };
    if !exported.not_imported.is_empty() {
        say(format!(
            "The provider can't import these; Terraform adds them, which changes nothing in AWS:{}",
            listed(&exported.not_imported)
        ));
    }
    if !exported.changed.is_empty() {
        say(format!(
            "The provider reads the forwards of these in two ways, of which not every release of 5 \
             takes both; Terraform plans to drop one, which changes nothing in AWS:{}",
            listed(&exported.changed)
        ));
    }
    if !exported.created.is_empty() {
        say(format!(
            "These do not stand yet, so Terraform makes them:{}",
            listed(&exported.created)
        ));
    }
    say(format!("\n{}", paint(BOLD, "Next:")));
    say(format!("  terraform -chdir={folder} init"));
    say(format!(
        "  terraform -chdir={folder} plan\n      {}",
        paint(DIM, "what Terraform would do")
    ));
    text
}

/// Waivers that have ended.
#[must_use]
pub fn warnings(screen: Screen, warnings: &[Diagnostic]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    diagnostics::render(warnings, screen.look())
}

/// What the state remembers and the spec has no more.
#[must_use]
pub fn not_in_the_spec(addresses: &[String]) -> String {
    format!(
        "{} the state remembers what the spec has no more, and Terraform will not know it: {}\n",
        paint(YELLOW, "warning:"),
        addresses.join(", ")
    )
}

/// Statements that the spec keeps and that are not in what was written.
#[must_use]
pub fn not_kept(not_kept: &BTreeMap<Address, Vec<String>>, with_state: bool) -> String {
    let mut text = String::new();
    let hint = if with_state {
        "the state does not have that: `watertight apply`, and export then"
    } else {
        "`--import` takes it from the state, once an apply has kept it"
    };
    for (policy, sids) in not_kept {
        // A string takes all that is written to it.
        let _infallible = writeln!(
            text,
            "{} what `keep` leaves in {policy} as AWS has it is not here: {}. Terraform would take \
             that away when you apply; {hint}",
            paint(YELLOW, "warning:"),
            sids.join(", ")
        );
    }
    text
}

/// What the state can't tell of what stands.
#[must_use]
pub fn tags_of_others() -> String {
    format!(
        "{} tags that others put on these things are in no state, so Terraform would take them \
         off: before you apply, look for them in the plan, and write what stays into the spec's \
         `[tags]` or into `ignore_tags` of the provider\n",
        paint(YELLOW, "note:")
    )
}
