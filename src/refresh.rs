//! What AWS has now.
//!
//! In: the desired resources, the state's records, the graph over both. Out: [`Observed`].
//! Recorded ids are read in batches, a kind and region a call where the service has one;
//! then what has no record is looked for in graph order, each level in parallel. An absent
//! parent means absent children, for which AWS isn't asked.
//!
//! A run may believe the records ([`Trust`]): what they say stands is not read. What has no
//! record is looked for all the same, as nothing must be made twice.
//!
//! *Invariant*: refresh reads. It changes neither AWS nor the state, and it decides nothing
//! but whose a found thing is.

mod children;
mod elsewhere;
mod imports;
mod known;
mod ownership;

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use children::read_children;
use elsewhere::Elsewhere;
pub use known::Known;
use ownership::judge;

use crate::address::Address;
use crate::aws::{Answer, Aws, Error, Found, Owner, Ownership, Wanted, lifecycle};
use crate::diagnostic::Span;
use crate::graph::Graph;
use crate::kind::Kind;
use crate::lookup;
use crate::resource::{Desired, Id, Lookup, Lookups, Resource};
use crate::state::{Document, Record, Status, holds_secrets};
use crate::value::{Attributes, Reference};

/// What is taken for true without asking AWS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nothing.
    #[default]
    Nothing,
    /// The records of what is as it was applied, if they tell all that there is to know.
    Records,
}

/// Everything that stands and is ours, and what is in the way.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Our resources, by address.
    pub resources: BTreeMap<Address, Seen>,
    /// What replacements left behind, by address and generation.
    pub deposed: BTreeMap<(Address, u64), Seen>,
    /// Children that AWS has under an exclusive parent of ours and nothing of ours names.
    pub children: Vec<Child>,
    /// What stands under a wanted name and is not ours.
    pub foreign: Vec<(Address, Foreign)>,
    /// What the deferred lookups found of which all that they wait for stands.
    pub lookups: Lookups,
    /// Those of the resources that AWS was not asked about: their records are believed.
    pub believed: BTreeSet<Address>,
    /// What is to be imported and does not stand, with the answer that says so.
    pub absent: BTreeMap<Address, Option<Answer>>,
}

impl Observed {
    /// What the state remembers, taken for what stands: all there is to know offline.
    #[must_use]
    pub fn remembered(document: &Document) -> Self {
        let mut observed = Self::default();
        for record in &document.records {
            let Some(id) = &record.id else { continue };
            let seen = Seen {
                id: id.clone(),
                attributes: record.attributes.clone(),
                standing: Standing::Recorded,
            };
            let address = record.address.clone();
            if record.status == Status::Deposed {
                observed.deposed.insert((address, record.generation), seen);
            } else {
                observed.resources.insert(address, seen);
            }
        }
        observed
    }
}

/// A resource that stands.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What AWS calls it.
    pub id: Id,
    /// What it is like.
    pub attributes: Attributes,
    /// How we know that it is ours.
    pub standing: Standing,
}

/// How we know that a thing is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The state has its id.
    Recorded,
    /// The state says that we were about to make it, and there it is.
    Intended,
    /// The state knows nothing of it, but its tags, parent or value prove it.
    Found(Ownership),
    /// Nothing proves it, but the spec says so, here.
    Imported(Span),
}

/// Something in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It exists and nothing proves that it is ours.
    NotOurs(Id),
    /// Another state document's lineage made it.
    OtherLineage(Id, String),
    /// Several things claim to be it.
    Several(Vec<Id>),
}

impl std::fmt::Display for Foreign {
    /// A clause: `sg-0a1b exists and is not ours`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOurs(id) => write!(f, "{id} exists and is not ours"),
            Self::OtherLineage(id, lineage) => write!(
                f,
                "{id} carries our tags but was made from another state (lineage {lineage})"
            ),
            Self::Several(ids) => {
                let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
                write!(f, "stands more than once: {}", names.join(", "))
            }
        }
    }
}

/// A child made by hand.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its parent, a resource of ours.
    pub parent: Address,
    /// Its kind.
    pub kind: &'static str,
    /// What AWS calls it.
    pub id: Id,
    /// What it is like.
    pub attributes: Attributes,
}

/// A resource that could not be read.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which.
    pub address: Address,
    /// What AWS said.
    pub error: Error,
}

