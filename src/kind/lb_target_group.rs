//! `aws_lb_target_group`: the application's instances or addresses, and how their health is
//! checked.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Bond, Fact, Guard, Kind, Literal, Name};

/// Names are 32 characters at most and unique in an account and region; a repeated call
/// with the same settings is answered with the first group (API reference,
/// `CreateTargetGroup`). Defaults are the provider's; those of the thresholds are not AWS's.
pub(super) static KIND: Kind = Kind {
    name: "aws_lb_target_group",
    noun: "target group",
    replace: &[
        "name",
        "port",
        "protocol",
        "protocol_version",
        "vpc_id",
        "target_type",
        "ip_address_type",
        "target_control_port",
    ],
    defaults: &[
        ("target_type", Literal::Text("instance")),
        ("deregistration_delay", Literal::Text("300")),
        ("slow_start", Literal::Int(0)),
        ("health_check.enabled", Literal::Bool(true)),
        ("health_check.healthy_threshold", Literal::Int(3)),
        ("health_check.interval", Literal::Int(30)),
        ("health_check.port", Literal::Text("traffic-port")),
        ("health_check.protocol", Literal::Text("HTTP")),
        ("health_check.unhealthy_threshold", Literal::Int(3)),
        ("stickiness.enabled", Literal::Bool(true)),
        ("stickiness.cookie_duration", Literal::Int(86400)),
    ],
    named_by: &["name"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 32,
        with_account: false,
    }),
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the name is refused with `DuplicateTargetGroupName`, or answered with the first where its settings are the same",
        page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html",
    },
    // One load balancer at most uses it (API reference, `CreateListener`,
    // `TargetGroupAssociationLimit`).
    bound: Some(Bond {
        users: &[
            ("aws_lb_listener", "load_balancer_arn"),
            ("aws_lb_listener_rule", "listener_arn"),
        ],
        shown: "load_balancer_arns",
    }),
    permissions: &[
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RemoveTags",
        "tag:GetResources",
    ],
    ..Kind::PLAIN
};
