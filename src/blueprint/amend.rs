//! What the user changes of what a blueprint made, adds to it, and leaves to others.
//!
//! In: a component's [`Amendments`] and what its blueprint drafted. Out: the draft amended,
//! and every problem at the user's own line.
//!
//! What is overridden takes the place of what the blueprint wrote. Three things merge key by
//! key instead: a block that a resource can have once, tags, and `depends_on`.
//!
//! *Invariant*: what the blueprint did not make is never changed, and what it made is never
//! made anew: the one is an override, the other an addition.

use std::collections::BTreeMap;

use super::read::{self, Drafted, Surroundings};
use crate::address::{Address, Mode, is_name};
use crate::aws;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::kind::schema::{Block, Nesting, Schema};
use crate::kind::{KINDS, Kind};
use crate::resource::{Origin, Resource};
use crate::spec::{Amendment, Amendments, Component, Given, Input, Written, form};
use crate::value::{Attributes, Value};

/// Puts additions beside what was drafted, then overrides into it, then marks what is left
/// to others.
pub(super) fn apply(component: &Component, around: &Surroundings<'_>, drafted: &mut Drafted) {
    let Amendments {
        overrides,
        resources,
        lookups,
        ignored,
    } = &component.amendments;
    for (mode, added) in lookups
        .iter()
        .map(|added| (Mode::Lookup, added))
        .chain(resources.iter().map(|added| (Mode::Managed, added)))
    {
        add(component, mode, added, around, drafted);
    }
    for wanted in overrides {
        change(component, wanted, around, drafted);
    }
    for path in ignored {
        if let Err(problem) = ignore(component, path, drafted) {
            drafted.problems.push(problem);
        }
    }
}

/// Every value that the amendments of a component hold.
pub(super) fn values(amendments: &Amendments) -> impl Iterator<Item = &Written<Input>> {
    amendments
        .overrides
        .iter()
        .chain(&amendments.resources)
        .chain(&amendments.lookups)
        .flat_map(|amendment| amendment.attributes.values())
        .map(|given| &given.value)
}

fn error(span: &Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(message).at(span.clone(), "")
}

fn add(
    component: &Component,
    mode: Mode,
    added: &Amendment,
    around: &Surroundings<'_>,
    drafted: &mut Drafted,
) {
    let (kind, name) = (added.kind.value.as_str(), added.name.value.as_str());
    let full = match mode {
        Mode::Managed => kind.to_owned(),
        Mode::Lookup => format!("data.{kind}"),
    };
    let is_known = match mode {
        Mode::Managed => Kind::of(kind).is_some(),
        Mode::Lookup => aws::lookup(kind).is_some(),
    };
    let Some(schema) = Schema::of(&full).filter(|_| is_known) else {
        let problem = error(&added.kind.span, format!("there is no kind `{full}`"));
        drafted.problems.push(problem.hint(kinds_meant(mode, kind)));
        return;
    };
    if !is_name(name) {
        let message = format!("`{}` can't name a resource", name.escape_debug());
        let problem = error(&added.name.span, message);
        let hint = "A name is `[a-z][a-z0-9_]*`, such as `api`.";
        drafted.problems.push(problem.hint(hint));
        return;
    }
    let address = Address {
        mode,
        ..Address::managed(&component.name.value, kind, name)
    };
    let its_own = match mode {
        Mode::Managed => drafted.resources.get(&address).map(|of| &of.origin),
        Mode::Lookup => drafted.lookups.get(&address).map(|of| &of.origin),
    };
    if let Some(origin) = its_own {
        let message = format!(
            "`{}` makes `{full}.{name}` itself",
            component.blueprint.value
        );
        let mut problem = error(&added.name.span, message);
        if let Some(line) = &origin.blueprint {
            problem = problem.at(line.clone(), "made here");
        }
        let hint = match mode {
            Mode::Managed => format!(
                "To change it, write `[components.{}.override.{full}.{name}]`; or give this one another name.",
                component.name.value
            ),
            Mode::Lookup => "Give this one another name.".to_owned(),
        };
        drafted.problems.push(problem.hint(hint));
        return;
    }
    tag_keys(&added.attributes, drafted);
    read::add(added, mode, schema, around, drafted);
}

