//! `aws_subnet`: a part of a VPC's addresses, in one zone.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: a subnet of somebody else that has some of the addresses is found before
//! AWS is asked to make ours.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, HostnameType, ResourceType, Subnet as SdkSubnet, SubnetState,
};
use ipnet::IpNet;

use super::values::{differs, given, text, truth, word};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Settled, Wanted, ec2,
    network_interface,
};
use crate::resource::Id;
use crate::value::Attributes;

/// What can be changed, each by a call of its own.
const SETTINGS: &[&str] = &[
    "assign_ipv6_address_on_creation",
    "enable_dns64",
    "enable_resource_name_dns_a_record_on_launch",
    "enable_resource_name_dns_aaaa_record_on_launch",
    "map_public_ip_on_launch",
    "private_dns_hostname_type_on_launch",
];

/// The lifecycle of `aws_subnet`.
pub(super) struct Subnet;

#[async_trait]
impl Lifecycle for Subnet {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let list = async |batch: Vec<String>| {
            ec2::subnets(client, vec![ec2::filter("subnet-id", &batch)]).await
        };
        ec2::read(ids, list, SdkSubnet::subnet_id, observed).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(vpc) = text(&wanted.attributes, "vpc_id") else {
            return Ok(Vec::new());
        };
        let in_vpc = ec2::filter("vpc-id", &[vpc.to_owned()]);
        let all = ec2::subnets(&aws.ec2(&wanted.region), vec![in_vpc]).await?;
        let cidr = text(&wanted.attributes, "cidr_block");
        let all = all.iter().map(|subnet| {
            let found = ec2::found(wanted, subnet.subnet_id(), subnet.tags());
            (found, overlap(cidr, subnet.cidr_block()))
        });
        let (ours, others): (Vec<_>, Vec<_>) =
            all.partition(|(found, _)| found.ownership != Ownership::Foreign);
        let found = if ours.is_empty() {
            others
                .into_iter()
                .filter(|(_, overlaps)| *overlaps)
                .collect()
        } else {
            ours
        };
        Ok(found.into_iter().map(|(found, _)| found).collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateSubnet";
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        let answer = aws
            .ec2(&wanted.region)
            .create_subnet()
            .set_vpc_id(owned("vpc_id"))
            .set_cidr_block(owned("cidr_block"))
            .set_availability_zone(owned("availability_zone"))
            .set_availability_zone_id(owned("availability_zone_id"))
            .set_ipv6_native(truth(&wanted.attributes, "ipv6_native").filter(|native| *native))
            .tag_specifications(ec2::tag_specification(ResourceType::Subnet, wanted.tags()))
            .send()
            .await
            .map_err(|error| ec2::parent_missing(Error::of(operation, &error)))?;
        let id = answer.subnet.and_then(|subnet| subnet.subnet_id);
        let text = id.ok_or_else(|| {
            Error::new(
                ErrorKind::Uncertain,
                operation,
                "the answer names no subnet",
            )
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text,
        })
    }

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        let this = ec2::filter("subnet-id", std::slice::from_ref(&id.text));
        let found = ec2::subnets(&aws.ec2(&id.region), vec![this]).await?;
        let state = found.first().and_then(|subnet| subnet.state.clone());
        Ok(match state {
            Some(SubnetState::Available) => Settled::Done,
            Some(SubnetState::Failed) => Settled::Failed {
                why: "EC2 could not make the subnet; delete it and run again".to_owned(),
            },
            state => Settled::Waiting {
                what: format!("EC2: {id}"),
                detail: state.map_or("not to be seen yet".to_owned(), |state| state.to_string()),
            },
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let operation = "ec2:ModifySubnetAttribute";
        let client = aws.ec2(&id.region);
        let attributes = &wanted.attributes;
        for name in SETTINGS {
            if !differs(observed, attributes, name) {
                continue;
            }
            let flag = AttributeBooleanValue::builder()
                .set_value(truth(attributes, name))
                .build();
            let call = client.modify_subnet_attribute().subnet_id(&id.text);
            let call = match *name {
                "assign_ipv6_address_on_creation" => call.assign_ipv6_address_on_creation(flag),
                "enable_dns64" => call.enable_dns64(flag),
                "enable_resource_name_dns_a_record_on_launch" => {
                    call.enable_resource_name_dns_a_record_on_launch(flag)
                }
                "enable_resource_name_dns_aaaa_record_on_launch" => {
                    call.enable_resource_name_dns_aaaa_record_on_launch(flag)
                }
                "map_public_ip_on_launch" => call.map_public_ip_on_launch(flag),
                _ => call.set_private_dns_hostname_type_on_launch(
                    text(attributes, name).map(HostnameType::from),
                ),
            };
            call.send()
                .await
                .map_err(|error| Error::of(operation, &error))?;
        }
        ec2::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        aws.ec2(&id.region)
            .delete_subnet()
            .subnet_id(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteSubnet", &error))?;
        Ok(Deleted::Gone)
    }

    /// The network interfaces in it.
    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let client = aws.ec2(&id.region);
        let interfaces = network_interface::with(&client, "subnet-id", &id.text).await?;
        Ok(network_interface::users(aws, &id.region, &interfaces).await)
    }
}

/// Whether two networks have an address in common.
fn overlap(one: Option<&str>, other: Option<&str>) -> bool {
    let parsed = |network: Option<&str>| network.and_then(|text| text.parse::<IpNet>().ok());
    match (parsed(one), parsed(other)) {
        (Some(one), Some(other)) => one.contains(&other) || other.contains(&one),
        _ => false,
    }
}

/// Everything that AWS reports, under the schema's names.
fn observed(subnet: &SdkSubnet) -> Attributes {
    let names = subnet.private_dns_name_options_on_launch();
    let v6 = subnet.ipv6_cidr_block_association_set().first();
    given([
        ("id", subnet.subnet_id().into()),
        ("arn", subnet.subnet_arn().into()),
        ("vpc_id", subnet.vpc_id().into()),
        ("owner_id", subnet.owner_id().into()),
        ("cidr_block", subnet.cidr_block().into()),
        ("availability_zone", subnet.availability_zone().into()),
        ("availability_zone_id", subnet.availability_zone_id().into()),
        (
            "assign_ipv6_address_on_creation",
            subnet.assign_ipv6_address_on_creation.into(),
        ),
        ("enable_dns64", subnet.enable_dns64.unwrap_or(false).into()),
        (
            "enable_resource_name_dns_a_record_on_launch",
            names
                .and_then(|names| names.enable_resource_name_dns_a_record)
                .unwrap_or(false)
                .into(),
        ),
        (
            "enable_resource_name_dns_aaaa_record_on_launch",
            names
                .and_then(|names| names.enable_resource_name_dns_aaaa_record)
                .unwrap_or(false)
                .into(),
        ),
        (
            "private_dns_hostname_type_on_launch",
            word(names.and_then(|names| names.hostname_type.as_ref())),
        ),
        (
            "ipv6_cidr_block",
            v6.and_then(|v6| v6.ipv6_cidr_block.clone()).into(),
        ),
        (
            "ipv6_cidr_block_association_id",
            v6.and_then(|v6| v6.association_id.clone()).into(),
        ),
        ("ipv6_native", subnet.ipv6_native.unwrap_or(false).into()),
        (
            "map_public_ip_on_launch",
            subnet.map_public_ip_on_launch.into(),
        ),
        ("tags", ec2::tags(subnet.tags()).value()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Subnet as SdkSubnet;

    use super::{observed, overlap};
    use crate::value::Value;

    #[test]
    fn addresses_in_common_are_seen() {
        let check = |one: &str, other: &str| overlap(Some(one), Some(other));
        assert!(check("10.0.0.0/21", "10.0.0.0/21"));
        assert!(check("10.0.0.0/20", "10.0.8.0/21"));
        assert!(check("10.0.8.0/21", "10.0.0.0/20"));
        assert!(!check("10.0.0.0/21", "10.0.8.0/21"));
        assert!(!overlap(None, Some("10.0.8.0/21")));
    }

    #[test]
    fn what_aws_leaves_out_is_off() {
        let subnet = SdkSubnet::builder()
            .subnet_id("subnet-1")
            .map_public_ip_on_launch(true)
            .build();
        let attributes = observed(&subnet);
        assert_eq!(attributes["map_public_ip_on_launch"], Value::Bool(true));
        assert_eq!(attributes["enable_dns64"], Value::Bool(false));
        assert_eq!(attributes["ipv6_native"], Value::Bool(false));
        assert!(!attributes.contains_key("ipv6_cidr_block"));
    }
}
