//! What stands otherwise than it was applied last.
//!
//! In: the state's records, what was observed of them, and the spec as far as it could be
//! expanded. Out: [`Drift`]: what was changed, deleted or added by others, field by field;
//! and, where CloudTrail tells, by whom and when.
//!
//! What the spec wants and was never applied is no drift: a plan shows that. Where the spec
//! says by now what stands, there is none either: it was accepted. Tags of others and what
//! the spec leaves to others are theirs.
//!
//! *Invariant*: a record is held against what stands, and nothing is changed.

mod who;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

pub use who::{tell, tell_makers};

use crate::address::Address;
use crate::aws::trail::Answer;
use crate::diff;
use crate::kind::Kind;
use crate::policy::changes;
use crate::refresh::{Child, Known, Observed};
use crate::resource::{Desired, Id, Resource};
use crate::state::{Document, Record, Status};
use crate::value::{Attributes, Value};

/// Everything that others changed.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// The application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// The spec's region.
    pub region: String,
    /// The account that was looked at.
    pub account: String,
    /// What differs, in order of address.
    pub things: Vec<Thing>,
    /// How many stand as they were applied.
    pub unchanged: usize,
    /// Sentences worth knowing.
    pub notes: Vec<String>,
}

/// One thing that others changed, deleted or made.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Its address; for what was made by hand, its parent's.
    pub address: Address,
    /// Kind of the thing itself.
    pub kind: &'static str,
    /// What AWS calls it.
    pub id: Id,
    /// What became of it.
    pub what: What,
    /// Each field that differs; of what was made by hand, what it is.
    pub fields: Vec<Field>,
    /// Who deleted or made it; of what was changed, each field says.
    pub who: Option<Answer>,
    /// What was applied; of what was made by hand, nothing.
    pub applied: Attributes,
    /// What is there now; nothing where it is gone.
    pub live: Attributes,
}

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It stands, and is another.
    Changed,
    /// It is gone.
    Deleted,
    /// It stands under a parent of ours, and nothing of ours names it.
    MadeByHand,
}

/// An attribute that is not what was applied.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its path, `idle_timeout` or `tags.owner`.
    pub path: String,
    /// What was applied; null for what was made by hand.
    pub applied: Value,
    /// What is there now.
    pub live: Value,
    /// Who changed it.
    pub who: Option<Answer>,
}

impl Drift {
    /// Whether everything stands as it was applied.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// How many things this became of.
    #[must_use]
    pub fn count(&self, what: What) -> usize {
        self.things.iter().filter(|one| one.what == what).count()
    }
}

impl Thing {
    /// The name under which people see it, as in a plan.
    #[must_use]
    pub fn label(&self) -> String {
        match self.what {
            What::MadeByHand => format!("{}/{}", self.address, self.id.text),
            _ => self.address.to_string(),
        }
    }
}

/// Holds what is recorded against what was observed. `desired` is the spec, as far as it
/// could be expanded.
#[must_use]
pub fn find(desired: &Desired, document: &Document, observed: &Observed, account: &str) -> Drift {
    let mut drift = Drift {
        app: document.app.clone(),
        environment: document.environment.clone(),
        region: desired.region.clone(),
        account: account.to_owned(),
        ..Drift::default()
    };
    let mut unfinished = 0;
    let mut accepted = 0;
    for record in &document.records {
        let Some(kind) = Kind::of(&record.address.kind) else {
            continue;
        };
        let (Status::Applied, Some(id)) = (record.status, &record.id) else {
            unfinished += 1;
            continue;
        };
        let thing = |what, fields, live| Thing {
            address: record.address.clone(),
            kind: kind.name,
            id: id.clone(),
            what,
            fields,
            who: None,
            applied: record.attributes.clone(),
            live,
        };
        let Some(seen) = observed.resources.get(&record.address) else {
            let gone = thing(What::Deleted, Vec::new(), Attributes::new());
            drift.things.push(gone);
            continue;
        };
        let wanted = desired.resources.get(&record.address);
        let mut fields = fields(kind, record, wanted, &seen.attributes);
        let before = fields.len();
        if let Some(wanted) = wanted {
            let differs = differing(kind, wanted, &seen.attributes);
            fields.retain(|field| differs.iter().any(|path| overlap(path, &field.path)));
        }
        accepted += before - fields.len();
        if fields.is_empty() {
            drift.unchanged += 1;
        } else {
            let live = seen.attributes.clone();
            drift.things.push(thing(What::Changed, fields, live));
        }
    }
    let by_hand = observed.children.iter();
    drift.things.extend(by_hand.map(made_by_hand));
    drift.things.sort_by(|a, b| {
        let key = |thing: &Thing| (thing.address.clone(), thing.what == What::MadeByHand);
        key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
    });
    drift.notes = notes(unfinished, accepted);
    if document.records.is_empty() {
        drift.notes.push(
            "nothing is recorded that could have changed: `watertight plan` looks for what stands"
                .to_owned(),
        );
    }
    drift
}

