//! What two environments of a spec have otherwise.
//!
//! In: both as they were read and expanded. Out: a [`Comparison`]: settings, components,
//! resources that only one has, attributes that differ, each with the lines it came from.
//! What must differ is no difference: watertight's own tags, names that it makes, and a
//! blueprint's text in which nothing but the environment's name is another.
//!
//! *Invariant*: pure, and a value that the schema calls sensitive is in no comparison.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::address::Address;
use crate::aws::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG};
use crate::diagnostic::Span;
use crate::kind::Kind;
use crate::kind::schema::Schema;
use crate::resource::{Desired, Resource};
use crate::spec::{Spec, Waiver, Written};
use crate::value::{Attributes, Part, Value};

/// What differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The application.
    pub app: String,
    /// The one environment.
    pub left: String,
    /// The other.
    pub right: String,
    /// Settings of the app, and components with their blueprints.
    pub settings: Vec<Difference>,
    /// Resources that only the one has.
    pub only_left: Vec<Address>,
    /// Resources that only the other has.
    pub only_right: Vec<Address>,
    /// Attributes, in order of address.
    pub attributes: Vec<Difference>,
}

/// One value that is not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The resource; none for a setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The value's path.
    pub path: String,
    /// The one's; none where it has none.
    pub left: Option<serde_json::Value>,
    /// The other's.
    pub right: Option<serde_json::Value>,
    /// Both are left out.
    pub sensitive: bool,
    /// The line of the spec that the one's comes from.
    pub left_at: Option<Span>,
    /// The other's.
    pub right_at: Option<Span>,
}

impl Comparison {
    /// Whether they are the same but for what must differ.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let lists = [&self.settings, &self.attributes];
        let only = [&self.only_left, &self.only_right];
        lists.iter().all(|list| list.is_empty()) && only.iter().all(|list| list.is_empty())
    }
}

/// Holds one environment against another.
#[must_use]
pub fn environments(left: (&Spec, &Desired), right: (&Spec, &Desired)) -> Comparison {
    let (a, b) = (left.1, right.1);
    let only = |one: &Desired, other: &Desired| {
        let addresses = one.resources.keys();
        addresses
            .filter(|address| !other.resources.contains_key(address))
            .cloned()
            .collect()
    };
    let mut attributes = Vec::new();
    for (address, one) in &a.resources {
        if let Some(other) = b.resources.get(address) {
            let pair = Pair {
                one,
                other,
                environments: (&a.environment, &b.environment),
            };
            pair.compare(&mut attributes);
        }
    }
    let settings = settings(left.0, right.0);
    // A tag of the spec is told once, and not for each resource that has it.
    attributes.retain(|difference| {
        let told = settings
            .iter()
            .any(|setting| setting.path == difference.path);
        !told || !difference.path.starts_with("tags.")
    });
    Comparison {
        app: a.app.clone(),
        left: a.environment.clone(),
        right: b.environment.clone(),
        settings,
        only_left: only(a, b),
        only_right: only(b, a),
        attributes,
    }
}

/// A value of the spec and its line.
type Setting<'a> = (serde_json::Value, Option<&'a Span>);

fn settings(left: &Spec, right: &Spec) -> Vec<Difference> {
    fn text(written: Option<&Written<String>>) -> Option<Setting<'_>> {
        written.map(|text| (text.value.clone().into(), Some(&text.span)))
    }
    let mut found = Vec::new();
    let mut hold = |path: String, left: Option<Setting<'_>>, right: Option<Setting<'_>>| {
        let value =
            |setting: &Option<Setting<'_>>| setting.as_ref().map(|(value, _)| value.clone());
        let span = |setting: &Option<Setting<'_>>| setting.as_ref()?.1.cloned();
        if value(&left) != value(&right) {
            found.push(Difference {
                address: None,
                path,
                left: value(&left),
                right: value(&right),
                sensitive: false,
                left_at: span(&left),
                right_at: span(&right),
            });
        }
    };
    let plain = |spec: &Spec| -> Option<Setting<'_>> { Some((spec.ephemeral.into(), None)) };
    hold(
        "region".to_owned(),
        text(Some(&left.region)),
        text(Some(&right.region)),
    );
    hold(
        "account".to_owned(),
        text(left.account.as_ref()),
        text(right.account.as_ref()),
    );
    hold("ephemeral".to_owned(), plain(left), plain(right));
    for key in keys(left.tags.keys(), right.tags.keys()) {
        let (one, other) = (left.tags.get(key), right.tags.get(key));
        hold(format!("tags.{key}"), text(one), text(other));
    }
    for name in keys(left.components.keys(), right.components.keys()) {
        let blueprint = |spec: &'_ Spec| {
            let component = spec.components.get(name)?;
            let span = component.blueprint.span.clone();
            Some((component.blueprint.value.clone(), span))
        };
        let (one, other) = (blueprint(left), blueprint(right));
        hold(
            format!("components.{name}.blueprint"),
            one.as_ref()
                .map(|(value, span)| (value.clone().into(), Some(span))),
            other
                .as_ref()
                .map(|(value, span)| (value.clone().into(), Some(span))),
        );
    }
    let waiver = |spec: &Spec, wanted: &(String, String)| {
        let mut all = spec.waivers.iter();
        let waiver = all.find(|waiver| about(waiver) == *wanted)?;
        let told = format!(
            "{} until {}: {}",
            waiver.owner, waiver.expires, waiver.reason
        );
        Some((told, waiver.span.clone()))
    };
    let about_all =
        |spec: &Spec| -> BTreeSet<(String, String)> { spec.waivers.iter().map(about).collect() };
    for wanted in &about_all(left) | &about_all(right) {
        let (one, other) = (waiver(left, &wanted), waiver(right, &wanted));
        hold(
            format!("waivers.{} at {}", wanted.0, wanted.1),
            one.as_ref()
                .map(|(value, span)| (value.clone().into(), Some(span))),
            other
                .as_ref()
                .map(|(value, span)| (value.clone().into(), Some(span))),
        );
    }
    found
}

