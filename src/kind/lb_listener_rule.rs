//! `aws_lb_listener_rule`: what a listener does with some of the requests.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal, lb_listener};

/// One rule a priority: `CreateRule` refuses a second one (`PriorityInUse`, API reference).
/// A priority that is not given would be the next free one, by which nothing can be found
/// again. Defaults are the provider's.
pub(super) static KIND: Kind = Kind {
    name: "aws_lb_listener_rule",
    noun: "listener rule",
    replace: &["listener_arn"],
    defaults: &[
        ("action.authenticate_cognito.scope", Literal::Text("openid")),
        (
            "action.authenticate_cognito.session_cookie_name",
            Literal::Text("AWSELBAuthSessionCookie"),
        ),
        (
            "action.authenticate_cognito.session_timeout",
            Literal::Int(604_800),
        ),
        ("action.redirect.host", Literal::Text("#{host}")),
        ("action.redirect.path", Literal::Text("/#{path}")),
        ("action.redirect.port", Literal::Text("#{port}")),
        ("action.redirect.protocol", Literal::Text("#{protocol}")),
        ("action.redirect.query", Literal::Text("#{query}")),
    ],
    allowed: &[
        ("priority", Allowed::Range(1, 50_000)),
        ("action.type", lb_listener::ACTIONS),
        ("action.order", Allowed::Range(1, 50_000)),
        (
            "action.authenticate_cognito.on_unauthenticated_request",
            Allowed::Words(&["allow", "authenticate", "deny"]),
        ),
        (
            "action.fixed_response.content_type",
            lb_listener::CONTENT_TYPES,
        ),
        (
            "action.forward.stickiness.duration",
            Allowed::Range(1, 604_800),
        ),
        ("action.forward.target_group.weight", Allowed::Range(0, 999)),
        (
            "action.redirect.protocol",
            Allowed::Words(&["#{protocol}", "HTTP", "HTTPS"]),
        ),
        (
            "action.redirect.status_code",
            Allowed::Words(&["HTTP_301", "HTTP_302"]),
        ),
    ],
    not_sent: &[
        ("action.authenticate_oidc", lb_listener::OIDC),
        ("action.jwt_validation", LEAVE_OUT),
        (
            "condition.source_ip.ip_address_type",
            "Give the addresses themselves, in `values`.",
        ),
        ("transform", LEAVE_OUT),
    ],
    holds_one: &["condition"],
    named_by: &["listener_arn", "priority"],
    alone_with: &["listener_arn", "priority"],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the priority is refused with `PriorityInUse`",
        page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html",
    },
    permissions: &[
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetRulePriorities",
    ],
    ..Kind::PLAIN
};
