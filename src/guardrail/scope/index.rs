//! What rules look for again and again, found once.
//!
//! *Invariant*: what is found stands in the order in which all resources do.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::acm::plain;
use super::Scope;
use crate::address::Address;
use crate::resource::{Lookup, Resource};
use crate::value::{Attributes, Value};

/// How resources of one kind name one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::guardrail) struct Link {
    /// The kind of those that name it.
    pub(in crate::guardrail) from: &'static str,
    /// Where: an attribute, or one of a block (`alias.name`). Any of these.
    pub(in crate::guardrail) at: &'static [&'static str],
    /// The kind that is named.
    pub(in crate::guardrail) to: &'static str,
    /// By which of its attributes.
    pub(in crate::guardrail) by: &'static [&'static str],
}

/// What has been looked for.
#[derive(Default)]
pub(super) struct Indexes<'a> {
    by_bucket: OnceCell<ByBucket<'a>>,
    linked: RefCell<BTreeMap<Link, Rc<Linked<'a>>>>,
    records: OnceCell<BTreeMap<String, Vec<&'a Resource>>>,
    asked: OnceCell<ById<'a>>,
    /// Lookups that ask by something else than text.
    asked_otherwise: OnceCell<Vec<&'a Lookup>>,
    found: OnceCell<ById<'a>>,
}

/// Who names each of them.
#[derive(Default)]
struct Linked<'a> {
    to: BTreeMap<&'a Address, Vec<&'a Resource>>,
    /// Who names none that is described here.
    loose: Vec<&'a Resource>,
}

/// Buckets and their parts, by kind and the bucket's canonical name. Every rule about
/// buckets asks for them.
type ByBucket<'a> = BTreeMap<&'a str, BTreeMap<String, Vec<&'a Resource>>>;

/// The first lookup of each kind and `id`.
type ById<'a> = BTreeMap<(&'a str, &'a str), &'a Lookup>;

