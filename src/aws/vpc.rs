//! `aws_vpc`: a network of one's own.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: IPv4 alone, and one block of it: what else a VPC can have is refused, not
//! forgotten.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Tag, Tenancy, Vpc as SdkVpc, VpcAttributeName,
    VpcState,
};
use futures::future::{join_all, try_join, try_join3};

use super::cloudfront_vpc_origin::SERVICE_GROUP;
use super::values::{differs, given, text, truth, word};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Settled, Wanted, ec2, security_group,
};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The lifecycle of `aws_vpc`.
pub(super) struct Vpc;

/// A VPC and what AWS tells of it in other calls.
struct Seen {
    vpc: SdkVpc,
    dns_support: Option<bool>,
    dns_hostnames: Option<bool>,
    group: Option<String>,
    route_table: Option<String>,
    acl: Option<String>,
}

#[async_trait]
impl Lifecycle for Vpc {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let region = first.region.as_str();
        let list = async |batch: Vec<String>| seen(client, &batch).await;
        ec2::read(
            ids,
            list,
            |seen: &Seen| seen.vpc.vpc_id(),
            |seen| observed(seen, region),
        )
        .await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let found = vpcs(&aws.ec2(&wanted.region), ec2::ours(wanted)).await?;
        Ok(found
            .iter()
            .map(|vpc| ec2::found(wanted, vpc.vpc_id(), vpc.tags()))
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateVpc";
        let attributes = &wanted.attributes;
        let answer = aws
            .ec2(&wanted.region)
            .create_vpc()
            .set_cidr_block(text(attributes, "cidr_block").map(str::to_owned))
            .set_instance_tenancy(text(attributes, "instance_tenancy").map(Tenancy::from))
            .tag_specifications(ec2::tag_specification(ResourceType::Vpc, wanted.tags()))
            .customize()
            .config_override(ec2::once())
            .send()
            .await
            .map_err(|error| Error::of(operation, &error))?;
        let id = answer.vpc.and_then(|vpc| vpc.vpc_id).ok_or_else(|| {
            Error::new(ErrorKind::Uncertain, operation, "the answer names no VPC")
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text: id,
        })
    }

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        let this = ec2::filter("vpc-id", std::slice::from_ref(&id.text));
        let found = vpcs(&aws.ec2(&id.region), vec![this]).await?;
        let state = found.first().and_then(|vpc| vpc.state.clone());
        Ok(match state {
            Some(VpcState::Available) => Settled::Done,
            state => Settled::Waiting {
                what: format!("EC2: {id}"),
                detail: state.map_or("not to be seen yet".to_owned(), |state| state.to_string()),
            },
        })
    }

    /// Host names need the resolver: it is turned on first and off last.
    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.ec2(&id.region);
        let mut names = ["enable_dns_support", "enable_dns_hostnames"];
        if truth(&wanted.attributes, "enable_dns_support") == Some(false) {
            names.reverse();
        }
        for name in names {
            if !differs(observed, &wanted.attributes, name) {
                continue;
            }
            let value = AttributeBooleanValue::builder()
                .set_value(truth(&wanted.attributes, name))
                .build();
            let call = client.modify_vpc_attribute().vpc_id(&id.text);
            let call = match name {
                "enable_dns_support" => call.enable_dns_support(value),
                _ => call.enable_dns_hostnames(value),
            };
            call.send()
                .await
                .map_err(|error| Error::of("ec2:ModifyVpcAttribute", &error))?;
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
            .delete_vpc()
            .vpc_id(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteVpc", &error))?;
        Ok(Deleted::Gone)
    }

    /// Everything that stands in it but for what AWS made with it.
    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let client = aws.ec2(&id.region);
        let vpc = id.text.as_str();
        let (inside, around) = try_join(inside(&client, vpc), around(&client, vpc)).await?;
        Ok(inside
            .into_iter()
            .chain(around)
            .map(|(what, id, tags)| Blocker {
                what: format!("{what} {id}{}", ec2::name_of(&tags)),
                id: Some(id),
                leaves: false,
            })
            .collect())
    }
}

