//! `aws_route`: where a route table sends what is for one destination.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Fact, Guard, Kind};

/// A table has one route for a destination: a second is refused with `RouteAlreadyExists`
/// (API reference, "Error codes"). Another target is set in place, with `ReplaceRoute`.
pub(super) static KIND: Kind = Kind {
    name: "aws_route",
    noun: "route",
    replace: &[
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
        "destination_prefix_list_id",
        "route_table_id",
    ],
    named_by: &["route_table_id"],
    alone_with: &[
        "route_table_id",
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
        "destination_prefix_list_id",
    ],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the destination is refused with `RouteAlreadyExists`",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    },
    permissions: &[
        "ec2:CreateRoute",
        "ec2:DeleteRoute",
        "ec2:DescribeRouteTables",
        "ec2:ReplaceRoute",
    ],
    ..Kind::PLAIN
};
