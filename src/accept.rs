//! What others changed, written into the spec.
//!
//! In: a spec's text and the drift. Out: [`Accepted`]: the text that says what stands, as far
//! as it can, and the rest with the reason. A field goes into the input that it comes from,
//! where changing that changes this field and nothing else; or else into an override. What
//! was made by hand becomes an addition. Where the spec has environments, all of it goes into
//! the table of this one.
//!
//! *Invariant*: each change is tried before it is kept: the spec with it expands, changes
//! just what it is to change, and is approved by the guardrails.

pub(crate) mod edit;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use edit::{Edit, refer, to_toml};

use crate::address::Address;
use crate::blueprint::Library;
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::diff::{self, value_at};
use crate::drift::{Drift, Field, Thing, What};
use crate::kind::Kind;
use crate::kind::schema::Nesting;
use crate::pipeline::{self, Stop};
use crate::refresh::Known;
use crate::resource::{Desired, Resource};
use crate::spec::{self, Input, Spec};
use crate::state::{Document, Status};
use crate::value::Value;

/// The spec that says what stands.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its text.
    pub text: String,
    /// What was written, and where.
    pub written: Vec<Line>,
    /// What was not, and why.
    pub left: Vec<Line>,
}

/// One change of somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `web.aws_lb.main.idle_timeout`.
    pub what: String,
    /// The key in the spec, or the reason.
    pub told: String,
}

/// Writes what it can of the drift from a document into a spec. `chosen` says by its label which
/// things.
///
/// # Errors
/// The spec, as it is, can't be expanded or is refused.
pub fn write(
    source: &Arc<Source>,
    environment: Option<&str>,
    library: &Library,
    today: Date,
    (drift, document): (&Drift, &Document),
    chosen: &dyn Fn(&str) -> bool,
) -> Result<Accepted, Stop> {
    let mut desk = Desk::new(source, environment, library, today)?;
    for thing in drift.things.iter().filter(|thing| chosen(&thing.label())) {
        match thing.what {
            What::Deleted => desk.leave(
                thing.label(),
                "it is gone, and a spec can't say that: take it out of the spec, or let `watertight apply` make it again",
            ),
            What::MadeByHand => desk.add(thing, &references(document, &thing.address.component)),
            What::Changed => thing.fields.iter().for_each(|field| desk.change(thing, field)),
        }
    }
    Ok(desk.accepted)
}

/// The spec as far as it is written.
struct Desk<'a> {
    environment: Option<&'a str>,
    library: &'a Library,
    today: Date,
    source: Arc<Source>,
    spec: Spec,
    desired: Desired,
    /// The keys that lead to where components stand.
    home: Vec<String>,
    accepted: Accepted,
}

/// A spec that was tried.
struct Tried {
    source: Arc<Source>,
    spec: Spec,
    desired: Desired,
}

impl<'a> Desk<'a> {
    fn new(
        source: &Arc<Source>,
        environment: Option<&'a str>,
        library: &'a Library,
        today: Date,
    ) -> Result<Self, Stop> {
        let approved = pipeline::approve(source, environment, library, today)?;
        let parsed = spec::parse(source, environment);
        let spec = parsed.spec.ok_or(Stop::Wrong(parsed.problems))?;
        let desired = approved.desired().clone();
        let has_overlays = source
            .text
            .parse::<toml_edit::DocumentMut>()
            .is_ok_and(|document| document.contains_key("environments"));
        let home = if has_overlays {
            vec!["environments".to_owned(), desired.environment.clone()]
        } else {
            Vec::new()
        };
        Ok(Self {
            environment,
            library,
            today,
            source: Arc::clone(source),
            spec,
            desired,
            home,
            accepted: Accepted {
                text: source.text.clone(),
                written: Vec::new(),
                left: Vec::new(),
            },
        })
    }

    fn leave(&mut self, what: String, why: impl Into<String>) {
        let told = why.into();
        self.accepted.left.push(Line { what, told });
    }

    fn keep(&mut self, what: String, place: String, tried: Tried) {
        let told = place;
        self.accepted.written.push(Line { what, told });
        self.accepted.text.clone_from(&tried.source.text);
        self.source = tried.source;
        self.spec = tried.spec;
        self.desired = tried.desired;
    }

    /// The table of a component, or one in it.
    fn table(&self, component: &str, way: &[&str]) -> Vec<String> {
        let own = ["components", component]
            .into_iter()
            .chain(way.iter().copied());
        self.home
            .iter()
            .cloned()
            .chain(own.map(str::to_owned))
            .collect()
    }

