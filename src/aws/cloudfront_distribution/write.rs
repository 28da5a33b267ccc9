//! The distribution's attributes as CloudFront's configuration.
//!
//! In: wanted attributes and the configuration that stands. Out: the configuration to send.
//! Facts: *Amazon CloudFront API Reference*, `DistributionConfig` and the shapes in it.
//!
//! *Invariant*: what the attributes do not say stays as it stands.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types::{
    Aliases, AllowedMethods, CacheBehavior, CacheBehaviors, CachedMethods, CustomErrorResponse,
    CustomErrorResponses, CustomHeaders, CustomOriginConfig, DefaultCacheBehavior,
    DistributionConfig, FunctionAssociation, FunctionAssociations, GeoRestriction, GrpcConfig,
    LambdaFunctionAssociation, LambdaFunctionAssociations, LoggingConfig, Method, Origin,
    OriginCustomHeader, OriginShield, OriginSslProtocols, Origins, Restrictions, S3OriginConfig,
    SslProtocol, TrustedKeyGroups, ViewerCertificate, VpcOriginConfig,
};

use crate::aws::cloudfront::{
    block, blocks, incomplete, number, quantity, small, text, texts, truth,
};
use crate::aws::{Error, ErrorKind};
use crate::value::{Attributes, Value};

/// A configuration that says nothing yet, for a new distribution.
///
/// # Errors
/// Never, but that the SDK's builder may.
pub(super) fn blank(caller_reference: &str) -> Result<DistributionConfig, Error> {
    DistributionConfig::builder()
        .caller_reference(caller_reference)
        .comment("")
        .enabled(false)
        .build()
        .map_err(incomplete)
}

/// The configuration that stands, with everything in it that is wanted. Sets are sorted.
///
/// # Errors
/// Something required is missing.
pub(super) fn write(
    wanted: &Attributes,
    mut config: DistributionConfig,
) -> Result<DistributionConfig, Error> {
    let wanted = &Value::Map(wanted.clone());
    if let Some(comment) = text(wanted, "comment") {
        config.comment = comment;
    }
    if let Some(enabled) = truth(wanted, "enabled") {
        config.enabled = enabled;
    }
    replace(
        &mut config.default_root_object,
        text(wanted, "default_root_object"),
    );
    replace(
        &mut config.is_ipv6_enabled,
        truth(wanted, "is_ipv6_enabled"),
    );
    replace(&mut config.staging, truth(wanted, "staging"));
    replace(&mut config.web_acl_id, text(wanted, "web_acl_id"));
    replace(&mut config.price_class, word(wanted, "price_class"));
    replace(&mut config.http_version, word(wanted, "http_version"));
    if let Some(aliases) = texts(wanted, "aliases") {
        let aliases = Aliases::builder()
            .quantity(quantity(&aliases))
            .set_items(Some(aliases));
        config.aliases = Some(aliases.build().map_err(incomplete)?);
    }
    if let Some(origins) = blocks(wanted, "origin") {
        config.origins = Some(write_origins(origins, config.origins.as_ref())?);
    }
    if let Some(behavior) = block(wanted, "default_cache_behavior") {
        let standing = config.default_cache_behavior.take();
        config.default_cache_behavior = Some(write_behavior(behavior, standing)?);
    }
    if let Some(behaviors) = blocks(wanted, "ordered_cache_behavior") {
        let standing = config.cache_behaviors.take();
        config.cache_behaviors = Some(write_ordered(behaviors, standing)?);
    }
    if let Some(responses) = blocks(wanted, "custom_error_response") {
        let standing = config.custom_error_responses.take();
        config.custom_error_responses = Some(write_error_responses(responses, standing)?);
    }
    if let Some(logging) = blocks(wanted, "logging_config") {
        config.logging = Some(write_logging(logging.first().unwrap_or(&Value::Null)));
    }
    if let Some(certificate) = block(wanted, "viewer_certificate") {
        config.viewer_certificate = Some(write_certificate(certificate));
    }
    if let Some(geo) = block(wanted, "restrictions").and_then(|all| block(all, "geo_restriction")) {
        config.restrictions = Some(write_restrictions(geo)?);
    }
    Ok(config)
}

