//! Why a thing is not taken over.
//!
//! *Invariant*: there is a reason for each, and what the first apply would remove says so.

use std::collections::BTreeMap;

use super::Left;
use super::around::Reasons;
use super::view::{OLD_RULE, View, text};
use crate::address::Address;
use crate::kind::Kind;
use crate::terraform::state::Instance;

const BUCKET: &str = "aws_s3_bucket";

/// Everything that is not among `taken`. `reasons` are those that are known by place.
pub(super) fn all(view: &View, taken: &BTreeMap<usize, Address>, reasons: &Reasons) -> Vec<Left> {
    let mut left: Vec<Left> = Vec::new();
    for (place, instance) in view.every() {
        if taken.contains_key(&place) {
            continue;
        }
        let parent = parent(view, place, taken);
        let why = match (reasons.get(&place), parent) {
            _ if instance.is_deposed => "it is deposed: Terraform has yet to delete it".to_owned(),
            (_, Some((parent, word))) => goes(parent, word),
            (Some(why), None) => why.clone(),
            (None, None) => why(view, place, taken),
        };
        left.push(Left {
            terraform: instance.address.clone(),
            kind: instance.kind.clone(),
            why,
            is_removed: parent.is_some() && !instance.is_deposed,
        });
    }
    left.sort_by_key(|one| !one.is_removed);
    left
}

/// Parts that the first apply removes.
pub(super) fn removed(view: &View, taken: &BTreeMap<usize, Address>) -> Vec<Left> {
    let parts = view.parts().filter(|(place, _)| !taken.contains_key(place));
    let removed = parts.filter_map(|(place, part)| {
        let (parent, word) = parent(view, place, taken)?;
        Some(Left {
            terraform: part.address.clone(),
            kind: part.kind.clone(),
            why: goes(parent, word),
            is_removed: true,
        })
    });
    removed.collect()
}

fn goes(parent: &Address, word: &str) -> String {
    format!(
        "the first apply REMOVES it: the spec owns the {word} of {parent}; `ignore = [\"{}.{word}\"]` leaves them to others, an addition makes it the spec's",
        parent.local()
    )
}

/// What is taken over and owns the children that this is one of, and the word for them.
pub(super) fn parent<'a>(
    view: &View,
    place: usize,
    taken: &'a BTreeMap<usize, Address>,
) -> Option<(&'a Address, &'static str)> {
    let thing = view.get(place);
    let by = Kind::of(&thing.kind)?.named_by.first()?;
    let of = text(thing, by)?;
    taken.iter().find_map(|(place, address)| {
        let kind = Kind::of(&address.kind)?;
        let owns = kind.exclusive_children.contains(&thing.kind.as_str());
        let other = view.get(*place);
        let is_it = text(other, "id") == Some(of) || text(other, "arn") == Some(of);
        (owns && is_it).then_some((address, kind.children_called))
    })
}

fn why(view: &View, place: usize, taken: &BTreeMap<usize, Address>) -> String {
    let thing = view.get(place);
    if thing.kind == OLD_RULE {
        return "it is several rules to AWS, which are found by what they say".to_owned();
    }
    if thing.kind == "aws_s3_bucket_acl" {
        return "the blueprints have access control lists off".to_owned();
    }
    let Some(kind) = Kind::of(&thing.kind) else {
        return "watertight has no such kind; it stays as it is, and Terraform's".to_owned();
    };
    if let Some(name) = text(thing, "bucket").filter(|_| thing.kind != BUCKET) {
        let is_its = |place: &usize| {
            let other = view.get(*place);
            other.kind == BUCKET && text(other, "bucket") == Some(name)
        };
        if !taken.keys().any(is_its) {
            return "its bucket is not taken over".to_owned();
        }
    }
    let of = kind.named_by.iter().filter_map(|name| text(thing, name));
    for id in of {
        let is_it =
            |other: &Instance| text(other, "id") == Some(id) || text(other, "arn") == Some(id);
        let mut others = view.every().filter(|(other, _)| !taken.contains_key(other));
        if let Some((_, other)) = others.find(|(_, other)| is_it(other)) {
            return format!("{} is left", other.address);
        }
    }
    let same: Vec<&Address> = taken
        .values()
        .filter(|one| one.kind == thing.kind)
        .collect();
    // Which of them is of the same parent: the blueprint has one, and that is it.
    let parents = kind
        .named_by
        .iter()
        .chain(kind.replace)
        .chain(&["vpc_id", "bucket"]);
    let mut shared = parents
        .filter(|name| **name != "name")
        .filter_map(|name| Some((name, text(thing, name)?)));
    let twin = shared.find_map(|(name, value)| {
        taken.iter().find_map(|(place, address)| {
            let is_twin = address.kind == thing.kind && text(view.get(*place), name) == Some(value);
            is_twin.then_some(address)
        })
    });
    match (twin, same.is_empty()) {
        (Some(twin), _) => format!(
            "the blueprint has one such {}, and {twin} is another",
            kind.noun
        ),
        (None, false) => format!("nothing that is taken over refers to it ({})", kind.noun),
        (None, true) => format!("no component of the spec has one like it ({})", kind.noun),
    }
}
