//! What two environments have otherwise, a line each.
//!
//! *Invariant*: the order is the comparison's; the one environment always stands left.

use std::fmt::Write as _;

use super::style::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use crate::address::Address;
use crate::compare::{Comparison, Difference};
use crate::diagnostic::Span;

/// For people.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let Comparison {
        app, left, right, ..
    } = comparison;
    let title = format!("{app}: {left} -> {right}");
    let mut text = format!("{}\n", paint(BOLD, &title));
    if comparison.is_empty() {
        text.push_str("They differ in their names and in watertight's tags alone.\n");
        return text;
    }
    if !comparison.settings.is_empty() {
        text.push_str("\nthe spec\n");
    }
    for difference in &comparison.settings {
        line(&mut text, difference);
    }
    for (name, only, sign, style) in [
        (left, &comparison.only_left, "-", RED),
        (right, &comparison.only_right, "+", GREEN),
    ] {
        if !only.is_empty() {
            writing(&mut text, &format!("\nonly in {name}"));
        }
        for address in only {
            writing(&mut text, &format!("  {} {address}", paint(style, sign)));
        }
    }
    let mut last: Option<&Address> = None;
    for difference in &comparison.attributes {
        if difference.address.as_ref() != last {
            last = difference.address.as_ref();
            if let Some(address) = last {
                writing(
                    &mut text,
                    &format!("\n{}", paint(BOLD, &address.to_string())),
                );
            }
        }
        line(&mut text, difference);
    }
    text
}

/// For programs, one line.
#[must_use]
pub fn json(comparison: &Comparison) -> String {
    let mut json = serde_json::json!({ "format_version": "1.0", "valid": true });
    if let (Some(fields), Ok(serde_json::Value::Object(comparison))) =
        (json.as_object_mut(), serde_json::to_value(comparison))
    {
        fields.extend(comparison);
    }
    format!("{json}\n")
}

fn line(text: &mut String, difference: &Difference) {
    let value = |value: &Option<serde_json::Value>| match value {
        _ if difference.sensitive => "(sensitive)".to_owned(),
        Some(value) => value.to_string(),
        None => "(none)".to_owned(),
    };
    let at = |span: &Option<Span>| {
        span.as_ref().map_or_else(
            || "-".to_owned(),
            |span| format!("{}:{}", span.source.name, span.line_and_column().0),
        )
    };
    let places = match (&difference.left_at, &difference.right_at) {
        (None, None) => String::new(),
        (left, right) => paint(DIM, &format!("  # {} -> {}", at(left), at(right))),
    };
    let shown = format!(
        "  {}: {} -> {}{places}",
        paint(YELLOW, &difference.path),
        value(&difference.left),
        value(&difference.right),
    );
    writing(text, &shown);
}

fn writing(text: &mut String, line: &str) {
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{line}");
}
