//! What an instance will be -> attributes.
//!
//! *Invariant*: a place that Terraform calls unknown or sensitive holds a reference or an
//! unknown, never a value.

use serde_json::{Map, Value as Json};

use super::config::Config;
use super::document;
use crate::address::{Address, Mode};
use crate::kind::{Kind, schema::Schema};
use crate::resource::Lookups;
use crate::value::{Attributes, Reference, Step, Value};

/// What Terraform says of a value: itself, which parts of it are not known, and which are
/// not to be shown.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) after: &'a Json,
    pub(super) unknown: &'a Json,
    pub(super) sensitive: &'a Json,
}

static NOTHING: Json = Json::Null;

impl<'a> Given<'a> {
    fn at(&self, key: &str) -> Given<'a> {
        let get = |json: &'a Json| json.get(key).unwrap_or(&NOTHING);
        Given {
            after: get(self.after),
            unknown: get(self.unknown),
            sensitive: self.inherited(get(self.sensitive)),
        }
    }

    fn item(&self, index: usize) -> Given<'a> {
        let get = |json: &'a Json| json.get(index).unwrap_or(&NOTHING);
        Given {
            after: get(self.after),
            unknown: get(self.unknown),
            sensitive: self.inherited(get(self.sensitive)),
        }
    }

    fn inherited(&self, own: &'a Json) -> &'a Json {
        if self.sensitive == &Json::Bool(true) {
            self.sensitive
        } else {
            own
        }
    }

    fn is_unknown(&self) -> bool {
        self.unknown == &Json::Bool(true) || self.sensitive == &Json::Bool(true)
    }
}