    /// The spec with this written into it, expanded; or why not.
    fn try_out(&self, edits: &[Edit]) -> Result<Tried, String> {
        let text = edit::write(&self.source.text, edits)
            .ok_or("what stands in the spec there has another form; write it by hand")?;
        let source = Arc::new(Source {
            name: self.source.name.clone(),
            text,
        });
        let desired = pipeline::expand(&source, self.environment, self.library)
            .map_err(|problems| first(&problems))?;
        let parsed = spec::parse(&source, self.environment);
        let spec = parsed.spec.ok_or_else(|| first(&parsed.problems))?;
        Ok(Tried {
            source,
            spec,
            desired,
        })
    }

    /// What the guardrails say of it.
    fn judge(&self, tried: &Tried) -> Result<(), String> {
        match pipeline::approve(&tried.source, self.environment, self.library, self.today) {
            Ok(_) => Ok(()),
            Err(Stop::Refused(refusal)) => {
                let findings = refusal.findings.iter().filter(|finding| finding.refuses());
                let said: Vec<String> = findings
                    .map(|finding| {
                        format!("{}: {} {}", finding.rule, finding.address, finding.message)
                    })
                    .collect();
                Err(format!("refused by the guardrails, {}", said.join("; ")))
            }
            Err(stop) => Err(first(&stop.diagnostics())),
        }
    }

    /// A field that others changed.
    fn change(&mut self, thing: &Thing, field: &Field) {
        let what = format!("{}.{}", thing.address, field.path);
        match self.way_of(thing, field) {
            Ok((place, tried)) => self.keep(what, place, tried),
            Err(why) => self.leave(what, why),
        }
    }

    fn way_of(&self, thing: &Thing, field: &Field) -> Result<(String, Tried), String> {
        let Some(resource) = self.desired.resources.get(&thing.address) else {
            return Err("the spec has it no more".to_owned());
        };
        if field.path.starts_with("tags.watertight:") {
            return Err("watertight's own tags are not the spec's".to_owned());
        }
        if field.live.is_null() {
            return Err("a spec can't say that it is not there".to_owned());
        }
        for edit in self.inputs(resource, field) {
            if let Ok(tried) = self.try_out(std::slice::from_ref(&edit))
                && self.changes_just(&tried.desired, thing, field)
            {
                self.judge(&tried)?;
                return Ok((edit.place(), tried));
            }
        }
        let edit = self.as_override(thing, resource, field)?;
        let tried = self.try_out(std::slice::from_ref(&edit))?;
        if !self.changes_just(&tried.desired, thing, field) {
            return Err("an override would change more than this; write it by hand".to_owned());
        }
        self.judge(&tried)?;
        Ok((edit.place(), tried))
    }

    /// The inputs of the component that have the value that was applied, with the live one.
    fn inputs(&self, resource: &Resource, field: &Field) -> Vec<Edit> {
        let name = &resource.address.component;
        let Some(component) = self.spec.components.get(name) else {
            return Vec::new();
        };
        let Some(manifest) = self.library.manifest(&component.blueprint.value) else {
            return Vec::new();
        };
        let Some(live) = to_toml(&field.live, false) else {
            return Vec::new();
        };
        let given = |input: &String| {
            let own = component.inputs.get(input);
            let of_all = || self.spec.defaults.get(input);
            own.or_else(of_all).map(|given| &given.value.value)
        };
        manifest
            .inputs
            .iter()
            .filter(|(input, spec)| {
                let value = given(input).or(spec.default.as_ref());
                value
                    .and_then(plain)
                    .is_some_and(|value| value == field.applied)
            })
            .map(|(input, _)| Edit {
                table: self.table(name, &[]),
                keys: vec![input.clone()],
                value: live.clone(),
            })
            .collect()
    }

    fn as_override(
        &self,
        thing: &Thing,
        resource: &Resource,
        field: &Field,
    ) -> Result<Edit, String> {
        let address = &thing.address;
        let way = if resource.is_added() {
            ["resource", address.kind.as_str(), address.name.as_str()]
        } else {
            ["override", address.kind.as_str(), address.name.as_str()]
        };
        let (keys, value) = placed(thing, field);
        let mut references = Vec::new();
        value_at(&resource.attributes, &keys.join(".")).references(&mut references);
        if let Some(reference) = references.first() {
            return Err(format!(
                "the blueprint makes it of {reference}, which an override would cut off; write it by hand"
            ));
        }
        Ok(Edit {
            table: self.table(&address.component, &way),
            keys,
            value: to_toml(&value, true).ok_or("TOML has no such value")?,
        })
    }

