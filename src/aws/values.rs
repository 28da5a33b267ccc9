//! Attributes as lifecycles ask for them and fill them.
//!
//! *Invariant*: no service's word is known here.

use crate::kind::schema::{Schema, Type};
use crate::value::{Attributes, Value};

/// The text at a path, if there is some.
pub(super) fn text<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a str> {
    at(attributes, path)
        .as_str()
        .filter(|text| !text.is_empty())
}

/// The truth value at a path.
pub(super) fn truth(attributes: &Attributes, path: &str) -> Option<bool> {
    at(attributes, path).as_bool()
}

/// The whole number at a path, where AWS takes 32 bits.
pub(super) fn number(attributes: &Attributes, path: &str) -> Option<i32> {
    at(attributes, path)
        .as_int()
        .and_then(|number| i32::try_from(number).ok())
}

/// The texts of a list, if it is given.
pub(super) fn texts(attributes: &Attributes, name: &str) -> Option<Vec<String>> {
    match attributes.get(name) {
        Some(Value::List(items)) => Some(items.iter().filter_map(Value::scalar_text).collect()),
        _ => None,
    }
}

/// The value at a path, walked as [`Value::get`] does.
pub(super) fn at<'a>(attributes: &'a Attributes, path: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = attributes.get(first).unwrap_or(&NULL);
    rest.map_or(value, |rest| value.get(rest))
}

/// A word of an SDK's enum.
pub(super) fn word<T: AsRef<str>>(word: Option<&T>) -> Value {
    word.map(AsRef::as_ref).into()
}

/// Attributes of these entries, less those that are not set.
pub(super) fn given<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Attributes {
    entries
        .into_iter()
        .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Whether something else is wanted at a path than was observed. What is not wanted is
/// unmanaged.
pub(super) fn differs(observed: &Attributes, wanted: &Attributes, path: &str) -> bool {
    !holds(at(wanted, path), at(observed, path))
}

/// Whether the observed value is the wanted one: everything wanted in a map, every element
/// of a list in any order, and none beside.
pub(super) fn holds(wanted: &Value, observed: &Value) -> bool {
    match (wanted, observed) {
        (Value::Null, _) => true,
        (Value::Map(entries), Value::Map(_)) => entries
            .iter()
            .all(|(name, wanted)| holds(wanted, observed.get(name))),
        (Value::List(items), Value::List(others)) => {
            let mut left: Vec<&Value> = others.iter().collect();
            items.iter().all(|item| {
                let index = left.iter().position(|other| holds(item, other));
                index.map(|index| left.remove(index)).is_some()
            }) && left.is_empty()
        }
        (Value::List(items), Value::Null) => items.iter().all(Value::is_off),
        (Value::String(text), Value::Null) => text.is_empty(),
        _ => match (wanted.scalar_text(), observed.scalar_text()) {
            (Some(wanted), Some(observed)) => wanted == observed,
            _ => wanted == observed,
        },
    }
}

/// What a service reports as text, as the value that the schema has for the attribute of
/// this name. Null for empty text.
pub(super) fn typed(schema: &Schema, name: &str, text: &str) -> Value {
    match schema.attribute(name).map(|attribute| &attribute.of) {
        _ if text.is_empty() => Value::Null,
        Some(Type::Bool) => Value::Bool(text == "true"),
        Some(Type::Number) => text.parse().map_or(Value::Null, Value::Int),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{given, holds, number, text};
    use crate::value::Value;

    #[test]
    fn what_is_wanted_is_held_by_what_stands() {
        let block = |entries: &[(&str, i64)]| {
            Value::block(entries.iter().map(|(name, value)| (*name, (*value).into())))
        };
        assert!(holds(&block(&[("a", 1)]), &block(&[("a", 1), ("b", 2)])));
        assert!(!holds(&block(&[("a", 1), ("b", 2)]), &block(&[("a", 1)])));
        assert!(holds(&Value::texts(["a", "b"]), &Value::texts(["b", "a"])));
        assert!(!holds(&Value::texts(["a"]), &Value::texts(["a", "b"])));
        assert!(holds(&"300".into(), &Value::Int(300)));
        assert!(holds(&"".into(), &Value::Null));
        assert!(!holds(&Value::Bool(true), &Value::Null));
    }

    #[test]
    fn what_is_not_set_is_not_given() {
        let attributes = given([
            ("port", Value::Int(443)),
            ("path", "".into()),
            ("name", Value::Null),
        ]);
        assert_eq!(attributes.len(), 1);
        assert_eq!(number(&attributes, "port"), Some(443));
        assert_eq!(text(&attributes, "path"), None);
    }
}
