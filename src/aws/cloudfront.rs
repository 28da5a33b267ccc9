//! What the kinds of CloudFront share: values out of attributes, shapes into them, tags.
//!
//! In: attributes in the schema's vocabulary. Out: what the SDK's shapes take, and back.
//!
//! *Invariant*: an attribute that is not given is `None`, never a default; what nobody
//! manages stays as AWS has it.

use aws_sdk_cloudfront::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudfront::types::{Tag, TagKeys, Tags as SdkTags};
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::operation::BuildError;
use futures::{StreamExt, stream};

use super::tags::{TagChanges, Tags};
use super::{Aws, Error, ErrorKind, Wanted};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// Region of every id of CloudFront, a global service.
pub(super) const HOME: &str = "us-east-1";

/// How many reads are on their way at once.
const READS: usize = 8;

/// The id of something of CloudFront.
pub(super) fn id_of(text: &str) -> Id {
    Id {
        region: HOME.to_owned(),
        text: text.to_owned(),
    }
}

/// Reads many by id, a few at a time, in order; CloudFront has no batch call. What is not
/// there is `None`.
pub(super) async fn read_each<F>(
    ids: &[Id],
    read: impl Fn(String) -> F,
) -> Vec<Result<Option<Attributes>, Error>>
where
    F: Future<Output = Result<Attributes, Error>>,
{
    each(ids.iter().map(|id| id.text.clone()), read)
        .await
        .into_iter()
        .map(|answer| match answer {
            Ok(attributes) => Ok(Some(attributes)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .collect()
}

/// What a question answers for each of many, a few at a time, in order.
pub(super) async fn each<T, U, F>(
    items: impl IntoIterator<Item = T>,
    ask: impl Fn(T) -> F,
) -> Vec<U>
where
    F: Future<Output = U>,
{
    let questions: Vec<F> = items.into_iter().map(ask).collect();
    stream::iter(questions).buffered(READS).collect().await
}

/// Turns an SDK's failure into ours, with the operation in IAM's words.
pub(super) fn failed<E>(operation: &'static str) -> impl Fn(SdkError<E, Response>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::of(operation, &error)
}

/// The part of an answer that CloudFront always sends.
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
pub(super) async fn tags_of(aws: &Aws, arn: &str) -> Result<Tags, Error> {
    let answer = aws
        .cloudfront()
        .list_tags_for_resource()
        .resource(arn)
        .send()
        .await
        .map_err(failed("cloudfront:ListTagsForResource"))?;
    let tags = answer.tags.and_then(|tags| tags.items).unwrap_or_default();
    Ok(tags
        .into_iter()
        .map(|tag| (tag.key, tag.value.unwrap_or_default()))
        .collect())
}

/// Makes the observed tags of what has an ARN the wanted ones.
pub(super) async fn update_tags(
    aws: &Aws,
    observed: &Attributes,
    wanted: &Wanted,
) -> Result<(), Error> {
    let changes = wanted.tag_changes(observed);
    let arn = observed
        .get("arn")
        .and_then(Value::as_str)
        .unwrap_or_default();
    write_tags(aws, arn, changes).await
}

/// Writes and removes tags.
pub(super) async fn write_tags(aws: &Aws, arn: &str, changes: TagChanges) -> Result<(), Error> {
    if !changes.set.is_empty() {
        aws.cloudfront()
            .tag_resource()
            .resource(arn)
            .tags(sdk_tags(changes.set)?)
            .send()
            .await
            .map_err(failed("cloudfront:TagResource"))?;
    }
    if !changes.remove.is_empty() {
        let keys = TagKeys::builder().set_items(Some(changes.remove)).build();
        aws.cloudfront()
            .untag_resource()
            .resource(arn)
            .tag_keys(keys)
            .send()
            .await
            .map_err(failed("cloudfront:UntagResource"))?;
    }
    Ok(())
}

/// Tags as a call takes them.
pub(super) fn sdk_tags(tags: impl IntoIterator<Item = (String, String)>) -> Result<SdkTags, Error> {
    let mut items = Vec::new();
    for (key, value) in tags {
        let tag = Tag::builder().key(key).value(value);
        items.push(tag.build().map_err(incomplete)?);
    }
    Ok(SdkTags::builder().set_items(Some(items)).build())
}

/// A shape that lacks something which CloudFront requires.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which passes by value"
)]
pub(super) fn incomplete(error: BuildError) -> Error {
    Error::new(ErrorKind::Refused, "cloudfront", error.to_string())
}

/// The text at a path, if it is given.
pub(super) fn text(from: &Value, path: &str) -> Option<String> {
    from.get(path).scalar_text()
}

/// The truth value at a path, if it is given.
pub(super) fn truth(from: &Value, path: &str) -> Option<bool> {
    match from.get(path) {
        Value::String(text) => text.parse().ok(),
        value => value.as_bool(),
    }
}

/// The number at a path, if it is given.
pub(super) fn number(from: &Value, path: &str) -> Option<i64> {
    from.get(path).as_int()
}

/// The number at a path, if it is given and as small as the service's numbers are.
pub(super) fn small(from: &Value, path: &str) -> Option<i32> {
    number(from, path)?.try_into().ok()
}

/// The texts of a set, sorted, if it is given; so two sets of the same are equal lists.
pub(super) fn texts(from: &Value, path: &str) -> Option<Vec<String>> {
    let Value::List(items) = from.get(path) else {
        return None;
    };
    let mut texts: Vec<String> = items.iter().filter_map(Value::scalar_text).collect();
    texts.sort();
    Some(texts)
}

/// The first block of this name, if there is one.
pub(super) fn block<'a>(from: &'a Value, name: &str) -> Option<&'a Value> {
    from.get(name).items().first()
}

/// The blocks of this name, if they are given.
pub(super) fn blocks<'a>(from: &'a Value, name: &str) -> Option<&'a [Value]> {
    match from.get(name) {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// How many there are, as every list of CloudFront says it.
pub(super) fn quantity<T>(items: &[T]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}

/// The entries that are set. An empty text is how CloudFront says that nothing is.
pub(super) fn set<const N: usize>(entries: [(&str, Value); N]) -> Attributes {
    entries
        .into_iter()
        .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The same as one block.
pub(super) fn set_block<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::List(vec![Value::Map(set(entries))])
}

/// A list, or null where it would be empty.
pub(super) fn list(items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    if items.is_empty() {
        Value::Null
    } else {
        Value::List(items)
    }
}

/// A set of texts, sorted, or null where it would be empty.
pub(super) fn text_set<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Value {
    let mut texts: Vec<String> = texts
        .into_iter()
        .map(|text| text.as_ref().to_owned())
        .collect();
    texts.sort();
    list(texts.into_iter().map(Value::from))
}
