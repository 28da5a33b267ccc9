//! `aws_vpc_security_group_egress_rule`: what may go out, one source or destination a rule.
//!
//! *Invariant*: data only; what one does to it stands in `aws::security_group_rule`.

use super::{Guard, Kind};

/// A second rule of the same content is refused with `InvalidPermission.Duplicate` (API
/// reference, `AuthorizeSecurityGroupEgress`).
pub(super) static KIND: Kind = Kind {
    name: "aws_vpc_security_group_egress_rule",
    noun: "egress rule",
    replace: &["security_group_id"],
    named_by: &["security_group_id"],
    guard: Guard::UniqueName,
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
