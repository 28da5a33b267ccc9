//! What becomes of each thing that is a resource.
//!
//! *Invariant*: a thing that AWS could make the resource of only by replacing it is left.

use std::collections::BTreeMap;

use super::around::Reasons;
use super::matching::Matching;
use super::view::View;
use super::{Change, How, Made, Taken};
use crate::address::Address;
use crate::export::reads;
use crate::kind::{self, Kind};
use crate::resource::Desired;

/// The things that AWS could make their resources of only by replacing them, and why each is
/// left.
pub(super) fn replaced(matching: &Matching<'_>) -> Reasons {
    let mut left = Reasons::new();
    for (address, place) in &matching.things {
        let fields = matching.differences(address);
        let mut fields = fields.iter();
        let replaces = fields.find(|field| field.forces_replacement && !field.before.is_null());
        if let Some(field) = replaces {
            let why = format!(
                "{address} has another {}, which AWS can't change in place: a new one is made beside it",
                field.path
            );
            left.insert(*place, why);
        }
    }
    left
}

/// What is taken, in the order of the state. Why others are not goes to the reasons.
pub(super) fn taken(
    view: &View,
    desired: &Desired,
    matching: &Matching<'_>,
    reasons: &mut Reasons,
) -> Vec<Taken> {
    let things = matching.things.iter();
    let by_place: BTreeMap<usize, &Address> = things.map(|(one, place)| (*place, one)).collect();
    let mut all = Vec::new();
    for (place, address) in by_place {
        if view.is_part(place) {
            continue;
        }
        let Some(kind) = Kind::of(&address.kind) else {
            continue;
        };
        let thing = view.get(place);
        let whole = kind.part_of.and_then(|of| whole_of(desired, address, of));
        let how = match (kind.import, whole) {
            (kind::Import::Not(_), _) => How::Nothing,
            (_, Some(whole)) => How::With(whole),
            (kind::Import::ById, None) => {
                let read = reads::of(kind.name);
                let Some(id) = read.and_then(|read| read.id_of(&thing.attributes)) else {
                    reasons.insert(place, "the state does not say its id".to_owned());
                    continue;
                };
                How::Import(id)
            }
        };
        all.push(Taken {
            terraform: thing.address.clone(),
            address: address.clone(),
            how,
            is_tainted: thing.is_tainted,
            changes: changes(desired, matching, address),
        });
    }
    all
}

/// What it is a setting of.
fn whole_of(desired: &Desired, address: &Address, of: &str) -> Option<Address> {
    let resource = desired.resources.get(address)?;
    let dependencies = resource.dependencies();
    dependencies.into_iter().find(|one| one.kind == of)
}

fn changes(desired: &Desired, matching: &Matching<'_>, address: &Address) -> Vec<Change> {
    let Some(resource) = desired.resources.get(address) else {
        return Vec::new();
    };
    let fields = matching.differences(address).into_iter();
    fields
        .filter(|field| {
            let top = field.path.split(['.', '[']).next().unwrap_or_default();
            // What the state does not hold it can't tell.
            let untold = field.before.is_null() && resource.defaulted.contains(top);
            !untold && !field.path.starts_with("tags.watertight:")
        })
        .map(|field| Change {
            path: field.path,
            before: field.before,
            after: field.after,
        })
        .collect()
}

/// Resources that no thing is, nor a part of one.
pub(super) fn made(
    view: &View,
    desired: &Desired,
    matching: &Matching<'_>,
    taken: &[Taken],
) -> Vec<Made> {
    let is_taken = |address: &Address| taken.iter().any(|one| one.address == *address);
    let is_there = |address: &Address| {
        let place = matching.things.get(address);
        place.is_some_and(|place| view.is_part(*place)) || is_taken(address)
    };
    let resources = desired.resources.values();
    resources
        .filter(|resource| !is_there(&resource.address))
        .map(|resource| {
            let address = &resource.address;
            let kind = Kind::of(&address.kind);
            let owns = |other: &Address| {
                let other_kind = Kind::of(&other.kind);
                kind.is_some_and(|kind| kind.part_of == Some(other.kind.as_str()))
                    || other_kind.is_some_and(|other| {
                        other.exclusive_children.contains(&address.kind.as_str())
                    })
            };
            let dependencies = resource.dependencies();
            Made {
                address: address.clone(),
                is_part: dependencies.iter().any(|one| owns(one) && is_taken(one)),
            }
        })
        .collect()
}
