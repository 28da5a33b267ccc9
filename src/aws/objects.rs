//! Small objects in a bucket, written only where nobody else has written meanwhile.
//!
//! Facts: *Amazon S3 API Reference*, `PutObject` (`If-Match`, `If-None-Match`: 412
//! `PreconditionFailed`, 409 `ConditionalRequestConflict`, which is to be sent again), and the
//! user guide, "How to prevent object overwrites with conditional writes": an `If-Match` for an
//! object that is gone is answered with 404. What S3 has written it answers to every read from
//! then on (user guide, "Amazon S3 data consistency model").
//!
//! *Invariant*: no write is unconditional, and none is held back by the guard of
//! [`Aws::guard`]: these are the writes by which the guard is renewed.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;

use super::s3::found;
use super::{Aws, Error, ErrorKind};

/// A bucket that holds them.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    bucket: String,
    /// The account that must own it.
    account: String,
}

/// An object as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Changes with every write.
    pub etag: String,
    /// When it was written, by S3's clock.
    pub at: Option<Timestamp>,
}

/// One of the versions of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// S3's name of it.
    pub id: String,
    /// When it was written, by S3's clock.
    pub at: Option<Timestamp>,
    /// Whether it is what a read gives.
    pub is_latest: bool,
}

/// On which condition a write is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum If {
    /// There is no such object.
    Absent,
    /// It is the one with this `ETag`.
    Same(String),
}

/// How a write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is written, and this is its `ETag`.
    Written(String),
    /// The condition does not hold; nothing is written by this attempt. (One before it, whose
    /// answer got lost, may be what stands in the way.)
    Refused,
}

/// How often S3 is asked again where it says that another write is under way.
const CONFLICTS: u32 = 5;

const GET: &str = "s3:GetObject";
const PUT: &str = "s3:PutObject";
const LIST: &str = "s3:ListBucketVersions";
const LIST_KEYS: &str = "s3:ListBucket";
const DELETE: &str = "s3:DeleteObject";

impl Objects {
    /// The objects of a bucket, which must be the caller's account's.
    ///
    /// # Errors
    /// Nobody knows who calls.
    pub async fn of(aws: &Aws, region: &str, bucket: &str) -> Result<Self, Error> {
        Ok(Self {
            client: aws.unguarded_s3(region),
            bucket: bucket.to_owned(),
            account: aws.identity().await?.account.clone(),
        })
    }

    /// Whether the bucket is there.
    ///
    /// # Errors
    /// A failed call; also where it is another account's.
    pub async fn have_a_bucket(&self) -> Result<bool, Error> {
        let answer = self
            .client
            .head_bucket()
            .bucket(&self.bucket)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map_err(|error| Error::of(LIST_KEYS, &error));
        Ok(found(answer)?.is_some())
    }

    /// The object, or none where there is none.
    ///
    /// # Errors
    /// A failed call; [`ErrorKind::NotFound`] with code `NoSuchBucket` where there is no bucket.
    pub async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.get_version(key, None).await
    }

    /// A version of it.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_version(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Object>, Error> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map_err(|error| Error::of(GET, &error));
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let at = answer.last_modified.as_ref().and_then(time);
        let etag = answer.e_tag.clone().unwrap_or_default();
        let bytes = answer.body.collect().await.map_err(|error| {
            Error::new(
                ErrorKind::Uncertain,
                GET,
                format!("the answer was cut off: {error}"),
            )
        })?;
        Ok(Some(Object {
            bytes: bytes.to_vec(),
            etag,
            at,
        }))
    }

    /// Writes an object, if the condition holds.
    ///
    /// # Errors
    /// A failed call, after which nobody may know whether it is written.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, condition: &If) -> Result<Put, Error> {
        let mut conflicts = 0;
        loop {
            let call = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .expected_bucket_owner(&self.account)
                .content_type("application/json")
                .body(ByteStream::from(bytes.clone()));
            let call = match condition {
                If::Absent => call.if_none_match("*"),
                If::Same(etag) => call.if_match(etag),
            };
            let error = match call.send().await {
                Ok(answer) => return Ok(Put::Written(answer.e_tag.unwrap_or_default())),
                Err(error) => Error::of(PUT, &error),
            };
            match error.code.as_deref() {
                Some("PreconditionFailed") => return Ok(Put::Refused),
                _ if is_absent(&error) && *condition != If::Absent => return Ok(Put::Refused),
                Some("ConditionalRequestConflict") if conflicts < CONFLICTS => {
                    conflicts += 1;
                    tokio::time::sleep(Duration::from_millis(50) * 2_u32.pow(conflicts)).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// The keys that begin with this, in order.
    ///
    /// # Errors
    /// A failed call.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let answer = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .set_continuation_token(next)
                .expected_bucket_owner(&self.account)
                .send()
                .await
                .map_err(|error| Error::of(LIST_KEYS, &error))?;
            let page = answer.contents.unwrap_or_default().into_iter();
            keys.extend(page.filter_map(|object| object.key));
            next = answer.next_continuation_token;
            if next.is_none() {
                return Ok(keys);
            }
        }
    }

    /// The versions of an object, the newest first; the first thousand of them.
    ///
    /// # Errors
    /// A failed call.
    pub async fn versions(&self, key: &str) -> Result<Vec<Version>, Error> {
        let answer = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(key)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map_err(|error| Error::of(LIST, &error))?;
        let versions = answer.versions.unwrap_or_default().into_iter();
        Ok(versions
            .filter(|version| version.key.as_deref() == Some(key))
            .filter_map(|version| {
                Some(Version {
                    at: version.last_modified.as_ref().and_then(time),
                    is_latest: version.is_latest.unwrap_or_default(),
                    id: version.version_id?,
                })
            })
            .collect())
    }

    /// Hides an object: it is read no more, its versions stay.
    ///
    /// # Errors
    /// A failed call; that there is no such object is none.
    pub async fn hide(&self, key: &str) -> Result<(), Error> {
        let answer = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map_err(|error| Error::of(DELETE, &error));
        found(answer).map(drop)
    }
}

fn is_absent(error: &Error) -> bool {
    error.kind == ErrorKind::NotFound && error.code.as_deref() != Some("NoSuchBucket")
}

fn time(time: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
