//! What an exported folder has to say, by what was approved: said here a second time, so that
//! it can be held against what was read.
//!
//! Less than was approved stands in a folder only by the page (docs/terraform.md): what several
//! components look up alike stands once; a lookup that nothing refers to, or that tells only the
//! id that it is asked by, is not there; where a provider has no words for something, the folder
//! says so. What the provider's importers do is taken from its table ([`reads`]).

use std::collections::{BTreeMap, BTreeSet};

use watertight::address::{Address, Mode};
use watertight::aws::LINEAGE_TAG;
use watertight::diagnostic::Span;
use watertight::export::{Live, reads};
use watertight::guardrail::{self, Approved};
use watertight::kind::Kind;
use watertight::kind::schema::{Nesting, Schema};
use watertight::resource::{Desired, Lookup, Origin, Resource};
use watertight::value::{Attributes, Part, Reference, Step, Value};

use super::folder::{Folder, Read, has, label};
use super::terraform::Line;
use super::written::{normal, without_nulls};

/// Kinds of lookup that are answered alike in every region, so that no provider is named.
pub(super) const ANYWHERE: &[&str] = &["aws_caller_identity", "aws_route53_zone"];

/// What the folder of what was approved has to say.
pub(crate) fn wanted(approved: &Approved, line: Line, stands: Option<&Live>) -> Folder {
    let mut desired = approved.desired().clone();
    if let Some(stands) = stands {
        pin(&mut desired, line, stands);
    }
    let expected = Expected {
        alike: alike(&desired),
        desired: &desired,
        line,
        live: stands,
    };
    expected.folder()
}

/// Names that nobody gave are as they stand, what stands overwrites nothing, and what is read in
/// two ways is said in both where each release takes both.
fn pin(desired: &mut Desired, line: Line, stands: &Live) {
    for (address, resource) in &mut desired.resources {
        if stands.ids.contains_key(address) {
            resource.attributes.remove("allow_overwrite");
        }
        let Some(applied) = stands.attributes.get(address) else {
            continue;
        };
        for name in &resource.generated {
            if let Some(value) = applied.get(name) {
                resource.attributes.insert(name.clone(), value.clone());
            }
        }
        let actions = match address.kind.as_str() {
            _ if line == Line::Five => None,
            "aws_lb_listener" => resource.attributes.get_mut("default_action"),
            "aws_lb_listener_rule" => resource.attributes.get_mut("action"),
            _ => None,
        };
        if let Some(Value::List(actions)) = actions {
            actions.iter_mut().for_each(say_twice);
        }
    }
}

/// A forward to one target group: by its ARN, and as a block.
fn say_twice(action: &mut Value) {
    let arn = action.get("target_group_arn").clone();
    let forward = action.get("forward").clone();
    let groups = forward.items().first().map(|one| one.get("target_group"));
    let Value::Map(action) = action else {
        return;
    };
    if forward.is_null() && !arn.is_null() {
        let group = Value::block([("arn", arn)]);
        let forward = Value::block([("target_group", group)]);
        action.insert("forward".to_owned(), forward);
    } else if let Some([group]) = groups.map(Value::items)
        && arn.is_null()
    {
        let arn = group.get("arn").clone();
        action.insert("target_group_arn".to_owned(), arn);
    }
}

/// Lookups that are alike in all that they ask, each by what it asks.
fn alike(desired: &Desired) -> BTreeMap<Address, Address> {
    let mut alike: BTreeMap<Address, Vec<&Lookup>> = BTreeMap::new();
    for lookup in desired.lookups.values().filter(|one| !one.is_deferred()) {
        let mut arguments = lookup.arguments.clone();
        arguments.remove("region");
        let address = &lookup.address;
        let asked = question(&address.kind, &address.name, &lookup.region, &arguments);
        alike.entry(asked).or_default().push(lookup);
    }
    let several = alike.into_iter().filter(|(_, lookups)| lookups.len() > 1);
    let several = several.flat_map(|(asked, lookups)| {
        let each = move |lookup: &Lookup| (lookup.address.clone(), asked.clone());
        lookups.into_iter().map(each)
    });
    several.collect()
}