fn kinds_meant(mode: Mode, kind: &str) -> String {
    let known: Vec<&str> = match mode {
        Mode::Managed => KINDS.iter().map(|kind| kind.name).collect(),
        Mode::Lookup => aws::lookup_kinds().collect(),
    };
    match did_you_mean(kind, known.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("There are `{}`.", known.join("`, `")),
    }
}

/// Tags have a form, and some are written by us alone.
fn tag_keys(attributes: &BTreeMap<String, Given>, drafted: &mut Drafted) {
    let tags = attributes.get("tags").map(|given| &given.value.value);
    let Some(Input::Table(tags)) = tags else {
        return;
    };
    for (key, value) in tags {
        if let Err(misfit) = form::tag_key(key) {
            let problem = error(&value.span, misfit.message).hint(misfit.hint);
            drafted.problems.push(problem);
        }
    }
}

fn change(
    component: &Component,
    wanted: &Amendment,
    around: &Surroundings<'_>,
    drafted: &mut Drafted,
) {
    let local = format!("{}.{}", wanted.kind.value, wanted.name.value);
    let found = made(component, &local, &wanted.name.span, drafted);
    let address = match found {
        Ok(address) => address,
        Err(problem) => return drafted.problems.push(problem),
    };
    let Some(mut resource) = drafted.resources.get(&address).cloned() else {
        return;
    };
    let mut attributes = wanted.attributes.clone();
    if let Some(given) = attributes.remove("region") {
        let message = format!("the region of `{local}` can't be overridden");
        let hint = "Nothing moves from one region to another; add a resource of your own there.";
        drafted.problems.push(error(&given.key, message).hint(hint));
    }
    if let Some(given) = attributes.remove("depends_on") {
        resource
            .depends_on
            .extend(read::order(&given, around, drafted));
    }
    tag_keys(&attributes, drafted);
    let schema = Schema::of(&address.kind);
    for (name, span, value) in read::part(&resource, &attributes, around, drafted) {
        let Some(schema) = schema else { continue };
        let mut merge = Merge {
            overridden: &mut resource.overridden,
            span: &span,
        };
        let old = resource.attributes.remove(&name);
        let is_new = old.is_none();
        let given = attributes.get(&name).map(|given| &given.value);
        let merged = merge.value(old, value, schema, &name, &name, given);
        let lacks = schema
            .block(&name)
            .and_then(|block| lacking(block, &merged, &name));
        if let Some((name, path)) = lacks {
            let message = format!("`{local}` needs `{name}` in `{path}`");
            drafted.problems.push(error(&span, message));
        }
        let whole = is_new || resource.overridden.contains_key(&name);
        let blueprint = resource
            .origins
            .get(&name)
            .and_then(|origin| origin.blueprint.clone())
            .filter(|_| !whole);
        let origin = Origin {
            spec: Some(span),
            blueprint,
        };
        // Of tags each has its own place.
        if name != "tags" {
            resource.origins.insert(name.clone(), origin);
        }
        resource.attributes.insert(name, merged);
    }
    drafted.resources.insert(address, resource);
}

/// The address of what stands under this name in the draft.
fn made(
    component: &Component,
    local: &str,
    span: &Span,
    drafted: &Drafted,
) -> Result<Address, Diagnostic> {
    let known: Vec<String> = drafted.resources.keys().map(Address::local).collect();
    let address = format!("{}.{local}", component.name.value)
        .parse::<Address>()
        .ok()
        .filter(|address| drafted.resources.contains_key(address));
    if let Some(address) = address {
        return Ok(address);
    }
    let message = format!("`{}` makes no `{local}`", component.blueprint.value);
    let kind = local.split('.').next().unwrap_or(local);
    let of_kind: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|known| known.split('.').next() == Some(kind))
        .collect();
    let hint = match did_you_mean(local, known.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if !of_kind.is_empty() => format!("It makes `{}`.", of_kind.join("`, `")),
        None => {
            let mut kinds: Vec<&str> = known
                .iter()
                .filter_map(|known| known.split('.').next())
                .collect();
            kinds.dedup();
            format!("It makes things of these kinds: `{}`.", kinds.join("`, `"))
        }
    };
    Err(error(span, message).hint(hint))
}

