//! What the spec imports, to be read by its id.
//!
//! *Invariant*: what another record has is not imported again, and what is not there is told
//! with the call that says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Observed, Standing, read_kind};
use crate::address::Address;
use crate::aws::{Aws, deciding};
use crate::resource::{Desired, Id};

/// What those of these addresses are that the spec imports.
pub(super) fn of(
    desired: &Desired,
    unrecorded: &[&Address],
    taken: &BTreeSet<(&str, &Id)>,
) -> BTreeMap<Address, (Id, Standing)> {
    let imports = unrecorded.iter().filter_map(|address| {
        let one = desired.import(address)?;
        let id = Id {
            region: desired.resources.get(address)?.region.clone(),
            text: one.id.clone(),
        };
        let is_free = !taken.contains(&(address.kind.as_str(), &id));
        let standing = Standing::Imported(one.span.clone());
        is_free.then(|| ((*address).clone(), (id, standing)))
    });
    imports.collect()
}

/// Asks once more for what was asked for and is not there, each alone: a batch has one answer
/// for all.
pub(super) async fn who_says_no(aws: &Aws, absent: Vec<(Address, Id)>, observed: &mut Observed) {
    for (address, id) in absent {
        let kind = address.kind.as_str();
        let (_, answer) = deciding(read_kind(aws, kind, std::slice::from_ref(&id))).await;
        observed.absent.insert(address, answer);
    }
}
