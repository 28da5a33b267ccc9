//! `aws_vpc`: a network of one's own.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal};

/// `CreateVpc` takes no token, and a second VPC of the same addresses is as welcome as the
/// first (API reference). Defaults are the provider's, which are AWS's.
pub(super) static KIND: Kind = Kind {
    name: "aws_vpc",
    noun: "VPC",
    replace: &["cidr_block", "instance_tenancy"],
    defaults: &[
        ("enable_dns_support", Literal::Bool(true)),
        ("instance_tenancy", Literal::Text("default")),
    ],
    allowed: &[(
        "instance_tenancy",
        Allowed::Words(&["dedicated", "default"]),
    )],
    not_sent: &[
        ("assign_generated_ipv6_cidr_block", LEAVE_OUT),
        ("enable_network_address_usage_metrics", LEAVE_OUT),
        ("ipv4_ipam_pool_id", LEAVE_OUT),
        ("ipv4_netmask_length", LEAVE_OUT),
        ("ipv6_cidr_block", LEAVE_OUT),
        ("ipv6_cidr_block_network_border_group", LEAVE_OUT),
        ("ipv6_ipam_pool_id", LEAVE_OUT),
        ("ipv6_netmask_length", LEAVE_OUT),
    ],
    guard: Guard::Nothing,
    twice: Fact {
        says: "no token: a second VPC of the same addresses is made",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html",
    },
    permissions: &[
        "ec2:CreateTags",
        "ec2:CreateVpc",
        "ec2:DeleteTags",
        "ec2:DeleteVpc",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
        "ec2:ModifyVpcAttribute",
    ],
    ..Kind::PLAIN
};
