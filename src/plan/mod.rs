//! The plan: every choice made, in the order in which it will be carried out.
//!
//! In: changes from [`diff`](crate::diff). Out: a [`Plan`] whose steps name what must come
//! before them. The executor fills in what only AWS can tell (an ARN) and decides nothing.
//!
//! *Invariant*: a plan is immutable and complete; nothing reads the spec after it is made.

pub mod by_hand;
mod complete;
mod edges;
mod order;
mod select;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer};

pub use order::{Header, order, put_before};
pub use select::{Choice, Partial, chosen, parted};
pub use why::Why;

use by_hand::ByHand;

use crate::address::Address;
use crate::kind::Kind;
use crate::policy::changes;
use crate::refresh::Known;
use crate::resource::{Id, Lookup, Next, Resource};
use crate::value::{Attributes, Value};

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// AWS becomes what the spec says.
    Apply,
    /// Everything of the spec's goes.
    Destroy,
}

/// Everything that differs, not yet in order.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// A step for each, without its `after`.
    pub steps: Vec<Step>,
    /// What is as it should be.
    pub unchanged: Vec<Address>,
    /// What can't be done.
    pub problems: Vec<Problem>,
    /// Worth knowing.
    pub notes: Vec<String>,
    /// What references resolve to before the first step: what stands and stays as it is.
    pub known: Known,
}

/// Steps in an order that respects every dependency.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Apply or destroy.
    pub mode: Mode,
    /// Whether it takes back the last apply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub undoes: bool,
    /// How many resources AWS was not asked about, as their records are believed.
    #[serde(skip_serializing_if = "is_none")]
    pub believed: usize,
    /// The application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// The spec's region.
    pub region: String,
    /// The account that was looked at; none offline.
    pub account: Option<String>,
    /// Lineage of the state that was read; none where nothing was ever written of it.
    pub lineage: Option<String>,
    /// Serial of the state that was read.
    pub serial: u64,
    /// Version of watertight.
    pub version: String,
    /// Versions of the blueprints, by name.
    pub blueprints: BTreeMap<String, String>,
    /// What will be done.
    pub steps: Vec<Step>,
    /// What is as it should be.
    pub unchanged: Vec<Address>,
    /// What can't be done, and what to do about it; a plan with a problem is not applied.
    pub problems: Vec<Problem>,
    /// Sentences worth knowing: a drifted tag that is left alone, a child made by hand.
    pub notes: Vec<String>,
    /// What was asked for, where that is not everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    /// DNS records that somebody has to make elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<ByHand>,
    /// What references resolve to before the first step.
    #[serde(skip)]
    pub known: Known,
    /// What is to be asked once what it waits for stands.
    #[serde(skip)]
    pub deferred: Vec<Lookup>,
    /// What components give to people and to each other, its lookups answered.
    #[serde(skip)]
    pub outputs: Outputs,
    /// What people do once everything stands.
    #[serde(skip)]
    pub next: Vec<Next>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

/// Values by component and name.
pub type Outputs = BTreeMap<(String, String), Value>;

/// How many of these changes take this action; the deletion of what a replacement leaves behind
/// counts with the replacement, if that is among them.
pub fn count<'a>(changes: impl Iterator<Item = &'a Change> + Clone, action: Action) -> usize {
    let replacements = changes.clone().filter(|of| of.action == Action::Replace);
    let replaced: BTreeSet<&Address> = replacements.map(|of| &of.address).collect();
    let counts = |of: &&Change| !of.replaced || !replaced.contains(&of.address);
    let alike = changes.filter(|of| of.action == action);
    alike.filter(counts).count()
}

impl Plan {
    /// Whether there is nothing to do. (A record to forget is something to do.)
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many steps take this action, as [`count`] has it.
    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        count(self.steps.iter().map(|step| &step.change), action)
    }

    /// What needs `--remove-protection` before it may be deleted or replaced.
    pub fn protected(&self) -> impl Iterator<Item = &Change> {
        self.steps
            .iter()
            .map(|step| &step.change)
            .filter(|change| change.protected && !change.replaced)
            .filter(|change| matches!(change.action, Action::Delete | Action::Replace))
    }

    /// What is found to be ours without a record.
    pub fn adopted(&self) -> impl Iterator<Item = &Change> {
        self.steps
            .iter()
            .map(|step| &step.change)
            .filter(|change| change.action == Action::Adopt)
    }

    /// Lineages of lost documents that made what it takes over.
    pub fn forebears(&self) -> impl Iterator<Item = &str> {
        let whys = self.adopted().flat_map(|change| &change.why);
        whys.filter_map(|why| match why {
            Why::NoRecord { lineage, .. } => lineage.as_deref(),
            _ => None,
        })
    }
}

