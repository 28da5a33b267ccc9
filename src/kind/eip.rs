//! `aws_eip`: a public IPv4 address that stays the same.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Bond, Fact, Guard, Kind, LEAVE_OUT, Literal};

/// `AllocateAddress` takes no token and no name (API reference). An address that was
/// released can rarely be had again, and others may have let it in: it is protected. While a
/// gateway has it no other can (NAT gateways, "Troubleshoot"), so where the gateway moves
/// to a new subnet, a new address comes with it.
pub(super) static KIND: Kind = Kind {
    name: "aws_eip",
    noun: "Elastic IP address",
    replace: &["domain", "network_border_group", "public_ipv4_pool"],
    defaults: &[("domain", Literal::Text("vpc"))],
    allowed: &[("domain", Allowed::Words(&["standard", "vpc"]))],
    not_sent: &[
        ("address", LEAVE_OUT),
        ("associate_with_private_ip", LEAVE_OUT),
        ("customer_owned_ipv4_pool", LEAVE_OUT),
        ("instance", LEAVE_OUT),
        ("ipam_pool_id", LEAVE_OUT),
        ("network_interface", LEAVE_OUT),
    ],
    guard: Guard::Nothing,
    twice: Fact {
        says: "no token and no name: a second call allocates a second address",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html",
    },
    protect: |_| true,
    permissions: &[
        "ec2:AllocateAddress",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeAddresses",
        "ec2:DescribeNatGateways",
        "ec2:ReleaseAddress",
    ],
    bound: Some(Bond {
        users: &[("aws_nat_gateway", "subnet_id")],
        shown: "network_interface",
    }),
    ..Kind::PLAIN
};