type Thing = (&'static str, String, Vec<Tag>);

/// Subnets, and security groups but for the default one.
async fn inside(client: &Client, vpc: &str) -> Result<Vec<Thing>, Error> {
    let this = [vpc.to_owned()];
    let (subnets, groups) = try_join(
        ec2::subnets(client, vec![ec2::filter("vpc-id", &this)]),
        security_group::groups(client, "vpc-id", &this),
    )
    .await?;
    let subnets = subnets.into_iter().map(|subnet| {
        let id = subnet.subnet_id.unwrap_or_default();
        ("subnet", id, subnet.tags.unwrap_or_default())
    });
    let groups = groups
        .into_iter()
        // That of VPC origins is made by AWS, and goes with the last of them: as long as one
        // stands, its interfaces are in the way by themselves.
        .filter(|group| {
            let name = group.group_name().unwrap_or_default();
            name != "default" && !name.starts_with(SERVICE_GROUP)
        })
        .map(|group| {
            let id = group.group_id.unwrap_or_default();
            ("security group", id, group.tags.unwrap_or_default())
        });
    Ok(subnets.chain(groups).collect())
}

/// Gateways, endpoints, and route tables but for the main one.
async fn around(client: &Client, vpc: &str) -> Result<Vec<Thing>, Error> {
    let this = [vpc.to_owned()];
    let gateways = async {
        client
            .describe_internet_gateways()
            .filters(ec2::filter("attachment.vpc-id", &this))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::of("ec2:DescribeInternetGateways", &error))
    };
    let endpoints = async {
        client
            .describe_vpc_endpoints()
            .filters(ec2::filter("vpc-id", &this))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::of("ec2:DescribeVpcEndpoints", &error))
    };
    let tables = ec2::route_tables(client, vec![ec2::filter("vpc-id", &this)]);
    let (gateways, endpoints, tables) = try_join3(gateways, endpoints, tables).await?;
    let gateways = gateways.into_iter().map(|gateway| {
        let id = gateway.internet_gateway_id.unwrap_or_default();
        ("internet gateway", id, gateway.tags.unwrap_or_default())
    });
    let endpoints = endpoints.into_iter().map(|endpoint| {
        let id = endpoint.vpc_endpoint_id.unwrap_or_default();
        ("endpoint", id, endpoint.tags.unwrap_or_default())
    });
    let tables = tables
        .into_iter()
        .filter(|table| {
            !table
                .associations()
                .iter()
                .any(|one| one.main == Some(true))
        })
        .map(|table| {
            let id = table.route_table_id.unwrap_or_default();
            ("route table", id, table.tags.unwrap_or_default())
        });
    Ok(gateways.chain(endpoints).chain(tables).collect())
}

async fn vpcs(client: &Client, filters: Vec<Filter>) -> Result<Vec<SdkVpc>, Error> {
    client
        .describe_vpcs()
        .set_filters(Some(filters))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeVpcs", &error))
}

