//! `aws_route_table`: where the traffic of its subnets goes.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Fact, Guard, Kind, LEAVE_OUT};

/// `CreateRouteTable` takes a token (API reference); for how long EC2 knows it again is not
/// documented. Its routes are its own: one made by hand may be a way out that the plan did
/// not show.
pub(super) static KIND: Kind = Kind {
    name: "aws_route_table",
    noun: "route table",
    replace: &["vpc_id"],
    not_sent: &[
        ("propagating_vgws", LEAVE_OUT),
        (
            "route",
            "Make each an `aws_route` of its own: it is then shown, changed and found on its own.",
        ),
    ],
    named_by: &["vpc_id"],
    guard: Guard::Token { seconds: None },
    twice: Fact {
        says: "`ClientToken`, for how long is not documented",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html",
    },
    exclusive_children: &["aws_route"],
    children_called: "routes",
    permissions: &[
        "ec2:CreateRouteTable",
        "ec2:CreateTags",
        "ec2:DeleteRouteTable",
        "ec2:DeleteTags",
        "ec2:DescribeRouteTables",
    ],
    ..Kind::PLAIN
};
