//! A model of the provider, which is not here: what it would know of what stands after the
//! import blocks of an exported folder, and what it would then change.
//!
//! Its reading is what the sandbox answers, less what [`reads`] says that `Read` leaves out, with
//! what it shows twice. Against that the arguments are held as Terraform holds them: what is
//! written has to be what is read; what is not written may be computed, or else has to be at its
//! default.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel, Body};
use watertight::aws::{self, Aws, LINEAGE_TAG};
use watertight::export::reads;
use watertight::kind::schema::{Nesting, Schema, Type};
use watertight::kind::{Compare, Kind};
use watertight::policy;
use watertight::resource::Id;
use watertight::value::{Attributes, Value};

use super::REGION;
use super::hcl::{self, Things, names};
use super::terraform::Line;

/// One exported resource, and what the provider would know of it.
struct Taken<'a> {
    block: &'a Block,
    kind: &'static Kind,
    id: Id,
    state: Attributes,
}

/// A folder of Terraform, and what stands.
pub(crate) struct Folder<'a> {
    taken: BTreeMap<String, Taken<'a>>,
    things: Things,
    /// The tags that all have, but for that of the lineage.
    default_tags: Attributes,
    line: Line,
}

impl<'a> Folder<'a> {
    /// Reads what the import blocks name, and answers the lookups.
    pub(crate) async fn of(
        files: &'a BTreeMap<String, Body>,
        aws: &Aws,
        state: &serde_json::Value,
        line: Line,
    ) -> Self {
        let blocks = || files.values().flat_map(Body::blocks);
        let nothing = Things::new();
        let default_tags = blocks()
            .filter(|block| block.ident.as_str() == "provider")
            .flat_map(|block| block.body.get_blocks("default_tags"))
            .filter_map(|tags| tags.body.get_attribute("tags"))
            .map(|tags| hcl::value(&tags.value, &nothing))
            .next();
        let mut default_tags = default_tags.unwrap().as_map().unwrap().clone();
        assert!(default_tags.remove(LINEAGE_TAG).is_some());
        let mut folder = Self {
            taken: BTreeMap::new(),
            things: Things::new(),
            default_tags,
            line,
        };
        for block in blocks().filter(|block| block.ident.as_str() == "import") {
            let to = names(&block.body.get_attribute("to").unwrap().value);
            let id = &block.body.get_attribute("id").unwrap().value;
            let id = hcl::value(id, &nothing).as_str().unwrap().to_owned();
            let kind = Kind::of(to[0]).unwrap();
            let id = recorded(state, kind.name, id);
            let lifecycle = aws::lifecycle(kind.name).unwrap();
            let read = lifecycle.read(aws, std::slice::from_ref(&id)).await;
            let read = read.into_iter().next().unwrap().unwrap();
            let read = read.unwrap_or_else(|| panic!("{id} is not there"));
            let named = to.join(".");
            let block = blocks()
                .find(|block| block.ident.as_str() == "resource" && labels(block) == to)
                .unwrap_or_else(|| panic!("{named} is imported and not there"));
            folder.things.insert(named.clone(), read.clone());
            let state = as_the_provider_reads(kind.name, read);
            let taken = Taken {
                block,
                kind,
                id,
                state,
            };
            folder.taken.insert(named, taken);
        }
        folder.look_up(blocks().collect(), aws).await;
        folder
    }

    /// What is not imported says itself what it is, and lookups are answered.
    async fn look_up(&mut self, blocks: Vec<&Block>, aws: &Aws) {
        let mut left: Vec<&Block> = blocks
            .into_iter()
            .filter(|block| matches!(block.ident.as_str(), "data" | "resource"))
            .filter(|block| !self.things.contains_key(&labels(block).join(".")))
            .collect();
        // One may need another.
        while !left.is_empty() {
            let before = left.len();
            let mut later = Vec::new();
            for block in left {
                let labels = labels(block).join(".");
                if block.ident.as_str() == "resource" {
                    let schema = self.line.schema(block.labels[0].as_str()).unwrap();
                    if self.knows(block) {
                        let attributes = hcl::body(block, schema, &self.things);
                        self.things.insert(labels, attributes);
                        continue;
                    }
                } else if self.knows(block) {
                    let kind = block.labels[0].as_str();
                    let schema = self.line.schema(&format!("data.{kind}")).unwrap();
                    let arguments = hcl::body(block, schema, &self.things);
                    let ask = aws::lookup(kind).unwrap();
                    let answer = ask.ask(aws, &region_of(block), &arguments).await.unwrap();
                    self.things.insert(format!("data.{labels}"), answer);
                    continue;
                }
                later.push(block);
            }
            assert!(later.len() < before, "{later:?}");
            left = later;
        }
    }

