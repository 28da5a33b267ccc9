//! The values that attributes hold, in Terraform's vocabulary.
//!
//! A value is plain data; whether a list is a set, a map is a block, or a string is
//! sensitive, is said by the kind's schema, not here.
//!
//! *Invariant*: a value holds no expression but a [`Reference`]; whoever wants to compute
//! does it before a value is made.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;

/// Attributes of one resource by name, in order of name.
pub type Attributes = BTreeMap<String, Value>;

/// What an attribute holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Not set.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, with no reference in it.
    String(String),
    /// A list; a set too where the schema says so.
    List(Vec<Value>),
    /// A map, an object, or one block.
    Map(BTreeMap<String, Value>),
    /// The value of another resource's attribute, of whatever type that has.
    Reference(Reference),
    /// Text with references in it.
    Template(Vec<Part>),
    /// Not known yet; `from` is what will tell.
    Unknown {
        /// The reference that could not be resolved, where there is one.
        from: Option<Reference>,
    },
}

/// A piece of a [`Value::Template`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Literal text.
    Text(String),
    /// Replaced by the text of what it refers to.
    Reference(Reference),
}

/// A link to an attribute of another resource or lookup.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// The resource or lookup.
    pub target: Address,
    /// The way to the value; starts with an attribute.
    pub path: Vec<Step>,
}

/// A step of a reference's path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `.arn`
    Attribute(String),
    /// `[0]`
    Index(usize),
    /// `["shop.example.com"]`: the element of a set by the key that its kind declares, or
    /// the value of a map.
    Key(String),
    /// The elements of a text that commas part; Terraform's `split(",", ...)`. Only a
    /// lookup's answer is parted so.
    Split,
}

impl Reference {
    /// A reference to one attribute.
    #[must_use]
    pub fn to(target: Address, attribute: &str) -> Self {
        Self {
            target,
            path: vec![Step::Attribute(attribute.to_owned())],
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.target)?;
        for step in &self.path {
            match step {
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Split => f.write_str(".split(\",\")")?,
            }
        }
        Ok(())
    }
}

impl Value {
    /// A string value.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// A list of strings, in the order given.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(
            texts
                .into_iter()
                .map(|text| Self::String(text.into()))
                .collect(),
        )
    }

    /// The map with these entries.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    }

    /// One block: a list of one map, as a block of `max_items = 1` is held.
    pub fn block<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::List(vec![Self::map(entries)])
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number, if it is one; a string of digits counts, as Terraform converts it.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The elements, if it is a list; none for every other value.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The entries, if it is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Walks a path of attribute names, stepping into the first element of a list on the
    /// way (as a block of one is held): `get("access_logs.bucket")`. Null where it ends.
    #[must_use]
    pub fn get(&self, path: &str) -> &Value {
        static NULL: Value = Value::Null;
        let mut value = self;
        for name in path.split('.') {
            if let Self::List(items) = value {
                value = items.first().unwrap_or(&NULL);
            }
            value = value
                .as_map()
                .and_then(|map| map.get(name))
                .unwrap_or(&NULL);
        }
        value
    }

    /// The elements of a text that commas part, as [`Step::Split`] reads it.
    #[must_use]
    pub fn split(&self) -> Option<Self> {
        let text = self.as_str()?;
        Some(Self::texts(text.split(',')))
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a block that says it is off: `enabled = false`. AWS and Terraform hold
    /// such a block and none for the same.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self, Self::Map(block) if block.get("enabled") == Some(&Self::Bool(false)))
    }

    /// Whether the value holds, at any depth, something not known yet: a reference, a
    /// template or an unknown.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Reference(_) | Self::Template(_) | Self::Unknown { .. } => true,
            Self::List(items) => items.iter().any(Value::is_unknown),
            Self::Map(entries) => entries.values().any(Value::is_unknown),
            _ => false,
        }
    }

    /// Every reference in the value, in order.
    pub fn references<'a>(&'a self, found: &mut Vec<&'a Reference>) {
        match self {
            Self::Reference(reference) => found.push(reference),
            Self::Template(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Reference(reference) => Some(reference),
                Part::Text(_) => None,
            })),
            Self::List(items) => items.iter().for_each(|item| item.references(found)),
            Self::Map(entries) => entries.values().for_each(|item| item.references(found)),
            _ => {}
        }
    }

    /// The same value with every reference replaced by what `known` gives for it. A
    /// reference it knows nothing of becomes [`Value::Unknown`]; so does a template with
    /// such a reference, or with one whose value is no text, number or truth value.
    #[must_use]
    pub fn resolve(&self, known: &dyn Fn(&Reference) -> Option<Value>) -> Value {
        let look_up = |reference: &Reference| {
            known(reference).unwrap_or_else(|| Self::Unknown {
                from: Some(reference.clone()),
            })
        };
        match self {
            Self::Reference(reference) => look_up(reference),
            Self::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(literal) => text.push_str(literal),
                        Part::Reference(reference) => match look_up(reference).scalar_text() {
                            Some(scalar) => text.push_str(&scalar),
                            None => {
                                return Self::Unknown {
                                    from: Some(reference.clone()),
                                };
                            }
                        },
                    }
                }
                Self::String(text)
            }
            Self::List(items) => Self::List(items.iter().map(|item| item.resolve(known)).collect()),
            Self::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, item)| (key.clone(), item.resolve(known)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// How a scalar stands inside a template, as Terraform prints it. None for the rest.
    #[must_use]
    pub fn scalar_text(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(value.to_string()),
            Self::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The value as JSON. References and templates are written as blueprints write them,
    /// `${web.aws_lb.main.arn}`; an unknown is null.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null | Self::Unknown { .. } => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::String(text) => text.clone().into(),
            Self::List(items) => items.iter().map(Value::to_json).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, item)| (key.clone(), item.to_json()))
                .collect(),
            Self::Reference(reference) => format!("${{{reference}}}").into(),
            Self::Template(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.replace("${", "$${"),
                    Part::Reference(reference) => format!("${{{reference}}}"),
                })
                .collect::<String>()
                .into(),
        }
    }

    /// A value without references from JSON, as state and policies hold it.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => number.as_i64().map_or_else(
                || Self::Float(number.as_f64().unwrap_or_default()),
                Self::Int,
            ),
            serde_json::Value::String(text) => Self::String(text.clone()),
            serde_json::Value::Array(items) => {
                Self::List(items.iter().map(Self::from_json).collect())
            }
            serde_json::Value::Object(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, item)| (key.clone(), Self::from_json(item)))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}
