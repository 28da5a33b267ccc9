//! `aws_vpc_security_group_ingress_rule`: what may come in, one source or destination a rule.
//!
//! *Invariant*: data only; what one does to it stands in `aws::security_group_rule`.

use super::{Allowed, Fact, Guard, Kind};

/// What a rule says: AWS has each content once in a group, whichever way it goes.
pub(super) const CONTENT: &[&str] = &[
    "security_group_id",
    "ip_protocol",
    "from_port",
    "to_port",
    "cidr_ipv4",
    "cidr_ipv6",
    "prefix_list_id",
    "referenced_security_group_id",
];

/// A second rule of the same content is refused with `InvalidPermission.Duplicate` (API
/// reference, `AuthorizeSecurityGroupIngress`).
pub(super) static KIND: Kind = Kind {
    name: "aws_vpc_security_group_ingress_rule",
    noun: "ingress rule",
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
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html",
    },
    permissions: &[
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:ModifySecurityGroupRules",
        "ec2:RevokeSecurityGroupIngress",
    ],
    ..Kind::PLAIN
};
