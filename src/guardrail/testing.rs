//! Reads resources from text, for tests: TOML in the vocabulary of blueprints, all in the
//! component `web` of a spec for eu-west-1.

use std::sync::Arc;

use crate::address::Address;
use crate::diagnostic::{Source, Span};
use crate::kind::schema::{Nesting, Schema};
use crate::resource::{Desired, Lookup, Origin, Resource};
use crate::value::{Part, Reference, Step, Value};

/// The resources and lookups of a text. Each resource's origin is its line in the text.
pub(super) fn desired(text: &str) -> Desired {
    let source = Arc::new(Source {
        name: "shop.toml".to_owned(),
        text: text.to_owned(),
    });
    let table: toml::Table = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut desired = Desired {
        app: "shop".to_owned(),
        environment: "prod".to_owned(),
        region: "eu-west-1".to_owned(),
        ..Desired::default()
    };
    for (kind, named) in &table {
        if kind == "data" {
            for (kind, named) in named.as_table().expect("a table of lookups") {
                for (name, arguments) in named.as_table().expect("a table of names") {
                    let address = Address::lookup("web", kind, name);
                    let lookup = Lookup {
                        address: address.clone(),
                        region: "eu-west-1".to_owned(),
                        arguments: block(arguments, None),
                        depends_on: std::collections::BTreeSet::new(),
                        origin: Origin::default(),
                    };
                    desired.lookups.insert(address, lookup);
                }
            }
            continue;
        }
        for (name, attributes) in named.as_table().expect("a table of names") {
            let address = Address::managed("web", kind, name);
            let mut attributes = block(attributes, Schema::of(kind));
            let region = attributes.remove("region");
            let ignored = attributes.remove("ignore");
            let ignored = ignored.iter().flat_map(Value::items);
            let header = format!("[{kind}.{name}]");
            let at = text.find(&header).unwrap_or_default();
            let resource = Resource {
                address: address.clone(),
                region: region
                    .and_then(|region| region.as_str().map(str::to_owned))
                    .unwrap_or_else(|| "eu-west-1".to_owned()),
                attributes,
                generated: std::collections::BTreeSet::new(),
                defaulted: std::collections::BTreeSet::new(),
                depends_on: std::collections::BTreeSet::new(),
                maker: None,
                origin: Origin {
                    spec: Some(Span::new(&source, at..at + header.len())),
                    blueprint: None,
                },
                origins: std::collections::BTreeMap::new(),
                overridden: std::collections::BTreeMap::new(),
                ignored: ignored
                    .filter_map(Value::as_str)
                    .map(|path| (path.to_owned(), Span::new(&source, at..at + header.len())))
                    .collect(),
            };
            desired.resources.insert(address, resource);
        }
    }
    desired
}

/// The attributes of a table; a table or a list of tables under a block's name is that
/// block.
fn block(table: &toml::Value, schema: Option<&'static Schema>) -> crate::value::Attributes {
    let table = table.as_table().expect("a table of attributes");
    let convert = |name: &String, given: &toml::Value| {
        let nested = schema.and_then(|schema| schema.block(name));
        let Some(nested) = nested else {
            return value(given);
        };
        let one = |table: &toml::Value| Value::Map(block(table, Some(&nested.schema)));
        match given {
            toml::Value::Array(items) => Value::List(items.iter().map(one).collect()),
            single if nested.nesting == Nesting::Single => one(single),
            single => Value::List(vec![one(single)]),
        }
    };
    table
        .iter()
        .map(|(name, given)| (name.clone(), convert(name, given)))
        .collect()
}

fn value(given: &toml::Value) -> Value {
    match given {
        toml::Value::String(text) => template(text),
        toml::Value::Integer(number) => Value::Int(*number),
        toml::Value::Float(number) => Value::Float(*number),
        toml::Value::Boolean(truth) => Value::Bool(*truth),
        toml::Value::Datetime(date) => Value::text(date.to_string()),
        toml::Value::Array(items) => Value::List(items.iter().map(value).collect()),
        toml::Value::Table(entries) => {
            Value::map(entries.iter().map(|(key, entry)| (key, value(entry))))
        }
    }
}

fn template(text: &str) -> Value {
    if text.starts_with("$${") {
        return Value::text(text.replace("$${", "${"));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}').expect("a reference ends");
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(Part::Reference(reference(inside)));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    match parts.as_slice() {
        [] => Value::text(""),
        [Part::Text(text)] => Value::text(text.clone()),
        [Part::Reference(reference)] => Value::Reference(reference.clone()),
        _ => Value::Template(parts),
    }
}

/// `aws_lb.main.arn` or `data.aws_vpc.main.id`.
fn reference(text: &str) -> Reference {
    let parts: Vec<&str> = text.split('.').collect();
    let (target, path) = match parts.as_slice() {
        ["data", kind, name, path @ ..] => (Address::lookup("web", kind, name), path),
        [kind, name, path @ ..] => (Address::managed("web", kind, name), path),
        _ => panic!("{text} is no reference"),
    };
    let path = path
        .iter()
        .map(|name| Step::Attribute((*name).to_owned()))
        .collect();
    Reference { target, path }
}
