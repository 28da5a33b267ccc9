//! `aws_internet_gateway`: the way between a VPC and the internet.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Fact, Guard, Kind};

/// `CreateInternetGateway` takes no token and has no name (API reference). It can't be detached
/// while anything in its VPC has a public address (`DetachInternetGateway`), so a new VPC gets
/// one of its own; one that was detached by hand is attached again.
pub(super) static KIND: Kind = Kind {
    name: "aws_internet_gateway",
    noun: "internet gateway",
    alone_with: &["vpc_id"],
    guard: Guard::Nothing,
    confined_to: Some("vpc_id"),
    twice: Fact {
        says: "no token and no name: a second call makes a second gateway",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html",
    },
    permissions: &[
        "ec2:AttachInternetGateway",
        "ec2:CreateInternetGateway",
        "ec2:CreateTags",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteTags",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DetachInternetGateway",
    ],
    ..Kind::PLAIN
};