impl<'a> Scope<'a> {
    /// The resources that name this one so.
    pub(in crate::guardrail) fn linked(&self, link: Link, to: &Resource) -> Vec<&'a Resource> {
        let all = self.all_linked(link);
        all.to.get(&to.address).cloned().unwrap_or_default()
    }

    /// The resources of the kind that name none of those that are described here.
    pub(in crate::guardrail) fn loose(&self, link: Link) -> Vec<&'a Resource> {
        self.all_linked(link).loose.clone()
    }

    /// The resources that this one names so, each once.
    pub(in crate::guardrail) fn named(
        &self,
        link: Link,
        resource: &'a Resource,
    ) -> Vec<&'a Resource> {
        let mut named: Vec<&Resource> = Vec::new();
        for value in link.at.iter().flat_map(|path| self.values(resource, path)) {
            if let Some(to) = self.target(value, link.to, link.by)
                && !named.iter().any(|other| other.address == to.address)
            {
                named.push(to);
            }
        }
        named
    }

    fn all_linked(&self, link: Link) -> Rc<Linked<'a>> {
        let known = self.indexes.linked.borrow().get(&link).map(Rc::clone);
        known.unwrap_or_else(|| {
            let mut all = Linked::default();
            for resource in self.all(link.from) {
                let named = self.named(link, resource);
                if named.is_empty() {
                    all.loose.push(resource);
                }
                for to in named {
                    all.to.entry(&to.address).or_default().push(resource);
                }
            }
            let all = Rc::new(all);
            let mut linked = self.indexes.linked.borrow_mut();
            linked.insert(link, Rc::clone(&all));
            all
        })
    }

    /// What stands at a path, references as they are; each element of a list.
    fn values(&self, resource: &'a Resource, path: &str) -> Vec<&'a Value> {
        if let Some((block, name)) = path.split_once('.') {
            let blocks = self.blocks(resource, block).into_iter();
            return blocks
                .filter_map(|block| block.as_map()?.get(name))
                .collect();
        }
        let value = resource.attributes.get(path);
        match value.map(|value| (value, self.follow(value))) {
            None => Vec::new(),
            Some((_, Value::List(items))) => items.iter().collect(),
            Some((value, _)) => vec![value],
        }
    }

    /// The DNS records of a name, however it is spelled.
    pub(in crate::guardrail) fn records(&self, name: &str) -> &[&'a Resource] {
        let all = self.indexes.records.get_or_init(|| {
            let mut all: BTreeMap<String, Vec<&Resource>> = BTreeMap::new();
            for record in self.all("aws_route53_record") {
                let name = record.attributes.get("name");
                if let Some(name) = name.and_then(|name| self.canonical(name)) {
                    all.entry(plain(&name)).or_default().push(record);
                }
            }
            all
        });
        all.get(&plain(name)).map_or(&[], Vec::as_slice)
    }

    /// The lookup of a kind that the value comes from. Once lookups are substituted it is
    /// known again by the `id` that it found.
    pub(in crate::guardrail) fn lookup(&self, value: &'a Value, kind: &str) -> Option<&'a Lookup> {
        match self.follow(value) {
            Value::Reference(reference) => {
                let lookup = self.desired.lookups.get(&reference.target);
                lookup.filter(|lookup| lookup.address.kind == kind)
            }
            Value::String(id) => {
                let answer = |lookup: &Lookup| self.lookups?.get(&lookup.address)?.get("id");
                let found = self.indexes.found.get_or_init(|| self.by_id(answer));
                found.get(&(kind, id.as_str())).copied()
            }
            _ => None,
        }
    }

    /// The lookup of a kind that asks for what has this very `id`, and its answer.
    pub(in crate::guardrail) fn asked(
        &self,
        id: &Value,
        kind: &str,
    ) -> Option<(&'a Lookup, Option<&'a Attributes>)> {
        let argument = |lookup: &'a Lookup| lookup.arguments.get("id");
        let lookup = if let Value::String(id) = id {
            let asked = self.indexes.asked.get_or_init(|| self.by_id(argument));
            asked.get(&(kind, id.as_str())).copied()?
        } else {
            let others = self.indexes.asked_otherwise.get_or_init(|| {
                let all = self.desired.lookups.values();
                let otherwise = |lookup: &&Lookup| {
                    let id = lookup.arguments.get("id");
                    id.is_some_and(|id| id.as_str().is_none())
                };
                all.filter(otherwise).collect()
            });
            let mut others = others.iter();
            others.find(|lookup| lookup.address.kind == kind && argument(lookup) == Some(id))?
        };
        let found = self.lookups.and_then(|all| all.get(&lookup.address));
        Some((lookup, found))
    }

    fn by_id(&self, id: impl Fn(&'a Lookup) -> Option<&'a Value>) -> ById<'a> {
        let mut all = ById::new();
        for lookup in self.desired.lookups.values() {
            if let Some(id) = id(lookup).and_then(Value::as_str) {
                all.entry((&lookup.address.kind, id)).or_insert(lookup);
            }
        }
        all
    }

    /// The bucket of this canonical name, if it is one of the resources.
    pub(in crate::guardrail) fn bucket(&self, name: &str) -> Option<&'a Resource> {
        self.of_bucket(name, "aws_s3_bucket").first().copied()
    }

    /// The resources of a kind whose `bucket` is the one of this canonical name.
    pub(in crate::guardrail) fn of_bucket(&self, name: &str, kind: &str) -> &[&'a Resource] {
        let all = self.indexes.by_bucket.get_or_init(|| self.by_bucket());
        let found = all.get(kind).and_then(|of_kind| of_kind.get(name));
        found.map_or(&[], Vec::as_slice)
    }

    fn by_bucket(&self) -> ByBucket<'a> {
        let mut all = ByBucket::new();
        for resource in self.desired.resources.values() {
            let kind = resource.address.kind.as_str();
            let name = if kind == "aws_s3_bucket" {
                Some(self.bucket_name(resource))
            } else {
                let bucket = resource.attributes.get("bucket");
                bucket.and_then(|bucket| self.canonical(bucket))
            };
            if let Some(name) = name {
                let of_kind = all.entry(kind).or_default();
                of_kind.entry(name).or_default().push(resource);
            }
        }
        all
    }
}
