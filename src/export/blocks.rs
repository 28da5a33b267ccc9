//! How a resource and a lookup stand in HCL.
//!
//! *Invariant*: every argument of what was approved is written, but defaults that nobody wrote,
//! tags that all resources have, and what [`super::lacking`] tells of.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::{Array, Expression};

use super::context::Context;
use super::expression::{self, Pen, path, type_of};
use super::lacking::Gap;
use super::layout::{Draft, Section};
use super::names;
use super::{frame, kinds, reads};
use crate::address::{Address, Mode};
use crate::kind::Kind;
use crate::kind::schema::{Nesting, Schema};
use crate::resource::{Lookup, Origin, Resource};
use crate::value::{Attributes, Value};

/// Kinds of which AWS lets a second one stand under the same name, so that the old one may go
/// after what uses it has turned to the new one (<https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>).
const STAND_TWICE: &[&str] = &["aws_acm_certificate"];

/// The files of the components.
pub(super) fn components(context: &Context<'_>) -> BTreeMap<String, Vec<Draft>> {
    let mut files: BTreeMap<String, Vec<Draft>> = BTreeMap::new();
    for lookup in context.desired.lookups.values() {
        if context.names.is_needed(&lookup.address) {
            let file = if context.names.is_shared(&lookup.address) {
                "data.tf".to_owned()
            } else {
                names::file(&lookup.address.component)
            };
            let draft = if context.lacking.is_left_out(&lookup.address) {
                context.remark(&lookup.address, &lookup.origin)
            } else {
                context.lookup(lookup)
            };
            files.entry(file).or_default().push(draft);
        }
    }
    for resource in context.desired.resources.values() {
        let file = files
            .entry(names::file(&resource.address.component))
            .or_default();
        file.push(if context.lacking.is_left_out(&resource.address) {
            context.remark(&resource.address, &resource.origin)
        } else {
            context.resource(resource)
        });
    }
    files
}