/// Sets what is given, and leaves alone what isn't.
fn replace<T>(standing: &mut Option<T>, wanted: Option<T>) {
    if wanted.is_some() {
        *standing = wanted;
    }
}

/// A text that the SDK holds as one of an enumeration.
fn word<T: for<'a> From<&'a str>>(from: &Value, path: &str) -> Option<T> {
    text(from, path).map(|text| T::from(text.as_str()))
}

fn required(from: &Value, name: &str) -> Result<String, Error> {
    text(from, name).ok_or_else(|| {
        Error::new(
            ErrorKind::Refused,
            "cloudfront",
            format!("{name} is required and not given"),
        )
    })
}

fn write_origins(wanted: &[Value], standing: Option<&Origins>) -> Result<Origins, Error> {
    let mut origins = Vec::new();
    for wanted in wanted {
        let id = required(wanted, "origin_id")?;
        let same = standing.and_then(|standing| standing.items.iter().find(|one| one.id == id));
        origins.push(write_origin(wanted, &id, same)?);
    }
    origins.sort_by(|a, b| a.id.cmp(&b.id));
    Origins::builder()
        .quantity(quantity(&origins))
        .set_items(Some(origins))
        .build()
        .map_err(incomplete)
}

fn write_origin(wanted: &Value, id: &str, standing: Option<&Origin>) -> Result<Origin, Error> {
    let domain_name = required(wanted, "domain_name")?;
    let mut origin = match standing {
        Some(standing) => standing.clone(),
        None => Origin::builder()
            .id(id)
            .domain_name(&domain_name)
            .build()
            .map_err(incomplete)?,
    };
    origin.domain_name = domain_name;
    replace(&mut origin.origin_path, text(wanted, "origin_path"));
    replace(
        &mut origin.origin_access_control_id,
        text(wanted, "origin_access_control_id"),
    );
    replace(
        &mut origin.connection_attempts,
        small(wanted, "connection_attempts"),
    );
    replace(
        &mut origin.connection_timeout,
        small(wanted, "connection_timeout"),
    );
    replace(
        &mut origin.response_completion_timeout,
        small(wanted, "response_completion_timeout"),
    );
    if let Some(headers) = blocks(wanted, "custom_header") {
        origin.custom_headers = Some(write_custom_headers(headers)?);
    }
    if let Some(shield) = block(wanted, "origin_shield") {
        let shield = OriginShield::builder()
            .set_enabled(truth(shield, "enabled"))
            .set_origin_shield_region(text(shield, "origin_shield_region"));
        origin.origin_shield = Some(shield.build().map_err(incomplete)?);
    }
    if let Some(custom) = block(wanted, "custom_origin_config") {
        let standing = origin.custom_origin_config.as_ref();
        origin.custom_origin_config = Some(write_custom_origin(custom, standing)?);
        origin.s3_origin_config = None;
        origin.vpc_origin_config = None;
    }
    if let Some(vpc) = block(wanted, "vpc_origin_config") {
        let vpc = VpcOriginConfig::builder()
            .set_vpc_origin_id(text(vpc, "vpc_origin_id"))
            .set_owner_account_id(text(vpc, "owner_account_id"))
            .set_origin_read_timeout(small(vpc, "origin_read_timeout"))
            .set_origin_keepalive_timeout(small(vpc, "origin_keepalive_timeout"));
        origin.vpc_origin_config = Some(vpc.build().map_err(incomplete)?);
        origin.custom_origin_config = None;
        origin.s3_origin_config = None;
    }
    let identity = text(wanted, "s3_origin_config.origin_access_identity");
    if identity.is_some() {
        origin.custom_origin_config = None;
        origin.vpc_origin_config = None;
    }
    // CloudFront wants to be told what an origin is; with an access control, a bucket's
    // own block is there and its identity empty.
    if origin.custom_origin_config.is_none() && origin.vpc_origin_config.is_none() {
        let mut s3 = origin
            .s3_origin_config
            .take()
            .unwrap_or_else(|| S3OriginConfig::builder().origin_access_identity("").build());
        if let Some(identity) = identity {
            s3.origin_access_identity = identity;
        }
        origin.s3_origin_config = Some(s3);
    }
    Ok(origin)
}

