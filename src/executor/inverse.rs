//! The inverse of a run, gathered on the way to the disk.
//!
//! *Invariant*: what a run takes over or only forgets has no inverse: to take that back
//! would delete what it did not make, or make what it did not delete. Nor has what it gives
//! another name: its tags would lead back to the old one. A run that does nothing else has
//! an empty inverse, and never the one of the run before it.

use std::collections::{BTreeMap, BTreeSet};

use super::unsaid::with_unsaid;
use crate::address::Address;
use crate::plan::{Action, Plan};
use crate::state::{Document, Record, Undo};

/// What the run is to remember of what stood before it.
#[derive(Debug, Default)]
pub(super) struct Inverse {
    /// What is changed in a way that an undo does not take back.
    passed_over: BTreeSet<Address>,
    /// What stood before where it changes in place.
    in_place: BTreeMap<Address, Record>,
    /// With what the document begins at the first write. The document keeps the last
    /// apply's until then, as a run that changes nothing is not undone.
    fresh: Option<Undo>,
}

impl Inverse {
    /// Nothing is written yet.
    pub(super) fn of(plan: &Plan, document: &Document) -> Self {
        let changes = plan.steps.iter().map(|step| &step.change);
        let passed_over = changes
            .filter(|change| {
                matches!(change.action, Action::Adopt | Action::Forget)
                    || document.renamed.before(&change.address).is_some()
            })
            .map(|change| change.address.clone());
        let updates = plan.steps.iter();
        let updates = updates.filter(|step| step.change.action == Action::Update);
        let in_place = updates.filter_map(|step| {
            let record = document.current(&step.change.address)?.clone();
            Some((record.address.clone(), with_unsaid(record, step)))
        });
        Self {
            passed_over: passed_over.collect(),
            in_place: in_place.collect(),
            fresh: Some(document.begin_undo(plan.undoes)),
        }
    }

    /// Before any write: the document has this run's inverse from the first one on.
    pub(super) fn begin(&mut self, document: &mut Document) {
        if let Some(fresh) = self.fresh.take() {
            document.undo = Some(fresh);
        }
    }

    /// Before a write: what stood at the address goes into the document, if this is the
    /// run's first write there.
    pub(super) fn note(&mut self, address: &Address, document: &mut Document) {
        if self.passed_over.contains(address) {
            return;
        }
        let before = self.in_place.remove(address);
        let before = before.or_else(|| document.current(address).cloned());
        if let Some(undo) = &mut document.undo {
            undo.before.entry(address.clone()).or_insert(before);
        }
    }
}
