//! `aws_lb_target_group`: the application's instances or addresses, and how their health is
//! checked.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::allowed::PORT;
use super::{Allowed, Bond, Fact, Guard, Kind, LEAVE_OUT, Literal, Name};

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
    allowed: &[
        ("port", PORT),
        (
            "protocol",
            Allowed::Words(&[
                "GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP",
            ]),
        ),
        (
            "protocol_version",
            Allowed::Words(&["GRPC", "HTTP1", "HTTP2"]),
        ),
        (
            "target_type",
            Allowed::Words(&["alb", "instance", "ip", "lambda"]),
        ),
        ("ip_address_type", Allowed::Words(&["ipv4", "ipv6"])),
        (
            "load_balancing_algorithm_type",
            Allowed::Words(&[
                "least_outstanding_requests",
                "round_robin",
                "weighted_random",
            ]),
        ),
        ("health_check.healthy_threshold", Allowed::Range(2, 10)),
        ("health_check.interval", Allowed::Range(5, 300)),
        (
            "health_check.protocol",
            Allowed::Words(&["HTTP", "HTTPS", "TCP"]),
        ),
        ("health_check.timeout", Allowed::Range(2, 120)),
        ("health_check.unhealthy_threshold", Allowed::Range(2, 10)),
        ("stickiness.cookie_duration", Allowed::Range(1, 604_800)),
        (
            "stickiness.type",
            Allowed::Words(&[
                "app_cookie",
                "lb_cookie",
                "source_ip",
                "source_ip_dest_ip",
                "source_ip_dest_ip_proto",
            ]),
        ),
    ],
    not_sent: &[
        ("name_prefix", LEAVE_OUT),
        ("target_failover", LEAVE_OUT),
        ("target_group_health", LEAVE_OUT),
        ("target_health_state", LEAVE_OUT),
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
