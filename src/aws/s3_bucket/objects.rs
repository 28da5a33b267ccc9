//! What is in a bucket: listed, told to people, and deleted a batch at a time.
//!
//! *Invariant*: a version is deleted by its own id, so nothing that was written after the
//! list goes with it.

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::aws::s3::{Bucket, found, refused};
use crate::aws::{Deleted, Error, ErrorKind};

/// Up to a thousand versions and delete markers, which is a batch of a delete too.
pub(super) async fn list_versions(bucket: &Bucket) -> Result<ListObjectVersionsOutput, Error> {
    bucket
        .client
        .list_object_versions()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .send()
        .await
        .map_err(|error| Error::of("s3:ListBucketVersions", &error))
}

/// What a delete names of them: each version by its own id.
pub(super) fn versions(listed: &ListObjectVersionsOutput) -> Result<Vec<ObjectIdentifier>, Error> {
    let versions = listed
        .versions()
        .iter()
        .map(|version| (&version.key, &version.version_id));
    let markers = listed
        .delete_markers()
        .iter()
        .map(|marker| (&marker.key, &marker.version_id));
    versions
        .chain(markers)
        .map(|(key, version)| {
            ObjectIdentifier::builder()
                .set_key(key.clone())
                .set_version_id(version.clone())
                .build()
                .map_err(|error| refused("s3:DeleteObjectVersion", error))
        })
        .collect()
}

/// What is waited for, for people.
pub(super) fn emptying(bucket: &Bucket) -> String {
    format!("S3: emptying {}", bucket.name)
}

/// Deletes one batch.
pub(super) async fn empty(bucket: &Bucket, batch: Vec<ObjectIdentifier>) -> Result<Deleted, Error> {
    const OPERATION: &str = "s3:DeleteObjectVersion";
    let count = batch.len();
    let delete = Delete::builder()
        .set_objects(Some(batch))
        .quiet(true)
        .build()
        .map_err(|error| refused(OPERATION, error))?;
    let answer = bucket
        .client
        .delete_objects()
        .bucket(&bucket.name)
        .expected_bucket_owner(&bucket.account)
        .delete(delete)
        .send()
        .await
        .map_err(|error| Error::of(OPERATION, &error));
    let Some(answer) = found(answer)? else {
        return Ok(Deleted::Gone);
    };
    // The call as a whole succeeds whatever becomes of each object.
    let Some(failed) = answer.errors().first() else {
        return Ok(Deleted::Waiting {
            what: emptying(bucket),
            detail: format!("{count} objects and versions deleted"),
        });
    };
    let mut error = Error::new(
        match failed.code() {
            Some("AccessDenied") => ErrorKind::AccessDenied,
            Some("InternalError" | "SlowDown") => ErrorKind::Uncertain,
            _ => ErrorKind::Refused,
        },
        OPERATION,
        format!(
            "{}, and {} more of {count}: {}",
            failed.key().unwrap_or_default(),
            answer.errors().len() - 1,
            failed.message().unwrap_or_default()
        ),
    );
    error.code = failed.code().map(str::to_owned);
    Err(error)
}

/// What is in a bucket, for people: `3 objects, e.g. index.html`.
pub(super) fn contents(listed: &ListObjectVersionsOutput) -> Option<String> {
    let mut current = listed
        .versions()
        .iter()
        .filter(|version| version.is_latest == Some(true));
    let objects = current.clone().count();
    let older = listed.versions().len() + listed.delete_markers().len() - objects;
    let example = current
        .find_map(|version| version.key.as_deref())
        .or_else(|| listed.versions().first()?.key.as_deref())
        .or_else(|| listed.delete_markers().first()?.key.as_deref())?;
    let count = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    };
    let counted = match (objects, older) {
        (_, 0) => count(objects, "object"),
        (0, _) => count(older, "old version"),
        _ => format!(
            "{} and {}",
            count(objects, "object"),
            count(older, "old version")
        ),
    };
    let more = if listed.is_truncated() == Some(true) {
        "more than "
    } else {
        ""
    };
    Some(format!("{more}{counted}, e.g. {example}"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

    use super::{contents, versions};

    fn listed(current: &[&str], old: &[&str], deleted: &[&str]) -> ListObjectVersionsOutput {
        let version = |key: &&str, is_latest: bool| {
            ObjectVersion::builder()
                .key(*key)
                .version_id("v")
                .is_latest(is_latest)
                .build()
        };
        let marker = |key: &&str| DeleteMarkerEntry::builder().key(*key).build();
        let mut versions: Vec<_> = current.iter().map(|key| version(key, true)).collect();
        versions.extend(old.iter().map(|key| version(key, false)));
        ListObjectVersionsOutput::builder()
            .set_versions(Some(versions))
            .set_delete_markers(Some(deleted.iter().map(marker).collect()))
            .build()
    }

    #[test]
    fn contents_are_told() {
        let check = |current: &[&str], old: &[&str], deleted: &[&str], expected: &str| {
            let told = contents(&listed(current, old, deleted));
            assert_eq!(told.unwrap_or_default(), expected);
        };
        check(&[], &[], &[], "");
        check(&["index.html"], &[], &[], "1 object, e.g. index.html");
        check(
            &["a", "b"],
            &["c"],
            &["d"],
            "2 objects and 2 old versions, e.g. a",
        );
        check(&[], &[], &["d"], "1 old version, e.g. d");
    }

    #[test]
    fn versions_and_markers_are_deleted_by_version() {
        let batch = versions(&listed(&["a"], &["a"], &["b"])).unwrap();
        assert_eq!(batch.len(), 3);
        assert_eq!(batch[0].version_id.as_deref(), Some("v"));
    }
}
