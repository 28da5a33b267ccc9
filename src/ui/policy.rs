//! A policy that changes, statement by statement: two whole documents beside each other tell
//! nobody what somebody slipped in.
//!
//! *Invariant*: every element that differs is shown.

use std::fmt::Write as _;

use super::style::{GREEN, RED, YELLOW, paint};
use super::value::show;
use crate::policy::changes::{self, Change, Element};
use crate::value::Value;

/// What differs between two documents: how much of it, then a line for each statement and
/// under it one for each element, with `indent` blanks before them. None where one of the two
/// is no document with statements.
pub(super) fn difference(before: &Value, after: &Value, indent: usize) -> Option<String> {
    let changes = changes::changes(before, after)?;
    let beside = changes::beside(before, after);
    let mut text = how_many(&changes);
    elements(&mut text, &beside, indent + 2);
    for change in &changes {
        let (sign, style) = match (change.before, change.after) {
            (None, _) => ("+", GREEN),
            (_, None) => ("-", RED),
            _ => ("~", YELLOW),
        };
        let margin = indent + 2;
        let sign = paint(style, sign);
        line(
            &mut text,
            &format!("{:margin$}{sign} {} {}", "", change.label, change.word()),
        );
        elements(&mut text, &change.elements(), indent + 6);
    }
    Some(text)
}

/// `1 statement added, 2 changed`.
fn how_many(changes: &[Change<'_>]) -> String {
    let mut parts = Vec::new();
    for word in ["added", "changed", "removed"] {
        let n = changes.iter().filter(|of| of.word() == word).count();
        if n > 0 {
            parts.push((n, word));
        }
    }
    let told = parts.iter().zip(0..).map(|((n, word), place)| {
        let noun = match (place, n) {
            (0, 1) => " statement",
            (0, _) => " statements",
            _ => "",
        };
        format!("{n}{noun} {word}")
    });
    let told: Vec<String> = told.collect();
    match told.as_slice() {
        [] => "the statements stay".to_owned(),
        told => told.join(", "),
    }
}

fn elements(text: &mut String, elements: &[Element<'_>], indent: usize) {
    let longest = elements.iter().map(|(name, ..)| name.chars().count());
    let longest = longest.max().unwrap_or(0);
    for (name, before, after) in elements {
        let value = |value: &Value| show(value, indent);
        let shown = match (before, after) {
            (Some(before), Some(after)) => {
                let (before, after) = (value(before), value(after));
                format!("{} -> {}", paint(RED, &before), paint(GREEN, &after))
            }
            (Some(before), None) => value(before),
            (None, Some(after)) => value(after),
            (None, None) => continue,
        };
        // Of a statement that stays, an element that comes or goes is marked.
        let mark = match (before, after) {
            (Some(_), None) => "-",
            (None, Some(_)) => "+",
            _ => " ",
        };
        let margin = indent - 2;
        line(
            text,
            &format!("{:margin$}{mark} {name:longest$} = {shown}", ""),
        );
    }
}

fn line(text: &mut String, content: &str) {
    // A string takes all that is written to it.
    let _infallible = write!(text, "\n{}", content.trim_end());
}

#[cfg(test)]
mod tests {
    use super::difference;
    use crate::value::Value;

    fn policy(statements: &str) -> Value {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        Value::from_json(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_change_is_shown_by_statement_and_element() {
        let tls = r#"{"Sid": "Tls", "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}"#;
        let weak = r#"{"Sid": "Tls", "Effect": "Allow"}"#;
        let open = r#"{"Effect": "Allow", "Principal": "*"}"#;
        let before = policy(tls);
        let after = policy(&format!("{weak}, {open}"));
        let shown = difference(&before, &after, 2).unwrap();
        let shown = anstream::adapter::strip_str(&shown).to_string();
        let expected = r#"1 statement added, 1 changed
    ~ statement Tls changed
      - Condition = {
          Bool = {
            aws:SecureTransport = "false"
          }
        }
        Effect    = "Deny" -> "Allow"
    + statement 2 (no Sid) added
      + Effect    = "Allow"
      + Principal = "*""#;
        assert_eq!(shown, expected);
        assert_eq!(difference(&Value::Null, &before, 2), None);
    }
}
