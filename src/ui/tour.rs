//! The words of the tour.
//!
//! *Invariant*: what the tour counts is what AWS's lists say, never the state.

use std::collections::BTreeMap;

use super::style::{BOLD, CYAN, DIM, GREEN, RED, paint};

/// A stop's title and what there is to see.
#[must_use]
pub fn stop(title: &str, text: &str) -> String {
    format!(
        "\n{}\n{}\n\n",
        paint(CYAN.bold(), &format!("== {title}")),
        wrap(text)
    )
}

/// A file's text, set off from what is said about it.
#[must_use]
pub fn quote(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| format!("  {} {line}", paint(DIM, "|")))
        .collect();
    lines.join("\n") + "\n"
}

/// What AWS's own lists still hold.
#[must_use]
pub fn left(n: usize, counts: &BTreeMap<&str, usize>) -> String {
    let counted = if n == 0 {
        paint(GREEN.bold(), "0")
    } else {
        paint(RED.bold(), &n.to_string())
    };
    let which: Vec<String> = counts
        .iter()
        .map(|(what, n)| format!("{n} {what}"))
        .collect();
    let which = if which.is_empty() {
        String::new()
    } else {
        format!(" ({})", which.join(", "))
    };
    format!(
        "\n{} {counted}{which}\n",
        paint(BOLD, "What is left, counted through the AWS API:")
    )
}

/// Waits for a key; goes on where there is none to press.
pub fn pause() {
    let term = dialoguer::console::Term::stderr();
    // A terminal that went away presses no key.
    drop(term.write_line(&paint(DIM, "\npress any key to go on")));
    drop(term.read_key());
}

/// Lines of at most 88 characters, broken between words.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > 88 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
