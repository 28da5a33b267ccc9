//! `aws_s3_bucket_ownership_controls`: who owns the objects, and whether ACLs count.
//!
//! *Invariant*: one rule goes out, as S3 knows only one.

use async_trait::async_trait;
use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found, refused};
use crate::value::{Attributes, Value};

/// Calls by
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html>.
pub(super) static LIFECYCLE: OfBucket<Controls> = OfBucket(Controls);

#[derive(Debug)]
pub(super) struct Controls;

#[async_trait]
impl Part for Controls {
    type Wire = OwnershipControls;

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_bucket_ownership_controls()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:GetBucketOwnershipControls", &error));
        let controls = found(answer)?.and_then(|answer| answer.ownership_controls);
        Ok(controls.as_ref().map(attributes))
    }

    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error> {
        let rules = attributes.get("rule").map_or(&[][..], Value::items);
        let rules = rules.iter().map(|rule| {
            let ownership = rule.get("object_ownership").as_str();
            OwnershipControlsRule::builder()
                .set_object_ownership(ownership.map(ObjectOwnership::from))
                .build()
        });
        let rules: Result<_, _> = rules.collect();
        OwnershipControls::builder()
            .set_rules(Some(rules.map_err(|error| refused(PUT, error))?))
            .build()
            .map_err(|error| refused(PUT, error))
    }

    async fn put(&self, bucket: &Bucket, wire: Self::Wire) -> Result<(), Error> {
        bucket
            .client
            .put_bucket_ownership_controls()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .ownership_controls(wire)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        bucket
            .client
            .delete_bucket_ownership_controls()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    /// Every new bucket has its ACLs off:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>.
    fn is_given_by_aws(&self, observed: &Attributes) -> bool {
        observed.get("rule").is_some_and(|rule| {
            rule.get("object_ownership").as_str() == Some("BucketOwnerEnforced")
        })
    }
}

const PUT: &str = "s3:PutBucketOwnershipControls";

fn attributes(controls: &OwnershipControls) -> Attributes {
    let rules = controls
        .rules
        .iter()
        .map(|rule| Value::map([("object_ownership", rule.object_ownership.as_str().into())]));
    given([("rule", Value::List(rules.collect()))])
}

#[cfg(test)]
mod tests {
    use super::{Controls, Part, attributes, given};
    use crate::value::{Attributes, Value};

    fn controls(ownership: &str) -> Attributes {
        given([(
            "rule",
            Value::block([("object_ownership", ownership.into())]),
        )])
    }

    #[test]
    fn a_rule_is_read_as_it_is_put() {
        for ownership in ["BucketOwnerEnforced", "ObjectWriter"] {
            let wire = Controls.wire(&controls(ownership)).unwrap();
            assert_eq!(attributes(&wire), controls(ownership));
        }
    }

    #[test]
    fn acls_off_is_what_aws_gives() {
        assert!(Controls.is_given_by_aws(&controls("BucketOwnerEnforced")));
        assert!(!Controls.is_given_by_aws(&controls("ObjectWriter")));
    }
}
