//! A distribution as CloudFront reports it, in the schema's vocabulary.
//!
//! In: the service's shapes. Out: attributes.
//!
//! *Invariant*: a block that is off or empty is left out, as Terraform does not show it.

use aws_sdk_cloudfront::types::{
    CustomErrorResponse, DefaultCacheBehavior, Distribution, DistributionConfig, Method, Origin,
    SslProtocol, ViewerCertificate,
};

use crate::aws::Error;
use crate::aws::cloudfront::{list, set, set_block, text_set};
use crate::value::{Attributes, Value};

/// The zone of every distribution's domain, to which alias records point (*Route 53 API
/// Reference*, `AliasTarget`).
const HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";

/// Everything that CloudFront reports of a distribution, but its tags.
///
/// # Errors
/// A part of the configuration lacks what the SDK requires.
pub(super) fn read(distribution: Distribution, etag: Option<String>) -> Result<Attributes, Error> {
    let mut attributes = set([
        ("id", distribution.id.into()),
        ("arn", distribution.arn.into()),
        ("status", distribution.status.into()),
        ("domain_name", distribution.domain_name.into()),
        ("hosted_zone_id", HOSTED_ZONE.into()),
        ("etag", etag.into()),
        (
            "in_progress_validation_batches",
            distribution.in_progress_invalidation_batches.into(),
        ),
    ]);
    if let Some(config) = distribution.distribution_config {
        attributes.extend(read_config(config)?);
    }
    Ok(attributes)
}

/// The configuration's part of the attributes.
///
/// # Errors
/// A part of the configuration lacks what the SDK requires.
pub(super) fn read_config(config: DistributionConfig) -> Result<Attributes, Error> {
    let mut attributes = read_scalars(&config);
    attributes.extend(read_blocks(config)?);
    Ok(attributes)
}

fn read_scalars(config: &DistributionConfig) -> Attributes {
    let continuous = config.continuous_deployment_policy_id.clone();
    let price_class = config.price_class.as_ref().map(AsRef::as_ref);
    // CloudFront answers `HTTP2` or `http2`, as it was given.
    let http_version = config.http_version.as_ref();
    let http_version = http_version.map(|version| version.as_str().to_ascii_lowercase());
    let root = config.default_root_object.clone();
    set([
        ("caller_reference", config.caller_reference.clone().into()),
        ("comment", config.comment.clone().into()),
        ("enabled", config.enabled.into()),
        ("default_root_object", root.into()),
        ("is_ipv6_enabled", config.is_ipv6_enabled.into()),
        ("staging", config.staging.into()),
        ("web_acl_id", config.web_acl_id.clone().into()),
        (
            "anycast_ip_list_id",
            config.anycast_ip_list_id.clone().into(),
        ),
        ("continuous_deployment_policy_id", continuous.into()),
        ("price_class", name(price_class)),
        ("http_version", http_version.into()),
    ])
}