impl Context<'_> {
    pub(super) fn pen(&self) -> Pen<'_> {
        Pen {
            names: self.names,
            desired: self.desired,
        }
    }

    fn resource(&self, resource: &Resource) -> Draft {
        let address = &resource.address;
        let mut draft = Draft::new("resource", &[&address.kind, self.names.label(address)]);
        draft.comments = self.comments(resource);
        self.provider_of(&mut draft, &address.kind, Mode::Managed, &resource.region);
        if let Some(schema) = self.provider.schema(&address.kind) {
            let mut attributes = resource.attributes.clone();
            attributes.retain(|name, _| !resource.defaulted.contains(name));
            self.without_common_tags(&mut attributes);
            let at = At {
                context: self,
                address,
                json: Kind::of(&address.kind).map_or(&[], |kind| kind.json),
            };
            at.fill(&mut draft, schema, "", &attributes);
        }
        self.lifecycle(&mut draft, resource);
        let mut found = Vec::new();
        for (name, value) in &resource.attributes {
            // What is left out orders nothing.
            let of = |path: &String| path.split('.').next() == Some(name);
            if !self.lacking.gaps(address).any(of) {
                value.references(&mut found);
            }
        }
        let references: BTreeSet<&Address> =
            found.iter().map(|reference| &reference.target).collect();
        let after = resource.depends_on.iter();
        self.depends_on(
            &mut draft,
            after.filter(|other| !references.contains(other)),
        );
        draft
    }

    fn lookup(&self, lookup: &Lookup) -> Draft {
        let address = &lookup.address;
        let mut draft = Draft::new("data", &[&address.kind, self.names.label(address)]);
        if !self.names.is_shared(address) {
            draft.comments = vec![place(&lookup.origin)];
        }
        draft.comments.extend(self.lacks(address, ""));
        self.provider_of(&mut draft, &address.kind, Mode::Lookup, &lookup.region);
        if let Some(schema) = self.provider.schema(&format!("data.{}", address.kind)) {
            let mut arguments = lookup.arguments.clone();
            arguments.remove("region");
            let at = At {
                context: self,
                address,
                json: &[],
            };
            at.fill(&mut draft, schema, "", &arguments);
        }
        self.depends_on(&mut draft, lookup.depends_on.iter());
        draft
    }

    fn comments(&self, resource: &Resource) -> Vec<String> {
        let address = &resource.address;
        let mut lines = vec![place(&resource.origin)];
        let rules = self.satisfied.get(address).into_iter().flatten();
        lines.extend(rules.map(|rule| format!("{}: {}", rule.id, rule.title)));
        lines.extend(self.lacks(address, ""));
        let not_kept = self.not_kept.get(address).into_iter().flatten();
        lines.extend(not_kept.map(|sid| {
            format!("Not here: the statement {sid}, kept as AWS has it: an apply takes it away")
        }));
        lines
    }

    /// What stands in the place of what can't be written.
    fn remark(&self, address: &Address, origin: &Origin) -> Draft {
        let mut lines = vec![place(origin)];
        lines.extend(self.lacks(address, &format!("{address}: ")));
        Draft::remark(lines)
    }

    /// Who answers for what is waived, and what is left out.
    fn lacks(&self, address: &Address, named: &str) -> Vec<String> {
        let lacking = self.lacking.told(address).into_iter();
        let lacking = lacking.map(|told| format!("Not here: {named}{told}"));
        self.waivers(address).chain(lacking).collect()
    }

    fn waivers(&self, address: &Address) -> impl Iterator<Item = String> {
        let waived = self.waived.iter();
        let waived = waived.filter(move |finding| finding.address == *address);
        waived.filter_map(|finding| {
            let by = finding.waived.as_ref()?;
            Some(format!(
                "{} is waived until {} by {}: {}",
                finding.rule, by.expires, by.owner, by.reason
            ))
        })
    }

    fn provider_of(&self, draft: &mut Draft, kind: &str, mode: Mode, region: &str) {
        if *region != self.desired.region && !kinds::is_global(kind, mode) {
            let alias = frame::alias(region);
            let provider = ("provider".to_owned(), path(&["aws", &alias]));
            draft.sections.push(Section::Arguments(vec![provider]));
        }
    }

    fn without_common_tags(&self, attributes: &mut Attributes) {
        if let Some(Value::Map(tags)) = attributes.get_mut("tags") {
            tags.retain(|key, value| self.common.get(key) != Some(value));
            if tags.is_empty() {
                attributes.remove("tags");
            }
        }
    }

    fn stands(&self, address: &Address) -> bool {
        self.live.is_some_and(|live| live.ids.contains_key(address))
    }

    fn lifecycle(&self, draft: &mut Draft, resource: &Resource) {
        let kind = resource.address.kind.as_str();
        let mut settings = Vec::new();
        if STAND_TWICE.contains(&kind) {
            settings.push(("create_before_destroy".to_owned(), Expression::from(true)));
        }
        let protects = Kind::of(kind).is_some_and(|kind| (kind.protect)(&resource.attributes));
        if protects && !self.desired.ephemeral {
            settings.push(("prevent_destroy".to_owned(), Expression::from(true)));
        }
        // What others add under a resource, its rules, Terraform leaves alone: it has no word
        // for it, nor for an argument that the provider lacks.
        let schema = self.provider.schema(kind);
        // What is unset after an import and has a default would be set: a change that changes
        // nothing.
        let read = reads::of(kind).filter(|_| self.stands(&resource.address));
        let unset = read
            .iter()
            .flat_map(|read| read.unset(&resource.attributes));
        let ignored: Array = resource
            .ignored
            .keys()
            .filter(|path| schema.is_some_and(|schema| has(schema, path)))
            .map(|path| self.traversal(kind, path))
            .chain(unset.map(|name| path(&[name])))
            .collect();
        if !ignored.is_empty() {
            settings.push(("ignore_changes".to_owned(), Expression::Array(ignored)));
        }
        if !settings.is_empty() {
            let mut lifecycle = Draft::new("lifecycle", &[]);
            lifecycle.sections.push(Section::Arguments(settings));
            draft.block(lifecycle);
        }
    }

    /// `health_check.interval` as `health_check[0].interval`, `tags.owner` as `tags["owner"]`.
    fn traversal(&self, kind: &str, ignored: &str) -> Expression {
        use hcl_edit::expr::TraversalOperator::{GetAttr, Index};
        let (first, mut rest) = ignored.split_once('.').unwrap_or((ignored, ""));
        let mut block = self
            .provider
            .schema(kind)
            .and_then(|schema| schema.block(first));
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let Some(inside) = block else {
                // A tag, whatever is in its key.
                steps.push(Index(expression::text(rest)));
                break;
            };
            match inside.nesting {
                // Terraform can't name an element of a set.
                Nesting::Set => break,
                Nesting::List => steps.push(Index(Expression::from(0))),
                Nesting::Single => {}
            }
            let (name, more) = rest.split_once('.').unwrap_or((rest, ""));
            steps.push(GetAttr(expression::ident(name).into()));
            block = inside.schema.block(name);
            rest = more;
        }
        expression::walk(path(&[first]), steps)
    }

    fn depends_on<'a>(&self, draft: &mut Draft, after: impl Iterator<Item = &'a Address>) {
        let written = after.filter(|address| !self.lacking.is_left_out(address));
        let after: Array = written.map(|address| self.address(address)).collect();
        if !after.is_empty() {
            draft.arguments(vec![("depends_on".to_owned(), Expression::Array(after))]);
        }
    }

    /// `aws_lb.web_main`.
    pub(super) fn address(&self, address: &Address) -> Expression {
        let label = self.names.label(address);
        match address.mode {
            Mode::Managed => path(&[&address.kind, label]),
            Mode::Lookup => path(&["data", &address.kind, label]),
        }
    }
}