fn write_custom_headers(wanted: &[Value]) -> Result<CustomHeaders, Error> {
    let mut headers = Vec::new();
    for wanted in wanted {
        let header = OriginCustomHeader::builder()
            .set_header_name(text(wanted, "name"))
            .set_header_value(text(wanted, "value"));
        headers.push(header.build().map_err(incomplete)?);
    }
    headers.sort_by(|a, b| a.header_name.cmp(&b.header_name));
    CustomHeaders::builder()
        .quantity(quantity(&headers))
        .set_items(Some(headers))
        .build()
        .map_err(incomplete)
}

fn write_custom_origin(
    wanted: &Value,
    standing: Option<&CustomOriginConfig>,
) -> Result<CustomOriginConfig, Error> {
    let protocols = texts(wanted, "origin_ssl_protocols").unwrap_or_default();
    let protocols = OriginSslProtocols::builder()
        .quantity(quantity(&protocols))
        .set_items(Some(
            protocols
                .iter()
                .map(|protocol| SslProtocol::from(protocol.as_str()))
                .collect(),
        ))
        .build()
        .map_err(incomplete)?;
    let mut custom = CustomOriginConfig::builder()
        .set_http_port(small(wanted, "http_port"))
        .set_https_port(small(wanted, "https_port"))
        .set_origin_protocol_policy(word(wanted, "origin_protocol_policy"))
        .origin_ssl_protocols(protocols)
        .set_origin_read_timeout(standing.and_then(|standing| standing.origin_read_timeout))
        .set_origin_keepalive_timeout(
            standing.and_then(|standing| standing.origin_keepalive_timeout),
        )
        .set_ip_address_type(standing.and_then(|standing| standing.ip_address_type.clone()))
        .set_origin_mtls_config(standing.and_then(|standing| standing.origin_mtls_config.clone()))
        .build()
        .map_err(incomplete)?;
    replace(
        &mut custom.origin_read_timeout,
        small(wanted, "origin_read_timeout"),
    );
    replace(
        &mut custom.origin_keepalive_timeout,
        small(wanted, "origin_keepalive_timeout"),
    );
    Ok(custom)
}

fn write_behavior(
    wanted: &Value,
    standing: Option<DefaultCacheBehavior>,
) -> Result<DefaultCacheBehavior, Error> {
    let target_origin_id = required(wanted, "target_origin_id")?;
    let viewer_protocol_policy = required(wanted, "viewer_protocol_policy")?;
    let mut behavior = match standing {
        Some(standing) => standing,
        None => DefaultCacheBehavior::builder()
            .target_origin_id(&target_origin_id)
            .viewer_protocol_policy(viewer_protocol_policy.as_str().into())
            .build()
            .map_err(incomplete)?,
    };
    behavior.target_origin_id = target_origin_id;
    behavior.viewer_protocol_policy = viewer_protocol_policy.as_str().into();
    if let Some(allowed) = texts(wanted, "allowed_methods") {
        let cached = texts(wanted, "cached_methods").unwrap_or_default();
        behavior.allowed_methods = Some(write_methods(&allowed, &cached)?);
    }
    replace(&mut behavior.compress, truth(wanted, "compress"));
    replace(
        &mut behavior.smooth_streaming,
        truth(wanted, "smooth_streaming"),
    );
    replace(
        &mut behavior.cache_policy_id,
        text(wanted, "cache_policy_id"),
    );
    replace(
        &mut behavior.origin_request_policy_id,
        text(wanted, "origin_request_policy_id"),
    );
    replace(
        &mut behavior.response_headers_policy_id,
        text(wanted, "response_headers_policy_id"),
    );
    replace(
        &mut behavior.field_level_encryption_id,
        text(wanted, "field_level_encryption_id"),
    );
    replace(
        &mut behavior.realtime_log_config_arn,
        text(wanted, "realtime_log_config_arn"),
    );
    write_lifetimes(wanted, &mut behavior);
    if let Some(functions) = blocks(wanted, "function_association") {
        behavior.function_associations = Some(write_functions(functions)?);
    }
    if let Some(functions) = blocks(wanted, "lambda_function_association") {
        behavior.lambda_function_associations = Some(write_lambdas(functions)?);
    }
    if let Some(groups) = texts(wanted, "trusted_key_groups") {
        let groups = TrustedKeyGroups::builder()
            .enabled(!groups.is_empty())
            .quantity(quantity(&groups))
            .set_items(Some(groups));
        behavior.trusted_key_groups = Some(groups.build().map_err(incomplete)?);
    }
    if let Some(enabled) = truth(wanted, "grpc_config.enabled") {
        let grpc = GrpcConfig::builder().enabled(enabled);
        behavior.grpc_config = Some(grpc.build().map_err(incomplete)?);
    }
    Ok(behavior)
}

