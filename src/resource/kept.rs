//! Statements of a bucket's policy that stay as they are in AWS.
//!
//! *Invariant*: what is wanted of its own stays, in front; what is kept is added.

use super::{Desired, Kept, Resource};
use crate::address::Address;
use crate::value::Value;

/// The policy of a bucket, where it is a document.
pub(super) fn policy_of<'a>(desired: &'a Desired, bucket: &Address) -> Option<&'a Resource> {
    let names = |value: &Value| matches!(value, Value::Reference(to) if to.target == *bucket);
    desired.resources.values().find(|resource| {
        resource.address.kind == "aws_s3_bucket_policy"
            && names(resource.get("bucket"))
            && resource.get("policy").as_map().is_some()
    })
}

/// The same with the statements that are kept.
pub(super) fn add(mut desired: Desired, kept: &Kept) -> Desired {
    for (address, statements) in kept {
        let policy = desired.resources.get_mut(address);
        let policy = policy.and_then(|policy| policy.attributes.get_mut("policy"));
        let Some(Value::Map(document)) = policy else {
            continue;
        };
        let mut all = match document.remove("Statement") {
            Some(Value::List(own)) => own,
            Some(own) => vec![own],
            None => Vec::new(),
        };
        all.extend(statements.iter().cloned());
        document.insert("Statement".to_owned(), Value::List(all));
    }
    desired
}
