//! `blueprint.toml`: what a blueprint is for, what it takes and what it gives.
//!
//! In: the file. Out: a [`Manifest`], or every problem in it.
//!
//! *Invariant*: a manifest's own defaults and examples are what its inputs may be.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::input::{InputSpec, InputType};
use crate::address::{Address, is_name};
use crate::diagnostic::{Diagnostic, Source, Span, did_you_mean};
use crate::kind::schema::Schema;
use crate::spec::{COMPONENT_KEYS, Input, Written};

/// What a blueprint says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What it makes, a sentence.
    pub summary: String,
    /// Its version, which a plan can tell.
    pub version: String,
    /// What it takes, by name.
    pub inputs: BTreeMap<String, InputSpec>,
    /// What it gives, by name.
    pub outputs: BTreeMap<String, OutputSpec>,
    /// What people do once it stands, in order.
    pub next: Vec<NextSpec>,
}

/// A command for people, such as the upload of a site's files.
#[derive(Clone, Debug, PartialEq)]
pub struct NextSpec {
    /// What it does, a phrase.
    pub summary: String,
    /// The template that gives it; an empty text means that there is none this time.
    pub command: String,
    /// Its line.
    pub(super) span: Span,
}

/// An output of a blueprint.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSpec {
    /// What it is, a sentence.
    pub summary: String,
    /// The template that gives it; an empty text means that there is none this time.
    pub value: String,
    /// Whether the template gives the elements of a list, as in TOML.
    pub list: bool,
    /// What of the blueprint must stand before who takes it and go after, `kind.name` or
    /// `kind.*`.
    pub depends_on: Vec<String>,
    /// Its line.
    pub(super) span: Span,
}

impl OutputSpec {
    /// Whether this resource must stand before who takes the output.
    pub(super) fn needs(&self, resource: &Address) -> bool {
        self.depends_on.iter().any(|before| {
            before.split_once('.').is_some_and(|(kind, name)| {
                kind == resource.kind && (name == "*" || name == resource.name)
            })
        })
    }
}

/// Names that every template knows beside its inputs.
pub(super) const SURROUNDINGS: &[&str] =
    &["app", "component", "environment", "ephemeral", "region"];

const INPUT_KEYS: &[&str] = &[
    "default",
    "default_in_words",
    "derived",
    "example",
    "from",
    "max",
    "may_take",
    "min",
    "prefix",
    "required",
    "summary",
    "takes",
    "type",
    "values",
];

/// Reads a manifest.
///
/// # Errors
/// Every problem in it, each with its place.
pub(super) fn parse(source: &Arc<Source>) -> Result<Manifest, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader {
        source,
        problems: Vec::new(),
    };
    for error in errors {
        reader.problem(error.span().unwrap_or_default(), error.message().to_owned());
    }
    let manifest = reader.manifest(table.get_ref());
    if reader.problems.is_empty() {
        Ok(manifest)
    } else {
        Err(reader.problems)
    }
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    problems: Vec<Diagnostic>,
}

