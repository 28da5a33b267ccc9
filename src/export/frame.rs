//! The files around the components: versions, providers, outputs, imports.
//!
//! *Invariant*: there are no variables. A value that can be set elsewhere is one that no
//! guardrail has seen.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::Expression;

use super::context::Context;
use super::expression::object;
use super::kinds::is_global;
use super::layout::Draft;
use super::names::RECORDS_BY_HAND;
use super::{Live, Provider, reads};
use crate::address::Mode;
use crate::aws::{ADDRESS_TAG, LINEAGE_TAG};
use crate::kind::Kind;
use crate::resource::{Desired, Resource};
use crate::value::{Attributes, Reference, Step, Value};

/// The first Terraform with `import` blocks
/// (<https://developer.hashicorp.com/terraform/language/block/import>).
const TERRAFORM: &str = ">= 1.5";

/// Adds the files.
pub(super) fn write(context: &Context<'_>, files: &mut BTreeMap<String, Vec<Draft>>) {
    files.insert("versions.tf".to_owned(), vec![versions(context.provider)]);
    files.insert("providers.tf".to_owned(), providers(context));
    let outputs = outputs(context);
    if !outputs.is_empty() {
        files.insert("outputs.tf".to_owned(), outputs);
    }
    if let Some(live) = context.live {
        let imports = imports(context, live);
        if !imports.is_empty() {
            files.insert("imports.tf".to_owned(), imports);
        }
    }
}

fn versions(provider: Provider) -> Draft {
    let mut terraform = Draft::new("terraform", &[]);
    terraform.arguments(vec![argument("required_version", TERRAFORM)]);
    let mut required = Draft::new("required_providers", &[]);
    let aws = object(
        [
            ("source", Expression::from("hashicorp/aws")),
            ("version", Expression::from(provider.constraint())),
        ]
        .into_iter(),
    );
    required.arguments(vec![("aws".to_owned(), aws)]);
    terraform.block(required);
    terraform
}

fn argument(name: &str, text: &str) -> (String, Expression) {
    (name.to_owned(), Expression::from(text))
}

fn providers(context: &Context<'_>) -> Vec<Draft> {
    let desired = context.desired;
    let resources = desired.resources.values();
    let resources = resources.map(|resource| (&resource.address, &resource.region));
    let lookups = desired.lookups.values();
    let lookups = lookups.map(|lookup| (&lookup.address, &lookup.region));
    let others: BTreeSet<&String> = resources
        .chain(lookups.filter(|(address, _)| context.names.is_needed(address)))
        .filter(|(address, _)| !context.lacking.is_left_out(address))
        .filter(|(address, _)| !is_global(&address.kind, address.mode))
        .map(|(_, region)| region)
        .filter(|region| **region != desired.region)
        .collect();
    let mut providers = vec![provider(context, None, &desired.region)];
    for region in others {
        providers.push(provider(context, Some(alias(region)), region));
    }
    providers
}

fn provider(context: &Context<'_>, alias: Option<String>, region: &str) -> Draft {
    let mut draft = Draft::new("provider", &["aws"]);
    let mut arguments = Vec::new();
    if let Some(alias) = alias {
        arguments.push(argument("alias", &alias));
    }
    arguments.push(argument("region", region));
    if let Some(account) = &context.desired.account {
        let accounts = Value::texts([account.as_str()]);
        let accounts = context.pen().value(&accounts, None);
        arguments.push(("allowed_account_ids".to_owned(), accounts));
    }
    draft.arguments(arguments);
    if !context.common.is_empty() {
        let mut tags = Draft::new("default_tags", &[]);
        let common = Value::Map(context.common.clone());
        tags.arguments(vec![(
            "tags".to_owned(),
            context.pen().value(&common, None),
        )]);
        draft.block(tags);
    }
    draft
}

/// The tags that every resource that can have tags has alike; that which the state stands by
/// among them, where there is a state.
pub(super) fn common_tags(desired: &Desired, live: Option<&Live>) -> BTreeMap<String, Value> {
    let resources = desired.resources.values().filter(|resource| {
        let kind = Kind::of(&resource.address.kind);
        kind.is_some_and(|kind| kind.schema().attribute("tags").is_some())
    });
    let mut tags = resources.map(|resource| resource.get("tags"));
    let first = tags.next().and_then(Value::as_map);
    let mut common = first.cloned().unwrap_or_default();
    for other in tags {
        common.retain(|key, value| other.get(key) == value);
    }
    common.retain(|key, value| key != ADDRESS_TAG && key != "Name" && !value.is_unknown());
    if let Some(live) = live.filter(|live| !live.lineage.is_empty()) {
        common.insert(LINEAGE_TAG.to_owned(), Value::text(&live.lineage));
    }
    common
}

