//! What has to change.
//!
//! In: the desired resources, what was observed, the state's records. Out: [`Changes`]: a
//! step for each thing that differs, with every field and its cause.
//!
//! Desired is held against observed and against nothing else; the records give ids,
//! protection, and the word "drift". So what changes does not depend on a file that can
//! be lost. (One exception: a tag that the spec dropped is removed only if a record says
//! that we set it.)
//!
//! *Invariant*: pure. No call, no clock, no file.

mod beside;
mod bound;
mod content;
mod import;
mod in_the_way;
mod keep;
mod left;
mod matches;
mod release;
mod remove;
mod twin;
mod written;

use std::collections::{BTreeMap, BTreeSet};

pub use left::leave;
pub use matches::{differences, same, value_at};
pub use remove::Options;

use crate::address::Address;
use crate::aws::{ADDRESS_TAG, Ownership};
use crate::graph::Graph;
use crate::guardrail::{Approved, Confirmed};
use crate::kind::Kind;
use crate::plan::{Action, Change, Changes, Field, Problem, Step, Why};
use crate::refresh::{Foreign, Known, Observed, Seen, Standing};
use crate::resource::{Desired, Maker, Resource};
use crate::state::{Document, Record, Status};
use crate::value::{Attributes, Value};

/// What AWS is to become.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// What the spec says, which the guardrails have confirmed.
    Keep(&'a Confirmed),
    /// The same for show, before AWS was asked: what hangs on a lookup is unknown.
    Preview(&'a Approved),
    /// Nothing. Needs no approval; the spec, as far as it could be expanded, still says
    /// what is protected.
    Remove(&'a Desired),
}

/// Holds the target against what was observed.
#[must_use]
pub fn compare(
    target: Target<'_>,
    graph: &Graph,
    observed: &Observed,
    document: &Document,
    options: Options,
) -> Changes {
    let mut changes = Changes::default();
    let nothing = Desired::default();
    let desired = match target {
        Target::Keep(confirmed) => confirmed.desired(),
        Target::Preview(approved) => approved.desired(),
        Target::Remove(_) => &nothing,
    };
    let asked = !matches!(target, Target::Preview(_));
    let observed = &*content::kept(desired, observed);
    keep::compare(desired, graph, observed, document, asked, &mut changes);
    remove::compare(desired, target, observed, document, options, &mut changes);
    twin::settle(desired, observed, &mut changes);
    changes
}
