//! `aws_vpc`: a network of one's own.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, Literal};

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
