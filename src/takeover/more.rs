//! What stands under a thing and the blueprint does not have: additions of the draft.
//!
//! *Invariant*: an addition says what stands, no more, and the guardrails let it pass.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Addition, Draft};
use super::left;
use super::matching::Matching;
use super::propose::Around;
use super::stay;
use super::view::{View, at, text};
use crate::address::{Address, is_name};
use crate::diagnostic::Diagnostic;
use crate::terraform::state::Instance;
use crate::value::{Attributes, Value};

const RULE: &[&str] = &[
    "security_group_id",
    "ip_protocol",
    "from_port",
    "to_port",
    "cidr_ipv4",
    "cidr_ipv6",
    "prefix_list_id",
    "referenced_security_group_id",
    "description",
];

/// Kinds of children, and the arguments that say all of one.
const CHILDREN: &[(&str, &[&str])] = &[
    (
        "aws_lb_listener_rule",
        &["listener_arn", "priority", "action", "condition"],
    ),
    (
        "aws_route",
        &[
            "route_table_id",
            "destination_cidr_block",
            "destination_ipv6_cidr_block",
            "destination_prefix_list_id",
            "gateway_id",
            "nat_gateway_id",
        ],
    ),
    ("aws_vpc_security_group_egress_rule", RULE),
    ("aws_vpc_security_group_ingress_rule", RULE),
];

/// Adds what the first apply would remove, as far as it can be said and the guardrails let it
/// pass.
pub(super) fn write(
    draft: &mut Draft,
    view: &View,
    around: &Around<'_>,
) -> Result<(), Vec<Diagnostic>> {
    let desired = around.looked_up(draft)?;
    let matching = Matching::of(&desired, view, &draft.pins());
    let things = matching.things.iter();
    let taken: BTreeMap<usize, Address> =
        things.map(|(one, place)| (*place, one.clone())).collect();
    let mut names: BTreeSet<Address> = desired.resources.keys().cloned().collect();
    let before = around.refused(around.expand(draft)?);
    for (place, thing) in view.every().chain(view.parts()) {
        let is_here = !taken.contains_key(&place) && view.is_free(place) && !thing.is_deposed;
        let arguments = CHILDREN.iter().find(|(kind, _)| *kind == thing.kind);
        let parent = left::parent(view, place, &taken);
        let (true, Some((kind, arguments)), Some((parent, _))) = (is_here, arguments, parent)
        else {
            continue;
        };
        let address = named(&parent.component, kind, thing, &names);
        let has_ports = text(thing, "ip_protocol") != Some("-1");
        let set = arguments
            .iter()
            .filter(|name| has_ports || !name.ends_with("_port"));
        let set = set.filter_map(|name| {
            let value = said(&parent.component, at(thing, name), view, &taken)?;
            Some((*name, value))
        });
        let arguments: BTreeMap<&'static str, Value> = set.collect();
        let mut with = draft.clone();
        if let Some(component) = with.component(&parent.component) {
            component.pins.insert(address.clone(), place);
            component.additions.push(Addition {
                address: address.clone(),
                terraform: thing.address.clone(),
                arguments,
            });
        }
        if stay::is_let_pass(&with, &before, around) {
            names.insert(address);
            *draft = with;
        }
    }
    Ok(())
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
fn said(
    component: &str,
    value: &Value,
    view: &View,
    taken: &BTreeMap<usize, Address>,
) -> Option<Value> {
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
