//! Attributes, blocks and values of one resource, guided by its schema.
//!
//! *Invariant*: a value is only left out after a problem has been noted for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Form, Key, Node, Reader, Table, link};
use crate::address::Mode;
use crate::blueprint::link::{Wanted, in_words};
use crate::blueprint::text;
use crate::diagnostic::did_you_mean;
use crate::kind::Kind;
use crate::kind::schema::{Block, Nesting, Schema, Type};
use crate::value::{Attributes, Part, Value};

impl Reader<'_, '_> {
    /// The attributes and blocks of a block.
    fn body(
        &mut self,
        at: &Range<usize>,
        table: &Table,
        schema: &'static Schema,
        path: &str,
    ) -> Attributes {
        let mut attributes = Attributes::new();
        let mut failed = BTreeSet::new();
        for (key, node) in table {
            let name = key.name.clone();
            match self.entry(key, node, schema, path) {
                Some(value) => {
                    attributes.insert(name, value);
                }
                None => {
                    failed.insert(name);
                }
            }
        }
        self.required(at, &attributes, &failed, schema, path);
        let holds_one = self
            .known()
            .is_some_and(|kind| kind.holds_one.contains(&path));
        if holds_one && attributes.len() + failed.len() != 1 {
            let message = format!("a `{path}` of {} holds one condition", self.what());
            let hint = "Write a block for each; a request must meet all of them.";
            self.problem(at, message).hints.push(hint.to_owned());
        }
        attributes
    }

