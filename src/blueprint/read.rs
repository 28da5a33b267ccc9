//! Reads a rendered blueprint: TOML against the provider's schema.
//!
//! In: the text, and where its lines came from. Out: resources and lookups with absolute
//! addresses, the references in them, and every problem.
//!
//! *Invariant*: what comes out has the schema's shape: blocks are lists of maps, JSON
//! documents are maps, and nothing is there that the provider would not take.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::link::{Link, Wanted, in_words};
use super::place::{Places, error_at};
use super::text;
use crate::address::{Address, Mode, is_name};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::kind::Kind;
use crate::kind::schema::{AWS_6, Block, Nesting, Schema, Type};
use crate::resource::{Lookup, Origin, Resource};
use crate::value::{Attributes, Part, Value};

/// What a component comes to.
#[derive(Debug, Default)]
pub(super) struct Drafted {
    pub(super) resources: BTreeMap<Address, Resource>,
    pub(super) lookups: BTreeMap<Address, Lookup>,
    pub(super) links: Vec<Link>,
    pub(super) problems: Vec<Diagnostic>,
}

/// What the reader needs to know beside the text.
pub(super) struct Surroundings<'a> {
    /// The component's name.
    pub(super) component: &'a str,
    /// Region of what names no other.
    pub(super) region: &'a str,
    /// Where lines came from.
    pub(super) places: &'a Places<'a>,
    /// Values of other components' outputs.
    pub(super) output: &'a dyn Fn(&str, &str) -> Option<Value>,
}

type Node<'i> = Spanned<DeValue<'i>>;

/// Lookups of a global service, which has one endpoint.
const GLOBAL_LOOKUPS: &[&str] = &["aws_route53_zone"];

/// Reads one rendered template into what the component has so far.
pub(super) fn read(rendered: &str, around: &Surroundings<'_>, drafted: &mut Drafted) {
    let (table, errors) = DeTable::parse_recoverable(rendered);
    for error in &errors {
        let at = error.span().unwrap_or_default().start;
        let origin = around.places.header(rendered, at);
        let message = error.message().lines().next().unwrap_or_default();
        drafted.problems.push(error_at(
            &origin,
            format!("the blueprint renders no TOML: {message}"),
            "",
        ));
    }
    if !errors.is_empty() {
        return;
    }
    let mut reader = Reader {
        rendered,
        around,
        drafted,
        address: Address::managed(around.component, "", ""),
        origin: around.places.whole(),
        inside: None,
    };
    for (key, node) in table.get_ref() {
        if key.get_ref() == "data" {
            for (kind, node) in reader.entries(key.span(), node) {
                reader.kind(Mode::Lookup, kind, node);
            }
        } else {
            reader.kind(Mode::Managed, key, node);
        }
    }
}

struct Reader<'a, 'b> {
    rendered: &'a str,
    around: &'a Surroundings<'a>,
    drafted: &'b mut Drafted,
    /// What is being read.
    address: Address,
    /// Where it came from.
    origin: Origin,
    /// The first line inside the attribute that is being read that speaks of an input.
    inside: Option<Origin>,
}

type Key<'i> = Spanned<std::borrow::Cow<'i, str>>;

impl Reader<'_, '_> {
    fn problem(&mut self, at: &Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let origin = self.place(at);
        self.drafted.problems.push(error_at(&origin, message, ""));
        self.drafted
            .problems
            .last_mut()
            .expect("one was just put in")
    }

    fn place(&self, at: &Range<usize>) -> Origin {
        self.around
            .places
            .attribute(self.rendered, at.start, &self.origin)
    }

    fn entries<'n, 'i>(
        &mut self,
        at: Range<usize>,
        node: &'n Node<'i>,
    ) -> Vec<(&'n Key<'i>, &'n Node<'i>)> {
        match node.get_ref().as_table() {
            Some(table) => table.iter().collect(),
            None => {
                self.problem(
                    &at,
                    "this stands outside of a resource: `[kind.name]` goes before it",
                );
                Vec::new()
            }
        }
    }

