//! What is left to others: the live value stands in the place of the wanted one. And what is left
//! behind: nobody wants it any more, and it stays.
//!
//! *Invariant*: nothing but the ignored paths is touched, and what was not wanted there is
//! not wanted afterwards. Nothing is left behind that is not said.

use std::collections::BTreeMap;

use super::same;
use crate::diagnostic::Span;
use crate::kind::Kind;
use crate::refresh::Observed;
use crate::resource::Desired;
use crate::state::Document;
use crate::value::{Attributes, Value};

/// Puts the live value at every ignored path; what AWS does not have there is not wanted
/// either.
pub fn leave(ignored: &BTreeMap<String, Span>, wanted: &mut Attributes, live: &Attributes) {
    for path in ignored.keys() {
        match path.strip_prefix("tags.") {
            // The key of a tag may hold dots.
            Some(key) => at(&["tags", key], wanted, live),
            None => at(&path.split('.').collect::<Vec<_>>(), wanted, live),
        }
    }
}

/// What is left to others, a sentence each: said each time, so that nobody looks for it
/// among the fields.
pub(super) fn notes(desired: &Desired) -> impl Iterator<Item = String> {
    desired.resources.values().flat_map(|resource| {
        resource.ignored.iter().map(|(path, span)| {
            let (line, _) = span.line_and_column();
            let file = &span.source.name;
            let address = &resource.address;
            let kind = Kind::of(&address.kind);
            let are = if kind.is_some_and(|kind| kind.children_called == path) {
                "that others make are"
            } else {
                "is"
            };
            format!("{address}: {path} {are} left to others ({file}:{line})")
        })
    })
}

/// What was applied and nobody asks for any more, where it has no default, a sentence each: it
/// stays, as only AWS knows what it would be otherwise.
pub(super) fn behind(desired: &Desired, observed: &Observed, document: &Document) -> Vec<String> {
    let mut notes = Vec::new();
    for (address, resource) in &desired.resources {
        let (Some(kind), Some(record)) = (Kind::of(&address.kind), document.current(address))
        else {
            continue;
        };
        let Some(seen) = observed.resources.get(address) else {
            continue;
        };
        for (name, applied) in &record.attributes {
            let is_asked = |given: &Value| !given.is_null();
            let live = seen.attributes.get(name).unwrap_or(&Value::Null);
            let is_none = live.is_null() || live.is_off() || *live == Value::List(Vec::new());
            if name != "tags"
                && !is_none
                && !resource.attributes.get(name).is_some_and(is_asked)
                && !resource.ignored.contains_key(name)
                && same(kind, name, applied, live)
            {
                notes.push(format!(
                    "{address}: {name} stays as it was applied; nothing says any more what it is to be"
                ));
            }
        }
    }
    notes
}

fn at(path: &[&str], wanted: &mut Attributes, live: &Attributes) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    let Some(value) = wanted.get_mut(*name) else {
        return;
    };
    let live = live.get(*name);
    if rest.is_empty() {
        match live {
            Some(live) => *value = live.clone(),
            None => {
                wanted.remove(*name);
            }
        }
        return;
    }
    let nothing = Attributes::new();
    let live = live.and_then(only).unwrap_or(&nothing);
    match value {
        Value::Map(wanted) => at(rest, wanted, live),
        Value::List(items) => {
            if let [Value::Map(wanted)] = items.as_mut_slice() {
                at(rest, wanted, live);
            }
        }
        _ => {}
    }
}

/// The one block that stands there.
fn only(value: &Value) -> Option<&Attributes> {
    match value {
        Value::Map(block) => Some(block),
        other => other.items().first().and_then(Value::as_map),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::leave;
    use crate::diagnostic::{Source, Span};
    use crate::value::{Attributes, Value};

    fn attributes(json: &str) -> Attributes {
        let value = Value::from_json(&serde_json::from_str(json).unwrap());
        value.as_map().unwrap().clone()
    }

    #[track_caller]
    fn check(path: &str, wanted: &str, live: &str, expected: &str) {
        let source = Arc::new(Source {
            name: "shop.toml".to_owned(),
            text: String::new(),
        });
        let ignored = BTreeMap::from([(path.to_owned(), Span::new(&source, 0..0))]);
        let mut wanted = attributes(wanted);
        leave(&ignored, &mut wanted, &attributes(live));
        assert_eq!(wanted, attributes(expected));
    }

    #[test]
    fn the_live_value_wins() {
        check(
            "a",
            r#"{"a": 1, "b": 1}"#,
            r#"{"a": 2, "b": 2}"#,
            r#"{"a": 2, "b": 1}"#,
        );
        check(
            "a.b",
            r#"{"a": [{"b": 1, "c": 1}]}"#,
            r#"{"a": [{"b": 2, "c": 2}]}"#,
            r#"{"a": [{"b": 2, "c": 1}]}"#,
        );
        check(
            "tags.a.b",
            r#"{"tags": {"a.b": "x", "c": "x"}}"#,
            r#"{"tags": {"a.b": "y"}}"#,
            r#"{"tags": {"a.b": "y", "c": "x"}}"#,
        );
    }

    #[test]
    fn what_is_not_there_is_not_wanted() {
        check("a", r#"{"a": 1}"#, "{}", "{}");
        check("a", "{}", r#"{"a": 1}"#, "{}");
        check(
            "a.b",
            r#"{"a": [{"b": 1, "c": 1}]}"#,
            "{}",
            r#"{"a": [{"c": 1}]}"#,
        );
    }
}
