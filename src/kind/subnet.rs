//! `aws_subnet`: a part of a VPC's addresses, in one zone.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal};

/// `CreateSubnet` takes no token; a second subnet with the same addresses is refused with
/// `InvalidSubnet.Conflict` (API reference). Defaults are the provider's, which are AWS's.
pub(super) static KIND: Kind = Kind {
    name: "aws_subnet",
    noun: "subnet",
    replace: &[
        "availability_zone",
        "availability_zone_id",
        "cidr_block",
        "ipv6_native",
        "vpc_id",
    ],
    defaults: &[
        ("assign_ipv6_address_on_creation", Literal::Bool(false)),
        ("enable_dns64", Literal::Bool(false)),
        (
            "enable_resource_name_dns_a_record_on_launch",
            Literal::Bool(false),
        ),
        (
            "enable_resource_name_dns_aaaa_record_on_launch",
            Literal::Bool(false),
        ),
        ("ipv6_native", Literal::Bool(false)),
        ("map_public_ip_on_launch", Literal::Bool(false)),
    ],
    allowed: &[(
        "private_dns_hostname_type_on_launch",
        Allowed::Words(&["ip-name", "resource-name"]),
    )],
    not_sent: &[
        ("customer_owned_ipv4_pool", LEAVE_OUT),
        ("enable_lni_at_device_index", LEAVE_OUT),
        ("ipv4_ipam_pool_id", LEAVE_OUT),
        ("ipv4_netmask_length", LEAVE_OUT),
        ("ipv6_cidr_block", LEAVE_OUT),
        ("ipv6_ipam_pool_id", LEAVE_OUT),
        ("ipv6_netmask_length", LEAVE_OUT),
        ("map_customer_owned_ip_on_launch", LEAVE_OUT),
        ("outpost_arn", LEAVE_OUT),
    ],
    named_by: &["vpc_id", "cidr_block"],
    alone_with: &["vpc_id", "cidr_block"],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the addresses in the VPC is refused with `InvalidSubnet.Conflict`",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html",
    },
    permissions: &[
        "ec2:CreateSubnet",
        "ec2:CreateTags",
        "ec2:DeleteSubnet",
        "ec2:DeleteTags",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:ModifySubnetAttribute",
    ],
    ..Kind::PLAIN
};
