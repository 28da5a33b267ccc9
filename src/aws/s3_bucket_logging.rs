//! `aws_s3_bucket_logging`: where the log of requests to a bucket goes.
//!
//! *Invariant*: delivery is granted by the log bucket's policy, never by an ACL, so grants
//! are neither read nor written.

use async_trait::async_trait;
use aws_sdk_s3::types::{
    BucketLoggingStatus, LoggingEnabled, PartitionDateSource, PartitionedPrefix, SimplePrefix,
    TargetObjectKeyFormat,
};

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found, refused};
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html>.
pub(super) static LIFECYCLE: OfBucket<Logging> = OfBucket(Logging);

#[derive(Debug)]
pub(super) struct Logging;

#[async_trait]
impl Part for Logging {
    type Wire = LoggingEnabled;

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_bucket_logging()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:GetBucketLogging", &error));
        let logging = found(answer)?.and_then(|answer| answer.logging_enabled);
        Ok(logging.as_ref().map(attributes))
    }

    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error> {
        let text = |name: &str| attributes.get(name).and_then(Value::as_str);
        LoggingEnabled::builder()
            .set_target_bucket(text("target_bucket").map(str::to_owned))
            .target_prefix(text("target_prefix").unwrap_or_default())
            .set_target_object_key_format(
                attributes
                    .get("target_object_key_format")
                    .and_then(key_format),
            )
            .build()
            .map_err(|error| refused(PUT, error))
    }

    async fn put(&self, bucket: &Bucket, wire: Self::Wire) -> Result<(), Error> {
        put(bucket, Some(wire)).await
    }

    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        put(bucket, None).await
    }
}

const PUT: &str = "s3:PutBucketLogging";

async fn put(bucket: &Bucket, logging: Option<LoggingEnabled>) -> Result<(), Error> {
    let status = BucketLoggingStatus::builder()
        .set_logging_enabled(logging)
        .build();
    bucket
        .client
        .put_bucket_logging()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .bucket_logging_status(status)
        .send()
        .await
        .map_err(|error| {
            let error = Error::of(PUT, &error);
            match error.code.as_deref() {
                Some("InvalidTargetBucketForLogging") => error.hint(
                    "the log bucket must be in this bucket's region and account, and its policy must let logging.s3.amazonaws.com put objects",
                ),
                _ => error,
            }
        })?;
    Ok(())
}

/// By <https://docs.aws.amazon.com/AmazonS3/latest/API/API_TargetObjectKeyFormat.html>. Both
/// formats are blocks; the simple one has nothing in it.
fn key_format(format: &Value) -> Option<TargetObjectKeyFormat> {
    let format = format.items().first()?;
    let partitioned = format.get("partitioned_prefix").items().first();
    let is_simple = partitioned.is_none() && !format.get("simple_prefix").items().is_empty();
    Some(
        TargetObjectKeyFormat::builder()
            .set_partitioned_prefix(partitioned.map(|prefix| {
                let source = prefix.get("partition_date_source").as_str();
                PartitionedPrefix::builder()
                    .set_partition_date_source(source.map(PartitionDateSource::from))
                    .build()
            }))
            .set_simple_prefix(is_simple.then(|| SimplePrefix::builder().build()))
            .build(),
    )
}

fn attributes(logging: &LoggingEnabled) -> Attributes {
    let format = logging.target_object_key_format.as_ref();
    let format = format.map_or(Value::Null, |format| {
        let partitioned = format.partitioned_prefix.as_ref().map(|prefix| {
            let source = prefix.partition_date_source.as_ref();
            Value::block(given([(
                "partition_date_source",
                source.map(PartitionDateSource::as_str).into(),
            )]))
        });
        let simple = format.simple_prefix.as_ref();
        Value::block(given([
            ("partitioned_prefix", partitioned.into()),
            (
                "simple_prefix",
                simple.map(|_| Value::block::<String>([])).into(),
            ),
        ]))
    });
    given([
        ("target_bucket", logging.target_bucket.as_str().into()),
        ("target_prefix", logging.target_prefix.as_str().into()),
        ("target_object_key_format", format),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Logging, Part, attributes, given};
    use crate::value::{Attributes, Value};

    fn logging(format: Value) -> Attributes {
        given([
            ("target_bucket", "logs".into()),
            ("target_prefix", "site/".into()),
            ("target_object_key_format", format),
        ])
    }

    #[test]
    fn logging_is_read_as_it_is_put() {
        let simple = Value::block([("simple_prefix", Value::block::<String>([]))]);
        let by_event = Value::block([("partition_date_source", "EventTime".into())]);
        let partitioned = Value::block([("partitioned_prefix", by_event)]);
        for format in [Value::Null, simple, partitioned] {
            let wire = Logging.wire(&logging(format.clone())).unwrap();
            assert_eq!(attributes(&wire), logging(format));
        }
    }

    #[test]
    fn logging_without_a_bucket_is_refused() {
        assert!(Logging.wire(&Attributes::new()).is_err());
    }
}