fn read_blocks(config: DistributionConfig) -> Result<Attributes, Error> {
    let mut ordered = Vec::new();
    let behaviors = config.cache_behaviors.and_then(|all| all.items);
    for behavior in behaviors.unwrap_or_default() {
        let path_pattern = behavior.path_pattern.clone();
        let mut entries = read_behavior(super::without_path(behavior)?);
        entries.insert("path_pattern".to_owned(), path_pattern.into());
        ordered.push(Value::Map(entries));
    }
    let logging = config.logging.filter(|logging| logging.enabled);
    Ok(set([
        (
            "aliases",
            text_set(
                config
                    .aliases
                    .and_then(|aliases| aliases.items)
                    .unwrap_or_default(),
            ),
        ),
        (
            "origin",
            list(
                config
                    .origins
                    .into_iter()
                    .flat_map(|all| all.items)
                    .map(read_origin),
            ),
        ),
        (
            "default_cache_behavior",
            list(
                config
                    .default_cache_behavior
                    .map(|behavior| Value::Map(read_behavior(behavior))),
            ),
        ),
        ("ordered_cache_behavior", list(ordered)),
        (
            "custom_error_response",
            list(
                config
                    .custom_error_responses
                    .and_then(|all| all.items)
                    .unwrap_or_default()
                    .into_iter()
                    .map(read_error_response),
            ),
        ),
        (
            "logging_config",
            list(logging.map(|logging| {
                Value::map([
                    ("bucket", Value::from(logging.bucket)),
                    ("prefix", logging.prefix.into()),
                    ("include_cookies", logging.include_cookies.into()),
                ])
            })),
        ),
        (
            "viewer_certificate",
            list(config.viewer_certificate.map(read_certificate)),
        ),
        (
            "restrictions",
            list(
                config
                    .restrictions
                    .and_then(|all| all.geo_restriction)
                    .map(|geo| {
                        let geo = set_block([
                            ("restriction_type", geo.restriction_type.as_str().into()),
                            ("locations", text_set(geo.items.unwrap_or_default())),
                        ]);
                        Value::map([("geo_restriction", geo)])
                    }),
            ),
        ),
    ]))
}

/// A name of an enumeration.
fn name(name: Option<&str>) -> Value {
    name.into()
}

fn read_origin(origin: Origin) -> Value {
    let headers = origin.custom_headers.and_then(|all| all.items);
    let custom = origin.custom_origin_config.map(|custom| {
        let protocols = custom.origin_ssl_protocols.map(|all| all.items);
        Value::Map(set([
            ("http_port", custom.http_port.into()),
            ("https_port", custom.https_port.into()),
            (
                "origin_protocol_policy",
                custom.origin_protocol_policy.as_str().into(),
            ),
            ("origin_read_timeout", custom.origin_read_timeout.into()),
            (
                "origin_keepalive_timeout",
                custom.origin_keepalive_timeout.into(),
            ),
            (
                "origin_ssl_protocols",
                text_set(
                    protocols
                        .unwrap_or_default()
                        .iter()
                        .map(SslProtocol::as_str),
                ),
            ),
        ]))
    });
    let identity = origin
        .s3_origin_config
        .map(|s3| s3.origin_access_identity)
        .filter(|identity| !identity.is_empty())
        .map(|identity| Value::map([("origin_access_identity", Value::from(identity))]));
    let vpc = origin.vpc_origin_config.map(|vpc| {
        Value::Map(set([
            ("vpc_origin_id", vpc.vpc_origin_id.into()),
            ("owner_account_id", vpc.owner_account_id.into()),
            ("origin_read_timeout", vpc.origin_read_timeout.into()),
            (
                "origin_keepalive_timeout",
                vpc.origin_keepalive_timeout.into(),
            ),
        ]))
    });
    let shield = origin
        .origin_shield
        .filter(|shield| shield.enabled)
        .map(|shield| {
            Value::Map(set([
                ("enabled", true.into()),
                ("origin_shield_region", shield.origin_shield_region.into()),
            ]))
        });
    Value::Map(set([
        ("origin_id", origin.id.into()),
        ("domain_name", origin.domain_name.into()),
        ("origin_path", origin.origin_path.into()),
        (
            "origin_access_control_id",
            origin.origin_access_control_id.into(),
        ),
        ("connection_attempts", origin.connection_attempts.into()),
        ("connection_timeout", origin.connection_timeout.into()),
        (
            "response_completion_timeout",
            origin.response_completion_timeout.into(),
        ),
        (
            "custom_header",
            list(headers.unwrap_or_default().into_iter().map(|header| {
                Value::map([
                    ("name", Value::from(header.header_name)),
                    ("value", header.header_value.into()),
                ])
            })),
        ),
        ("custom_origin_config", list(custom)),
        ("s3_origin_config", list(identity)),
        ("vpc_origin_config", list(vpc)),
        ("origin_shield", list(shield)),
    ]))
}

