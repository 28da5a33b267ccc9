//! What is wrong with what the user wrote: data that any format can print.
//!
//! *Invariant*: a diagnostic is complete in itself (it carries the source it points
//! into) and nothing here prints.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// A file as it was read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The path as the user gave it, or `blueprints/https-service/load_balancer.toml.tera`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A place in a source.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The place of these bytes.
    #[must_use]
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            start: range.start,
            end: range.end,
        }
    }

    /// The whole of a line, counted from 1, less the blanks around it.
    #[must_use]
    pub fn line_of(source: &Arc<Source>, line: usize) -> Self {
        let mut start = 0;
        for (index, text) in source.text.split_inclusive('\n').enumerate() {
            if index + 1 == line {
                let trimmed = text.trim();
                let lead = text.len() - text.trim_start().len();
                return Self::new(source, start + lead..start + lead + trimmed.len());
            }
            start += text.len();
        }
        Self::new(source, start..start)
    }

    /// Line and column of the first byte, both counted from 1, the column in characters.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self
            .source
            .text
            .get(..self.start)
            .unwrap_or(&self.source.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_and_column();
        write!(f, "{}:{line}:{column}", self.source.name)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (line, column) = self.line_and_column();
        let mut fields = serializer.serialize_struct("Span", 3)?;
        fields.serialize_field("file", &self.source.name)?;
        fields.serialize_field("line", &line)?;
        fields.serialize_field("column", &column)?;
        fields.end()
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The run can't go on.
    Error,
    /// Worth knowing.
    Warning,
}

/// A place and what is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// A short phrase; may be empty.
    pub text: String,
}

/// One problem: what is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable name where there is one, such as a rule's id `WT-ELB-001`.
    pub code: Option<String>,
    /// One sentence that says what is wrong, without a full stop.
    pub message: String,
    /// Places, the most important (in the user's own file) first.
    pub labels: Vec<Label>,
    /// What to do next, each a sentence.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: None,
            message: message.into(),
            labels: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// A warning without a place yet.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// The same with a code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// The candidate nearest to what was written, if one is near enough to be meant.
pub fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(3))
        .min()
        .map(|(_, candidate)| candidate)
}
