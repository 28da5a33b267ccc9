//! From text to a TOML table, with every error of syntax.
//!
//! *Invariant*: nothing here knows what a spec holds.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue, Error};

use crate::diagnostic::{Diagnostic, Source, Span};

/// What could be read.
pub(super) struct Read<'a> {
    /// The table, if the text is TOML but for keys that are written twice.
    pub(super) table: Option<DeTable<'a>>,
    /// What is wrong.
    pub(super) problems: Vec<Diagnostic>,
}

/// How many errors of syntax are told; what follows is mostly their echo.
const SYNTAX_LIMIT: usize = 20;

/// Reads the text as TOML.
pub(super) fn read(source: &Arc<Source>) -> Read<'_> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let table = table.into_inner();
    let broken = errors.iter().any(|error| !is_duplicate(error));
    let mut problems: Vec<Diagnostic> = Vec::new();
    let mut last_line = 0;
    let mut doubled_header = 0;
    for error in &errors {
        let span = span_of(source, error);
        // The second error of a line is nearly always the first one's echo.
        let (line, _) = span.line_and_column();
        if line == last_line || problems.len() == SYNTAX_LIMIT {
            continue;
        }
        last_line = line;
        if !is_duplicate(error) {
            problems.push(broken_at(span, error.message()));
            continue;
        }
        let (problem, first) = duplicate(span, &table);
        // The keys below a header that is written twice are its echo.
        let is_echo = first.is_some_and(|first| first < doubled_header);
        if !is_echo {
            let span = &problem.labels[0].span;
            if is_header(span) {
                doubled_header = span.start;
            }
            problems.push(problem);
        }
    }
    Read {
        table: (!broken).then_some(table),
        problems,
    }
}

fn is_duplicate(error: &Error) -> bool {
    error.message() == "duplicate key"
}

fn broken_at(span: Span, message: &str) -> Diagnostic {
    if message == "recursion limit" {
        // The parser does not say where.
        return Diagnostic::error("a key or a value is nested too deep")
            .at(span, "somewhere below")
            .hint("TOML is read to a depth of 80.");
    }
    Diagnostic::error(format!("this is not TOML: {message}")).at(span, "")
}

fn span_of(source: &Arc<Source>, error: &Error) -> Span {
    let range = error.span().unwrap_or_default();
    let start = source.text.floor_char_boundary(range.start);
    let end = source.text.floor_char_boundary(range.end).max(start);
    Span::new(source, start..end)
}

fn is_header(span: &Span) -> bool {
    span.source.text[span.start..].starts_with('[')
}

/// A key or a header that is written twice, and where the key stands first.
fn duplicate(span: Span, table: &DeTable<'_>) -> (Diagnostic, Option<usize>) {
    let source = Arc::clone(&span.source);
    let written = source.text.get(span.start..span.end).unwrap_or_default();
    let (line, _) = span.line_and_column();
    let whole = |line: usize| source.text.lines().nth(line - 1).unwrap_or_default().trim();
    let header = whole(line);
    if header.starts_with('[') {
        let first = (1..line).find(|earlier| whole(*earlier) == header);
        let diagnostic = Diagnostic::error(format!("`{header}` is written twice"))
            .at(Span::line_of(&source, line), "written again here")
            .hint("Put the keys of both under one header, or give one another name.");
        let diagnostic = match first {
            Some(first) => diagnostic.at(Span::line_of(&source, first), "first written here"),
            None => diagnostic,
        };
        return (diagnostic, None);
    }
    let mut places = Vec::new();
    places_of(written, table, &mut places);
    let first = places
        .into_iter()
        .filter(|place| place.end <= span.start)
        .max_by_key(|place| place.start);
    let start = first.as_ref().map(|first| first.start);
    let message = format!("`{written}` is written twice");
    let diagnostic = Diagnostic::error(message)
        .at(span, "written again here")
        .hint("Keep one of the two.");
    let diagnostic = match first {
        Some(first) => diagnostic.at(Span::new(&source, first), "first written here"),
        None => diagnostic,
    };
    (diagnostic, start)
}

/// The places of all keys of this name, however deep.
fn places_of(name: &str, table: &DeTable<'_>, places: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        if key.get_ref().as_ref() == name {
            places.push(key.span());
        }
        match value.get_ref() {
            DeValue::Table(inner) => places_of(name, inner, places),
            DeValue::Array(items) => {
                for item in items {
                    if let DeValue::Table(inner) = item.get_ref() {
                        places_of(name, inner, places);
                    }
                }
            }
            _ => {}
        }
    }
}
