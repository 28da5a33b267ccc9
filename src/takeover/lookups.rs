//! What lookups of the proposed spec would find, as far as the state and the spec tell.
//!
//! *Invariant*: an answer is one that AWS must give, as the spec asks by an id.

use crate::resource::{Desired, Lookups};
use crate::value::{Attributes, Value};

/// The answers.
pub(super) fn known(desired: &Desired, account: Option<&str>) -> Lookups {
    let mut all = Lookups::new();
    for lookup in desired.lookups.values() {
        let id = |name: &str| lookup.arguments.get(name).cloned();
        let mut answer = Attributes::new();
        match lookup.address.kind.as_str() {
            "aws_caller_identity" => {
                answer.extend(account.map(|account| ("account_id".to_owned(), account.into())));
            }
            "aws_vpc" => answer.extend(id("id").map(|id| ("id".to_owned(), id))),
            "aws_route53_zone" => {
                answer.extend(id("zone_id").map(|id| ("zone_id".to_owned(), id)));
            }
            "aws_subnets" => {
                let filters = lookup.arguments.get("filter").map_or(&[][..], Value::items);
                let ids = filters
                    .iter()
                    .find(|filter| filter.get("name").as_str() == Some("subnet-id"));
                answer.extend(ids.map(|ids| ("ids".to_owned(), ids.get("values").clone())));
            }
            _ => {}
        }
        if !answer.is_empty() {
            all.insert(lookup.address.clone(), answer);
        }
    }
    all
}
