//! What the doctor found, a line each.
//!
//! *Invariant*: what is wrong is told by a word, not by colour alone.

use std::fmt::Write as _;

use super::style::{BOLD, CYAN, GREEN, RED, YELLOW, paint};
use crate::doctor::{Level, Line};

/// Columns of a check's name.
const NAME: usize = 11;

/// A line each, hints below, and what it comes to.
#[must_use]
pub fn render(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let (style, word) = match line.level {
            Level::Ok => (GREEN, "ok"),
            Level::Warning => (YELLOW, "warning"),
            Level::Failure => (RED.bold(), "failure"),
        };
        // A string takes all that is written to it.
        let _infallible = writeln!(
            text,
            "{}{} {:NAME$}  {}",
            paint(style, word),
            " ".repeat("warning".len() - word.len()),
            line.check,
            line.message
        );
        for hint in &line.hints {
            let _infallible = writeln!(text, "{:8}{} {hint}", "", paint(CYAN, "help:"));
        }
    }
    let of = |level: Level| lines.iter().filter(|line| line.level == level).count();
    let (failures, warnings) = (of(Level::Failure), of(Level::Warning));
    let ends = match (failures, warnings) {
        (0, 0) => "Nothing stands in the way.".to_owned(),
        (0, n) => format!(
            "Nothing stands in the way; {} to look at.",
            counted(n, "warning")
        ),
        (n, 0) => format!("{} to mend first.", counted(n, "failure")),
        (n, m) => format!(
            "{} to mend first, {} to look at.",
            counted(n, "failure"),
            counted(m, "warning")
        ),
    };
    let _infallible = writeln!(text, "\n{}", paint(BOLD, &ends));
    text
}

fn counted(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

/// The same for programs.
#[must_use]
pub fn json(lines: &[Line]) -> String {
    let fails = lines.iter().any(|line| line.level == Level::Failure);
    let report = serde_json::json!({
        "format_version": "1.0",
        "ok": !fails,
        "checks": lines,
    });
    format!("{report}\n")
}
