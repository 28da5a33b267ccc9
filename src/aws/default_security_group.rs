//! `aws_default_security_group`: the group that AWS makes with a VPC, closed.
//!
//! Calls: EC2 API reference, version 2016-11-15. The group can't be deleted and goes with its
//! VPC (VPC user guide, "Default security groups for your VPCs").
//!
//! *Invariant*: it has no rule. Nothing here adds one.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{SecurityGroup as Group, SecurityGroupRule};
use futures::future::try_join;

use super::security_group::{groups, observed};
use super::values::{at, text};
use super::{
    APP_TAG, Aws, Deleted, ENVIRONMENT_TAG, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted,
    ec2,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_default_security_group`.
pub(super) struct DefaultSecurityGroup;

#[async_trait]
impl Lifecycle for DefaultSecurityGroup {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let list = async |batch: Vec<String>| groups(client, "group-id", &batch).await;
        ec2::read(ids, list, Group::group_id, observed).await
    }

    /// It is ours where it has our tags. One without, in a VPC that this app made, is as AWS
    /// made it with the VPC: nobody is asked before it is taken, as if it were to be made.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(vpc) = text(&wanted.attributes, "vpc_id") else {
            return Ok(Vec::new());
        };
        let client = aws.ec2(&wanted.region);
        let (group, vpc_is_ours) =
            try_join(of_vpc(&client, vpc), is_ours(&client, vpc, wanted)).await?;
        let found = group.map(|group| ec2::found(wanted, group.group_id(), group.tags()));
        let is_new = |found: &Found| found.ownership == Ownership::Foreign && vpc_is_ours;
        Ok(found.into_iter().filter(|found| !is_new(found)).collect())
    }

    /// Makes no call that changes anything: AWS has made it.
    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:DescribeSecurityGroups";
        let vpc = text(&wanted.attributes, "vpc_id").unwrap_or_default();
        let group = of_vpc(&aws.ec2(&wanted.region), vpc).await?;
        let id = group.and_then(|group| group.group_id).ok_or_else(|| {
            let message = format!("{vpc} shows no default group yet");
            Error::new(ErrorKind::NotFound, operation, message)
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text: id,
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
        let open = |name: &str| !at(observed, name).items().is_empty();
        let closed = |name: &str| matches!(wanted.attributes.get(name), Some(Value::List(_)));
        let (ingress, egress) = (
            open("ingress") && closed("ingress"),
            open("egress") && closed("egress"),
        );
        if ingress || egress {
            let rules = ec2::rules(&client, "group-id", std::slice::from_ref(&id.text)).await?;
            if ingress {
                revoke_ingress(&client, id, ids(&rules, false)).await?;
            }
            if egress {
                revoke_egress(&client, id, ids(&rules, true)).await?;
            }
        }
        ec2::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    /// AWS takes it away with the VPC, and nothing else can.
    async fn delete(
        &self,
        _aws: &Aws,
        _id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        Ok(Deleted::Gone)
    }
}

async fn of_vpc(client: &Client, vpc: &str) -> Result<Option<Group>, Error> {
    let found = groups(client, "vpc-id", &[vpc.to_owned()]).await?;
    Ok(found
        .into_iter()
        .find(|group| group.group_name() == Some("default")))
}

/// Whether the VPC was made for this app and environment; also where the state that made it was
/// lost.
async fn is_ours(client: &Client, vpc: &str, wanted: &Wanted) -> Result<bool, Error> {
    let owner = &wanted.owner;
    let tag =
        |key: &str, value: &String| ec2::filter(&format!("tag:{key}"), std::slice::from_ref(value));
    let answer = client
        .describe_vpcs()
        .filters(ec2::filter("vpc-id", &[vpc.to_owned()]))
        .filters(tag(APP_TAG, &owner.app))
        .filters(tag(ENVIRONMENT_TAG, &owner.environment))
        .send()
        .await
        .map_err(|error| Error::of("ec2:DescribeVpcs", &error))?;
    Ok(!answer.vpcs().is_empty())
}

fn ids(rules: &[SecurityGroupRule], egress: bool) -> Vec<String> {
    rules
        .iter()
        .filter(|rule| rule.is_egress == Some(egress))
        .filter_map(|rule| rule.security_group_rule_id.clone())
        .collect()
}

async fn revoke_ingress(client: &Client, id: &Id, rules: Vec<String>) -> Result<(), Error> {
    if !rules.is_empty() {
        client
            .revoke_security_group_ingress()
            .group_id(&id.text)
            .set_security_group_rule_ids(Some(rules))
            .send()
            .await
            .map_err(|error| Error::of("ec2:RevokeSecurityGroupIngress", &error))?;
    }
    Ok(())
}

async fn revoke_egress(client: &Client, id: &Id, rules: Vec<String>) -> Result<(), Error> {
    if !rules.is_empty() {
        client
            .revoke_security_group_egress()
            .group_id(&id.text)
            .set_security_group_rule_ids(Some(rules))
            .send()
            .await
            .map_err(|error| Error::of("ec2:RevokeSecurityGroupEgress", &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::SecurityGroupRule;

    use super::ids;

    #[test]
    fn rules_are_told_apart_by_direction() {
        let rule = |id: &str, egress| {
            SecurityGroupRule::builder()
                .security_group_rule_id(id)
                .is_egress(egress)
                .build()
        };
        let rules = [rule("sgr-in", false), rule("sgr-out", true)];
        assert_eq!(ids(&rules, false), ["sgr-in"]);
        assert_eq!(ids(&rules, true), ["sgr-out"]);
    }
}
