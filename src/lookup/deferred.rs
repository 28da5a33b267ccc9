//! Lookups that wait for resources, and one question at a time.
//!
//! In: a deferred lookup, and what is known of the resources by now. Out: its answer.
//!
//! *Invariant*: none is asked before all that it waits for stands.

use futures::future::join_all;

use crate::address::Address;
use crate::aws::{self, Aws, Error, ErrorKind};
use crate::resource::{Desired, Lookup};
use crate::value::{Attributes, Reference, Value};

/// Asks the deferred lookups of which all that they wait for `stands`, but for those that
/// `has_answer`, and whose arguments `value` tells.
///
/// One that finds nothing has no answer yet: AWS may be about to make what it looks for.
/// Whoever needs it asks again when it is applied.
///
/// # Errors
/// A failed call, with the lookup.
pub async fn ready(
    aws: &Aws,
    desired: &Desired,
    stands: &dyn Fn(&Address) -> bool,
    has_answer: &dyn Fn(&Address) -> bool,
    value: &dyn Fn(&Reference) -> Option<Value>,
) -> Result<Vec<(Address, Attributes)>, (Address, Error)> {
    let due = desired.lookups.values().filter(|lookup| {
        lookup.is_deferred()
            && !has_answer(&lookup.address)
            && lookup.waits_for().iter().all(stands)
    });
    let questions: Vec<(&Lookup, Attributes)> = due
        .map(|lookup| (lookup, resolved(lookup, value)))
        .filter(|(_, arguments)| !arguments.values().any(Value::is_unknown))
        .collect();
    let answers = questions.into_iter().map(|(lookup, arguments)| async move {
        let kind = lookup.address.kind.as_str();
        let answer = ask_one(aws, kind, &lookup.region, &arguments).await;
        (lookup.address.clone(), answer)
    });
    let mut found = Vec::new();
    for (address, answer) in join_all(answers).await {
        match answer {
            Ok(attributes) => found.push((address, attributes)),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err((address, error)),
        }
    }
    Ok(found)
}

/// The deferred lookups that these attributes still wait for, their arguments resolved.
#[must_use]
pub fn pending(
    deferred: &[Lookup],
    attributes: &Attributes,
    known: &dyn Fn(&Reference) -> Option<Value>,
) -> Vec<Lookup> {
    let mut wanted = Vec::new();
    for value in attributes.values() {
        unknown_in(value, &mut wanted);
    }
    deferred
        .iter()
        .filter(|lookup| wanted.contains(&&lookup.address))
        .map(|lookup| Lookup {
            arguments: resolved(lookup, known),
            ..lookup.clone()
        })
        .collect()
}

fn resolved(lookup: &Lookup, value: &dyn Fn(&Reference) -> Option<Value>) -> Attributes {
    let arguments = lookup.arguments.iter();
    arguments
        .map(|(name, argument)| (name.clone(), argument.resolve(value)))
        .collect()
}

fn unknown_in<'a>(value: &'a Value, found: &mut Vec<&'a Address>) {
    match value {
        Value::Unknown { from: Some(from) } => found.push(&from.target),
        Value::List(items) => items.iter().for_each(|item| unknown_in(item, found)),
        Value::Map(entries) => entries.values().for_each(|item| unknown_in(item, found)),
        _ => {}
    }
}

/// Asks one question.
///
/// # Errors
/// An argument that is not known, a kind that watertight has not, or what AWS says.
pub async fn ask_one(
    aws: &Aws,
    kind: &str,
    region: &str,
    arguments: &Attributes,
) -> Result<Attributes, Error> {
    let refused = |message: String| Error::new(ErrorKind::Refused, kind, message);
    if let Some((name, _)) = arguments.iter().find(|(_, value)| value.is_unknown()) {
        return Err(refused(format!(
            "its {name} refers to something that the other lookup does not have"
        )));
    }
    match aws::lookup(kind) {
        Some(lookup) => lookup.ask(aws, region, arguments).await,
        None => Err(refused("watertight has no such lookup".to_owned())),
    }
}