/// The address of what nobody alone looks up.
pub(super) fn question(kind: &str, name: &str, region: &str, arguments: &Attributes) -> Address {
    let region = if ANYWHERE.contains(&kind) { "" } else { region };
    let asked = Value::Map(arguments.clone()).to_json();
    Address::lookup("", kind, &format!("{name} in {region} by {asked}"))
}

pub(super) fn renamed(reference: &Reference, names: &BTreeMap<Address, Address>) -> Reference {
    let mut reference = reference.clone();
    if let Some(name) = names.get(&reference.target) {
        reference.target = name.clone();
    }
    reference
}

/// The value with something else in the place of each reference.
pub(super) fn with_references(value: &Value, to: &dyn Fn(&Reference) -> Value) -> Value {
    let value = match value {
        Value::Reference(reference) => to(reference),
        Value::Template(parts) => {
            let parts = parts.iter().flat_map(|part| match part {
                Part::Text(_) => vec![part.clone()],
                Part::Reference(reference) => match to(reference) {
                    Value::Reference(reference) => vec![Part::Reference(reference)],
                    Value::Template(parts) => parts,
                    other => vec![Part::Text(other.scalar_text().unwrap_or_default())],
                },
            });
            Value::Template(parts.collect())
        }
        Value::List(items) => {
            let items = items.iter().map(|item| with_references(item, to));
            Value::List(items.collect())
        }
        Value::Map(entries) => Value::Map(mapped(entries, to)),
        other => other.clone(),
    };
    normal(value)
}

pub(super) fn mapped(attributes: &Attributes, to: &dyn Fn(&Reference) -> Value) -> Attributes {
    let mapped = |(name, value): (&String, &Value)| (name.clone(), with_references(value, to));
    attributes.iter().map(mapped).collect()
}

pub(super) fn referred_to<'a>(values: impl Iterator<Item = &'a Value>) -> BTreeSet<Address> {
    let mut found = Vec::new();
    values.for_each(|value| value.references(&mut found));
    found.into_iter().map(|one| one.target.clone()).collect()
}

struct Expected<'a> {
    desired: &'a Desired,
    line: Line,
    live: Option<&'a Live>,
    /// What stands once though several ask it.
    alike: BTreeMap<Address, Address>,
}

