//! A response headers policy's attributes as CloudFront's configuration, and back.
//!
//! In and out: attributes, the SDK's shapes.
//!
//! *Invariant*: what the attributes do not say stays as it stands; within a header, all is
//! said at once.

use aws_sdk_cloudfront::types::{
    ResponseHeadersPolicyAccessControlAllowHeaders, ResponseHeadersPolicyAccessControlAllowMethods,
    ResponseHeadersPolicyAccessControlAllowMethodsValues,
    ResponseHeadersPolicyAccessControlAllowOrigins,
    ResponseHeadersPolicyAccessControlExposeHeaders, ResponseHeadersPolicyConfig,
    ResponseHeadersPolicyContentSecurityPolicy, ResponseHeadersPolicyContentTypeOptions,
    ResponseHeadersPolicyCorsConfig, ResponseHeadersPolicyCustomHeader,
    ResponseHeadersPolicyCustomHeadersConfig, ResponseHeadersPolicyFrameOptions,
    ResponseHeadersPolicyReferrerPolicy, ResponseHeadersPolicyRemoveHeader,
    ResponseHeadersPolicyRemoveHeadersConfig, ResponseHeadersPolicySecurityHeadersConfig,
    ResponseHeadersPolicyServerTimingHeadersConfig, ResponseHeadersPolicyStrictTransportSecurity,
    ResponseHeadersPolicyXssProtection,
};

use crate::aws::Error;
use crate::aws::cloudfront::{
    block, blocks, incomplete, list, quantity, set, small, text, text_set, texts, truth,
};
use crate::value::{Attributes, Value};

/// A configuration that says nothing yet but its name.
///
/// # Errors
/// The name is missing.
pub(super) fn blank(attributes: &Attributes) -> Result<ResponseHeadersPolicyConfig, Error> {
    let name = attributes.get("name").and_then(Value::as_str);
    ResponseHeadersPolicyConfig::builder()
        .set_name(name.map(str::to_owned))
        .build()
        .map_err(incomplete)
}

/// The configuration that stands, with everything in it that is wanted. Sets are sorted.
///
/// # Errors
/// Something required is missing.
pub(super) fn write(
    wanted: &Attributes,
    mut config: ResponseHeadersPolicyConfig,
) -> Result<ResponseHeadersPolicyConfig, Error> {
    let wanted = &Value::Map(wanted.clone());
    if let Some(name) = text(wanted, "name") {
        config.name = name;
    }
    if let Some(comment) = text(wanted, "comment") {
        config.comment = Some(comment);
    }
    if let Some(security) = block(wanted, "security_headers_config") {
        let standing = config.security_headers_config.take();
        config.security_headers_config = Some(write_security(security, standing)?);
    }
    if let Some(cors) = blocks(wanted, "cors_config") {
        config.cors_config = cors.first().map(write_cors).transpose()?;
    }
    if let Some(custom) = blocks(wanted, "custom_headers_config") {
        config.custom_headers_config = custom.first().map(write_custom).transpose()?;
    }
    if let Some(remove) = blocks(wanted, "remove_headers_config") {
        config.remove_headers_config = remove.first().map(write_remove).transpose()?;
    }
    if let Some(timing) = blocks(wanted, "server_timing_headers_config") {
        config.server_timing_headers_config = timing.first().map(write_timing).transpose()?;
    }
    Ok(config)
}

fn write_timing(wanted: &Value) -> Result<ResponseHeadersPolicyServerTimingHeadersConfig, Error> {
    let rate = match wanted.get("sampling_rate") {
        Value::Float(rate) => Some(*rate),
        rate => rate.scalar_text().and_then(|text| text.parse().ok()),
    };
    ResponseHeadersPolicyServerTimingHeadersConfig::builder()
        .set_enabled(truth(wanted, "enabled"))
        .set_sampling_rate(rate)
        .build()
        .map_err(incomplete)
}

