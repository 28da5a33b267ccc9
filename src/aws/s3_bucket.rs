//! `aws_s3_bucket`: a bucket, its name and its tags.
//!
//! *Invariant*: no object is deleted but where the destroy was told to empty the bucket.

mod objects;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
use futures::future::join_all;

use objects::{contents, empty, emptying, list_versions, versions};

use super::given::given;
use super::s3::{AT_ONCE, Bucket, found, id_of, refused};
use super::tags::Tags;
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted, log_sources,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// Calls by <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html> and its
/// neighbours.
pub(super) static LIFECYCLE: Buckets = Buckets;

#[derive(Debug)]
pub(super) struct Buckets;

#[async_trait]
impl Lifecycle for Buckets {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let mut answers = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            answers.extend(join_all(some.iter().map(|id| read_one(aws, id))).await);
        }
        answers
    }

    /// A name is one per partition of AWS: what stands under it in another account or
    /// region is in the way.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let id = id_of(wanted)?;
        let bucket = Bucket::of(aws, &id).await?;
        let ownership = match tags(&bucket).await {
            Ok(None) => return Ok(Vec::new()),
            Ok(Some(tags)) => tags.ownership(wanted),
            Err(error) if is_elsewhere(&error) => Ownership::Foreign,
            Err(error) if error.kind == ErrorKind::AccessDenied => {
                // Either it is not this account's, or its tags may not be read.
                if stands(&bucket).await.is_ok() {
                    return Err(error.hint(format!("allow {READ} on bucket {id}")));
                }
                Ownership::Foreign
            }
            Err(error) => return Err(error),
        };
        Ok(vec![Found { id, ownership }])
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let id = id_of(wanted)?;
        let bucket = Bucket::of(aws, &id).await?;
        // us-east-1 alone says yes to making one's own bucket again, and so would hide that
        // it is there already.
        if id.region == US_EAST_1 && stands(&bucket).await.unwrap_or(false) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                CREATE,
                format!("bucket {id} is there already"),
            ));
        }
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(
                (id.region != US_EAST_1)
                    .then(|| BucketLocationConstraint::from(id.region.as_str())),
            )
            .set_tags(Some(tag_set(CREATE, &wanted.tags())?))
            .build();
        bucket
            .client
            .create_bucket()
            .bucket(&id.text)
            .create_bucket_configuration(configuration)
            .send()
            .await
            .map_err(|error| explain(Error::of(CREATE, &error), &id))?;
        Ok(id)
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let changes = wanted.tag_changes(observed);
        if changes.set.is_empty() && changes.remove.is_empty() {
            return Ok(());
        }
        // The call replaces all tags, the lineage among them.
        put_tags(aws, id, &wanted.tags()).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let bucket = Bucket::of(aws, id).await?;
        let may_be_emptied = observed.get("force_destroy").and_then(Value::as_bool) == Some(true);
        if may_be_emptied {
            let Some(listed) = found(list_versions(&bucket).await)? else {
                return Ok(Deleted::Gone);
            };
            let batch = versions(&listed)?;
            if !batch.is_empty() {
                return empty(&bucket, batch).await;
            }
        }
        let answer = bucket
            .client
            .delete_bucket()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:DeleteBucket", &error));
        match found(answer) {
            Ok(_) => Ok(Deleted::Gone),
            // Something was written since; a log that was on its way, most likely.
            Err(error) if error.kind == ErrorKind::InUse && may_be_emptied => {
                Ok(Deleted::Waiting {
                    what: emptying(&bucket),
                    detail: "something was written meanwhile".to_owned(),
                })
            }
            Err(error) if error.kind == ErrorKind::InUse => {
                Err(error.hint("--empty-buckets deletes every object and version first"))
            }
            Err(error) => Err(error),
        }
    }

    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let bucket = Bucket::of(aws, id).await?;
        let listed = found(list_versions(&bucket).await)?;
        Ok(listed
            .as_ref()
            .and_then(contents)
            .map(|what| Blocker {
                what,
                id: None,
                leaves: false,
            })
            .into_iter()
            .collect())
    }

    /// Whoever logs into it.
    async fn relied_on_by(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        log_sources::of_bucket(aws, id).await
    }
}

const CREATE: &str = "s3:CreateBucket";
const READ: &str = "s3:GetBucketTagging";
const TAG: &str = "s3:PutBucketTagging";
const US_EAST_1: &str = "us-east-1";

async fn read_one(aws: &Aws, id: &Id) -> Result<Option<Attributes>, Error> {
    let bucket = Bucket::of(aws, id).await?;
    match tags(&bucket).await {
        Ok(tags) => Ok(tags.map(|tags| attributes(id, &tags))),
        Err(error) if error.kind == ErrorKind::AccessDenied => Err(error.hint(format!(
            "{READ} must be allowed on bucket {id}; if it is, the bucket went and somebody else took its name"
        ))),
        Err(error) => Err(error),
    }
}

