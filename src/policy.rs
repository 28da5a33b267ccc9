//! JSON policy documents, as AWS reads them.
//!
//! In: documents as [`Value::Map`]s. Out: whether two are the same to AWS ([`equal`]), and
//! their [`statements`] in one form, for those who judge them.
//!
//! The grammar: IAM User Guide, "Grammar of the IAM JSON policy language". Element values
//! are a text or a list of texts, `"*"` and `{"AWS": "*"}` are the same principal, an
//! account's number stands for its root user, and neither actions nor condition keys have
//! a case.
//!
//! *Invariant*: pure. Two documents that AWS holds for the same are equal here; what is not
//! understood is never equal to anything but itself.

pub mod changes;
mod delivery;
mod normal;

use crate::value::Value;

pub use delivery::receives_logs;

/// Whether AWS holds the two documents for the same.
///
/// The order of statements and of elements doesn't count, nor does a list around a single
/// element, nor whether `false` or `1.2` is written as text.
#[must_use]
pub fn equal(wanted: &Value, live: &Value) -> bool {
    normal::document(wanted) == normal::document(live)
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement<'a> {
    /// Its `Sid`, where it has one.
    pub sid: Option<&'a str>,
    /// `Allow` or `Deny`, if it is text.
    pub effect: Option<&'a str>,
    /// Whom it is about.
    pub principals: Principals<'a>,
    /// `Action`, or all but these with `NotAction`.
    pub actions: Elements<'a>,
    /// `Resource`, or all but these with `NotResource`.
    pub resources: Elements<'a>,
    /// All of these must hold.
    pub conditions: Vec<Condition<'a>>,
    /// The statement itself.
    pub whole: &'a Value,
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Principals<'a> {
    /// `"*"`, `{"AWS": "*"}`, or a list in which one of them stands.
    Everyone,
    /// These, each with its type (`AWS`, `Service`...; none for bare text).
    Only(Vec<(&'a str, &'a Value)>),
    /// `NotPrincipal`, or nothing that can be read.
    Other,
}

/// The values of an element and of its opposite.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements<'a> {
    /// These.
    Only(Vec<&'a Value>),
    /// All but these (`NotAction`, `NotResource`).
    AllBut(Vec<&'a Value>),
}

/// One test of a statement's condition: a key against values, any of which may match.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<'a> {
    /// `Bool`, `StringEquals`...
    pub operator: &'a str,
    /// The key in lower case, `aws:securetransport`.
    pub key: String,
    /// What it is held against.
    pub values: Vec<&'a Value>,
}

/// The statements of a document, in order. A single one may stand without its list.
#[must_use]
pub fn statements(policy: &Value) -> Vec<Statement<'_>> {
    one_or_many(policy.get("Statement"))
        .into_iter()
        .map(statement)
        .collect()
}

/// The elements of a list, or the one element that stands for such a list.
#[must_use]
pub fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::List(items) => items.iter().collect(),
        other => vec![other],
    }
}

/// Whether text matches a pattern in which `*` stands for any text and `?` for one
/// character, as in actions and resources.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Where to go on if what follows the last star does not fit.
    let mut retry: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, read));
                at += 1;
            }
            Some(&expected) if expected == '?' || expected == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match retry {
                Some((after_star, from)) => {
                    at = after_star;
                    read = from + 1;
                    retry = Some((after_star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

impl Statement<'_> {
    /// How to speak of it: by its `Sid`, or as "a statement without a Sid".
    #[must_use]
    pub fn label(&self) -> String {
        match self.sid {
            Some(sid) if !sid.is_empty() => format!("statement {sid}"),
            _ => "a statement without a Sid".to_owned(),
        }
    }

    /// Whether it is about the action, in whatever case, by its name or a pattern. An
    /// element that is not text matches nothing.
    #[must_use]
    pub fn has_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let among = |patterns: &[&Value]| {
            patterns
                .iter()
                .filter_map(|pattern| pattern.as_str())
                .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
        };
        match &self.actions {
            Elements::Only(patterns) => among(patterns),
            Elements::AllBut(patterns) => !among(patterns),
        }
    }

    /// The principals of the type `Service`.
    pub fn services(&self) -> impl Iterator<Item = &Value> {
        let principals = match &self.principals {
            Principals::Only(principals) => principals.as_slice(),
            _ => &[],
        };
        principals
            .iter()
            .filter(|(of, _)| *of == "Service")
            .map(|(_, principal)| *principal)
    }
}

fn statement(whole: &Value) -> Statement<'_> {
    Statement {
        sid: whole.get("Sid").as_str(),
        effect: whole.get("Effect").as_str(),
        principals: principals(whole),
        actions: elements(whole, "Action", "NotAction"),
        resources: elements(whole, "Resource", "NotResource"),
        conditions: conditions(whole.get("Condition")),
        whole,
    }
}

fn elements<'a>(whole: &'a Value, name: &str, opposite: &str) -> Elements<'a> {
    match whole.get(opposite) {
        Value::Null => Elements::Only(one_or_many(whole.get(name))),
        but => Elements::AllBut(one_or_many(but)),
    }
}

fn principals(whole: &Value) -> Principals<'_> {
    if !whole.get("NotPrincipal").is_null() {
        return Principals::Other;
    }
    let everyone = |value: &Value| value.as_str() == Some("*");
    match whole.get("Principal") {
        Value::Map(by_type) => {
            let all: Vec<(&str, &Value)> = by_type
                .iter()
                .flat_map(|(of, values)| {
                    one_or_many(values)
                        .into_iter()
                        .map(move |value| (of.as_str(), value))
                })
                .collect();
            if all
                .iter()
                .any(|(of, value)| *of == "AWS" && everyone(value))
            {
                Principals::Everyone
            } else {
                Principals::Only(all)
            }
        }
        Value::Null => Principals::Other,
        other => {
            let all = one_or_many(other);
            if all.iter().any(|value| everyone(value)) {
                Principals::Everyone
            } else {
                Principals::Only(all.into_iter().map(|value| ("", value)).collect())
            }
        }
    }
}

fn conditions(condition: &Value) -> Vec<Condition<'_>> {
    match condition {
        Value::Map(operators) => operators
            .iter()
            .flat_map(|(operator, keys)| match keys {
                Value::Map(keys) => keys
                    .iter()
                    .map(|(key, values)| Condition {
                        operator,
                        key: key.to_ascii_lowercase(),
                        values: one_or_many(values),
                    })
                    .collect(),
                other => vec![unreadable(operator, other)],
            })
            .collect(),
        Value::Null => Vec::new(),
        other => vec![unreadable("", other)],
    }
}

/// A condition that is no table: kept, so that nobody takes the statement for one without.
fn unreadable<'a>(operator: &'a str, value: &'a Value) -> Condition<'a> {
    Condition {
        operator,
        key: String::new(),
        values: vec![value],
    }
}

#[cfg(test)]
mod tests;
