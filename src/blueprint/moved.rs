//! Whether the names of `[[moved]]` resources are right: the old one free, the new one there.
//!
//! *Invariant*: looks at names only; whether anything stands under the old one is for the
//! state to say.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::resource::Desired;
use crate::spec::Move;

/// What is wrong with the moves of resources. Those of a component that could not be
/// expanded are left alone.
pub(super) fn check(desired: &Desired, broken: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for one in &desired.moved {
        let Move::Resource { from, to } = &one.what else {
            continue;
        };
        if desired.resources.contains_key(from) {
            problems.push(
                Diagnostic::error(format!("`{from}` still stands in this spec"))
                    .at(one.from.clone(), "so it has not moved")
                    .hint("Take this `[[moved]]` out, or name what is gone."),
            );
        }
        let goes_on = desired.moved.iter().any(|next| match &next.what {
            Move::Resource { from, .. } => from == to,
            Move::Component { from, .. } => *from == to.component,
            Move::Whole { .. } => false,
        });
        if !goes_on && !desired.resources.contains_key(to) && !broken.contains(&to.component) {
            let known: Vec<String> = desired
                .resources
                .keys()
                .filter(|known| known.component == to.component && known.kind == to.kind)
                .map(Address::to_string)
                .collect();
            let diagnostic =
                Diagnostic::error(format!("there is no `{to}`")).at(one.to.clone(), "");
            problems.push(
                match did_you_mean(&to.to_string(), known.iter().map(String::as_str)) {
                    Some(meant) => diagnostic.hint(format!("Did you mean `{meant}`?")),
                    None if known.is_empty() => {
                        diagnostic.hint(format!("`{}` has no `{}`.", to.component, to.kind))
                    }
                    None => diagnostic.hint(format!("There is `{}`.", known.join("`, `"))),
                },
            );
        }
    }
    problems
}