impl Expected<'_> {
    fn folder(&self) -> Folder {
        let desired = self.desired;
        let mut folder = Folder::default();
        let satisfied = guardrail::satisfied(desired);
        for (address, resource) in &desired.resources {
            if self.is_left_out(address) {
                folder.left_out.insert(address.to_string());
                continue;
            }
            let mut read = self.resource(resource);
            let rules = satisfied.get(address).into_iter().flatten();
            read.rules = rules.map(|rule| rule.id.to_owned()).collect();
            folder.resources.insert(address.clone(), read);
        }
        for lookup in desired.lookups.values().filter(|one| self.is_needed(one)) {
            let (address, read) = self.lookup(lookup);
            folder.lookups.insert(address, read);
        }
        self.outputs(&mut folder);
        let standing = self.live.iter().flat_map(|live| &live.ids);
        for (address, id) in standing {
            if folder.resources.contains_key(address) && self.can_be_imported(&address.kind) {
                folder.imports.insert(address.clone(), id.clone());
            }
        }
        let regions = folder.resources.iter().chain(&folder.lookups);
        let regions = regions.filter(|(address, _)| {
            let kind = Kind::of(&address.kind).filter(|_| address.mode == Mode::Managed);
            kind.is_none_or(|kind| kind.home.is_none())
        });
        for (_, read) in regions.filter(|(_, read)| !read.region.is_empty()) {
            if read.region != desired.region {
                let alias = read.region.replace('-', "_");
                folder.regions.insert(alias, read.region.clone());
            }
        }
        let standard = desired.region.clone();
        folder.regions.insert(String::new(), standard);
        folder
            .accounts
            .insert(desired.account.iter().cloned().collect());
        let version = match self.line {
            Line::Five => ">= 5.46, < 6.0",
            Line::Six => ">= 6.69, < 7.0",
        };
        let versions = [">= 1.5", "hashicorp/aws", version];
        folder.versions = versions.map(str::to_owned).to_vec();
        folder
    }

    fn resource(&self, resource: &Resource) -> Read {
        let address = &resource.address;
        let kind = Kind::of(&address.kind).unwrap();
        let stands = self.live.is_some_and(|live| live.ids.contains_key(address));
        let mut attributes = self.inside(&resource.attributes, kind.schema());
        if let (Some(live), Some(Value::Map(tags))) = (self.live, attributes.get_mut("tags")) {
            tags.insert(LINEAGE_TAG.to_owned(), Value::text(&live.lineage));
        }
        let mut ignored: BTreeSet<String> = resource
            .ignored
            .keys()
            .filter(|path| has(self.schema(kind.name).unwrap(), path))
            .map(|path| in_a_set(kind.schema(), path))
            .collect();
        if stands {
            let unset = reads::of(kind.name).into_iter();
            let unset = unset.flat_map(|read| read.unset(&resource.attributes));
            ignored.extend(unset.map(str::to_owned));
        }
        let after = resource.depends_on.iter();
        let depends_on = after.filter(|one| !self.is_left_out(one)).cloned();
        let depends_on = depends_on.collect();
        Read {
            region: resource.region.clone(),
            attributes,
            defaulted: resource.defaulted.clone(),
            depends_on,
            ignored,
            prevents_destroy: (kind.protect)(&resource.attributes) && !self.desired.ephemeral,
            stands_twice: kind.name == "aws_acm_certificate",
            place: place(&resource.origin),
            ..Read::default()
        }
    }

    fn lookup(&self, lookup: &Lookup) -> (Address, Read) {
        let address = &lookup.address;
        let shared = self.alike.get(address);
        let schema = self.schema(&format!("data.{}", address.kind)).unwrap();
        let mut arguments = lookup.arguments.clone();
        arguments.remove("region");
        let arguments = self.inside(&arguments, schema);
        let after = lookup.depends_on.iter();
        let depends_on = after.filter(|one| !self.is_left_out(one)).cloned();
        let depends_on = depends_on.collect();
        let is_anywhere = ANYWHERE.contains(&address.kind.as_str());
        let region = lookup.region.clone();
        let read = Read {
            region: if is_anywhere { String::new() } else { region },
            attributes: arguments,
            depends_on,
            place: shared.map_or_else(|| place(&lookup.origin), |_| String::new()),
            ..Read::default()
        };
        (shared.unwrap_or(address).clone(), read)
    }

    /// What is given, references as they can be read back.
    fn inside(&self, attributes: &Attributes, schema: &'static Schema) -> Attributes {
        let mut given = Attributes::new();
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_null()) {
            let mut value = value.clone();
            if let Some(attribute) = schema.attribute(name) {
                without_nulls(&mut value, &attribute.of);
                value = with_references(&value, &|one| self.reference(one));
            } else if let Some(block) = schema.block(name) {
                let one = |item: &Value| match item {
                    Value::Map(inner) => Value::Map(self.inside(inner, &block.schema)),
                    other => other.clone(),
                };
                value = match (&value, block.nesting) {
                    (Value::List(items), _) if items.is_empty() => continue,
                    (Value::List(items), Nesting::Single) => one(&items[0]),
                    (Value::List(items), _) => Value::List(items.iter().map(one).collect()),
                    (single, Nesting::Single) => one(single),
                    (single, _) => Value::List(vec![one(single)]),
                };
            }
            given.insert(name.clone(), value);
        }
        given
    }

    /// A lookup that is asked by the id that it tells is not there: the id is.
    fn reference(&self, reference: &Reference) -> Value {
        let lookup = self.desired.lookups.get(&reference.target);
        if let (Some(lookup), [Step::Attribute(name)]) = (lookup, &reference.path[..])
            && is_known_by_id(lookup)
            && ["arn", "id"].contains(&name.as_str())
        {
            return with_references(&lookup.arguments["id"], &|one| self.reference(one));
        }
        let mut reference = renamed(reference, &self.alike);
        if reference.target.mode == Mode::Lookup && reference.target.kind == "aws_ssm_parameter" {
            // The same text, by a name that Terraform shows: the other is called sensitive.
            match reference.path.first_mut() {
                Some(Step::Attribute(name)) if name == "value" => *name = "insecure_value".into(),
                _ => {}
            }
        }
        Value::Reference(reference)
    }

    fn is_needed(&self, lookup: &Lookup) -> bool {
        let desired = self.desired;
        let resources = desired.resources.values().chain(desired.by_hand.values());
        let values = resources.flat_map(|one| one.attributes.values());
        let lookups = desired.lookups.values();
        let values = values.chain(lookups.flat_map(|one| one.arguments.values()));
        let asked = referred_to(values.chain(desired.outputs.values()));
        let same = |other: &Address| {
            let shared = self.alike.get(other);
            *other == lookup.address
                || shared.is_some() && shared == self.alike.get(&lookup.address)
        };
        asked.iter().any(same) && !is_known_by_id(lookup)
    }

    fn outputs(&self, folder: &mut Folder) {
        let desired = self.desired;
        for ((component, name), value) in &desired.outputs {
            let mut told = Vec::new();
            value.references(&mut told);
            let is_told = told.iter().all(|one| self.line.leads(one));
            let is_sensitive = is_sensitive(value);
            let value = with_references(value, &|one| self.reference(one));
            if !is_told {
                let name = label(component, name);
                folder.left_out.insert(format!("output {name}"));
            } else if !value.is_null() {
                let output = (label(component, name), value, is_sensitive);
                folder.outputs.push(output);
            }
        }
        let mut by_hand: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (address, record) in &desired.by_hand {
            let get = |name: &str| with_references(record.get(name), &|one| self.reference(one));
            let value = match get("alias.name") {
                Value::Null => get("records"),
                alias => alias,
            };
            let record = [
                ("name", get("name")),
                ("type", get("type")),
                ("value", value),
            ];
            let of_component = by_hand.entry(&address.component).or_default();
            of_component.push(Value::map(record));
        }
        for (component, records) in by_hand {
            let label = label(component, "records_by_hand");
            folder.outputs.push((label, Value::List(records), false));
        }
    }

    fn schema(&self, name: &str) -> Option<&'static Schema> {
        self.line.schema(name)
    }

    fn is_left_out(&self, address: &Address) -> bool {
        address.mode == Mode::Managed && self.schema(&address.kind).is_none()
    }

    fn can_be_imported(&self, kind: &str) -> bool {
        reads::of(kind).is_some_and(|read| read.by_5 || self.line == Line::Six)
    }
}