fn write_security(
    wanted: &Value,
    standing: Option<ResponseHeadersPolicySecurityHeadersConfig>,
) -> Result<ResponseHeadersPolicySecurityHeadersConfig, Error> {
    let mut config =
        standing.unwrap_or_else(|| ResponseHeadersPolicySecurityHeadersConfig::builder().build());
    if let Some(hsts) = block(wanted, "strict_transport_security") {
        let hsts = ResponseHeadersPolicyStrictTransportSecurity::builder()
            .set_access_control_max_age_sec(small(hsts, "access_control_max_age_sec"))
            .include_subdomains(truth(hsts, "include_subdomains").unwrap_or(false))
            .preload(truth(hsts, "preload").unwrap_or(false))
            .set_override(truth(hsts, "override"));
        config.strict_transport_security = Some(hsts.build().map_err(incomplete)?);
    }
    if let Some(options) = block(wanted, "content_type_options") {
        let options = ResponseHeadersPolicyContentTypeOptions::builder()
            .set_override(truth(options, "override"));
        config.content_type_options = Some(options.build().map_err(incomplete)?);
    }
    if let Some(options) = block(wanted, "frame_options") {
        let options = ResponseHeadersPolicyFrameOptions::builder()
            .set_frame_option(text(options, "frame_option").map(|text| text.as_str().into()))
            .set_override(truth(options, "override"));
        config.frame_options = Some(options.build().map_err(incomplete)?);
    }
    if let Some(policy) = block(wanted, "referrer_policy") {
        let policy = ResponseHeadersPolicyReferrerPolicy::builder()
            .set_referrer_policy(text(policy, "referrer_policy").map(|text| text.as_str().into()))
            .set_override(truth(policy, "override"));
        config.referrer_policy = Some(policy.build().map_err(incomplete)?);
    }
    if let Some(policy) = block(wanted, "content_security_policy") {
        let policy = ResponseHeadersPolicyContentSecurityPolicy::builder()
            .set_content_security_policy(text(policy, "content_security_policy"))
            .set_override(truth(policy, "override"));
        config.content_security_policy = Some(policy.build().map_err(incomplete)?);
    }
    if let Some(xss) = block(wanted, "xss_protection") {
        let xss = ResponseHeadersPolicyXssProtection::builder()
            .set_protection(truth(xss, "protection"))
            .mode_block(truth(xss, "mode_block").unwrap_or(false))
            .set_report_uri(text(xss, "report_uri"))
            .set_override(truth(xss, "override"));
        config.xss_protection = Some(xss.build().map_err(incomplete)?);
    }
    Ok(config)
}

fn write_cors(wanted: &Value) -> Result<ResponseHeadersPolicyCorsConfig, Error> {
    let items = |name: &str| block(wanted, name).and_then(|block| texts(block, "items"));
    let origins = items("access_control_allow_origins").unwrap_or_default();
    let headers = items("access_control_allow_headers").unwrap_or_default();
    let methods = items("access_control_allow_methods").unwrap_or_default();
    let exposed = match items("access_control_expose_headers") {
        Some(exposed) => Some(
            ResponseHeadersPolicyAccessControlExposeHeaders::builder()
                .quantity(quantity(&exposed))
                .set_items(Some(exposed))
                .build()
                .map_err(incomplete)?,
        ),
        None => None,
    };
    ResponseHeadersPolicyCorsConfig::builder()
        .access_control_allow_origins(
            ResponseHeadersPolicyAccessControlAllowOrigins::builder()
                .quantity(quantity(&origins))
                .set_items(Some(origins))
                .build()
                .map_err(incomplete)?,
        )
        .access_control_allow_headers(
            ResponseHeadersPolicyAccessControlAllowHeaders::builder()
                .quantity(quantity(&headers))
                .set_items(Some(headers))
                .build()
                .map_err(incomplete)?,
        )
        .access_control_allow_methods(
            ResponseHeadersPolicyAccessControlAllowMethods::builder()
                .quantity(quantity(&methods))
                .set_items(Some(
                    methods
                        .iter()
                        .map(|method| method.as_str().into())
                        .collect(),
                ))
                .build()
                .map_err(incomplete)?,
        )
        .set_access_control_expose_headers(exposed)
        .set_access_control_allow_credentials(truth(wanted, "access_control_allow_credentials"))
        .set_access_control_max_age_sec(small(wanted, "access_control_max_age_sec"))
        .set_origin_override(truth(wanted, "origin_override"))
        .build()
        .map_err(incomplete)
}

fn write_custom(wanted: &Value) -> Result<ResponseHeadersPolicyCustomHeadersConfig, Error> {
    let mut headers = Vec::new();
    for wanted in blocks(wanted, "items").unwrap_or_default() {
        let header = ResponseHeadersPolicyCustomHeader::builder()
            .set_header(text(wanted, "header"))
            .set_value(text(wanted, "value"))
            .set_override(truth(wanted, "override"));
        headers.push(header.build().map_err(incomplete)?);
    }
    headers.sort_by(|a, b| a.header.cmp(&b.header));
    ResponseHeadersPolicyCustomHeadersConfig::builder()
        .quantity(quantity(&headers))
        .set_items(Some(headers))
        .build()
        .map_err(incomplete)
}

