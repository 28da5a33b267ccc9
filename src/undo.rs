//! The last apply taken back: what AWS should have then.
//!
//! In: a document with an inverse. Out: [`Desired`], made of its records, with those over
//! them that stood before. It goes the ordinary way from there, guardrails and all.
//!
//! The resources come from records, not from the spec: the spec may say something else by
//! now, or be gone. What had drifted before the apply is not brought back; what was applied
//! before it is. What guardrails have to see beside the records is looked up by the ids that
//! stand in them.
//!
//! *Invariant*: pure; of what the last apply did not touch, nothing is other than recorded.

mod named;
mod unset;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::aws::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG};
use crate::plan::{Action, Change, Changes, Why};
use crate::resource::{Desired, Resource};
use crate::state::{Document, Status};
use crate::value::Value;

pub use unset::tell_unset;

/// What AWS should have once the last apply is taken back, and what that one touched; none
/// where there is nothing to take back. `spec` says whose everything is, and which
/// exceptions from the rules are written.
#[must_use]
pub fn desired(spec: Desired, document: &Document) -> Option<(Desired, BTreeSet<Address>)> {
    let goal = document.undo.as_ref()?.goal();
    if goal.is_empty() {
        return None;
    }
    let stands = document.records.iter();
    let stands = stands.filter(|record| record.status != Status::Deposed);
    let mut resources: BTreeMap<_, _> = stands
        .map(|record| (record.address.clone(), record.resource()))
        .collect();
    for (address, before) in goal {
        match before {
            Some(record) => {
                let resource = with_its_name(record.resource(), &spec);
                resources.insert(address.clone(), resource)
            }
            None => resources.remove(address),
        };
    }
    let desired = Desired {
        app: spec.app,
        environment: spec.environment,
        region: spec.region,
        account: spec.account,
        ephemeral: spec.ephemeral,
        environments: spec.environments,
        waivers: spec.waivers,
        lookups: named::lookups(&resources),
        resources,
        ..Desired::default()
    };
    Some((desired, goal.keys().cloned().collect()))
}

/// With the name that it has now in our own tags. A run that finished a move which another had
/// begun found the old ones there, and a name is not taken back.
fn with_its_name(mut resource: Resource, spec: &Desired) -> Resource {
    let address = resource.address.to_string();
    if let Some(Value::Map(tags)) = resource.attributes.get_mut("tags") {
        for (tag, name) in [
            (APP_TAG, &spec.app),
            (ENVIRONMENT_TAG, &spec.environment),
            (ADDRESS_TAG, &address),
        ] {
            if let Some(value) = tags.get_mut(tag) {
                *value = name.as_str().into();
            }
        }
    }
    resource
}

/// Leaves what has to do with the last apply, and says why it changes and what does not come
/// back.
pub fn confine(changes: &mut Changes, touched: &BTreeSet<Address>) {
    let is_part = |change: &Change| {
        let follows = change.fields.iter().any(|field| field.after.is_unknown());
        touched.contains(&change.address) || follows
    };
    let mut left = BTreeSet::new();
    changes.steps.retain(|step| {
        let part = is_part(&step.change);
        if !part {
            left.insert(step.change.address.clone());
        }
        part
    });
    changes
        .problems
        .retain(|problem| touched.contains(&problem.address));
    for address in left {
        changes.notes.push(format!(
            "{address} is not as it was applied, and the last apply did not touch it: undo leaves it to `apply`"
        ));
    }
    for step in &mut changes.steps {
        let change = &mut step.change;
        if matches!(change.action, Action::Create | Action::Delete) && !change.replaced {
            change.why = vec![Why::Undo];
        }
        for field in &mut change.fields {
            if !matches!(field.why.first(), Some(Why::Drift | Why::Upstream(_))) {
                field.why = vec![Why::Undo];
            }
        }
        let lost = match (change.action, change.kind.as_str()) {
            (Action::Create, "aws_s3_bucket") => {
                "is made anew, and empty: deleted objects don't come back"
            }
            (Action::Create, "aws_eip") => "is made anew: it is another address",
            (Action::Create, "aws_acm_certificate") => "is issued anew",
            (Action::Create | Action::Replace, kind) if is_known_to_others(kind) => {
                "is made anew: its DNS name and ARN are others"
            }
            _ => continue,
        };
        changes.notes.push(format!("{} {lost}", change.address));
    }
}

/// Whether others may have written down what AWS calls it.
fn is_known_to_others(kind: &str) -> bool {
    matches!(kind, "aws_lb" | "aws_cloudfront_distribution")
}
