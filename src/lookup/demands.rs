//! Whether what AWS keeps under a name is what the input may be that takes it.
//!
//! *Invariant*: pure; a value that does not fit is told at the line that asked for it.

use super::value;
use crate::diagnostic::Diagnostic;
use crate::resource::{Demand, Desired, Lookups};

/// Every value that was looked up for an input and is not what the input may be.
pub(super) fn check(desired: &Desired, lookups: &Lookups) -> Vec<Diagnostic> {
    desired
        .demands
        .iter()
        .filter_map(|demand| {
            let found = value(lookups, &demand.reference)?;
            let problem = demand.form.fits(&found, &demand.span).err()?;
            let Demand { input, said, .. } = demand;
            let message = format!("`{input}`, from `{said}`: {problem}");
            Some(Diagnostic::error(message).at(demand.span.clone(), ""))
        })
        .collect()
}
