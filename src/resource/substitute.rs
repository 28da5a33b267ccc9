//! Puts what the lookups found in the place of the references to them.
//!
//! *Invariant*: references to resources and to deferred lookups stay as they are; no
//! reference to another lookup is left.

use std::collections::BTreeSet;

use super::{Desired, Lookup, Lookups};
use crate::address::{Address, Mode};
use crate::value::{Part, Reference, Step, Value};

/// The same resources, outputs and lookups, less their references to lookups. What
/// was not found is [`Value::Unknown`].
pub(super) fn lookups(mut desired: Desired, lookups: &Lookups) -> Desired {
    let deferred = desired.lookups.values().filter(|one| one.is_deferred());
    let deferred: BTreeSet<Address> = deferred.map(|one| one.address.clone()).collect();
    let answers = Answers { lookups, deferred };
    let by_hand = desired.by_hand.values_mut();
    for resource in desired.resources.values_mut().chain(by_hand) {
        for value in resource.attributes.values_mut() {
            *value = answers.substitute(value);
        }
    }
    for output in desired.outputs.values_mut() {
        *output = answers.substitute(output);
    }
    for lookup in desired.lookups.values_mut() {
        let Lookup { arguments, .. } = lookup;
        for value in arguments.values_mut() {
            *value = answers.substitute(value);
        }
    }
    for next in &mut desired.next {
        next.command = answers.substitute(&next.command);
    }
    desired
}

/// What was found, and what is not asked yet.
struct Answers<'a> {
    lookups: &'a Lookups,
    deferred: BTreeSet<Address>,
}

impl Answers<'_> {
    fn substitute(&self, value: &Value) -> Value {
        match value {
            Value::Reference(reference) if self.are_due(reference) => {
                found(reference, self.lookups).unwrap_or_else(|| unknown(reference))
            }
            Value::Template(parts) => self.template(parts),
            Value::List(items) => {
                Value::List(items.iter().map(|item| self.substitute(item)).collect())
            }
            Value::Map(entries) => Value::map(
                entries
                    .iter()
                    .map(|(key, entry)| (key, self.substitute(entry))),
            ),
            other => other.clone(),
        }
    }

    /// Whether the reference is to a lookup that was to be answered by now.
    fn are_due(&self, reference: &Reference) -> bool {
        reference.target.mode == Mode::Lookup && !self.deferred.contains(&reference.target)
    }

    fn template(&self, parts: &[Part]) -> Value {
        let mut left: Vec<Part> = Vec::new();
        for part in parts {
            let text = match part {
                Part::Text(text) => text.clone(),
                Part::Reference(reference) if self.are_due(reference) => {
                    match found(reference, self.lookups).and_then(|value| value.scalar_text()) {
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
