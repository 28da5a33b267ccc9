//! The approved resources as a graph, for programs.
//!
//! In: [`Approved`]. Out: JSON in the form of [`SCHEMA`]. A text stands as blueprints write
//! it: `${web.aws_lb.main.arn}` is a reference, `$${` a literal `${`.
//!
//! *Invariant*: everything that was approved is in it, and no value that the provider's
//! schema calls sensitive.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::address::Address;
use crate::guardrail::{self, Approved, Rule};
use crate::kind::schema::Schema;
use crate::resource::{Desired, Lookup, Resource};
use crate::value::{Attributes, Part, Reference, Value};

/// The JSON Schema of what [`graph`] gives.
pub const SCHEMA: &str = include_str!("../../docs/graph.schema.json");

/// The version of that form. A part that is added raises its second number; one that is
/// taken away, or means something else, the first.
pub const FORMAT: &str = "1.0";

/// All resources and lookups, what leads from one to another, who asked for what, and which
/// rules it satisfies.
#[must_use]
pub fn graph(approved: &Approved) -> Json {
    let desired = approved.desired();
    let satisfied = guardrail::satisfied(desired);
    let resources = |all: &BTreeMap<Address, Resource>| -> Vec<Json> {
        let rules = |one: &Resource| satisfied.get(&one.address).map_or(&[][..], Vec::as_slice);
        all.values()
            .map(|one| resource(desired, one, rules(one)))
            .collect()
    };
    json!({
        "format_version": FORMAT,
        "watertight": crate::VERSION,
        "app": desired.app,
        "environment": desired.environment,
        "region": desired.region,
        "account": desired.account,
        "ephemeral": desired.ephemeral,
        "blueprints": desired.blueprints,
        "components": components(desired),
        "resources": resources(&desired.resources),
        "by_hand": resources(&desired.by_hand),
        "lookups": desired.lookups.values().map(lookup).collect::<Vec<_>>(),
        "waivers": desired.waivers,
        "findings": approved.findings(),
    })
}

/// What each component is made of, and what it gives to others.
fn components(desired: &Desired) -> Json {
    let resources = desired.resources.keys().chain(desired.by_hand.keys());
    let names: BTreeSet<&str> = resources
        .chain(desired.lookups.keys())
        .map(|address| address.component.as_str())
        .chain(
            desired
                .outputs
                .keys()
                .map(|(component, _)| component.as_str()),
        )
        .collect();
    let of = |name: &str| {
        let own = |address: &&Address| address.component == name;
        let outputs = desired.outputs.iter();
        let outputs: Map<String, Json> = outputs
            .filter(|((component, _), _)| component == name)
            .map(|((_, output), value)| (output.clone(), written(value)))
            .collect();
        json!({
            "resources": desired.resources.keys().filter(own).collect::<Vec<_>>(),
            "lookups": desired.lookups.keys().filter(own).collect::<Vec<_>>(),
            "outputs": outputs,
        })
    };
    let all = names.into_iter().map(|name| (name.to_owned(), of(name)));
    Json::Object(all.collect())
}

fn resource(desired: &Desired, resource: &Resource, rules: &[&Rule]) -> Json {
    let address = &resource.address;
    let maker = resource.maker.as_ref();
    let causes: Map<String, Json> = resource
        .origins
        .iter()
        .map(|(attribute, at)| (attribute.clone(), json!(at)))
        .collect();
    json!({
        "address": address,
        "component": address.component,
        "kind": address.kind,
        "name": address.name,
        "region": resource.region,
        "attributes": shown(Schema::of(&address.kind), &resource.attributes),
        "references": references(&resource.attributes),
        "depends_on": desired.dependencies(resource),
        "generated": resource.generated,
        "defaulted": resource.defaulted,
        "overridden": resource.overridden,
        "left_to_others": resource.ignored,
        "blueprint": maker.map(|maker| json!({ "name": maker.blueprint, "version": maker.version })),
        "at": resource.origin,
        "causes": causes,
        "satisfies": rules.iter().map(|rule| rule.id).collect::<Vec<_>>(),
    })
}

fn lookup(lookup: &Lookup) -> Json {
    let address = &lookup.address;
    json!({
        "address": address,
        "component": address.component,
        "kind": address.kind,
        "name": address.name,
        "region": lookup.region,
        "arguments": plain(&lookup.arguments),
        "references": references(&lookup.arguments),
        "depends_on": lookup.depends_on,
        "at": lookup.origin,
    })
}