fn notes(unfinished: usize, accepted: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if unfinished > 0 {
        notes.push(format!(
            "{unfinished} recorded {} not complete, so that nothing can be said of {}: `watertight apply` goes on",
            if unfinished == 1 { "thing is" } else { "things are" },
            if unfinished == 1 { "it" } else { "them" },
        ));
    }
    if accepted > 0 {
        notes.push(format!(
            "{accepted} changed {} what the spec says now, and count as accepted",
            if accepted == 1 {
                "field is"
            } else {
                "fields are"
            },
        ));
    }
    notes
}

/// What differs from what was applied, less what the spec leaves to others.
fn fields(
    kind: &'static Kind,
    record: &Record,
    wanted: Option<&Resource>,
    live: &Attributes,
) -> Vec<Field> {
    let applied = Resource {
        ignored: wanted.map_or_else(BTreeMap::new, |wanted| wanted.ignored.clone()),
        ..Resource::plain(
            record.address.clone(),
            record.region.clone(),
            record.attributes.clone(),
        )
    };
    diff::differences(kind, &applied, &Known::default(), live)
        .into_iter()
        .map(|field| Field {
            path: field.path,
            applied: field.after,
            live: field.before,
            who: None,
        })
        .collect()
}

/// The paths in which what stands is not what the spec wants. What the spec says by a
/// reference is taken to differ.
fn differing(kind: &'static Kind, wanted: &Resource, live: &Attributes) -> Vec<String> {
    let fields = diff::differences(kind, wanted, &Known::default(), live);
    let dropped = live
        .get("tags")
        .and_then(Value::as_map)
        .into_iter()
        .flatten()
        .filter(|(key, _)| {
            wanted
                .get("tags")
                .as_map()
                .is_none_or(|tags| !tags.contains_key(*key))
        })
        .map(|(key, _)| format!("tags.{key}"));
    fields
        .into_iter()
        .map(|field| field.path)
        .chain(dropped)
        .collect()
}

/// Whether one path is the other, or lies in it.
fn overlap(a: &str, b: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    within(a, b) || within(b, a)
}

fn made_by_hand(child: &Child) -> Thing {
    let schema = Kind::of(child.kind).map(Kind::schema);
    let is_given = |name: &str| {
        schema
            .and_then(|schema| schema.attribute(name))
            .is_some_and(|attribute| attribute.optional || attribute.required)
            || schema.is_some_and(|schema| schema.block(name).is_some())
    };
    let fields = child
        .attributes
        .iter()
        .filter(|(name, value)| !is_nothing(value) && is_given(name))
        .map(|(name, value)| Field {
            path: name.clone(),
            applied: Value::Null,
            live: value.clone(),
            who: None,
        })
        .collect();
    Thing {
        address: child.parent.clone(),
        kind: child.kind,
        id: child.id.clone(),
        what: What::MadeByHand,
        fields,
        who: None,
        applied: Attributes::new(),
        live: child.attributes.clone(),
    }
}

/// Whether a value says nothing: no tags, no description.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}

/// The whole for programs.
#[must_use]
pub fn to_json(drift: &Drift) -> serde_json::Value {
    let who = |who: &Option<Answer>| match who {
        Some(Answer::Made(event)) => json!({ "event": event }),
        Some(Answer::With(parent)) => json!({ "with": parent }),
        Some(Answer::Untold(why)) => json!({ "untold": why }),
        None => serde_json::Value::Null,
    };
    let things: Vec<serde_json::Value> = drift
        .things
        .iter()
        .map(|thing| {
            let fields: Vec<serde_json::Value> = thing
                .fields
                .iter()
                .map(|field| {
                    let mut json = json!({
                        "path": field.path,
                        "applied": field.applied.to_json(),
                        "live": field.live.to_json(),
                        "who": who(&field.who),
                    });
                    if let Some(named) = changes::named(&field.applied, &field.live) {
                        json["statements"] = named;
                    }
                    json
                })
                .collect();
            json!({
                "address": thing.address,
                "kind": thing.kind,
                "id": thing.id,
                "drift": thing.what,
                "who": who(&thing.who),
                "fields": fields,
            })
        })
        .collect();
    json!({
        "format_version": "1.0",
        "app": drift.app,
        "environment": drift.environment,
        "region": drift.region,
        "account": drift.account,
        "drift": things,
        "unchanged": drift.unchanged,
        "notes": drift.notes,
    })
}
