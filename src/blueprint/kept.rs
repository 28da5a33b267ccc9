//! What AWS keeps under a name that the spec gives: a lookup for each name, and the value in
//! its place.
//!
//! In: a component with `vpc = { from = "ssm:/shop/vpc_id" }`. Out: the lookup
//! `data.aws_ssm_parameter.<label>`, a reference to its answer wherever a template places the
//! input, and what the input demands of that answer. An input that takes a list gets the
//! answer split at its commas, as a `StringList` is stored.
//!
//! *Invariant*: a value is opaque to templates, so that the same spec gives the same
//! resources offline; and of a secret there is never more than its ARN.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::engine::label_of;
use super::input::{InputSpec, InputType};
use super::{Blueprint, amend, text};
use crate::address::Address;
use crate::diagnostic::Span;
use crate::resource::{Demand, Desired, Form, Lookup, Origin};
use crate::spec::{Component, Input, Keeper, Written};
use crate::value::{Attributes, Reference, Step, Value};

/// After a scheme, where the name of a component would stand, which has none.
const MARK: char = ':';
/// After a label whose value is split.
const SPLIT: char = ',';

/// What stands for the value until a rendered text is read.
pub(super) fn placeholder(keeper: Keeper, name: &str, of: &InputType) -> String {
    let mut label = label_of(name);
    if is_split(keeper, of) {
        label.push(SPLIT);
    }
    text::placeholder(&format!("{}{MARK}", keeper.scheme()), &label)
}

/// Whether this stands for what is looked up, and so is known before anything is planned.
pub(super) fn is_placeholder(text: &str) -> bool {
    [Keeper::Parameter, Keeper::Secret]
        .into_iter()
        .any(|keeper| text.contains(&format!("{}{MARK}.", keeper.scheme())))
}

/// What a placeholder's two halves stand for, in this component.
pub(super) fn value(component: &str, keeper: &str, label: &str) -> Option<Value> {
    let scheme = keeper.strip_suffix(MARK)?;
    let keeper = [Keeper::Parameter, Keeper::Secret]
        .into_iter()
        .find(|keeper| keeper.scheme() == scheme)?;
    let reference = match label.strip_suffix(SPLIT) {
        Some(label) => reference(component, keeper, label, true),
        None => reference(component, keeper, label, false),
    };
    Some(Value::Reference(reference))
}

/// Adds a component's lookups, one for each name, and what its inputs demand of them. What
/// amends a resource takes a value as it is, and the provider's schema says what it may be.
pub(super) fn ask(
    component: &Component,
    blueprint: &Blueprint,
    region: &str,
    desired: &mut Desired,
) {
    let by = component.name.value.as_str();
    let mut add = |keeper: Keeper, name: &str, reference: &Reference, span: &Span| {
        let argument = (keeper.argument(name).to_owned(), Value::text(name));
        desired
            .lookups
            .entry(reference.target.clone())
            .or_insert_with(|| Lookup {
                address: reference.target.clone(),
                region: region.to_owned(),
                arguments: Attributes::from([argument]),
                depends_on: BTreeSet::new(),
                origin: Origin {
                    spec: Some(span.clone()),
                    blueprint: None,
                },
            });
    };
    let mut waiting: Vec<&Written<Input>> = amend::values(&component.amendments).collect();
    while let Some(written) = waiting.pop() {
        match &written.value {
            Input::Kept { keeper, name } => {
                let reference = reference(by, *keeper, &label_of(name), false);
                add(*keeper, name, &reference, &written.span);
            }
            Input::List(items) => waiting.extend(items),
            Input::Table(entries) => waiting.extend(entries.values()),
            _ => {}
        }
    }
    let mut demands = Vec::new();
    for (input, given) in &component.inputs {
        let (Some(spec), Input::Kept { keeper, name }) =
            (blueprint.manifest.inputs.get(input), &given.value.value)
        else {
            continue;
        };
        let label = label_of(name);
        let reference = reference(by, *keeper, &label, is_split(*keeper, &spec.of));
        add(*keeper, name, &reference, &given.value.span);
        demands.push(Demand {
            reference,
            input: input.clone(),
            said: format!("{}:{name}", keeper.scheme()),
            span: given.value.span.clone(),
            form: Arc::new(spec.clone()),
        });
    }
    desired.demands.extend(demands);
}

fn is_split(keeper: Keeper, of: &InputType) -> bool {
    keeper == Keeper::Parameter && of.takes_list()
}

fn reference(component: &str, keeper: Keeper, label: &str, split: bool) -> Reference {
    let target = Address::lookup(component, keeper.kind(), label);
    let mut reference = Reference::to(target, keeper.attribute());
    if split {
        reference.path.push(Step::Split);
    }
    reference
}

impl Form for InputSpec {
    fn fits(&self, value: &Value, span: &Span) -> Result<(), String> {
        self.check(&as_input(value, span))
    }
}

/// A looked-up value as a spec would give it.
fn as_input(value: &Value, span: &Span) -> Input {
    match value {
        Value::List(items) => Input::List(
            items
                .iter()
                .map(|item| Written {
                    value: as_input(item, span),
                    span: span.clone(),
                })
                .collect(),
        ),
        Value::Bool(truth) => Input::Bool(*truth),
        Value::Int(number) => Input::Int(*number),
        other => Input::Text(other.scalar_text().unwrap_or_default()),
    }
}
