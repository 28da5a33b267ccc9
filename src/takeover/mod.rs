//! Somebody's Terraform state -> the spec that takes over what it remembers.
//!
//! In: a [`State`](crate::terraform::state::State). Out: a [`Proposal`]: the text of a spec, and for each thing of the state
//! which resource it becomes and what that would change, or why it is left. In reading order:
//!
//! - `view`, `parts`: the state, to be asked, and what its things hold;
//! - `found`, `network`, `service`, `site`, `bucket`: groups of things that a blueprint makes,
//!   each known by one thing, and the inputs that say what they are like;
//! - `lifetime`: how long the objects of a bucket stay;
//! - `around`: how a draft is expanded and judged;
//! - `compose`, `draft`: the groups as components; the spec and its text;
//! - `matching`: the spec, expanded, against the state: which thing is which resource;
//! - `stay`, `more`: what would replace a thing becomes an override, and what would go an
//!   addition;
//! - `outcome`: what becomes of each thing; `propose`: all of it, in order;
//! - `lookups`: what the state itself can answer; `kept`: statements of policies that stay;
//! - `left`: the rest, with the reason.
//!
//! *Invariant*: every instance of the state is taken or left, and no thing is taken over by a
//! resource that AWS could make of it only anew.

mod around;
mod bucket;
mod compose;
mod draft;
mod found;
mod kept;
mod left;
mod lifetime;
mod lookups;
mod matching;
mod more;
mod network;
mod outcome;
mod parts;
mod propose;
mod service;
mod site;
mod stay;
mod view;

use std::collections::BTreeMap;

use jiff::civil::Date;

pub use propose::propose;

use crate::address::Address;
use crate::guardrail::Finding;
use crate::value::Value;

/// What the state does not say.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What the file is called, for the spec's first line.
    pub source: String,
    /// What the spec will be called, for what is said of its lines.
    pub name: String,
    /// Name of the application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// The region to take over, if not the one of most that is found.
    pub region: Option<String>,
    /// The day by which waivers go.
    pub today: Date,
}

/// What is proposed.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The text of the spec; none where no blueprint makes anything of the state.
    pub spec: Option<String>,
    /// What becomes a resource of the spec, in the order of the state.
    pub taken: Vec<Taken>,
    /// What does not, what the first apply would remove first.
    pub left: Vec<Left>,
    /// What goes with the first apply though it is no instance: a rule that is a block of its
    /// group.
    pub removed: Vec<Left>,
    /// Resources that no thing of the state is.
    pub made: Vec<Made>,
    /// What stands and the guardrails would not let pass, so that the spec has it otherwise.
    pub insecure: Vec<Insecure>,
    /// What the guardrails refuse of the spec.
    pub refused: Vec<Finding>,
    /// How many data sources the state has.
    pub data: usize,
    /// How many instances of other providers, by provider.
    pub others: BTreeMap<String, usize>,
}

/// A thing that becomes a resource.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Terraform's address.
    pub terraform: String,
    /// The resource.
    pub address: Address,
    /// How it comes to be.
    pub how: How,
    /// Terraform meant to make it anew.
    pub is_tainted: bool,
    /// What the first apply changes of it, as far as a state can tell.
    pub changes: Vec<Change>,
}

/// How a thing becomes a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// By an `[[import]]` with this id.
    Import(String),
    /// With the bucket that it is set on.
    With(Address),
    /// It is nothing in AWS: the next apply has one of its own.
    Nothing,
}

/// A field that the first apply changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its path.
    pub path: String,
    /// What the state says.
    pub before: Value,
    /// What the spec says; unknown where only AWS can tell.
    pub after: Value,
}

/// A thing that is left.
#[derive(Clone, Debug)]
pub struct Left {
    /// Terraform's address.
    pub terraform: String,
    /// Its type.
    pub kind: String,
    /// Why, a phrase.
    pub why: String,
    /// Whether it stands under something that is taken over, and so goes with the first apply.
    pub is_removed: bool,
}

/// A thing that can't stay as it is.
#[derive(Clone, Debug)]
pub struct Insecure {
    /// Terraform's address.
    pub terraform: String,
    /// What the guardrails say of it.
    pub finding: Finding,
}

/// A resource that the first apply makes.
#[derive(Clone, Debug)]
pub struct Made {
    /// The resource.
    pub address: Address,
    /// Whether it is part of a thing that is taken over, which may have it already.
    pub is_part: bool,
}
