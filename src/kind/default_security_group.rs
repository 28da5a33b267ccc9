//! `aws_default_security_group`: the group that AWS makes with a VPC, closed.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Compare, Fact, Guard, Kind, LEAVE_OUT};

/// It stands as long as its VPC: nobody makes it and nobody deletes it (VPC user guide,
/// "Default security groups for your VPCs").
pub(super) static KIND: Kind = Kind {
    name: "aws_default_security_group",
    noun: "default security group",
    replace: &["vpc_id"],
    not_sent: &[
        (
            "egress",
            "It stays closed; make an `aws_security_group` of your own.",
        ),
        (
            "ingress",
            "It stays closed; make an `aws_security_group` of your own.",
        ),
        ("revoke_rules_on_delete", LEAVE_OUT),
    ],
    compare: &[("revoke_rules_on_delete", Compare::WriteOnly)],
    named_by: &["vpc_id"],
    alone_with: &["vpc_id"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "nothing is made: AWS makes it with the VPC, one for each",
        page: "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
    },
    permissions: &[
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    ],
    ..Kind::PLAIN
};
