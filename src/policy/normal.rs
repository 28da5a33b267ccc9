//! The one form of every document that AWS holds for the same.
//!
//! *Invariant*: [`document`] of its own result is that result.

use std::collections::BTreeMap;

use crate::value::Value;

/// The version of the language where a document names none; IAM User Guide, "IAM JSON
/// policy elements: Version".
const DEFAULT_VERSION: &str = "2008-10-17";

/// The document's form. Scalars become text; what the grammar doesn't know stays in place.
pub(super) fn document(policy: &Value) -> Value {
    let parsed = policy
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .map(|json| Value::from_json(&json));
    let Value::Map(members) = parsed.as_ref().unwrap_or(policy) else {
        return policy.clone();
    };
    let mut form: BTreeMap<String, Value> = members
        .iter()
        .map(|(name, member)| match name.as_str() {
            "Statement" => (name.clone(), set(member, statement)),
            _ => (name.clone(), scalar(member)),
        })
        .filter(|(_, member)| is_given(member))
        .collect();
    form.entry("Version".to_owned())
        .or_insert_with(|| DEFAULT_VERSION.into());
    Value::Map(form)
}

pub(super) fn statement(statement: &Value) -> Value {
    let Value::Map(elements) = statement else {
        return statement.clone();
    };
    let form = elements
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), element(name, value)?)));
    Value::Map(form.collect())
}

/// The form of an element of a statement; none where it says nothing.
pub(super) fn element(name: &str, value: &Value) -> Option<Value> {
    let form = match (name, value) {
        (_, Value::Null) => Value::Null,
        ("Action" | "NotAction", _) => set(value, lower_case),
        ("Resource" | "NotResource", _) => set(value, scalar),
        ("Principal" | "NotPrincipal", _) => principals(value),
        ("Condition", _) => conditions(value),
        _ => scalar(value),
    };
    is_given(&form).then_some(form)
}

/// `"*"` for everyone, else sets by type.
fn principals(element: &Value) -> Value {
    let Value::Map(by_type) = element else {
        return match set(element, scalar) {
            Value::List(items) if items == ["*".into()] => "*".into(),
            other => other,
        };
    };
    let form: BTreeMap<String, Value> = by_type
        .iter()
        .map(|(of, principals)| match of.as_str() {
            "AWS" => (of.clone(), set(principals, account)),
            _ => (of.clone(), set(principals, scalar)),
        })
        .collect();
    let everyone = form.len() == 1 && form.get("AWS") == Some(&Value::texts(["*"]));
    if everyone {
        "*".into()
    } else {
        Value::Map(form)
    }
}

/// The number of an account for the ARN of its root user; IAM User Guide, "AWS JSON policy
/// elements: Principal".
fn account(principal: &Value) -> Value {
    let form = scalar(principal);
    let number = form.as_str().and_then(|text| {
        let mut parts = text.strip_suffix(":root")?.split(':');
        let arn = parts.next() == Some("arn")
            && parts
                .next()
                .is_some_and(|partition| partition.starts_with("aws"))
            && parts.next() == Some("iam")
            && parts.next() == Some("");
        let number = parts.next().filter(|number| is_account(number))?;
        (arn && parts.next().is_none()).then(|| number.to_owned())
    });
    number.map_or(form, Value::String)
}

/// Whether the text is the number of an account.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Keys in lower case, values as sets of text.
fn conditions(element: &Value) -> Value {
    let Value::Map(operators) = element else {
        return element.clone();
    };
    let mut form = BTreeMap::new();
    for (operator, keys) in operators {
        let Value::Map(keys) = keys else {
            form.insert(operator.clone(), keys.clone());
            continue;
        };
        let value_form = if operator.contains("Bool") || operator.ends_with("Null") {
            lower_case
        } else if operator.contains("Numeric") {
            number
        } else {
            scalar
        };
        let keys: BTreeMap<String, Value> = keys
            .iter()
            .map(|(key, values)| (key.to_ascii_lowercase(), set(values, value_form)))
            .collect();
        if !keys.is_empty() {
            form.insert(operator.clone(), Value::Map(keys));
        }
    }
    Value::Map(form)
}

/// One element or several, in one order and each once.
fn set(element: &Value, form: fn(&Value) -> Value) -> Value {
    let mut items: Vec<Value> = super::one_or_many(element).into_iter().map(form).collect();
    items.sort_by_cached_key(|item| format!("{item:?}"));
    items.dedup();
    Value::List(items)
}

fn scalar(value: &Value) -> Value {
    value
        .scalar_text()
        .map_or_else(|| value.clone(), Value::String)
}

fn lower_case(value: &Value) -> Value {
    match scalar(value) {
        Value::String(text) => Value::String(text.to_ascii_lowercase()),
        other => other,
    }
}

/// `1.20`, `"1.2"` and `1.2` are one number.
fn number(value: &Value) -> Value {
    let form = scalar(value);
    let parsed = form
        .as_str()
        .and_then(|text| text.trim().parse::<f64>().ok());
    parsed.map_or(form, |number| Value::String(number.to_string()))
}

/// An empty text or condition and none are one.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => true,
    }
}
