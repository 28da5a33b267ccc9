//! `aws_nat_gateway`: the way out for subnets into which there is no way.
//!
//! Calls: EC2 API reference, version 2016-11-15. States: `NatGateway`.
//!
//! *Invariant*: one that failed or was deleted is none, though EC2 shows it for another hour
//! (VPC user guide, "NAT gateway basics" and "Troubleshoot NAT gateways").

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    ConnectivityType, Filter, NatGateway, NatGatewayAddress, NatGatewayState, ResourceType,
};

use super::values::{given, text, word};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Settled, Wanted, ec2};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_nat_gateway`.
pub(super) struct NatGateways;

#[async_trait]
impl Lifecycle for NatGateways {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let list = async |batch: Vec<String>| {
            let mut found = gateways(client, vec![ec2::filter(BY_ID, &batch)]).await?;
            found.retain(stands);
            Ok(found)
        };
        ec2::read(ids, list, NatGateway::nat_gateway_id, observed).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let found = gateways(&aws.ec2(&wanted.region), ec2::ours(wanted)).await?;
        Ok(found
            .iter()
            .filter(|gateway| stands(gateway) && gateway.state != Some(NatGatewayState::Deleting))
            .map(|gateway| ec2::found(wanted, gateway.nat_gateway_id(), gateway.tags()))
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateNatGateway";
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        let answer = aws
            .ec2(&wanted.region)
            .create_nat_gateway()
            .client_token(token)
            .set_subnet_id(owned("subnet_id"))
            .set_allocation_id(owned("allocation_id"))
            .set_private_ip_address(owned("private_ip"))
            .set_connectivity_type(
                text(&wanted.attributes, "connectivity_type").map(ConnectivityType::from),
            )
            .tag_specifications(ec2::tag_specification(
                ResourceType::Natgateway,
                wanted.tags(),
            ))
            .send()
            .await
            .map_err(|error| refused(Error::of(operation, &error)))?;
        let text = answer
            .nat_gateway
            .and_then(|gateway| gateway.nat_gateway_id)
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

    async fn settle(&self, aws: &Aws, id: &Id) -> Result<Settled, Error> {
        let found = by_id(&aws.ec2(&id.region), id).await?;
        Ok(found.as_ref().map_or_else(
            || Settled::Waiting {
                what: format!("EC2: {id}"),
                detail: "not visible yet".to_owned(),
            },
            settled,
        ))
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        ec2::write_tags(&aws.ec2(&id.region), &id.text, wanted.tag_changes(observed)).await
    }

    /// Its address and its interface are free only when EC2 says `deleted`.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let client = aws.ec2(&id.region);
        let Some(gateway) = by_id(&client, id).await?.filter(stands) else {
            return Ok(Deleted::Gone);
        };
        if gateway.state != Some(NatGatewayState::Deleting) {
            let answer = client
                .delete_nat_gateway()
                .nat_gateway_id(&id.text)
                .send()
                .await
                .map_err(|error| Error::of("ec2:DeleteNatGateway", &error));
            match answer {
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deleted::Gone),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        Ok(Deleted::Waiting {
            what: format!("EC2: {id}"),
            detail: NatGatewayState::Deleting.as_str().to_owned(),
        })
    }
}

/// Every gateway for which these filters hold, those that are no more included.
pub(super) async fn gateways(
    client: &Client,
    filters: Vec<Filter>,
) -> Result<Vec<NatGateway>, Error> {
    client
        .describe_nat_gateways()
        .set_filter(Some(filters))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeNatGateways", &error))
}

const BY_ID: &str = "nat-gateway-id";

async fn by_id(client: &Client, id: &Id) -> Result<Option<NatGateway>, Error> {
    let this = ec2::filter(BY_ID, std::slice::from_ref(&id.text));
    Ok(gateways(client, vec![this]).await?.into_iter().next())
}

/// Whether it is there, if only to be waited for.
pub(super) fn stands(gateway: &NatGateway) -> bool {
    !matches!(
        gateway.state,
        Some(NatGatewayState::Deleted | NatGatewayState::Failed)
    )
}

/// The codes are those of the API reference, "Error codes".
fn refused(error: Error) -> Error {
    match error.code.as_deref() {
        Some("Resource.AlreadyAssociated") => error.hint("something else has the address: take it away there, or give the gateway an `aws_eip` of its own; a gateway that is on its way out has its address until it is deleted"),
        Some("NatGatewayLimitExceeded") => error.hint("delete a gateway that nobody needs, or ask for a higher quota (Service Quotas: NAT gateways per Availability Zone)"),
        _ => error,
    }
}

fn settled(gateway: &NatGateway) -> Settled {
    let id = gateway.nat_gateway_id().unwrap_or_default();
    match &gateway.state {
        Some(NatGatewayState::Available) => Settled::Done,
        Some(NatGatewayState::Failed) => Settled::Failed {
            why: gateway
                .failure_message
                .clone()
                .unwrap_or_else(|| "AWS could not set it up".to_owned()),
        },
        Some(NatGatewayState::Deleting | NatGatewayState::Deleted) => Settled::Failed {
            why: format!("NAT gateway {id} is being deleted"),
        },
        other => Settled::Waiting {
            what: format!("EC2: {id}"),
            detail: other
                .as_ref()
                .map_or("pending", |state| state.as_str())
                .to_owned(),
        },
    }
}

/// Everything that AWS reports, under the schema's names. The first address is the primary
/// one where EC2 does not say which is.
fn observed(gateway: &NatGateway) -> Attributes {
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses
        .iter()
        .find(|address| address.is_primary == Some(true))
        .or(addresses.first());
    let of_primary = |take: fn(&NatGatewayAddress) -> Option<&str>| primary.and_then(take).into();
    given([
        ("id", gateway.nat_gateway_id().into()),
        ("subnet_id", gateway.subnet_id().into()),
        ("vpc_id", gateway.vpc_id().into()),
        ("connectivity_type", word(gateway.connectivity_type())),
        ("availability_mode", word(gateway.availability_mode())),
        (
            "allocation_id",
            of_primary(NatGatewayAddress::allocation_id),
        ),
        (
            "association_id",
            of_primary(NatGatewayAddress::association_id),
        ),
        (
            "network_interface_id",
            of_primary(NatGatewayAddress::network_interface_id),
        ),
        ("private_ip", of_primary(NatGatewayAddress::private_ip)),
        ("public_ip", of_primary(NatGatewayAddress::public_ip)),
        ("tags", ec2::tags(gateway.tags()).value()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{NatGateway, NatGatewayAddress, NatGatewayState};

    use super::{observed, settled, stands};
    use crate::aws::Settled;

    fn in_state(state: NatGatewayState) -> NatGateway {
        NatGateway::builder()
            .nat_gateway_id("nat-1")
            .state(state)
            .failure_message("Network vpc-1 has no Internet gateway attached")
            .build()
    }

    #[test]
    fn it_is_usable_when_it_is_available() {
        let waits = settled(&in_state(NatGatewayState::Pending));
        assert!(matches!(waits, Settled::Waiting { detail, .. } if detail == "pending"));
        let done = settled(&in_state(NatGatewayState::Available));
        assert_eq!(done, Settled::Done);
        let failed = settled(&in_state(NatGatewayState::Failed));
        assert!(matches!(failed, Settled::Failed { why } if why.contains("no Internet gateway")));
        let going = settled(&in_state(NatGatewayState::Deleting));
        assert!(matches!(going, Settled::Failed { .. }));
    }

    #[test]
    fn what_is_only_shown_for_a_while_does_not_stand() {
        assert!(stands(&in_state(NatGatewayState::Deleting)));
        assert!(!stands(&in_state(NatGatewayState::Deleted)));
        assert!(!stands(&in_state(NatGatewayState::Failed)));
    }

    #[test]
    fn the_primary_address_is_its_address() {
        let address = |ip: &str, primary: bool| {
            NatGatewayAddress::builder()
                .public_ip(ip)
                .is_primary(primary)
                .build()
        };
        let gateway = NatGateway::builder()
            .nat_gateway_addresses(address("192.0.2.1", false))
            .nat_gateway_addresses(address("192.0.2.2", true))
            .build();
        assert_eq!(observed(&gateway)["public_ip"].as_str(), Some("192.0.2.2"));
    }
}
