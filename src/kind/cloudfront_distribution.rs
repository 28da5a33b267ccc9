//! CloudFront distribution: serves a domain from edge locations.
//!
//! *Invariant*: none of its own.

use super::{Allowed, Compare, Fact, Guard, Kind, LEAVE_OUT, Literal};

pub(super) static KIND: Kind = Kind {
    name: "aws_cloudfront_distribution",
    noun: "CloudFront distribution",
    replace: &["staging"],
    // The provider's own, in its documentation of the type; but for how long an error is cached,
    // which is AWS's (<https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomErrorResponse.html>):
    // the provider would send 0. What is listed as nothing decides who is answered with what, and
    // over what: left unsaid it would stay when somebody added it by hand.
    defaults: &[
        ("custom_error_response", Literal::Nothing),
        ("logging_config", Literal::Nothing),
        ("ordered_cache_behavior", Literal::Nothing),
        (
            "default_cache_behavior.function_association",
            Literal::Nothing,
        ),
        (
            "default_cache_behavior.lambda_function_association",
            Literal::Nothing,
        ),
        (
            "ordered_cache_behavior.function_association",
            Literal::Nothing,
        ),
        (
            "ordered_cache_behavior.lambda_function_association",
            Literal::Nothing,
        ),
        ("http_version", Literal::Text("http2")),
        ("is_ipv6_enabled", Literal::Bool(false)),
        ("price_class", Literal::Text("PriceClass_All")),
        (
            "custom_error_response.error_caching_min_ttl",
            Literal::Int(10),
        ),
        ("default_cache_behavior.compress", Literal::Bool(false)),
        ("ordered_cache_behavior.compress", Literal::Bool(false)),
        ("origin.connection_attempts", Literal::Int(3)),
        ("origin.connection_timeout", Literal::Int(10)),
        (
            "origin.custom_origin_config.origin_keepalive_timeout",
            Literal::Int(5),
        ),
        (
            "origin.custom_origin_config.origin_read_timeout",
            Literal::Int(30),
        ),
        (
            "origin.vpc_origin_config.origin_keepalive_timeout",
            Literal::Int(5),
        ),
        (
            "origin.vpc_origin_config.origin_read_timeout",
            Literal::Int(30),
        ),
    ],
    allowed: &[
        (
            "price_class",
            Allowed::Words(&["PriceClass_100", "PriceClass_200", "PriceClass_All"]),
        ),
        (
            "default_cache_behavior.allowed_methods",
            Allowed::Words(&["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]),
        ),
        (
            "default_cache_behavior.cached_methods",
            Allowed::Words(&["GET", "HEAD", "OPTIONS"]),
        ),
        (
            "default_cache_behavior.viewer_protocol_policy",
            Allowed::Words(&["allow-all", "https-only", "redirect-to-https"]),
        ),
        (
            "default_cache_behavior.function_association.event_type",
            Allowed::Words(&["viewer-request", "viewer-response"]),
        ),
        (
            "default_cache_behavior.lambda_function_association.event_type",
            Allowed::Words(&[
                "origin-request",
                "origin-response",
                "viewer-request",
                "viewer-response",
            ]),
        ),
        (
            "ordered_cache_behavior.allowed_methods",
            Allowed::Words(&["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]),
        ),
        (
            "ordered_cache_behavior.cached_methods",
            Allowed::Words(&["GET", "HEAD", "OPTIONS"]),
        ),
        (
            "ordered_cache_behavior.viewer_protocol_policy",
            Allowed::Words(&["allow-all", "https-only", "redirect-to-https"]),
        ),
        (
            "ordered_cache_behavior.function_association.event_type",
            Allowed::Words(&["viewer-request", "viewer-response"]),
        ),
        (
            "ordered_cache_behavior.lambda_function_association.event_type",
            Allowed::Words(&[
                "origin-request",
                "origin-response",
                "viewer-request",
                "viewer-response",
            ]),
        ),
        ("origin.connection_attempts", Allowed::Range(1, 3)),
        ("origin.connection_timeout", Allowed::Range(1, 10)),
        (
            "origin.custom_origin_config.origin_protocol_policy",
            Allowed::Words(&["http-only", "https-only", "match-viewer"]),
        ),
        (
            "origin.custom_origin_config.origin_ssl_protocols",
            Allowed::Words(&["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"]),
        ),
        (
            "restrictions.geo_restriction.restriction_type",
            Allowed::Words(&["blacklist", "none", "whitelist"]),
        ),
        (
            "viewer_certificate.ssl_support_method",
            Allowed::Words(&["sni-only", "static-ip", "vip"]),
        ),
    ],
    not_sent: &[
        ("anycast_ip_list_id", LEAVE_OUT),
        ("cache_tag_config", LEAVE_OUT),
        ("connection_function_association", LEAVE_OUT),
        ("continuous_deployment_policy_id", LEAVE_OUT),
        ("origin_group", LEAVE_OUT),
        ("retain_on_delete", LEAVE_OUT),
        ("viewer_mtls_config", LEAVE_OUT),
        ("wait_for_deployment", LEAVE_OUT),
        (
            "default_cache_behavior.forwarded_values",
            "Name a `cache_policy_id` and an `origin_request_policy_id`.",
        ),
        (
            "ordered_cache_behavior.forwarded_values",
            "Name a `cache_policy_id` and an `origin_request_policy_id`.",
        ),
        (
            "default_cache_behavior.trusted_signers",
            "Name `trusted_key_groups`.",
        ),
        (
            "ordered_cache_behavior.trusted_signers",
            "Name `trusted_key_groups`.",
        ),
        ("origin.custom_origin_config.ip_address_type", LEAVE_OUT),
        ("origin.custom_origin_config.origin_mtls_config", LEAVE_OUT),
    ],
    compare: &[
        ("origin.domain_name", Compare::DnsName),
        ("http_version", Compare::CaseInsensitive),
        // Only Terraform knows these.
        ("retain_on_delete", Compare::WriteOnly),
        ("wait_for_deployment", Compare::WriteOnly),
    ],
    volatile: &[
        "etag",
        "in_progress_validation_batches",
        "last_modified_time",
        "status",
    ],
    // The caller reference, for as long as the distribution stands.
    alone_with: &["aliases"],
    guard: Guard::Token { seconds: None },
    twice: Fact {
        says: "`CallerReference`: a second one is refused with `DistributionAlreadyExists` as long as the first stands",
        page: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html",
    },
    protect: |_| true,
    home: Some("us-east-1"),
    permissions: &[
        "cloudfront:CreateDistribution",
        "cloudfront:DeleteDistribution",
        "cloudfront:GetDistribution",
        "cloudfront:GetDistributionConfig",
        "cloudfront:ListDistributions",
        "cloudfront:ListTagsForResource",
        "cloudfront:TagResource",
        "cloudfront:UntagResource",
        "cloudfront:UpdateDistribution",
    ],
    usual_seconds: 240,
    patience: 30,
    ..Kind::PLAIN
};
