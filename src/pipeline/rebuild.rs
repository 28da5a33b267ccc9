//! The document of what stands, where it was lost.
//!
//! *Invariant*: AWS is read, never changed, and no record that is there is touched.

use std::collections::BTreeSet;

use super::{Session, Stop};
use crate::address::Address;
use crate::aws::Ownership;
use crate::diagnostic::Diagnostic;
use crate::graph;
use crate::kind::Kind;
use crate::lookup;
use crate::refresh::{self, Foreign, Observed, Seen, Standing, Trust};
use crate::resource::{Desired, Id, Resource};
use crate::state::{Document, Record, Status, recordable};

/// What was found again.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// The document with it.
    pub document: Document,
    /// What got a record, and what AWS calls it.
    pub found: Vec<(Address, Id)>,
    /// What stands under a wanted name and is not ours.
    pub foreign: Vec<(Address, Foreign)>,
    /// What the spec describes and nothing was found of.
    pub missing: Vec<Address>,
}

/// Records everything that the spec describes, stands, and is proven ours without a record.
///
/// What is recorded is how it is, not how it is wanted; the next plan tells the difference.
/// A document that was never written takes the lineage that the tags name, so nothing has
/// to be written in AWS.
///
/// # Errors
/// A lookup without an answer, a resource that can't be read, and things of several lineages,
/// none of which is this document's.
pub async fn rebuild(session: Session<'_>, desired: &Desired) -> Result<Rebuilt, Stop> {
    let Session {
        aws,
        mut document,
        owner,
        account,
        ..
    } = session;
    let lookups = lookup::read(aws, desired).await.map_err(Stop::Wrong)?;
    let mut desired = desired.clone().with_lookups(&lookups);
    // What was never taken over is for an apply, which asks.
    desired.imports.clear();
    let graph = graph::build(&desired, &document).map_err(Stop::Wrong)?;
    let observed = refresh::observe(aws, &desired, &graph, &document, &owner, Trust::Nothing)
        .await
        .map_err(Stop::Unread)?;
    if document.is_new()
        && let Some(lineage) = lineage(&observed)?
    {
        document.lineage = lineage;
    }
    let mut found = Vec::new();
    for (address, seen) in &observed.resources {
        let (Standing::Found(_), Some(resource), Some(kind)) = (
            &seen.standing,
            desired.resources.get(address),
            Kind::of(&address.kind),
        ) else {
            continue;
        };
        let record = as_it_is(&desired, resource, kind, seen, document.generation + 1);
        document.put(record);
        found.push((address.clone(), seen.id.clone()));
    }
    if !found.is_empty() {
        document.generation += 1;
        document.account = Some(account);
    }
    let is_foreign = |address: &Address| observed.foreign.iter().any(|(other, _)| other == address);
    let missing = desired.resources.keys();
    let missing = missing
        .filter(|address| document.current(address).is_none() && !is_foreign(address))
        .cloned()
        .collect();
    Ok(Rebuilt {
        document,
        found,
        foreign: observed.foreign,
        missing,
    })
}

/// The record of a thing as it stands, not as it is wanted.
pub(super) fn as_it_is(
    desired: &Desired,
    resource: &Resource,
    kind: &Kind,
    seen: &Seen,
    generation: u64,
) -> Record {
    let (attributes, told) = recordable(kind, &seen.attributes)
        .into_iter()
        .partition(|(name, _)| resource.attributes.contains_key(name));
    Record {
        address: resource.address.clone(),
        generation,
        status: Status::Applied,
        region: resource.region.clone(),
        id: Some(seen.id.clone()),
        token: None,
        attributes,
        dependencies: desired.dependencies(resource),
        protect: !desired.ephemeral && (kind.protect)(&resource.attributes),
        maker: resource.maker.clone(),
        asked: None,
        told: Some(told),
    }
}

/// The one lineage that the tags of what is found name.
fn lineage(observed: &Observed) -> Result<Option<String>, Stop> {
    let mut lineages: BTreeSet<&str> = BTreeSet::new();
    for seen in observed.resources.values() {
        if let Standing::Found(Ownership::Tagged { lineage }) = &seen.standing
            && !lineage.is_empty()
        {
            lineages.insert(lineage);
        }
    }
    if lineages.len() > 1 {
        let names: Vec<&str> = lineages.into_iter().collect();
        return Err(Stop::Wrong(vec![
            Diagnostic::error(format!(
                "what is found was made from several states: lineages {}",
                names.join(", ")
            ))
            .hint("Look at the plan; `watertight apply --adopt` takes everything over and gives it one lineage."),
        ]));
    }
    Ok(lineages.pop_first().map(str::to_owned))
}
