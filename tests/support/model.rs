//! Makes what may be approved up: resources of every kind, with whatever its schema allows,
//! under the worst names and values.
//!
//! A run of dice decides everything, so that proptest can make a case smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use watertight::address::{Address, Mode};
use watertight::aws::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG};
use watertight::diagnostic::{Source, Span};
use watertight::guardrail::{EXPRESSED, RULES};
use watertight::kind::schema::{Nesting, Schema, Type};
use watertight::kind::{KINDS, Kind};
use watertight::resource::{Desired, Lookup, Origin, Resource};
use watertight::spec::Waiver;
use watertight::value::{Attributes, Part, Reference, Step, Value};

/// Components that are told apart by a dash alone, or whose files Terraform would take for
/// something else.
const COMPONENTS: &[&str] = &[
    "a", "a-b", "a-b-c", "data", "for", "imports", "null", "outputs", "override", "x1",
];

/// Names that a component's end can be taken for.
const NAMES: &[&str] = &["b", "b_c", "c", "for", "main", "main_0a1b2c", "null", "x_"];

const REGIONS: &[&str] = &["eu-west-1", "eu-west-1", "us-east-1", "ap-south-2"];

const LOOKUPS: &[&str] = &[
    "aws_acm_certificate",
    "aws_availability_zones",
    "aws_caller_identity",
    "aws_ec2_managed_prefix_list",
    "aws_route53_zone",
    "aws_secretsmanager_secret",
    "aws_security_group",
    "aws_ssm_parameter",
    "aws_subnets",
    "aws_vpc",
];

/// What texts are made of.
const PIECES: &[&str] = &[
    "$",
    "%",
    "{",
    "}",
    "${",
    "%{",
    "$${",
    "\"",
    "\\",
    "\n",
    "\r",
    "\t",
    "a",
    "Z9",
    " ",
    "'",
    "#",
    "//",
    "/*",
    "<<EOT",
    "=",
    "[",
    "]",
    "~}",
    "ü",
    "漢",
    "🔒",
    "\u{2028}",
    "\u{7f}",
    "\u{1}",
    "${file(\"/etc/passwd\")}",
    "aws_lb.a_b.arn",
    "true",
    "null",
    "Not here: ",
];

/// Decides.
pub(crate) struct Dice<'a>(std::slice::Iter<'a, u16>);

impl<'a> Dice<'a> {
    pub(crate) fn new(thrown: &'a [u16]) -> Self {
        Self(thrown.iter())
    }

    /// Less than `end`; 0 once all are thrown.
    fn below(&mut self, end: usize) -> usize {
        let thrown = self.0.next().copied().unwrap_or_default();
        usize::from(thrown) % end
    }

    /// Seldom true; never once all are thrown.
    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn of<'b, T>(&mut self, all: &'b [T]) -> &'b T {
        &all[self.below(all.len())]
    }
}

/// Nothing as yet, every rule waived.
pub(crate) fn nothing(today: Date) -> Desired {
    let at = Span::new(&spec(), 7..8);
    let waivers = RULES.iter().map(|rule| rule.id).chain([EXPRESSED.id]);
    let waivers = waivers.map(|rule| Waiver {
        rule: rule.to_owned(),
        address: "*".to_owned(),
        owner: "somebody".to_owned(),
        reason: "it is made up".to_owned(),
        expires: today.saturating_add(30.days()),
        span: at.clone(),
    });
    Desired {
        app: "shop".to_owned(),
        environment: "prod".to_owned(),
        region: "eu-west-1".to_owned(),
        waivers: waivers.collect(),
        ..Desired::default()
    }
}

fn spec() -> Arc<Source> {
    Arc::new(Source {
        name: "folder/app.toml".to_owned(),
        text: "\n".repeat(40),
    })
}

/// Something to approve.
pub(crate) fn desired(dice: &mut Dice<'_>, today: Date) -> Desired {
    let spec = spec();
    let at = Span::new(&spec, 7..8);
    let mut desired = nothing(today);
    desired.account = dice.one_in(2).then(|| "123456789012".to_owned());
    desired.ephemeral = dice.one_in(4);
    let origin = Origin {
        spec: Some(at.clone()),
        blueprint: Some(Span::new(&spec, 20..21)),
    };
    for _ in 0..dice.below(6) {
        add_lookup(dice, &mut desired, &origin);
    }
    for _ in 0..=dice.below(9) {
        add_resource(dice, &mut desired, &origin, &at);
    }
    for _ in 0..dice.below(4) {
        let key = (*dice.of(COMPONENTS), *dice.of(NAMES));
        let value = Maker::new(dice, &desired).value(&Type::String);
        let key = (key.0.to_owned(), key.1.to_owned());
        desired.outputs.insert(key, value);
    }
    desired
}