    fn kind(&mut self, mode: Mode, key: &Key<'_>, node: &Node<'_>) {
        let kind: &str = key.get_ref();
        let full = match mode {
            Mode::Managed => kind.to_owned(),
            Mode::Lookup => format!("data.{kind}"),
        };
        let entries = self.entries(key.span(), node);
        let Some(schema) = Schema::of(&full) else {
            let names = AWS_6.iter().map(|(name, _)| *name);
            let near = did_you_mean(&full, names);
            for (name, _) in entries {
                let diagnostic = self.problem(&name.span(), format!("there is no kind `{full}`"));
                if let Some(near) = near {
                    diagnostic.hints.push(format!("Did you mean `{near}`?"));
                }
            }
            return;
        };
        for (name, node) in entries {
            let table = node.get_ref().as_table();
            let text: &str = name.get_ref();
            self.address = Address {
                mode,
                ..Address::managed(self.around.component, kind, text)
            };
            self.origin = self.around.places.header(self.rendered, name.span().start);
            match table {
                _ if !is_name(text) => {
                    let message = format!(
                        "`{}` can't name a resource: `[a-z][a-z0-9_]*`",
                        text.escape_debug()
                    );
                    self.problem(&name.span(), message)
                        .hints
                        .push("A name made from a value passes the filter `label`.".to_owned());
                }
                Some(table) => self.object(&name.span(), table, schema),
                None => {
                    self.problem(&name.span(), format!("`{full}.{text}` is a table"));
                }
            }
        }
    }

    /// A resource or a lookup.
    fn object(&mut self, at: &Range<usize>, table: &DeTable<'_>, schema: &'static Schema) {
        let kind = Kind::of(&self.address.kind);
        let mut region = kind.and_then(|kind| kind.home);
        if self.address.mode == Mode::Lookup {
            region = GLOBAL_LOOKUPS
                .contains(&self.address.kind.as_str())
                .then_some("us-east-1");
        }
        let mut region = region.map(str::to_owned);
        let mut depends_on = BTreeSet::new();
        let mut origins = BTreeMap::new();
        let mut rest: Vec<(&Key<'_>, &Node<'_>)> = Vec::new();
        for (key, node) in table {
            match key.get_ref().as_ref() {
                "region" => self.region(node, &mut region),
                "depends_on" if self.address.mode == Mode::Managed => {
                    depends_on = self.depends_on(node);
                }
                _ => rest.push((key, node)),
            }
        }
        let generated = kind
            .and_then(|kind| kind.generated_name)
            .map(|name| name.attribute);
        let mut attributes = Attributes::new();
        let mut failed = BTreeSet::new();
        for (key, node) in rest {
            let name = key.get_ref().to_string();
            let own = self.place(&key.span());
            self.inside = None;
            match self.entry(key, node, schema, "") {
                Some(value) => {
                    attributes.insert(name.clone(), value);
                }
                None => {
                    failed.insert(name.clone());
                }
            }
            // A block's header speaks of nothing: the line in it that does is why it is so.
            let by_input = own.spec != self.origin.spec;
            let origin = self.inside.take().filter(|_| !by_input).unwrap_or(own);
            origins.insert(name, origin);
        }
        failed.extend(generated.map(str::to_owned));
        self.required(at, &attributes, &failed, schema, "");
        let region = region.unwrap_or_else(|| self.around.region.to_owned());
        let (address, origin) = (self.address.clone(), self.origin.clone());
        let earlier = match address.mode {
            Mode::Managed => self
                .drafted
                .resources
                .get(&address)
                .map(|before| &before.origin),
            Mode::Lookup => self
                .drafted
                .lookups
                .get(&address)
                .map(|before| &before.origin),
        };
        if let Some(before) = earlier.and_then(|before| before.blueprint.clone()) {
            let diagnostic = self.problem(at, format!("`{}` is there twice", address.local()));
            *diagnostic = diagnostic.clone().at(before, "the first time");
            return;
        }
        match address.mode {
            Mode::Managed => {
                let resource = Resource {
                    address: address.clone(),
                    region,
                    attributes,
                    generated: BTreeSet::new(),
                    defaulted: BTreeSet::new(),
                    depends_on,
                    origin,
                    origins,
                };
                self.drafted.resources.insert(address, resource);
            }
            Mode::Lookup => {
                let lookup = Lookup {
                    address: address.clone(),
                    region,
                    arguments: attributes,
                    origin,
                };
                self.drafted.lookups.insert(address, lookup);
            }
        }
    }

