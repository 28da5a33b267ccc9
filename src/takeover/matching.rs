//! Which thing of the state is which resource of the spec.
//!
//! The spec's own references tell: where a resource whose thing is known refers to another,
//! the thing says which that is; and what refers to it, or has what no two have in common,
//! is found by that.
//!
//! *Invariant*: a thing is one resource and a resource one thing, of the same kind and region.

use std::collections::{BTreeMap, BTreeSet};

use super::view::{View, at};
use crate::address::{Address, Mode};
use crate::diff;
use crate::kind::{self, Kind};
use crate::plan::Field;
use crate::refresh::Known;
use crate::resource::{Desired, Resource};
use crate::terraform::state::Instance;
use crate::value::{Part, Reference, Step, Value};

/// What is known of both sides.
pub(super) struct Matching<'a> {
    desired: &'a Desired,
    view: &'a View,
    /// The thing of each resource.
    pub(super) things: BTreeMap<Address, usize>,
    used: BTreeSet<usize>,
    known: Known,
}

/// What a thing says of another: this attribute of it has one of these values.
type Told = Vec<(String, Vec<Value>)>;

impl<'a> Matching<'a> {
    /// Matches all that can be, beginning with these.
    pub(super) fn of(
        desired: &'a Desired,
        view: &'a View,
        pins: &BTreeMap<Address, usize>,
    ) -> Self {
        let mut matching = Self {
            desired,
            view,
            things: BTreeMap::new(),
            used: BTreeSet::new(),
            known: Known::default(),
        };
        for (address, place) in pins {
            if let Some(resource) = desired.resources.get(address)
                && Self::fits(resource, view.get(*place))
                && view.is_free(*place)
                && !matching.used.contains(place)
            {
                matching.put(address, *place);
            }
        }
        while matching.round() {}
        matching.settle();
        matching
    }

    /// Whether a thing is of the kind and where it has to be.
    fn fits(resource: &Resource, thing: &Instance) -> bool {
        let home = Kind::of(&resource.address.kind).and_then(|kind| kind.home);
        let elsewhere = thing
            .region
            .as_ref()
            .is_some_and(|region| *region != resource.region);
        thing.kind == resource.address.kind && !thing.is_deposed && (home.is_some() || !elsewhere)
    }

    fn put(&mut self, address: &Address, place: usize) {
        self.things.insert(address.clone(), place);
        self.used.insert(place);
        let attributes = self.view.get(place).attributes.clone();
        self.known.learn(address.clone(), attributes);
    }

    /// Goes over all that has no thing yet. Whether any was found.
    fn round(&mut self) -> bool {
        let told = self.told();
        let before = self.things.len();
        let resources = self.desired.resources.values();
        for resource in resources {
            if self.things.contains_key(&resource.address) {
                continue;
            }
            let told = told.get(&resource.address).map_or(&[][..], Vec::as_slice);
            if let Some(place) = self.choose(resource, told) {
                self.put(&resource.address, place);
            }
        }
        self.things.len() > before
    }

    /// What the things that are known say of those that are not.
    fn told(&self) -> BTreeMap<Address, Told> {
        let mut all = BTreeMap::new();
        for (address, place) in &self.things {
            let (Some(resource), Some(kind)) =
                (self.desired.resources.get(address), Kind::of(&address.kind))
            else {
                continue;
            };
            let mut live = self.view.get(*place).attributes.clone();
            both_ways(kind, resource, &mut live);
            for (name, wanted) in &resource.attributes {
                let live = live.get(name).unwrap_or(&Value::Null);
                self.hear(wanted, live, &mut all);
            }
        }
        all
    }

