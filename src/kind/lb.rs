//! `aws_lb`: an Application Load Balancer.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal, Name};

/// Names are 32 characters at most and unique in an account and region; a repeated call
/// with the same settings is answered with the first load balancer (API reference,
/// `CreateLoadBalancer`). Its listeners are its own: one made by hand may be a way in that
/// speaks in clear. Defaults are the provider's, which are AWS's. Its subnets and
/// security groups may change, but only for others of the same VPC: `SetSubnets` and
/// `SetSecurityGroups` know no other (API reference, `LoadBalancer.VpcId`).
pub(super) static KIND: Kind = Kind {
    name: "aws_lb",
    noun: "load balancer",
    replace: &["name", "internal", "load_balancer_type"],
    defaults: &[
        ("load_balancer_type", Literal::Text("application")),
        ("client_keep_alive", Literal::Int(3600)),
        ("desync_mitigation_mode", Literal::Text("defensive")),
        ("drop_invalid_header_fields", Literal::Bool(false)),
        ("enable_deletion_protection", Literal::Bool(false)),
        ("enable_http2", Literal::Bool(true)),
        (
            "enable_tls_version_and_cipher_suite_headers",
            Literal::Bool(false),
        ),
        ("enable_waf_fail_open", Literal::Bool(false)),
        ("enable_xff_client_port", Literal::Bool(false)),
        ("enable_zonal_shift", Literal::Bool(false)),
        ("idle_timeout", Literal::Int(60)),
        ("preserve_host_header", Literal::Bool(false)),
        ("xff_header_processing_mode", Literal::Text("append")),
        ("access_logs.enabled", Literal::Bool(false)),
        ("connection_logs.enabled", Literal::Bool(false)),
        ("health_check_logs.enabled", Literal::Bool(false)),
    ],
    allowed: &[
        (
            "load_balancer_type",
            Allowed::Words(&["application", "gateway", "network"]),
        ),
        ("client_keep_alive", Allowed::Range(60, 604_800)),
        (
            "desync_mitigation_mode",
            Allowed::Words(&["defensive", "monitor", "strictest"]),
        ),
        ("idle_timeout", Allowed::Range(1, 4_000)),
        (
            "ip_address_type",
            Allowed::Words(&["dualstack", "dualstack-without-public-ipv4", "ipv4"]),
        ),
        (
            "xff_header_processing_mode",
            Allowed::Words(&["append", "preserve", "remove"]),
        ),
    ],
    not_sent: &[
        ("customer_owned_ipv4_pool", LEAVE_OUT),
        ("dns_record_client_routing_policy", LEAVE_OUT),
        ("enable_prefix_for_ipv6_source_nat", LEAVE_OUT),
        (
            "enforce_security_group_inbound_rules_on_private_link_traffic",
            LEAVE_OUT,
        ),
        ("ipam_pools", LEAVE_OUT),
        ("minimum_load_balancer_capacity", LEAVE_OUT),
        ("name_prefix", LEAVE_OUT),
        ("secondary_ips_auto_assigned_per_subnet", LEAVE_OUT),
        ("subnet_mapping", LEAVE_OUT),
    ],
    named_by: &["name"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 32,
        with_account: false,
    }),
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the name is refused with `DuplicateLoadBalancerName`, or answered with the first where its settings are the same",
        page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html",
    },
    protect: |_| true,
    exclusive_children: &["aws_lb_listener"],
    children_called: "listeners",
    permissions: &[
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
        "tag:GetResources",
    ],
    usual_seconds: 120,
    confined_to: Some("vpc_id"),
    ..Kind::PLAIN
};