/// Reads the attributes of one instance.
pub(super) struct Reader<'a> {
    /// The configuration, and where in it the instance stands.
    config: Option<(&'a Config, &'a Address)>,
    /// What data sources answered.
    documents: Option<&'a Lookups>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(config: &'a Config, at: &'a Address, documents: &'a Lookups) -> Self {
        Self {
            config: Some((config, at)),
            documents: Some(documents),
        }
    }

    /// A reader of what has no configuration.
    pub(super) fn literal() -> Self {
        Self {
            config: None,
            documents: None,
        }
    }

    /// All attributes that are set. One that nobody has set and that only AWS can tell is
    /// left out, as it is in a spec.
    pub(super) fn attributes(
        &self,
        kind: &str,
        given: &Given<'_>,
        expressions: Option<&Map<String, Json>>,
    ) -> Attributes {
        let known = given.after.as_object();
        let unknown = given.unknown.as_object();
        let names = known
            .into_iter()
            .flat_map(Map::keys)
            .chain(unknown.into_iter().flat_map(Map::keys));
        let json = Kind::of(kind).map_or(&[][..], |kind| kind.json);
        let mut attributes = Attributes::new();
        for name in names {
            if attributes.contains_key(name) {
                continue;
            }
            let part = given.at(name);
            let expression = expressions.and_then(|all| all.get(name));
            if part.unknown == &Json::Bool(true) && expressions.is_some() && expression.is_none() {
                continue;
            }
            let mut value = self.value(&part, expression);
            if is_made_up(kind, name) && value.is_unknown() {
                value = Value::Unknown { from: None };
            }
            if json.contains(&name.as_str()) {
                value = self.policy(value);
            }
            if !value.is_null() && !is_no_block(kind, name, &value) {
                attributes.insert(name.clone(), value);
            }
        }
        if kind == "aws_iam_policy_document" && !attributes.contains_key("json") {
            let document = document::render(&attributes);
            attributes.insert("json".to_owned(), document);
        }
        attributes
    }

    /// A JSON document: text is read, and one that a data source will give is made of what
    /// that is given.
    fn policy(&self, value: Value) -> Value {
        match &value {
            Value::String(text) => match serde_json::from_str::<Json>(text) {
                Ok(json) if json.is_object() => Value::from_json(&json),
                _ => value,
            },
            Value::Reference(reference) if reference.target.mode == Mode::Lookup => {
                let [Step::Attribute(name)] = reference.path.as_slice() else {
                    return value;
                };
                let document = self
                    .documents
                    .and_then(|documents| documents.get(&reference.target))
                    .filter(|_| matches!(name.as_str(), "json" | "minified_json"))
                    .and_then(|attributes| attributes.get("json"));
                match document {
                    Some(Value::String(text)) => self.policy(Value::String(text.clone())),
                    Some(document) => document.clone(),
                    None => value,
                }
            }
            _ => value,
        }
    }

    fn value(&self, given: &Given<'_>, expression: Option<&Json>) -> Value {
        if given.is_unknown() {
            return self.unknown(given, expression);
        }
        match given.after {
            Json::Array(items) => {
                let blocks = expression.and_then(Json::as_array);
                let items = items.iter().enumerate().map(|(index, item)| {
                    let part = given.item(index);
                    let expression = match blocks {
                        // A set's blocks stand in another order: the one whose constants fit.
                        Some(blocks) => the_one(blocks, index, items.len(), item),
                        None => expression,
                    };
                    self.value(&part, expression)
                });
                Value::List(items.collect())
            }
            Json::Object(entries) => {
                let unknown = given.unknown.as_object();
                let names = entries
                    .keys()
                    .chain(unknown.into_iter().flat_map(Map::keys));
                let mut map = Attributes::new();
                for name in names {
                    if map.contains_key(name) {
                        continue;
                    }
                    let part = given.at(name);
                    let inner = match expression {
                        Some(Json::Object(block)) if !is_expression(block) => {
                            let inner = block.get(name);
                            // What a block does not say is AWS's to fill.
                            if part.unknown == &Json::Bool(true) && inner.is_none() {
                                continue;
                            }
                            inner
                        }
                        other => other,
                    };
                    let value = self.value(&part, inner);
                    let is_empty = matches!(&value, Value::List(items) if items.is_empty());
                    if !value.is_null() && !is_empty {
                        map.insert(name.clone(), value);
                    }
                }
                Value::Map(map)
            }
            other => Value::from_json(other),
        }
    }

    /// Whether it reads a document, whose parts are made of ARNs rather than taken from them:
    /// `"${aws_s3_bucket.data.arn}/*"`.
    fn is_document(&self) -> bool {
        self.config
            .is_some_and(|(_, at)| at.kind == "aws_iam_policy_document")
    }

    /// What is not known: the one attribute that it refers to, if nothing else can have made
    /// it so.
    fn unknown(&self, given: &Given<'_>, expression: Option<&Json>) -> Value {
        let nothing = Value::Unknown { from: None };
        if self.is_document() || given.sensitive == &Json::Bool(true) {
            return nothing;
        }
        let Some(((config, at), expression)) = self.config.zip(expression) else {
            return nothing;
        };
        match config.targets(at, expression).as_deref() {
            Some([one]) => Value::Reference(Reference::clone(one)),
            _ => nothing,
        }
    }
}

/// Whether what is written there is a name, which is made of other things rather than taken
/// from one (`"${aws_s3_bucket.data.id}-logs"` refers to the id and is not it).
fn is_made_up(kind: &str, name: &str) -> bool {
    let named = Kind::of(kind).and_then(|kind| kind.generated_name);
    named.is_some_and(|named| named.attribute == name)
}

/// Whether it is a list of no blocks, which is the same as none.
fn is_no_block(kind: &str, name: &str, value: &Value) -> bool {
    let is_block = Schema::of(kind).is_some_and(|schema| schema.block(name).is_some());
    is_block && matches!(value, Value::List(items) if items.is_empty())
}

/// Whether an object of a configuration is an expression rather than a block.
fn is_expression(object: &Map<String, Json>) -> bool {
    object.contains_key("references") || object.contains_key("constant_value")
}

/// The block of a configuration that became this item.
fn the_one<'j>(blocks: &'j [Json], index: usize, count: usize, item: &Json) -> Option<&'j Json> {
    let fits = |block: &&Json| {
        block.as_object().is_some_and(|block| {
            block.iter().all(|(name, expression)| {
                expression
                    .get("constant_value")
                    .is_none_or(|constant| item.get(name).is_none_or(|value| value == constant))
            })
        })
    };
    if blocks.len() != count {
        // Some of them are made by `dynamic`.
        return None;
    }
    let mut fitting = blocks.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => blocks.get(index).filter(|block| fits(block)),
    }
}
