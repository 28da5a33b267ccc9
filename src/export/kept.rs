//! Statements of policies that the spec keeps as AWS has them: the state of an apply that kept
//! them has them, too.
//!
//! *Invariant*: every statement that is to be kept is either found or named.

use std::collections::BTreeMap;

use super::Live;
use crate::address::Address;
use crate::policy;
use crate::resource::{Desired, Kept};
use crate::value::Value;

/// The statements that are remembered, and the Sids of those that are not, by the policy.
pub(super) fn statements(
    desired: &Desired,
    live: Option<&Live>,
) -> (Kept, BTreeMap<Address, Vec<String>>) {
    let mut kept = Kept::new();
    let mut unknown: BTreeMap<Address, Vec<String>> = BTreeMap::new();
    for one in desired.imports.iter().filter(|one| !one.keep.is_empty()) {
        let Some(resource) = desired.policy_of(&one.address) else {
            continue;
        };
        let address = &resource.address;
        let applied = live.and_then(|live| live.attributes.get(address)?.get("policy"));
        let applied = policy::statements(applied.unwrap_or(&Value::Null));
        let own = policy::statements(resource.get("policy"));
        for sid in &one.keep {
            let is_it = |one: &&policy::Statement<'_>| one.sid == Some(sid.value.as_str());
            if own.iter().any(|one| is_it(&one)) {
                // It is in the policy anyway.
                continue;
            }
            if let Some(found) = applied.iter().find(is_it) {
                let of_policy = kept.entry(address.clone()).or_default();
                of_policy.push(found.whole.clone());
            } else {
                let of_policy = unknown.entry(address.clone()).or_default();
                of_policy.push(sid.value.clone());
            }
        }
    }
    (kept, unknown)
}
