//! What has no value when it should.
//!
//! *Invariant*: no call goes out with a value that is not known.

use super::desk::Halt;
use crate::value::{Attributes, Value};

/// Everything that a step refers to is known when it begins, or the plan is wrong.
pub(super) fn no_unknowns(attributes: &Attributes) -> Result<(), Halt> {
    let unknown = attributes
        .iter()
        .find_map(|(name, value)| Some((name, unknown_in(value)?)));
    match unknown {
        None => Ok(()),
        Some((name, from)) => Err(Halt::failed(
            format!("{name} refers to {from}, which has no value; this is a bug of watertight"),
            "run again; if it stays, report it with the plan",
        )),
    }
}

fn unknown_in(value: &Value) -> Option<String> {
    match value {
        Value::Unknown { from } => Some(
            from.as_ref()
                .map_or_else(|| "something".to_owned(), ToString::to_string),
        ),
        Value::List(items) => items.iter().find_map(unknown_in),
        Value::Map(entries) => entries.values().find_map(unknown_in),
        _ => None,
    }
}
