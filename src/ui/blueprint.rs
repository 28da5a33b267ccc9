//! Blueprints: the list of them, and what one takes and gives.
//!
//! *Invariant*: the three formats say the same.

use std::fmt::Write as _;

use serde_json::json;

use super::style::{BOLD, CYAN, DIM, paint};
use super::table::{markdown, wrapped};
use crate::blueprint::{InputSpec, Library, Manifest};

/// Name and summary of each.
#[must_use]
pub fn list(library: &Library) -> String {
    let mut text = String::new();
    for (name, manifest) in all(library) {
        write_entry(&mut text, name, "", &manifest.summary);
    }
    let more = "`watertight blueprints NAME` shows the inputs and outputs of one.";
    text + "\n" + &paint(DIM, more) + "\n"
}

/// The same as a table.
#[must_use]
pub fn list_in_markdown(library: &Library) -> String {
    let rows = all(library).map(|(name, manifest)| vec![code(name), manifest.summary.clone()]);
    markdown(&["blueprint", "what it makes"], rows)
}

/// The same for programs.
#[must_use]
pub fn list_in_json(library: &Library) -> String {
    let blueprints: Vec<_> = all(library)
        .map(|(name, manifest)| {
            json!({ "name": name, "version": manifest.version, "summary": manifest.summary })
        })
        .collect();
    format!(
        "{}\n",
        json!({ "format_version": "1.0", "blueprints": blueprints })
    )
}

/// What one takes and gives.
#[must_use]
pub fn show(name: &str, manifest: &Manifest) -> String {
    let mut text = format!(
        "{} {}\n{}.\n\n{}\n",
        paint(BOLD, name),
        paint(DIM, &manifest.version),
        manifest.summary,
        paint(BOLD, "Inputs"),
    );
    for (name, input) in inputs(manifest) {
        let form = format!("{}, {}", input.type_in_words(), default(input));
        write_entry(&mut text, name, &form, &input.summary);
    }
    let _infallible = writeln!(text, "\n{}", paint(BOLD, "Outputs"));
    for (name, output) in &manifest.outputs {
        write_entry(&mut text, name, "", &output.summary);
    }
    let more = "Another component takes an output as { from = \"COMPONENT.OUTPUT\" }.";
    text + "\n" + &paint(DIM, more) + "\n"
}

/// The same as two tables.
#[must_use]
pub fn show_in_markdown(manifest: &Manifest) -> String {
    let taken = inputs(manifest).map(|(name, input)| {
        vec![
            code(name),
            input.type_in_words(),
            input.default_in_words(),
            input.summary.clone(),
        ]
    });
    let given = manifest
        .outputs
        .iter()
        .map(|(name, output)| vec![code(name), output.summary.clone()]);
    format!(
        "{}\n{}",
        markdown(&["input", "type", "default", "what it is for"], taken),
        markdown(&["output", "what it is"], given)
    )
}

/// The same for programs.
#[must_use]
pub fn show_in_json(name: &str, manifest: &Manifest) -> String {
    let taken: Vec<_> = inputs(manifest)
        .map(|(name, input)| {
            json!({
                "name": name,
                "type": input.type_in_words(),
                "required": input.required,
                "default": input.default_in_words(),
                "summary": input.summary,
                "from": input.from,
            })
        })
        .collect();
    let given: Vec<_> = manifest
        .outputs
        .iter()
        .map(|(name, output)| json!({ "name": name, "summary": output.summary }))
        .collect();
    let blueprint = json!({
        "format_version": "1.0",
        "name": name,
        "version": manifest.version,
        "summary": manifest.summary,
        "inputs": taken,
        "outputs": given,
    });
    format!("{blueprint}\n")
}

fn all(library: &Library) -> impl Iterator<Item = (&str, &Manifest)> {
    library
        .names()
        .filter_map(|name| Some((name, library.manifest(name)?)))
}

/// The required ones first.
fn inputs(manifest: &Manifest) -> impl Iterator<Item = (&str, &InputSpec)> {
    let of = |required: bool| {
        manifest
            .inputs
            .iter()
            .filter(move |(_, input)| input.required == required)
            .map(|(name, input)| (name.as_str(), input))
    };
    of(true).chain(of(false))
}

fn default(input: &InputSpec) -> String {
    if input.required {
        "required".to_owned()
    } else {
        format!("default: {}", input.default_in_words())
    }
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

/// `  name  form` and, below, what it is for.
fn write_entry(text: &mut String, name: &str, form: &str, summary: &str) {
    let name = paint(CYAN, name);
    // A string takes all that is written to it.
    let _infallible = match form {
        "" => writeln!(text, "  {name}"),
        form => writeln!(text, "  {name}  {}", paint(DIM, form)),
    };
    text.push_str(&wrapped(summary, 6));
}
