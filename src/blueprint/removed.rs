//! Whether what `[[removed]]` names has left the spec.
//!
//! *Invariant*: looks at names only; whether anything stands under them is for the state to
//! say.

use crate::diagnostic::Diagnostic;
use crate::resource::Desired;
use crate::spec::Part;

/// What is wrong with the resources that are let go.
pub(super) fn check(desired: &Desired) -> Vec<Diagnostic> {
    let still_there = desired.removed.iter().filter(|one| match &one.what {
        Part::Resource(address) => desired.resources.contains_key(address),
        // The parser has told it.
        Part::Component(_) => false,
    });
    still_there
        .map(|one| {
            Diagnostic::error(format!("`{}` still stands in this spec", one.what))
                .at(one.span.clone(), "so it is not removed")
                .hint("Take this `[[removed]]` out, or name what is gone.")
        })
        .collect()
}