fn about(waiver: &Waiver) -> (String, String) {
    (waiver.rule.clone(), waiver.address.clone())
}

fn keys<'a>(
    left: impl Iterator<Item = &'a String>,
    right: impl Iterator<Item = &'a String>,
) -> BTreeSet<&'a String> {
    left.chain(right).collect()
}

/// The same address in both.
struct Pair<'a> {
    one: &'a Resource,
    other: &'a Resource,
    environments: (&'a str, &'a str),
}

impl Pair<'_> {
    fn compare(&self, found: &mut Vec<Difference>) {
        let (one, other) = (&self.one.attributes, &self.other.attributes);
        let schema = Kind::of(&self.one.address.kind).map(Kind::schema);
        for name in keys(one.keys(), other.keys()) {
            let is_made = |resource: &Resource| resource.generated.contains(name);
            if is_made(self.one) && is_made(self.other) {
                continue;
            }
            let mut differing = Vec::new();
            walk(
                schema,
                name,
                name,
                one.get(name),
                other.get(name),
                &mut differing,
            );
            for (path, left, right, sensitive) in differing {
                if !self.must_differ(name, &path, left, right) {
                    found.push(self.difference(name, path, left, right, sensitive));
                }
            }
        }
    }

    /// Whether the values differ in the environment's name alone, and the spec has no part
    /// in them.
    fn must_differ(
        &self,
        attribute: &str,
        path: &str,
        left: Option<&Value>,
        right: Option<&Value>,
    ) -> bool {
        if let Some(key) = path.strip_prefix("tags.") {
            return [APP_TAG, ENVIRONMENT_TAG, ADDRESS_TAG].contains(&key);
        }
        let is_given = |resource: &Resource| {
            let maker = resource.maker.as_ref();
            maker.is_none_or(|maker| maker.given.contains(attribute))
        };
        let (Some(left), Some(right)) = (left, right) else {
            return false;
        };
        let (from, to) = self.environments;
        !is_given(self.one) && !is_given(self.other) && renamed(left, from, to) == *right
    }

    fn difference(
        &self,
        attribute: &str,
        path: String,
        left: Option<&Value>,
        right: Option<&Value>,
        sensitive: bool,
    ) -> Difference {
        let shown = |value: Option<&Value>| value.filter(|_| !sensitive).map(Value::to_json);
        let at = |resource: &Resource, value: Option<&Value>| {
            value.and_then(|_| resource.origin_of(attribute).spec.clone())
        };
        Difference {
            address: Some(self.one.address.clone()),
            path,
            left: shown(left),
            right: shown(right),
            sensitive,
            left_at: at(self.one, left),
            right_at: at(self.other, right),
        }
    }
}

type Differing<'a> = (String, Option<&'a Value>, Option<&'a Value>, bool);

/// Walks down to the smallest values that differ.
fn walk<'a>(
    schema: Option<&Schema>,
    name: &str,
    path: &str,
    left: Option<&'a Value>,
    right: Option<&'a Value>,
    found: &mut Vec<Differing<'a>>,
) {
    if left == right {
        return;
    }
    let block = schema.and_then(|schema| schema.block(name));
    let is_sensitive = schema
        .and_then(|schema| schema.attribute(name))
        .is_some_and(|attribute| attribute.sensitive);
    let inside = block.map(|block| &block.schema);
    match (left, right) {
        (Some(Value::Map(one)), Some(Value::Map(other))) if !is_sensitive => {
            maps(inside, path, one, other, found);
        }
        (Some(Value::List(one)), Some(Value::List(other)))
            if block.is_some() && one.len() == other.len() =>
        {
            for (index, (a, b)) in one.iter().zip(other).enumerate() {
                let path = match one.len() {
                    1 => path.to_owned(),
                    _ => format!("{path}[{index}]"),
                };
                match (a, b) {
                    (Value::Map(a), Value::Map(b)) => maps(inside, &path, a, b, found),
                    _ if a == b => {}
                    _ => found.push((path, Some(a), Some(b), is_sensitive)),
                }
            }
        }
        _ => {
            let sensitive = is_sensitive || inside.is_some_and(has_sensitive);
            found.push((path.to_owned(), left, right, sensitive));
        }
    }
}

fn maps<'a>(
    schema: Option<&Schema>,
    path: &str,
    one: &'a Attributes,
    other: &'a Attributes,
    found: &mut Vec<Differing<'a>>,
) {
    for key in keys(one.keys(), other.keys()) {
        let path = format!("{path}.{key}");
        walk(schema, key, &path, one.get(key), other.get(key), found);
    }
}

/// Whether anything in a block is sensitive.
fn has_sensitive(schema: &Schema) -> bool {
    let (attributes, blocks) = (schema.attributes, schema.blocks);
    attributes.iter().any(|attribute| attribute.sensitive)
        || blocks.iter().any(|block| has_sensitive(&block.schema))
}

/// The value with one environment's name in its texts in place of the other's.
fn renamed(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(from, to)),
        Value::Template(parts) => Value::Template(
            parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => Part::Text(text.replace(from, to)),
                    Part::Reference(_) => part.clone(),
                })
                .collect(),
        ),
        Value::List(items) => {
            Value::List(items.iter().map(|item| renamed(item, from, to)).collect())
        }
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), renamed(value, from, to)))
                .collect(),
        ),
        other => other.clone(),
    }
}
