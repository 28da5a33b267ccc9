//! `aws_s3_bucket_public_access_block`: the four switches against public access.
//!
//! *Invariant*: a switch that nobody manages stays as it is; only on a bucket that has no
//! block is it off, as S3 and the provider have it.

use async_trait::async_trait;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found};
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html>.
pub(super) static LIFECYCLE: OfBucket<Block> = OfBucket(Block);

#[derive(Debug)]
pub(super) struct Block;

#[async_trait]
impl Part for Block {
    type Wire = PublicAccessBlockConfiguration;

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_public_access_block()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:GetBucketPublicAccessBlock", &error));
        let block = found(answer)?.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.as_ref().map(attributes))
    }

    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error> {
        let is_on = |name: &str| {
            attributes
                .get(name)
                .and_then(Value::as_bool)
                .unwrap_or(false)
        };
        Ok(PublicAccessBlockConfiguration::builder()
            .block_public_acls(is_on("block_public_acls"))
            .block_public_policy(is_on("block_public_policy"))
            .ignore_public_acls(is_on("ignore_public_acls"))
            .restrict_public_buckets(is_on("restrict_public_buckets"))
            .build())
    }

    async fn put(&self, bucket: &Bucket, wire: Self::Wire) -> Result<(), Error> {
        bucket
            .client
            .put_public_access_block()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .public_access_block_configuration(wire)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        bucket
            .client
            .delete_public_access_block()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    fn over(&self, observed: &Attributes, wanted: &Attributes) -> Attributes {
        let mut attributes = observed.clone();
        let wanted = wanted.iter().filter(|(_, value)| !value.is_null());
        attributes.extend(wanted.map(|(name, value)| (name.clone(), value.clone())));
        attributes
    }

    /// Every new bucket has all four on:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>.
    fn is_given_by_aws(&self, observed: &Attributes) -> bool {
        SWITCHES
            .iter()
            .all(|name| observed.get(*name) == Some(&Value::Bool(true)))
    }
}

const PUT: &str = "s3:PutBucketPublicAccessBlock";

const SWITCHES: [&str; 4] = [
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
];

fn attributes(block: &PublicAccessBlockConfiguration) -> Attributes {
    let is_on = |switch: Option<bool>| Value::Bool(switch.unwrap_or(false));
    given([
        ("block_public_acls", is_on(block.block_public_acls)),
        ("block_public_policy", is_on(block.block_public_policy)),
        ("ignore_public_acls", is_on(block.ignore_public_acls)),
        (
            "restrict_public_buckets",
            is_on(block.restrict_public_buckets),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Block, Part, SWITCHES, attributes};
    use crate::value::{Attributes, Value};

    fn block(on: &[&str]) -> Attributes {
        let switch = |name: &&str| ((*name).to_owned(), Value::Bool(on.contains(name)));
        SWITCHES.iter().map(switch).collect()
    }

    #[test]
    fn switches_are_read_as_they_are_put() {
        for on in [&SWITCHES[..], &SWITCHES[..1], &[]] {
            assert_eq!(attributes(&Block.wire(&block(on)).unwrap()), block(on));
        }
    }

    #[test]
    fn a_switch_that_nobody_manages_stays() {
        let wanted = Attributes::from([("block_public_acls".to_owned(), Value::Bool(true))]);
        let put = Block.over(&block(&["block_public_policy"]), &wanted);
        assert_eq!(put, block(&["block_public_acls", "block_public_policy"]));
    }

    #[test]
    fn only_four_switches_on_are_aws_own() {
        assert!(Block.is_given_by_aws(&block(&SWITCHES)));
        assert!(!Block.is_given_by_aws(&block(&SWITCHES[1..])));
    }
}
