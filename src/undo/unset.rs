//! What the last apply set where nothing stood: an undo has no value to go back to, and says so.
//!
//! *Invariant*: pure; what a plan changes or makes anew is never among it.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::plan::{Action, Changes};
use crate::resource::Desired;
use crate::state::Document;
use crate::value::{Attributes, Value};

/// Says of each attribute that stays because nothing was said of it before. `desired` is what
/// stood before the last apply, and the document what stands now.
pub fn tell_unset(
    changes: &mut Changes,
    desired: &Desired,
    touched: &BTreeSet<Address>,
    document: &Document,
) {
    let mut notes = Vec::new();
    for address in touched {
        let (Some(before), Some(now)) = (desired.resources.get(address), document.current(address))
        else {
            continue;
        };
        let mut steps = changes.steps.iter().map(|step| &step.change);
        let step = steps.find(|change| change.address == *address && change.child.is_none());
        if step.is_some_and(|change| change.action != Action::Update) {
            continue;
        }
        let fields = step.map_or(&[][..], |change| &change.fields);
        let mut paths = Vec::new();
        only_in(&now.attributes, &before.attributes, "", &mut paths);
        paths.retain(|path| !fields.iter().any(|field| is_about(&field.path, path)));
        notes.extend(paths.into_iter().map(|path| {
            format!("{address}: {path} had no value before the last apply: undo leaves it as it is")
        }));
    }
    changes.notes.append(&mut notes);
}

/// Paths of what one says and the other doesn't. Blocks of which there may be several are one
/// value.
fn only_in(now: &Attributes, before: &Attributes, prefix: &str, paths: &mut Vec<String>) {
    for (name, value) in now {
        let path = format!("{prefix}{name}");
        match before.get(name) {
            None => paths.push(path),
            Some(before) => {
                if let (Some(now), Some(before)) = (block(value), block(before)) {
                    only_in(now, before, &format!("{path}."), paths);
                }
            }
        }
    }
}

fn block(value: &Value) -> Option<&Attributes> {
    match (value, value.items()) {
        (Value::Map(block), _) | (_, [Value::Map(block)]) => Some(block),
        _ => None,
    }
}

/// Whether a field that changes is what stands at a path, or is around it.
fn is_about(field: &str, path: &str) -> bool {
    let rest = path.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{is_about, only_in};
    use crate::value::{Attributes, Value};

    fn attributes(json: &str) -> Attributes {
        let value = Value::from_json(&serde_json::from_str(json).unwrap());
        value.as_map().unwrap().clone()
    }

    #[test]
    fn what_was_not_said_before_is_told_by_its_path() {
        let now = attributes(
            r#"{"a": 1, "b": [{"c": 1, "d": 1}], "e": [{"f": 1}, {"f": 2}], "g": {"h": 1}}"#,
        );
        let before = attributes(r#"{"b": [{"c": 2}], "e": [{}, {}], "g": {}}"#);
        let mut paths = Vec::new();
        only_in(&now, &before, "", &mut paths);
        assert_eq!(paths, ["a", "b.d", "g.h"]);
    }

    #[test]
    fn what_changes_is_not_told() {
        assert!(is_about("policy", "policy.Statement"));
        assert!(is_about("tags.a.b", "tags.a.b"));
        assert!(!is_about("health_check.path", "health_check.interval"));
        assert!(!is_about("tags.a", "tags.ab"));
    }
}
