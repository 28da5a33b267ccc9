//! What the kinds of S3 share: a bucket as calls name it, and the lifecycle of everything
//! that is a part of a bucket.
//!
//! In: a kind's [`Part`], which says how its configuration is asked for, put and taken
//! away. Out: its [`Lifecycle`].
//!
//! *Invariant*: every call names the account that must own the bucket, so nothing is read
//! from, written into or taken for ours that another account put under a name of ours
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>).

use std::collections::BTreeSet;

use std::fmt;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use futures::future::join_all;

use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// A bucket, as every call names it.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// The client of its region.
    pub(super) client: Client,
    /// Its name.
    pub(super) name: String,
    /// The account that must own it.
    pub(super) account: String,
}

impl Bucket {
    /// The bucket of this id, which is its name.
    pub(super) async fn of(aws: &Aws, id: &Id) -> Result<Self, Error> {
        Ok(Self {
            client: aws.s3(&id.region),
            name: id.text.clone(),
            account: aws.identity().await?.account.clone(),
        })
    }
}

/// The id of a bucket, or of a part of one: the bucket's name, in its region.
pub(super) fn id_of(wanted: &Wanted) -> Result<Id, Error> {
    let name = wanted.attributes.get("bucket").and_then(Value::as_str);
    Ok(Id {
        region: wanted.region.clone(),
        text: name
            .ok_or_else(|| refused("s3:CreateBucket", "the bucket's name is not known"))?
            .to_owned(),
    })
}

/// A failure before any call: what is wanted can't be said to S3.
pub(super) fn refused(operation: &str, message: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Refused, operation, format!("{message}"))
}

/// The answer, or none where S3 says that there is no such bucket or configuration.
pub(super) fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A number that S3 takes, if it is given.
pub(super) fn number(operation: &str, value: &Value) -> Result<Option<i32>, Error> {
    match value.as_int() {
        None => Ok(None),
        Some(value) => i32::try_from(value)
            .map(Some)
            .map_err(|_| refused(operation, format!("{value} is out of range"))),
    }
}

/// A configuration of a bucket: one call asks for it, one puts it whole, one takes it away.
#[async_trait]
pub(super) trait Part: Send + Sync {
    /// The configuration as S3 takes it.
    type Wire: PartialEq + Send;

    /// What S3 has. None where there is no such configuration, or no bucket.
    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error>;

    /// Attributes as S3 takes them.
    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error>;

    /// Puts it, in place of what is there.
    async fn put(&self, bucket: &Bucket, wire: Self::Wire) -> Result<(), Error>;

    /// Takes it away.
    async fn remove(&self, bucket: &Bucket) -> Result<(), Error>;

    /// What is to be put: the wanted attributes, and under them what is there and is not
    /// managed.
    fn over(&self, _observed: &Attributes, wanted: &Attributes) -> Attributes {
        wanted.clone()
    }

    /// Whether the two are the same to S3.
    fn same(&self, observed: &Attributes, wanted: &Attributes) -> Result<bool, Error> {
        Ok(self.wire(observed)? == self.wire(wanted)?)
    }

    /// Whether it is as S3 makes it, unasked, for every new bucket.
    fn is_given_by_aws(&self, _observed: &Attributes) -> bool {
        false
    }
}

/// The lifecycle of a part of a bucket.
#[derive(Debug)]
pub(super) struct OfBucket<P>(pub(super) P);

impl<P: Part> OfBucket<P> {
    async fn read_one(&self, aws: &Aws, id: &Id) -> Result<Option<Attributes>, Error> {
        let bucket = Bucket::of(aws, id).await?;
        let Some(mut attributes) = self.0.get(&bucket).await? else {
            return Ok(None);
        };
        attributes.insert("bucket".to_owned(), id.text.as_str().into());
        attributes.insert("id".to_owned(), id.text.as_str().into());
        Ok(Some(attributes))
    }
}

#[async_trait]
impl<P: Part> Lifecycle for OfBucket<P> {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let mut answers = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            answers.extend(join_all(some.iter().map(|id| self.read_one(aws, id))).await);
        }
        answers
    }

    /// The bucket is proven ours, so what it has is too. Of what S3 made for it by itself
    /// nobody can tell who set it.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let id = id_of(wanted)?;
        let stands = self.read_one(aws, &id).await?;
        Ok(stands
            .map(|attributes| Found {
                id,
                ownership: if self.0.is_given_by_aws(&attributes) {
                    Ownership::Given
                } else {
                    Ownership::ChildOfOurs
                },
            })
            .into_iter()
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let id = id_of(wanted)?;
        let bucket = Bucket::of(aws, &id).await?;
        let wire = self.0.wire(&wanted.attributes)?;
        self.0.put(&bucket, wire).await?;
        Ok(id)
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let attributes = self.0.over(observed, &wanted.attributes);
        if self.0.same(observed, &attributes)? {
            return Ok(());
        }
        let bucket = Bucket::of(aws, id).await?;
        let wire = self.0.wire(&attributes)?;
        self.0.put(&bucket, wire).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let bucket = Bucket::of(aws, id).await?;
        found(self.0.remove(&bucket).await)?;
        Ok(Deleted::Gone)
    }
}

/// Calls in flight at once, where a service has no batch.
pub(super) const AT_ONCE: usize = 10;

#[cfg(test)]
mod tests {
    use super::{ErrorKind, found, number};
    use crate::aws::Error;
    use crate::value::Value;

    #[test]
    fn what_is_not_there_is_no_error() {
        let answer = |kind| found::<()>(Err(Error::new(kind, "s3:GetBucketPolicy", "")));
        assert!(matches!(answer(ErrorKind::NotFound), Ok(None)));
        assert!(answer(ErrorKind::AccessDenied).is_err());
    }

    #[test]
    fn numbers_fit_or_are_refused() {
        let check = |value: Value| number("s3:PutLifecycleConfiguration", &value).ok();
        assert_eq!(check(Value::Int(7)), Some(Some(7)));
        assert_eq!(check(Value::Null), Some(None));
        assert_eq!(check(Value::Int(1 << 40)), None);
    }
}
