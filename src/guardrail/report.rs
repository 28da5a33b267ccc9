//! What a rule says, and where it puts it.
//!
//! *Invariant*: of what holds no more than the address is kept, and nothing else goes without
//! a finding.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::rule::Rule;
use super::scope::Scope;
use crate::address::{Address, Mode};
use crate::resource::{Lookup, Origin, Resource};
use crate::value::{Reference, Value};

/// A value as a message shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Reference(reference) => reference.to_string(),
        other => other
            .scalar_text()
            .unwrap_or_else(|| other.to_json().to_string()),
    }
}

/// What a rule says of one resource or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// As it must be.
    Holds,
    /// Not so; what it does instead.
    Fails(String),
    /// Not to be judged.
    Unknown {
        /// What would have to be known.
        what: String,
        /// What it hangs on.
        value: Value,
    },
}

impl Verdict {
    /// Judges one value. `holds` must be true only if it is so whatever the unknown parts
    /// of the value turn out to be.
    pub(super) fn of(
        what: &str,
        value: &Value,
        holds: impl FnOnce(&Value) -> bool,
        message: impl FnOnce(&Value) -> String,
    ) -> Self {
        if holds(value) {
            Self::Holds
        } else if value.is_unknown() {
            Self::unknown(what, value)
        } else {
            Self::Fails(message(value))
        }
    }

    pub(super) fn fails(message: impl Into<String>) -> Self {
        Self::Fails(message.into())
    }

    pub(super) fn unknown(what: &str, value: &Value) -> Self {
        Self::Unknown {
            what: what.to_owned(),
            value: value.clone(),
        }
    }

    /// What a lookup will tell.
    pub(super) fn awaited(what: &str, lookup: &Lookup) -> Self {
        let answer = Reference::to(lookup.address.clone(), "id");
        Self::unknown(what, &Value::Reference(answer))
    }

    /// All of them: the first that fails, else the first that is unknown.
    pub(super) fn all(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut all = Self::Holds;
        for verdict in verdicts {
            match verdict {
                Self::Fails(_) => return verdict,
                Self::Unknown { .. } if all == Self::Holds => all = verdict,
                _ => {}
            }
        }
        all
    }

    /// One of them is enough: the first that holds, else the first that is unknown, else
    /// the first.
    pub(super) fn any(verdicts: impl IntoIterator<Item = Verdict>) -> Option<Self> {
        let mut any = None;
        for verdict in verdicts {
            match (&verdict, &any) {
                (Self::Holds, _) => return Some(verdict),
                (_, None) | (Self::Unknown { .. }, Some(Self::Fails(_))) => any = Some(verdict),
                _ => {}
            }
        }
        any
    }
}

/// Where a rule puts what it finds.
pub(super) struct Report {
    rule: &'static Rule,
    /// Whether a lookup may still tell.
    waits: bool,
    findings: Vec<Finding>,
    /// Of what something was found to hold, where somebody asks for it.
    held: Option<BTreeSet<Address>>,
}

impl Report {
    pub(super) fn new(rule: &'static Rule, scope: &Scope<'_>) -> Self {
        Self {
            rule,
            waits: scope.waits(),
            findings: Vec::new(),
            held: None,
        }
    }

    /// The resources of which a rule finds something to hold, and nothing not to.
    pub(super) fn satisfied(rule: &'static Rule, scope: &Scope<'_>) -> BTreeSet<Address> {
        let mut report = Self::new(rule, scope);
        report.held = Some(BTreeSet::new());
        (rule.check)(scope, &mut report);
        let mut held = report.held.unwrap_or_default();
        for finding in &report.findings {
            held.remove(&finding.address);
        }
        held
    }

    pub(super) fn findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Takes a verdict about an attribute of a resource (`""` for the whole).
    pub(super) fn judge(&mut self, resource: &Resource, attribute: &str, verdict: Verdict) {
        match verdict {
            Verdict::Holds => {
                if let Some(held) = &mut self.held {
                    held.insert(resource.address.clone());
                }
            }
            Verdict::Fails(message) => self.push(resource, attribute, message, false, None),
            Verdict::Unknown { what, value } => {
                let (from, lookups_only) = hangs_on(&value);
                let awaits = from.clone().filter(|_| self.waits && lookups_only);
                let why = match from {
                    Some(from) if lookups_only => format!("hangs on the lookup {from}"),
                    Some(from) => format!("hangs on {from}, which is known only after apply"),
                    None if value.is_unknown() => "is known only after apply".to_owned(),
                    None => format!("is {}, which is not described here", shown(&value)),
                };
                let message = format!("can't be judged: {what} {why}");
                self.push(resource, attribute, message, true, awaits);
            }
        }
    }

    /// Takes a verdict about what the spec leaves to others: it points at that line.
    pub(super) fn judge_ignored(&mut self, resource: &Resource, path: &str, verdict: Verdict) {
        let before = self.findings.len();
        self.judge(resource, path, verdict);
        for finding in &mut self.findings[before..] {
            if let Some(span) = resource.ignored.get(path) {
                finding.origin.spec = Some(span.clone());
            }
        }
    }

    /// Judges the value at a path of a resource.
    pub(super) fn demand<'a>(
        &mut self,
        scope: &Scope<'a>,
        resource: &'a Resource,
        path: &str,
        holds: impl FnOnce(&Value) -> bool,
        message: impl FnOnce(&Value) -> String,
    ) {
        let value = scope.read(resource, path);
        let attribute = path.split('.').next().unwrap_or(path);
        let verdict = Verdict::of(path, &value, holds, message);
        self.judge(resource, attribute, verdict);
    }

    fn push(
        &mut self,
        resource: &Resource,
        attribute: &str,
        message: String,
        unknown: bool,
        awaits: Option<Reference>,
    ) {
        let at = resource.origin_of(attribute);
        let whole = &resource.origin;
        self.findings.push(Finding {
            rule: self.rule.id,
            severity: self.rule.severity,
            address: resource.address.clone(),
            message,
            fix: self.rule.fix,
            origin: Origin {
                spec: at.spec.clone().or_else(|| whole.spec.clone()),
                blueprint: at.blueprint.clone().or_else(|| whole.blueprint.clone()),
            },
            unknown,
            awaits,
            waived: None,
            ended: None,
        });
    }
}

/// What a value hangs on: a reference, and whether lookups alone will tell.
fn hangs_on(value: &Value) -> (Option<Reference>, bool) {
    let mut references: BTreeSet<Reference> = BTreeSet::new();
    collect(value, &mut references);
    let after_apply = references
        .iter()
        .find(|reference| reference.target.mode == Mode::Managed)
        .cloned();
    match after_apply {
        Some(reference) => (Some(reference), false),
        None => (references.pop_first(), true),
    }
}

fn collect(value: &Value, references: &mut BTreeSet<Reference>) {
    match value {
        Value::Unknown { from } => references.extend(from.clone()),
        Value::List(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Map(entries) => entries.values().for_each(|item| collect(item, references)),
        other => {
            let mut found = Vec::new();
            other.references(&mut found);
            references.extend(found.into_iter().cloned());
        }
    }
}