fn add_lookup(dice: &mut Dice<'_>, desired: &mut Desired, origin: &Origin) {
    let kind = *dice.of(LOOKUPS);
    let (component, name) = (*dice.of(COMPONENTS), *dice.of(NAMES));
    let address = Address::lookup(component, kind, name);
    // What the older provider lacks of a data source, it refuses by itself.
    let schema = Schema::of_provider_5(&format!("data.{kind}")).unwrap();
    let mut arguments = if dice.one_in(2) {
        // Several components ask these alike.
        Attributes::new()
    } else {
        Maker::new(dice, desired).inside(schema, &[], "", 0)
    };
    if kind == "aws_acm_certificate" {
        let id = Value::text("arn:aws:acm:eu-west-1:123456789012:certificate/0");
        arguments = [("id".to_owned(), id)].into_iter().collect();
    }
    let lookup = Lookup {
        address: address.clone(),
        region: (*dice.of(REGIONS)).to_owned(),
        arguments,
        depends_on: BTreeSet::new(),
        origin: origin.clone(),
    };
    desired.lookups.entry(address).or_insert(lookup);
}

fn add_resource(dice: &mut Dice<'_>, desired: &mut Desired, origin: &Origin, at: &Span) {
    let kind = *dice.of(KINDS);
    let (component, name) = (*dice.of(COMPONENTS), *dice.of(NAMES));
    let address = Address::managed(component, kind.name, name);
    let schema = kind.schema();
    let mut attributes = Maker::new(dice, desired).inside(schema, kind.json, "", 0);
    if schema.attribute("tags").is_some() {
        let mut tags = BTreeMap::from([
            (APP_TAG.to_owned(), Value::text("shop")),
            (ENVIRONMENT_TAG.to_owned(), Value::text("prod")),
            (ADDRESS_TAG.to_owned(), Value::text(address.to_string())),
            ("owner".to_owned(), Value::text("${x}")),
        ]);
        for _ in 0..dice.below(3) {
            tags.insert(text(dice), Value::String(text(dice)));
        }
        attributes.insert("tags".to_owned(), Value::Map(tags));
    }
    let region = *dice.of(REGIONS);
    let mut resource = Resource::plain(
        address.clone(),
        kind.home.unwrap_or(region).to_owned(),
        attributes,
    );
    resource.origin = origin.clone();
    let generated = kind.generated_name.map(|name| name.attribute);
    let generated = generated.filter(|name| resource.attributes.contains_key(*name));
    resource.generated.extend(generated.map(str::to_owned));
    let others: Vec<&Address> = desired.resources.keys().collect();
    if !others.is_empty() && dice.one_in(3) {
        resource.depends_on.insert((*dice.of(&others)).clone());
    }
    let mut paths: Vec<String> = arguments(schema).map(str::to_owned).collect();
    if schema.attribute("tags").is_some() {
        paths.push(format!("tags.{}", text(dice)));
    }
    paths.push(kind.children_called.to_owned());
    paths.extend(deep(schema, ""));
    for _ in 0..dice.below(3) {
        let path = dice.of(&paths).clone();
        if !path.is_empty() && path != "tags" {
            resource.ignored.insert(path, at.clone());
        }
    }
    fill(&mut resource, kind);
    desired.resources.entry(address).or_insert(resource);
}

/// Paths through blocks that stand once.
fn deep(schema: &'static Schema, at: &str) -> Vec<String> {
    let blocks = schema.blocks.iter();
    let once = blocks.filter(|block| block.max == 1 || block.nesting == Nesting::Single);
    let deep = once.flat_map(|block| {
        let at = format!("{at}{}.", block.name);
        let mut paths = deep(&block.schema, &at);
        paths.extend(arguments(&block.schema).map(|name| format!("{at}{name}")));
        paths
    });
    deep.collect()
}