/// One entry of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What is done and why.
    #[serde(flatten)]
    pub change: Change,
    /// Indices of the steps that must be usable (for a delete: gone) before, all smaller
    /// than this step's own.
    pub after: Vec<usize>,
    /// What it should be, references to other resources unresolved; none for a delete.
    #[serde(skip)]
    pub wanted: Option<Resource>,
    /// What is there now; empty for a create.
    #[serde(skip)]
    pub observed: Attributes,
    /// What it depends on, for its record.
    #[serde(skip)]
    pub dependencies: Vec<Address>,
    /// The generation of the record that the step works on.
    pub generation: u64,
    /// Whether the record will be protected.
    #[serde(skip)]
    pub protect: bool,
}

impl Step {
    /// Whether one of a parent's many can't stand before this other one is gone, as it has the
    /// same [place](Kind::place) there.
    fn takes_place_of(&self, old: &Self) -> bool {
        let place = Kind::of(&self.change.kind).map_or(&[][..], Kind::place);
        let is_there = |wanted: &Resource| {
            let mut names = place.iter();
            names.all(|name| old.observed.get(*name) == Some(wanted.get(name)))
        };
        !place.is_empty() && self.wanted.as_ref().is_some_and(is_there)
    }
}

/// What is done to one resource, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The resource; for a child made by hand, its parent.
    pub address: Address,
    /// Kind of the thing itself.
    pub kind: String,
    /// A child that AWS has under `address` and no spec names: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<Id>,
    /// Whether it is what a replacement leaves behind.
    pub replaced: bool,
    /// What is done.
    pub action: Action,
    /// What AWS calls it, where it stands already.
    pub id: Option<Id>,
    /// Where it lives.
    pub region: String,
    /// Every attribute that changes.
    pub fields: Vec<Field>,
    /// Why, the nearest cause first.
    pub why: Vec<Why>,
    /// Holds data or carries traffic.
    pub protected: bool,
}

impl Change {
    /// The name under which people see it: `web.aws_lb.main`, or
    /// `web.aws_security_group.lb/sgr-0a1b` for a child made by hand.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.child {
            Some(child) => format!("{}/{}", self.address, child.text),
            None => self.address.to_string(),
        }
    }
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It does not stand yet.
    Create,
    /// It changes in place.
    Update,
    /// A new one is made first; then the old one goes.
    Replace,
    /// It goes.
    Delete,
    /// It stands, is proven ours, and has no record.
    Adopt,
    /// It has a record, is not wanted, and does not stand or is let go: the record goes.
    Forget,
}

/// One attribute that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its path: `tags.owner`, `default_action`.
    pub path: String,
    /// What it is; null for a create.
    pub before: Value,
    /// What it will be; unknown where only AWS can tell.
    pub after: Value,
    /// Not to be shown.
    pub sensitive: bool,
    /// AWS can't change it in place.
    pub forces_replacement: bool,
    /// Why, the nearest cause first.
    pub why: Vec<Why>,
}

impl Serialize for Field {
    /// A sensitive value is left out; one that only AWS can tell is marked; of a policy that
    /// changes, the statements that differ are named.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = |value: &Value| {
            if self.sensitive {
                serde_json::Value::from("(sensitive)")
            } else {
                value.to_json()
            }
        };
        let mut json = serde_json::json!({
            "path": self.path,
            "before": shown(&self.before),
            "after": shown(&self.after),
            "known_after_apply": self.after.is_unknown(),
            "sensitive": self.sensitive,
            "forces_replacement": self.forces_replacement,
            "why": self.why,
        });
        if let (false, Some(named)) = (self.sensitive, changes::named(&self.before, &self.after)) {
            json["statements"] = named;
        }
        json.serialize(serializer)
    }
}

/// Something that stands in the way of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The resource it is about.
    pub address: Address,
    /// What is wrong, a sentence.
    pub message: String,
    /// What to do, a sentence each.
    pub hints: Vec<String>,
}
