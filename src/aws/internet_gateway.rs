//! `aws_internet_gateway`: the way between a VPC and the internet.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: one that is attached is detached before it is deleted, and detached only
//! when nothing in its VPC has a public address any more: AWS refuses it before.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, InternetGateway as Gateway, ResourceType};

use super::values::{given, text};
use super::{
    Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted, ec2, network_interface,
};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_internet_gateway`.
pub(super) struct InternetGateway;

#[async_trait]
impl Lifecycle for InternetGateway {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let region = first.region.as_str();
        let list = async |batch: Vec<String>| {
            gateways(client, vec![ec2::filter("internet-gateway-id", &batch)]).await
        };
        ec2::read(ids, list, Gateway::internet_gateway_id, |gateway| {
            observed(gateway, region)
        })
        .await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let found = gateways(&aws.ec2(&wanted.region), ec2::ours(wanted)).await?;
        Ok(found
            .iter()
            .map(|gateway| ec2::found(wanted, gateway.internet_gateway_id(), gateway.tags()))
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateInternetGateway";
        let tags = ec2::tag_specification(ResourceType::InternetGateway, wanted.tags());
        let answer = aws
            .ec2(&wanted.region)
            .create_internet_gateway()
            .tag_specifications(tags)
            .customize()
            .config_override(ec2::once())
            .send()
            .await
            .map_err(|error| Error::of(operation, &error))?;
        let gateway = answer.internet_gateway;
        let text = gateway
            .and_then(|gateway| gateway.internet_gateway_id)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Uncertain,
                    operation,
                    "the answer names no gateway",
                )
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
        if let Some(vpc) = text(&wanted.attributes, "vpc_id")
            && text(observed, "vpc_id") != Some(vpc)
        {
            if let Some(other) = text(observed, "vpc_id") {
                detach(&client, id, other).await?;
            }
            attach(&client, id, vpc).await?;
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
        if let Some(vpc) = text(observed, "vpc_id") {
            detach(&client, id, vpc).await?;
            return Ok(Deleted::Waiting {
                what: format!("EC2: {id}"),
                detail: format!("detached from {vpc}, to be deleted"),
            });
        }
        client
            .delete_internet_gateway()
            .internet_gateway_id(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteInternetGateway", &error))?;
        Ok(Deleted::Gone)
    }

    /// The interfaces of its VPC that have a public address.
    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let client = aws.ec2(&id.region);
        let this = ec2::filter("internet-gateway-id", std::slice::from_ref(&id.text));
        let found = gateways(&client, vec![this]).await?;
        let Some(vpc) = found.first().and_then(vpc_of) else {
            return Ok(Vec::new());
        };
        let mut interfaces = network_interface::with(&client, "vpc-id", vpc).await?;
        interfaces.retain(|interface| {
            let association = interface.association();
            association.is_some_and(|of| of.public_ip().is_some())
        });
        Ok(network_interface::users(aws, &id.region, &interfaces).await)
    }
}

async fn gateways(client: &Client, filters: Vec<Filter>) -> Result<Vec<Gateway>, Error> {
    client
        .describe_internet_gateways()
        .set_filters(Some(filters))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeInternetGateways", &error))
}

/// A call that was carried out and not answered is repeated, and AWS refuses to attach what is
/// attached: then it is looked to what.
async fn attach(client: &Client, id: &Id, vpc: &str) -> Result<(), Error> {
    let attached = client
        .attach_internet_gateway()
        .internet_gateway_id(&id.text)
        .vpc_id(vpc)
        .send()
        .await
        .map_err(|error| Error::of("ec2:AttachInternetGateway", &error));
    let Err(error) = attached else {
        return Ok(());
    };
    if error.code.as_deref() != Some("Resource.AlreadyAssociated") {
        return Err(error);
    }
    let only = ec2::filter("internet-gateway-id", std::slice::from_ref(&id.text));
    let found = gateways(client, vec![only]).await?;
    if found.iter().any(|gateway| vpc_of(gateway) == Some(vpc)) {
        Ok(())
    } else {
        Err(error)
    }
}

/// That it is not attached any more is what a repeated call finds, too.
async fn detach(client: &Client, id: &Id, vpc: &str) -> Result<(), Error> {
    let detached = client
        .detach_internet_gateway()
        .internet_gateway_id(&id.text)
        .vpc_id(vpc)
        .send()
        .await
        .map_err(|error| Error::of("ec2:DetachInternetGateway", &error));
    match detached {
        Err(error) if error.code.as_deref() == Some("Gateway.NotAttached") => Ok(()),
        detached => detached.map(drop),
    }
}

fn vpc_of(gateway: &Gateway) -> Option<&str> {
    let attachment = gateway.attachments().first()?;
    attachment.vpc_id()
}

/// Everything that AWS reports, under the schema's names.
fn observed(gateway: &Gateway, region: &str) -> Attributes {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let owner = gateway.owner_id().unwrap_or_default();
    given([
        ("id", id.into()),
        (
            "arn",
            ec2::arn(region, owner, "internet-gateway", id).into(),
        ),
        ("owner_id", owner.into()),
        ("vpc_id", vpc_of(gateway).into()),
        ("tags", ec2::tags(gateway.tags()).value()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InternetGateway as Gateway, InternetGatewayAttachment};

    use super::observed;
    use crate::value::Value;

    #[test]
    fn a_gateway_says_where_it_is_attached() {
        let gateway = Gateway::builder()
            .internet_gateway_id("igw-1")
            .owner_id("123456789012");
        let loose = observed(&gateway.clone().build(), "eu-west-1");
        assert!(!loose.contains_key("vpc_id"));
        let attachment = InternetGatewayAttachment::builder().vpc_id("vpc-1").build();
        let attached = observed(&gateway.attachments(attachment).build(), "eu-west-1");
        assert_eq!(attached["vpc_id"], Value::from("vpc-1"));
        assert_eq!(
            attached["arn"],
            Value::from("arn:aws:ec2:eu-west-1:123456789012:internet-gateway/igw-1")
        );
    }
}
