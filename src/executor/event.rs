//! What a user could see while a plan is carried out.
//!
//! *Invariant*: the screen is a listener. Progress bars, plain lines and JSON lines are made
//! from these events alone.

use serde::Serialize;

use crate::plan::Action;
use crate::plan::by_hand::Record;

/// One thing that happened. Steps are named by their index in the plan and their label.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The plan's execution begins.
    Begun {
        /// How many steps there are.
        steps: usize,
    },
    /// A step begins to act.
    Started {
        /// Index in the plan.
        step: usize,
        /// The resource.
        address: String,
        /// What is done to it.
        action: Action,
    },
    /// A step waits for AWS, holding no slot. Sent at first and whenever the words change.
    Waiting {
        /// Index in the plan.
        step: usize,
        /// The resource.
        address: String,
        /// What is waited for: `ACM: shop.example.com`.
        what: String,
        /// What AWS says now: `PENDING_VALIDATION`.
        detail: String,
        /// How long the whole step usually takes, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        usual_seconds: Option<u32>,
    },
    /// A call will be tried again.
    Retrying {
        /// Index in the plan.
        step: usize,
        /// The resource.
        address: String,
        /// What went wrong.
        why: String,
    },
    /// What a step makes can be used: steps that build on it may begin. It may still be on
    /// its way (a distribution has its name long before it is deployed).
    Usable {
        /// Index in the plan.
        step: usize,
        /// The resource.
        address: String,
    },
    /// DNS records that somebody has to make elsewhere are known: all that became so at
    /// once.
    ByHand {
        /// Whom they belong to.
        component: String,
        /// The records.
        records: Vec<Record>,
    },
    /// A step has ended.
    Ended {
        /// Index in the plan.
        step: usize,
        /// The resource.
        address: String,
        /// What was to be done.
        action: Action,
        /// How it went.
        outcome: Outcome,
    },
    /// The user asked to stop.
    Stopping {
        /// How many steps are still at work.
        running: usize,
    },
    /// The plan's execution is over.
    Finished(Summary),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// As planned.
    Applied,
    /// What was to be deleted stays; its record stays too.
    Kept {
        /// The reason.
        why: String,
    },
    /// AWS refused, or the world had moved.
    Failed {
        /// What happened: the call, AWS's words, the request id.
        error: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// Never begun.
    Skipped {
        /// What it would have needed, or that the user stopped the run.
        because: String,
    },
    /// A call was sent and nobody knows its answer; the next run finds out.
    Uncertain {
        /// What happened.
        why: String,
    },
}

/// The end of a run, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Steps that were applied, by action: created, updated, replaced, deleted, adopted, forgotten.
    pub created: usize,
    /// Changed in place.
    pub updated: usize,
    /// Made anew.
    pub replaced: usize,
    /// Gone.
    pub deleted: usize,
    /// Recorded.
    pub adopted: usize,
    /// Records removed.
    pub forgotten: usize,
    /// Kept in spite of the plan.
    pub kept: usize,
    /// Refused by AWS.
    pub failed: usize,
    /// Not begun.
    pub skipped: usize,
    /// Not known.
    pub uncertain: usize,
}

impl Summary {
    /// Whether everything went as planned; what was kept on purpose counts as planned.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed + self.skipped + self.uncertain == 0
    }
}
