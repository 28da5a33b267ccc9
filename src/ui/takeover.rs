//! What a takeover proposes, in words.
//!
//! *Invariant*: no attribute of the state is printed, as some are secret.

use std::fmt::Write as _;

use crate::takeover::Proposal;
use crate::terraform::state::State;

/// What is taken, what would be lost by it, and what is left.
#[must_use]
pub fn render(proposal: &Proposal, state: &State) -> String {
    let mut text = String::new();
    let mut say = |line: String| {
        // A string takes all that is written to it.
        let _infallible = writeln!(text, "{line}");
    };
    for one in &proposal.taken {
        say(format!("taken {} -> {}", one.terraform, one.address));
        for warning in &one.warnings {
            say(format!("  warning: {warning}"));
        }
    }
    for one in &proposal.left {
        say(format!("left {}: {}", one.terraform, one.reason));
    }
    say(format!(
        "{} taken and {} left of {} that Terraform manages in AWS; {} data sources and {} \
         resources of other providers were not looked at",
        proposal.taken.len(),
        proposal.left.len(),
        state.managed.len(),
        state.data,
        state.others
    ));
    if proposal.spec.is_some() {
        text.push_str(
            "Read `watertight plan` before the first apply, and let Terraform forget what was \
             taken over (`terraform state rm`) before it runs again.\n",
        );
    }
    text
}
