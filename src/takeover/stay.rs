//! What stays of a thing as it is: overrides of the draft.
//!
//! *Invariant*: an override that the guardrails refuse is not written, and why is told.

use std::collections::{BTreeMap, BTreeSet};

use super::Insecure;
use super::around::Around;
use super::draft::Draft;
use super::matching::{Matching, is_settled};
use super::view::View;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::diff::value_at;
use crate::guardrail::Finding;
use crate::plan::Field;
use crate::value::{Attributes, Value};

/// How often overrides may make new differences.
const ROUNDS: usize = 4;

type Overrides = BTreeMap<Address, BTreeMap<String, Value>>;

/// Makes an override of each difference that AWS could make only by replacing the thing, and
/// of names in tags. Gives back what the guardrails refuse of them.
pub(super) fn write(
    draft: &mut Draft,
    view: &View,
    around: &Around<'_>,
) -> Result<Vec<Insecure>, Vec<Diagnostic>> {
    let mut insecure = Vec::new();
    let mut tried: BTreeSet<(Address, String)> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let desired = around.looked_up(draft)?;
        let matching = Matching::of(&desired, view, &draft.pins());
        let mut wanted = Overrides::new();
        for address in matching.things.keys() {
            let Some(resource) = desired.resources.get(address) else {
                continue;
            };
            for field in matching.differences(address) {
                let is_new = tried.insert((address.clone(), field.path.clone()));
                if is_new && is_to_stay(&field) && can_be_said(&resource.attributes, &field) {
                    let fields = wanted.entry(address.clone()).or_default();
                    fields.insert(field.path, field.before);
                }
            }
        }
        if wanted.is_empty() {
            break;
        }
        let before = around.refused(around.expand(draft)?);
        if let Ok(with) = said(draft, &wanted, &before, around) {
            *draft = with;
            continue;
        }
        // One of them is in the way: which?
        for (address, fields) in wanted {
            let one = Overrides::from([(address.clone(), fields)]);
            match said(draft, &one, &before, around) {
                Ok(with) => *draft = with,
                Err(findings) => {
                    let place = matching.things.get(&address);
                    let terraform = place.map(|place| view.get(*place).address.clone());
                    let terraform = terraform.unwrap_or_default();
                    insecure.extend(findings.into_iter().map(|finding| Insecure {
                        terraform: terraform.clone(),
                        finding,
                    }));
                }
            }
        }
    }
    Ok(insecure)
}

/// The draft with these overrides too; or what the guardrails refuse of it that they did not
/// before. Nothing, where it can't be said at all.
fn said(
    draft: &Draft,
    overrides: &Overrides,
    before: &[Finding],
    around: &Around<'_>,
) -> Result<Draft, Vec<Finding>> {
    let mut draft = draft.clone();
    for (address, fields) in overrides {
        if let Some(component) = draft.component(&address.component) {
            let all = component.overrides.entry(address.clone()).or_default();
            all.extend(fields.clone());
        }
    }
    let findings = new_findings(&draft, before, around).ok_or_else(Vec::new)?;
    if findings.is_empty() {
        Ok(draft)
    } else {
        Err(findings)
    }
}

/// Whether a draft can be said, and the guardrails refuse nothing of it that they did not before.
pub(super) fn is_let_pass(draft: &Draft, before: &[Finding], around: &Around<'_>) -> bool {
    new_findings(draft, before, around).is_some_and(|findings| findings.is_empty())
}

fn new_findings(draft: &Draft, before: &[Finding], around: &Around<'_>) -> Option<Vec<Finding>> {
    let desired = around.expand(draft).ok()?;
    let is_old = |finding: &Finding| {
        let same = |one: &Finding| one.rule == finding.rule && one.address == finding.address;
        before.iter().any(same)
    };
    let mut findings = around.refused(desired);
    findings.retain(|finding| !is_old(finding));
    Some(findings)
}

/// Whether a difference would make a thing anew, or lose the name by which people know it.
fn is_to_stay(field: &Field) -> bool {
    (field.forces_replacement || field.path == "tags.Name") && !field.before.is_null()
}

/// Whether an override can say it: it cuts no reference off, but for one in a made-up name.
fn can_be_said(wanted: &Attributes, field: &Field) -> bool {
    let mut references = Vec::new();
    let wanted = value_at(wanted, &field.path);
    wanted.references(&mut references);
    (references.is_empty() || matches!(wanted, Value::Template(_)))
        && !field.path.contains('[')
        && field.path != "region"
        && is_settled(&field.before)
}