fn write_remove(wanted: &Value) -> Result<ResponseHeadersPolicyRemoveHeadersConfig, Error> {
    let mut headers = Vec::new();
    for wanted in blocks(wanted, "items").unwrap_or_default() {
        let header =
            ResponseHeadersPolicyRemoveHeader::builder().set_header(text(wanted, "header"));
        headers.push(header.build().map_err(incomplete)?);
    }
    headers.sort_by(|a, b| a.header.cmp(&b.header));
    ResponseHeadersPolicyRemoveHeadersConfig::builder()
        .quantity(quantity(&headers))
        .set_items(Some(headers))
        .build()
        .map_err(incomplete)
}

/// The configuration in the schema's vocabulary. What is off or empty is left out.
pub(super) fn read(config: ResponseHeadersPolicyConfig) -> Attributes {
    let custom = config.custom_headers_config.and_then(|all| all.items);
    let mut custom = custom.unwrap_or_default();
    custom.sort_by(|a, b| a.header.cmp(&b.header));
    let custom = list(custom.into_iter().map(|header| {
        Value::map([
            ("header", Value::from(header.header)),
            ("value", header.value.into()),
            ("override", header.r#override.into()),
        ])
    }));
    let removed = config.remove_headers_config.and_then(|all| all.items);
    let mut removed = removed.unwrap_or_default();
    removed.sort_by(|a, b| a.header.cmp(&b.header));
    let removed = list(
        removed
            .into_iter()
            .map(|header| Value::map([("header", Value::from(header.header))])),
    );
    let timing = config
        .server_timing_headers_config
        .filter(|timing| timing.enabled);
    set([
        ("name", config.name.into()),
        ("comment", config.comment.into()),
        (
            "security_headers_config",
            some_block(
                config
                    .security_headers_config
                    .map(read_security)
                    .unwrap_or_default(),
            ),
        ),
        ("cors_config", list(config.cors_config.map(read_cors))),
        (
            "custom_headers_config",
            some_block(set([("items", custom)])),
        ),
        (
            "remove_headers_config",
            some_block(set([("items", removed)])),
        ),
        (
            "server_timing_headers_config",
            list(timing.map(|timing| {
                Value::map([
                    ("enabled", Value::from(true)),
                    ("sampling_rate", rate(timing.sampling_rate)),
                ])
            })),
        ),
    ])
}

/// A block with these entries, or none where there are none.
fn some_block(entries: Attributes) -> Value {
    list((!entries.is_empty()).then_some(Value::Map(entries)))
}

/// A rate, whole where it is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a rate is between 0 and 100"
)]
fn rate(rate: Option<f64>) -> Value {
    match rate {
        Some(rate) if rate.fract() == 0.0 => Value::Int(rate as i64),
        Some(rate) => Value::Float(rate),
        None => Value::Int(0),
    }
}