/// Reads everything that is recorded or desired, less what is believed.
///
/// # Errors
/// Every resource that could not be read, with the call that failed.
pub async fn observe(
    aws: &Aws,
    desired: &Desired,
    graph: &Graph,
    document: &Document,
    owner: &Owner,
    trust: Trust,
) -> Result<Observed, Vec<Failure>> {
    let mut observed = Observed::default();
    if trust == Trust::Records {
        believe(desired, document, &mut observed);
    }
    read_records(aws, document, &mut observed).await?;
    find_unrecorded(aws, desired, graph, document, owner, &mut observed).await?;
    read_children(aws, desired, &mut observed).await?;
    Ok(observed)
}

/// Reads what is recorded, and looks for nothing else.
///
/// # Errors
/// Every resource that could not be read, with the call that failed.
pub async fn recorded(aws: &Aws, document: &Document) -> Result<Observed, Vec<Failure>> {
    let mut observed = Observed::default();
    read_records(aws, document, &mut observed).await?;
    Ok(observed)
}

/// Reads what is recorded, and what others made under it; looks for nothing else.
///
/// # Errors
/// Every resource that could not be read, with the call that failed.
pub async fn standing(
    aws: &Aws,
    desired: &Desired,
    document: &Document,
) -> Result<Observed, Vec<Failure>> {
    let mut observed = recorded(aws, document).await?;
    read_children(aws, desired, &mut observed).await?;
    Ok(observed)
}

/// Takes the records for what stands that tell all of it. What the spec gives of which no
/// record may tell, as it is sensitive, only AWS can say.
fn believe(desired: &Desired, document: &Document, observed: &mut Observed) {
    for record in &document.records {
        let kind = Kind::of(&record.address.kind);
        let wanted = desired.resources.get(&record.address);
        let is_secret = kind
            .zip(wanted)
            .is_some_and(|(kind, wanted)| holds_secrets(kind, &wanted.attributes));
        let Some((id, attributes)) = record.believed().filter(|_| !is_secret) else {
            continue;
        };
        let seen = Seen {
            id: id.clone(),
            attributes,
            standing: Standing::Recorded,
        };
        observed.believed.insert(record.address.clone());
        observed.resources.insert(record.address.clone(), seen);
    }
}

/// A record whose id is known, to be read.
struct Recorded<'a> {
    record: &'a Record,
    id: &'a Id,
}

async fn read_records(
    aws: &Aws,
    document: &Document,
    observed: &mut Observed,
) -> Result<(), Vec<Failure>> {
    let mut batches: BTreeMap<(&str, &str), Vec<Recorded<'_>>> = BTreeMap::new();
    for record in &document.records {
        if observed.believed.contains(&record.address) && record.status != Status::Deposed {
            continue;
        }
        if let Some(id) = &record.id {
            let kind = Kind::of(&record.address.kind).zip(lifecycle(&record.address.kind));
            let read_as = kind.map(|(kind, lifecycle)| lifecycle.read_as(kind.name));
            batches
                .entry((
                    read_as.unwrap_or(record.address.kind.as_str()),
                    id.region.as_str(),
                ))
                .or_default()
                .push(Recorded { record, id });
        }
    }
    let reads = batches.into_iter().map(|((kind, _), batch)| async move {
        let ids: Vec<Id> = batch.iter().map(|recorded| recorded.id.clone()).collect();
        let answers = read_kind(aws, kind, &ids).await;
        batch.into_iter().zip(answers).collect::<Vec<_>>()
    });
    let mut failures = Vec::new();
    for (recorded, answer) in join_all(reads).await.into_iter().flatten() {
        match answer {
            Ok(Some(attributes)) => {
                let Recorded { record, id } = recorded;
                let seen = Seen {
                    id: id.clone(),
                    attributes,
                    standing: Standing::Recorded,
                };
                let address = record.address.clone();
                if record.status == Status::Deposed {
                    observed.deposed.insert((address, record.generation), seen);
                } else {
                    observed.resources.insert(address, seen);
                }
            }
            Ok(None) => {}
            Err(error) => failures.push(Failure {
                address: recorded.record.address.clone(),
                error,
            }),
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures)
    }
}

/// Reads ids of one kind and region. A kind that this version does not know was written
/// by another; it reads as an error, never as absent.
async fn read_kind(aws: &Aws, kind: &str, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
    match lifecycle(kind) {
        Some(lifecycle) => lifecycle.read(aws, ids).await,
        None => ids.iter().map(|_| Err(unknown_kind(kind))).collect(),
    }
}

