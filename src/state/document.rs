//! The document: its records and how they are found.
//!
//! *Invariant*: records are in order of address and generation, so the same state is the
//! same bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::asked::Asked;
use super::undo::Undo;
use crate::address::Address;
use crate::kind::Kind;
use crate::resource::{Id, Maker};
use crate::value::{Attributes, Value};

/// The format that this version writes. Raised when an older version would misread what a
/// newer one wrote; a field that it may pass over is a reason only for a serde default.
pub const FORMAT: u32 = 1;

/// Everything that is remembered of one app and environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The format it is written in.
    pub format: u32,
    /// Version of watertight that wrote it last.
    pub version: String,
    /// The application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// The account that everything is in, once one is known.
    pub account: Option<String>,
    /// Name of this document's line of descent: 32 hex digits, made once.
    pub lineage: String,
    /// Lineages of lost documents whose things this one has taken over, as somebody has
    /// confirmed: what still carries one of them is this one's too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forebears: BTreeSet<String>,
    /// Raised by every write.
    pub serial: u64,
    /// Raised by every apply, kept after a destroy.
    pub generation: u64,
    /// Name of the spec's file, which lies beside the folder that the state is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// Digest of that file's text, less the names of the app and the environment: by it a spec
    /// that has another name now is known again where its file's name says too little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_digest: Option<String>,
    /// How often a run took the document over from another that had fallen silent: what that
    /// one still writes is refused. Kept by the store in S3.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fence: u64,
    /// The run that wrote it last, so that it knows its own write again. Kept by the store in
    /// S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// What stands, or is being made or deleted.
    pub records: Vec<Record>,
    /// What takes back the last run that changed something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// What this run calls otherwise than the document that it read.
    #[serde(skip)]
    pub renamed: Renamed,
}

/// What a run calls otherwise than the document that it read; see
/// [`rename`](super::rename).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Renamed {
    /// Old addresses, by the new ones.
    pub addresses: BTreeMap<Address, Address>,
    /// The old app and environment, if either was another.
    pub whole: Option<(String, String)>,
}

impl Renamed {
    /// Whether nothing has another name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.whole.is_none()
    }

    /// What a resource was called, for people: its old address, or the old app and
    /// environment of everything.
    #[must_use]
    pub fn before(&self, address: &Address) -> Option<String> {
        let old = self.addresses.get(address).map(Address::to_string);
        let whole = || {
            let (app, environment) = self.whole.as_ref()?;
            Some(format!("{app}/{environment}"))
        };
        old.or_else(whole)
    }
}

/// One thing that stands or may stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where it stands in the spec.
    pub address: Address,
    /// The apply that first meant to make it.
    pub generation: u64,
    /// How far it is.
    pub status: Status,
    /// Region it lives in.
    pub region: String,
    /// What AWS calls it; none until the create call was answered.
    pub id: Option<Id>,
    /// The token of the create call.
    pub token: Option<String>,
    /// What was applied last, less what is sensitive.
    #[serde(
        serialize_with = "write_attributes",
        deserialize_with = "read_attributes"
    )]
    pub attributes: Attributes,
    /// What must stand as long as it does.
    pub dependencies: BTreeSet<Address>,
    /// Holds data or carries traffic.
    pub protect: bool,
    /// The blueprint and the versions that it was last made by; none where an older
    /// version of watertight wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<Box<Maker>>,
    /// What was asked where the attributes don't tell; none where an older version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
    /// What AWS told of it beside the attributes (an ARN), less what is sensitive, when it was
    /// applied last: a run that believes the records takes it for what it is like. None where
    /// an older version wrote it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "write_told",
        deserialize_with = "read_told"
    )]
    pub told: Option<Attributes>,
}

impl Record {
    /// What stands by this record, if it says enough that AWS need not be asked: it is as it
    /// was applied, and known by all that others may refer to.
    #[must_use]
    pub fn believed(&self) -> Option<(&Id, Attributes)> {
        let (id, told) = (self.id.as_ref()?, self.told.as_ref()?);
        let mut attributes = told.clone();
        attributes.extend(self.attributes.clone());
        (self.status == Status::Applied).then_some((id, attributes))
    }
}

/// How far a recorded thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The create call may have been sent.
    Creating,
    /// AWS has named it; it may not be complete.
    Created,
    /// An update may have been sent.
    Updating,
    /// It is as it was wanted.
    Applied,
    /// A delete may have been sent.
    Deleting,
    /// Another stands in its place, and it is to be deleted.
    Deposed,
}

impl Document {
    /// A document that remembers nothing. `lineage` is 32 hex digits from the caller's
    /// randomness.
    #[must_use]
    pub fn new(app: &str, environment: &str, lineage: &str) -> Self {
        Self {
            format: FORMAT,
            version: crate::VERSION.to_owned(),
            app: app.to_owned(),
            environment: environment.to_owned(),
            account: None,
            lineage: lineage.to_owned(),
            forebears: BTreeSet::new(),
            serial: 0,
            generation: 0,
            spec: None,
            spec_digest: None,
            fence: 0,
            writer: None,
            records: Vec::new(),
            undo: None,
            renamed: Renamed::default(),
        }
    }

