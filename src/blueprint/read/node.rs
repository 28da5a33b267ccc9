//! What the reader takes: TOML of a rendered template, or a value that the spec holds.
//!
//! *Invariant*: a node knows only its place in the text that it came from; whose text that
//! is, the reader knows.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::blueprint::input::InputType;
use crate::blueprint::{kept, text};
use crate::spec::{Given, Input, Written};

/// A value and its place.
#[derive(Clone, Debug)]
pub(in crate::blueprint) struct Node {
    pub(super) at: Range<usize>,
    pub(super) form: Form,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Text(String),
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number that no number of ours can hold.
    TooLarge,
    Date,
    List(Vec<Node>),
    Table(Table),
}

/// A key and its place.
#[derive(Clone, Debug)]
pub(in crate::blueprint) struct Key {
    pub(super) at: Range<usize>,
    pub(super) name: String,
}

/// Keys and values, in order of key.
pub(in crate::blueprint) type Table = Vec<(Key, Node)>;

impl Node {
    /// The table, if it is one.
    pub(super) fn table(&self) -> Option<&Table> {
        match &self.form {
            Form::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Whether it is an empty list: no block, no element.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(&self.form, Form::List(items) if items.is_empty())
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.form {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its type, in TOML's words.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.form {
            Form::Text(_) => "string",
            Form::Bool(_) => "boolean",
            Form::Int(_) => "integer",
            Form::Float(_) => "float",
            Form::TooLarge => "a number that is too large",
            Form::Date => "datetime",
            Form::List(_) => "array",
            Form::Table(_) => "table",
        }
    }

    fn of_toml(value: &Spanned<DeValue<'_>>) -> Self {
        let form = match value.get_ref() {
            DeValue::String(text) => Form::Text(text.to_string()),
            DeValue::Boolean(truth) => Form::Bool(*truth),
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix());
                read.map_or(Form::TooLarge, Form::Int)
            }
            DeValue::Float(number) => {
                let read = number.as_str().parse();
                read.map_or(Form::TooLarge, Form::Float)
            }
            DeValue::Datetime(_) => Form::Date,
            DeValue::Array(items) => Form::List(items.iter().map(Self::of_toml).collect()),
            DeValue::Table(entries) => Form::Table(table(entries)),
        };
        Self {
            at: value.span(),
            form,
        }
    }

    /// A value of the spec in the vocabulary of blueprints: its text is read as theirs is.
    fn of_spec(value: &Written<Input>) -> Self {
        let form = match &value.value {
            Input::Text(written) => Form::Text(text::protect(written)),
            Input::Bool(truth) => Form::Bool(*truth),
            Input::Int(number) => Form::Int(*number),
            Input::Float(number) => Form::Float(*number),
            Input::List(items) => Form::List(items.iter().map(Self::of_spec).collect()),
            Input::Table(entries) => Form::Table(
                entries
                    .iter()
                    .map(|(name, item)| (Key::at(name, item.span.start..item.span.end), item))
                    .map(|(key, item)| (key, Self::of_spec(item)))
                    .collect(),
            ),
            Input::From { component, output } => Form::Text(text::placeholder(component, output)),
            Input::Component(component) => Form::Text(text::placeholder(component, "")),
            Input::Kept { keeper, name } => {
                Form::Text(kept::placeholder(*keeper, name, &InputType::Text))
            }
        };
        Self {
            at: value.span.start..value.span.end,
            form,
        }
    }
}

impl Key {
    fn at(name: &str, at: Range<usize>) -> Self {
        Self {
            at,
            name: text::protect(name),
        }
    }
}

/// A table of a rendered template.
pub(super) fn table(entries: &DeTable<'_>) -> Table {
    entries
        .iter()
        .map(|(key, value)| {
            let key = Key {
                at: key.span(),
                name: key.get_ref().to_string(),
            };
            (key, Node::of_toml(value))
        })
        .collect()
}

/// A value of the spec.
pub(super) fn value(given: &Given) -> Node {
    Node::of_spec(&given.value)
}

/// Attributes of the spec.
pub(super) fn given(attributes: &BTreeMap<String, Given>) -> Table {
    attributes
        .iter()
        .map(|(name, given)| {
            let key = Key::at(name, given.key.start..given.key.end);
            (key, Node::of_spec(&given.value))
        })
        .collect()
}
