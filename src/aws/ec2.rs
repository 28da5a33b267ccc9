//! What the kinds of EC2 have in common: filters, batches, tags, and the rules of security
//! groups as AWS lists them.
//!
//! *Invariant*: things are read by filter, never by id: an unknown id fails a whole call,
//! and a filter just finds nothing.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::types::{
    Filter, ResourceType, RouteTable, SecurityGroupRule, Subnet, Tag, TagSpecification,
};
use futures::future::{join_all, try_join_all};

use super::data::partition;
use super::tags::{TagChanges, Tags};
use super::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG, Error, ErrorKind, Found, Wanted};
use crate::resource::Id;
use crate::value::Attributes;

/// What a create call *refers* to is missing; that is no word about the thing itself.
pub(super) fn parent_missing(mut error: Error) -> Error {
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::Refused;
    }
    error
}

/// How many values a filter takes (EC2 user guide, "List and filter using the CLI and API").
pub(super) const VALUES: usize = 200;

/// A filter by one name.
pub(super) fn filter(name: &str, values: &[String]) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values.to_vec()))
        .build()
}

/// The filters that only what carries our tags passes.
pub(super) fn ours(wanted: &Wanted) -> Vec<Filter> {
    [
        (APP_TAG, wanted.owner.app.clone()),
        (ENVIRONMENT_TAG, wanted.owner.environment.clone()),
        (ADDRESS_TAG, wanted.address.to_string()),
    ]
    .into_iter()
    .map(|(key, value)| filter(&format!("tag:{key}"), &[value]))
    .collect()
}

/// Something that was found, and what its tags say of whose it is.
pub(super) fn found(wanted: &Wanted, id: Option<&str>, of: &[Tag]) -> Found {
    Found {
        ownership: tags(of).ownership(wanted),
        id: Id {
            region: wanted.region.clone(),
            text: id.unwrap_or_default().to_owned(),
        },
    }
}

/// The ARN of a thing of EC2.
pub(super) fn arn(region: &str, owner: &str, of: &str, id: &str) -> String {
    let partition = partition(region);
    format!("arn:{partition}:ec2:{region}:{owner}:{of}/{id}")
}

/// For a create call without a guard: it is sent once.
pub(super) fn once() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// Reads many in as few calls as can be. `list` takes the ids of one call.
pub(super) async fn read<T, F>(
    ids: &[Id],
    list: impl Fn(Vec<String>) -> F,
    id_of: impl Fn(&T) -> Option<&str>,
    attributes: impl Fn(&T) -> Attributes,
) -> Vec<Result<Option<Attributes>, Error>>
where
    F: Future<Output = Result<Vec<T>, Error>>,
{
    let batches = ids.chunks(VALUES);
    let calls = batches
        .clone()
        .map(|batch| list(batch.iter().map(|id| id.text.clone()).collect()));
    let mut answers = Vec::with_capacity(ids.len());
    for (batch, found) in batches.zip(join_all(calls).await) {
        match found {
            Ok(found) => answers.extend(batch.iter().map(|id| {
                let one = found.iter().find(|one| id_of(one) == Some(&id.text));
                Ok(one.map(&attributes))
            })),
            Err(error) => answers.extend(batch.iter().map(|_| Err(error.clone()))),
        }
    }
    answers
}

/// Every subnet that passes.
pub(super) async fn subnets(client: &Client, filters: Vec<Filter>) -> Result<Vec<Subnet>, Error> {
    client
        .describe_subnets()
        .set_filters(Some(filters))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeSubnets", &error))
}

/// Every route table that passes.
pub(super) async fn route_tables(
    client: &Client,
    filters: Vec<Filter>,
) -> Result<Vec<RouteTable>, Error> {
    client
        .describe_route_tables()
        .set_filters(Some(filters))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeRouteTables", &error))
}

/// Every rule for which one of these values holds, in as few calls as can be.
pub(super) async fn rules(
    client: &Client,
    name: &str,
    values: &[String],
) -> Result<Vec<SecurityGroupRule>, Error> {
    let calls = values.chunks(VALUES).map(|values| {
        client
            .describe_security_group_rules()
            .filters(filter(name, values))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
    });
    let found = try_join_all(calls)
        .await
        .map_err(|error| Error::of("ec2:DescribeSecurityGroupRules", &error))?;
    Ok(found.into_iter().flatten().collect())
}

/// Tags as AWS lists them.
pub(super) fn tags(tags: &[Tag]) -> Tags {
    tags.iter()
        .filter_map(|tag| {
            let value = tag.value().unwrap_or_default();
            Some((tag.key()?.to_owned(), value.to_owned()))
        })
        .collect()
}

/// The tag `Name` in quotes, with a blank before it, if there is one.
pub(super) fn name_of(tags: &[Tag]) -> String {
    tags.iter()
        .find(|tag| tag.key() == Some("Name"))
        .and_then(Tag::value)
        .map(|name| format!(" \"{name}\""))
        .unwrap_or_default()
}

/// Tags as a create call takes them.
pub(super) fn tag_specification(
    of: ResourceType,
    tags: BTreeMap<String, String>,
) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(of)
        .set_tags(Some(tag_list(tags)))
        .build()
}

/// Writes and removes tags.
pub(super) async fn write_tags(
    client: &Client,
    id: &str,
    changes: TagChanges,
) -> Result<(), Error> {
    if !changes.set.is_empty() {
        client
            .create_tags()
            .resources(id)
            .set_tags(Some(tag_list(changes.set)))
            .send()
            .await
            .map_err(|error| Error::of("ec2:CreateTags", &error))?;
    }
    if !changes.remove.is_empty() {
        let keys = changes
            .remove
            .into_iter()
            .map(|key| Tag::builder().key(key).build())
            .collect();
        client
            .delete_tags()
            .resources(id)
            .set_tags(Some(keys))
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteTags", &error))?;
    }
    Ok(())
}

fn tag_list(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}
