//! What was asked of a resource, where its attributes alone don't tell.
//!
//! A record's attributes are what AWS was sent: an ARN, where the blueprint said
//! `${aws_lb.main.arn}`. What is made anew has another ARN, so the link itself is kept.
//! It is written down when it is applied, as to guess it from equal texts later could take
//! one thing's name for another's.
//!
//! *Invariant*: with its record it gives back the resource as it was wanted, less what is
//! sensitive and where it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::{Record, recordable};
use crate::address::{Address, Mode};
use crate::diagnostic::{Source, Span};
use crate::kind::Kind;
use crate::resource::{Origin, Resource};
use crate::value::{Attributes, Part, Reference, Value};

/// The key that marks a reference where a plain value could stand.
const REFERENCE: &str = "${}";
/// The key that marks a text with references in it.
const TEMPLATE: &str = "${}..";

/// What a record's attributes don't tell of the resource that was wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The attributes with references to other resources in them, as they were written.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        serialize_with = "write",
        deserialize_with = "read"
    )]
    pub linked: Attributes,
    /// Attributes whose value `expand` made up.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub generated: BTreeSet<String>,
    /// Paths that are left to others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ignored: BTreeSet<String>,
}

impl Asked {
    /// What is to be remembered of a resource that is applied now.
    #[must_use]
    pub fn of(kind: &Kind, resource: &Resource) -> Self {
        let mut linked = recordable(kind, &resource.attributes);
        linked.retain(|_, value| {
            let mut references = Vec::new();
            value.references(&mut references);
            // A lookup that waited has been answered; its answer is the value.
            let is_managed = |one: &&Reference| one.target.mode == Mode::Managed;
            !references.is_empty() && references.iter().all(is_managed)
        });
        Self {
            linked,
            generated: resource.generated.clone(),
            ignored: resource.ignored.keys().cloned().collect(),
        }
    }

    /// The same under the names that things have now.
    pub(super) fn rename(&mut self, renamed: &BTreeMap<Address, Address>) {
        for value in self.linked.values_mut() {
            rename(value, renamed);
        }
    }
}

impl Record {
    /// The resource as it was wanted when this was written. Of a record that an older
    /// version wrote the links are not known: it has what they led to.
    #[must_use]
    pub fn resource(&self) -> Resource {
        let asked = self.asked.as_deref().cloned().unwrap_or_default();
        let mut attributes = self.attributes.clone();
        attributes.extend(asked.linked);
        let source = Arc::new(Source {
            name: "the state".to_owned(),
            text: String::new(),
        });
        let ignored = asked.ignored.into_iter();
        Resource {
            address: self.address.clone(),
            region: self.region.clone(),
            attributes,
            generated: asked.generated,
            defaulted: BTreeSet::new(),
            depends_on: self.dependencies.clone(),
            maker: self.maker.clone(),
            origin: Origin::default(),
            origins: BTreeMap::new(),
            overridden: BTreeMap::new(),
            ignored: ignored
                .map(|path| (path, Span::new(&source, 0..0)))
                .collect(),
        }
    }
}

fn rename(value: &mut Value, renamed: &BTreeMap<Address, Address>) {
    let follow = |reference: &mut Reference| {
        if let Some(to) = renamed.get(&reference.target) {
            reference.target = to.clone();
        }
    };
    match value {
        Value::Reference(reference) => follow(reference),
        Value::Template(parts) => parts.iter_mut().for_each(|part| match part {
            Part::Reference(reference) => follow(reference),
            Part::Text(_) => {}
        }),
        Value::List(items) => items.iter_mut().for_each(|item| rename(item, renamed)),
        Value::Map(entries) => entries.values_mut().for_each(|one| rename(one, renamed)),
        _ => {}
    }
}

fn write<S: Serializer>(attributes: &Attributes, serializer: S) -> Result<S::Ok, S::Error> {
    let entries = attributes.iter();
    let entries = entries.map(|(name, value)| (name, encode(value)));
    serializer.collect_map(entries)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Attributes, D::Error> {
    let entries = BTreeMap::<String, Json>::deserialize(deserializer)?;
    let entries = entries.into_iter();
    entries
        .map(|(name, json)| Ok((name, decode(&json).map_err(serde::de::Error::custom)?)))
        .collect()
}

fn encode(value: &Value) -> Json {
    match value {
        Value::Reference(reference) => serde_json::json!({ REFERENCE: reference }),
        Value::Template(parts) => serde_json::json!({ TEMPLATE: parts }),
        Value::List(items) => items.iter().map(encode).collect(),
        Value::Map(entries) => {
            let entries = entries.iter();
            Json::Object(
                entries
                    .map(|(key, one)| (key.clone(), encode(one)))
                    .collect(),
            )
        }
        plain => plain.to_json(),
    }
}

fn decode(json: &Json) -> serde_json::Result<Value> {
    Ok(match json {
        Json::Array(items) => Value::List(items.iter().map(decode).collect::<Result<_, _>>()?),
        Json::Object(entries) => {
            if let Some(reference) = entries.get(REFERENCE) {
                return Reference::deserialize(reference).map(Value::Reference);
            }
            if let Some(parts) = entries.get(TEMPLATE) {
                return Vec::<Part>::deserialize(parts).map(Value::Template);
            }
            let entries = entries.iter();
            let entries = entries.map(|(key, one)| Ok((key.clone(), decode(one)?)));
            Value::Map(entries.collect::<serde_json::Result<_>>()?)
        }
        plain => Value::from_json(plain),
    })
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use crate::address::Address;
    use crate::value::{Attributes, Part, Reference, Step, Value};

    #[test]
    fn links_survive_a_round_trip_and_follow_a_move() {
        let old = Address::managed("web", "aws_lb", "main");
        let new = Address::managed("front", "aws_lb", "main");
        let asked = |target: &Address| {
            let mut path = Reference::to(target.clone(), "subnet_mapping");
            path.path.extend([Step::Index(0), Step::Key("a.b".into())]);
            Asked {
                linked: Attributes::from([
                    ("whole".to_owned(), Value::Reference(path)),
                    (
                        "within".to_owned(),
                        Value::block([(
                            "text",
                            Value::Template(vec![
                                Part::Text("arn:${".to_owned()),
                                Part::Reference(Reference::to(target.clone(), "arn")),
                            ]),
                        )]),
                    ),
                ]),
                ..Asked::default()
            }
        };
        let text = serde_json::to_string(&asked(&old)).unwrap();
        let mut read: Asked = serde_json::from_str(&text).unwrap();
        assert_eq!(read, asked(&old));
        read.rename(&[(old, new.clone())].into());
        assert_eq!(read, asked(&new));
    }
}