/// The provider's data source has no argument for it.
fn is_known_by_id(lookup: &Lookup) -> bool {
    lookup.address.kind == "aws_acm_certificate" && lookup.arguments.contains_key("id")
}

/// Whether it tells what the provider calls sensitive. The text of a parameter is shown: it is
/// asked for without decryption.
fn is_sensitive(value: &Value) -> bool {
    let mut found = Vec::new();
    value.references(&mut found);
    found.into_iter().any(|reference| {
        let schema = match reference.target.mode {
            Mode::Managed => Schema::of(&reference.target.kind),
            Mode::Lookup => Schema::of(&format!("data.{}", reference.target.kind)),
        };
        let Some(Step::Attribute(name)) = reference.path.first() else {
            return false;
        };
        let attribute = schema.and_then(|schema| schema.attribute(name));
        let is_secret = attribute.is_some_and(|attribute| attribute.sensitive);
        is_secret && reference.target.kind != "aws_ssm_parameter"
    })
}

/// Terraform can't name what stands in one element of a set: all of the set is left.
fn in_a_set(schema: &'static Schema, path: &str) -> String {
    let first = path.split('.').next().unwrap_or_default();
    let mut schema = schema;
    let mut walked: Vec<&str> = Vec::new();
    for name in path.split('.') {
        walked.push(name);
        match schema.block(name) {
            Some(block) if block.nesting == Nesting::Set => return walked.join("."),
            Some(block) => schema = &block.schema,
            None if walked.len() == 1 && first != path => return path.to_owned(),
            None => {}
        }
    }
    path.to_owned()
}

/// `app.toml:5, https-service/main.toml.tera:12`.
fn place(origin: &Origin) -> String {
    let line = |span: &Span| span.line_and_column().0;
    let spec = origin.spec.iter().map(|span| {
        let name = span.source.name.rsplit('/').next().unwrap_or_default();
        format!("{name}:{}", line(span))
    });
    let blueprint = origin.blueprint.iter();
    let blueprint = blueprint.map(|span| format!("{}:{}", span.source.name, line(span)));
    spec.chain(blueprint).collect::<Vec<_>>().join(", ")
}