    /// What a resource is; none of a lookup.
    fn known(&self) -> Option<&'static Kind> {
        Kind::of(&self.address.kind).filter(|_| self.address.mode == Mode::Managed)
    }

    /// One attribute or block.
    pub(super) fn entry(
        &mut self,
        key: &Key,
        node: &Node,
        schema: &'static Schema,
        path: &str,
    ) -> Option<Value> {
        let name = key.name.as_str();
        let inside = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        self.note(&key.at);
        let instead = self.known().and_then(|kind| kind.instead_of(&inside));
        if let Some(instead) = instead.filter(|_| !node.is_nothing()) {
            let message = format!("watertight can't set `{inside}` of {} yet", self.what());
            let diagnostic = self.problem(&key.at, message);
            diagnostic.hints.push(instead.to_owned());
            return None;
        }
        match (schema.attribute(name), schema.block(name)) {
            (Some(attribute), _) if !attribute.required && !attribute.optional => {
                let message = format!("AWS sets `{inside}` of {}; it can't be given", self.what());
                self.problem(&key.at, message);
                None
            }
            (Some(attribute), _) => self.value(node, &attribute.of, &inside),
            (None, Some(block)) => self.blocks(&key.at, node, block, &inside),
            (None, None) => {
                let near = did_you_mean(name, schema.arguments());
                let message = format!("{} has no attribute `{inside}`", self.what());
                let diagnostic = self.problem(&key.at, message);
                if let Some(near) = near {
                    diagnostic.hints.push(format!("Did you mean `{near}`?"));
                }
                None
            }
        }
    }

    /// Keeps the first place inside an attribute that comes from an input.
    fn note(&mut self, at: &Range<usize>) {
        if self.inside.is_none() {
            let origin = self.place(at);
            if origin.spec != self.origin.spec {
                self.inside = Some(origin);
            }
        }
    }

    /// What must be there, unless it is or has been complained about.
    pub(super) fn required(
        &mut self,
        at: &Range<usize>,
        attributes: &Attributes,
        failed: &BTreeSet<String>,
        schema: &'static Schema,
        path: &str,
    ) {
        if self.is_partial {
            return;
        }
        let attribute_names = schema.attributes.iter().filter(|one| one.required);
        let block_names = schema.blocks.iter().filter(|one| one.min > 0);
        let names = attribute_names
            .map(|one| one.name)
            .chain(block_names.map(|one| one.name));
        for name in names {
            if !attributes.contains_key(name) && !failed.contains(name) {
                let inside = if path.is_empty() {
                    String::new()
                } else {
                    format!(" in `{path}`")
                };
                let message = format!("{} needs `{name}`{inside}", self.what());
                self.problem(at, message);
            }
        }
    }

    fn blocks(
        &mut self,
        at: &Range<usize>,
        node: &Node,
        block: &'static Block,
        path: &str,
    ) -> Option<Value> {
        let items: Option<Vec<&Node>> = match &node.form {
            Form::Table(_) => Some(vec![node]),
            Form::List(items) if items.iter().all(|item| item.table().is_some()) => {
                Some(items.iter().collect())
            }
            _ => None,
        };
        let Some(items) = items else {
            let header = format!("[[{}.{path}]]", self.address.local());
            let message = format!("`{path}` of {} is a block", self.what());
            self.problem(at, message)
                .hints
                .push(format!("Write `{header}` and its attributes below it."));
            return None;
        };
        if block.max > 0 && items.len() as u64 > block.max {
            let message = format!(
                "{} takes {} `{path}`, not {}",
                self.what(),
                block.max,
                items.len()
            );
            self.problem(at, message);
        }
        let mut maps: Vec<Value> = Vec::new();
        for item in items {
            if let Some(table) = item.table() {
                // The span of a table is its header; an inline one's, its text.
                let place = if item.at.is_empty() {
                    at.clone()
                } else {
                    item.at.clone()
                };
                maps.push(Value::Map(self.body(&place, table, &block.schema, path)));
            }
        }
        match block.nesting {
            Nesting::Single => maps.into_iter().next(),
            Nesting::List | Nesting::Set => Some(Value::List(maps)),
        }
    }

    fn value(&mut self, node: &Node, of: &'static Type, path: &str) -> Option<Value> {
        let value = self.typed(node, of, path)?;
        let allowed = self.known().and_then(|kind| kind.allows(path));
        let Some(allowed) = allowed.filter(|allowed| !allowed.takes(&value)) else {
            return Some(value);
        };
        let near = value.as_str().and_then(|text| {
            let words = allowed.words().iter().copied();
            did_you_mean(text, words)
        });
        let message = format!(
            "`{path}` of {} can't be {}; AWS takes {allowed}",
            self.what(),
            value_in_words(&value)
        );
        let diagnostic = self.problem(&node.at, message);
        if let Some(near) = near {
            diagnostic.hints.push(format!("Did you mean `{near}`?"));
        }
        None
    }

    fn typed(&mut self, node: &Node, of: &'static Type, path: &str) -> Option<Value> {
        match (of, &node.form) {
            (_, Form::Text(text)) => self.text(&node.at, text, of, path),
            (Type::Bool, Form::Bool(value)) => Some(Value::Bool(*value)),
            (Type::Number, Form::Int(_) | Form::Float(_) | Form::TooLarge) => self.number(node),
            (Type::List(of), Form::List(items)) => {
                let items: Option<Vec<Value>> = items
                    .iter()
                    .map(|item| self.value(item, of, path))
                    .collect();
                items.map(Value::List)
            }
            (Type::Set(of), Form::List(items)) => {
                let mut set: Vec<Value> = Vec::new();
                for item in items {
                    let value = self.value(item, of, path)?;
                    if !set.contains(&value) {
                        set.push(value);
                    }
                }
                Some(Value::List(set))
            }
            (Type::Map(of), Form::Table(entries)) => {
                let mut map = BTreeMap::new();
                for (key, item) in entries {
                    let name = self.key(key)?;
                    let value = self.value(item, of, &format!("{path}.{name}"))?;
                    map.insert(name, value);
                }
                Some(Value::Map(map))
            }
            (Type::Object(fields), Form::Table(entries)) => {
                let mut map = BTreeMap::new();
                for (key, item) in entries {
                    let name = key.name.as_str();
                    let Some((_, of)) = fields.iter().find(|(field, _)| *field == name) else {
                        let message = format!("`{path}` of {} has no `{name}`", self.what());
                        self.problem(&key.at, message);
                        return None;
                    };
                    let value = self.value(item, of, &format!("{path}.{name}"))?;
                    map.insert(name.to_owned(), value);
                }
                Some(Value::Map(map))
            }
            (Type::String, Form::Table(_)) if self.holds_json(path) => self.json(node),
            _ => {
                let found = node.type_name();
                let message = format!(
                    "`{path}` of {} is {}, not {found}",
                    self.what(),
                    in_words(of)
                );
                self.problem(&node.at, message);
                None
            }
        }
    }

    fn holds_json(&self, path: &str) -> bool {
        self.known().is_some_and(|kind| kind.json.contains(&path))
    }

    fn number(&mut self, node: &Node) -> Option<Value> {
        let number = match node.form {
            Form::Int(number) => Some(Value::Int(number)),
            Form::Float(number) => Some(Value::Float(number)),
            _ => None,
        };
        if number.is_none() {
            self.problem(&node.at, "the number is too large");
        }
        number
    }

    fn key(&mut self, key: &Key) -> Option<String> {
        match text::read_plain(&key.name) {
            Ok(name) => Some(name),
            Err(problem) => {
                self.problem(&key.at, problem);
                None
            }
        }
    }

    /// A string: text, a reference, a text with references, or an output put in its place.
    fn text(
        &mut self,
        at: &Range<usize>,
        written: &str,
        of: &'static Type,
        path: &str,
    ) -> Option<Value> {
        self.note(at);
        let value = match text::read(written, self.around.component, self.around.output) {
            Ok(value) => value,
            Err(problem) => {
                let message = format!("`{path}` of {}: {problem}", self.what());
                self.problem(at, message);
                return None;
            }
        };
        if !fits(&value, of) {
            let message = format!(
                "`{path}` of {} is {}, not {}",
                self.what(),
                in_words(of),
                value_in_words(&value)
            );
            self.problem(at, message);
            return None;
        }
        let origin = self.place(at);
        link(
            &value,
            Wanted::Typed(of),
            &self.address,
            &origin,
            &mut self.drafted.links,
        );
        Some(value)
    }

    fn json(&mut self, node: &Node) -> Option<Value> {
        self.note(&node.at);
        Some(match &node.form {
            Form::Text(written) => {
                match text::read(written, self.around.component, self.around.output) {
                    Ok(value) => {
                        let origin = self.place(&node.at);
                        link(
                            &value,
                            Wanted::Any,
                            &self.address,
                            &origin,
                            &mut self.drafted.links,
                        );
                        value
                    }
                    Err(problem) => {
                        self.problem(&node.at, problem);
                        return None;
                    }
                }
            }
            Form::Bool(value) => Value::Bool(*value),
            Form::Int(_) | Form::Float(_) | Form::TooLarge => self.number(node)?,
            Form::Date => {
                self.problem(&node.at, "a date is written as a text");
                return None;
            }
            Form::List(items) => {
                let items: Option<Vec<Value>> = items.iter().map(|item| self.json(item)).collect();
                Value::List(items?)
            }
            Form::Table(entries) => {
                let mut map = BTreeMap::new();
                for (key, item) in entries {
                    let key = self.key(key)?;
                    map.insert(key, self.json(item)?);
                }
                Value::Map(map)
            }
        })
    }
}

/// Whether a value that was written as a string can be of this type, as far as it is known.
fn fits(value: &Value, of: &Type) -> bool {
    match (value, of) {
        (Value::Reference(_) | Value::Unknown { .. }, _)
        | (Value::String(_) | Value::Template(_), Type::String)
        | (Value::Bool(_), Type::Bool | Type::String)
        | (Value::Int(_) | Value::Float(_), Type::Number | Type::String) => true,
        (Value::List(items), Type::List(of) | Type::Set(of)) => {
            items.iter().all(|item| fits(item, of))
        }
        (Value::Map(entries), Type::Map(of)) => entries.values().all(|item| fits(item, of)),
        _ => false,
    }
}

fn value_in_words(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{}`", text.escape_debug()),
        Value::Template(parts) => {
            let text = parts.iter().find_map(|part| match part {
                Part::Reference(reference) => Some(reference.to_string()),
                Part::Text(_) => None,
            });
            format!("a text with `{}` in it", text.unwrap_or_default())
        }
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        other => format!("`{}`", other.to_json()),
    }
}