    /// Whether everything that a block refers to is known.
    fn knows(&self, block: &Block) -> bool {
        let text = block.body.to_string();
        let referred = text.split(|c: char| !(c.is_alphanumeric() || "._".contains(c)));
        referred
            .filter(|word| word.starts_with("aws_") || word.starts_with("data."))
            .filter(|word| word.matches('.').count() > 1)
            .all(|word| {
                let count = if word.starts_with("data.") { 3 } else { 2 };
                let named: Vec<&str> = word.split('.').take(count).collect();
                self.things.contains_key(&named.join("."))
            })
    }

    /// Everything that a plan would change or make anew.
    pub(crate) fn changes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, taken) in &self.taken {
            let schema = self.line.schema(taken.kind.name).unwrap();
            let mut config = hcl::body(taken.block, schema, &self.things);
            if schema.attribute("tags").is_some() {
                let mut tags = self.default_tags.clone();
                let own = config.remove("tags");
                tags.extend(
                    own.as_ref()
                        .and_then(Value::as_map)
                        .cloned()
                        .unwrap_or_default(),
                );
                config.insert("tags".to_owned(), Value::Map(tags));
            }
            let mut model = Model {
                kind: taken.kind,
                unset: reads::of(taken.kind.name)
                    .unwrap()
                    .unset(&taken.state)
                    .collect(),
                ignored: ignored(taken.block),
                found: Vec::new(),
            };
            model.block(schema, "", &config, &taken.state);
            found.extend(model.found.iter().map(|change| format!("{name}: {change}")));
        }
        found
    }

    /// The kinds of what is imported.
    pub(crate) fn kinds(&self) -> BTreeSet<&'static str> {
        self.taken.values().map(|taken| taken.kind.name).collect()
    }

    /// Ids that are not what the importer takes.
    pub(crate) fn wrong_ids(&self) -> Vec<String> {
        let taken = self.taken.values();
        let ids = taken.map(|taken| {
            let read = reads::of(taken.kind.name).unwrap();
            (read.id_of(&taken.state).unwrap_or_default(), &taken.id.text)
        });
        ids.filter(|(wanted, id)| wanted != *id)
            .map(|(wanted, id)| format!("{id} instead of {wanted}"))
            .collect()
    }
}

fn labels(block: &Block) -> Vec<&str> {
    block.labels.iter().map(BlockLabel::as_str).collect()
}

/// The region of a lookup's provider.
fn region_of(block: &Block) -> String {
    let provider = block.body.get_attribute("provider");
    let alias = provider.map(|provider| names(&provider.value)[1].replace('_', "-"));
    alias.unwrap_or_else(|| REGION.to_owned())
}

/// What the state calls what is imported by this id.
fn recorded(state: &serde_json::Value, kind: &str, id: String) -> Id {
    let records = state["records"].as_array().unwrap();
    let record = records.iter().find(|record| {
        let address = record["address"].as_str().unwrap();
        address.split('.').nth(1) == Some(kind) && record["id"]["text"] == id.as_str()
    });
    let record = record.unwrap_or_else(|| panic!("{kind} {id} is in no record"));
    Id {
        region: record["id"]["region"].as_str().unwrap().to_owned(),
        text: id,
    }
}

/// What the provider's `Read` leaves in the state after an import.
fn as_the_provider_reads(kind: &str, mut read: Attributes) -> Attributes {
    let how = reads::of(kind).unwrap();
    let unset: Vec<&str> = how.unset(&read).collect();
    for name in unset.iter().chain(how.preset) {
        read.remove(*name);
    }
    let Some(Value::List(actions)) = how.both_ways.and_then(|block| read.get_mut(block)) else {
        return read;
    };
    for action in actions {
        let Value::Map(action) = action else {
            panic!("{action:?}")
        };
        let groups = action.get("forward").map(|one| one.get("target_group"));
        match (action.get("target_group_arn").cloned(), groups) {
            (Some(arn), None) => {
                let group = Value::block([("arn", arn), ("weight", Value::Int(1))]);
                let sticky = Value::block([("enabled", Value::Bool(false))]);
                let forward = Value::block([("target_group", group), ("stickiness", sticky)]);
                action.insert("forward".to_owned(), forward);
            }
            (None, Some(Value::List(groups))) if groups.len() == 1 => {
                let arn = groups[0].get("arn").clone();
                action.insert("target_group_arn".to_owned(), arn);
            }
            _ => {}
        }
    }
    read
}