fn unknown_kind(kind: &str) -> Error {
    Error::new(
        crate::aws::ErrorKind::Refused,
        "state",
        format!("this version of watertight does not know {kind}"),
    )
    .hint("use the version that wrote the state, or a newer one")
}

async fn find_unrecorded(
    aws: &Aws,
    desired: &Desired,
    graph: &Graph,
    document: &Document,
    owner: &Owner,
    observed: &mut Observed,
) -> Result<(), Vec<Failure>> {
    let recorded: BTreeSet<&Address> = document
        .records
        .iter()
        .filter(|record| record.id.is_some() && record.status != Status::Deposed)
        .map(|record| &record.address)
        .collect();
    // What a record stands for can't be another resource too: a replaced certificate is
    // found beside the one that takes its place. A bucket's parts have its id, and are other
    // things.
    let taken: BTreeSet<(&str, &Id)> = document
        .records
        .iter()
        .filter_map(|record| Some((record.address.kind.as_str(), record.id.as_ref()?)))
        .collect();
    let mut elsewhere = Elsewhere::default();
    for level in graph.levels() {
        ask_ready(aws, desired, observed).await?;
        let unrecorded: Vec<&Address> = level
            .into_iter()
            .filter(|address| !recorded.contains(address))
            .collect();
        let mut imports = imports::of(desired, &unrecorded, &taken);
        let unrecorded = unrecorded.into_iter().filter_map(|address| {
            let desired = desired.resources.get(address).cloned();
            desired.or_else(|| intended(document, address))
        });
        let known = Known::of(desired, observed);
        let wanted: Vec<(Resource, Wanted)> = unrecorded
            .map(|resource| {
                let wanted = known.wanted(&resource, owner);
                (resource, wanted)
            })
            .filter(|(_, wanted)| can_be_named(wanted))
            .collect();
        let finds = wanted.iter().map(|(resource, wanted)| async move {
            let record = document.current(&resource.address);
            (resource, find(aws, wanted, record).await)
        });
        let mut ours: Vec<(Address, Id, Standing)> = Vec::new();
        let mut failures = Vec::new();
        for (resource, answer) in join_all(finds).await {
            let address = resource.address.clone();
            let answer = match answer {
                Ok(found) if found.is_empty() && document.current(&address).is_none() => {
                    elsewhere.find(aws, resource, document, owner).await
                }
                answer => answer,
            };
            match answer {
                Ok(mut found) => {
                    found.retain(|found| {
                        let is_given = found.ownership == Ownership::Given;
                        !taken.contains(&(address.kind.as_str(), &found.id))
                            && (!is_given || came_along(&address, &found.id, document, observed))
                    });
                    match judge(&address, found, document) {
                        Ok(Some((id, standing))) => {
                            imports.remove(&address);
                            ours.push((address, id, standing));
                        }
                        // The spec's word is as good as a proof, once it is confirmed.
                        Err(Foreign::NotOurs(_) | Foreign::OtherLineage(..))
                            if imports.contains_key(&address) => {}
                        Ok(None) => {}
                        Err(foreign) => {
                            imports.remove(&address);
                            observed.foreign.push((address, foreign));
                        }
                    }
                }
                Err(error) => failures.push(Failure { address, error }),
            }
        }
        let mut absent: Vec<(Address, Id)> = Vec::new();
        for (address, (id, standing)) in imports {
            absent.push((address.clone(), id.clone()));
            ours.push((address, id, standing));
        }
        failures.extend(read_found(aws, ours, observed).await);
        absent.retain(|(address, _)| {
            let is_unread = failures.iter().any(|failure| failure.address == *address);
            !is_unread && !observed.resources.contains_key(address)
        });
        imports::who_says_no(aws, absent, observed).await;
        if !failures.is_empty() {
            return Err(failures);
        }
    }
    Ok(())
}