/// CloudFront takes times to live only where no cache policy says them.
#[expect(
    deprecated,
    reason = "distributions without a cache policy still have them"
)]
fn write_lifetimes(wanted: &Value, behavior: &mut DefaultCacheBehavior) {
    if text(wanted, "cache_policy_id").is_some_and(|id| !id.is_empty()) {
        behavior.forwarded_values = None;
        behavior.min_ttl = None;
        behavior.default_ttl = None;
        behavior.max_ttl = None;
    } else {
        replace(&mut behavior.min_ttl, number(wanted, "min_ttl"));
        replace(&mut behavior.default_ttl, number(wanted, "default_ttl"));
        replace(&mut behavior.max_ttl, number(wanted, "max_ttl"));
    }
}

fn write_methods(allowed: &[String], cached: &[String]) -> Result<AllowedMethods, Error> {
    let methods = |names: &[String]| -> Vec<Method> {
        names
            .iter()
            .map(|name| Method::from(name.as_str()))
            .collect()
    };
    let cached = CachedMethods::builder()
        .quantity(quantity(cached))
        .set_items(Some(methods(cached)))
        .build()
        .map_err(incomplete)?;
    AllowedMethods::builder()
        .quantity(quantity(allowed))
        .set_items(Some(methods(allowed)))
        .cached_methods(cached)
        .build()
        .map_err(incomplete)
}

fn write_functions(wanted: &[Value]) -> Result<FunctionAssociations, Error> {
    let mut functions = Vec::new();
    for wanted in wanted {
        let function = FunctionAssociation::builder()
            .set_function_arn(text(wanted, "function_arn"))
            .set_event_type(word(wanted, "event_type"));
        functions.push(function.build().map_err(incomplete)?);
    }
    functions.sort_by(|a, b| a.event_type.as_str().cmp(b.event_type.as_str()));
    FunctionAssociations::builder()
        .quantity(quantity(&functions))
        .set_items(Some(functions))
        .build()
        .map_err(incomplete)
}

fn write_lambdas(wanted: &[Value]) -> Result<LambdaFunctionAssociations, Error> {
    let mut functions = Vec::new();
    for wanted in wanted {
        let function = LambdaFunctionAssociation::builder()
            .set_lambda_function_arn(text(wanted, "lambda_arn"))
            .set_event_type(word(wanted, "event_type"))
            .include_body(truth(wanted, "include_body").unwrap_or(false));
        functions.push(function.build().map_err(incomplete)?);
    }
    functions.sort_by(|a, b| a.event_type.as_str().cmp(b.event_type.as_str()));
    LambdaFunctionAssociations::builder()
        .quantity(quantity(&functions))
        .set_items(Some(functions))
        .build()
        .map_err(incomplete)
}

fn write_ordered(
    wanted: &[Value],
    standing: Option<CacheBehaviors>,
) -> Result<CacheBehaviors, Error> {
    let mut standing = standing
        .and_then(|standing| standing.items)
        .unwrap_or_default();
    let mut behaviors = Vec::new();
    for wanted in wanted {
        let path_pattern = required(wanted, "path_pattern")?;
        let index = standing
            .iter()
            .position(|behavior| behavior.path_pattern == path_pattern);
        let same = match index.map(|index| standing.remove(index)) {
            Some(behavior) => Some(super::without_path(behavior)?),
            None => None,
        };
        behaviors.push(with_path(&path_pattern, write_behavior(wanted, same)?)?);
    }
    CacheBehaviors::builder()
        .quantity(quantity(&behaviors))
        .set_items(Some(behaviors))
        .build()
        .map_err(incomplete)
}