    fn region(&mut self, node: &Node<'_>, region: &mut Option<String>) {
        let written = match node.get_ref() {
            DeValue::String(written) => text::read_plain(written).ok(),
            _ => None,
        };
        match (written, region.as_deref()) {
            (None, _) => {
                self.problem(&node.span(), "`region` is the name of a region, a text");
            }
            (Some(written), Some(home)) if written != home => {
                let message = format!("`{}` lives in {home}, not in {written}", self.address.kind);
                self.problem(&node.span(), message);
            }
            (Some(written), _) => *region = Some(written),
        }
    }

    fn depends_on(&mut self, node: &Node<'_>) -> BTreeSet<Address> {
        let mut found = BTreeSet::new();
        let items: Vec<&Node<'_>> = match node.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![node],
        };
        for item in items {
            let parsed = item
                .get_ref()
                .as_str()
                .and_then(|text| format!("{}.{text}", self.around.component).parse().ok())
                .filter(|address: &Address| address.mode == Mode::Managed);
            match parsed {
                Some(address) => {
                    found.insert(address);
                }
                None => {
                    self.problem(
                        &item.span(),
                        "`depends_on` is a list of resources, as in `[\"aws_lb.main\"]`",
                    );
                }
            }
        }
        found
    }

    /// The attributes and blocks of a block.
    fn body(
        &mut self,
        at: &Range<usize>,
        table: &DeTable<'_>,
        schema: &'static Schema,
        path: &str,
    ) -> Attributes {
        let mut attributes = Attributes::new();
        let mut failed = BTreeSet::new();
        for (key, node) in table {
            let name = key.get_ref().to_string();
            match self.entry(key, node, schema, path) {
                Some(value) => {
                    attributes.insert(name, value);
                }
                None => {
                    failed.insert(name);
                }
            }
        }
        self.required(at, &attributes, &failed, schema, path);
        attributes
    }

    fn entry(
        &mut self,
        key: &Key<'_>,
        node: &Node<'_>,
        schema: &'static Schema,
        path: &str,
    ) -> Option<Value> {
        let name: &str = key.get_ref();
        let inside = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        self.note(&key.span());
        match (schema.attribute(name), schema.block(name)) {
            (Some(attribute), _) if !attribute.required && !attribute.optional => {
                let message = format!("AWS sets `{inside}` of {}; it can't be given", self.what());
                self.problem(&key.span(), message);
                None
            }
            (Some(attribute), _) => self.value(node, &attribute.of, &inside),
            (None, Some(block)) => self.blocks(&key.span(), node, block, &inside),
            (None, None) => {
                let near = did_you_mean(name, schema.arguments());
                let message = format!("{} has no attribute `{inside}`", self.what());
                let diagnostic = self.problem(&key.span(), message);
                if let Some(near) = near {
                    diagnostic.hints.push(format!("Did you mean `{near}`?"));
                }
                None
            }
        }
    }

    /// Keeps the first place inside an attribute that comes from an input.
    fn note(&mut self, at: &Range<usize>) {
        if self.inside.is_none() {
            let origin = self.place(at);
            if origin.spec != self.origin.spec {
                self.inside = Some(origin);
            }
        }
    }

    /// What must be there, unless it is or has been complained about.
    fn required(
        &mut self,
        at: &Range<usize>,
        attributes: &Attributes,
        failed: &BTreeSet<String>,
        schema: &'static Schema,
        path: &str,
    ) {
        let attribute_names = schema.attributes.iter().filter(|one| one.required);
        let block_names = schema.blocks.iter().filter(|one| one.min > 0);
        let names = attribute_names
            .map(|one| one.name)
            .chain(block_names.map(|one| one.name));
        for name in names {
            if !attributes.contains_key(name) && !failed.contains(name) {
                let inside = if path.is_empty() {
                    String::new()
                } else {
                    format!(" in `{path}`")
                };
                let message = format!("{} needs `{name}`{inside}", self.what());
                self.problem(at, message);
            }
        }
    }

    fn what(&self) -> String {
        format!("`{}`", self.address.local())
    }

    fn blocks(
        &mut self,
        at: &Range<usize>,
        node: &Node<'_>,
        block: &'static Block,
        path: &str,
    ) -> Option<Value> {
        let items: Option<Vec<&Node<'_>>> = match node.get_ref() {
            DeValue::Table(_) => Some(vec![node]),
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => {
                Some(items.iter().collect())
            }
            _ => None,
        };
        let Some(items) = items else {
            let header = format!("[[{}.{path}]]", self.address.local());
            let message = format!("`{path}` of {} is a block", self.what());
            self.problem(at, message)
                .hints
                .push(format!("Write `{header}` and its attributes below it."));
            return None;
        };
        if block.max > 0 && items.len() as u64 > block.max {
            let message = format!(
                "{} takes {} `{path}`, not {}",
                self.what(),
                block.max,
                items.len()
            );
            self.problem(at, message);
        }
        let mut maps: Vec<Value> = Vec::new();
        for item in items {
            if let Some(table) = item.get_ref().as_table() {
                // The span of a table is its header; an inline one's, its text.
                let place = if item.span().is_empty() {
                    at.clone()
                } else {
                    item.span()
                };
                maps.push(Value::Map(self.body(&place, table, &block.schema, path)));
            }
        }
        match block.nesting {
            Nesting::Single => maps.into_iter().next(),
            Nesting::List | Nesting::Set => Some(Value::List(maps)),
        }
    }

    fn value(&mut self, node: &Node<'_>, of: &'static Type, path: &str) -> Option<Value> {
        match (of, node.get_ref()) {
            (_, DeValue::String(text)) => self.text(&node.span(), text, of, path),
            (Type::Bool, DeValue::Boolean(value)) => Some(Value::Bool(*value)),
            (Type::Number, DeValue::Integer(_) | DeValue::Float(_)) => self.number(node),
            (Type::List(of), DeValue::Array(items)) => {
                let items: Option<Vec<Value>> = items
                    .iter()
                    .map(|item| self.value(item, of, path))
                    .collect();
                items.map(Value::List)
            }
            (Type::Set(of), DeValue::Array(items)) => {
                let mut set: Vec<Value> = Vec::new();
                for item in items {
                    let value = self.value(item, of, path)?;
                    if !set.contains(&value) {
                        set.push(value);
                    }
                }
                Some(Value::List(set))
            }
            (Type::Map(of), DeValue::Table(entries)) => {
                let mut map = BTreeMap::new();
                for (key, item) in entries {
                    let name = self.key(key)?;
                    let value = self.value(item, of, &format!("{path}.{name}"))?;
                    map.insert(name, value);
                }
                Some(Value::Map(map))
            }
            (Type::Object(fields), DeValue::Table(entries)) => {
                let mut map = BTreeMap::new();
                for (key, item) in entries {
                    let name: &str = key.get_ref();
                    let Some((_, of)) = fields.iter().find(|(field, _)| *field == name) else {
                        let message = format!("`{path}` of {} has no `{name}`", self.what());
                        self.problem(&key.span(), message);
                        return None;
                    };
                    let value = self.value(item, of, &format!("{path}.{name}"))?;
                    map.insert(name.to_owned(), value);
                }
                Some(Value::Map(map))
            }
            (Type::String, DeValue::Table(_)) if self.holds_json(path) => self.json(node),
            _ => {
                let found = node.get_ref().type_str();
                let message = format!(
                    "`{path}` of {} is {}, not {found}",
                    self.what(),
                    in_words(of)
                );
                self.problem(&node.span(), message);
                None
            }
        }
    }

    fn holds_json(&self, path: &str) -> bool {
        Kind::of(&self.address.kind).is_some_and(|kind| kind.json.contains(&path))
    }

    fn number(&mut self, node: &Node<'_>) -> Option<Value> {
        let number = match node.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(Value::Int),
            DeValue::Float(number) => number.as_str().parse().ok().map(Value::Float),
            _ => None,
        };
        if number.is_none() {
            self.problem(&node.span(), "the number is too large");
        }
        number
    }

    fn key(&mut self, key: &Key<'_>) -> Option<String> {
        match text::read_plain(key.get_ref()) {
            Ok(name) => Some(name),
            Err(problem) => {
                self.problem(&key.span(), problem);
                None
            }
        }
    }

    /// A string: text, a reference, a text with references, or an output put in its place.
    fn text(
        &mut self,
        at: &Range<usize>,
        written: &str,
        of: &'static Type,
        path: &str,
    ) -> Option<Value> {
        self.note(at);
        let value = match text::read(written, self.around.component, self.around.output) {
            Ok(value) => value,
            Err(problem) => {
                let message = format!("`{path}` of {}: {problem}", self.what());
                self.problem(at, message);
                return None;
            }
        };
        if !fits(&value, of) {
            let message = format!(
                "`{path}` of {} is {}, not {}",
                self.what(),
                in_words(of),
                value_in_words(&value)
            );
            self.problem(at, message);
            return None;
        }
        let origin = self.place(at);
        link(
            &value,
            Wanted::Typed(of),
            &self.address,
            &origin,
            &mut self.drafted.links,
        );
        Some(value)
    }

    fn json(&mut self, node: &Node<'_>) -> Option<Value> {
        self.note(&node.span());
        Some(match node.get_ref() {
            DeValue::String(written) => {
                match text::read(written, self.around.component, self.around.output) {
                    Ok(value) => {
                        let origin = self.place(&node.span());
                        link(
                            &value,
                            Wanted::Any,
                            &self.address,
                            &origin,
                            &mut self.drafted.links,
                        );
                        value
                    }
                    Err(problem) => {
                        self.problem(&node.span(), problem);
                        return None;
                    }
                }
            }
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(_) | DeValue::Float(_) => self.number(node)?,
            DeValue::Datetime(_) => {
                self.problem(&node.span(), "a date is written as a text");
                return None;
            }
            DeValue::Array(items) => {
                let items: Option<Vec<Value>> = items.iter().map(|item| self.json(item)).collect();
                Value::List(items?)
            }
            DeValue::Table(entries) => {
                let mut map = BTreeMap::new();
                for (key, item) in entries {
                    let key = self.key(key)?;
                    map.insert(key, self.json(item)?);
                }
                Value::Map(map)
            }
        })
    }
}