    /// Holds a wanted value against a live one: a reference in it is what is live.
    fn hear(&self, wanted: &Value, live: &Value, all: &mut BTreeMap<Address, Told>) {
        match (wanted, live) {
            (_, Value::Null) => {}
            (_, Value::String(text)) if text.is_empty() => {}
            (Value::Reference(reference), live) => self.say(reference, vec![live.clone()], all),
            (Value::Template(parts), Value::String(live)) => {
                if let Some((reference, live)) = filled(parts, live) {
                    self.say(reference, vec![live.into()], all);
                }
            }
            (Value::List(wanted), Value::List(live)) => {
                let in_order =
                    wanted.len() == live.len() && wanted.iter().all(|one| one.as_map().is_some());
                if in_order {
                    wanted
                        .iter()
                        .zip(live)
                        .for_each(|(wanted, live)| self.hear(wanted, live, all));
                    return;
                }
                for one in wanted {
                    match one {
                        Value::Reference(reference) => self.say(reference, live.clone(), all),
                        // Of several blocks the one is not known.
                        _ if wanted.len() == 1 => {
                            if let Some(first) = live.first() {
                                self.hear(one, first, all);
                            }
                        }
                        _ => {}
                    }
                }
            }
            (Value::Map(wanted), Value::Map(live)) => {
                for (name, wanted) in wanted {
                    let live = live.get(name).unwrap_or(&Value::Null);
                    self.hear(wanted, live, all);
                }
            }
            (Value::Map(_), Value::List(live)) => {
                if let [one] = live.as_slice() {
                    self.hear(wanted, one, all);
                }
            }
            _ => {}
        }
    }

    fn say(&self, reference: &Reference, live: Vec<Value>, all: &mut BTreeMap<Address, Told>) {
        let target = &reference.target;
        let [Step::Attribute(name)] = reference.path.as_slice() else {
            return;
        };
        if target.mode != Mode::Managed || self.things.contains_key(target) {
            return;
        }
        // What only hands on another's value has it from there.
        if let Some(resource) = self.desired.resources.get(target)
            && let Some(Value::Reference(further)) = resource.attributes.get(name)
        {
            self.say(further, live.clone(), all);
        }
        all.entry(target.clone())
            .or_default()
            .push((name.clone(), live));
    }

    /// The thing of a resource, if any thing must be it.
    fn choose(&self, resource: &Resource, told: &[(String, Vec<Value>)]) -> Option<usize> {
        let kind = Kind::of(&resource.address.kind)?;
        if told.is_empty() && !self.is_alone(kind, resource) {
            return None;
        }
        let candidates = self.view.all(kind.name).filter(|(place, thing)| {
            let as_told = || {
                told.iter().all(|(name, values)| {
                    let live = at(thing, name);
                    values
                        .iter()
                        .any(|value| diff::same(kind, name, value, live))
                })
            };
            let is_free = !self.used.contains(place) && self.view.is_free(*place);
            let fits = is_free && Self::fits(resource, thing);
            fits && as_told() && self.has_identity(kind, resource, thing)
        });
        let best = candidates.min_by_key(|(place, thing)| {
            let fields = diff::differences(kind, resource, &self.known, &thing.attributes);
            (fields.len(), *place)
        });
        best.map(|(place, _)| place)
    }

    /// Whether what no two have in common is known of it.
    fn is_alone(&self, kind: &Kind, resource: &Resource) -> bool {
        let own = identity(kind).iter().map(|name| resource.get(name));
        let mut own = own.filter(|wanted| !wanted.is_null()).peekable();
        let is_said = own.peek().is_some();
        is_said && own.all(|wanted| is_settled(&self.known.resolve(wanted)))
            || self.hangs_on_known(kind, resource)
    }

    /// Whether it refers, by what can't change, to what has its thing. What a VPC holds are many.
    fn hangs_on_known(&self, kind: &Kind, resource: &Resource) -> bool {
        kind.replace.iter().filter(|name| **name != "vpc_id").any(|name| {
            matches!(resource.get(name), Value::Reference(to) if self.things.contains_key(&to.target))
        })
    }

    fn has_identity(&self, kind: &Kind, resource: &Resource, thing: &Instance) -> bool {
        let mut names: Vec<&str> = identity(kind).to_vec();
        names.extend(kind.replace.iter().filter(|name| {
            matches!(resource.get(name), Value::Reference(to) if self.things.contains_key(&to.target))
        }));
        names.iter().all(|name| {
            let wanted = resource.get(name);
            let live = at(thing, name);
            if resource.generated.contains(*name) {
                return true;
            }
            if wanted.is_null() {
                return live.is_null()
                    || live.is_off()
                    || live.as_str() == Some("")
                    || *name == "set_identifier";
            }
            let wanted = self.known.resolve(wanted);
            if is_settled(&wanted) {
                diff::same(kind, name, &wanted, live)
            } else {
                !live.is_null()
            }
        })
    }

