//! What is remembered, for people and for programs.
//!
//! *Invariant*: what is shown is what the document holds, in its order.

use std::fmt::Write as _;

use crate::state::store::Kept;
use crate::state::{Document, Record, Status};

/// A line for each record: `web.aws_lb.main  arn:aws:... `, and how far it is where that is
/// not all the way.
#[must_use]
pub fn list(document: &Document) -> String {
    let widest = document
        .records
        .iter()
        .map(|record| record.address.to_string().len())
        .max();
    let mut text = String::new();
    for record in &document.records {
        let id = record.id.as_ref().map_or("-", |id| id.text.as_str());
        let status = match record.status {
            Status::Applied => String::new(),
            _ => format!("  ({})", status(record)),
        };
        // A string takes all that is written to it.
        let _infallible = writeln!(
            text,
            "{:widest$}  {id}{status}",
            record.address.to_string(),
            widest = widest.unwrap_or_default()
        );
    }
    text
}

/// The same for programs: an array of objects.
#[must_use]
pub fn list_json(document: &Document) -> String {
    let records: Vec<serde_json::Value> = document
        .records
        .iter()
        .map(|record| {
            serde_json::json!({
                "address": record.address,
                "generation": record.generation,
                "status": record.status,
                "region": record.region,
                "id": record.id.as_ref().map(|id| &id.text),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(records))
}

/// A line for each earlier document: its serial, and when it was written.
#[must_use]
pub fn history(kept: &[Kept]) -> String {
    let mut text = String::new();
    for Kept { serial, at } in kept {
        let at = at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}"));
        let _infallible = writeln!(text, "{serial:>6}  {at}");
    }
    text
}

/// How far a recorded thing is, in the document's word.
fn status(record: &Record) -> &'static str {
    match record.status {
        Status::Creating => "creating",
        Status::Created => "created",
        Status::Updating => "updating",
        Status::Applied => "applied",
        Status::Deleting => "deleting",
        Status::Deposed => "deposed",
    }
}
