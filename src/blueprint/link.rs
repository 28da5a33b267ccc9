//! Whether references lead somewhere: to a resource that is there, and a value of a type
//! that fits.
//!
//! *Invariant*: after this, a reference in [`Desired`] can only be unknown because AWS has
//! not said its value yet.

use super::place::error_at;
use crate::address::{Address, Mode};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::kind::Kind;
use crate::kind::schema::{Block, Nesting, Schema, Type};
use crate::resource::{Desired, Lookup, Origin};
use crate::value::{Reference, Step};

/// A reference and what it has to be.
#[derive(Debug)]
pub(super) struct Link {
    /// Who refers.
    pub(super) by: Address,
    /// To what.
    pub(super) reference: Reference,
    /// What the value must be.
    pub(super) wanted: Wanted,
    /// Where that is written.
    pub(super) origin: Origin,
}

/// What a referenced value must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Anything.
    Any,
    /// A part of a text: a text, a number or a truth value.
    Scalar,
    /// Of this type, or one that Terraform would turn into it.
    Typed(&'static Type),
}

/// What is wrong with the reference, if anything is.
pub(super) fn check(link: &Link, desired: &Desired) -> Option<Diagnostic> {
    let target = &link.reference.target;
    let known = match target.mode {
        Mode::Managed => desired.resources.contains_key(target),
        Mode::Lookup => desired.lookups.contains_key(target),
    };
    if !known {
        return Some(missing(link, desired));
    }
    let is_deferred = |address| {
        desired
            .lookups
            .get(address)
            .is_some_and(Lookup::is_deferred)
    };
    if link.by.mode == Mode::Lookup && is_deferred(target) {
        return Some(
            error_at(
                &link.origin,
                format!(
                    "the lookup `{}` refers to `{target}`, which waits for resources",
                    link.by
                ),
                "",
            )
            .hint("Only resources and outputs can refer to a lookup with `depends_on`."),
        );
    }
    if link.by.mode == Mode::Lookup && target.mode == Mode::Managed && !is_deferred(&link.by) {
        return Some(
            error_at(
                &link.origin,
                format!("the lookup `{}` refers to the resource `{target}`", link.by),
                "lookups are read before anything is made",
            )
            .hint("A lookup can only refer to another lookup; one that is to wait for resources names them in `depends_on`."),
        );
    }
    match type_at(&link.reference) {
        Err(problem) => Some(error_at(&link.origin, problem, "")),
        Ok(found) => {
            let fits = match link.wanted {
                Wanted::Any => true,
                Wanted::Scalar => found.is_scalar(),
                Wanted::Typed(wanted) => found.fits(wanted),
            };
            if fits {
                return unset(link, desired);
            }
            let wanted = match link.wanted {
                Wanted::Typed(wanted) => in_words(wanted),
                _ => "a part of a text".to_owned(),
            };
            Some(error_at(
                &link.origin,
                format!(
                    "`{}` is {}, which can't be {wanted}",
                    link.reference,
                    found.in_words()
                ),
                "",
            ))
        }
    }
}

fn missing(link: &Link, desired: &Desired) -> Diagnostic {
    let target = &link.reference.target;
    let candidates: Vec<String> = desired
        .resources
        .keys()
        .chain(desired.lookups.keys())
        .filter(|known| known.component == target.component)
        .map(Address::local)
        .collect();
    let mut diagnostic = error_at(
        &link.origin,
        format!("`{}` refers to `{target}`, which is not there", link.by),
        "",
    );
    let local = target.local();
    if let Some(near) = did_you_mean(&local, candidates.iter().map(String::as_str)) {
        diagnostic = diagnostic.hint(format!("Did you mean `{near}`?"));
    }
    diagnostic
}

/// A plain argument that nobody gave has no value to refer to.
fn unset(link: &Link, desired: &Desired) -> Option<Diagnostic> {
    let target = &link.reference.target;
    let Some(Step::Attribute(name)) = link.reference.path.first() else {
        return None;
    };
    let resource = desired.resources.get(target)?;
    let attribute = Schema::of(&target.kind)?.attribute(name)?;
    (!attribute.computed && !resource.attributes.contains_key(name)).then(|| {
        error_at(
            &link.origin,
            format!(
                "`{}` is not set, so nothing can refer to it",
                link.reference
            ),
            "",
        )
    })
}

