//! What stands under a thing and the blueprint does not have: additions of the draft. What a
//! spec owns and does not say would go with the first apply.
//!
//! *Invariant*: an addition says what stands, no more, and the guardrails let it pass.

use std::collections::{BTreeMap, BTreeSet};

use super::around::Around;
use super::draft::{Addition, Draft};
use super::left;
use super::matching::Matching;
use super::stay;
use super::view::{View, at, text};
use crate::address::{Address, is_name};
use crate::diagnostic::Diagnostic;
use crate::kind::Kind;
use crate::terraform::state::Instance;
use crate::value::{Attributes, Value};

const GROUP: &str = "aws_lb_target_group";
const TARGET: &str = "aws_lb_target_group_attachment";

/// Kinds of which there may be more than a blueprint has; and what says all of one, beside what
/// tells it from others. Those that others refer to first.
const KINDS: &[(&str, &[&str])] = &[
    (
        GROUP,
        &[
            "deregistration_delay",
            "health_check",
            "load_balancing_algorithm_type",
            "port",
            "protocol",
            "protocol_version",
            "slow_start",
            "stickiness",
            "target_type",
            "vpc_id",
        ],
    ),
    (TARGET, &[]),
    ("aws_lb_listener_rule", &["action", "condition"]),
    ("aws_route", &["gateway_id", "nat_gateway_id"]),
    ("aws_vpc_security_group_egress_rule", &["description"]),
    ("aws_vpc_security_group_ingress_rule", &["description"]),
];

type Taken = BTreeMap<usize, Address>;

/// Adds what the first apply would remove, and the target groups that it leads to, as far as it
/// can be said and the guardrails let it pass.
pub(super) fn write(
    draft: &mut Draft,
    view: &View,
    around: &Around<'_>,
) -> Result<(), Vec<Diagnostic>> {
    let desired = around.looked_up(draft)?;
    let matching = Matching::of(&desired, view, &draft.pins());
    let things = matching.things.iter();
    let mut taken: Taken = things.map(|(one, place)| (*place, one.clone())).collect();
    let mut names: BTreeSet<Address> = desired.resources.keys().cloned().collect();
    let before = around.refused(around.expand(draft)?);
    for (kind, more) in KINDS {
        let all = view.every().chain(view.parts());
        for (place, thing) in all.filter(|(_, thing)| thing.kind == *kind) {
            if taken.contains_key(&place) || !view.is_free(place) || thing.is_deposed {
                continue;
            }
            let Some(component) = home(view, place, &taken) else {
                continue;
            };
            let address = named(&component, kind, thing, &names);
            let addition = Addition {
                address: address.clone(),
                terraform: thing.address.clone(),
                arguments: set(more, &component, thing, view, &taken),
            };
            let mut with = draft.clone();
            if let Some(component) = with.component(&component) {
                component.pins.insert(address.clone(), place);
                component.additions.push(addition);
            }
            if stay::is_let_pass(&with, &before, around) {
                names.insert(address.clone());
                taken.insert(place, address);
                *draft = with;
            }
        }
    }
    Ok(())
}

/// The component that a thing stands under.
fn home(view: &View, place: usize, taken: &Taken) -> Option<String> {
    let thing = view.get(place);
    let with_arn = |arn: &str| {
        let mut all = taken.iter();
        let one = all.find(|(place, _)| text(view.get(**place), "arn") == Some(arn));
        one.map(|(_, address)| address.component.clone())
    };
    match thing.kind.as_str() {
        TARGET => with_arn(text(thing, "target_group_arn")?),
        GROUP => {
            let arn = text(thing, "arn")?;
            let rules = view.all("aws_lb_listener_rule");
            let mut rules = rules.filter(|(_, rule)| leads_to(at(rule, "action"), arn));
            rules.find_map(|(_, rule)| with_arn(text(rule, "listener_arn")?))
        }
        _ => left::parent(view, place, taken).map(|(parent, _)| parent.component.clone()),
    }
}

/// Whether actions forward to a target group, in either form.
fn leads_to(actions: &Value, group: &str) -> bool {
    actions.items().iter().any(|action| {
        let forward = action.get("forward").items();
        let groups = forward
            .iter()
            .flat_map(|one| one.get("target_group").items());
        let mut arns = groups
            .map(|one| one.get("arn"))
            .chain([action.get("target_group_arn")]);
        arns.any(|arn| arn.as_str() == Some(group))
    })
}

/// The arguments that are set.
fn set(
    more: &'static [&'static str],
    component: &str,
    thing: &Instance,
    view: &View,
    taken: &Taken,
) -> BTreeMap<&'static str, Value> {
    let has_ports = text(thing, "ip_protocol") != Some("-1");
    let kind = Kind::of(&thing.kind);
    let apart = kind.map_or(&[][..], Kind::told_apart_by);
    let arguments = apart.iter().chain(more);
    let arguments = arguments.filter(|name| has_ports || !name.ends_with("_port"));
    arguments
        .filter_map(|name| Some((*name, said(component, at(thing, name), view, taken)?)))
        .collect()
}

/// A name that nothing else of the component has.
fn named(component: &str, kind: &str, thing: &Instance, others: &BTreeSet<Address>) -> Address {
    let whole = thing.address.rsplit('.').next().unwrap_or_default();
    let whole = if whole.is_empty() || thing.address.contains('(') {
        // Of a part its words say what it is.
        thing.address.split('(').nth(1).unwrap_or(&thing.label)
    } else {
        whole
    };
    let mut plain = String::new();
    for c in whole.to_ascii_lowercase().chars() {
        match c {
            c if c.is_ascii_alphanumeric() => plain.push(c),
            _ if plain.ends_with('_') => {}
            _ => plain.push('_'),
        }
    }
    let plain = plain.trim_matches('_');
    let base = if is_name(plain) { plain } else { "more" };
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    let mut names = std::iter::once(base.to_owned()).chain(numbered);
    let free = names.find(|name| !others.contains(&Address::managed(component, kind, name)));
    Address::managed(component, kind, &free.unwrap_or_default())
}

/// A value less what is not set in it, with references to the component's resources in the place
/// of their ids. A text of the state's never is a reference by itself. None where nothing is set.
fn said(component: &str, value: &Value, view: &View, taken: &Taken) -> Option<Value> {
    let inside = |value: &Value| said(component, value, view, taken);
    match value {
        Value::Null | Value::Unknown { .. } => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(within(component, text, view, taken)),
        Value::List(items) => {
            let items: Vec<Value> = items.iter().filter_map(inside).collect();
            (!items.is_empty()).then_some(Value::List(items))
        }
        Value::Map(entries) => {
            // The provider reads a forward to one group in two forms.
            let group = entries.get("target_group_arn").and_then(Value::as_str);
            let is_plain = group.is_some_and(|arn| !arn.is_empty());
            let entries = entries
                .iter()
                .filter(|(name, _)| !is_plain || *name != "forward");
            let entries: Attributes = entries
                .filter_map(|(name, value)| Some((name.clone(), inside(value)?)))
                .collect();
            (!entries.is_empty()).then_some(Value::Map(entries))
        }
        other => Some(other.clone()),
    }
}

fn within(component: &str, id: &str, view: &View, taken: &BTreeMap<usize, Address>) -> Value {
    let named = taken.iter().find_map(|(place, address)| {
        let is = |name: &&str| text(view.get(*place), name) == Some(id);
        let name = ["arn", "id"].into_iter().find(is);
        let name = name.filter(|_| address.component == component)?;
        Some(format!("${{{}.{name}}}", address.local()))
    });
    Value::text(named.unwrap_or_else(|| id.replace("${", "$${")))
}