    /// Whether this makes the field what it is, and changes nothing else.
    fn changes_just(&self, desired: &Desired, thing: &Thing, field: &Field) -> bool {
        let top = field.path.split(['.', '[']).next().unwrap_or(&field.path);
        let same = |old: &Resource, new: &Resource| {
            let is_it = old.address == thing.address;
            old.region == new.region
                && old.attributes.len() == new.attributes.len()
                && old.attributes.iter().all(|(name, value)| {
                    new.attributes.get(name) == Some(value) || (is_it && name == top)
                })
        };
        let others = self.desired.resources.len() == desired.resources.len()
            && asks_the_same(&self.desired, desired)
            && self.desired.resources.iter().all(|(address, old)| {
                let new = desired.resources.get(address);
                new.is_some_and(|new| same(old, new))
            });
        let (Some(kind), Some(old), Some(new)) = (
            Kind::of(thing.kind),
            self.desired.resources.get(&thing.address),
            desired.resources.get(&thing.address),
        ) else {
            return false;
        };
        let differing = |resource: &Resource| {
            let found = diff::differences(kind, resource, &Known::default(), &thing.live);
            found
                .into_iter()
                .map(|field| field.path)
                .collect::<Vec<_>>()
        };
        let left = differing(new);
        // What differs still differed before.
        let before = differing(old);
        others && !left.contains(&field.path) && left.iter().all(|path| before.contains(path))
    }

    /// What was made by hand, as an addition.
    fn add(&mut self, thing: &Thing, references: &BTreeMap<String, String>) {
        let what = thing.label();
        match self.addition(thing, references) {
            Ok((place, tried)) => self.keep(what, place, tried),
            Err(why) => self.leave(what, why),
        }
    }

    /// A name for what has this id that nothing of its kind has in the component: a route's id
    /// ends as those of other routes do.
    fn free_name(&self, component: &str, kind: &Kind, id: &str) -> String {
        let suffix = id.rsplit(['/', '-', ':']).next().unwrap_or_default();
        let mut name = format!("by_hand_{suffix}");
        let mut n = 1;
        let taken = |name: &str| {
            let address = Address::managed(component, kind.name, name);
            self.desired.resources.contains_key(&address)
        };
        while taken(&name) {
            n += 1;
            name = format!("by_hand_{suffix}_{n}");
        }
        name
    }

    fn addition(
        &self,
        thing: &Thing,
        references: &BTreeMap<String, String>,
    ) -> Result<(String, Tried), String> {
        let Some(kind) = Kind::of(thing.kind).filter(|_| !thing.fields.is_empty()) else {
            return Err("a spec has no resource like it".to_owned());
        };
        let parent = &thing.address;
        let name = self.free_name(&parent.component, kind, &thing.id.text);
        let table = self.table(&parent.component, &["resource", kind.name, &name]);
        let edits: Vec<Edit> = thing
            .fields
            .iter()
            .filter(|field| !matches!(field.path.as_str(), "id" | "region"))
            .filter_map(|field| {
                let mut value = to_toml(&field.live, true)?;
                refer(&mut value, references);
                Some(Edit {
                    table: table.clone(),
                    keys: vec![field.path.clone()],
                    value,
                })
            })
            .collect();
        let tried = self.try_out(&edits)?;
        let old = &self.desired.resources;
        let more = tried.desired.resources.len() == old.len() + 1;
        let same = old.iter().all(|(address, resource)| {
            let new = tried.desired.resources.get(address);
            new.is_some_and(|new| new.attributes == resource.attributes)
        });
        if !more || !same {
            return Err("adding it would change more than this; write it by hand".to_owned());
        }
        self.judge(&tried)?;
        let place = Edit {
            table,
            keys: Vec::new(),
            value: true.into(),
        };
        Ok((place.place(), tried))
    }
}

/// What AWS calls the things of a component, and how the component refers to each: who is sent to
/// one of ours goes along when that is replaced. What might be anybody's word is left out.
fn references(document: &Document, component: &str) -> BTreeMap<String, String> {
    let own = document
        .records
        .iter()
        .filter(|record| record.address.component == component && record.status != Status::Deposed);
    own.filter_map(|record| {
        let id = record.id.as_ref()?.text.clone();
        let attribute = if id.starts_with("arn:") {
            "arn"
        } else if Kind::of(&record.address.kind)?.part_of.is_none() && is_made_up(&id) {
            "id"
        } else {
            return None;
        };
        let reference = format!("${{{}.{attribute}}}", record.address.local());
        Some((id, reference))
    })
    .collect()
}

