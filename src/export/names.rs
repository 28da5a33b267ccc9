//! What a resource is called in Terraform, and in which file it stands.
//!
//! *Invariant*: no two of a type have the same label, and no file's name means something
//! else to Terraform.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::digest;
use super::kinds;
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

/// The name of the output that tells a component's records which somebody makes by hand.
pub(super) const RECORDS_BY_HAND: &str = "records_by_hand";

/// The labels of all resources, lookups and outputs.
pub(super) struct Names {
    labels: BTreeMap<Address, String>,
    outputs: BTreeMap<(String, String), String>,
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
        let wanted = wanted
            .into_iter()
            .map(|((_, _, label), addresses)| (label, addresses));
        let labels = told_apart(wanted, Address::to_string);
        let referred_to = references(desired)
            .map(|address| shared.get(&address).cloned().unwrap_or(address))
            .collect();
        Self {
            labels,
            outputs: outputs(desired),
            shared,
            referred_to,
        }
    }

    /// The label of an output.
    pub(super) fn output(&self, component: &str, name: &str) -> &str {
        let key = (component.to_owned(), name.to_owned());
        self.outputs.get(&key).map_or("", String::as_str)
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

    /// Whether a lookup is written: it is the first of its like, and tells something that is
    /// not known already. One that nothing refers to only looks whether something is there.
    pub(super) fn is_needed(&self, address: &Address) -> bool {
        self.labels.contains_key(address)
            && !kinds::is_known_by_id(&address.kind)
            && self.referred_to.contains(address)
    }
}

/// A label for each of those that want it: the one that is wanted, and where several want the
/// same, with the digest of what tells them apart.
fn told_apart<'a, K: Clone + Ord + 'a>(
    wanted: impl Iterator<Item = (String, Vec<&'a K>)>,
    own: impl Fn(&K) -> String,
) -> BTreeMap<K, String> {
    let mut labels = BTreeMap::new();
    for (label, all) in wanted {
        let is_alone = all.len() == 1;
        for key in all {
            let label = if is_alone {
                label.clone()
            } else {
                format!("{label}_{}", &digest(&own(key))[..6])
            };
            labels.insert(key.clone(), label);
        }
    }
    labels
}

fn outputs(desired: &Desired) -> BTreeMap<(String, String), String> {
    let by_hand = desired.by_hand.keys();
    let by_hand = by_hand.map(|record| (record.component.clone(), RECORDS_BY_HAND.to_owned()));
    let all: BTreeSet<(String, String)> = desired.outputs.keys().cloned().chain(by_hand).collect();
    let mut wanted: BTreeMap<String, Vec<&(String, String)>> = BTreeMap::new();
    for key in &all {
        wanted.entry(joined(&key.0, &key.1)).or_default().push(key);
    }
    told_apart(wanted.into_iter(), |(component, name)| {
        format!("{component}.{name}")
    })
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
        let Address { kind, name, .. } = &lookup.address;
        let region = if kinds::is_global(kind, Mode::Lookup) {
            ""
        } else {
            &lookup.region
        };
        let key = format!("{kind} {name} {region} {asked}");
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
