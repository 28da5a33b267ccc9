//! What an older line of the provider has no words for.
//!
//! In: what is desired. Out: [`Lacking`], each [`Gap`] by resource or lookup, and path. A
//! default that nobody wrote is no gap, nor is a lookup that nobody needs: they are not written
//! in Terraform either.
//!
//! *Invariant*: what is not written in Terraform, or is written otherwise than it was approved,
//! is here.

use std::collections::{BTreeMap, BTreeSet};

use super::Provider;
use super::names::Names;
use crate::address::{Address, Mode};
use crate::guardrail::{EXPRESSED, Finding};
use crate::kind::schema::{Schema, Type};
use crate::resource::{Desired, Origin};
use crate::value::{Attributes, Reference, Step, Value};

/// One thing that can't be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// There is no such type.
    Kind,
    /// There is no such argument or block, or what it refers to isn't there.
    Argument,
    /// The value isn't taken; this one is written instead.
    Value(&'static str),
}

/// Values that provider 5 refuses, and the best that it takes: type, path, value, instead.
///
/// Provider 5.46 holds the minimum protocol version of a viewer against the list of AWS's API
/// of April 2024, which ends with `TLSv1.2_2021`.
const VALUES: &[(&str, &str, &str, &str)] = &[
    (
        "aws_cloudfront_distribution",
        "viewer_certificate.minimum_protocol_version",
        "TLSv1.2_2025",
        "TLSv1.2_2021",
    ),
    (
        "aws_cloudfront_distribution",
        "viewer_certificate.minimum_protocol_version",
        "TLSv1.3_2025",
        "TLSv1.2_2021",
    ),
];

/// All that can't be said.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    provider: Provider,
    gaps: BTreeMap<Address, BTreeMap<String, Gap>>,
}

/// Looks for it.
pub(super) fn find(desired: &Desired, names: &Names, provider: Provider) -> Lacking {
    let mut lacking = Lacking {
        provider,
        ..Lacking::default()
    };
    if provider == Provider::Six {
        return lacking;
    }
    for resource in desired.resources.values() {
        let written = |name: &str| !resource.defaulted.contains(name);
        lacking.look_at(&resource.address, &resource.attributes, written);
    }
    let lookups = desired.lookups.values();
    for lookup in lookups.filter(|lookup| names.is_needed(&lookup.address)) {
        // The region is the provider's.
        lacking.look_at(&lookup.address, &lookup.arguments, |name| name != "region");
    }
    lacking
}

impl Lacking {
    /// What can't be said of the argument at this path.
    pub(super) fn gap(&self, address: &Address, path: &str) -> Option<&Gap> {
        self.gaps.get(address)?.get(path)
    }

    /// The paths of a resource of which something can't be said.
    pub(super) fn gaps(&self, address: &Address) -> impl Iterator<Item = &String> {
        self.gaps.get(address).into_iter().flat_map(BTreeMap::keys)
    }

    /// Whether the resource can't be written at all.
    pub(super) fn is_left_out(&self, address: &Address) -> bool {
        self.gap(address, "") == Some(&Gap::Kind)
    }

    /// A sentence for each gap of a resource.
    pub(super) fn told(&self, address: &Address) -> Vec<String> {
        let gaps = self.gaps.get(address).into_iter().flatten();
        gaps.map(|(path, gap)| match gap {
            Gap::Kind => format!("provider 5 has no type {}: it is left out", address.kind),
            Gap::Argument => format!("provider 5 has no words for {path}: it is left out"),
            Gap::Value(instead) => {
                format!("provider 5 does not take the value of {path}: {instead} is written")
            }
        })
        .collect()
    }

