//! `aws_s3_bucket_versioning`: whether overwritten and deleted objects are kept.
//!
//! *Invariant*: versioning that was never on does not stand; versioning that was can only
//! be suspended.

use async_trait::async_trait;
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
use aws_sdk_s3::types::{BucketVersioningStatus, MfaDelete, VersioningConfiguration};

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found};
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>.
pub(super) static LIFECYCLE: OfBucket<Versioning> = OfBucket(Versioning);

#[derive(Debug)]
pub(super) struct Versioning;

/// The configuration, and the device and code that a change of MFA delete takes.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    configuration: VersioningConfiguration,
    mfa: Option<String>,
}

impl PartialEq for Wire {
    /// The code is new every time and changes nothing.
    fn eq(&self, other: &Self) -> bool {
        self.configuration == other.configuration
    }
}

#[async_trait]
impl Part for Versioning {
    type Wire = Wire;

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_bucket_versioning()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:GetBucketVersioning", &error));
        Ok(found(answer)?.as_ref().and_then(attributes))
    }

    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error> {
        let wanted = attributes
            .get("versioning_configuration")
            .unwrap_or(&Value::Null);
        let status = wanted.get("status").as_str();
        let mfa_delete = wanted.get("mfa_delete").as_str();
        Ok(Wire {
            configuration: VersioningConfiguration::builder()
                .set_status(status.map(BucketVersioningStatus::from))
                .set_mfa_delete(mfa_delete.map(MfaDelete::from))
                .build(),
            mfa: attributes
                .get("mfa")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }

    async fn put(&self, bucket: &Bucket, wire: Self::Wire) -> Result<(), Error> {
        put(bucket, wire).await
    }

    /// As the provider does it: what can't be taken away is suspended. A bucket without
    /// versioning is left as it is.
    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        let suspended = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Suspended)
            .build();
        let wire = Wire {
            configuration: suspended,
            mfa: None,
        };
        put(bucket, wire).await
    }

    fn over(&self, observed: &Attributes, wanted: &Attributes) -> Attributes {
        let name = "versioning_configuration";
        let mut configuration = observed.get(name).unwrap_or(&Value::Null).items().to_vec();
        if let (Some(Value::Map(over)), Some(Value::Map(under))) = (
            wanted.get(name).and_then(|wanted| wanted.items().first()),
            configuration.first_mut(),
        ) {
            under.extend(over.clone());
        } else {
            return wanted.clone();
        }
        let mut attributes = wanted.clone();
        attributes.insert(name.to_owned(), Value::List(configuration));
        attributes
    }

    /// A suspended one is what an earlier delete left.
    fn is_given_by_aws(&self, observed: &Attributes) -> bool {
        observed
            .get("versioning_configuration")
            .is_some_and(|found| found.get("status").as_str() == Some("Suspended"))
    }
}

async fn put(bucket: &Bucket, wire: Wire) -> Result<(), Error> {
    bucket
        .client
        .put_bucket_versioning()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .versioning_configuration(wire.configuration)
        .set_mfa(wire.mfa)
        .send()
        .await
        .map_err(|error| Error::of("s3:PutBucketVersioning", &error))?;
    Ok(())
}

fn attributes(answer: &GetBucketVersioningOutput) -> Option<Attributes> {
    let status = answer.status.as_ref()?;
    let configuration = given([
        ("status", status.as_str().into()),
        (
            "mfa_delete",
            answer
                .mfa_delete
                .as_ref()
                .map(aws_sdk_s3::types::MfaDeleteStatus::as_str)
                .map_or(Value::Null, Value::from),
        ),
    ]);
    Some(given([(
        "versioning_configuration",
        Value::block(configuration),
    )]))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
    use aws_sdk_s3::types::{BucketVersioningStatus, MfaDeleteStatus};

    use super::{Part, Versioning, attributes, given};
    use crate::value::{Attributes, Value};

    fn versioning(status: &str) -> Attributes {
        given([(
            "versioning_configuration",
            Value::block([("status", status.into())]),
        )])
    }

    #[test]
    fn versioning_that_was_never_on_does_not_stand() {
        let answer = GetBucketVersioningOutput::builder();
        assert_eq!(attributes(&answer.build()), None);
        let answer = GetBucketVersioningOutput::builder().status(BucketVersioningStatus::Enabled);
        assert_eq!(attributes(&answer.build()), Some(versioning("Enabled")));
    }

    #[test]
    fn mfa_delete_that_nobody_manages_makes_no_call() {
        let answer = GetBucketVersioningOutput::builder()
            .status(BucketVersioningStatus::Enabled)
            .mfa_delete(MfaDeleteStatus::Disabled);
        let observed = attributes(&answer.build()).unwrap();
        let wanted = Versioning.over(&observed, &versioning("Enabled"));
        assert!(Versioning.same(&observed, &wanted).unwrap());
        let wanted = Versioning.over(&observed, &versioning("Suspended"));
        assert!(!Versioning.same(&observed, &wanted).unwrap());
    }
}
