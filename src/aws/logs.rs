//! What the kinds of `CloudWatch` Logs share: tags, and what a conflict means.
//!
//! Facts: *Amazon `CloudWatch` Logs API Reference* (`TagResource`, `PutDeliverySource`).
//!
//! *Invariant*: a delivery's answers don't hold its tags; they are asked for by its ARN.

use std::collections::HashMap;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;
use futures::future::join_all;

use super::tags::{TagChanges, Tags};
use super::{Error, ErrorKind, Wanted};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// Turns an SDK's failure into ours, with the operation in IAM's words.
pub(super) fn failed<E>(operation: &'static str) -> impl Fn(SdkError<E, Response>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::of(operation, &error)
}

/// Reads many by id, all at once: there are a handful, and a list says no more.
pub(super) async fn read_each<F>(
    ids: &[Id],
    read: impl Fn(Id) -> F,
) -> Vec<Result<Option<Attributes>, Error>>
where
    F: Future<Output = Result<Attributes, Error>>,
{
    let answers = join_all(ids.iter().cloned().map(read)).await;
    answers
        .into_iter()
        .map(|answer| match answer {
            Ok(attributes) => Ok(Some(attributes)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .collect()
}

/// The part of an answer that is always there.
pub(super) fn present<T>(part: Option<T>, operation: &str) -> Result<T, Error> {
    part.ok_or_else(|| {
        Error::new(
            ErrorKind::Uncertain,
            operation,
            "the answer lacks what it is about",
        )
    })
}

/// The tags of what has this ARN.
pub(super) async fn tags_of(client: &Client, arn: &str) -> Result<Tags, Error> {
    let answer = client
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .map_err(failed("logs:ListTagsForResource"))?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}

/// Makes the observed tags of what has an ARN the wanted ones.
pub(super) async fn update_tags(
    client: &Client,
    observed: &Attributes,
    wanted: &Wanted,
) -> Result<(), Error> {
    let changes = wanted.tag_changes(observed);
    let arn = observed
        .get("arn")
        .and_then(Value::as_str)
        .unwrap_or_default();
    write_tags(client, arn, changes).await
}

/// Writes and removes tags.
pub(super) async fn write_tags(
    client: &Client,
    arn: &str,
    changes: TagChanges,
) -> Result<(), Error> {
    if !changes.set.is_empty() {
        client
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(changes.set.into_iter().collect()))
            .send()
            .await
            .map_err(failed("logs:TagResource"))?;
    }
    if !changes.remove.is_empty() {
        client
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(changes.remove))
            .send()
            .await
            .map_err(failed("logs:UntagResource"))?;
    }
    Ok(())
}

/// The tags of something new.
pub(super) fn new_tags(wanted: &Wanted) -> HashMap<String, String> {
    wanted.tags().into_iter().collect()
}

/// What a create's failure means. `CloudWatch` Logs answers `ConflictException` where the
/// thing exists; whether it does is what `exists` says.
pub(super) fn of_create(error: Error, exists: bool, otherwise: &str) -> Error {
    match (error.kind, exists) {
        (ErrorKind::Conflict, true) => Error {
            kind: ErrorKind::AlreadyExists,
            ..error
        },
        (ErrorKind::Conflict, false) => Error {
            kind: ErrorKind::Refused,
            ..error
        }
        .hint(otherwise),
        _ => error,
    }
}
