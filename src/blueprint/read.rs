//! Reads a rendered blueprint, or what the spec says in its vocabulary: TOML against the
//! provider's schema.
//!
//! In: the text, and where its lines came from. Out: resources and lookups with absolute
//! addresses, the references in them, and every problem.
//!
//! *Invariant*: what comes out has the schema's shape: blocks are lists of maps, JSON
//! documents are maps, and nothing is there that the provider would not take.

mod node;
mod values;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeTable;

use super::link::{Link, Wanted};
use super::place::{Places, error_at};
use super::text;
use crate::address::{Address, Mode, is_name};
use crate::diagnostic::{Diagnostic, Source, Span, did_you_mean};
use crate::kind::Kind;
use crate::kind::schema::{AWS_6, Schema};
use crate::resource::{Lookup, Origin, Resource};
use crate::spec::{Amendment, Given};
use crate::value::{Attributes, Value};
use node::Form;
pub(super) use node::{Key, Node, Table};

/// What a component comes to.
#[derive(Debug, Default)]
pub(super) struct Drafted {
    pub(super) resources: BTreeMap<Address, Resource>,
    /// Records that somebody makes by hand, as resources.
    pub(super) by_hand: BTreeMap<Address, Resource>,
    pub(super) lookups: BTreeMap<Address, Lookup>,
    pub(super) links: Vec<Link>,
    pub(super) problems: Vec<Diagnostic>,
}

impl Drafted {
    fn put(&mut self, resource: Resource, by_hand: bool) {
        let among = if by_hand {
            &mut self.by_hand
        } else {
            &mut self.resources
        };
        among.insert(resource.address.clone(), resource);
    }
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
    /// What must stand before whoever has taken outputs since this was last emptied.
    pub(super) needed: &'a RefCell<BTreeSet<Address>>,
}

/// Lookups of a global service, which has one endpoint.
const GLOBAL_LOOKUPS: &[&str] = &["aws_route53_zone"];

/// The kind that people can make in our place, and the key that says that they do: a record
/// in a zone that is not in Route 53.
const RECORD: &str = "aws_route53_record";
const BY_HAND: &str = "by_hand";

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
    let mut reader = Reader::new(Written::Template(rendered), around, drafted);
    for (key, node) in node::table(table.get_ref()) {
        if key.name == "data" {
            for (kind, node) in reader.entries(&key.at, &node) {
                reader.kind(Mode::Lookup, kind, node);
            }
        } else {
            reader.kind(Mode::Managed, &key, &node);
        }
    }
}

/// Reads a resource or a lookup that the spec adds to what the component has so far.
pub(super) fn add(
    added: &Amendment,
    mode: Mode,
    schema: &'static Schema,
    around: &Surroundings<'_>,
    drafted: &mut Drafted,
) {
    let header = &added.name.span;
    let mut reader = Reader::new(Written::Spec(&header.source), around, drafted);
    let at = header.start..header.end;
    reader.address.mode = mode;
    reader.address.kind.clone_from(&added.kind.value);
    reader.address.name.clone_from(&added.name.value);
    reader.origin = reader.place(&at);
    reader.object(&at, &node::given(&added.attributes), schema);
}

/// Reads attributes of the spec as they would stand in the resource, each with its place;
/// what is wrong is noted and left out. A block may lack what the whole one needs.
pub(super) fn part(
    resource: &Resource,
    attributes: &BTreeMap<String, Given>,
    around: &Surroundings<'_>,
    drafted: &mut Drafted,
) -> Vec<(String, Span, Value)> {
    let mut read = Vec::new();
    let Some(schema) = Schema::of(&resource.address.kind) else {
        return read;
    };
    for (key, node) in node::given(attributes) {
        let Some(span) = attributes.get(&key.name).map(|given| given.key.clone()) else {
            continue;
        };
        let mut reader = Reader::new(Written::Spec(&span.source), around, drafted);
        reader.address = resource.address.clone();
        reader.is_partial = true;
        if let Some(value) = reader.entry(&key, &node, schema, "") {
            read.push((key.name, span, value));
        }
    }
    read
}

/// Reads a `depends_on` of the spec.
pub(super) fn order(
    given: &Given,
    around: &Surroundings<'_>,
    drafted: &mut Drafted,
) -> BTreeSet<Address> {
    let mut reader = Reader::new(Written::Spec(&given.key.source), around, drafted);
    reader.depends_on(&node::value(given))
}

