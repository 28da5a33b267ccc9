//! Children that AWS has under an exclusive parent of ours and nothing of ours names.
//!
//! Where the spec leaves the children of a parent to others, AWS isn't asked for them.
//!
//! *Invariant*: what stands under our own addresses is never taken for a child made by hand.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{Child, Failure, Observed, unknown_kind};
use crate::address::Address;
use crate::aws::{Aws, ChildFound, lifecycle};
use crate::kind::Kind;
use crate::resource::{Desired, Id};
use crate::value::Value;

/// Looks under every parent of ours that owns its children alone.
pub(super) async fn read_children(
    aws: &Aws,
    desired: &Desired,
    observed: &mut Observed,
) -> Result<(), Vec<Failure>> {
    let mut batches: BTreeMap<(&'static str, String), Vec<(Address, Id)>> = BTreeMap::new();
    for (address, seen) in &observed.resources {
        let Some(kind) = Kind::of(&address.kind) else {
            continue;
        };
        // Whether children are exclusive is the spec's word; a parent that is on its way
        // out takes its children with it.
        let Some(wanted) = desired.resources.get(address) else {
            continue;
        };
        if observed.believed.contains(address) {
            continue;
        }
        let is_left = wanted.ignored.contains_key(kind.children_called);
        if !kind.exclusive_children.is_empty() && !is_left {
            batches
                .entry((kind.name, seen.id.region.clone()))
                .or_default()
                .push((address.clone(), seen.id.clone()));
        }
    }
    let reads = batches.into_iter().map(|((kind, _), parents)| async move {
        let ids: Vec<Id> = parents.iter().map(|(_, id)| id.clone()).collect();
        let answer = match lifecycle(kind) {
            Some(lifecycle) => lifecycle.children(aws, &ids).await,
            None => Err(unknown_kind(kind)),
        };
        (parents, answer)
    });
    let mut failures = Vec::new();
    let mut children = Vec::new();
    for (parents, answer) in join_all(reads).await {
        match answer {
            Ok(found) => {
                for ChildFound {
                    kind,
                    id,
                    attributes,
                } in found
                {
                    // A child is named by its parent; its other attributes may name other
                    // parents (a rule's source).
                    let named_by = Kind::of(kind).map_or(&[][..], |kind| kind.named_by);
                    let parent = parents.iter().find(|(_, parent)| {
                        named_by.iter().any(|name| {
                            attributes.get(*name).and_then(Value::as_str) == Some(&parent.text)
                        })
                    });
                    if let Some((parent, _)) = parent {
                        children.push(Child {
                            parent: parent.clone(),
                            kind,
                            id,
                            attributes,
                        });
                    }
                }
            }
            Err(error) => failures.extend(parents.into_iter().map(|(address, _)| Failure {
                address,
                error: error.clone(),
            })),
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    let ours: BTreeSet<&Id> = observed
        .resources
        .values()
        .chain(observed.deposed.values())
        .map(|seen| &seen.id)
        .collect();
    children.retain(|child| !ours.contains(&child.id));
    children.sort_by(|a, b| (&a.parent, &a.id).cmp(&(&b.parent, &b.id)));
    observed.children = children;
    Ok(())
}
