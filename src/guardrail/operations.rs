//! The rule about what the spec leaves to others.
//!
//! *Invariant*: which rules read an attribute is found by taking it away and asking them
//! again, and which ones judge what others may add, by adding one of which nothing is known;
//! nothing is declared that could be forgotten.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::report::{Report, Verdict};
use super::rule::{RULES, Rule, Severity};
use super::scope::Scope;
use crate::address::Address;
use crate::kind::Kind;
use crate::resource::Resource;
use crate::value::{Attributes, Reference, Value};

/// WT-OPS-001.
pub(super) static IGNORED: Rule = Rule {
    id: "WT-OPS-001",
    title: "what a guardrail reads is not left to others",
    severity: Severity::High,
    explain: "An attribute in a component's `ignore` may be anything by the time somebody looks: \
        watertight neither compares nor writes it. The rules are asked once more with its value \
        unknown; where one that passed does not pass any more, the attribute is one that the \
        rule reads, and to leave it to others needs a waiver. So does it to leave the rules of a \
        listener, or other things that stand under a resource, to others: one more of which \
        nothing is known is held against the rules.",
    controls: &["NIST CM-3", "NIST SC-8", "Well-Architected SEC09-BP02"],
    fix: "take it out of `ignore`, or write a waiver that says who keeps it as it must be",
    check,
};

fn check(scope: &Scope<'_>, report: &mut Report) {
    let desired = scope.desired();
    let ignores = |resource: &&Resource| !resource.ignored.is_empty();
    let mut known: Option<BTreeSet<(&'static str, Address)>> = None;
    for resource in desired.resources.values().filter(ignores) {
        for path in resource.ignored.keys() {
            let known = known.get_or_insert_with(|| refused(scope));
            let children = children(resource, path);
            let mut without = desired.clone();
            if let (true, Some(resource)) = (
                children.is_empty(),
                without.resources.get_mut(&resource.address),
            ) {
                forget(&mut resource.attributes, path);
            }
            let has_children = !children.is_empty();
            let named = children.into_iter().map(|of| (of.address.clone(), of));
            without.resources.extend(named);
            let found = refused(&Scope::new(&without, scope.lookups()));
            let rules: BTreeSet<&str> = found.difference(known).map(|(rule, _)| *rule).collect();
            if !rules.is_empty() {
                let rules: Vec<&str> = rules.into_iter().collect();
                let verb = match (has_children, rules.len()) {
                    (false, 1) => "reads",
                    (false, _) => "read",
                    (true, 1) => "judges",
                    (true, _) => "judge",
                };
                let message = format!("leaves {path} to others, which {} {verb}", rules.join(", "));
                report.judge_ignored(resource, path, Verdict::Fails(message));
            }
        }
    }
}

/// What others may add under a resource where the path is the word for that: one of each
/// kind, of which nothing is known but where it stands.
fn children(parent: &Resource, path: &str) -> Vec<Resource> {
    let kind = Kind::of(&parent.address.kind).filter(|kind| kind.children_called == path);
    let kinds = kind.map_or(&[][..], |kind| kind.exclusive_children);
    let of_kind = |name: &&str| {
        let kind = Kind::of(name)?;
        let unknown = |name| (String::from(name), Value::Unknown { from: None });
        let mut attributes: Attributes = kind.schema().arguments().map(unknown).collect();
        let place = Reference::to(parent.address.clone(), "id");
        attributes.insert(
            (*kind.named_by.first()?).to_owned(),
            Value::Reference(place),
        );
        let component = &parent.address.component;
        let address = Address::managed(component, kind.name, "of_others");
        let region = parent.region.clone();
        Some(Resource::plain(address, region, attributes))
    };
    kinds.iter().filter_map(of_kind).collect()
}

/// What every other rule does not let pass, or not yet.
fn refused(scope: &Scope<'_>) -> BTreeSet<(&'static str, Address)> {
    RULES
        .iter()
        .filter(|rule| rule.id != IGNORED.id)
        .flat_map(|rule| {
            let mut report = Report::new(rule, scope);
            (rule.check)(scope, &mut report);
            report.findings()
        })
        .map(|Finding { rule, address, .. }| (rule, address))
        .collect()
}

/// Makes what stands at a path unknown.
fn forget(attributes: &mut Attributes, path: &str) {
    let unknown = Value::Unknown { from: None };
    let Some((name, rest)) = path.split_once('.') else {
        attributes.insert(path.to_owned(), unknown);
        return;
    };
    match attributes.get_mut(name) {
        // The key of a tag may hold dots.
        Some(Value::Map(tags)) if name == "tags" => {
            tags.insert(rest.to_owned(), unknown);
        }
        Some(Value::Map(block)) => forget(block, rest),
        Some(Value::List(items)) if matches!(items.as_slice(), [Value::Map(_)]) => {
            if let Some(Value::Map(block)) = items.first_mut() {
                forget(block, rest);
            }
        }
        _ => {
            attributes.insert(name.to_owned(), unknown);
        }
    }
}
