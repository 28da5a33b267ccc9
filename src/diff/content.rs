//! A rule of a security group whose content another one has by now.
//!
//! AWS has each content once in a group. To give it back to ours, the other one would have to go
//! first: whom both let in would be cut off for a moment, and for longer where the run ends
//! there. So the other one is ours from now on, and what ours has become goes after that.
//!
//! *Invariant*: what is wanted and stands is not deleted to be made again.

use std::borrow::Cow;

use super::twin::have_all_in_common;
use super::{
    Address, Attributes, Desired, Kind, Known, Observed, Ownership, Resource, Seen, Standing, same,
};
use crate::refresh::Child;
use crate::value::Value;

/// What was observed, in which ours is what has the wanted content, be it made by hand or under
/// a name that has left the spec. What ours has become is one more child to go.
pub(super) fn kept<'a>(desired: &Desired, observed: &'a Observed) -> Cow<'a, Observed> {
    let known = Known::of(desired, observed);
    let mut kept = Cow::Borrowed(observed);
    for (address, seen) in &observed.resources {
        let wanted = desired.resources.get(address).zip(Kind::of(&address.kind));
        let Some((resource, kind)) = wanted.filter(|_| may_be_another(seen)) else {
            continue;
        };
        let has_it = |live: &Attributes| have_all_in_common(kind, resource, &known, live);
        let Some(parent) = parent(desired, resource, kind).filter(|_| !has_it(&seen.attributes))
        else {
            continue;
        };
        let by_hand = observed.children.iter().filter(|child| {
            child.kind == kind.name && child.parent == *parent && has_it(&child.attributes)
        });
        let by_hand = by_hand.map(|child| Seen {
            id: child.id.clone(),
            attributes: child.attributes.clone(),
            standing: Standing::Found(Ownership::ChildOfOurs),
        });
        let left = observed.resources.iter().filter(|(other, left)| {
            let has_left = other.kind == kind.name && !desired.resources.contains_key(*other);
            has_left && has_it(&left.attributes)
        });
        let Some(other) = by_hand.chain(left.map(|(_, left)| left.clone())).next() else {
            continue;
        };
        if !is_under(parent, kind, &known, seen) {
            continue;
        }
        let kept = kept.to_mut();
        kept.children.retain(|child| child.id != other.id);
        kept.children.push(Child {
            parent: parent.clone(),
            kind: kind.name,
            id: seen.id.clone(),
            attributes: seen.attributes.clone(),
        });
        kept.resources.insert(address.clone(), other);
    }
    kept
}

/// Which one an import names, the user has said.
fn may_be_another(seen: &Seen) -> bool {
    !matches!(seen.standing, Standing::Imported(_))
}

/// What it is one of many of, where these are ours alone and told by their content. What it has
/// become would not be seen again elsewhere, were a run cut off before that is gone.
fn parent<'a>(desired: &'a Desired, resource: &Resource, kind: &Kind) -> Option<&'a Address> {
    let Value::Reference(reference) = resource.get(kind.named_by.first()?) else {
        return None;
    };
    let parent = desired.resources.get(&reference.target)?;
    let of = Kind::of(&parent.address.kind)?;
    let is_child = kind.place().is_empty() && of.exclusive_children.contains(&kind.name);
    let is_left = parent.ignored.contains_key(of.children_called);
    (is_child && !is_left).then_some(&parent.address)
}

/// Whether what stands is in this parent, and not still in a former one.
fn is_under(parent: &Address, kind: &Kind, known: &Known, seen: &Seen) -> bool {
    let Some(name) = kind.named_by.first() else {
        return false;
    };
    let id = known.attributes(parent).and_then(|parent| parent.get("id"));
    id.zip(seen.attributes.get(*name))
        .is_some_and(|(id, live)| same(kind, name, id, live))
}
