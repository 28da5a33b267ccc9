//! A step that is ready -> the worker that carries it out.
//!
//! *Invariant*: a worker is complete when it is made: all that its step refers to has a
//! value, or is a lookup that it asks first, and its record is the one that the document
//! has now.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, watch};

use super::desk::{Desk, Halt, Message};
use super::queue::Key;
use super::step::{Deferred, Worker};
use super::unknowns::no_unknowns;
use super::{Pace, Stop};
use crate::aws::{Aws, Owner, lifecycle};
use crate::kind::Kind;
use crate::lookup;
use crate::plan::{Action, Mode, Plan, Step};
use crate::refresh::Known;
use crate::resource::Id;
use crate::state::{Document, Status};
use crate::value::{Reference, Value};

/// What every worker of a run shares.
pub(super) struct Context<'a> {
    pub(super) aws: &'a Aws,
    pub(super) plan: &'a Plan,
    pub(super) owner: Owner,
    pub(super) forebears: BTreeSet<String>,
    pub(super) pace: &'a Pace,
    pub(super) to_the_end: bool,
    pub(super) going: BTreeSet<Id>,
    pub(super) touched: BTreeSet<String>,
    pub(super) mail: mpsc::UnboundedSender<Message>,
    pub(super) stop: watch::Receiver<Stop>,
}

impl Context<'_> {
    /// The worker of a step that is ready.
    pub(super) fn worker(
        &self,
        index: usize,
        known: &Known,
        document: &Document,
    ) -> Result<Worker<'_>, Halt> {
        let step = &self.plan.steps[index];
        let name = step.change.kind.as_str();
        let unknown = || {
            Halt::failed(
                format!("this version of watertight does not know {name}"),
                "use the version that wrote the state, or a newer one",
            )
        };
        let kind = Kind::of(name).ok_or_else(unknown)?;
        let lifecycle = lifecycle(name).ok_or_else(unknown)?;
        let wanted = step
            .wanted
            .as_ref()
            .map(|resource| known.wanted(resource, &self.owner));
        let deferred = wanted.as_ref().and_then(|wanted| {
            let value = |reference: &Reference| known.value(reference);
            let lookups = lookup::pending(&self.plan.deferred, &wanted.attributes, &value);
            (!lookups.is_empty()).then(|| Deferred {
                lookups,
                known: known.clone(),
            })
        });
        if let (Some(wanted), None) = (&wanted, &deferred) {
            no_unknowns(&wanted.attributes)?;
        }
        let record = match &step.change {
            change if change.child.is_some() => None,
            change if matches!(change.action, Action::Delete | Action::Forget) => {
                document.record(&change.address, step.generation).cloned()
            }
            change => document.current(&change.address).cloned(),
        };
        let others = document
            .records
            .iter()
            .filter(|other| {
                (&other.address, other.generation) != (&step.change.address, step.generation)
            })
            .filter_map(|other| other.id.clone())
            .chain(
                (step.change.action == Action::Replace)
                    .then(|| step.change.id.clone())
                    .flatten(),
            )
            .collect();
        let parts = document
            .records
            .iter()
            .filter(|other| other.id.is_some() && other.id == step.change.id)
            .filter(|other| {
                Kind::of(&other.address.kind).is_some_and(|other| other.part_of == Some(name))
            })
            .map(|other| (other.address.clone(), other.generation))
            .collect();
        let attributes = wanted
            .as_ref()
            .map_or(&step.observed, |wanted| &wanted.attributes);
        let key = kind.serialise_by.and_then(|by| {
            let value = attributes.get(by).and_then(Value::as_str)?;
            let key: Key = (step.change.region.clone(), by, value.to_owned());
            Some(key)
        });
        Ok(Worker {
            aws: self.aws,
            owner: &self.owner,
            forebears: &self.forebears,
            pace: self.pace,
            to_the_end: self.to_the_end,
            going: &self.going,
            touched: &self.touched,
            plan: step,
            kind,
            lifecycle,
            wanted,
            deferred,
            record,
            others,
            is_anothers: self.plan.mode == Mode::Apply && is_anothers(step, document),
            parts,
            goes_with_another: self.goes_with_another(step, kind),
            desk: Desk {
                step: index,
                label: step.change.label(),
                action: step.change.action,
                key,
                usual_seconds: Some(kind.usual_seconds).filter(|seconds| *seconds > 0),
                begun: false,
                acted: false,
                mail: self.mail.clone(),
                stop: self.stop.clone(),
            },
        })
    }
}

impl Context<'_> {
    /// Whether the step deletes a part of something that the plan deletes too.
    fn goes_with_another(&self, step: &Step, kind: &Kind) -> bool {
        step.change.action == Action::Delete
            && self.plan.steps.iter().any(|other| {
                other.change.action == Action::Delete
                    && kind.part_of == Some(other.change.kind.as_str())
                    && other.change.id == step.change.id
            })
    }
}

/// Whether another resource is what the step would delete: what was not known when the plan was
/// made has turned out to be the same.
fn is_anothers(step: &Step, document: &Document) -> bool {
    let change = &step.change;
    change.child.is_none()
        && document.records.iter().any(|other| {
            let goes = matches!(other.status, Status::Deposed | Status::Deleting);
            let is_same = other.id.is_some() && other.id == change.id;
            let is_kind = other.address.kind == change.address.kind;
            !goes && is_same && is_kind && other.address != change.address
        })
}