fn ignored(block: &Block) -> BTreeSet<String> {
    let lifecycle = block.body.get_blocks("lifecycle").next();
    let list = lifecycle.and_then(|block| block.body.get_attribute("ignore_changes"));
    match list.map(|list| &list.value) {
        Some(Expression::Array(items)) => items.iter().map(|item| names(item).join(".")).collect(),
        _ => BTreeSet::new(),
    }
}

/// How Terraform holds arguments against a state.
struct Model {
    kind: &'static Kind,
    /// What an import leaves unset though it has a default.
    unset: BTreeSet<&'static str>,
    ignored: BTreeSet<String>,
    found: Vec<String>,
}

impl Model {
    fn block(&mut self, schema: &Schema, at: &str, config: &Attributes, state: &Attributes) {
        let null = Value::Null;
        for attribute in schema.attributes {
            let path = format!("{at}{}", attribute.name);
            let is_argument = attribute.required || attribute.optional;
            let is_terraforms = matches!(path.as_str(), "id" | "region" | "tags_all");
            if !is_argument || is_terraforms || self.ignored.contains(&path) {
                continue;
            }
            let written = config.get(attribute.name).unwrap_or(&null);
            let read = state.get(attribute.name).unwrap_or(&null);
            let stays = if written.is_null() {
                attribute.computed || self.is_at_default(&path, read)
            } else {
                self.is_same(&path, &attribute.of, written, read)
            };
            if !stays {
                let replaces = self.kind.replace.contains(&path.as_str());
                self.found.push(format!(
                    "{path} {} -> {}{}",
                    read.to_json(),
                    written.to_json(),
                    if replaces { ", REPLACED" } else { "" }
                ));
            }
        }
        for block in schema.blocks {
            let path = format!("{at}{}", block.name);
            if block.name == "timeouts" || self.ignored.contains(&path) {
                continue;
            }
            let items = |of: &Attributes| -> Vec<Attributes> {
                let items = of.get(block.name).map_or(&[][..], Value::items).iter();
                items.filter_map(Value::as_map).cloned().collect()
            };
            let (written, read) = (items(config), items(state));
            let left = reads::of(self.kind.name).unwrap().left;
            if written.is_empty() && left.contains(&path.as_str()) {
                continue;
            }
            self.blocks(block.nesting, &block.schema, &path, &written, read);
        }
    }

    fn blocks(
        &mut self,
        nesting: Nesting,
        schema: &Schema,
        path: &str,
        written: &[Attributes],
        mut read: Vec<Attributes>,
    ) {
        let at = format!("{path}.");
        if written.len() != read.len() {
            let change = format!("{path}: {} blocks -> {}", read.len(), written.len());
            return self.found.push(change);
        }
        for one in written {
            // Of a set any one may be meant.
            let same = |other: &Attributes| {
                let mut model = Model {
                    kind: self.kind,
                    unset: self.unset.clone(),
                    ignored: self.ignored.clone(),
                    found: Vec::new(),
                };
                model.block(schema, &at, one, other);
                model.found.is_empty()
            };
            let index = match nesting {
                Nesting::Set => read.iter().position(same).unwrap_or(0),
                _ => 0,
            };
            let other = read.remove(index);
            self.block(schema, &at, one, &other);
        }
    }

    /// Whether what is read is what the provider takes for an argument that is not written.
    fn is_at_default(&self, path: &str, read: &Value) -> bool {
        let how = reads::of(self.kind.name).unwrap();
        let defaults = self.kind.defaults.iter().chain(how.defaults);
        let default = defaults
            .filter(|(of, _)| *of == path)
            .map(|(_, value)| value.value())
            .next();
        if read.is_null() {
            // One that is ignored never comes here.
            return !self.unset.contains(path);
        }
        if how.left.contains(&path) {
            return true;
        }
        match default {
            Some(default) => default.scalar_text() == read.scalar_text(),
            None => match read {
                Value::Bool(value) => !value,
                Value::Int(value) => *value == 0,
                Value::String(text) => text.is_empty(),
                Value::List(items) => items.is_empty(),
                Value::Map(entries) => entries.is_empty(),
                _ => false,
            },
        }
    }