/// One attribute of the user's on its way into a resource.
struct Merge<'a> {
    overridden: &'a mut BTreeMap<String, Span>,
    /// The attribute's key.
    span: &'a Span,
}

impl Merge<'_> {
    /// The new value in the place of the old one, or in it.
    fn value(
        &mut self,
        old: Option<Value>,
        new: Value,
        schema: &'static Schema,
        name: &str,
        path: &str,
        given: Option<&Written<Input>>,
    ) -> Value {
        let once = schema.block(name).filter(|block| stands_once(block));
        match (old, new, once) {
            (old, Value::Map(new), None) if path == "tags" => {
                let mut tags = match old {
                    Some(Value::Map(tags)) => tags,
                    _ => Attributes::new(),
                };
                for (key, value) in new {
                    self.note(&format!("tags.{key}"), inside(given, &key));
                    tags.insert(key, value);
                }
                Value::Map(tags)
            }
            (Some(Value::Map(old)), Value::Map(new), Some(block)) => {
                Value::Map(self.block(old, new, &block.schema, path, given))
            }
            (Some(Value::List(mut old)), Value::List(mut new), Some(block))
                if old.len() == 1 && new.len() == 1 =>
            {
                match (old.remove(0), new.remove(0)) {
                    (Value::Map(old), Value::Map(new)) => {
                        let merged = self.block(old, new, &block.schema, path, given);
                        Value::List(vec![Value::Map(merged)])
                    }
                    (_, new) => Value::List(vec![new]),
                }
            }
            (_, new, _) => {
                self.note(path, given);
                new
            }
        }
    }

    fn block(
        &mut self,
        mut old: Attributes,
        new: Attributes,
        schema: &'static Schema,
        path: &str,
        given: Option<&Written<Input>>,
    ) -> Attributes {
        for (name, value) in new {
            let before = old.remove(&name);
            let path = format!("{path}.{name}");
            let given = inside(given, &name);
            let merged = self.value(before, value, schema, &name, &path, given);
            old.insert(name, merged);
        }
        old
    }

    /// The place of the value itself, as its key may stand in a header lines above.
    fn note(&mut self, path: &str, given: Option<&Written<Input>>) {
        let span = match given {
            Some(given) if path.contains('.') => &given.span,
            _ => self.span,
        };
        self.overridden.insert(path.to_owned(), span.clone());
    }
}

/// Blocks that are there once, as they are one structure to AWS, though the schema does not say
/// so: that of a type of the provider's newer framework has no `max_items`.
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_VpcOriginEndpointConfig.html>
const ONCE: &[&str] = &["origin_ssl_protocols", "vpc_origin_endpoint_config"];

fn stands_once(block: &Block) -> bool {
    block.max == 1 || block.nesting == Nesting::Single || ONCE.contains(&block.name)
}

/// What the user gave under a key, in the one table where it is a list of one.
fn inside<'a>(given: Option<&'a Written<Input>>, key: &str) -> Option<&'a Written<Input>> {
    match &given?.value {
        Input::Table(entries) => entries.get(key),
        Input::List(items) => match items.as_slice() {
            [item] => inside(Some(item), key),
            _ => None,
        },
        _ => None,
    }
}

