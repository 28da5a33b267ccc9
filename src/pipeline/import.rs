//! One thing that stands, recorded as a resource of the spec.
//!
//! *Invariant*: AWS is read, never changed, and no record that is there is touched.

use jiff::civil::Date;

use super::rebuild::as_it_is;
use super::{Session, Stop, confirm, wrong_if_any};
use crate::address::Address;
use crate::aws::Answer;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::diff::{self, Options, Target};
use crate::kind::Kind;
use crate::plan::{Action, Change, Step};
use crate::resource::{Desired, Id};
use crate::spec::Import;
use crate::state::Document;
use crate::{blueprint, graph, guardrail, refresh};

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The document with it.
    pub document: Document,
    /// The thing, and what is part of it: what the next apply would change of each. None where
    /// it was recorded before, by a run that nobody saw end.
    pub changes: Vec<Change>,
}

/// Records what AWS calls `id` as the resource at `address`; a bucket with all that it is set
/// to. `id` has the form that Terraform's import takes.
///
/// What is recorded is how it is, not how it is wanted: the next plan tells the difference.
///
/// # Errors
/// An address that the spec does not have, or whose kind can't be imported; an `[[import]]`
/// that says it otherwise; a record that stands in the way; an id that AWS does not know, or
/// that can't be read; and all that stops a plan before AWS is looked at.
pub async fn import(
    session: Session<'_>,
    mut desired: Desired,
    address: &Address,
    id: &str,
    today: Date,
) -> Result<Imported, Stop> {
    wrong_if_any(
        blueprint::not_importable(&desired, address)
            .into_iter()
            .collect(),
    )?;
    let given = desired.import(address).cloned();
    wrong_if_any(otherwise(&desired, address, id).into_iter().collect())?;
    desired.imports = vec![Import {
        address: address.clone(),
        id: id.to_owned(),
        keep: given.map(|given| given.keep).unwrap_or_default(),
        span: nowhere(),
    }];
    let Session {
        aws,
        mut document,
        owner,
        account,
        ..
    } = session;
    if is_done(address, id, &document) {
        return Ok(Imported {
            document,
            changes: Vec::new(),
        });
    }
    wrong_if_any(
        recorded(&desired, address, id, &document)
            .into_iter()
            .collect(),
    )?;
    let approved = guardrail::approve(desired, today).map_err(Stop::Refused)?;
    let (confirmed, _) = confirm(aws, approved, today).await?;
    let desired = confirmed.desired();
    let graph = graph::build(desired, &document).map_err(Stop::Wrong)?;
    let observed = refresh::observe(
        aws,
        desired,
        &graph,
        &document,
        &owner,
        refresh::Trust::Nothing,
    )
    .await
    .map_err(Stop::Unread)?;
    let Some(whole) = observed.resources.get(address) else {
        let region = desired.resources.get(address).map(|one| &one.region);
        let answer = observed.absent.get(address).and_then(Option::as_ref);
        return Err(Stop::Wrong(vec![absent(address, id, region, answer)]));
    };
    let target = Target::Keep(&confirmed);
    let changes = diff::compare(target, &graph, &observed, &document, Options::default());
    let problems = changes.problems.iter();
    let problems = problems.filter(|problem| problem.address == *address);
    let wrong = problems.map(|problem| {
        let said = Diagnostic::error(format!("{address}: {}", problem.message));
        problem
            .hints
            .iter()
            .fold(said, |said, hint| said.hint(hint.clone()))
    });
    wrong_if_any(wrong.collect())?;
    let is_of_it = |step: &&Step| is_of(&step.change, address, &whole.id);
    let mut imported = Vec::new();
    document.generation += 1;
    for step in changes.steps.iter().filter(is_of_it) {
        let address = &step.change.address;
        if let (Some(resource), Some(kind), Some(seen)) = (
            desired.resources.get(address),
            Kind::of(&address.kind),
            observed.resources.get(address),
        ) {
            let record = as_it_is(desired, resource, kind, seen, document.generation);
            document.put(record);
            imported.push(step.change.clone());
        }
    }
    document.account = Some(account);
    Ok(Imported {
        document,
        changes: imported,
    })
}

/// Whether a change is the adoption of the thing, or of what is part of it.
fn is_of(change: &Change, address: &Address, whole: &Id) -> bool {
    let is_part = || {
        let of = Kind::of(&change.kind).and_then(|kind| kind.part_of);
        of == Some(address.kind.as_str()) && change.id.as_ref() == Some(whole)
    };
    change.action == Action::Adopt && (change.address == *address || is_part())
}

/// Whether it is recorded so already.
fn is_done(address: &Address, id: &str, document: &Document) -> bool {
    let record = document.current(address);
    record.is_some_and(|record| record.id.as_ref().is_some_and(|now| now.text == id))
}

/// The block that says it otherwise: that this thing is another resource, or this resource
/// another thing.
fn otherwise(desired: &Desired, address: &Address, id: &str) -> Option<Diagnostic> {
    let is_it = |one: &&Import| {
        let is_same_sort = one.address.kind == address.kind;
        (one.address == *address) != (one.id == id && is_same_sort)
    };
    let other = desired.imports.iter().find(is_it)?;
    Some(
        Diagnostic::error(format!(
            "the spec imports {} as {}",
            other.id, other.address
        ))
        .at(
            other.span.clone(),
            format!("and this would import {id} as {address}"),
        )
        .hint("Take the block out, or change it, or import what it says."),
    )
}

/// A record that is in the way.
fn recorded(
    desired: &Desired,
    address: &Address,
    id: &str,
    document: &Document,
) -> Option<Diagnostic> {
    let record = document.current(address);
    if let Some(now) = record.and_then(|record| record.id.as_ref()) {
        return Some(Diagnostic::error(format!("{address} is recorded already, as {now}")).hint(format!(
            "If it is to be {id} from now on, `watertight state rm {address}` first: {now} then stands on without watertight."
        )));
    }
    let region = desired.resources.get(address).map(|one| &one.region);
    let mut others = document.records.iter().filter(|record| {
        let own = record.id.as_ref();
        let is_it = own.is_some_and(|own| own.text == id && Some(&own.region) == region);
        is_it && record.address.kind == address.kind
    });
    others.next().map(|other| {
        Diagnostic::error(format!("{id} is recorded already, as {}", other.address)).hint(format!(
            "If the spec calls it {address} now, say so: `watertight state mv {} {address}`, or a `[[moved]]`.",
            other.address
        ))
    })
}

fn absent(
    address: &Address,
    id: &str,
    region: Option<&String>,
    answer: Option<&Answer>,
) -> Diagnostic {
    let noun = Kind::of(&address.kind).map_or("thing", |kind| kind.noun);
    let region = region.map_or_else(String::new, |region| format!(" in {region}"));
    let said = format!("AWS has no {noun} {id}{region}");
    Diagnostic::error(answer.map_or(said.clone(), |answer| answer.not_found(said).to_string()))
        .hint("Write the id as AWS and Terraform's import have it, and look whether account and region are right.")
}

/// It stands in no file.
fn nowhere() -> Span {
    let source = Source {
        name: "the command line".to_owned(),
        text: String::new(),
    };
    Span::new(&source.into(), 0..0)
}