#[expect(
    deprecated,
    reason = "distributions without a cache policy still have times to live"
)]
fn read_behavior(behavior: DefaultCacheBehavior) -> Attributes {
    let allowed = behavior.allowed_methods;
    let cached = allowed
        .as_ref()
        .and_then(|allowed| allowed.cached_methods.as_ref());
    let functions = behavior.function_associations.and_then(|all| all.items);
    let lambdas = behavior
        .lambda_function_associations
        .and_then(|all| all.items);
    let groups = behavior.trusted_key_groups.and_then(|all| all.items);
    let grpc = behavior.grpc_config.filter(|grpc| grpc.enabled);
    set([
        ("target_origin_id", behavior.target_origin_id.into()),
        (
            "viewer_protocol_policy",
            behavior.viewer_protocol_policy.as_str().into(),
        ),
        (
            "cached_methods",
            text_set(cached.iter().flat_map(|all| &all.items).map(Method::as_str)),
        ),
        (
            "allowed_methods",
            text_set(
                allowed
                    .iter()
                    .flat_map(|all| &all.items)
                    .map(Method::as_str),
            ),
        ),
        ("compress", behavior.compress.into()),
        ("smooth_streaming", behavior.smooth_streaming.into()),
        ("cache_policy_id", behavior.cache_policy_id.into()),
        (
            "origin_request_policy_id",
            behavior.origin_request_policy_id.into(),
        ),
        (
            "response_headers_policy_id",
            behavior.response_headers_policy_id.into(),
        ),
        (
            "field_level_encryption_id",
            behavior.field_level_encryption_id.into(),
        ),
        (
            "realtime_log_config_arn",
            behavior.realtime_log_config_arn.into(),
        ),
        ("min_ttl", behavior.min_ttl.into()),
        ("default_ttl", behavior.default_ttl.into()),
        ("max_ttl", behavior.max_ttl.into()),
        ("trusted_key_groups", text_set(groups.unwrap_or_default())),
        (
            "grpc_config",
            list(grpc.map(|_| Value::map([("enabled", Value::from(true))]))),
        ),
        (
            "function_association",
            list(functions.unwrap_or_default().into_iter().map(|function| {
                Value::map([
                    ("event_type", Value::from(function.event_type.as_str())),
                    ("function_arn", function.function_arn.into()),
                ])
            })),
        ),
        (
            "lambda_function_association",
            list(lambdas.unwrap_or_default().into_iter().map(|function| {
                Value::map([
                    ("event_type", Value::from(function.event_type.as_str())),
                    ("lambda_arn", function.lambda_function_arn.into()),
                    (
                        "include_body",
                        function.include_body.unwrap_or(false).into(),
                    ),
                ])
            })),
        ),
    ])
}

fn read_error_response(response: CustomErrorResponse) -> Value {
    let code = response
        .response_code
        .and_then(|code| code.parse::<i64>().ok());
    Value::Map(set([
        ("error_code", response.error_code.into()),
        ("response_code", code.into()),
        ("response_page_path", response.response_page_path.into()),
        (
            "error_caching_min_ttl",
            response.error_caching_min_ttl.into(),
        ),
    ]))
}

fn read_certificate(certificate: ViewerCertificate) -> Value {
    let method = certificate.ssl_support_method.as_ref().map(AsRef::as_ref);
    let version = certificate
        .minimum_protocol_version
        .as_ref()
        .map(AsRef::as_ref);
    Value::Map(set([
        (
            "cloudfront_default_certificate",
            certificate
                .cloud_front_default_certificate
                .unwrap_or(false)
                .into(),
        ),
        ("ssl_support_method", name(method)),
        ("minimum_protocol_version", name(version)),
        (
            "acm_certificate_arn",
            certificate.acm_certificate_arn.into(),
        ),
        ("iam_certificate_id", certificate.iam_certificate_id.into()),
    ]))
}
