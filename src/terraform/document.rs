//! `data.aws_iam_policy_document`: what it is given -> the policy that it will give.
//!
//! The provider's page says how,
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>.
//!
//! *Invariant*: where anything is merged in from elsewhere the whole is unknown.

use crate::value::{Attributes, Value};

/// Arguments whose documents are merged in.
const MERGED: &[&str] = &[
    "source_policy_documents",
    "override_policy_documents",
    "source_json",
    "override_json",
];

/// The policy, as a map. What is not known of the arguments is not known of it.
pub(super) fn render(arguments: &Attributes) -> Value {
    let is_given = |name: &&str| match arguments.get(*name) {
        None | Some(Value::Null) => false,
        Some(Value::List(items)) => !items.is_empty(),
        Some(_) => true,
    };
    if MERGED.iter().any(is_given) {
        return Value::Unknown { from: None };
    }
    let statements = match arguments.get("statement") {
        Some(Value::List(items)) => items.iter().map(statement).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(_) => return Value::Unknown { from: None },
    };
    Value::map([
        ("Version", Value::text("2012-10-17")),
        ("Statement", Value::List(statements)),
    ])
}

fn statement(given: &Value) -> Value {
    let mut entries = Attributes::new();
    let effect = match given.get("effect") {
        Value::Null => Value::text("Allow"),
        effect => effect.clone(),
    };
    entries.insert("Effect".to_owned(), effect);
    for (name, key) in [
        ("sid", "Sid"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        let value = given.get(name);
        let is_empty = matches!(value, Value::List(items) if items.is_empty());
        if !value.is_null() && !is_empty && value.as_str() != Some("") {
            entries.insert(key.to_owned(), value.clone());
        }
    }
    for (name, key) in [
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
    ] {
        if let Some(principal) = principal(given.get(name)) {
            entries.insert(key.to_owned(), principal);
        }
    }
    let conditions = given.get("condition");
    match conditions {
        Value::List(items) if !items.is_empty() => {
            entries.insert("Condition".to_owned(), condition(items));
        }
        Value::List(_) | Value::Null => {}
        _ => {
            entries.insert("Condition".to_owned(), Value::Unknown { from: None });
        }
    }
    Value::Map(entries)
}

/// `type` and `identifiers` by type; `"*"` stands for everybody.
fn principal(given: &Value) -> Option<Value> {
    let items = match given {
        Value::Null => return None,
        Value::List(items) if items.is_empty() => return None,
        Value::List(items) => items,
        _ => return Some(Value::Unknown { from: None }),
    };
    let mut by_type = Attributes::new();
    for item in items {
        let identifiers = item.get("identifiers").clone();
        match item.get("type").as_str() {
            Some("*") => return Some(Value::text("*")),
            Some(kind) => {
                by_type.insert(kind.to_owned(), identifiers);
            }
            None => return Some(Value::Unknown { from: None }),
        }
    }
    Some(Value::Map(by_type))
}

fn condition(items: &[Value]) -> Value {
    let mut tests = Attributes::new();
    for item in items {
        let (Some(test), Some(variable)) =
            (item.get("test").as_str(), item.get("variable").as_str())
        else {
            return Value::Unknown { from: None };
        };
        let entry = tests
            .entry(test.to_owned())
            .or_insert_with(|| Value::Map(Attributes::new()));
        if let Value::Map(entry) = entry {
            entry.insert(variable.to_owned(), item.get("values").clone());
        }
    }
    Value::Map(tests)
}