/// Whether a setting that AWS gives unasked counts as found: its whole is found without a
/// record, so the state was lost, and this went with it. Where the whole has a record, a run
/// was cut off before it came to the setting; to set it then takes nothing from anybody,
/// and needs no consent.
fn came_along(address: &Address, id: &Id, document: &Document, observed: &Observed) -> bool {
    let whole = Kind::of(&address.kind).and_then(|kind| kind.part_of);
    let is_found = |(other, seen): (&Address, &Seen)| {
        Some(other.kind.as_str()) == whole
            && seen.id == *id
            && matches!(seen.standing, Standing::Found(_) | Standing::Imported(_))
    };
    document.current(address).is_none() && observed.resources.iter().any(is_found)
}

/// Asks the deferred lookups of which all that they wait for is found by now: what is still
/// to be looked for may be named by an answer.
async fn ask_ready(
    aws: &Aws,
    desired: &Desired,
    observed: &mut Observed,
) -> Result<(), Vec<Failure>> {
    if !desired.lookups.values().any(Lookup::is_deferred) {
        return Ok(());
    }
    let known = Known::of(desired, observed);
    let stands = |address: &Address| observed.resources.contains_key(address);
    let has_answer = |address: &Address| observed.lookups.contains_key(address);
    let value = |reference: &Reference| known.value(reference);
    let found = lookup::ready(aws, desired, &stands, &has_answer, &value).await;
    let found = found.map_err(|(address, error)| vec![Failure { address, error }])?;
    observed.lookups.extend(found);
    Ok(())
}

/// Looks for one resource: as the spec wants it, or else as an earlier run was about to make
/// it when it stopped, by its record. What can't be tagged is known by its value alone, and since
/// then the spec may have given it another value, or another name.
///
/// # Errors
/// A call that failed.
pub async fn find(
    aws: &Aws,
    wanted: &Wanted,
    record: Option<&Record>,
) -> Result<Vec<Found>, Error> {
    let kind = wanted.address.kind.as_str();
    let lifecycle = lifecycle(kind).ok_or_else(|| unknown_kind(kind))?;
    let found = lifecycle.find(aws, wanted).await?;
    let is_ours = |found: &Found| found.ownership != Ownership::Foreign;
    let open =
        record.filter(|record| record.id.is_none() && record.attributes != wanted.attributes);
    if let (Some(record), false) = (open, found.iter().any(is_ours)) {
        let intended = Wanted {
            region: record.region.clone(),
            attributes: record.attributes.clone(),
            ..wanted.clone()
        };
        let begun = lifecycle.find(aws, &intended).await?;
        if begun.iter().any(is_ours) {
            return Ok(begun);
        }
    }
    Ok(found)
}

/// What a run was about to make when it stopped and no spec wants any more: what its record
/// says. Nothing must be lost of it.
fn intended(document: &Document, address: &Address) -> Option<Resource> {
    let record = document.current(address)?;
    Some(Resource {
        depends_on: record.dependencies.clone(),
        maker: record.maker.clone(),
        ..Resource::plain(
            address.clone(),
            record.region.clone(),
            record.attributes.clone(),
        )
    })
}

/// Whether everything is known without which it can't be looked for.
fn can_be_named(wanted: &Wanted) -> bool {
    Kind::of(&wanted.address.kind).is_some_and(|kind| {
        kind.named_by.iter().all(|name| {
            wanted
                .attributes
                .get(*name)
                .is_some_and(|value| !value.is_unknown() && !value.is_null())
        })
    })
}

async fn read_found(
    aws: &Aws,
    ours: Vec<(Address, Id, Standing)>,
    observed: &mut Observed,
) -> Vec<Failure> {
    let mut batches: BTreeMap<(String, String), Vec<(Address, Id, Standing)>> = BTreeMap::new();
    for (address, id, standing) in ours {
        batches
            .entry((address.kind.clone(), id.region.clone()))
            .or_default()
            .push((address, id, standing));
    }
    let reads = batches.into_iter().map(|((kind, _), batch)| async move {
        let ids: Vec<Id> = batch.iter().map(|(_, id, _)| id.clone()).collect();
        let answers = read_kind(aws, &kind, &ids).await;
        batch.into_iter().zip(answers).collect::<Vec<_>>()
    });
    let mut failures = Vec::new();
    for ((address, id, standing), answer) in join_all(reads).await.into_iter().flatten() {
        match answer {
            Ok(Some(attributes)) => {
                let seen = Seen {
                    id,
                    attributes,
                    standing,
                };
                observed.resources.insert(address, seen);
            }
            Ok(None) => {}
            Err(error) => failures.push(Failure { address, error }),
        }
    }
    failures
}
