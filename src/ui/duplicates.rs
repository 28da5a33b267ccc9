//! What keeps each kind from being made twice.
//!
//! *Invariant*: every kind has its line, with the page of AWS that it is taken from.

use std::fmt::Write as _;

use serde_json::json;

use super::explain::guard;
use super::style::{BOLD, CYAN, paint};
use super::table::{markdown, wrapped};
use crate::kind::{Guard, KINDS, Kind};

/// Every kind: what is done, and what AWS does with a second call.
#[must_use]
pub fn list() -> String {
    let mut text = format!("{}\n", paint(BOLD, "Made twice?"));
    for kind in KINDS {
        let said = format!("{}. AWS: {}", guard(kind.guard), kind.twice.says);
        // A string takes all that is written to it.
        let _infallible = write!(text, "\n{}\n{}", paint(CYAN, kind.name), wrapped(&said, 2));
    }
    text
}

/// The same as a table.
#[must_use]
pub fn list_in_markdown() -> String {
    let rows = KINDS.iter().map(|kind| {
        vec![
            format!("`{}`", kind.name),
            word(kind.guard).to_owned(),
            format!("{} ([source]({}))", kind.twice.says, kind.twice.page),
        ]
    });
    markdown(&["kind", "guard", "what AWS does with a second call"], rows)
}

/// The same for programs.
#[must_use]
pub fn list_in_json() -> String {
    let kinds: serde_json::Map<String, serde_json::Value> = KINDS
        .iter()
        .map(|kind| (kind.name.to_owned(), for_programs(kind)))
        .collect();
    format!("{}\n", json!({ "format_version": "1.0", "kinds": kinds }))
}

/// One kind's, for programs.
pub(super) fn for_programs(kind: &Kind) -> serde_json::Value {
    json!({
        "guard": word(kind.guard),
        "aws": kind.twice.says,
        "source": kind.twice.page,
    })
}

fn word(guard: Guard) -> &'static str {
    match guard {
        Guard::Token { .. } => "token",
        Guard::UniqueName => "unique",
        Guard::Idempotent => "idempotent",
        Guard::Nothing => "none",
    }
}
