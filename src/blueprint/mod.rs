//! Blueprints, and what they make of a spec.
//!
//! In: a [`Spec`](crate::spec::Spec) and a [`Library`]. Out: [`Desired`](crate::resource::Desired),
//! filled to the last default, or every problem at once.
//!
//! A blueprint is a folder: `blueprint.toml` says what it takes and gives ([`Manifest`]), and
//! each `*.toml.tera` renders to TOML in the vocabulary of the AWS provider. Any other
//! `*.tera`, and all in folders whose name begins with `_`, are there to be included. In
//! reading order:
//!
//! - `manifest`, `input`, `form`: what a blueprint takes, and whether what was given is that;
//! - `kept`: what AWS keeps under a name that the spec gives, as lookups;
//! - `template`, `text`, `engine`: rendering, by which a user's value stays a value and a
//!   rendered line knows the line that it came from;
//! - `read`: the rendered TOML against the provider's schema;
//! - `amend`: what the spec overrides of it, adds to it and leaves to others;
//! - `fill`: tags, defaults and names; `link`: whether references lead somewhere; `moved`:
//!   whether old and new names do; `removed`: whether what is let go has gone;
//! - `expand`: all of it, component by component, with the spec's defaults given to each.
//!
//! *Invariant*: pure and offline: the same spec and library give the same resources.

mod amend;
mod engine;
mod expand;
mod fill;
mod form;
mod import;
mod input;
mod kept;
mod link;
mod manifest;
mod moved;
mod place;
mod read;
mod removed;
mod template;
mod text;
mod twice;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use expand::expand;
pub use import::not_importable;
pub use input::{InputSpec, InputType};
pub use manifest::{Manifest, NextSpec, OutputSpec};

use crate::diagnostic::{Diagnostic, Source};
use template::Template;

/// The blueprints of the binary, as (`https-service/dns.toml.tera`, text).
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/blueprints.rs"));

const MANIFEST: &str = "blueprint.toml";
/// What ends the name of a template, and of one that is rendered by itself.
const TEMPLATE: &str = ".tera";
const RENDERED: &str = ".toml.tera";

/// Every blueprint there is.
#[derive(Clone, Debug)]
pub struct Library {
    blueprints: BTreeMap<String, Blueprint>,
    shared: Vec<Template>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    manifest: Manifest,
    templates: Vec<Template>,
}

impl Library {
    /// The blueprints of the binary.
    ///
    /// # Panics
    /// An embedded manifest that can't be read is a bug, which a test finds.
    #[must_use]
    pub fn embedded() -> Self {
        Self::with(Vec::new()).expect("the embedded blueprints are tested; this is a bug")
    }

    /// The blueprints of the binary and others. A source's name ends in
    /// `<blueprint>/<file>`. A blueprint among the others takes the place of an embedded one
    /// of its name; a file in a folder that begins with `_`, that of one file.
    ///
    /// # Errors
    /// Every problem of a manifest, and folders without one.
    pub fn with(extra: Vec<Source>) -> Result<Self, Vec<Diagnostic>> {
        let mut folders: BTreeMap<String, BTreeMap<String, Arc<Source>>> = BTreeMap::new();
        for (path, text) in EMBEDDED {
            let source = Source {
                name: format!("blueprints/{path}"),
                text: (*text).to_owned(),
            };
            place(&mut folders, source);
        }
        let mut added = BTreeMap::new();
        for source in extra {
            place(&mut added, source);
        }
        for (folder, files) in added {
            let entry = folders.entry(folder.clone()).or_default();
            if !folder.starts_with('_') {
                entry.clear();
            }
            entry.extend(files);
        }
        let mut library = Self {
            blueprints: BTreeMap::new(),
            shared: Vec::new(),
        };
        let mut problems = Vec::new();
        for (folder, mut files) in folders {
            let manifest = files.remove(MANIFEST);
            let templates = files
                .into_iter()
                .filter(|(file, _)| file.ends_with(TEMPLATE))
                .map(|(file, source)| Template::new(format!("{folder}/{file}"), source));
            if folder.starts_with('_') {
                library.shared.extend(templates);
                continue;
            }
            let Some(source) = manifest else {
                problems.push(
                    Diagnostic::error(format!("the blueprint `{folder}` has no `{MANIFEST}`"))
                        .hint(format!(
                            "Add `{folder}/{MANIFEST}` with its summary and inputs."
                        )),
                );
                continue;
            };
            match manifest::parse(&source) {
                Ok(manifest) => {
                    let templates = templates.collect();
                    let blueprint = Blueprint {
                        manifest,
                        templates,
                    };
                    library.blueprints.insert(folder, blueprint);
                }
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(library)
        } else {
            Err(problems)
        }
    }

    /// The names of all blueprints, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.blueprints.keys().map(String::as_str)
    }

    /// What a blueprint says about itself.
    #[must_use]
    pub fn manifest(&self, name: &str) -> Option<&Manifest> {
        self.blueprints
            .get(name)
            .map(|blueprint| &blueprint.manifest)
    }
}

/// Puts a source into its folder, by the last two parts of its name.
fn place(folders: &mut BTreeMap<String, BTreeMap<String, Arc<Source>>>, source: Source) {
    let mut parts = source.name.rsplit(['/', '\\']);
    if let (Some(file), Some(folder)) = (parts.next(), parts.next()) {
        let (file, folder) = (file.to_owned(), folder.to_owned());
        folders
            .entry(folder)
            .or_default()
            .insert(file, Arc::new(source));
    }
}
