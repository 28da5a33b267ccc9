//! `aws_security_group`: a firewall around network interfaces.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: the rules that AWS puts into a new group go before anything uses it; every
//! other rule is a resource of its own and none of this file's business.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{IpPermission, ResourceType, SecurityGroup as Group, SecurityGroupRule};
use futures::future::try_join;

use super::values::{at, given, text};
use super::{
    APP_TAG, Aws, Blocker, ChildFound, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted, ec2,
    network_interface, security_group_rule,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_security_group`.
pub(super) struct SecurityGroup;

#[async_trait]
impl Lifecycle for SecurityGroup {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let list = async |batch: Vec<String>| groups(client, "group-id", &batch).await;
        ec2::read(ids, list, Group::group_id, observed).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let (Some(name), Some(vpc)) = (
            text(&wanted.attributes, "name"),
            text(&wanted.attributes, "vpc_id"),
        ) else {
            return Ok(Vec::new());
        };
        let client = aws.ec2(&wanted.region);
        let found = groups(&client, "group-name", &[name.to_owned()]).await?;
        Ok(found
            .into_iter()
            // A filter takes `*`, which a name may hold, for any text.
            .filter(|group| group.group_name() == Some(name) && group.vpc_id() == Some(vpc))
            .map(|group| Found {
                ownership: ec2::tags(group.tags()).ownership(wanted),
                id: Id {
                    region: wanted.region.clone(),
                    text: group.group_id.unwrap_or_default(),
                },
            })
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateSecurityGroup";
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        let answer = aws
            .ec2(&wanted.region)
            .create_security_group()
            .set_group_name(owned("name"))
            .set_description(owned("description"))
            .set_vpc_id(owned("vpc_id"))
            .tag_specifications(ec2::tag_specification(
                ResourceType::SecurityGroup,
                wanted.tags(),
            ))
            .send()
            .await
            .map_err(|error| ec2::parent_missing(Error::of(operation, &error)))?;
        let text = answer.group_id.ok_or_else(|| {
            Error::new(ErrorKind::Uncertain, operation, "the answer names no group")
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.ec2(&id.region);
        if allows_everything_out(observed) {
            revoke_default_egress(&client, &id.text).await?;
        }
        ec2::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    /// A load balancer's interfaces stay for some minutes after it is gone, and hold its
    /// groups for as long.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .ec2(&id.region)
            .delete_security_group()
            .group_id(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteSecurityGroup", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::InUse => {
                let holders: Vec<String> = self
                    .blockers(aws, id)
                    .await?
                    .into_iter()
                    .map(|blocker| blocker.what)
                    .collect();
                let detail = if holders.is_empty() {
                    "just now in use".to_owned()
                } else {
                    format!("held by {}", holders.join(", "))
                };
                let name = text(observed, "name").unwrap_or(&id.text);
                Ok(Deleted::Waiting {
                    what: format!("EC2: {name}"),
                    detail,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The network interfaces that it is on, and rules of other groups that refer to it.
    async fn children(&self, aws: &Aws, parents: &[Id]) -> Result<Vec<ChildFound>, Error> {
        security_group_rule::of_groups(aws, parents).await
    }

    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let client = aws.ec2(&id.region);
        let (interfaces, rules) = try_join(
            network_interface::with(&client, "group-id", &id.text),
            referring_rules(&client, id),
        )
        .await?;
        let mut users = network_interface::users(aws, &id.region, &interfaces).await;
        users.extend(rules.iter().map(rule_blocker));
        Ok(users)
    }
}

pub(super) async fn groups(
    client: &Client,
    name: &str,
    values: &[String],
) -> Result<Vec<Group>, Error> {
    client
        .describe_security_groups()
        .filters(ec2::filter(name, values))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeSecurityGroups", &error))
}

/// Whether a rule lets everything out to everywhere, as AWS's own one of a new group does.
fn allows_everything_out(observed: &Attributes) -> bool {
    at(observed, "egress").items().iter().any(|rule| {
        let everywhere = |name: &str, all: &str| {
            rule.get(name)
                .items()
                .iter()
                .any(|range| range.as_str() == Some(all))
        };
        rule.get("protocol").as_str() == Some("-1")
            && (everywhere("cidr_blocks", "0.0.0.0/0") || everywhere("ipv6_cidr_blocks", "::/0"))
    })
}

/// Takes away AWS's own rule. One with a tag of ours is a resource and stays.
async fn revoke_default_egress(client: &Client, group: &str) -> Result<(), Error> {
    let ids: Vec<String> = ec2::rules(client, "group-id", &[group.to_owned()])
        .await?
        .into_iter()
        .filter(is_default_egress)
        .filter_map(|rule| rule.security_group_rule_id)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let answer = client
        .revoke_security_group_egress()
        .group_id(group)
        .set_security_group_rule_ids(Some(ids))
        .send()
        .await
        .map_err(|error| Error::of("ec2:RevokeSecurityGroupEgress", &error));
    match answer {
        // The SDK repeats a call that was not answered, and the first may have done it: the
        // step reads the group again, and sees what is left to revoke.
        Err(error) if error.kind == ErrorKind::NotFound => Err(Error {
            kind: ErrorKind::Conflict,
            ..error
        }),
        answer => answer.map(drop),
    }
}

fn is_default_egress(rule: &SecurityGroupRule) -> bool {
    let tagged = rule.tags().iter().any(|tag| tag.key() == Some(APP_TAG));
    rule.is_egress == Some(true)
        && !tagged
        && rule.ip_protocol() == Some("-1")
        && (rule.cidr_ipv4() == Some("0.0.0.0/0") || rule.cidr_ipv6() == Some("::/0"))
}

/// Rules of other groups that name this one, found through the groups that have them:
/// rules can't be filtered by what they refer to.
async fn referring_rules(client: &Client, id: &Id) -> Result<Vec<SecurityGroupRule>, Error> {
    let this = std::slice::from_ref(&id.text);
    let (ingress, egress) = try_join(
        groups(client, "ip-permission.group-id", this),
        groups(client, "egress.ip-permission.group-id", this),
    )
    .await?;
    let others: BTreeSet<String> = ingress
        .into_iter()
        .chain(egress)
        .filter_map(|group| group.group_id)
        .filter(|group| *group != id.text)
        .collect();
    let others: Vec<String> = others.into_iter().collect();
    let rules = ec2::rules(client, "group-id", &others).await?;
    Ok(rules
        .into_iter()
        .filter(|rule| {
            let referenced = rule.referenced_group_info();
            referenced.and_then(|of| of.group_id()) == Some(&id.text)
        })
        .collect())
}

fn rule_blocker(rule: &SecurityGroupRule) -> Blocker {
    Blocker {
        what: format!(
            "rule {} of security group {}",
            rule.security_group_rule_id().unwrap_or_default(),
            rule.group_id().unwrap_or_default()
        ),
        id: rule.security_group_rule_id.clone(),
        leaves: false,
    }
}

/// Everything that AWS reports, under the schema's names.
pub(super) fn observed(group: &Group) -> Attributes {
    let rules = |permissions: &[IpPermission]| {
        Value::List(
            permissions
                .iter()
                .flat_map(|permission| rules(permission, group.group_id()))
                .collect(),
        )
    };
    given([
        ("id", group.group_id().into()),
        ("arn", group.security_group_arn().into()),
        ("name", group.group_name().into()),
        ("description", group.description().into()),
        ("vpc_id", group.vpc_id().into()),
        ("owner_id", group.owner_id().into()),
        ("ingress", rules(group.ip_permissions())),
        ("egress", rules(group.ip_permissions_egress())),
        ("tags", ec2::tags(group.tags()).value()),
    ])
}

/// One object for each description: the schema has one for all of an object's sources.
fn rules(permission: &IpPermission, this: Option<&str>) -> Vec<Value> {
    #[derive(Default)]
    struct Sources<'a> {
        v4: Vec<&'a str>,
        v6: Vec<&'a str>,
        prefix_lists: Vec<&'a str>,
        groups: Vec<&'a str>,
        this: bool,
    }
    let mut by_description: BTreeMap<&str, Sources<'_>> = BTreeMap::new();
    for range in permission.ip_ranges() {
        let sources = by_description.entry(range.description().unwrap_or_default());
        sources.or_default().v4.extend(range.cidr_ip());
    }
    for range in permission.ipv6_ranges() {
        let sources = by_description.entry(range.description().unwrap_or_default());
        sources.or_default().v6.extend(range.cidr_ipv6());
    }
    for list in permission.prefix_list_ids() {
        let sources = by_description.entry(list.description().unwrap_or_default());
        sources
            .or_default()
            .prefix_lists
            .extend(list.prefix_list_id());
    }
    for pair in permission.user_id_group_pairs() {
        let sources = by_description
            .entry(pair.description().unwrap_or_default())
            .or_default();
        if pair.group_id() == this {
            sources.this = true;
        } else {
            sources.groups.extend(pair.group_id());
        }
    }
    by_description
        .into_iter()
        .map(|(description, sources)| {
            Value::map([
                ("cidr_blocks", Value::texts(sources.v4)),
                ("description", description.into()),
                ("from_port", permission.from_port().unwrap_or(0).into()),
                ("ipv6_cidr_blocks", Value::texts(sources.v6)),
                ("prefix_list_ids", Value::texts(sources.prefix_lists)),
                ("protocol", permission.ip_protocol().into()),
                ("security_groups", Value::texts(sources.groups)),
                ("self", sources.this.into()),
                ("to_port", permission.to_port().unwrap_or(0).into()),
            ])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        IpPermission, IpRange, SecurityGroup as Group, SecurityGroupRule, Tag, UserIdGroupPair,
    };

    use super::{allows_everything_out, is_default_egress, observed};
    use crate::aws::APP_TAG;
    use crate::value::Value;

    fn everywhere() -> IpPermission {
        IpPermission::builder()
            .ip_protocol("-1")
            .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
            .build()
    }

    #[test]
    fn the_rule_of_a_new_group_is_seen() {
        let new = Group::builder()
            .group_id("sg-1")
            .ip_permissions_egress(everywhere())
            .build();
        assert!(allows_everything_out(&observed(&new)));

        let closed = Group::builder().ip_permissions(everywhere()).build();
        assert!(!allows_everything_out(&observed(&closed)));
    }

    #[test]
    fn a_rule_of_ours_is_no_default() {
        let rule = SecurityGroupRule::builder()
            .is_egress(true)
            .ip_protocol("-1")
            .cidr_ipv4("0.0.0.0/0");
        assert!(is_default_egress(&rule.clone().build()));
        let tag = Tag::builder().key(APP_TAG).value("shop").build();
        assert!(!is_default_egress(&rule.clone().tags(tag).build()));
        assert!(!is_default_egress(&rule.is_egress(false).build()));
    }

    #[test]
    fn rules_are_objects_of_the_schema() {
        let permission = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-1").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").build())
            .build();
        let group = Group::builder()
            .group_id("sg-1")
            .ip_permissions(permission)
            .build();
        let attributes = observed(&group);
        let rule = &attributes["ingress"].items()[0];
        assert_eq!(rule.get("self"), &Value::Bool(true));
        assert_eq!(rule.get("security_groups"), &Value::texts(["sg-2"]));
        assert_eq!(rule.get("from_port"), &Value::Int(443));
    }
}
