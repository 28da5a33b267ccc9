//! What is not done of a saved plan, and why.
//!
//! *Invariant*: each line names one step of the file.

use std::fmt::Write as _;

use super::style::{BOLD, CYAN, RED, paint};
use crate::saved::Stopped;

/// That a plan was saved, and what to do with it.
#[must_use]
pub fn written(file: &str) -> String {
    format!("saved to {file}; `watertight apply {file}` does this and nothing else\n")
}

/// For people; nothing where everything is done.
#[must_use]
pub fn stopped(stopped: &[Stopped]) -> String {
    let mut text = String::new();
    if stopped.is_empty() {
        return text;
    }
    let title = "Stopped, as the world has moved since the plan was saved:";
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{}", paint(BOLD, title));
    for one in stopped {
        let address = paint(RED, &one.address);
        let _infallible = writeln!(text, "  {address}: {}", one.because);
    }
    let help = paint(CYAN, "help:");
    let _infallible = writeln!(text, "  {help} plan again, and look at the new plan");
    text
}

/// For programs, a line each.
#[must_use]
pub fn json(stopped: &[Stopped]) -> String {
    let mut text = String::new();
    for Stopped { address, because } in stopped {
        let line =
            serde_json::json!({ "event": "stopped", "address": address, "because": because });
        let _infallible = writeln!(text, "{line}");
    }
    text
}
