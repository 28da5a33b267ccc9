//! A record, and beside it what stood where it says nothing.
//!
//! What was never said is nobody's to change, until a run says it. From then on there is a
//! value to go back to: the one that stood before.
//!
//! *Invariant*: what the record says stays, and nothing sensitive comes in.

use crate::kind::Kind;
use crate::plan::{Change, Step};
use crate::state::{Record, recordable};
use crate::value::{Attributes, Value};

/// The record as it stood before the step, with what the step is the first to say. A field of
/// which nothing stood before can't be brought back, and is left out.
pub(super) fn with_unsaid(mut record: Record, step: &Step) -> Record {
    let Change { kind, fields, .. } = &step.change;
    let Some(kind) = Kind::of(kind) else {
        return record;
    };
    let live = recordable(kind, &step.observed);
    for field in fields.iter().filter(|field| !field.before.is_null()) {
        let names: Vec<&str> = match field.path.strip_prefix("tags.") {
            // The key of a tag may hold dots.
            Some(key) => vec!["tags", key],
            None => field.path.split('.').collect(),
        };
        add(&names, &mut record.attributes, &live);
    }
    record
}

/// Adds what is live at the first name on the way of which nothing is said.
fn add(names: &[&str], said: &mut Attributes, live: &Attributes) {
    let Some((name, rest)) = names.split_first() else {
        return;
    };
    let (name, index) = match name.split_once('[') {
        Some((name, index)) => (name, index.trim_end_matches(']').parse().unwrap_or(0)),
        None => (*name, 0),
    };
    let Some(live) = live.get(name) else {
        return;
    };
    let Some(value) = said.get_mut(name) else {
        said.insert(name.to_owned(), live.clone());
        return;
    };
    let live = match live {
        Value::Map(block) => Some(block),
        other => other.items().get(index).and_then(Value::as_map),
    };
    let said = match value {
        Value::Map(block) => Some(block),
        Value::List(items) => match items.get_mut(index) {
            Some(Value::Map(block)) => Some(block),
            _ => None,
        },
        _ => None,
    };
    if let (Some(said), Some(live)) = (said, live) {
        add(rest, said, live);
    }
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::value::{Attributes, Value};

    fn attributes(json: &str) -> Attributes {
        let value = Value::from_json(&serde_json::from_str(json).unwrap());
        value.as_map().unwrap().clone()
    }

    #[track_caller]
    fn check(path: &str, said: &str, live: &str, expected: &str) {
        let mut said = attributes(said);
        let names: Vec<&str> = path.split('.').collect();
        add(&names, &mut said, &attributes(live));
        assert_eq!(said, attributes(expected));
    }

    #[test]
    fn what_is_not_said_is_what_stood() {
        check("a", "{}", r#"{"a": 1, "b": 2}"#, r#"{"a": 1}"#);
        check("a.b", "{}", r#"{"a": [{"b": 1}]}"#, r#"{"a": [{"b": 1}]}"#);
        check(
            "a.b",
            r#"{"a": [{"c": 3}]}"#,
            r#"{"a": [{"b": 1, "c": 2}]}"#,
            r#"{"a": [{"b": 1, "c": 3}]}"#,
        );
        check(
            "a[1].b",
            r#"{"a": [{"c": 3}, {"c": 4}]}"#,
            r#"{"a": [{"b": 1}, {"b": 2}]}"#,
            r#"{"a": [{"c": 3}, {"b": 2, "c": 4}]}"#,
        );
    }

    #[test]
    fn what_is_said_stays() {
        check("a", r#"{"a": 1}"#, r#"{"a": 2}"#, r#"{"a": 1}"#);
        check(
            "a.b",
            r#"{"a": {"b": 1}}"#,
            r#"{"a": {"b": 2}}"#,
            r#"{"a": {"b": 1}}"#,
        );
        check("a", "{}", "{}", "{}");
    }
}