/// The tags, which is the one call that tells whether a bucket stands, too. None if it
/// does not.
async fn tags(bucket: &Bucket) -> Result<Option<Tags>, Error> {
    let answer = bucket
        .client
        .get_bucket_tagging()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .send()
        .await
        .map_err(|error| Error::of(READ, &error));
    match answer {
        Ok(answer) => Ok(Some(
            answer
                .tag_set
                .into_iter()
                .map(|tag| (tag.key, tag.value))
                .collect(),
        )),
        Err(error) if error.code.as_deref() == Some("NoSuchTagSet") => Ok(Some(Tags::default())),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the bucket is there and this account's.
async fn stands(bucket: &Bucket) -> Result<bool, Error> {
    let answer = bucket
        .client
        .head_bucket()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .send()
        .await
        .map_err(|error| Error::of("s3:ListBucket", &error));
    Ok(found(answer)?.is_some())
}

/// Whether S3 says that the bucket is another region's:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
fn is_elsewhere(error: &Error) -> bool {
    matches!(
        error.code.as_deref(),
        Some(
            "PermanentRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException"
        )
    )
}

/// What to do about a name that can't be had. A bucket of one's own is
/// `BucketAlreadyOwnedByYou`, for which `find` tells whether it is this resource;
/// `BucketAlreadyExists` is somebody else's and final.
fn explain(mut error: Error, id: &Id) -> Error {
    match error.code.as_deref() {
        Some("BucketAlreadyExists") => {
            error.kind = ErrorKind::Refused;
            error.hint(format!(
                "somebody else has a bucket {id}, and names are one for all accounts: choose another with `bucket_name`"
            ))
        }
        Some("InvalidBucketName") => {
            error.hint("3 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit")
        }
        Some("TooManyBuckets") => error.hint("raise the account's quota of buckets, or delete one"),
        _ => error,
    }
}

/// Makes these all the tags of a bucket. No tags at all are set by a call of their own
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html>).
pub(super) async fn put_tags(
    aws: &Aws,
    id: &Id,
    tags: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let bucket = Bucket::of(aws, id).await?;
    if tags.is_empty() {
        bucket
            .client
            .delete_bucket_tagging()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of(TAG, &error))?;
        return Ok(());
    }
    let tagging = Tagging::builder()
        .set_tag_set(Some(tag_set(TAG, tags)?))
        .build()
        .map_err(|error| refused(TAG, error))?;
    bucket
        .client
        .put_bucket_tagging()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .tagging(tagging)
        .send()
        .await
        .map_err(|error| Error::of(TAG, &error))?;
    Ok(())
}

fn tag_set(operation: &str, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, Error> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| refused(operation, error))
        })
        .collect()
}

/// All that follows from name and region, as the provider has it, and the tags. Host names
/// by <https://docs.aws.amazon.com/general/latest/gr/s3.html>.
fn attributes(id: &Id, tags: &Tags) -> Attributes {
    let Id { region, text: name } = id;
    let (partition, suffix) = match region.split('-').next() {
        Some("cn") => ("aws-cn", "amazonaws.com.cn"),
        _ if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
        _ => ("aws", "amazonaws.com"),
    };
    given([
        ("arn", format!("arn:{partition}:s3:::{name}").into()),
        ("bucket", name.as_str().into()),
        ("bucket_domain_name", format!("{name}.s3.{suffix}").into()),
        ("bucket_region", region.as_str().into()),
        (
            "bucket_regional_domain_name",
            format!("{name}.s3.{region}.{suffix}").into(),
        ),
        ("id", name.as_str().into()),
        ("tags", tags.value()),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Tags, attributes, explain};
    use crate::aws::{Error, ErrorKind, LINEAGE_TAG};
    use crate::resource::Id;
    use crate::value::Value;

    fn bucket(region: &str) -> Id {
        Id {
            region: region.to_owned(),
            text: "shop".to_owned(),
        }
    }

    #[test]
    fn names_follow_from_name_and_region() {
        let check = |region: &str, arn: &str, host: &str| {
            let found = attributes(&bucket(region), &Tags::default());
            assert_eq!(found["arn"], arn.into());
            assert_eq!(found["bucket_regional_domain_name"], host.into());
        };
        check(
            "eu-west-1",
            "arn:aws:s3:::shop",
            "shop.s3.eu-west-1.amazonaws.com",
        );
        check(
            "us-east-1",
            "arn:aws:s3:::shop",
            "shop.s3.us-east-1.amazonaws.com",
        );
        check(
            "cn-north-1",
            "arn:aws-cn:s3:::shop",
            "shop.s3.cn-north-1.amazonaws.com.cn",
        );
        check(
            "us-gov-west-1",
            "arn:aws-us-gov:s3:::shop",
            "shop.s3.us-gov-west-1.amazonaws.com",
        );
    }

    #[test]
    fn the_lineage_is_no_attribute() {
        let tag = |key: &str| (key.to_owned(), "x".to_owned());
        let tags: Tags = [tag("owner"), tag(LINEAGE_TAG)].into_iter().collect();
        let found = attributes(&bucket("eu-west-1"), &tags);
        assert_eq!(found["tags"], Value::map([("owner", "x".into())]));
    }

    #[test]
    fn a_name_that_is_taken_is_final() {
        let error = |code: &str| {
            let mut error = Error::new(ErrorKind::AlreadyExists, "s3:CreateBucket", "taken");
            error.code = Some(code.to_owned());
            explain(error, &bucket("eu-west-1"))
        };
        let taken = error("BucketAlreadyExists");
        assert_eq!(taken.kind, ErrorKind::Refused);
        assert!(taken.hint.unwrap().contains("bucket_name"));
        let own = error("BucketAlreadyOwnedByYou");
        assert_eq!(own.kind, ErrorKind::AlreadyExists);
    }
}
