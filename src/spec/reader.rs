//! Taking values out of a TOML table one by one, each with its place and its type.
//!
//! *Invariant*: a problem is noted and the reading goes on; nothing here fails.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::Written;
use super::form::Misfit;
use crate::diagnostic::{Diagnostic, Source, Span, did_you_mean};

/// The file, and what was found wrong with it so far.
pub(super) struct Reader {
    source: Arc<Source>,
    /// The problems, in the order of finding.
    pub(super) problems: Vec<Diagnostic>,
}

impl Reader {
    /// Nothing found yet.
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            problems: Vec::new(),
        }
    }

    /// The file.
    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The place of a key or a value.
    pub(super) fn span<T>(&self, spanned: &Spanned<T>) -> Span {
        Span::new(&self.source, spanned.span())
    }

    /// Notes an error and goes on.
    pub(super) fn error(
        &mut self,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let hint = hint.into();
        let diagnostic = Diagnostic::error(message).at(span, label);
        self.problems.push(if hint.is_empty() {
            diagnostic
        } else {
            diagnostic.hint(hint)
        });
    }

    /// Notes those of another reading that are not noted yet.
    pub(super) fn also(&mut self, more: Vec<Diagnostic>) {
        for problem in more {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// Notes that a text has not the form that it should have.
    pub(super) fn misfit(&mut self, misfit: Misfit, span: Span) {
        self.error(misfit.message, span, "", misfit.hint);
    }

    /// Notes that a value has another type.
    fn wrong_type(&mut self, what: &str, wanted: &str, value: &Spanned<DeValue<'_>>, hint: &str) {
        let found = type_of(value.get_ref());
        let span = self.span(value);
        self.error(
            format!("{what} must be {wanted}"),
            span,
            format!("this is {found}"),
            hint,
        );
    }

    /// The value as text.
    pub(super) fn text(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Written<String>> {
        let Some(text) = value.get_ref().as_str() else {
            let raw = self.source.text.get(value.span()).unwrap_or_default();
            let hint = match value.get_ref() {
                DeValue::Array(_) | DeValue::Table(_) => String::new(),
                _ => format!("Write it in quotes: `{key} = \"{raw}\"`."),
            };
            self.wrong_type(&format!("`{key}`"), "text", value, &hint);
            return None;
        };
        Some(Written {
            value: text.to_owned(),
            span: self.span(value),
        })
    }

    /// The value as text of a form.
    pub(super) fn text_of(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        form: impl Fn(&str) -> Result<(), Misfit>,
    ) -> Option<Written<String>> {
        let text = self.text(key, value)?;
        match form(&text.value) {
            Ok(()) => Some(text),
            Err(misfit) => {
                self.misfit(misfit, text.span);
                None
            }
        }
    }

    /// The value as a truth value.
    pub(super) fn bool(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            let hint = match value.get_ref().as_str() {
                Some(text @ ("true" | "false")) => {
                    format!("Write it without quotes: `{key} = {text}`.")
                }
                _ => format!("Write `{key} = true` or `{key} = false`."),
            };
            self.wrong_type(&format!("`{key}`"), "true or false", value, &hint);
        }
        truth
    }

    /// The value as a day.
    pub(super) fn date(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<jiff::civil::Date> {
        let date = match value.get_ref() {
            DeValue::Datetime(written) if written.time.is_none() && written.offset.is_none() => {
                written.date.and_then(|date| {
                    jiff::civil::Date::new(
                        i16::try_from(date.year).ok()?,
                        i8::try_from(date.month).ok()?,
                        i8::try_from(date.day).ok()?,
                    )
                    .ok()
                })
            }
            _ => None,
        };
        if date.is_none() {
            let hint = match value.get_ref().as_str() {
                Some(text) if text.parse::<jiff::civil::Date>().is_ok() => {
                    format!("Write it without quotes: `{key} = {text}`.")
                }
                _ => format!("Write a day such as `{key} = 2027-01-31`."),
            };
            self.wrong_type(&format!("`{key}`"), "a date", value, &hint);
        }
        date
    }

    /// The value as a table; `what` it is of, and `example` is how one is written.
    pub(super) fn table<'a, 'i>(
        &mut self,
        what: &str,
        value: &'a Spanned<DeValue<'i>>,
        example: &str,
    ) -> Option<&'a DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let hint = format!("Write `{example}` on a line of its own, and its keys below.");
            self.wrong_type(what, "a table", value, &hint);
        }
        table
    }

    /// The value as a list; `example` is how one of its tables is written.
    pub(super) fn list<'a, 'i>(
        &mut self,
        key: &str,
        value: &'a Spanned<DeValue<'i>>,
        example: &str,
    ) -> Option<&'a DeArray<'i>> {
        let list = value.get_ref().as_array();
        if list.is_none() {
            let hint = format!("Write `{example}` above each of them.");
            self.wrong_type(&format!("`{key}`"), "a list of tables", value, &hint);
        }
        list
    }

    /// Notes every key that the table should not have.
    pub(super) fn unknown_keys(&mut self, owner: &str, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            let written = key.get_ref().as_ref();
            if known.contains(&written) {
                continue;
            }
            let hint = match (did_you_mean(written, known.iter().copied()), known) {
                (Some(meant), _) => format!("Did you mean `{meant}`?"),
                (None, [only]) => format!("Its only key is `{only}`."),
                (None, _) => format!("Its keys are {}.", listed(known)),
            };
            let span = self.span(key);
            self.error(format!("{owner} has no key `{written}`"), span, "", hint);
        }
    }

    /// Notes that a key is missing.
    pub(super) fn missing(&mut self, owner: &str, key: &str, span: Span, hint: &str) {
        self.error(format!("{owner} has no `{key}`"), span, "", hint);
    }
}

/// The unknown key of the table that was surely meant for this one, so that to call this
/// one missing would say the same twice.
pub(super) fn misspelt<'a, 'i>(
    key: &str,
    table: &'a DeTable<'i>,
    known: &[&str],
) -> Option<&'a Spanned<DeString<'i>>> {
    table.keys().find(|written| {
        let written = written.get_ref().as_ref();
        !known.contains(&written) && did_you_mean(written, known.iter().copied()) == Some(key)
    })
}

/// `a, b and c`, each in backquotes.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The type in the words of the messages.
pub(super) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(written) => match (written.date, written.time) {
            (Some(_), None) => "a date",
            (None, _) => "a time",
            (Some(_), Some(_)) => "a date with a time",
        },
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
