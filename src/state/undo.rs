//! What takes back the last apply.
//!
//! It is the records as they stood before: one for each address that the run has written to,
//! none for what it made. It goes to the disk in the very save that has the intent, so after
//! `kill -9` it names exactly what was changed or may have been.
//!
//! *Invariant*: the first write to an address decides; later ones of the same run change
//! nothing of what stood before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Document, Record, Status};
use crate::address::Address;

/// Records as they stood before a run, by address; none where there was none.
pub type Before = BTreeMap<Address, Option<Record>>;

/// The inverse of the last run that changed something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// Serial of the document that the run began with.
    pub since: u64,
    /// What stood before.
    pub before: Before,
    /// Of an undo that has not come to its end: what it is to bring back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toward: Option<Before>,
}

impl Undo {
    /// What an undo has to bring back: what stood before, or what an undo that was cut off
    /// was to bring back.
    #[must_use]
    pub fn goal(&self) -> &Before {
        self.toward.as_ref().unwrap_or(&self.before)
    }
}

impl Document {
    /// The inverse with which a run begins, and whether it adds to the one that is here:
    /// a run that goes on where one of its sort was cut off takes back both.
    #[must_use]
    pub fn begin_undo(&self, undoes: bool) -> Undo {
        let old = self.undo.clone().unwrap_or_default();
        let is_undoing = old.toward.is_some();
        let is_unfinished = |record: &Record| !matches!(record.status, Status::Applied);
        let goes_on = match (undoes, is_undoing) {
            (true, true) => true,
            (false, false) => self.undo.is_some() && self.records.iter().any(is_unfinished),
            _ => false,
        };
        if goes_on {
            return old;
        }
        Undo {
            since: self.serial,
            before: Before::new(),
            toward: undoes.then(|| old.goal().clone()),
        }
    }
}