/// Whose text is read.
#[derive(Clone, Copy)]
enum Written<'a> {
    /// That of a rendered template.
    Template(&'a str),
    /// The user's own.
    Spec(&'a Arc<Source>),
}

struct Reader<'a, 'b> {
    written: Written<'a>,
    around: &'a Surroundings<'a>,
    drafted: &'b mut Drafted,
    /// What is being read.
    address: Address,
    /// Where it came from.
    origin: Origin,
    /// The first line inside the attribute that is being read that speaks of an input.
    inside: Option<Origin>,
    /// Whether what a block needs may be missing, as it stands in the one that this changes.
    is_partial: bool,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(written: Written<'a>, around: &'a Surroundings<'a>, drafted: &'b mut Drafted) -> Self {
        Self {
            written,
            around,
            drafted,
            address: Address::managed(around.component, "", ""),
            origin: around.places.whole(),
            inside: None,
            is_partial: false,
        }
    }
}

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
        match self.written {
            Written::Template(rendered) => {
                let places = self.around.places;
                places.attribute(rendered, at.start, &self.origin)
            }
            Written::Spec(source) => in_spec(source, at),
        }
    }

    fn header(&self, at: &Range<usize>) -> Origin {
        match self.written {
            Written::Template(rendered) => self.around.places.header(rendered, at.start),
            Written::Spec(source) => in_spec(source, at),
        }
    }

    fn entries<'n>(&mut self, at: &Range<usize>, node: &'n Node) -> Vec<&'n (Key, Node)> {
        if let Some(table) = node.table() {
            return table.iter().collect();
        }
        self.problem(
            at,
            "this stands outside of a resource: `[kind.name]` goes before it",
        );
        Vec::new()
    }

    fn kind(&mut self, mode: Mode, key: &Key, node: &Node) {
        let kind = key.name.as_str();
        let full = match mode {
            Mode::Managed => kind.to_owned(),
            Mode::Lookup => format!("data.{kind}"),
        };
        let entries = self.entries(&key.at, node);
        let Some(schema) = Schema::of(&full) else {
            let names = AWS_6.iter().map(|(name, _)| *name);
            let near = did_you_mean(&full, names);
            for (name, _) in entries {
                let diagnostic = self.problem(&name.at, format!("there is no kind `{full}`"));
                if let Some(near) = near {
                    diagnostic.hints.push(format!("Did you mean `{near}`?"));
                }
            }
            return;
        };
        for (name, node) in entries {
            let table = node.table();
            let text = name.name.as_str();
            self.address = Address {
                mode,
                ..Address::managed(self.around.component, kind, text)
            };
            self.origin = self.header(&name.at);
            match table {
                _ if !is_name(text) => {
                    let message = format!(
                        "`{}` can't name a resource: `[a-z][a-z0-9_]*`",
                        text.escape_debug()
                    );
                    self.problem(&name.at, message)
                        .hints
                        .push("A name made from a value passes the filter `label`.".to_owned());
                }
                Some(table) => self.object(&name.at, table, schema),
                None => {
                    self.problem(&name.at, format!("`{full}.{text}` is a table"));
                }
            }
        }
    }

    /// A resource or a lookup.
    fn object(&mut self, at: &Range<usize>, table: &Table, schema: &'static Schema) {
        let kind = Kind::of(&self.address.kind);
        let mut region = kind.and_then(|kind| kind.home);
        if self.address.mode == Mode::Lookup {
            region = GLOBAL_LOOKUPS
                .contains(&self.address.kind.as_str())
                .then_some("us-east-1");
        }
        let mut region = region.map(str::to_owned);
        let mut depends_on = BTreeSet::new();
        let mut by_hand = false;
        let mut origins = BTreeMap::new();
        let mut rest: Vec<(&Key, &Node)> = Vec::new();
        for (key, node) in table {
            match key.name.as_str() {
                "region" => self.region(node, &mut region),
                "depends_on" => depends_on = self.depends_on(node),
                BY_HAND if self.address.kind == RECORD => {
                    by_hand = matches!(node.form, Form::Bool(true));
                }
                _ => rest.push((key, node)),
            }
        }
        let generated = kind
            .and_then(|kind| kind.generated_name)
            .map(|name| name.attribute);
        let mut attributes = Attributes::new();
        let mut failed = BTreeSet::new();
        self.around.needed.take();
        for (key, node) in rest {
            let name = key.name.clone();
            let own = self.place(&key.at);
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
            let by_user = matches!(self.written, Written::Spec(_));
            let inside = self.inside.take().filter(|_| !by_input && !by_user);
            let origin = inside.unwrap_or(own);
            origins.insert(name, origin);
        }
        depends_on.extend(self.around.needed.take());
        failed.extend(generated.map(str::to_owned));
        if by_hand {
            // Whoever makes it knows the zone.
            failed.insert("zone_id".to_owned());
        }
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
                    maker: None,
                    origin,
                    origins,
                    overridden: BTreeMap::new(),
                    ignored: BTreeMap::new(),
                };
                self.drafted.put(resource, by_hand);
            }
            Mode::Lookup => {
                let lookup = Lookup {
                    address: address.clone(),
                    region,
                    arguments: attributes,
                    depends_on,
                    origin,
                };
                self.drafted.lookups.insert(address, lookup);
            }
        }
    }

    fn region(&mut self, node: &Node, region: &mut Option<String>) {
        let written = node.text().and_then(|text| text::read_plain(text).ok());
        match (written, region.as_deref()) {
            (None, _) => {
                self.problem(&node.at, "`region` is the name of a region, a text");
            }
            (Some(written), Some(home)) if written != home => {
                let message = format!("`{}` lives in {home}, not in {written}", self.address.kind);
                self.problem(&node.at, message);
            }
            (Some(written), _) => *region = Some(written),
        }
    }

    fn depends_on(&mut self, node: &Node) -> BTreeSet<Address> {
        let mut found = BTreeSet::new();
        let items: Vec<&Node> = match &node.form {
            Form::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        for item in items {
            let parsed = item
                .text()
                .and_then(|text| format!("{}.{text}", self.around.component).parse().ok())
                .filter(|address: &Address| address.mode == Mode::Managed);
            match parsed {
                Some(address) => {
                    found.insert(address);
                }
                None => {
                    self.problem(
                        &item.at,
                        "`depends_on` is a list of resources, as in `[\"aws_lb.main\"]`",
                    );
                }
            }
        }
        found
    }

    fn what(&self) -> String {
        format!("`{}`", self.address.local())
    }
}

/// A place in the user's own text.
fn in_spec(source: &Arc<Source>, at: &Range<usize>) -> Origin {
    Origin {
        spec: Some(Span::new(source, at.clone())),
        blueprint: None,
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
