//! What is remembered, for people and for programs.
//!
//! *Invariant*: what is shown is what the document holds, in its order.

use std::fmt::Write as _;

use crate::pipeline::Rebuilt;
use crate::state::store::Kept;
use crate::state::{Document, Record, Status};
use crate::value::Value;

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

/// All of each record: what the document says of it, then the attributes as JSON.
#[must_use]
pub fn show(records: &[&Record]) -> String {
    let mut text = String::new();
    for record in records {
        let none = || "-".to_owned();
        let maker = record.maker.as_ref();
        let dependencies: Vec<String> = record
            .dependencies
            .iter()
            .map(ToString::to_string)
            .collect();
        let lines = [
            ("status", status(record).to_owned()),
            (
                "id",
                record.id.as_ref().map_or_else(none, ToString::to_string),
            ),
            ("region", record.region.clone()),
            ("generation", record.generation.to_string()),
            (
                "protected",
                if record.protect { "yes" } else { "no" }.to_owned(),
            ),
            (
                "blueprint",
                maker.map_or_else(none, |maker| maker.blueprint.clone()),
            ),
            (
                "depends on",
                if dependencies.is_empty() {
                    none()
                } else {
                    dependencies.join(", ")
                },
            ),
        ];
        let _infallible = writeln!(text, "{}", record.address);
        for (name, value) in lines {
            let name = format!("{name}:");
            let _infallible = writeln!(text, "  {name:12}{value}");
        }
        let attributes = Value::Map(record.attributes.clone()).to_json();
        let attributes = format!("{attributes:#}").replace('\n', "\n  ");
        let _infallible = writeln!(text, "  {attributes}");
    }
    text
}

/// The same for programs: an array of the records, as the document has them.
#[must_use]
pub fn show_json(records: &[&Record]) -> String {
    format!("{:#}\n", serde_json::json!(records))
}

/// The whole document, as it is kept.
#[must_use]
pub fn document(document: &Document) -> String {
    format!("{:#}\n", serde_json::json!(document))
}

/// What was found again, what is in the way, and what is not there: a line each.
#[must_use]
pub fn rebuilt(rebuilt: &Rebuilt) -> String {
    let mut text = String::new();
    for (address, id) in &rebuilt.found {
        let _infallible = writeln!(text, "found    {address}  {id}");
    }
    for (address, foreign) in &rebuilt.foreign {
        let _infallible = writeln!(text, "left     {address}: {foreign}");
    }
    for address in &rebuilt.missing {
        let _infallible = writeln!(text, "missing  {address}");
    }
    let _infallible = match rebuilt.found.len() {
        0 => writeln!(text, "Nothing stands that is not remembered."),
        count => writeln!(text, "{count} to record; nothing changes in AWS."),
    };
    text
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
