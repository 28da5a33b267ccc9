//! Two resources of a spec that would be one thing in AWS: a bucket's name, a record's name and
//! type, a setting of one bucket.
//!
//! *Invariant*: what only AWS can tell is the same where it is written the same.

use std::collections::BTreeMap;

use super::place::error_at;
use crate::diagnostic::Diagnostic;
use crate::kind::Kind;
use crate::resource::{Desired, Resource};
use crate::value::Value;

/// Every resource that another one is already.
pub(super) fn check(desired: &Desired) -> Vec<Diagnostic> {
    let mut first: BTreeMap<(&str, &str, Vec<String>), &Resource> = BTreeMap::new();
    let mut found = Vec::new();
    let (resources, by_hand) = (desired.resources.values(), desired.by_hand.values());
    for resource in resources.chain(by_hand) {
        let kind = resource.address.kind.as_str();
        let names = told_apart_by(kind);
        let Some(key) = key(resource, names) else {
            continue;
        };
        // A bucket's name is unique in all regions.
        let region = match kind {
            "aws_s3_bucket" => "",
            _ => resource.region.as_str(),
        };
        let said = names.iter().zip(&key);
        let said = said.filter(|(_, text)| !text.is_empty());
        let said: Vec<String> = said
            .map(|(name, text)| format!("the `{name}` `{text}`"))
            .collect();
        let said = said.join(" and ");
        if let Some(other) = first.get(&(kind, region, key.clone())) {
            found.push(diagnostic(resource, other, names, &said));
        } else {
            first.insert((kind, region, key), resource);
        }
    }
    found
}

/// What no two can have in common. Records of DNS are told apart without their zone, which for
/// those made by hand nobody names.
fn told_apart_by(kind: &str) -> &'static [&'static str] {
    match kind {
        "aws_route53_record" => &["name", "type"],
        kind => Kind::of(kind).map_or(&[], Kind::told_apart_by),
    }
}

/// The values, as they are written; none where that does not tell one from another.
fn key(resource: &Resource, names: &[&str]) -> Option<Vec<String>> {
    let mut key = Vec::new();
    for name in names {
        key.push(match resource.get(name) {
            Value::Null => String::new(),
            Value::Reference(reference) => reference.to_string(),
            Value::List(items) if items.is_empty() => String::new(),
            value => value.scalar_text()?,
        });
    }
    let needed = Kind::of(&resource.address.kind).map_or(&[][..], |kind| kind.named_by);
    let is_told = |name: &str| {
        let index = names.iter().position(|other| *other == name);
        index.is_none_or(|index| !key[index].is_empty())
    };
    let tells = key.iter().any(|text| !text.is_empty()) && needed.iter().all(|name| is_told(name));
    tells.then_some(key)
}

fn diagnostic(resource: &Resource, other: &Resource, names: &[&str], said: &str) -> Diagnostic {
    let of = names.first().copied().unwrap_or_default();
    let diagnostic = error_at(
        resource.origin_of(of),
        format!(
            "`{}` would have {said} that `{}` has",
            resource.address, other.address
        ),
        "",
    );
    match &other.origin_of(of).spec {
        Some(span) => diagnostic.at(span.clone(), "here too"),
        None => diagnostic,
    }
}