fn read_security(config: ResponseHeadersPolicySecurityHeadersConfig) -> Attributes {
    let hsts = config.strict_transport_security.map(|hsts| {
        Value::map([
            (
                "access_control_max_age_sec",
                Value::from(hsts.access_control_max_age_sec),
            ),
            (
                "include_subdomains",
                hsts.include_subdomains.unwrap_or(false).into(),
            ),
            ("preload", hsts.preload.unwrap_or(false).into()),
            ("override", hsts.r#override.into()),
        ])
    });
    let content_type = config
        .content_type_options
        .map(|options| Value::map([("override", Value::from(options.r#override))]));
    let frame = config.frame_options.map(|options| {
        Value::map([
            ("frame_option", Value::from(options.frame_option.as_str())),
            ("override", options.r#override.into()),
        ])
    });
    let referrer = config.referrer_policy.map(|policy| {
        Value::map([
            (
                "referrer_policy",
                Value::from(policy.referrer_policy.as_str()),
            ),
            ("override", policy.r#override.into()),
        ])
    });
    let content = config.content_security_policy.map(|policy| {
        Value::map([
            (
                "content_security_policy",
                Value::from(policy.content_security_policy),
            ),
            ("override", policy.r#override.into()),
        ])
    });
    let xss = config.xss_protection.map(|xss| {
        Value::Map(set([
            ("protection", xss.protection.into()),
            ("mode_block", xss.mode_block.unwrap_or(false).into()),
            ("report_uri", xss.report_uri.into()),
            ("override", xss.r#override.into()),
        ]))
    });
    set([
        ("strict_transport_security", list(hsts)),
        ("content_type_options", list(content_type)),
        ("frame_options", list(frame)),
        ("referrer_policy", list(referrer)),
        ("content_security_policy", list(content)),
        ("xss_protection", list(xss)),
    ])
}

fn read_cors(config: ResponseHeadersPolicyCorsConfig) -> Value {
    let items = |texts: Value| some_block(set([("items", texts)]));
    let origins = config.access_control_allow_origins.map(|all| all.items);
    let headers = config.access_control_allow_headers.map(|all| all.items);
    let methods = config.access_control_allow_methods.map(|all| all.items);
    let exposed = config
        .access_control_expose_headers
        .and_then(|all| all.items);
    Value::Map(set([
        (
            "access_control_allow_origins",
            items(text_set(origins.unwrap_or_default())),
        ),
        (
            "access_control_allow_headers",
            items(text_set(headers.unwrap_or_default())),
        ),
        (
            "access_control_allow_methods",
            items(text_set(methods.unwrap_or_default().iter().map(
                ResponseHeadersPolicyAccessControlAllowMethodsValues::as_str,
            ))),
        ),
        (
            "access_control_expose_headers",
            items(text_set(exposed.unwrap_or_default())),
        ),
        (
            "access_control_allow_credentials",
            config.access_control_allow_credentials.into(),
        ),
        (
            "access_control_max_age_sec",
            config.access_control_max_age_sec.into(),
        ),
        ("origin_override", config.origin_override.into()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::{blank, read, write};
    use crate::value::{Attributes, Value};

    fn attributes(json: &serde_json::Value) -> Attributes {
        let Value::Map(attributes) = Value::from_json(json) else {
            panic!("an object is a map; this is a bug");
        };
        attributes
    }

    #[track_caller]
    fn check_round_trip(json: &serde_json::Value) {
        let wanted = attributes(json);
        let written = write(&wanted, blank(&wanted).unwrap()).unwrap();
        assert_eq!(read(written), wanted);
    }

    #[test]
    fn what_is_written_is_read_back() {
        check_round_trip(&serde_json::json!({
            "name": "shop-prod-web-site",
            "comment": "headers of the site",
            "security_headers_config": [{
                "strict_transport_security": [{
                    "access_control_max_age_sec": 31_536_000, "include_subdomains": false,
                    "preload": false, "override": true,
                }],
                "content_type_options": [{"override": true}],
                "frame_options": [{"frame_option": "DENY", "override": true}],
                "referrer_policy": [{"referrer_policy": "same-origin", "override": true}],
                "content_security_policy": [
                    {"content_security_policy": "default-src 'self'", "override": false}
                ],
                "xss_protection": [
                    {"protection": true, "mode_block": true, "override": true}
                ],
            }],
            "custom_headers_config": [{"items": [
                {"header": "x-a", "value": "1", "override": true},
                {"header": "x-b", "value": "2", "override": false},
            ]}],
            "remove_headers_config": [{"items": [{"header": "server"}]}],
            "server_timing_headers_config": [{"enabled": true, "sampling_rate": 50}],
            "cors_config": [{
                "access_control_allow_credentials": false,
                "access_control_max_age_sec": 600,
                "origin_override": true,
                "access_control_allow_headers": [{"items": ["*"]}],
                "access_control_allow_methods": [{"items": ["GET", "HEAD"]}],
                "access_control_allow_origins": [{"items": ["https://shop.example.com"]}],
                "access_control_expose_headers": [{"items": ["etag"]}],
            }],
        }));
    }

    #[test]
    fn a_header_that_nobody_manages_stays() {
        let standing = attributes(&serde_json::json!({
            "name": "a",
            "security_headers_config": [{"content_type_options": [{"override": true}]}],
        }));
        let wanted = attributes(&serde_json::json!({
            "name": "a",
            "security_headers_config": [
                {"frame_options": [{"frame_option": "DENY", "override": true}]}
            ],
        }));
        let standing = write(&standing, blank(&standing).unwrap()).unwrap();
        assert_eq!(
            read(write(&wanted, standing).unwrap()),
            attributes(&serde_json::json!({
                "name": "a",
                "security_headers_config": [{
                    "content_type_options": [{"override": true}],
                    "frame_options": [{"frame_option": "DENY", "override": true}],
                }],
            }))
        );
    }
}