/// The attributes of a resource, less what the schema calls sensitive: a literal, or a text
/// with references in it, whose rest is one. A reference to such a value is none itself.
fn shown(schema: Option<&Schema>, attributes: &Attributes) -> Json {
    let shown = attributes.iter().map(|(name, value)| {
        let attribute = schema.and_then(|schema| schema.attribute(name));
        let block = schema.and_then(|schema| schema.block(name));
        let is_secret = attribute.is_some_and(|attribute| attribute.sensitive);
        let json = match (block, value) {
            _ if is_secret && !matches!(value, Value::Reference(_)) => Json::Null,
            (Some(block), Value::Map(inner)) => shown(Some(&block.schema), inner),
            (Some(block), Value::List(items)) => items
                .iter()
                .map(|item| match item {
                    Value::Map(inner) => shown(Some(&block.schema), inner),
                    other => written(other),
                })
                .collect(),
            _ => written(value),
        };
        (name.clone(), json)
    });
    Json::Object(shown.collect())
}

fn plain(attributes: &Attributes) -> Json {
    let written = |(name, value): (&String, &Value)| (name.clone(), written(value));
    Json::Object(attributes.iter().map(written).collect())
}

/// Which attribute leads to which other, once each.
fn references(attributes: &Attributes) -> Vec<Json> {
    let mut all: BTreeSet<(&str, &Reference)> = BTreeSet::new();
    for (name, value) in attributes {
        let mut found = Vec::new();
        value.references(&mut found);
        all.extend(
            found
                .into_iter()
                .map(|reference| (name.as_str(), reference)),
        );
    }
    all.into_iter()
        .map(|(attribute, to)| {
            json!({
                "attribute": attribute,
                "to": to.target,
                "path": to.to_string(),
            })
        })
        .collect()
}

/// A value in which a reference can't be taken for a text that looks like one.
fn written(value: &Value) -> Json {
    match value {
        Value::String(text) => text.replace("${", "$${").into(),
        Value::Template(parts) => {
            let parts = parts.iter().map(|part| match part {
                Part::Text(text) => text.replace("${", "$${"),
                Part::Reference(reference) => format!("${{{reference}}}"),
            });
            parts.collect::<String>().into()
        }
        Value::List(items) => items.iter().map(written).collect(),
        Value::Map(_) => value.as_map().map_or(Json::Null, plain),
        other => other.to_json(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{shown, written};
    use crate::address::Address;
    use crate::kind::schema::Schema;
    use crate::value::{Part, Reference, Value};

    #[test]
    fn a_secret_is_never_shown_wherever_it_stands() {
        let reference = Reference::to(
            Address::lookup("web", "aws_ssm_parameter", "main"),
            "insecure_value",
        );
        let parts = vec![
            Part::Text("hunter2".to_owned()),
            Part::Reference(reference.clone()),
        ];
        let secrets = [
            (Value::text("hunter2"), json!(null)),
            (Value::Template(parts), json!(null)),
            (
                Value::Reference(reference.clone()),
                json!(format!("${{{reference}}}")),
            ),
        ];
        for (secret, told) in secrets {
            let oidc = Value::block([("client_secret", secret), ("client_id", "shop".into())]);
            let action = Value::block([("authenticate_oidc", oidc)]);
            let attributes = [("default_action".to_owned(), action)].into();
            let json = shown(Schema::of("aws_lb_listener"), &attributes);
            let oidc = &json["default_action"][0]["authenticate_oidc"][0];
            assert_eq!(oidc["client_secret"], told);
            assert_eq!(oidc["client_id"], "shop");
            assert!(!json.to_string().contains("hunter2"));
        }
        let key = [("private_key".to_owned(), Value::text("hunter2"))].into();
        let json = shown(Schema::of("aws_acm_certificate"), &key);
        assert_eq!(json, json!({ "private_key": null }));
    }

    #[test]
    fn a_text_that_looks_like_a_reference_is_told_from_one() {
        let reference = Reference::to(Address::managed("web", "aws_lb", "main"), "arn");
        let text = "${web.aws_lb.main.arn}";
        assert_eq!(written(&Value::Reference(reference.clone())), json!(text));
        assert_eq!(written(&Value::text(text)), json!(format!("${text}")));
        let parts = vec![Part::Text("${".to_owned()), Part::Reference(reference)];
        assert_eq!(
            written(&Value::map([(
                "a",
                Value::List(vec![Value::Template(parts)])
            )])),
            json!({ "a": [format!("$${{{text}")] })
        );
    }
}
