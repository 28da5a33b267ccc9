//! `aws_nat_gateway`: the way out for subnets into which there is no way.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal};

/// `CreateNatGateway` takes a token (API reference); for how long EC2 knows it again is not
/// documented.
pub(super) static KIND: Kind = Kind {
    name: "aws_nat_gateway",
    noun: "NAT gateway",
    replace: &[
        "allocation_id",
        "availability_mode",
        "connectivity_type",
        "private_ip",
        "subnet_id",
    ],
    defaults: &[("connectivity_type", Literal::Text("public"))],
    allowed: &[("connectivity_type", Allowed::Words(&["private", "public"]))],
    not_sent: &[
        ("availability_mode", LEAVE_OUT),
        ("availability_zone_address", LEAVE_OUT),
        ("secondary_allocation_ids", LEAVE_OUT),
        ("secondary_private_ip_address_count", LEAVE_OUT),
        ("secondary_private_ip_addresses", LEAVE_OUT),
        ("vpc_id", LEAVE_OUT),
    ],
    named_by: &["subnet_id"],
    // `Resource.AlreadyAssociated` (NAT gateways, "Troubleshoot"); an address of our own moves
    // with the subnet, see `aws_eip`.
    alone_with: &["allocation_id"],
    guard: Guard::Token { seconds: None },
    twice: Fact {
        says: "`ClientToken`, for how long is not documented",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html",
    },
    protect: |_| true,
    permissions: &[
        "ec2:CreateNatGateway",
        "ec2:CreateTags",
        "ec2:DeleteNatGateway",
        "ec2:DeleteTags",
        "ec2:DescribeNatGateways",
    ],
    usual_seconds: 120,
    ..Kind::PLAIN
};
