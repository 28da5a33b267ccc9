//! `aws_lb_listener`: a port of a load balancer and what it does with what comes in.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::allowed::PORT;
use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal};

/// One listener a port: `CreateListener` refuses a second one (`DuplicateListener`), and
/// answers a repeated call with the first (API reference). Its rules are its own: one made
/// by hand may forward in clear. The defaults of a redirect are AWS's words for "as it came
/// in".
pub(super) static KIND: Kind = Kind {
    name: "aws_lb_listener",
    noun: "listener",
    replace: &["load_balancer_arn"],
    defaults: &[
        ("default_action.redirect.host", Literal::Text("#{host}")),
        ("default_action.redirect.path", Literal::Text("/#{path}")),
        ("default_action.redirect.port", Literal::Text("#{port}")),
        (
            "default_action.redirect.protocol",
            Literal::Text("#{protocol}"),
        ),
        ("default_action.redirect.query", Literal::Text("#{query}")),
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
            "mutual_authentication.mode",
            Allowed::Words(&["off", "passthrough", "verify"]),
        ),
        ("default_action.type", ACTIONS),
        ("default_action.order", Allowed::Range(1, 50_000)),
        (
            "default_action.authenticate_cognito.on_unauthenticated_request",
            Allowed::Words(&["allow", "authenticate", "deny"]),
        ),
        ("default_action.fixed_response.content_type", CONTENT_TYPES),
        (
            "default_action.forward.stickiness.duration",
            Allowed::Range(1, 604_800),
        ),
        (
            "default_action.forward.target_group.weight",
            Allowed::Range(0, 999),
        ),
        (
            "default_action.redirect.protocol",
            Allowed::Words(&["#{protocol}", "HTTP", "HTTPS"]),
        ),
        (
            "default_action.redirect.status_code",
            Allowed::Words(&["HTTP_301", "HTTP_302"]),
        ),
    ],
    not_sent: &[
        ("default_action.authenticate_oidc", OIDC),
        ("default_action.jwt_validation", LEAVE_OUT),
    ],
    named_by: &["load_balancer_arn", "port"],
    alone_with: &["load_balancer_arn", "port"],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the port is refused with `DuplicateListener`, or answered with the first where its settings are the same",
        page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html",
    },
    exclusive_children: &["aws_lb_listener_rule"],
    children_called: "rules",
    permissions: &[
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:RemoveTags",
    ],
    ..Kind::PLAIN
};

/// What to do instead of signing in with OIDC.
pub(super) const OIDC: &str = "Its client secret would stand in the spec and in the state; `authenticate_cognito` needs none.";

/// What a listener or a rule of it can do.
pub(super) const ACTIONS: Allowed = Allowed::Words(&[
    "authenticate-cognito",
    "authenticate-oidc",
    "fixed-response",
    "forward",
    "jwt-validation",
    "redirect",
]);

/// What it can answer itself.
pub(super) const CONTENT_TYPES: Allowed = Allowed::Words(&[
    "application/javascript",
    "application/json",
    "text/css",
    "text/html",
    "text/plain",
]);