/// What a block needs and has not: its name, and the path of the block.
fn lacking(block: &'static Block, value: &Value, path: &str) -> Option<(&'static str, String)> {
    let items: Vec<&Attributes> = match value {
        Value::Map(item) => vec![item],
        other => other.items().iter().filter_map(Value::as_map).collect(),
    };
    items.into_iter().find_map(|item| {
        let schema = &block.schema;
        let attributes = schema.attributes.iter().filter(|one| one.required);
        let blocks = schema.blocks.iter().filter(|one| one.min > 0);
        let missing = attributes
            .map(|one| one.name)
            .chain(blocks.map(|one| one.name))
            .find(|name| !item.contains_key(*name));
        if let Some(missing) = missing {
            return Some((missing, path.to_owned()));
        }
        schema.blocks.iter().find_map(|block| {
            let value = item.get(block.name)?;
            lacking(block, value, &format!("{path}.{}", block.name))
        })
    })
}

/// Marks an attribute that is left to others.
fn ignore(
    component: &Component,
    written: &Written<String>,
    drafted: &mut Drafted,
) -> Result<(), Diagnostic> {
    let span = &written.span;
    let mut parts = written.value.splitn(3, '.');
    let (Some(kind), Some(name), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        let message = format!("`{}` names no attribute of a resource", written.value);
        let hint = "Write kind, name and attribute: `aws_lb_target_group.app.stickiness`.";
        return Err(error(span, message).hint(hint));
    };
    let local = format!("{kind}.{name}");
    let address = made(component, &local, span, drafted)?;
    if let Some(schema) = Schema::of(kind) {
        let children = Kind::of(kind).map_or("", |kind| kind.children_called);
        can_be_ignored(schema, children, path, &local).map_err(|(message, hint)| {
            let problem = error(span, message);
            match hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            }
        })?;
    }
    if let Some(resource) = drafted.resources.get_mut(&address) {
        ignore_in(resource, path, span);
    }
    Ok(())
}

fn ignore_in(resource: &mut Resource, path: &str, span: &Span) {
    resource.ignored.insert(path.to_owned(), span.clone());
}

/// Whether a path leads to one attribute, through blocks that are there once, or to a tag; or
/// is the word for what others may add under the resource.
fn can_be_ignored(
    schema: &'static Schema,
    children: &'static str,
    path: &str,
    local: &str,
) -> Result<(), (String, Option<String>)> {
    if path == children {
        return Ok(());
    }
    if let Some(key) = path.strip_prefix("tags.")
        && schema.attribute("tags").is_some()
    {
        return form::tag_key(key).map_err(|misfit| (misfit.message, Some(misfit.hint)));
    }
    if path == "tags" {
        return Err((
            format!("the tags of `{local}` can't be left to others as a whole"),
            Some(
                "Tags of others are left alone anyway; name one of yours: `tags.owner`.".to_owned(),
            ),
        ));
    }
    let mut schema = schema;
    let mut walked = String::new();
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(name);
        let is_last = names.peek().is_none();
        match (schema.attribute(name), schema.block(name)) {
            (Some(attribute), _) if !attribute.required && !attribute.optional => {
                let message =
                    format!("AWS sets `{walked}` of `{local}`; there is nothing to leave");
                return Err((message, None));
            }
            (Some(_), _) | (None, Some(_)) if is_last => {}
            (Some(_), _) => {
                let hint = format!("Leave all of it to others: `{local}.{walked}`.");
                return Err((format!("`{walked}` of `{local}` has no parts"), Some(hint)));
            }
            (None, Some(block)) if stands_once(block) => schema = &block.schema,
            (None, Some(_)) => {
                let hint = format!("Leave all of it to others: `{local}.{walked}`.");
                let message = format!("`{walked}` of `{local}` may be there several times");
                return Err((message, Some(hint)));
            }
            (None, None) => {
                let word = Some(children).filter(|word| !word.is_empty() && walked == name);
                let near = did_you_mean(name, schema.arguments().chain(word));
                return Err((
                    format!("`{local}` has no attribute `{walked}`"),
                    near.map(|near| format!("Did you mean `{near}`?")),
                ));
            }
        }
    }
    Ok(())
}
