//! `aws_security_group`: a firewall around network interfaces.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Compare, Fact, Guard, Kind, LEAVE_OUT, Literal, Name};

/// Names are unique in a VPC, 255 characters at most (API reference,
/// `CreateSecurityGroup`). The description's default is the provider's own, so that a
/// group exported without one is the same to Terraform.
pub(super) static KIND: Kind = Kind {
    name: "aws_security_group",
    noun: "security group",
    replace: &["name", "description", "vpc_id"],
    defaults: &[("description", Literal::Text("Managed by Terraform"))],
    not_sent: &[
        (
            "egress",
            "Make each rule an `aws_vpc_security_group_egress_rule`.",
        ),
        (
            "ingress",
            "Make each rule an `aws_vpc_security_group_ingress_rule`.",
        ),
        ("name_prefix", LEAVE_OUT),
        ("revoke_rules_on_delete", LEAVE_OUT),
    ],
    compare: &[("revoke_rules_on_delete", Compare::WriteOnly)],
    named_by: &["name", "vpc_id"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 255,
        with_account: false,
    }),
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the name in the VPC is refused with `InvalidGroup.Duplicate`",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
    },
    exclusive_children: &[
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    ],
    children_called: "rules",
    permissions: &[
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteTags",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupEgress",
        "tag:GetResources",
    ],
    ..Kind::PLAIN
};