    /// A finding for each gap.
    pub(super) fn findings(&self, desired: &Desired) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (address, gaps) in &self.gaps {
            for (path, message) in gaps.keys().zip(self.told(address)) {
                findings.push(Finding {
                    rule: EXPRESSED.id,
                    severity: EXPRESSED.severity,
                    address: address.clone(),
                    message: format!("can't be exported whole: {message}"),
                    fix: EXPRESSED.fix,
                    origin: origin(desired, address, path),
                    unknown: false,
                    awaits: None,
                    waived: None,
                    ended: None,
                });
            }
        }
        findings
    }

    /// Whether a reference leads to something that is written.
    pub(super) fn leads(&self, reference: &Reference) -> bool {
        let target = &reference.target;
        let has = |provider: Provider| {
            let schema = schema(provider, target);
            schema.is_some_and(|schema| match reference.path.first() {
                Some(Step::Attribute(name)) => {
                    schema.attribute(name).is_some() || schema.block(name).is_some()
                }
                _ => true,
            })
        };
        self.provider == Provider::Six
            || schema(self.provider, target).is_some()
                && (has(self.provider) || !has(Provider::Six))
    }

    fn add(&mut self, address: &Address, path: &str, gap: Gap) {
        let gaps = self.gaps.entry(address.clone()).or_default();
        gaps.insert(path.to_owned(), gap);
    }

    fn look_at(&mut self, address: &Address, all: &Attributes, written: impl Fn(&str) -> bool) {
        let Some(schema) = schema(self.provider, address) else {
            self.add(address, "", Gap::Kind);
            return;
        };
        for (name, value) in all.iter().filter(|(name, _)| written(name)) {
            self.look(address, schema, name, name, value);
        }
    }

    fn look(
        &mut self,
        address: &Address,
        schema: &'static Schema,
        path: &str,
        name: &str,
        value: &Value,
    ) {
        if value.is_null() {
            return;
        }
        if let Some(block) = schema.block(name) {
            let inside: Vec<&Attributes> = match value {
                Value::List(items) => items.iter().filter_map(Value::as_map).collect(),
                Value::Map(entries) => vec![entries],
                _ => Vec::new(),
            };
            for (name, value) in inside.into_iter().flatten() {
                let path = format!("{path}.{name}");
                self.look(address, &block.schema, &path, name, value);
            }
            return;
        }
        let attribute = schema.attribute(name);
        let mut references = Vec::new();
        value.references(&mut references);
        let leads = references.iter().all(|reference| self.leads(reference));
        let Some(attribute) = attribute.filter(|_| leads) else {
            self.add(address, path, Gap::Argument);
            return;
        };
        let mut fields = BTreeSet::new();
        unknown_fields(path, &attribute.of, value, &mut fields);
        for field in fields {
            self.add(address, &field, Gap::Argument);
        }
        if let Some((_, _, _, instead)) = VALUES.iter().find(|(kind, at, refused, _)| {
            *kind == address.kind && *at == path && value.as_str() == Some(refused)
        }) {
            self.add(address, path, Gap::Value(instead));
        }
    }
}

/// The fields of objects that their type does not have, by path.
fn unknown_fields(path: &str, of: &Type, value: &Value, found: &mut BTreeSet<String>) {
    match (of, value) {
        (Type::List(of) | Type::Set(of), Value::List(items)) => {
            for item in items {
                unknown_fields(path, of, item, found);
            }
        }
        (Type::Object(types), Value::Map(fields)) => {
            for (name, field) in fields.iter().filter(|(_, field)| !field.is_null()) {
                let path = format!("{path}.{name}");
                match types.iter().find(|(known, _)| known == name) {
                    Some((_, of)) => unknown_fields(&path, of, field, found),
                    None => {
                        found.insert(path);
                    }
                }
            }
        }
        _ => {}
    }
}

/// What a provider says about the type of what stands there.
fn schema(provider: Provider, address: &Address) -> Option<&'static Schema> {
    match address.mode {
        Mode::Managed => provider.schema(&address.kind),
        Mode::Lookup => provider.schema(&format!("data.{}", address.kind)),
    }
}

/// Who asked for what stands at a path.
fn origin(desired: &Desired, address: &Address, path: &str) -> Origin {
    let attribute = path.split('.').next().unwrap_or_default();
    let resource = desired.resources.get(address);
    let lookup = desired.lookups.get(address);
    let origin = resource
        .map(|resource| resource.origin_of(attribute))
        .or_else(|| lookup.map(|lookup| &lookup.origin));
    origin.cloned().unwrap_or_default()
}
