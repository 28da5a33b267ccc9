//! What the spec imports, to be read by its id.
//!
//! *Invariant*: what another record has is not imported again.

use std::collections::{BTreeMap, BTreeSet};

use super::Standing;
use crate::address::Address;
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
