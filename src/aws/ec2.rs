//! What security groups and their rules have in common: filters, tags, and rules as AWS
//! lists them.
//!
//! *Invariant*: things are read by filter, never by id: an unknown id fails a whole call,
//! and a filter just finds nothing.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroupRule, Tag, TagSpecification};
use futures::future::try_join_all;

use super::Error;
use super::tags::{TagChanges, Tags};

/// How many values a filter takes (EC2 user guide, "List and filter using the CLI and API").
pub(super) const VALUES: usize = 200;

/// A filter by one name.
pub(super) fn filter(name: &str, values: &[String]) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values.to_vec()))
        .build()
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
