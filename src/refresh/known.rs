//! What references resolve to: the attributes of everything that stands and is ours, and
//! of what lookups found.
//!
//! *Invariant*: nothing that is not ours is ever resolved as a resource, so nothing of ours
//! comes to hang on it.

use std::collections::BTreeMap;

use super::Observed;
use crate::address::Address;
use crate::aws::{Owner, Wanted};
use crate::kind::Kind;
use crate::resource::{Desired, Resource};
use crate::value::{Attributes, Reference, Step, Value};

/// Attributes by address.
#[derive(Clone, Debug, Default)]
pub struct Known {
    attributes: BTreeMap<Address, Attributes>,
}

impl Known {
    /// What is known after a refresh: everything of ours that stands and is desired, and
    /// what deferred lookups found.
    #[must_use]
    pub fn of(desired: &Desired, observed: &Observed) -> Self {
        let resources = observed
            .resources
            .iter()
            .filter(|(address, _)| desired.resources.contains_key(address))
            .map(|(address, seen)| (address.clone(), seen.attributes.clone()));
        Self {
            attributes: resources.chain(observed.lookups.clone()).collect(),
        }
    }

    /// What is known of a resource.
    #[must_use]
    pub fn attributes(&self, address: &Address) -> Option<&Attributes> {
        self.attributes.get(address)
    }

    /// Learns what a resource is like, in place of what was known.
    pub fn learn(&mut self, address: Address, attributes: Attributes) {
        self.attributes.insert(address, attributes);
    }

    /// Forgets a resource: references to it are unknown from now on.
    pub fn forget(&mut self, address: &Address) {
        self.attributes.remove(address);
    }

    /// Forgets attributes of a resource that an update may change.
    pub fn forget_attributes(&mut self, address: &Address, names: &[&str]) {
        if let Some(attributes) = self.attributes.get_mut(address) {
            attributes.retain(|name, _| !names.contains(&name.as_str()));
        }
    }

    /// What an attribute will be once it is updated: the wanted value, or unknown.
    pub fn foresee(&mut self, address: &Address, name: &str, wanted: &Value) {
        let wanted = self.resolve(wanted);
        if let Some(attributes) = self.attributes.get_mut(address) {
            if wanted.is_unknown() {
                attributes.remove(name);
            } else {
                attributes.insert(name.to_owned(), wanted);
            }
        }
    }

    /// The value that a reference leads to, if it is known.
    #[must_use]
    pub fn value(&self, reference: &Reference) -> Option<Value> {
        let attributes = self.attributes.get(&reference.target)?;
        let (Step::Attribute(first), rest) = reference.path.split_first()? else {
            return None;
        };
        let mut value = attributes.get(first)?;
        let mut path = first.clone();
        for step in rest {
            value = match step {
                Step::Attribute(name) => {
                    path = format!("{path}.{name}");
                    match value {
                        Value::List(items) => items.first()?.as_map()?.get(name)?,
                        other => other.as_map()?.get(name)?,
                    }
                }
                Step::Index(index) => value.items().get(*index)?,
                Step::Key(key) => match value {
                    Value::Map(entries) => entries.get(key)?,
                    Value::List(items) => {
                        let named_by = set_key(&reference.target.kind, &path)?;
                        items
                            .iter()
                            .find(|item| item.get(named_by).as_str() == Some(key))?
                    }
                    _ => return None,
                },
                Step::Split => return None,
            };
        }
        (!value.is_null()).then(|| value.clone())
    }

    /// The same value with every reference resolved that can be.
    #[must_use]
    pub fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| self.value(reference))
    }

    /// The resource with every reference resolved that can be.
    #[must_use]
    pub fn wanted(&self, resource: &Resource, owner: &Owner) -> Wanted {
        Wanted {
            address: resource.address.clone(),
            region: resource.region.clone(),
            attributes: resource
                .attributes
                .iter()
                .map(|(name, value)| (name.clone(), self.resolve(value)))
                .collect(),
            owner: owner.clone(),
        }
    }
}

/// The attribute that names an element of a set of this kind.
fn set_key(kind: &str, path: &str) -> Option<&'static str> {
    Kind::of(kind)?
        .set_keys
        .iter()
        .find(|(set, _)| *set == path)
        .map(|(_, key)| *key)
}
