//! What EC2's kinds have in common: filters, tags, answers in order, and security-group rules
//! as AWS lists them.
//!
//! *Invariant*: things are read by filter, never by id: an unknown id fails a whole call,
//! and a filter just finds nothing.

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::Builder;
use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroupRule, Tag, TagSpecification};
use futures::future::try_join_all;

use super::tags::{TagChanges, Tags};
use super::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG, Error, Found, Ownership, Wanted};
use crate::resource::Id;
use crate::value::Attributes;

/// How many values a filter takes (EC2 user guide, "List and filter using the CLI and API").
pub(super) const VALUES: usize = 200;

/// A filter by one name.
pub(super) fn filter(name: &str, values: &[String]) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values.to_vec()))
        .build()
}

/// Filters that leave what carries the tags of this resource.
pub(super) fn marked(wanted: &Wanted) -> Vec<Filter> {
    [
        (APP_TAG, wanted.owner.app.clone()),
        (ENVIRONMENT_TAG, wanted.owner.environment.clone()),
        (ADDRESS_TAG, wanted.address.to_string()),
    ]
    .map(|(tag, value)| filter(&format!("tag:{tag}"), &[value]))
    .to_vec()
}

/// Of things without a name, those whose tags say that they are the wanted one: the others
/// are not in the way.
pub(super) fn ours<'a>(
    wanted: &Wanted,
    things: impl IntoIterator<Item = (Option<&'a str>, &'a [Tag])>,
) -> Vec<Found> {
    things
        .into_iter()
        .filter_map(|(id, with)| {
            let ownership = tags(with).ownership(wanted);
            (ownership != Ownership::Foreign).then_some(Found {
                id: Id {
                    region: wanted.region.clone(),
                    text: id?.to_owned(),
                },
                ownership,
            })
        })
        .collect()
}

/// Whether these tags say that a thing is of this app and environment, at whatever address.
pub(super) fn of_our_app(with: &[Tag], wanted: &Wanted) -> bool {
    let says = |key: &str, value: &str| {
        with.iter()
            .any(|tag| tag.key() == Some(key) && tag.value() == Some(value))
    };
    says(APP_TAG, &wanted.owner.app) && says(ENVIRONMENT_TAG, &wanted.owner.environment)
}

/// For a call that EC2 does not know again when it comes twice: the SDK sends it once, and
/// whoever called decides after an unclear answer.
pub(super) fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

/// What ids say.
pub(super) fn texts(ids: &[Id]) -> Vec<String> {
    ids.iter().map(|id| id.text.clone()).collect()
}

/// One answer an id, in order, out of what was found.
pub(super) fn in_order(
    ids: &[Id],
    found: Result<BTreeMap<String, Attributes>, Error>,
) -> Vec<Result<Option<Attributes>, Error>> {
    match found {
        Ok(mut found) => ids.iter().map(|id| Ok(found.remove(&id.text))).collect(),
        Err(error) => ids.iter().map(|_| Err(error.clone())).collect(),
    }
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