/// Whatever can be given.
fn arguments(schema: &'static Schema) -> impl Iterator<Item = &'static str> {
    let of_the_model = |name: &&str| !["region", "id", "tags_all"].contains(name);
    schema.arguments().filter(of_the_model)
}

/// The kind's defaults, as they are filled in where a spec is expanded.
pub(crate) fn fill(resource: &mut Resource, kind: &Kind) {
    for (path, literal) in kind.defaults {
        let is_new = !resource.attributes.contains_key(*path) && !path.contains('.');
        fill_one(&mut resource.attributes, path, &literal.value());
        if is_new {
            resource.defaulted.insert((*path).to_owned());
        }
    }
}

fn fill_one(attributes: &mut Attributes, path: &str, default: &Value) {
    let Some((block, rest)) = path.split_once('.') else {
        let value = attributes.entry(path.to_owned());
        value.or_insert_with(|| default.clone());
        return;
    };
    let inside = match attributes.get_mut(block) {
        Some(Value::List(items)) => items.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    };
    for item in inside {
        if let Value::Map(inside) = item {
            fill_one(inside, rest, default);
        }
    }
}

fn text(dice: &mut Dice<'_>) -> String {
    let pieces = 1 + dice.below(5);
    (0..pieces).map(|_| *dice.of(PIECES)).collect()
}

/// Makes values that may refer to what is there already.
struct Maker<'a, 'b> {
    dice: &'a mut Dice<'b>,
    desired: &'a Desired,
}

impl<'a, 'b> Maker<'a, 'b> {
    fn new(dice: &'a mut Dice<'b>, desired: &'a Desired) -> Self {
        Self { dice, desired }
    }

    fn inside(
        &mut self,
        schema: &'static Schema,
        json: &[&str],
        at: &str,
        depth: usize,
    ) -> Attributes {
        let mut given = Attributes::new();
        for name in arguments(schema) {
            let path = format!("{at}{name}");
            if let Some(attribute) = schema.attribute(name) {
                if attribute.required || self.dice.one_in(4) {
                    let value = if json.contains(&path.as_str()) && !self.dice.one_in(4) {
                        self.document(0)
                    } else {
                        self.value(&attribute.of)
                    };
                    given.insert(name.to_owned(), value);
                }
            } else if let Some(block) = schema.block(name) {
                let is_given = block.min > 0 || depth < 4 && self.dice.one_in(3);
                if !is_given {
                    continue;
                }
                let at = format!("{path}.");
                let mut one = || Value::Map(self.inside(&block.schema, json, &at, depth + 1));
                let value = match block.nesting {
                    Nesting::Single => one(),
                    _ if block.max == 1 => Value::List(vec![one()]),
                    _ => Value::List(vec![one(), one()]),
                };
                given.insert(name.to_owned(), value);
            }
        }
        given
    }

    fn value(&mut self, of: &Type) -> Value {
        if self.dice.one_in(5)
            && let Some(reference) = self.reference()
        {
            return Value::Reference(reference);
        }
        match of {
            Type::Bool => Value::Bool(self.dice.one_in(2)),
            Type::Number if self.dice.one_in(4) => Value::Float(-0.125),
            Type::Number => Value::Int(i64::try_from(self.dice.below(70_000)).unwrap() - 2),
            Type::String if self.dice.one_in(4) => self.template(),
            Type::String => Value::String(text(self.dice)),
            Type::List(of) | Type::Set(of) => {
                let count = self.dice.below(3);
                Value::List((0..count).map(|_| self.value(of)).collect())
            }
            Type::Map(of) => {
                let count = self.dice.below(3);
                Value::map((0..count).map(|_| (text(self.dice), self.value(of))))
            }
            Type::Object(fields) => {
                let fields = fields.iter().map(|(name, of)| {
                    let is_null = self.dice.one_in(3);
                    (*name, if is_null { Value::Null } else { self.value(of) })
                });
                Value::map(fields)
            }
        }
    }

    fn template(&mut self) -> Value {
        let count = 1 + self.dice.below(4);
        let parts = (0..count).map(|_| {
            let reference = self.dice.one_in(2).then(|| self.reference()).flatten();
            reference.map_or_else(|| Part::Text(text(self.dice)), Part::Reference)
        });
        Value::Template(parts.collect())
    }

    fn document(&mut self, depth: usize) -> Value {
        match self.dice.below(if depth < 3 { 6 } else { 4 }) {
            0 => Value::String(text(self.dice)),
            1 => Value::Int(7),
            2 => self.template(),
            3 => Value::Null,
            4 => Value::List((0..2).map(|_| self.document(depth + 1)).collect()),
            _ => Value::map((0..2).map(|at| match at {
                0 => ("Version".to_owned(), self.document(depth + 1)),
                _ => (text(self.dice), self.document(depth + 1)),
            })),
        }
    }

    /// A way to an attribute of what is there.
    fn reference(&mut self) -> Option<Reference> {
        let lookups = self.desired.lookups.keys();
        let all: Vec<&Address> = self.desired.resources.keys().chain(lookups).collect();
        if all.is_empty() {
            return None;
        }
        let target = (*self.dice.of(&all)).clone();
        if target.kind == "aws_acm_certificate" && target.mode == Mode::Lookup {
            let attribute = *self.dice.of(&["arn", "id"]);
            return Some(Reference::to(target, attribute));
        }
        let schema = match target.mode {
            Mode::Managed => Schema::of(&target.kind)?,
            Mode::Lookup => Schema::of(&format!("data.{}", target.kind))?,
        };
        let attribute = self.dice.of(schema.attributes);
        let mut reference = Reference::to(target, attribute.name);
        let kind = Kind::of(&reference.target.kind);
        let mut keys = kind.iter().flat_map(|kind| kind.set_keys);
        let is_keyed = keys.any(|(set, _)| *set == attribute.name);
        let more = match &attribute.of {
            Type::Map(_) => vec![Step::Key(text(self.dice))],
            Type::List(_) => vec![Step::Index(self.dice.below(3))],
            Type::Set(Type::Object(fields)) if is_keyed => {
                let (field, _) = self.dice.of(fields);
                let field = Step::Attribute((*field).to_owned());
                vec![Step::Key(text(self.dice)), field]
            }
            Type::String if reference.target.mode == Mode::Lookup && self.dice.one_in(3) => {
                vec![Step::Split, Step::Index(self.dice.below(3))]
            }
            _ => Vec::new(),
        };
        reference.path.extend(more);
        Some(reference)
    }
}