    /// What AWS knows nothing of has what it is given.
    fn settle(&mut self) {
        for resource in self.desired.resources.values() {
            let kind = Kind::of(&resource.address.kind);
            let not = kind.is_some_and(|kind| matches!(kind.import, kind::Import::Not(_)));
            if not && !self.things.contains_key(&resource.address) {
                let attributes = resource.attributes.iter();
                let attributes = attributes
                    .map(|(name, value)| (name.clone(), self.known.resolve(value)))
                    .filter(|(_, value)| is_settled(value));
                let attributes = attributes.collect();
                self.known.learn(resource.address.clone(), attributes);
            }
        }
    }

    /// What the first apply would change of a resource's thing.
    pub(super) fn differences(&self, address: &Address) -> Vec<Field> {
        let (Some(resource), Some(place), Some(kind)) = (
            self.desired.resources.get(address),
            self.things.get(address),
            Kind::of(&address.kind),
        ) else {
            return Vec::new();
        };
        let mut live = self.view.get(*place).attributes.clone();
        both_ways(kind, resource, &mut live);
        diff::differences(kind, resource, &self.known, &live)
    }

    /// A resource's own value with all in it that is known.
    pub(super) fn wanted(&self, address: &Address, name: &str) -> Value {
        let resource = self.desired.resources.get(address);
        resource.map_or(Value::Null, |resource| {
            self.known.resolve(resource.get(name))
        })
    }
}

/// The one reference of a text and what stands in its place in a live one.
fn filled<'a>(parts: &'a [Part], live: &'a str) -> Option<(&'a Reference, &'a str)> {
    let mut rest = live;
    let mut found = None;
    for part in parts {
        match (part, found) {
            (Part::Text(text), None) => rest = rest.strip_prefix(text.as_str())?,
            (Part::Text(text), Some(_)) => rest = rest.strip_suffix(text.as_str())?,
            (Part::Reference(reference), None) => found = Some(reference),
            (Part::Reference(_), Some(_)) => return None,
        }
    }
    found.map(|reference| (reference, rest))
}

/// The provider reads a forward to one group in two forms, and the spec has one.
fn both_ways(kind: &Kind, resource: &Resource, live: &mut crate::value::Attributes) {
    let block = crate::export::reads::of(kind.name).and_then(|read| read.both_ways);
    let Some(name) = block else {
        return;
    };
    let wanted = resource.get(name).items();
    let Some(Value::List(actions)) = live.get_mut(name) else {
        return;
    };
    for (action, wanted) in actions.iter_mut().zip(wanted) {
        let plain = !wanted.get("target_group_arn").is_null();
        let Value::Map(action) = action else { continue };
        let groups = action
            .get("forward")
            .map(|forward| forward.get("target_group"));
        let arn = groups.map(|group| group.get("arn").clone());
        if let Some(arn) = arn.filter(|arn| plain && !arn.is_null()) {
            let empty = action
                .get("target_group_arn")
                .is_none_or(|own| own.as_str().is_none_or(str::is_empty));
            if empty {
                action.insert("target_group_arn".to_owned(), arn);
            }
        }
    }
}

/// What no two of a kind have in common, less what a blueprint does not say as a state does.
fn identity(kind: &Kind) -> &'static [&'static str] {
    match kind.name {
        // Found by the VPC or the thing that they are of; the rest may differ.
        "aws_flow_log" => &["vpc_id"],
        "aws_cloudfront_distribution" => &[],
        _ => kind.alone_with,
    }
}

/// Whether all of a value is known.
pub(super) fn is_settled(value: &Value) -> bool {
    match value {
        Value::Unknown { .. } | Value::Reference(_) | Value::Template(_) => false,
        Value::List(items) => items.iter().all(is_settled),
        Value::Map(entries) => entries.values().all(is_settled),
        _ => true,
    }
}
