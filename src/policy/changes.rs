//! What differs between two policies, statement by statement.
//!
//! Statements are known by their `Sid`, which is unique in a document (IAM User Guide, "IAM
//! JSON policy elements: Sid"); one without a `Sid`, by its place.
//!
//! *Invariant*: two documents without a change here, and with the same members beside their
//! statements, are equal.

use std::collections::BTreeMap;

use super::{normal, one_or_many};
use crate::value::Value;

/// A statement that only one of two documents has, or that they have differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// How to speak of it: `statement PublicRead`, `statement 2 (no Sid)`.
    pub label: String,
    /// What the first document has; none where it is added.
    pub before: Option<&'a Value>,
    /// What the second one has; none where it is removed.
    pub after: Option<&'a Value>,
}

/// An element that differs between two statements: its name, and either side.
pub type Element<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

impl<'a> Change<'a> {
    /// `added`, `removed` or `changed`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.before, self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }

    /// Its `Sid`, where it has one.
    #[must_use]
    pub fn sid(&self) -> Option<&'a str> {
        self.before.or(self.after).and_then(sid)
    }

    /// The elements that differ, in order of name; all that there are, where one side is
    /// missing.
    #[must_use]
    pub fn elements(&self) -> Vec<Element<'a>> {
        members(self.before, self.after)
    }
}

/// The statements that differ, those that are removed or changed in the order of the first
/// document, then those that are added in the order of the second. None where one of the two
/// is no document with statements.
#[must_use]
pub fn changes<'a>(before: &'a Value, after: &'a Value) -> Option<Vec<Change<'a>>> {
    let (old, new) = (statements(before)?, statements(after)?);
    let mut left: Vec<&One<'_>> = new
        .iter()
        .filter(|one| !old.iter().any(|other| other.form == one.form))
        .collect();
    let mut found = Vec::new();
    for one in &old {
        if new.iter().any(|other| other.form == one.form) {
            continue;
        }
        let successor = left.iter().position(|other| match (one.sid, other.sid) {
            (None, None) => one.place == other.place,
            (sid, other) => sid == other,
        });
        let successor = successor.map(|index| left.remove(index));
        found.push(Change {
            label: one.label(),
            before: Some(one.whole),
            after: successor.map(|one| one.whole),
        });
    }
    found.extend(left.into_iter().map(|one| Change {
        label: one.label(),
        before: None,
        after: Some(one.whole),
    }));
    Some(found)
}

/// The same for programs: the name of each statement, and what becomes of it.
#[must_use]
pub fn named(before: &Value, after: &Value) -> Option<serde_json::Value> {
    let told = changes(before, after)?.into_iter().map(|change| {
        serde_json::json!({
            "statement": change.label,
            "sid": change.sid(),
            "change": change.word(),
        })
    });
    Some(told.collect())
}

/// What else differs between two documents: `Version`, `Id`.
#[must_use]
pub fn beside<'a>(before: &'a Value, after: &'a Value) -> Vec<Element<'a>> {
    let mut found = members(Some(before), Some(after));
    found.retain(|(name, ..)| *name != "Statement");
    found
}

struct One<'a> {
    sid: Option<&'a str>,
    /// Its place among all, from 1.
    place: usize,
    form: Value,
    whole: &'a Value,
}

impl One<'_> {
    fn label(&self) -> String {
        match self.sid {
            Some(sid) => format!("statement {sid}"),
            None => format!("statement {} (no Sid)", self.place),
        }
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").as_str().filter(|sid| !sid.is_empty())
}

fn statements(document: &Value) -> Option<Vec<One<'_>>> {
    let statements = one_or_many(document.as_map()?.get("Statement")?);
    let all = statements.into_iter().zip(1..);
    Some(all.map(|(whole, place)| One::of(whole, place)).collect())
}

impl<'a> One<'a> {
    fn of(whole: &'a Value, place: usize) -> Self {
        Self {
            sid: sid(whole),
            place,
            form: normal::statement(whole),
            whole,
        }
    }
}

fn members<'a>(before: Option<&'a Value>, after: Option<&'a Value>) -> Vec<Element<'a>> {
    let mut all: BTreeMap<&str, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
    for (name, value) in before.and_then(Value::as_map).into_iter().flatten() {
        all.entry(name).or_default().0 = Some(value);
    }
    for (name, value) in after.and_then(Value::as_map).into_iter().flatten() {
        all.entry(name).or_default().1 = Some(value);
    }
    let differs = |name: &str, before: Option<&Value>, after: Option<&Value>| {
        let form = |value: Option<&Value>| normal::element(name, value?);
        form(before) != form(after)
    };
    all.into_iter()
        .filter(|(name, (before, after))| differs(name, *before, *after))
        .map(|(name, (before, after))| (name, before, after))
        .collect()
}