fn outputs(context: &Context<'_>) -> Vec<Draft> {
    let desired = context.desired;
    let mut outputs = Vec::new();
    for ((component, name), value) in &desired.outputs {
        let mut references = Vec::new();
        value.references(&mut references);
        if value.is_null() {
            continue;
        }
        let label = context.names.output(component, name);
        let lost = |reference: &&&Reference| !context.lacking.leads(reference);
        if let Some(lost) = references.iter().find(lost) {
            let what = if context.lacking.is_left_out(&lost.target) {
                format!("{}, which is left out", lost.target)
            } else {
                format!("{lost}, which provider 5 does not tell")
            };
            let told = format!("Not here: output {label}: it refers to {what}");
            outputs.push(Draft::remark(vec![told]));
            continue;
        }
        let mut draft = Draft::new("output", &[label]);
        let value = ("value".to_owned(), context.pen().value(value, None));
        draft.arguments(vec![value]);
        if references.iter().any(|reference| is_sensitive(reference)) {
            draft.arguments(vec![("sensitive".to_owned(), Expression::from(true))]);
        }
        outputs.push(draft);
    }
    let mut by_hand: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    for resource in desired.by_hand.values() {
        let component = resource.address.component.as_str();
        by_hand.entry(component).or_default().push(resource);
    }
    for (component, records) in by_hand {
        let label = context.names.output(component, RECORDS_BY_HAND);
        let mut draft = Draft::new("output", &[label]);
        draft.comments = vec!["DNS records that somebody makes, in a zone elsewhere.".to_owned()];
        let records = records
            .into_iter()
            .map(|record| Value::Map(by_hand_record(record)));
        let records = context.pen().value(&Value::List(records.collect()), None);
        draft.arguments(vec![("value".to_owned(), records)]);
        outputs.push(draft);
    }
    outputs
}

/// What to write at the other provider: name, type and value.
fn by_hand_record(record: &Resource) -> Attributes {
    let value = match record.get("alias.name") {
        Value::Null => record.get("records").clone(),
        name => name.clone(),
    };
    ["name", "type"]
        .into_iter()
        .map(|name| (name.to_owned(), record.get(name).clone()))
        .chain([("value".to_owned(), value)])
        .collect()
}

fn is_sensitive(reference: &Reference) -> bool {
    let target = &reference.target;
    let name = match target.mode {
        Mode::Managed => target.kind.clone(),
        Mode::Lookup => format!("data.{}", target.kind),
    };
    let Some(Step::Attribute(attribute)) = reference.path.first() else {
        return false;
    };
    let schema = Provider::Six.schema(&name);
    let attribute = schema.and_then(|schema| schema.attribute(attribute));
    let is_shown = target.kind == "aws_ssm_parameter";
    attribute.is_some_and(|attribute| attribute.sensitive) && !is_shown
}

fn imports(context: &Context<'_>, live: &Live) -> Vec<Draft> {
    let standing = live.ids.iter().filter(|(address, _)| {
        context.desired.resources.contains_key(*address)
            && reads::can_be_imported(&address.kind, context.provider)
            && !context.lacking.is_left_out(address)
    });
    standing
        .map(|(address, id)| {
            let mut draft = Draft::new("import", &[]);
            draft.arguments(vec![
                ("to".to_owned(), context.address(address)),
                argument("id", id),
            ]);
            draft
        })
        .collect()
}

/// The provider of another region, `us_east_1`.
pub(super) fn alias(region: &str) -> String {
    region.replace('-', "_")
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The spec's file.
pub(super) fn spec_name(desired: &Desired) -> String {
    let mut origins = desired.resources.values().map(|resource| &resource.origin);
    let span = origins.find_map(|origin| origin.spec.as_ref());
    span.map_or("the spec", |span| file_name(&span.source.name))
        .to_owned()
}