/// Whether there is something at a path: `idle_timeout`, `health_check.interval`, `tags.owner`.
fn has(schema: &Schema, path: &str) -> bool {
    match path.split_once('.') {
        None => schema.attribute(path).is_some() || schema.block(path).is_some(),
        Some((first, rest)) => match schema.block(first) {
            Some(block) => has(&block.schema, rest),
            None => schema.attribute(first).is_some(),
        },
    }
}

/// Where something was asked for: `shop.toml:23, https-service/load_balancer.toml.tera:12`. Of
/// the spec only its file's name, as folders differ from machine to machine.
fn place(origin: &Origin) -> String {
    let line =
        |span: &crate::diagnostic::Span, name: &str| format!("{name}:{}", span.line_and_column().0);
    let spec = origin.spec.as_ref();
    let spec = spec.map(|span| line(span, frame::file_name(&span.source.name)));
    let blueprint = origin.blueprint.as_ref();
    let blueprint = blueprint.map(|span| line(span, &span.source.name));
    let places: Vec<String> = spec.into_iter().chain(blueprint).collect();
    places.join(", ")
}

/// The inside of one resource or lookup.
struct At<'a> {
    context: &'a Context<'a>,
    address: &'a Address,
    json: &'static [&'static str],
}

impl At<'_> {
    fn fill(&self, draft: &mut Draft, schema: &'static Schema, at: &str, attributes: &Attributes) {
        let mut arguments = Vec::new();
        let mut last = Vec::new();
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("{at}{name}");
            if schema.block(name).is_some() {
                continue;
            }
            let written = match self.context.lacking.gap(self.address, &path) {
                Some(Gap::Kind | Gap::Argument) => continue,
                Some(Gap::Value(instead)) => Expression::from(*instead),
                None => self.argument(schema, &path, name, value),
            };
            let place = if name == "tags" {
                &mut last
            } else {
                &mut arguments
            };
            place.push((name.clone(), written));
        }
        draft.arguments(arguments);
        for block in schema.blocks {
            let Some(value) = attributes.get(block.name) else {
                continue;
            };
            let items: Vec<&Value> = match value {
                Value::List(items) => items.iter().collect(),
                one => vec![one],
            };
            for item in items.into_iter().filter_map(Value::as_map) {
                let mut inside = Draft::new(block.name, &[]);
                let path = format!("{at}{}.", block.name);
                self.fill(&mut inside, &block.schema, &path, item);
                draft.block(inside);
            }
        }
        draft.arguments(last);
    }

    fn argument(
        &self,
        schema: &'static Schema,
        path: &str,
        name: &str,
        value: &Value,
    ) -> Expression {
        let pen = self.context.pen();
        if self.json.contains(&path) {
            pen.document(value)
        } else {
            pen.value(value, type_of(schema, name))
        }
    }
}
