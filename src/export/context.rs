//! What one export is made of.
//!
//! *Invariant*: data only.

use std::collections::BTreeMap;

use super::lacking::Lacking;
use super::names::Names;
use super::{Live, Provider};
use crate::address::Address;
use crate::guardrail::{Finding, Rule};
use crate::resource::Desired;
use crate::value::Value;

/// What one export is made of.
pub(super) struct Context<'a> {
    pub(super) desired: &'a Desired,
    pub(super) provider: Provider,
    pub(super) live: Option<&'a Live>,
    pub(super) names: &'a Names,
    pub(super) lacking: &'a Lacking,
    /// Statements that the spec keeps of policies and that only AWS has, by their Sids.
    pub(super) not_kept: &'a BTreeMap<Address, Vec<String>>,
    /// Tags that every resource has.
    pub(super) common: BTreeMap<String, Value>,
    pub(super) satisfied: BTreeMap<Address, Vec<&'static Rule>>,
    /// Findings that a waiver lets pass.
    pub(super) waived: Vec<&'a Finding>,
}
