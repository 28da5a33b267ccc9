//! `aws_route_table_association`: which route table a subnet, or a gateway, goes by.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Fact, Guard, Kind};

/// A subnet goes by one table: a second association is refused with
/// `Resource.AlreadyAssociated` (API reference, "Error codes"). Another table is set in
/// place, with `ReplaceRouteTableAssociation`, so that the subnet never falls back to the
/// main one. It is looked for by the subnet alone, so that a foreign association is seen
/// before the table is made that it stands in the way of.
pub(super) static KIND: Kind = Kind {
    name: "aws_route_table_association",
    noun: "route table association",
    replace: &["gateway_id", "subnet_id"],
    alone_with: &["subnet_id", "gateway_id"],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the subnet is refused with `Resource.AlreadyAssociated`",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    },
    permissions: &[
        "ec2:AssociateRouteTable",
        "ec2:DescribeRouteTables",
        "ec2:DisassociateRouteTable",
        "ec2:ReplaceRouteTableAssociation",
    ],
    ..Kind::PLAIN
};