/// What stands at the end of a path.
#[derive(Clone, Copy)]
enum Found {
    Value(&'static Type),
    Blocks(&'static Block),
    Block(&'static Schema),
}

fn type_at(reference: &Reference) -> Result<Found, String> {
    let target = &reference.target;
    let kind = match target.mode {
        Mode::Managed => target.kind.clone(),
        Mode::Lookup => format!("data.{}", target.kind),
    };
    let schema = Schema::of(&kind).ok_or_else(|| format!("`{kind}` is not known"))?;
    let mut found = Found::Block(schema);
    let mut walked = String::new();
    for step in &reference.path {
        found = follow(found, step, &walked, &target.kind)
            .ok_or_else(|| no_such(found, step, &walked, &kind))?;
        if let Step::Attribute(name) = step {
            if !walked.is_empty() {
                walked.push('.');
            }
            walked.push_str(name);
        }
    }
    Ok(found)
}

/// What a text is once it is split.
static TEXTS: Type = Type::List(&Type::String);

fn follow(found: Found, step: &Step, walked: &str, kind: &str) -> Option<Found> {
    Some(match (found, step) {
        (Found::Block(schema), Step::Attribute(name)) => match schema.attribute(name) {
            Some(attribute) => Found::Value(&attribute.of),
            None => match schema.block(name)? {
                block if block.nesting == Nesting::Single => Found::Block(&block.schema),
                block => Found::Blocks(block),
            },
        },
        (Found::Blocks(block), Step::Index(_)) if block.nesting == Nesting::List => {
            Found::Block(&block.schema)
        }
        (Found::Value(Type::List(of)), Step::Index(_))
        | (Found::Value(Type::Map(of)), Step::Key(_)) => Found::Value(of),
        (Found::Value(Type::Object(fields)), Step::Attribute(name)) => {
            let (_, of) = fields.iter().find(|(field, _)| field == name)?;
            Found::Value(of)
        }
        (Found::Value(Type::String), Step::Split) => Found::Value(&TEXTS),
        (Found::Value(Type::Set(of @ Type::Object(_))), Step::Key(_)) => {
            let keyed = Kind::of(kind)?
                .set_keys
                .iter()
                .any(|(path, _)| *path == walked);
            if !keyed {
                return None;
            }
            Found::Value(of)
        }
        _ => return None,
    })
}

fn no_such(found: Found, step: &Step, walked: &str, kind: &str) -> String {
    let of = if walked.is_empty() {
        format!("`{kind}`")
    } else {
        format!("`{walked}` of `{kind}`")
    };
    match step {
        Step::Attribute(name) => {
            let names: Vec<&str> = match found {
                Found::Block(schema) => schema
                    .attributes
                    .iter()
                    .map(|attribute| attribute.name)
                    .collect(),
                Found::Value(Type::Object(fields)) => {
                    fields.iter().map(|(field, _)| *field).collect()
                }
                _ => Vec::new(),
            };
            let hint = did_you_mean(name, names)
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            format!("{of} has no attribute `{name}`{hint}")
        }
        Step::Index(index) => format!("{of} has no elements in order, so no `[{index}]`"),
        Step::Key(key) => format!("{of} has no elements by key, so no `[\"{key}\"]`"),
        Step::Split => format!("{of} is no text, so it can't be split"),
    }
}

impl Found {
    fn is_scalar(self) -> bool {
        matches!(self, Self::Value(Type::Bool | Type::Number | Type::String))
    }

    fn fits(self, wanted: &Type) -> bool {
        match self {
            Self::Value(found) => converts(found, wanted),
            Self::Blocks(_) | Self::Block(_) => false,
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::Value(of) => in_words(of),
            Self::Blocks(_) | Self::Block(_) => "a block".to_owned(),
        }
    }
}

/// Whether Terraform turns the one into the other without being asked.
fn converts(found: &Type, wanted: &Type) -> bool {
    match (found, wanted) {
        (Type::Bool | Type::Number, Type::String) => true,
        (Type::List(found) | Type::Set(found), Type::List(wanted) | Type::Set(wanted))
        | (Type::Map(found), Type::Map(wanted)) => converts(found, wanted),
        (found, wanted) => found == wanted,
    }
}

/// A type for people.
pub(super) fn in_words(of: &Type) -> String {
    match of {
        Type::Bool => "`true` or `false`".to_owned(),
        Type::Number => "a number".to_owned(),
        Type::String => "a text".to_owned(),
        Type::List(of) | Type::Set(of) => match of {
            Type::String => "a list of texts".to_owned(),
            Type::Number => "a list of numbers".to_owned(),
            _ => "a list".to_owned(),
        },
        Type::Map(_) => "a map".to_owned(),
        Type::Object(_) => "a table".to_owned(),
    }
}