/// Whether an id is one that AWS made up: `sg-0a1b2c3d`.
fn is_made_up(id: &str) -> bool {
    let number = id.rsplit_once('-').map(|(_, number)| number);
    number.is_some_and(|number| {
        number.len() >= 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Whether both look up the same, wherever that is written.
fn asks_the_same(old: &Desired, new: &Desired) -> bool {
    old.lookups.len() == new.lookups.len()
        && old.lookups.iter().all(|(address, old)| {
            let new = new.lookups.get(address);
            new.is_some_and(|new| old.region == new.region && old.arguments == new.arguments)
        })
}

/// Where in an override a field goes, and with which value: by itself where blocks that
/// stand once lead to it, else the whole attribute with it.
fn placed(thing: &Thing, field: &Field) -> (Vec<String>, Value) {
    if let Some(key) = field.path.strip_prefix("tags.") {
        return (vec!["tags".to_owned(), key.to_owned()], field.live.clone());
    }
    let steps: Vec<&str> = field.path.split('.').collect();
    let mut schema = Kind::of(thing.kind).map(Kind::schema);
    let leads = steps.iter().rev().skip(1).rev().all(|step| {
        let block = schema.and_then(|schema| schema.block(step));
        schema = block.map(|block| &block.schema);
        block.is_some_and(|block| block.max == 1 || block.nesting == Nesting::Single)
    });
    if leads {
        let keys = steps.into_iter().map(str::to_owned).collect();
        return (keys, field.live.clone());
    }
    let top = field.path.split(['.', '[']).next().unwrap_or(&field.path);
    let whole = thing.applied.get(top).cloned().unwrap_or_default();
    let rest = field.path[top.len()..].trim_start_matches('.');
    (vec![top.to_owned()], with(whole, rest, &field.live))
}

/// A value with another in it, at a path such as `[1].status`.
fn with(value: Value, path: &str, new: &Value) -> Value {
    if path.is_empty() {
        return new.clone();
    }
    if let Some(rest) = path.strip_prefix('[')
        && let Some((index, rest)) = rest.split_once(']')
        && let Value::List(items) = value
    {
        let wanted: Option<usize> = index.parse().ok();
        let rest = rest.trim_start_matches('.');
        let items = items.into_iter().enumerate().map(|(index, item)| {
            if Some(index) == wanted {
                with(item, rest, new)
            } else {
                item
            }
        });
        return Value::List(items.collect());
    }
    match value {
        Value::List(items) if items.len() == 1 => Value::List(
            items
                .into_iter()
                .map(|item| with(item, path, new))
                .collect(),
        ),
        Value::Map(mut entries) => {
            let end = path.find(['.', '[']).unwrap_or(path.len());
            let (name, rest) = path.split_at(end);
            let old = entries.remove(name).unwrap_or_default();
            let rest = rest.trim_start_matches('.');
            entries.insert(name.to_owned(), with(old, rest, new));
            Value::Map(entries)
        }
        other => other,
    }
}

/// An input's value, where it is one by itself.
fn plain(input: &Input) -> Option<Value> {
    Some(match input {
        Input::Text(text) => Value::text(text),
        Input::Int(number) => Value::Int(*number),
        Input::Float(number) => Value::Float(*number),
        Input::Bool(truth) => Value::Bool(*truth),
        Input::List(items) => {
            let items = items.iter().map(|item| plain(&item.value));
            Value::List(items.collect::<Option<_>>()?)
        }
        Input::Table(_) | Input::From { .. } | Input::Component(_) | Input::Kept { .. } => {
            return None;
        }
    })
}

/// The first error, as a reason.
fn first(problems: &[Diagnostic]) -> String {
    let error = problems
        .iter()
        .find(|problem| problem.severity == Severity::Error);
    error.map_or_else(
        || "the spec would be wrong".to_owned(),
        |problem| format!("the spec would be wrong: {}", problem.message),
    )
}

#[cfg(test)]
mod tests {
    use super::with;
    use crate::value::Value;

    #[test]
    fn a_value_is_put_into_another() {
        let check = |before: &str, path: &str, expected: &str| {
            let value = |json: &str| Value::from_json(&serde_json::from_str(json).unwrap());
            let found = with(value(before), path, &Value::Int(7));
            assert_eq!(found, value(expected), "{path}");
        };
        check("1", "", "7");
        check(
            r#"[{"a": 1}, {"a": 1}]"#,
            "[1].a",
            r#"[{"a": 1}, {"a": 7}]"#,
        );
        check(
            r#"[{"a": [{"b": 1}], "c": 1}]"#,
            "a.b",
            r#"[{"a": [{"b": 7}], "c": 1}]"#,
        );
        check(r#"{"a": 1}"#, "b", r#"{"a": 1, "b": 7}"#);
    }
}
