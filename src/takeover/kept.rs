//! Statements of live policies that the proposed spec keeps.
//!
//! *Invariant*: a statement is kept by its `Sid`, where the spec says nothing like it and no
//! guardrail refuses it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::matching::Matching;
use super::view::{View, at};
use crate::address::Address;
use crate::guardrail;
use crate::policy::{self, statements};
use crate::resource::{Desired, Kept};
use crate::value::Value;

const POLICY: &str = "aws_s3_bucket_policy";

/// The statements to keep, by policy; and the Sids of each bucket.
pub(super) fn choose(
    desired: &Desired,
    matching: &Matching<'_>,
    view: &View,
    today: Date,
) -> (Kept, BTreeMap<Address, BTreeSet<String>>) {
    let mut kept = Kept::new();
    let mut sids: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
    for (address, place) in matching.things.iter().filter(|(of, _)| of.kind == POLICY) {
        let Some(bucket) = bucket_of(desired, address) else {
            continue;
        };
        let live = at(view.get(*place), "policy");
        let own = matching.wanted(address, "policy");
        let own = statements(&own);
        for statement in statements(live) {
            let Some(sid) = statement.sid.filter(|sid| !sid.is_empty()) else {
                continue;
            };
            let says_it = own
                .iter()
                .any(|one| one.sid == Some(sid) || same(one.whole, statement.whole));
            if says_it || is_refused(desired, address, statement.whole, today) {
                continue;
            }
            kept.entry(address.clone())
                .or_default()
                .push(statement.whole.clone());
            sids.entry(bucket.clone())
                .or_default()
                .insert(sid.to_owned());
        }
    }
    (kept, sids)
}

/// The bucket of a policy.
fn bucket_of(desired: &Desired, policy: &Address) -> Option<Address> {
    let buckets = desired.resources.keys();
    let mut buckets = buckets.filter(|one| one.kind == "aws_s3_bucket");
    let is_its = |bucket: &&Address| {
        let of = desired.policy_of(bucket);
        of.is_some_and(|of| of.address == *policy)
    };
    buckets.find(is_its).cloned()
}

/// Whether two statements are the same but for their names.
fn same(a: &Value, b: &Value) -> bool {
    let bare = |statement: &Value| {
        let mut elements = statement.as_map().cloned().unwrap_or_default();
        elements.remove("Sid");
        Value::map([("Statement", Value::List(vec![Value::Map(elements)]))])
    };
    policy::equal(&bare(a), &bare(b))
}

/// Whether the guardrails refuse a policy with this statement in it.
fn is_refused(desired: &Desired, policy: &Address, statement: &Value, today: Date) -> bool {
    let kept = Kept::from([(policy.clone(), vec![statement.clone()])]);
    let Err(refusal) = guardrail::approve(desired.clone().with_kept(&kept), today) else {
        return false;
    };
    let mut findings = refusal.findings.iter();
    findings.any(|finding| finding.refuses() && finding.address == *policy)
}