/// Notes every reference in a value.
pub(super) fn link(
    value: &Value,
    wanted: Wanted,
    by: &Address,
    origin: &Origin,
    links: &mut Vec<Link>,
) {
    let wanted = match value {
        Value::Reference(_) => wanted,
        Value::Template(_) => Wanted::Scalar,
        _ => Wanted::Any,
    };
    let mut references = Vec::new();
    value.references(&mut references);
    links.extend(references.into_iter().map(|reference| Link {
        by: by.clone(),
        reference: reference.clone(),
        wanted,
        origin: origin.clone(),
    }));
}

/// Whether a value that was written as a string can be of this type, as far as it is known.
fn fits(value: &Value, of: &Type) -> bool {
    match (value, of) {
        (Value::Reference(_) | Value::Unknown { .. }, _)
        | (Value::String(_) | Value::Template(_), Type::String)
        | (Value::Bool(_), Type::Bool | Type::String)
        | (Value::Int(_) | Value::Float(_), Type::Number | Type::String) => true,
        (Value::List(items), Type::List(of) | Type::Set(of)) => {
            items.iter().all(|item| fits(item, of))
        }
        (Value::Map(entries), Type::Map(of)) => entries.values().all(|item| fits(item, of)),
        _ => false,
    }
}

fn value_in_words(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{}`", text.escape_debug()),
        Value::Template(parts) => {
            let text = parts.iter().find_map(|part| match part {
                Part::Reference(reference) => Some(reference.to_string()),
                Part::Text(_) => None,
            });
            format!("a text with `{}` in it", text.unwrap_or_default())
        }
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        other => format!("`{}`", other.to_json()),
    }
}