/// A behavior for the paths of this pattern.
#[expect(
    deprecated,
    reason = "distributions without a cache policy still have times to live"
)]
fn with_path(path_pattern: &str, from: DefaultCacheBehavior) -> Result<CacheBehavior, Error> {
    CacheBehavior::builder()
        .path_pattern(path_pattern)
        .target_origin_id(from.target_origin_id)
        .viewer_protocol_policy(from.viewer_protocol_policy)
        .set_trusted_signers(from.trusted_signers)
        .set_trusted_key_groups(from.trusted_key_groups)
        .set_allowed_methods(from.allowed_methods)
        .set_smooth_streaming(from.smooth_streaming)
        .set_compress(from.compress)
        .set_lambda_function_associations(from.lambda_function_associations)
        .set_function_associations(from.function_associations)
        .set_field_level_encryption_id(from.field_level_encryption_id)
        .set_realtime_log_config_arn(from.realtime_log_config_arn)
        .set_cache_policy_id(from.cache_policy_id)
        .set_origin_request_policy_id(from.origin_request_policy_id)
        .set_response_headers_policy_id(from.response_headers_policy_id)
        .set_grpc_config(from.grpc_config)
        .set_forwarded_values(from.forwarded_values)
        .set_min_ttl(from.min_ttl)
        .set_default_ttl(from.default_ttl)
        .set_max_ttl(from.max_ttl)
        .build()
        .map_err(incomplete)
}

/// How long an error is cached is CloudFront's choice (10 seconds) where it is not given.
fn write_error_responses(
    wanted: &[Value],
    standing: Option<CustomErrorResponses>,
) -> Result<CustomErrorResponses, Error> {
    let cached: BTreeMap<i32, Option<i64>> = standing
        .and_then(|standing| standing.items)
        .into_iter()
        .flatten()
        .map(|response| (response.error_code, response.error_caching_min_ttl))
        .collect();
    let mut responses = Vec::new();
    for wanted in wanted {
        // Terraform writes 0 and "" for what is not given; CloudFront wants both or none.
        let code = number(wanted, "response_code").filter(|code| *code != 0);
        let page = text(wanted, "response_page_path").filter(|page| !page.is_empty());
        let error = small(wanted, "error_code");
        let cached = error.and_then(|error| *cached.get(&error)?);
        let response = CustomErrorResponse::builder()
            .set_error_code(error)
            .set_response_code(code.map(|code| code.to_string()))
            .set_response_page_path(page)
            .set_error_caching_min_ttl(number(wanted, "error_caching_min_ttl").or(cached));
        responses.push(response.build().map_err(incomplete)?);
    }
    responses.sort_by_key(|response| response.error_code);
    CustomErrorResponses::builder()
        .quantity(quantity(&responses))
        .set_items(Some(responses))
        .build()
        .map_err(incomplete)
}

/// CloudFront takes all four or none; one without a bucket is off.
fn write_logging(wanted: &Value) -> LoggingConfig {
    let bucket = text(wanted, "bucket").unwrap_or_default();
    LoggingConfig::builder()
        .enabled(!bucket.is_empty())
        .include_cookies(truth(wanted, "include_cookies").unwrap_or(false))
        .prefix(text(wanted, "prefix").unwrap_or_default())
        .bucket(bucket)
        .build()
}

fn write_certificate(wanted: &Value) -> ViewerCertificate {
    let given = |name: &str| text(wanted, name).filter(|text| !text.is_empty());
    let acm = given("acm_certificate_arn");
    let iam = given("iam_certificate_id");
    // Its own certificate has no choice of protocol or method.
    if acm.is_none() && iam.is_none() {
        return ViewerCertificate::builder()
            .cloud_front_default_certificate(true)
            .build();
    }
    ViewerCertificate::builder()
        .cloud_front_default_certificate(false)
        .set_acm_certificate_arn(acm)
        .set_iam_certificate_id(iam)
        .set_minimum_protocol_version(word(wanted, "minimum_protocol_version"))
        .set_ssl_support_method(word(wanted, "ssl_support_method"))
        .build()
}

fn write_restrictions(geo: &Value) -> Result<Restrictions, Error> {
    let locations = texts(geo, "locations").unwrap_or_default();
    let geo = GeoRestriction::builder()
        .set_restriction_type(word(geo, "restriction_type"))
        .quantity(quantity(&locations))
        .set_items(Some(locations))
        .build()
        .map_err(incomplete)?;
    Ok(Restrictions::builder().geo_restriction(geo).build())
}
