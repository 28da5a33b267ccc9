//! `aws_s3_bucket_server_side_encryption_configuration`: how objects are encrypted at rest.
//!
//! *Invariant*: what the spec does not say goes out as S3 has it, so that setting one thing
//! never loosens another (a block on SSE-C, above all).

use async_trait::async_trait;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found, refused};
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html>.
pub(super) static LIFECYCLE: OfBucket<Encryption> = OfBucket(Encryption);

#[derive(Debug)]
pub(super) struct Encryption;

#[async_trait]
impl Part for Encryption {
    type Wire = ServerSideEncryptionConfiguration;

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_bucket_encryption()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:GetEncryptionConfiguration", &error));
        let configuration =
            found(answer)?.and_then(|answer| answer.server_side_encryption_configuration);
        Ok(configuration.as_ref().map(attributes))
    }

    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error> {
        let rules = attributes.get("rule").map_or(&[][..], Value::items);
        let rules: Result<Vec<_>, _> = rules.iter().map(rule).collect();
        ServerSideEncryptionConfiguration::builder()
            .set_rules(Some(rules?))
            .build()
            .map_err(|error| refused(PUT, error))
    }

    async fn put(&self, bucket: &Bucket, wire: Self::Wire) -> Result<(), Error> {
        bucket
            .client
            .put_bucket_encryption()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .server_side_encryption_configuration(wire)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        bucket
            .client
            .delete_bucket_encryption()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    /// S3 knows one rule; what ours leaves out of it stays.
    fn over(&self, observed: &Attributes, wanted: &Attributes) -> Attributes {
        let first = |attributes: &Attributes| {
            let rule = attributes.get("rule").and_then(|rule| rule.items().first());
            rule.and_then(Value::as_map).cloned()
        };
        let (Some(mut rule), Some(ours)) = (first(observed), first(wanted)) else {
            return wanted.clone();
        };
        rule.extend(ours.into_iter().filter(|(_, value)| !value.is_null()));
        let mut attributes = wanted.clone();
        attributes.insert("rule".to_owned(), Value::List(vec![Value::Map(rule)]));
        attributes
    }

    /// Every new bucket has SSE-S3 without a bucket key, and, since April 2026, a block on
    /// SSE-C:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html>.
    fn is_given_by_aws(&self, observed: &Attributes) -> bool {
        let Some(rule) = observed.get("rule") else {
            return true;
        };
        let blocked = rule.get("blocked_encryption_types").items();
        let algorithm = rule.get("apply_server_side_encryption_by_default.sse_algorithm");
        algorithm.as_str() == Some("AES256")
            && rule.get("bucket_key_enabled").as_bool() != Some(true)
            && blocked.iter().all(|item| item.as_str() == Some("SSE-C"))
    }
}

const PUT: &str = "s3:PutEncryptionConfiguration";

fn rule(rule: &Value) -> Result<ServerSideEncryptionRule, Error> {
    let by_default = rule.get("apply_server_side_encryption_by_default");
    let algorithm = by_default.get("sse_algorithm").as_str();
    let by_default = algorithm.map(|algorithm| {
        let key = by_default.get("kms_master_key_id").as_str();
        ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(algorithm))
            .set_kms_master_key_id(key.filter(|key| !key.is_empty()).map(str::to_owned))
            .build()
            .map_err(|error| refused(PUT, error))
    });
    let blocked = rule.get("blocked_encryption_types").items();
    let blocked: Vec<_> = blocked
        .iter()
        .filter_map(Value::as_str)
        .map(EncryptionType::from)
        .collect();
    Ok(ServerSideEncryptionRule::builder()
        .set_apply_server_side_encryption_by_default(by_default.transpose()?)
        .set_bucket_key_enabled(rule.get("bucket_key_enabled").as_bool())
        .set_blocked_encryption_types((!blocked.is_empty()).then(|| {
            BlockedEncryptionTypes::builder()
                .set_encryption_type(Some(blocked))
                .build()
        }))
        .build())
}

fn attributes(configuration: &ServerSideEncryptionConfiguration) -> Attributes {
    let rules = configuration.rules.iter().map(|rule| {
        let by_default = rule.apply_server_side_encryption_by_default.as_ref();
        let blocked = rule
            .blocked_encryption_types
            .as_ref()
            .map(BlockedEncryptionTypes::encryption_type)
            .filter(|blocked| !blocked.is_empty());
        Value::Map(given([
            (
                "apply_server_side_encryption_by_default",
                by_default.map_or(Value::Null, |by_default| {
                    Value::block(given([
                        ("sse_algorithm", by_default.sse_algorithm.as_str().into()),
                        (
                            "kms_master_key_id",
                            by_default.kms_master_key_id.clone().into(),
                        ),
                    ]))
                }),
            ),
            (
                "bucket_key_enabled",
                rule.bucket_key_enabled.unwrap_or(false).into(),
            ),
            (
                "blocked_encryption_types",
                blocked.map_or(Value::Null, |blocked| {
                    Value::texts(blocked.iter().map(EncryptionType::as_str))
                }),
            ),
        ]))
    });
    given([("rule", Value::List(rules.collect()))])
}

#[cfg(test)]
mod tests {
    use super::{Encryption, Part, attributes, given};
    use crate::value::{Attributes, Value};

    fn encryption(algorithm: &str, more: &[(&str, Value)]) -> Attributes {
        let by_default = Value::block([("sse_algorithm", algorithm.into())]);
        let mut rule = given([
            ("apply_server_side_encryption_by_default", by_default),
            ("bucket_key_enabled", false.into()),
        ]);
        rule.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        given([("rule", Value::block(rule))])
    }

    #[test]
    fn a_rule_is_read_as_it_is_put() {
        let blocked = ("blocked_encryption_types", Value::texts(["SSE-C"]));
        for rule in [
            encryption("AES256", &[]),
            encryption("AES256", std::slice::from_ref(&blocked)),
            encryption("aws:kms", &[("bucket_key_enabled", true.into()), blocked]),
        ] {
            assert_eq!(attributes(&Encryption.wire(&rule).unwrap()), rule);
        }
    }

    #[test]
    fn a_block_that_nobody_manages_stays() {
        let blocked = ("blocked_encryption_types", Value::texts(["SSE-C"]));
        let observed = encryption("AES256", std::slice::from_ref(&blocked));
        let put = Encryption.over(&observed, &encryption("AES256", &[]));
        assert_eq!(put, observed);
        assert!(Encryption.same(&observed, &put).unwrap());
        let put = Encryption.over(&observed, &encryption("aws:kms", &[]));
        assert_eq!(put, encryption("aws:kms", &[blocked]));
    }

    #[test]
    fn a_bucket_key_or_a_lifted_block_is_somebodys_decision() {
        let check =
            |more: &[(&str, Value)]| Encryption.is_given_by_aws(&encryption("AES256", more));
        assert!(check(&[]));
        assert!(check(&[(
            "blocked_encryption_types",
            Value::texts(["SSE-C"])
        )]));
        assert!(!check(&[(
            "blocked_encryption_types",
            Value::texts(["NONE"])
        )]));
        assert!(!check(&[("bucket_key_enabled", true.into())]));
    }
}
