//! What can't go over to the successor of what is replaced.
//!
//! A target group serves one load balancer for as long as it lives (`CreateListener` answers
//! `TargetGroupAssociationLimit` for a second one), so it is replaced together with it.
//!
//! *Invariant*: pure. A kind says what binds it, in its `bound`; nothing is named here.

use std::collections::BTreeMap;

use super::{Address, Attributes, Desired, Kind, Known, Observed, Resource, differences};
use crate::plan::Field;
use crate::value::{Reference, Value};

/// Each resource that is bound to one that is replaced, and what binds it: a reference to
/// that one's attribute.
pub(super) fn to_replaced(
    desired: &Desired,
    observed: &Observed,
    known: &Known,
) -> BTreeMap<Address, Reference> {
    let mut found = BTreeMap::new();
    for user in desired.resources.values() {
        for address in user.dependencies() {
            let Some(bond) = Kind::of(&address.kind).and_then(|kind| kind.bound) else {
                continue;
            };
            let kind = user.address.kind.as_str();
            for (_, through) in bond.users.iter().filter(|(user, _)| *user == kind) {
                if let Value::Reference(to) = user.get(through)
                    && is_replaced(&to.target, desired, observed, known)
                {
                    found.insert(address.clone(), to.clone());
                }
            }
        }
    }
    found
}

/// The change that stands for the bond, for a resource that stands.
pub(super) fn field(kind: &Kind, to: &Reference, live: &Value) -> Option<Field> {
    Some(Field {
        path: kind.bound?.shown.to_owned(),
        before: live.clone(),
        after: Value::Unknown {
            from: Some(to.clone()),
        },
        sensitive: false,
        forces_replacement: true,
        why: Vec::new(),
    })
}

/// The change that stands for a move out of what it can't leave, for a resource that stands
/// there.
pub(super) fn leaves(
    kind: &Kind,
    resource: &Resource,
    desired: &Desired,
    known: &Known,
    live: &Attributes,
) -> Option<Field> {
    let place = kind.confined_to?;
    let before = live.get(place).filter(|before| !before.is_null())?;
    let used = resource.dependencies();
    let used = used.iter().filter_map(|used| desired.resources.get(used));
    let after = [resource].into_iter().chain(used).find_map(|says| {
        let after = known.resolve(says.get(place));
        (!after.is_null() && after != *before).then_some(after)
    })?;
    Some(Field {
        path: place.to_owned(),
        before: before.clone(),
        after,
        sensitive: false,
        forces_replacement: true,
        why: Vec::new(),
    })
}

/// Whether it is replaced: for its own sake, or with what it can't be taken from (a listener
/// with its load balancer).
fn is_replaced(address: &Address, desired: &Desired, observed: &Observed, known: &Known) -> bool {
    let resource = desired.resources.get(address);
    let seen = observed.resources.get(address);
    let (Some(kind), Some(resource), Some(seen)) = (Kind::of(&address.kind), resource, seen) else {
        return false;
    };
    let follows = kind.replace.iter().any(|name| match resource.get(name) {
        Value::Reference(to) => is_replaced(&to.target, desired, observed, known),
        _ => false,
    });
    follows
        || differences(kind, resource, known, &seen.attributes)
            .iter()
            .any(|field| field.forces_replacement)
}
