//! `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule`: what may
//! come in or go out.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: a rule is one source (or destination) and one range of ports; a change
//! rewrites it in one call, so that there is no moment without it and none with both.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, UserIdGroupPair,
};

use super::values::{at, differs, given, number, text};
use super::{
    ADDRESS_TAG, APP_TAG, Aws, ChildFound, Deleted, ENVIRONMENT_TAG, Error, ErrorKind, Found,
    Lifecycle, Ownership, Wanted, ec2,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of either kind of rule.
pub(super) struct SecurityGroupRules(pub(super) Direction);

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Into the group.
    In,
    /// Out of the group.
    Out,
}

/// What a rule is, beside its group and its tags.
const CONTENT: &[&str] = &[
    "cidr_ipv4",
    "cidr_ipv6",
    "from_port",
    "ip_protocol",
    "prefix_list_id",
    "referenced_security_group_id",
    "to_port",
];

#[async_trait]
impl Lifecycle for SecurityGroupRules {
    /// EC2 names rules of both directions alike.
    fn read_as(&self, _kind: &'static str) -> &'static str {
        INGRESS
    }

    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let texts: Vec<String> = ids.iter().map(|id| id.text.clone()).collect();
        match ec2::rules(&aws.ec2(&first.region), BY_ID, &texts).await {
            Ok(rules) => {
                let mut found: BTreeMap<&str, Attributes> = rules
                    .iter()
                    .filter_map(|rule| Some((rule.security_group_rule_id()?, observed(rule))))
                    .collect();
                ids.iter()
                    .map(|id| Ok(found.remove(id.text.as_str())))
                    .collect()
            }
            Err(error) => ids.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// A rule of this content and without tags was made by hand in a group that is ours. It
    /// is found, since AWS would refuse to make a second one.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(group) = text(&wanted.attributes, "security_group_id") else {
            return Ok(Vec::new());
        };
        let client = aws.ec2(&wanted.region);
        let rules = ec2::rules(&client, "group-id", &[group.to_owned()]).await?;
        let found: Vec<Found> = rules
            .iter()
            .filter(|rule| self.0 == direction(rule))
            .filter_map(|rule| {
                Some(Found {
                    ownership: ownership(rule, wanted)?,
                    id: Id {
                        region: wanted.region.clone(),
                        text: rule.security_group_rule_id()?.to_owned(),
                    },
                })
            })
            .collect();
        let tagged: Vec<Found> = found
            .iter()
            .filter(|found| matches!(found.ownership, Ownership::Tagged { .. }))
            .cloned()
            .collect();
        Ok(if tagged.is_empty() { found } else { tagged })
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let client = aws.ec2(&wanted.region);
        let group = text(&wanted.attributes, "security_group_id").unwrap_or_default();
        let permission = permission(&wanted.attributes);
        let tags = ec2::tag_specification(ResourceType::SecurityGroupRule, wanted.tags());
        let (operation, rules) = match self.0 {
            Direction::In => {
                let operation = "ec2:AuthorizeSecurityGroupIngress";
                let answer = client
                    .authorize_security_group_ingress()
                    .group_id(group)
                    .ip_permissions(permission)
                    .tag_specifications(tags)
                    .send()
                    .await
                    .map_err(|error| ec2::parent_missing(Error::of(operation, &error)))?;
                (operation, answer.security_group_rules)
            }
            Direction::Out => {
                let operation = "ec2:AuthorizeSecurityGroupEgress";
                let answer = client
                    .authorize_security_group_egress()
                    .group_id(group)
                    .ip_permissions(permission)
                    .tag_specifications(tags)
                    .send()
                    .await
                    .map_err(|error| ec2::parent_missing(Error::of(operation, &error)))?;
                (operation, answer.security_group_rules)
            }
        };
        let rule = rules.unwrap_or_default().into_iter().next();
        let text = rule
            .and_then(|rule| rule.security_group_rule_id)
            .ok_or_else(|| {
                Error::new(ErrorKind::Uncertain, operation, "the answer names no rule")
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
        let attributes = &wanted.attributes;
        let changed = CONTENT
            .iter()
            .chain(&["description"])
            .any(|name| differs(observed, attributes, name));
        if changed {
            let update = SecurityGroupRuleUpdate::builder()
                .security_group_rule_id(&id.text)
                .security_group_rule(request(observed, attributes))
                .build();
            client
                .modify_security_group_rules()
                .set_group_id(text(attributes, "security_group_id").map(str::to_owned))
                .security_group_rules(update)
                .send()
                .await
                .map_err(|error| {
                    ec2::parent_missing(Error::of("ec2:ModifySecurityGroupRules", &error))
                })?;
        }
        ec2::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let client = aws.ec2(&id.region);
        let group = text(observed, "security_group_id").unwrap_or_default();
        let answer = match self.0 {
            Direction::In => client
                .revoke_security_group_ingress()
                .group_id(group)
                .security_group_rule_ids(&id.text)
                .send()
                .await
                .map(|_| ())
                .map_err(|error| Error::of("ec2:RevokeSecurityGroupIngress", &error)),
            Direction::Out => client
                .revoke_security_group_egress()
                .group_id(group)
                .security_group_rule_ids(&id.text)
                .send()
                .await
                .map(|_| ())
                .map_err(|error| Error::of("ec2:RevokeSecurityGroupEgress", &error)),
        };
        match answer {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(Deleted::Gone),
        }
    }
}

/// Every rule of these groups, which are in one region, in one call.
pub(super) async fn of_groups(aws: &Aws, groups: &[Id]) -> Result<Vec<ChildFound>, Error> {
    let Some(first) = groups.first() else {
        return Ok(Vec::new());
    };
    let texts: Vec<String> = groups.iter().map(|id| id.text.clone()).collect();
    let rules = ec2::rules(&aws.ec2(&first.region), "group-id", &texts).await?;
    let children = rules.iter().filter_map(|rule| {
        Some(ChildFound {
            kind: match direction(rule) {
                Direction::In => INGRESS,
                Direction::Out => EGRESS,
            },
            id: Id {
                region: first.region.clone(),
                text: rule.security_group_rule_id()?.to_owned(),
            },
            attributes: observed(rule),
        })
    });
    Ok(children.collect())
}

const INGRESS: &str = "aws_vpc_security_group_ingress_rule";
const EGRESS: &str = "aws_vpc_security_group_egress_rule";
const BY_ID: &str = "security-group-rule-id";

fn direction(rule: &SecurityGroupRule) -> Direction {
    if rule.is_egress == Some(true) {
        Direction::Out
    } else {
        Direction::In
    }
}

/// Whose a rule of the group is; none if it is not the one that is looked for.
fn ownership(rule: &SecurityGroupRule, wanted: &Wanted) -> Option<Ownership> {
    let tagged = ec2::tags(rule.tags()).ownership(wanted);
    if tagged != Ownership::Foreign {
        return Some(tagged);
    }
    let observed = observed(rule);
    let same = CONTENT.iter().all(|name| {
        let wanted = at(&wanted.attributes, name);
        wanted.scalar_text() == at(&observed, name).scalar_text()
    });
    if !same {
        return None;
    }
    let tags = at(&observed, "tags").as_map();
    let says = |key: &str| tags.and_then(|tags| tags.get(key)).and_then(Value::as_str);
    match says(APP_TAG) {
        None => Some(Ownership::ChildOfOurs),
        // Another resource of ours, which the plan may be about to delete.
        Some(app)
            if app == wanted.owner.app
                && says(ENVIRONMENT_TAG) == Some(&wanted.owner.environment)
                && says(ADDRESS_TAG).is_some() =>
        {
            None
        }
        Some(_) => Some(Ownership::Foreign),
    }
}

/// Everything that AWS reports, under the schema's names. Ports of a rule for all
/// protocols say nothing.
fn observed(rule: &SecurityGroupRule) -> Attributes {
    let protocol = rule.ip_protocol();
    let port = |port: Option<i32>| port.filter(|_| protocol != Some("-1"));
    let referenced = rule.referenced_group_info().and_then(|of| {
        let group = of.group_id()?;
        Some(match (of.user_id(), rule.group_owner_id()) {
            (Some(user), Some(owner)) if user != owner => format!("{user}/{group}"),
            _ => group.to_owned(),
        })
    });
    given([
        ("id", rule.security_group_rule_id().into()),
        (
            "security_group_rule_id",
            rule.security_group_rule_id().into(),
        ),
        ("arn", rule.security_group_rule_arn().into()),
        ("security_group_id", rule.group_id().into()),
        ("ip_protocol", protocol.into()),
        ("from_port", port(rule.from_port()).into()),
        ("to_port", port(rule.to_port()).into()),
        ("cidr_ipv4", rule.cidr_ipv4().into()),
        ("cidr_ipv6", rule.cidr_ipv6().into()),
        ("prefix_list_id", rule.prefix_list_id().into()),
        ("referenced_security_group_id", referenced.into()),
        ("description", rule.description().into()),
        ("tags", ec2::tags(rule.tags()).value()),
    ])
}

fn permission(wanted: &Attributes) -> IpPermission {
    let owned = |name: &str| text(wanted, name).map(str::to_owned);
    let description = owned("description");
    let mut permission = IpPermission::builder()
        .set_ip_protocol(owned("ip_protocol"))
        .set_from_port(number(wanted, "from_port"))
        .set_to_port(number(wanted, "to_port"));
    if let Some(range) = owned("cidr_ipv4") {
        let range = IpRange::builder()
            .cidr_ip(range)
            .set_description(description.clone());
        permission = permission.ip_ranges(range.build());
    }
    if let Some(range) = owned("cidr_ipv6") {
        let range = Ipv6Range::builder()
            .cidr_ipv6(range)
            .set_description(description.clone());
        permission = permission.ipv6_ranges(range.build());
    }
    if let Some(list) = owned("prefix_list_id") {
        let list = PrefixListId::builder()
            .prefix_list_id(list)
            .set_description(description.clone());
        permission = permission.prefix_list_ids(list.build());
    }
    if let Some(group) = text(wanted, "referenced_security_group_id") {
        let (user, group) = account_and_group(group);
        let pair = UserIdGroupPair::builder()
            .set_user_id(user.map(str::to_owned))
            .group_id(group)
            .set_description(description);
        permission = permission.user_id_group_pairs(pair.build());
    }
    permission.build()
}

/// A rule is rewritten as a whole: an unmanaged description is sent again.
fn request(observed: &Attributes, wanted: &Attributes) -> SecurityGroupRuleRequest {
    let owned = |name: &str| text(wanted, name).map(str::to_owned);
    let description = match wanted.get("description") {
        Some(Value::String(text)) => Some(text.clone()),
        _ => text(observed, "description").map(str::to_owned),
    };
    let group = text(wanted, "referenced_security_group_id")
        .map(|group| account_and_group(group).1.to_owned());
    SecurityGroupRuleRequest::builder()
        .set_ip_protocol(owned("ip_protocol"))
        .set_from_port(number(wanted, "from_port"))
        .set_to_port(number(wanted, "to_port"))
        .set_cidr_ipv4(owned("cidr_ipv4"))
        .set_cidr_ipv6(owned("cidr_ipv6"))
        .set_prefix_list_id(owned("prefix_list_id"))
        .set_referenced_group_id(group)
        .set_description(description)
        .build()
}

/// A group of another account is written `ACCOUNT/sg-...`.
fn account_and_group(group: &str) -> (Option<&str>, &str) {
    group
        .split_once('/')
        .map_or((None, group), |(account, group)| (Some(account), group))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{ReferencedSecurityGroup, SecurityGroupRule, Tag};

    use super::{observed, ownership, permission, request};
    use crate::address::Address;
    use crate::aws::{ADDRESS_TAG, APP_TAG, ENVIRONMENT_TAG, Owner, Ownership, Wanted};
    use crate::value::{Attributes, Value};

    fn https_from_anywhere() -> Attributes {
        [
            ("security_group_id", Value::text("sg-1")),
            ("ip_protocol", "tcp".into()),
            ("from_port", Value::Int(443)),
            ("to_port", Value::Int(443)),
            ("cidr_ipv4", "0.0.0.0/0".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn wanted() -> Wanted {
        Wanted {
            address: Address::managed("web", "aws_vpc_security_group_ingress_rule", "https"),
            region: "eu-west-1".to_owned(),
            attributes: https_from_anywhere(),
            owner: Owner {
                app: "shop".to_owned(),
                environment: "prod".to_owned(),
                lineage: "a1b2".to_owned(),
            },
        }
    }

    #[test]
    fn ports_of_all_protocols_are_left_out() {
        let rule = SecurityGroupRule::builder()
            .ip_protocol("-1")
            .from_port(-1)
            .to_port(-1)
            .build();
        assert_eq!(observed(&rule).get("from_port"), None);
        let ping = SecurityGroupRule::builder()
            .ip_protocol("icmp")
            .from_port(-1)
            .build();
        assert_eq!(observed(&ping).get("from_port"), Some(&Value::Int(-1)));
    }

    #[test]
    fn a_group_of_another_account_carries_it() {
        let check = |user: &str, expected: &str| {
            let referenced = ReferencedSecurityGroup::builder()
                .group_id("sg-2")
                .user_id(user)
                .build();
            let rule = SecurityGroupRule::builder()
                .group_owner_id("111111111111")
                .referenced_group_info(referenced)
                .build();
            let group = &observed(&rule)["referenced_security_group_id"];
            assert_eq!(group.as_str(), Some(expected));
        };
        check("111111111111", "sg-2");
        check("222222222222", "222222222222/sg-2");
    }

    #[test]
    fn whose_a_rule_of_the_wanted_content_is() {
        let check = |tags: &[(&str, &str)], port: i32, expected: Option<Ownership>| {
            let tags = tags
                .iter()
                .map(|(key, value)| Tag::builder().key(*key).value(*value).build());
            let rule = SecurityGroupRule::builder()
                .ip_protocol("tcp")
                .from_port(port)
                .to_port(port)
                .cidr_ipv4("0.0.0.0/0")
                .set_tags(Some(tags.collect()))
                .build();
            assert_eq!(ownership(&rule, &wanted()), expected);
        };
        let of = |app, address| {
            [
                (APP_TAG, app),
                (ENVIRONMENT_TAG, "prod"),
                (ADDRESS_TAG, address),
            ]
        };
        check(&[], 443, Some(Ownership::ChildOfOurs));
        check(&[], 80, None);
        let ours = "web.aws_vpc_security_group_ingress_rule.https";
        let lineage = String::new();
        check(&of("shop", ours), 80, Some(Ownership::Tagged { lineage }));
        check(
            &of("shop", "web.aws_vpc_security_group_ingress_rule.old"),
            443,
            None,
        );
        check(&of("other", ours), 443, Some(Ownership::Foreign));
    }

    #[test]
    fn a_rule_is_sent_with_its_one_source() {
        let mut attributes = https_from_anywhere();
        attributes.insert("description".to_owned(), "HTTPS".into());
        let sent = permission(&attributes);
        assert_eq!(sent.from_port, Some(443));
        assert_eq!(sent.ip_ranges()[0].description(), Some("HTTPS"));
        assert!(sent.ipv6_ranges().is_empty());
    }

    #[test]
    fn an_unmanaged_description_survives_a_change() {
        let observed = Attributes::from([("description".to_owned(), "by hand".into())]);
        let sent = request(&observed, &https_from_anywhere());
        assert_eq!(sent.description(), Some("by hand"));
    }
}