/// VPCs with what stands in other answers: whether they resolve names, and what AWS made
/// with each.
async fn seen(client: &Client, ids: &[String]) -> Result<Vec<Seen>, Error> {
    let of_vpcs = || ec2::filter("vpc-id", ids);
    let acls = async {
        client
            .describe_network_acls()
            .filters(of_vpcs())
            .filters(ec2::filter("default", &["true".to_owned()]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::of("ec2:DescribeNetworkAcls", &error))
    };
    let main = ec2::filter("association.main", &["true".to_owned()]);
    let (vpcs, (groups, tables, acls)) = try_join(
        vpcs(client, vec![of_vpcs()]),
        try_join3(
            security_group::groups(client, "vpc-id", ids),
            ec2::route_tables(client, vec![of_vpcs(), main]),
            acls,
        ),
    )
    .await?;
    let with = vpcs.iter().map(async |vpc| {
        let id = vpc.vpc_id().unwrap_or_default();
        let (dns_support, dns_hostnames) = try_join(
            attribute(client, id, VpcAttributeName::EnableDnsSupport),
            attribute(client, id, VpcAttributeName::EnableDnsHostnames),
        )
        .await?;
        let default = |group: &&aws_sdk_ec2::types::SecurityGroup| {
            group.vpc_id() == Some(id) && group.group_name() == Some("default")
        };
        let group = groups.iter().find(default);
        let table = tables.iter().find(|table| table.vpc_id() == Some(id));
        let acl = acls.iter().find(|acl| acl.vpc_id() == Some(id));
        Ok(Seen {
            dns_support,
            dns_hostnames,
            group: group.and_then(|group| group.group_id.clone()),
            route_table: table.and_then(|table| table.route_table_id.clone()),
            acl: acl.and_then(|acl| acl.network_acl_id.clone()),
            vpc: vpc.clone(),
        })
    });
    join_all(with).await.into_iter().collect()
}

async fn attribute(
    client: &Client,
    vpc: &str,
    name: VpcAttributeName,
) -> Result<Option<bool>, Error> {
    let answer = client
        .describe_vpc_attribute()
        .vpc_id(vpc)
        .attribute(name.clone())
        .send()
        .await
        .map_err(|error| Error::of("ec2:DescribeVpcAttribute", &error))?;
    let value = match name {
        VpcAttributeName::EnableDnsSupport => answer.enable_dns_support,
        _ => answer.enable_dns_hostnames,
    };
    Ok(value.and_then(|value| value.value))
}

/// Everything that AWS reports, under the schema's names.
fn observed(seen: &Seen, region: &str) -> Attributes {
    let vpc = &seen.vpc;
    let id = vpc.vpc_id().unwrap_or_default();
    let owner = vpc.owner_id().unwrap_or_default();
    let v6 = vpc.ipv6_cidr_block_association_set().first();
    let table = Value::from(seen.route_table.clone());
    given([
        ("id", id.into()),
        ("arn", ec2::arn(region, owner, "vpc", id).into()),
        ("cidr_block", vpc.cidr_block().into()),
        ("default_network_acl_id", seen.acl.clone().into()),
        ("default_route_table_id", table.clone()),
        ("default_security_group_id", seen.group.clone().into()),
        ("dhcp_options_id", vpc.dhcp_options_id().into()),
        ("enable_dns_hostnames", seen.dns_hostnames.into()),
        ("enable_dns_support", seen.dns_support.into()),
        ("instance_tenancy", word(vpc.instance_tenancy.as_ref())),
        (
            "ipv6_association_id",
            v6.and_then(|v6| v6.association_id.clone()).into(),
        ),
        (
            "ipv6_cidr_block",
            v6.and_then(|v6| v6.ipv6_cidr_block.clone()).into(),
        ),
        ("main_route_table_id", table),
        ("owner_id", owner.into()),
        ("tags", ec2::tags(vpc.tags()).value()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Tenancy, Vpc as SdkVpc};

    use super::{Seen, observed};
    use crate::value::Value;

    #[test]
    fn a_vpc_speaks_the_provider_s_words() {
        let vpc = SdkVpc::builder()
            .vpc_id("vpc-1")
            .cidr_block("10.0.0.0/16")
            .instance_tenancy(Tenancy::Default)
            .owner_id("123456789012")
            .build();
        let seen = Seen {
            vpc,
            dns_support: Some(true),
            dns_hostnames: Some(false),
            group: Some("sg-1".to_owned()),
            route_table: Some("rtb-1".to_owned()),
            acl: None,
        };
        let attributes = observed(&seen, "eu-west-1");
        assert_eq!(
            attributes["arn"],
            Value::from("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1")
        );
        assert_eq!(attributes["enable_dns_hostnames"], Value::Bool(false));
        assert_eq!(attributes["default_security_group_id"], Value::from("sg-1"));
        assert_eq!(attributes["main_route_table_id"], Value::from("rtb-1"));
        assert!(!attributes.contains_key("default_network_acl_id"));
    }
}
