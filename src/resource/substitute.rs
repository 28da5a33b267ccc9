//! Puts what the lookups found in the place of the references to them.
//!
//! *Invariant*: references to resources stay as they are; no reference to a lookup is left.

use super::{Desired, Lookups};
use crate::address::Mode;
use crate::value::{Part, Reference, Step, Value};

/// The same resources and outputs, less their references to lookups. What was not found is
/// [`Value::Unknown`].
pub(super) fn lookups(mut desired: Desired, lookups: &Lookups) -> Desired {
    for resource in desired.resources.values_mut() {
        for value in resource.attributes.values_mut() {
            *value = substitute(value, lookups);
        }
    }
    for output in desired.outputs.values_mut() {
        *output = substitute(output, lookups);
    }
    for next in &mut desired.next {
        next.command = substitute(&next.command, lookups);
    }
    desired
}

fn substitute(value: &Value, lookups: &Lookups) -> Value {
    match value {
        Value::Reference(reference) if reference.target.mode == Mode::Lookup => {
            found(reference, lookups).unwrap_or_else(|| unknown(reference))
        }
        Value::Template(parts) => template(parts, lookups),
        Value::List(items) => {
            Value::List(items.iter().map(|item| substitute(item, lookups)).collect())
        }
        Value::Map(entries) => Value::map(
            entries
                .iter()
                .map(|(key, entry)| (key, substitute(entry, lookups))),
        ),
        other => other.clone(),
    }
}

fn template(parts: &[Part], lookups: &Lookups) -> Value {
    let mut left: Vec<Part> = Vec::new();
    for part in parts {
        let text = match part {
            Part::Text(text) => text.clone(),
            Part::Reference(reference) if reference.target.mode == Mode::Lookup => {
                match found(reference, lookups).and_then(|value| value.scalar_text()) {
                    Some(text) => text,
                    None => return unknown(reference),
                }
            }
            Part::Reference(reference) => {
                left.push(Part::Reference(reference.clone()));
                continue;
            }
        };
        if let Some(Part::Text(before)) = left.last_mut() {
            before.push_str(&text);
        } else {
            left.push(Part::Text(text));
        }
    }
    match left.as_slice() {
        [] => Value::String(String::new()),
        [Part::Text(text)] => Value::String(text.clone()),
        _ => Value::Template(left),
    }
}

fn unknown(reference: &Reference) -> Value {
    Value::Unknown {
        from: Some(reference.clone()),
    }
}

fn found(reference: &Reference, lookups: &Lookups) -> Option<Value> {
    if let Some((Step::Split, before)) = reference.path.split_last() {
        let whole = Reference {
            target: reference.target.clone(),
            path: before.to_vec(),
        };
        return found(&whole, lookups)?.split();
    }
    let (first, rest) = reference.path.split_first()?;
    let Step::Attribute(name) = first else {
        return None;
    };
    let mut value = lookups.get(&reference.target)?.get(name)?;
    for step in rest {
        value = match step {
            Step::Attribute(name) | Step::Key(name) => value.as_map()?.get(name)?,
            Step::Index(index) => value.items().get(*index)?,
            Step::Split => return None,
        };
    }
    (!value.is_null()).then(|| value.clone())
}