type Node<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn problem(&mut self, range: std::ops::Range<usize>, message: String) {
        let span = Span::new(self.source, range);
        self.problems.push(Diagnostic::error(message).at(span, ""));
    }

    fn keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let hint = did_you_mean(name, known.iter().copied());
                self.problem(key.span(), format!("unknown key `{name}` in a manifest"));
                if let (Some(hint), Some(last)) = (hint, self.problems.last_mut()) {
                    last.hints.push(format!("Did you mean `{hint}`?"));
                }
            }
        }
    }

    fn manifest(&mut self, table: &DeTable<'_>) -> Manifest {
        self.keys(table, &["inputs", "next", "outputs", "summary", "version"]);
        let summary = self.text(table, "summary").unwrap_or_default();
        let version = self.text(table, "version").unwrap_or_default();
        if summary.is_empty() {
            self.problem(0..0, "a manifest needs a `summary`".to_owned());
        }
        let mut inputs = BTreeMap::new();
        for (name, table) in self.tables(table, "inputs") {
            if SURROUNDINGS.contains(&name.as_str()) {
                let message = format!("`{name}` is known in every template and can't be an input");
                self.problem(table.span(), message);
            }
            if COMPONENT_KEYS.contains(&name.as_str()) {
                let message = format!("`{name}` is a key of every component and can't be an input");
                self.problem(table.span(), message);
            }
            if let Some(input) = self.input(&table) {
                inputs.insert(name, input);
            }
        }
        let mut outputs = BTreeMap::new();
        for (name, node) in self.tables(table, "outputs") {
            let Some(entries) = node.get_ref().as_table() else {
                continue;
            };
            self.keys(entries, &["depends_on", "list", "summary", "value"]);
            let value = self.text(entries, "value");
            if value.is_none() {
                self.problem(node.span(), format!("the output `{name}` needs a `value`"));
            }
            let depends_on = self.texts(entries, "depends_on");
            let stray = depends_on.iter().find(|before| {
                let kind = before.split_once('.').map(|(kind, _)| kind);
                kind.is_none_or(|kind| Schema::of(kind).is_none())
            });
            if let Some(stray) = stray {
                let message = format!("`{stray}` is neither `kind.name` nor `kind.*` of a kind");
                self.problem(node.span(), message);
            }
            let at = entries
                .get("value")
                .map_or_else(|| node.span(), Spanned::span);
            outputs.insert(
                name,
                OutputSpec {
                    summary: self.text(entries, "summary").unwrap_or_default(),
                    value: value.unwrap_or_default(),
                    list: self.flag(entries, "list"),
                    depends_on,
                    span: Span::new(self.source, at),
                },
            );
        }
        Manifest {
            summary,
            version,
            inputs,
            outputs,
            next: self.next(table),
        }
    }

    /// The commands of `[[next]]`.
    fn next(&mut self, table: &DeTable<'_>) -> Vec<NextSpec> {
        let Some(node) = table.get("next") else {
            return Vec::new();
        };
        let mut next = Vec::new();
        for item in node.get_ref().as_array().into_iter().flatten() {
            let Some(entries) = item.get_ref().as_table() else {
                self.problem(item.span(), "`next` is a list of tables".to_owned());
                continue;
            };
            self.keys(entries, &["command", "summary"]);
            match (self.text(entries, "summary"), self.text(entries, "command")) {
                (Some(summary), Some(command)) => next.push(NextSpec {
                    summary,
                    command,
                    span: Span::new(self.source, item.span()),
                }),
                _ => self.problem(
                    item.span(),
                    "each of `next` needs a `summary` and a `command`".to_owned(),
                ),
            }
        }
        next
    }

    /// The named tables in a section.
    fn tables<'i>(&mut self, table: &DeTable<'i>, section: &str) -> Vec<(String, Node<'i>)> {
        let Some(node) = table.get(section) else {
            return Vec::new();
        };
        let Some(entries) = node.get_ref().as_table() else {
            self.problem(node.span(), format!("`{section}` is a table of tables"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (key, node) in entries {
            let name: &str = key.get_ref();
            if !is_name(name) {
                self.problem(
                    key.span(),
                    format!("`{name}` is not a name: `[a-z][a-z0-9_]*`"),
                );
            } else if node.get_ref().is_table() {
                tables.push((name.to_owned(), node.clone()));
            } else {
                self.problem(node.span(), format!("`{name}` is a table"));
            }
        }
        tables
    }

    fn input(&mut self, node: &Node<'_>) -> Option<InputSpec> {
        let table = node.get_ref().as_table()?;
        self.keys(table, INPUT_KEYS);
        let values = self.texts(table, "values");
        let Some(of) = self
            .text(table, "type")
            .and_then(|text| InputType::parse(&text, &values))
        else {
            let at = table.get("type").map_or_else(|| node.span(), Spanned::span);
            self.problem(
                at,
                "an input needs a `type`: string, integer, bool, hostname, cidr, port, path, bucket name, \
                 id, tag, source, target, certificate, component, enum (with `values`), `list of` one, or some joined by `or`"
                    .to_owned(),
            );
            return None;
        };
        let input = InputSpec {
            summary: self.text(table, "summary").unwrap_or_default(),
            of,
            default: table.get("default").map(|node| self.value(node)),
            derived: self.text(table, "derived"),
            default_in_words: self.text(table, "default_in_words"),
            required: self.flag(table, "required"),
            example: table.get("example").map(|node| self.value(node)),
            min: self.number(table, "min"),
            max: self.number(table, "max"),
            prefix: self.text(table, "prefix"),
            from: self.flag(table, "from"),
            takes: self.texts(table, "takes"),
            may_take: self.texts(table, "may_take"),
        };
        for key in ["default", "example"] {
            if let Some(node) = table.get(key)
                && let Err(problem) = input.check(&self.value(node))
            {
                self.problem(
                    node.span(),
                    format!("the {key} is not what the input may be: {problem}"),
                );
            }
        }
        Some(input)
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        let node = table.get(key)?;
        let text = node.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(node.span(), format!("`{key}` is a text"));
        }
        text
    }

    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<String> {
        match table.get(key).map(|node| self.value(node)) {
            Some(Input::List(items)) => items
                .into_iter()
                .filter_map(|item| match item.value {
                    Input::Text(text) => Some(text),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(node) = table.get(key) else {
            return false;
        };
        node.get_ref().as_bool().unwrap_or_else(|| {
            self.problem(node.span(), format!("`{key}` is `true` or `false`"));
            false
        })
    }

    fn number(&mut self, table: &DeTable<'_>, key: &str) -> Option<i64> {
        let node = table.get(key)?;
        if let Input::Int(number) = self.value(node) {
            return Some(number);
        }
        self.problem(node.span(), format!("`{key}` is a whole number"));
        None
    }

    fn value(&mut self, node: &Node<'_>) -> Input {
        match node.get_ref() {
            DeValue::String(text) => Input::Text(text.to_string()),
            DeValue::Boolean(value) => Input::Bool(*value),
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix());
                if read.is_err() {
                    self.problem(node.span(), "the number is too large".to_owned());
                }
                Input::Int(read.unwrap_or_default())
            }
            DeValue::Float(number) => Input::Float(number.as_str().parse().unwrap_or_default()),
            DeValue::Datetime(date) => Input::Text(date.to_string()),
            DeValue::Array(items) => {
                Input::List(items.iter().map(|item| self.written(item)).collect())
            }
            DeValue::Table(entries) => match component(entries) {
                Some(name) => Input::Component(name),
                None => Input::Table(
                    entries
                        .iter()
                        .map(|(key, item)| (key.get_ref().to_string(), self.written(item)))
                        .collect(),
                ),
            },
        }
    }

    fn written(&mut self, node: &Node<'_>) -> Written<Input> {
        Written {
            value: self.value(node),
            span: Span::new(self.source, node.span()),
        }
    }
}

/// The component in `{ from = "network" }`, less an output of it.
fn component(entries: &DeTable<'_>) -> Option<String> {
    let from = entries.get("from").filter(|_| entries.len() == 1)?;
    let name = from.get_ref().as_str()?;
    (!name.contains('.')).then(|| name.to_owned())
}
