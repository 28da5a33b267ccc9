//! What a resource is called in Terraform, and in which file it stands.
//!
//! *Invariant*: no two of a type have the same label, and no file's name means something
//! else to Terraform.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::digest;
use crate::address::{Address, Mode};
use crate::resource::{Desired, Lookup};
use crate::value::Value;

/// Names of files that are not a component's, less `.tf`; `override` is Terraform's own.
const TAKEN: &[&str] = &[
    "data",
    "imports",
    "outputs",
    "override",
    "providers",
    "variables",
    "versions",
];

/// The labels of all resources and lookups.
pub(super) struct Names {
    labels: BTreeMap<Address, String>,
    /// Lookups that several components ask alike, by the one that is written.
    shared: BTreeMap<Address, Address>,
    /// Lookups that something refers to, by the one that is written.
    referred_to: BTreeSet<Address>,
}

impl Names {
    pub(super) fn of(desired: &Desired) -> Self {
        let shared = shared(desired);
        let written = desired
            .lookups
            .keys()
            .filter(|address| shared.get(*address).is_none_or(|first| first == *address));
        let mut wanted: BTreeMap<(Mode, &str, String), Vec<&Address>> = BTreeMap::new();
        for address in desired.resources.keys().chain(written) {
            let label = if shared.contains_key(address) {
                address.name.clone()
            } else {
                joined(&address.component, &address.name)
            };
            let key = (address.mode, address.kind.as_str(), label);
            wanted.entry(key).or_default().push(address);
        }
        let mut labels = BTreeMap::new();
        for ((_, _, label), addresses) in wanted {
            for address in &addresses {
                let label = match addresses.len() {
                    1 => label.clone(),
                    _ => format!("{label}_{}", &digest(&address.to_string())[..6]),
                };
                labels.insert((*address).clone(), label);
            }
        }
        let referred_to = references(desired)
            .map(|address| shared.get(&address).cloned().unwrap_or(address))
            .collect();
        Self {
            labels,
            shared,
            referred_to,
        }
    }

    /// The label of a resource or a lookup; of a lookup that others ask too, that of the one
    /// that is written.
    pub(super) fn label(&self, address: &Address) -> &str {
        let written = self.shared.get(address).unwrap_or(address);
        self.labels.get(written).map_or("", String::as_str)
    }

    /// Whether several components ask the same: it stands in a file of its own, once.
    pub(super) fn is_shared(&self, address: &Address) -> bool {
        self.shared.contains_key(address)
    }

    /// Whether anything refers to a lookup that is written.
    pub(super) fn is_referred_to(&self, address: &Address) -> bool {
        self.referred_to.contains(address)
    }

    /// Whether this lookup is the one of its like that is written.
    pub(super) fn is_written(&self, address: &Address) -> bool {
        self.labels.contains_key(address)
    }
}

/// Whatever resources, outputs and other lookups refer to.
fn references(desired: &Desired) -> impl Iterator<Item = Address> {
    let resources = desired.resources.values().chain(desired.by_hand.values());
    let values = resources
        .flat_map(|resource| resource.attributes.values())
        .chain(desired.outputs.values())
        .chain(
            desired
                .lookups
                .values()
                .flat_map(|lookup| lookup.arguments.values()),
        );
    values.flat_map(|value| {
        let mut found = Vec::new();
        value.references(&mut found);
        found
            .into_iter()
            .map(|reference| reference.target.clone())
            .collect::<Vec<_>>()
    })
}

/// `component_name`, as Terraform's labels have it.
pub(super) fn joined(component: &str, name: &str) -> String {
    format!("{component}_{name}").replace('-', "_")
}

/// The file of a component.
pub(super) fn file(component: &str) -> String {
    if TAKEN.contains(&component) {
        format!("{component}.component.tf")
    } else {
        format!("{component}.tf")
    }
}

/// Lookups that are alike in all that they ask, by the first of them.
fn shared(desired: &Desired) -> BTreeMap<Address, Address> {
    let mut alike: BTreeMap<String, Vec<&Lookup>> = BTreeMap::new();
    let lookups = desired.lookups.values();
    for lookup in lookups.filter(|lookup| !lookup.is_deferred()) {
        let asked = Value::Map(lookup.arguments.clone()).to_json();
        let name = &lookup.address.name;
        let key = format!("{} {name} {} {asked}", lookup.address.kind, lookup.region);
        alike.entry(key).or_default().push(lookup);
    }
    let several = alike.into_values().filter(|lookups| lookups.len() > 1);
    several
        .flat_map(|lookups| {
            let first = lookups[0].address.clone();
            lookups
                .into_iter()
                .map(move |lookup| (lookup.address.clone(), first.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{file, joined};

    #[test]
    fn a_label_has_no_dash_and_a_file_is_never_one_of_terraforms() {
        assert_eq!(joined("my-web", "main"), "my_web_main");
        assert_eq!(file("web"), "web.tf");
        assert_eq!(file("override"), "override.component.tf");
    }
}