    fn is_same(&self, path: &str, of: &Type, written: &Value, read: &Value) -> bool {
        match self.kind.compares(path) {
            Some(Compare::Policy) => policy::equal(written, read),
            // The name of an origin is compared as it is.
            Some(Compare::DnsName) if self.kind.name != "aws_route53_record" => written == read,
            Some(Compare::DnsName | Compare::CaseInsensitive) => {
                let plain = |value: &Value| {
                    let text = value.scalar_text().unwrap_or_default();
                    text.trim_end_matches('.').to_lowercase()
                };
                plain(written) == plain(read)
            }
            Some(Compare::WriteOnly) => false,
            Some(Compare::SetWith(_)) | None => typed(of, written) == typed(of, read),
        }
    }
}

/// A value as one of this type: text for every scalar, sets in order.
fn typed(of: &Type, value: &Value) -> Value {
    match (of, value) {
        (Type::Set(of), Value::List(items)) => {
            let items: BTreeMap<String, Value> = items
                .iter()
                .map(|item| typed(of, item))
                .map(|item| (item.to_json().to_string(), item))
                .collect();
            Value::List(items.into_values().collect())
        }
        (Type::List(of), Value::List(items)) => {
            Value::List(items.iter().map(|item| typed(of, item)).collect())
        }
        (Type::Map(of), Value::Map(entries)) => {
            let entries = entries.iter();
            Value::map(entries.map(|(key, value)| (key.as_str(), typed(of, value))))
        }
        (Type::Object(fields), Value::Map(entries)) => {
            Value::map(fields.iter().map(|(name, of)| {
                let value = entries.get(*name).unwrap_or(&Value::Null);
                (*name, typed(of, value))
            }))
        }
        (_, value) => value.scalar_text().map_or(value.clone(), Value::text),
    }
}

/// A Terraform state of what watertight's own state remembers: everything as the provider
/// would read it, under labels of its own.
pub(crate) async fn state_of(aws: &Aws, document: &serde_json::Value) -> String {
    let mut resources = Vec::new();
    for record in document["records"].as_array().unwrap() {
        let address = record["address"].as_str().unwrap();
        let [component, kind, name] = address.split('.').collect::<Vec<_>>()[..] else {
            panic!("{address}")
        };
        let Some(kind) = Kind::of(kind).filter(|kind| reads::of(kind.name).is_some()) else {
            continue;
        };
        let text = |key: &str| record["id"][key].as_str().unwrap().to_owned();
        let id = Id {
            region: text("region"),
            text: text("text"),
        };
        let lifecycle = aws::lifecycle(kind.name).unwrap();
        let read = lifecycle.read(aws, std::slice::from_ref(&id)).await;
        let read = read.into_iter().next().unwrap().unwrap().unwrap();
        let read = as_the_provider_reads(kind.name, read);
        let mut attributes = Value::Map(read).to_json();
        if kind.schema().attribute("region").is_some() {
            attributes["region"] = id.region.as_str().into();
        }
        if kind.name == "aws_s3_bucket" {
            let host = format!("{}.s3.{}.amazonaws.com", id.text, id.region);
            attributes["bucket_region"] = id.region.as_str().into();
            attributes["bucket_regional_domain_name"] = host.into();
        }
        for name in kind.json {
            let document = attributes[*name].to_string();
            attributes[*name] = document.into();
        }
        if let Some(tags) = attributes
            .get_mut("tags")
            .and_then(|tags| tags.as_object_mut())
        {
            // Those were never there.
            tags.retain(|key, _| !key.starts_with("watertight:"));
        }
        resources.push(serde_json::json!({
            "mode": "managed",
            "type": kind.name,
            "name": format!("{component}_{name}"),
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] }],
        }));
    }
    let state = serde_json::json!({
        "version": 4, "terraform_version": "1.9.8", "serial": 1, "resources": resources,
    });
    state.to_string()
}