    /// Whether nothing was ever written of it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.serial == 0
    }

    /// The record that stands for an address now; deposed ones don't.
    #[must_use]
    pub fn current(&self, address: &Address) -> Option<&Record> {
        self.records
            .iter()
            .find(|record| record.address == *address && record.status != Status::Deposed)
    }

    /// The record of an address and generation.
    #[must_use]
    pub fn record(&self, address: &Address, generation: u64) -> Option<&Record> {
        self.position(address, generation)
            .ok()
            .map(|index| &self.records[index])
    }

    /// The same, to change it.
    pub fn record_mut(&mut self, address: &Address, generation: u64) -> Option<&mut Record> {
        self.position(address, generation)
            .ok()
            .map(|index| &mut self.records[index])
    }

    /// Writes a record over the one of its address and generation, or in its place.
    pub fn put(&mut self, record: Record) {
        match self.position(&record.address, record.generation) {
            Ok(index) => self.records[index] = record,
            Err(index) => self.records.insert(index, record),
        }
    }

    /// Forgets a record.
    pub fn remove(&mut self, address: &Address, generation: u64) {
        if let Ok(index) = self.position(address, generation) {
            self.records.remove(index);
        }
    }

    fn position(&self, address: &Address, generation: u64) -> Result<usize, usize> {
        self.records.binary_search_by(|record| {
            (&record.address, record.generation).cmp(&(address, generation))
        })
    }
}

/// The token of a create call: 32 hex digits, the same for the same attempt, so that AWS
/// recognises one that is sent again after a crash.
#[must_use]
pub fn token(lineage: &str, address: &Address, generation: u64, arguments: &Attributes) -> String {
    let mut digest = Sha256::new();
    let arguments = Value::Map(arguments.clone()).to_json().to_string();
    for part in [
        lineage,
        &address.to_string(),
        &generation.to_string(),
        &arguments,
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let half: [u8; 16] = std::array::from_fn({
        let digest = digest.finalize();
        move |index| digest[index]
    });
    format!("{:032x}", u128::from_be_bytes(half))
}

/// The attributes that a record may keep: none that the schema calls sensitive, at any
/// depth, and none unknown.
#[must_use]
pub fn recordable(kind: &Kind, attributes: &Attributes) -> Attributes {
    keep(kind.schema(), attributes)
}

/// Whether any of the attributes is one that no record may have.
#[must_use]
pub fn holds_secrets(kind: &Kind, attributes: &Attributes) -> bool {
    is_secret_in(kind.schema(), attributes)
}

fn is_secret_in(schema: &crate::kind::schema::Schema, attributes: &Attributes) -> bool {
    let given = attributes.iter().filter(|(_, value)| !value.is_null());
    given.into_iter().any(|(name, value)| {
        let attribute = schema.attribute(name);
        attribute.is_some_and(|attribute| attribute.sensitive)
            || schema.block(name).is_some_and(|block| match value {
                Value::Map(entries) => is_secret_in(&block.schema, entries),
                other => {
                    let mut blocks = other.items().iter().filter_map(Value::as_map);
                    blocks.any(|entries| is_secret_in(&block.schema, entries))
                }
            })
    })
}

fn keep(schema: &crate::kind::schema::Schema, attributes: &Attributes) -> Attributes {
    attributes
        .iter()
        .filter(|(name, value)| {
            let sensitive = schema
                .attribute(name)
                .is_some_and(|attribute| attribute.sensitive);
            !sensitive && !value.is_null()
        })
        .map(|(name, value)| {
            let value = match schema.block(name) {
                Some(block) => keep_block(&block.schema, value),
                None => value.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

fn keep_block(schema: &crate::kind::schema::Schema, value: &Value) -> Value {
    match value {
        Value::List(items) => {
            Value::List(items.iter().map(|item| keep_block(schema, item)).collect())
        }
        Value::Map(entries) => Value::Map(keep(schema, entries)),
        other => other.clone(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn write_attributes<S: Serializer>(
    attributes: &Attributes,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Value::Map(attributes.clone())
        .to_json()
        .serialize(serializer)
}

fn read_attributes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Attributes, D::Error> {
    let json = serde_json::Value::deserialize(deserializer)?;
    match Value::from_json(&json) {
        Value::Map(attributes) => Ok(attributes),
        _ => Err(serde::de::Error::custom("attributes are an object")),
    }
}

#[expect(clippy::ref_option, reason = "serde hands references")]
fn write_told<S: Serializer>(told: &Option<Attributes>, serializer: S) -> Result<S::Ok, S::Error> {
    write_attributes(told.as_ref().unwrap_or(&Attributes::new()), serializer)
}

fn read_told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Attributes>, D::Error> {
    read_attributes(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Document, Record, Status, token};
    use crate::address::Address;
    use crate::value::{Attributes, Value};

    fn record(name: &str, generation: u64) -> Record {
        Record {
            address: Address::managed("web", "aws_lb", name),
            generation,
            status: Status::Applied,
            region: "eu-west-1".to_owned(),
            id: None,
            token: None,
            attributes: Attributes::from([("name".to_owned(), Value::text("x"))]),
            dependencies: BTreeSet::new(),
            protect: true,
            maker: None,
            asked: None,
            told: None,
        }
    }

    proptest! {
        #[test]
        fn a_document_survives_a_round_trip(names in prop::collection::vec(("[a-c]", 0..3_u64), 0..9)) {
            let mut document = Document::new("shop", "prod", "0123");
            for (name, generation) in &names {
                document.put(record(name, *generation));
            }
            let text = serde_json::to_string(&document).unwrap();
            let read: Document = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &document);
            let in_order = document.records.is_sorted_by_key(|r| (r.address.clone(), r.generation));
            prop_assert!(in_order);
            for (name, generation) in names {
                document.remove(&Address::managed("web", "aws_lb", &name), generation);
            }
            prop_assert!(document.records.is_empty());
        }
    }

    #[test]
    fn a_token_tells_attempts_apart() {
        let address = Address::managed("web", "aws_lb", "main");
        let arguments = Attributes::new();
        let first = token("l", &address, 1, &arguments);
        assert_eq!(first.len(), 32);
        assert_eq!(first, token("l", &address, 1, &arguments));
        assert_ne!(first, token("l", &address, 2, &arguments));
        assert_ne!(first, token("m", &address, 1, &arguments));
    }
}
