//! `aws_s3_bucket_policy`: who may do what with a bucket.
//!
//! *Invariant*: the document is text on the wire only.

use async_trait::async_trait;

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found, refused};
use crate::policy;
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>.
pub(super) static LIFECYCLE: OfBucket<Policy> = OfBucket(Policy);

#[derive(Debug)]
pub(super) struct Policy;

#[async_trait]
impl Part for Policy {
    type Wire = String;

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_bucket_policy()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of(GET, &error));
        let text = found(answer)?.and_then(|answer| answer.policy);
        text.as_deref().map(attributes).transpose()
    }

    fn wire(&self, attributes: &Attributes) -> Result<String, Error> {
        match attributes.get("policy") {
            Some(document @ Value::Map(_)) => Ok(document.to_json().to_string()),
            _ => Err(refused(PUT, "the policy is no document")),
        }
    }

    async fn put(&self, bucket: &Bucket, wire: String) -> Result<(), Error> {
        bucket
            .client
            .put_bucket_policy()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .policy(wire)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        bucket
            .client
            .delete_bucket_policy()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:DeleteBucketPolicy", &error))?;
        Ok(())
    }

    fn same(&self, observed: &Attributes, wanted: &Attributes) -> Result<bool, Error> {
        let document = |attributes: &Attributes| attributes.get("policy").cloned();
        Ok(match (document(wanted), document(observed)) {
            (Some(wanted), Some(live)) => policy::equal(&wanted, &live),
            (wanted, live) => wanted == live,
        })
    }
}

const GET: &str = "s3:GetBucketPolicy";
const PUT: &str = "s3:PutBucketPolicy";

fn attributes(text: &str) -> Result<Attributes, Error> {
    let document: serde_json::Value =
        serde_json::from_str(text).map_err(|error| refused(GET, error))?;
    Ok(given([("policy", Value::from_json(&document))]))
}

#[cfg(test)]
mod tests {
    use super::{Part, Policy, attributes};

    #[test]
    fn a_policy_is_a_document_here_and_text_there() {
        let text = r#"{"Statement":[{"Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":"*","Resource":["arn:aws:s3:::b/${aws:username}"],"Sid":"RestrictToTLSRequestsOnly"}],"Version":"2012-10-17"}"#;
        let read = attributes(text).unwrap();
        assert!(read["policy"].as_map().is_some());
        assert_eq!(Policy.wire(&read).unwrap(), text);
        assert!(Policy.same(&read, &read).unwrap());
        assert!(attributes("<html>").is_err());
    }
}
