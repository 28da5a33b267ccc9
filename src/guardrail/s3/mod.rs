//! Buckets and their policies.
//!
//! *Invariant*: what a bucket is said to have is a resource that names it: by a reference,
//! or by the same name.

use super::scope::Scope;
use crate::resource::Resource;
use crate::value::Value;

pub(super) mod bucket;
pub(super) mod grant;
pub(super) mod transport;

/// The policies of a bucket: each with the resource and the attribute that hold it.
fn policies_of<'a>(
    scope: &Scope<'a>,
    name: &str,
) -> impl Iterator<Item = (&'a Resource, &'a Value)> {
    let own = scope
        .bucket(name)
        .and_then(|bucket| Some((bucket, bucket.attributes.get("policy")?)));
    let parts = scope
        .of_bucket(name, "aws_s3_bucket_policy")
        .iter()
        .filter_map(|part| Some((*part, part.attributes.get("policy")?)));
    own.into_iter()
        .chain(parts)
        .map(|(holder, policy)| (holder, scope.follow(policy)))
        .filter(|(_, policy)| !policy.is_null())
}
