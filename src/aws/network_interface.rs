//! Network interfaces: what holds a group, a subnet or a gateway.
//!
//! *Invariant*: an interface that a service made is told as that service's thing, which is
//! what a plan can delete.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::NetworkInterface;

use super::data::partition;
use super::{Aws, Blocker, Error, ec2, leaving};

/// Those for which this filter holds.
pub(super) async fn with(
    client: &Client,
    filter: &str,
    value: &str,
) -> Result<Vec<NetworkInterface>, Error> {
    client
        .describe_network_interfaces()
        .filters(ec2::filter(filter, &[value.to_owned()]))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeNetworkInterfaces", &error))
}

/// What these are for.
pub(super) async fn users(
    aws: &Aws,
    region: &str,
    interfaces: &[NetworkInterface],
) -> Vec<Blocker> {
    let users = interfaces
        .iter()
        .map(|interface| blocker(interface, region))
        .collect();
    leaving::once_gone(aws, region, users).await
}

/// An interface goes with the load balancer or whatever else it was made for; by itself, if
/// the service keeps it ("requester-managed", EC2 user guide).
fn blocker(interface: &NetworkInterface, region: &str) -> Blocker {
    let id = interface.network_interface_id().unwrap_or_default();
    let description = interface.description().unwrap_or_default();
    let instance = interface
        .attachment()
        .and_then(|attachment| attachment.instance_id());
    let user = match instance {
        Some(instance) => format!(" (instance {instance})"),
        None if description.is_empty() => String::new(),
        None => format!(" ({description})"),
    };
    let owner = interface.owner_id().unwrap_or_default();
    let id_of_user = load_balancer(description, region, owner).or_else(|| named_in(description));
    Blocker {
        what: format!("network interface {id}{user}"),
        id: id_of_user.or_else(|| interface.network_interface_id.clone()),
        leaves: interface.requester_managed() == Some(true),
    }
}

/// The ARN of the load balancer whose interfaces are described so: `ELB app/NAME/ID`.
fn load_balancer(description: &str, region: &str, account: &str) -> Option<String> {
    let suffix = description.strip_prefix("ELB ")?;
    // Classic load balancers have a name alone, and no ARN.
    suffix.contains('/').then(|| {
        let partition = partition(region);
        format!("arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{suffix}")
    })
}

/// The id in `Interface for NAT Gateway nat-0a1b` or `VPC Endpoint Interface vpce-0a1b`.
fn named_in(description: &str) -> Option<String> {
    let last = description.rsplit(' ').next()?;
    let is_id = ["nat-", "vpce-"].iter().any(|kind| last.starts_with(kind));
    is_id.then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::NetworkInterface;

    use super::blocker;

    #[track_caller]
    fn check(description: &str, what: &str, id: &str) {
        let interface = NetworkInterface::builder()
            .network_interface_id("eni-1")
            .owner_id("123456789012")
            .description(description)
            .build();
        let blocker = blocker(&interface, "eu-west-1");
        assert_eq!(blocker.what, what);
        assert_eq!(blocker.id.as_deref(), Some(id));
    }

    #[test]
    fn an_interface_of_a_service_names_what_it_serves() {
        check(
            "ELB app/web/50dc",
            "network interface eni-1 (ELB app/web/50dc)",
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc",
        );
        check(
            "Interface for NAT Gateway nat-0a1b",
            "network interface eni-1 (Interface for NAT Gateway nat-0a1b)",
            "nat-0a1b",
        );
        check("", "network interface eni-1", "eni-1");
    }
}
