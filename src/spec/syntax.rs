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
    for error in &errors {
        let span = span_of(source, error);
        // The second error of a line is nearly always the first one's echo.
        let (line, _) = span.line_and_column();
        if line == last_line || problems.len() == SYNTAX_LIMIT {
            continue;
        }
        last_line = line;
        problems.push(if is_duplicate(error) {
            duplicate(span, &table)
        } else {
            broken_at(span, error.message())
        });
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

/// A key or a header that is written twice, with the place of the first.
fn duplicate(span: Span, table: &DeTable<'_>) -> Diagnostic {
    let source = Arc::clone(&span.source);
    let written = source.text.get(span.start..span.end).unwrap_or_default();
    let (line, _) = span.line_and_column();
    let whole = |line: usize| source.text.lines().nth(line - 1).unwrap_or_default().trim();
    let header = whole(line);
    let is_header = header.starts_with('[');
    let message = if is_header {
        format!("`{header}` is written twice")
    } else {
        format!("`{written}` is written twice")
    };
    let first = if is_header {
        (1..line)
            .find(|earlier| whole(*earlier) == header)
            .map(|earlier| Span::line_of(&source, earlier))
    } else {
        let mut places = Vec::new();
        places_of(written, table, &mut places);
        places
            .into_iter()
            .filter(|place| place.end <= span.start)
            .max_by_key(|place| place.start)
            .map(|place| Span::new(&source, place))
    };
    let hint = if is_header {
        "Put the keys of both under one header, or give one another name."
    } else {
        "Keep one of the two."
    };
    let diagnostic = Diagnostic::error(message)
        .at(span, "written again here")
        .hint(hint);
    match first {
        Some(first) => diagnostic.at(first, "first written here"),
        None => diagnostic,
    }
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
                for item in items.iter() {
                    if let DeValue::Table(inner) = item.get_ref() {
                        places_of(name, inner, places);
                    }
                }
            }
            _ => {}
        }
    }
}
