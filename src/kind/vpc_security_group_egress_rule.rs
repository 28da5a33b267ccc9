//! `aws_vpc_security_group_egress_rule`: what may go out, one source or destination a rule.
//!
//! *Invariant*: data only; what one does to it stands in `aws::security_group_rule`.

use super::vpc_security_group_ingress_rule::CONTENT;
use super::{Allowed, Fact, Guard, Kind};

/// A second rule of the same content is refused with `InvalidPermission.Duplicate` (API
/// reference, `AuthorizeSecurityGroupEgress`).
pub(super) static KIND: Kind = Kind {
    name: "aws_vpc_security_group_egress_rule",
    noun: "egress rule",
    replace: &["security_group_id"],
    allowed: &[
        ("from_port", Allowed::Range(-1, 65_535)),
        ("to_port", Allowed::Range(-1, 65_535)),
    ],
    named_by: &["security_group_id"],
    alone_with: CONTENT,
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the same content is refused with `InvalidPermission.Duplicate`",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html",
    },
    permissions: &[
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:ModifySecurityGroupRules",
        "ec2:RevokeSecurityGroupEgress",
    ],
    ..Kind::PLAIN
};
