//! What a state remembers, to be asked by kind and value.
//!
//! *Invariant*: a thing has the place of its instance in the state, and deposed ones are never
//! found: they are not what the configuration means.

use std::collections::BTreeSet;

use super::parts;
use crate::diff::value_at;
use crate::terraform::state::{Instance, State};
use crate::value::{Attributes, Value};

/// The older form of a group's rule, which the newer kinds took the place of.
pub(super) const OLD_RULE: &str = "aws_security_group_rule";

/// The things of a state.
pub(super) struct View {
    /// The instances of the state, then their parts.
    things: Vec<Instance>,
    instances: usize,
    barred: BTreeSet<usize>,
}

impl View {
    /// The same things, less what the provider has two words for.
    pub(super) fn of(state: &State) -> Self {
        let things = state.instances.iter().map(|one| match one.kind.as_str() {
            OLD_RULE => new_rule(one).unwrap_or_else(|| one.clone()),
            _ => one.clone(),
        });
        let mut view = Self {
            things: things.collect(),
            instances: state.instances.len(),
            barred: BTreeSet::new(),
        };
        let parts = view.things.iter().flat_map(|one| parts::of(&view, one));
        let parts: Vec<Instance> = parts.collect();
        view.things.extend(parts);
        view
    }

    /// Bars things: no resource becomes them.
    pub(super) fn bar(&mut self, places: impl Iterator<Item = usize>) {
        self.barred.extend(places);
    }

    /// Whether a resource may become it.
    pub(super) fn is_free(&self, place: usize) -> bool {
        !self.barred.contains(&place)
    }

    /// Every instance, deposed ones too.
    pub(super) fn every(&self) -> impl Iterator<Item = (usize, &Instance)> {
        self.things.iter().enumerate().take(self.instances)
    }

    /// Every part of one.
    pub(super) fn parts(&self) -> impl Iterator<Item = (usize, &Instance)> {
        self.things.iter().enumerate().skip(self.instances)
    }

    /// Whether it is a part rather than an instance.
    pub(super) fn is_part(&self, place: usize) -> bool {
        place >= self.instances
    }

    /// The thing at a place.
    pub(super) fn get(&self, place: usize) -> &Instance {
        &self.things[place]
    }

    /// Every thing of a kind, with its place.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = (usize, &Instance)> {
        let things = self.things.iter().enumerate();
        things.filter(move |(_, one)| one.kind == kind && !one.is_deposed)
    }

    /// Those of a kind with this text somewhere.
    pub(super) fn with(&self, kind: &str, path: &str, text: &str) -> Vec<(usize, &Instance)> {
        self.all(kind)
            .filter(|(_, one)| self::text(one, path) == Some(text))
            .collect()
    }

    /// The first of them.
    pub(super) fn one(&self, kind: &str, path: &str, text: &str) -> Option<(usize, &Instance)> {
        self.with(kind, path, text).into_iter().next()
    }
}

/// The value at a path; null where there is none.
pub(super) fn at<'a>(thing: &'a Instance, path: &str) -> &'a Value {
    value_at(&thing.attributes, path)
}

/// The text at a path, if there is any.
pub(super) fn text<'a>(thing: &'a Instance, path: &str) -> Option<&'a str> {
    at(thing, path).as_str().filter(|text| !text.is_empty())
}

/// The texts of a list.
pub(super) fn texts(thing: &Instance, path: &str) -> BTreeSet<String> {
    let items = at(thing, path).items().iter();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// A rule of the older form as one of the newer, where it is a single rule of AWS's: the
/// provider then knows its id, `security_group_rule_id`
/// (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group_rule>).
fn new_rule(old: &Instance) -> Option<Instance> {
    let id = text(old, "security_group_rule_id")?;
    let kind = match text(old, "type")? {
        "ingress" => "aws_vpc_security_group_ingress_rule",
        _ => "aws_vpc_security_group_egress_rule",
    };
    let mut attributes = Attributes::from([
        ("id".to_owned(), id.into()),
        ("security_group_rule_id".to_owned(), id.into()),
    ]);
    for name in [
        "security_group_id",
        "description",
        "region",
        "from_port",
        "to_port",
    ] {
        let value = at(old, name);
        if !value.is_null() {
            attributes.insert(name.to_owned(), value.clone());
        }
    }
    attributes.insert("ip_protocol".to_owned(), at(old, "protocol").clone());
    if text(old, "protocol") == Some("-1") {
        attributes.remove("from_port");
        attributes.remove("to_port");
    }
    for (source, name) in [
        ("cidr_blocks", "cidr_ipv4"),
        ("ipv6_cidr_blocks", "cidr_ipv6"),
        ("prefix_list_ids", "prefix_list_id"),
    ] {
        if let [one] = at(old, source).items() {
            attributes.insert(name.to_owned(), one.clone());
        }
    }
    let group = if at(old, "self").as_bool() == Some(true) {
        text(old, "security_group_id")
    } else {
        text(old, "source_security_group_id")
    };
    if let Some(group) = group {
        attributes.insert("referenced_security_group_id".to_owned(), group.into());
    }
    Some(Instance {
        kind: kind.to_owned(),
        attributes,
        ..old.clone()
    })
}
