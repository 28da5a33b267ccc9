//! Values as people read them, in the manner of Terraform's plans.
//!
//! *Invariant*: the same value is always the same text.

use crate::value::{Part, Value};

/// A value, over as many lines as it needs; lines after the first begin with `indent`
/// blanks.
pub(super) fn show(value: &Value, indent: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.scalar_text().unwrap_or_default(),
        Value::String(text) => quoted(text),
        Value::Reference(reference) => reference.to_string(),
        Value::Template(parts) => {
            let text: String = parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.escape_debug().to_string(),
                    Part::Reference(reference) => format!("${{{reference}}}"),
                })
                .collect();
            format!("\"{text}\"")
        }
        Value::Unknown { from: Some(from) } => format!("(known after apply: {from})"),
        Value::Unknown { from: None } => "(known after apply)".to_owned(),
        // A block that stands once reads better without a list around it.
        Value::List(items) => match items.as_slice() {
            [Value::Map(block)] if !block.is_empty() => show(&items[0], indent),
            _ => list(items, indent),
        },
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let margin = " ".repeat(indent + 2);
            let longest = entries
                .keys()
                .map(|key| key.chars().count())
                .max()
                .unwrap_or(0);
            let lines: Vec<String> = entries
                .iter()
                .map(|(key, value)| (key, show(value, indent + 2)))
                .map(|(key, value)| format!("{margin}{key:longest$} = {value}\n"))
                .collect();
            format!("{{\n{}{:indent$}}}", lines.concat(), "")
        }
    }
}

fn list(items: &[Value], indent: usize) -> String {
    let shown: Vec<String> = items.iter().map(|item| show(item, indent + 2)).collect();
    let width: usize = shown.iter().map(|item| item.chars().count() + 2).sum();
    if width <= 60 && !shown.iter().any(|item| item.contains('\n')) {
        return format!("[{}]", shown.join(", "));
    }
    let margin = " ".repeat(indent + 2);
    let lines: Vec<String> = shown
        .iter()
        .map(|item| format!("{margin}{item},\n"))
        .collect();
    format!("[\n{}{:indent$}]", lines.concat(), "")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}
