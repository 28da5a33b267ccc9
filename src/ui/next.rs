//! What people do once everything stands.
//!
//! *Invariant*: a command is shown as it is to be typed.

use std::fmt::Write as _;

use super::style::{BOLD, paint};
use crate::refresh::Known;
use crate::resource::Next;
use crate::value::Value;

/// The commands, each with what it does; one whose values are not known yet is left out.
#[must_use]
pub fn render(next: &[Next], known: &Known) -> String {
    let mut text = String::new();
    for Next {
        component,
        summary,
        command,
    } in next
    {
        if let Value::String(command) = known.resolve(command) {
            if text.is_empty() {
                text = format!("\n{}\n", paint(BOLD, "Next"));
            }
            let _infallible = writeln!(text, "  {component}: {summary}\n    {command}");
        }
    }
    text
}
