//! Tags: what they say of whose a thing is, and what has to be set or taken away.
//!
//! *Invariant*: the tag with the lineage is never an attribute; only `find` reads it and
//! only a write of tags sends it.

use std::collections::BTreeMap;

use super::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG, LINEAGE_TAG, Ownership, Wanted};
use crate::value::{Attributes, Value};

/// The tags of one thing as AWS lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tags(BTreeMap<String, String>);

/// What has to be done to tags. Nothing where both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TagChanges {
    /// To be written, over what is there.
    pub(super) set: BTreeMap<String, String>,
    /// Keys to be taken away.
    pub(super) remove: Vec<String>,
}

impl TagChanges {
    /// What takes our own tags away, and no others.
    pub(super) fn without_ours() -> Self {
        Self {
            set: BTreeMap::new(),
            remove: OURS.map(str::to_owned).to_vec(),
        }
    }
}

/// The tags that are ours, whatever a spec says.
pub(super) const OURS: [&str; 4] = [ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG, LINEAGE_TAG];

impl FromIterator<(String, String)> for Tags {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(tags: T) -> Self {
        Self(tags.into_iter().collect())
    }
}

impl Tags {
    /// The attribute `tags`: all but the lineage.
    pub(super) fn value(&self) -> Value {
        Value::map(
            self.0
                .iter()
                .filter(|(key, _)| *key != LINEAGE_TAG)
                .map(|(key, value)| (key.clone(), Value::text(value.clone()))),
        )
    }

    /// Whose the thing with these tags is, if it is looked for as `wanted`.
    pub(super) fn ownership(&self, wanted: &Wanted) -> Ownership {
        let says = |key: &str, value: &str| self.0.get(key).is_some_and(|found| found == value);
        let ours = says(APP_TAG, &wanted.owner.app)
            && says(ENVIRONMENT_TAG, &wanted.owner.environment)
            && says(ADDRESS_TAG, &wanted.address.to_string());
        if ours {
            Ownership::Tagged {
                lineage: self.0.get(LINEAGE_TAG).cloned().unwrap_or_default(),
            }
        } else {
            Ownership::Foreign
        }
    }
}

impl Wanted {
    /// The tags to send with a create call: the wanted ones and the lineage.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = texts(self.attributes.get("tags"));
        tags.insert(LINEAGE_TAG.to_owned(), self.owner.lineage.clone());
        tags
    }

    /// What makes the observed tags the wanted ones. Whatever is written, the lineage is
    /// written with it.
    pub(super) fn tag_changes(&self, observed: &Attributes) -> TagChanges {
        let observed = texts(observed.get("tags"));
        let wanted = texts(self.attributes.get("tags"));
        let mut set: BTreeMap<String, String> = wanted
            .iter()
            .filter(|(key, value)| observed.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !set.is_empty() {
            set.insert(LINEAGE_TAG.to_owned(), self.owner.lineage.clone());
        }
        let remove = observed
            .into_keys()
            .filter(|key| !wanted.contains_key(key))
            .collect();
        TagChanges { set, remove }
    }
}

/// Tags as the attribute has them.
pub(super) fn texts(tags: Option<&Value>) -> BTreeMap<String, String> {
    tags.and_then(Value::as_map)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.scalar_text()?)))
        .collect()
}
