//! `aws_eip`: a public IPv4 address that stays the same.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: an address is never taken away from what uses it: whoever has it goes first.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    Address as ElasticIp, DomainType, Filter, NatGateway, NatGatewayState, ResourceType,
};

use super::values::{given, text, word};
use super::{Aws, Blocker, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted, ec2, nat_gateway};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_eip`.
pub(super) struct Eip;

#[async_trait]
impl Lifecycle for Eip {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let list = async |batch: Vec<String>| {
            addresses(client, vec![ec2::filter("allocation-id", &batch)]).await
        };
        ec2::read(ids, list, ElasticIp::allocation_id, observed).await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let found = addresses(&aws.ec2(&wanted.region), ec2::ours(wanted)).await?;
        Ok(found
            .iter()
            .map(|address| ec2::found(wanted, address.allocation_id(), address.tags()))
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:AllocateAddress";
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        let answer = aws
            .ec2(&wanted.region)
            .allocate_address()
            .domain(DomainType::Vpc)
            .set_network_border_group(owned("network_border_group"))
            .set_public_ipv4_pool(owned("public_ipv4_pool"))
            .tag_specifications(ec2::tag_specification(
                ResourceType::ElasticIp,
                wanted.tags(),
            ))
            .customize()
            .config_override(ec2::once())
            .send()
            .await
            .map_err(|error| too_many(Error::of(operation, &error)))?;
        let text = answer.allocation_id.ok_or_else(|| {
            Error::new(
                ErrorKind::Uncertain,
                operation,
                "the answer names no address",
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
        ec2::write_tags(&aws.ec2(&id.region), &id.text, wanted.tag_changes(observed)).await
    }

    /// EC2 answers `AuthFailure` where the address is another account's by now
    /// (`ReleaseAddress`), which says nothing of our credentials.
    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let answer = aws
            .ec2(&id.region)
            .release_address()
            .allocation_id(&id.text)
            .send()
            .await
            .map_err(|error| Error::of("ec2:ReleaseAddress", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(mut error) if error.code.as_deref() == Some("AuthFailure") => {
                error.kind = ErrorKind::InUse;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The gateway, instance or network interface that has it.
    async fn blockers(&self, aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
        let client = aws.ec2(&id.region);
        let this = ec2::filter("allocation-id", std::slice::from_ref(&id.text));
        let found = addresses(&client, vec![this]).await?;
        let Some(address) = found.first().filter(|found| found.association_id.is_some()) else {
            return Ok(Vec::new());
        };
        let using = [
            NatGatewayState::Pending,
            NatGatewayState::Available,
            NatGatewayState::Deleting,
        ]
        .map(|state| state.as_str().to_owned());
        let gateways = nat_gateway::gateways(&client, vec![ec2::filter("state", &using)]).await?;
        Ok(user(address, &gateways).into_iter().collect())
    }
}

async fn addresses(client: &Client, filters: Vec<Filter>) -> Result<Vec<ElasticIp>, Error> {
    let answer = client
        .describe_addresses()
        .set_filters(Some(filters))
        .send()
        .await
        .map_err(|error| Error::of("ec2:DescribeAddresses", &error))?;
    Ok(answer.addresses.unwrap_or_default())
}

fn too_many(error: Error) -> Error {
    if error.code.as_deref() == Some("AddressLimitExceeded") {
        error.hint("release an address that nobody needs, ask for a higher quota (Service Quotas: EC2-VPC Elastic IPs), or let the zones share one NAT gateway")
    } else {
        error
    }
}

/// Who has an address. A gateway's interface is AWS's own; the gateway is what people know.
fn user(address: &ElasticIp, gateways: &[NatGateway]) -> Option<Blocker> {
    let gateway = gateways.iter().find(|gateway| {
        gateway
            .nat_gateway_addresses()
            .iter()
            .any(|of| of.allocation_id() == address.allocation_id())
    });
    if let Some(id) = gateway.and_then(NatGateway::nat_gateway_id) {
        return Some(Blocker {
            what: format!("NAT gateway {id}"),
            id: Some(id.to_owned()),
            leaves: false,
        });
    }
    let (what, id) = match address.instance_id().filter(|id| !id.is_empty()) {
        Some(instance) => ("instance", instance),
        None => ("network interface", address.network_interface_id()?),
    };
    Some(Blocker {
        what: format!("{what} {id}"),
        id: Some(id.to_owned()),
        leaves: false,
    })
}

/// Everything that AWS reports, under the schema's names.
fn observed(address: &ElasticIp) -> Attributes {
    given([
        ("id", address.allocation_id().into()),
        ("allocation_id", address.allocation_id().into()),
        ("association_id", address.association_id().into()),
        ("carrier_ip", address.carrier_ip().into()),
        ("customer_owned_ip", address.customer_owned_ip().into()),
        ("domain", word(address.domain())),
        ("instance", address.instance_id().into()),
        (
            "network_border_group",
            address.network_border_group().into(),
        ),
        ("network_interface", address.network_interface_id().into()),
        ("private_ip", address.private_ip_address().into()),
        ("public_ip", address.public_ip().into()),
        ("public_ipv4_pool", address.public_ipv4_pool().into()),
        ("tags", ec2::tags(address.tags()).value()),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Address as ElasticIp, NatGateway, NatGatewayAddress};

    use super::user;

    #[test]
    fn who_has_an_address_is_named_as_people_know_it() {
        let check = |instance: &str, gateways: &[NatGateway], expected: &str| {
            let address = ElasticIp::builder()
                .allocation_id("eipalloc-1")
                .association_id("eipassoc-1")
                .network_interface_id("eni-1")
                .instance_id(instance)
                .build();
            assert_eq!(user(&address, gateways).unwrap().what, expected);
        };
        let gateway = NatGateway::builder()
            .nat_gateway_id("nat-1")
            .nat_gateway_addresses(
                NatGatewayAddress::builder()
                    .allocation_id("eipalloc-1")
                    .build(),
            )
            .build();
        check("", &[gateway], "NAT gateway nat-1");
        check("i-1", &[], "instance i-1");
        check("", &[], "network interface eni-1");
    }
}
