//! Attributes to a configuration and back.

use super::differs;
use super::read::read_config;
use super::write::{blank, write};
use crate::value::{Attributes, Value};

fn attributes(json: &serde_json::Value) -> Attributes {
    let Value::Map(attributes) = Value::from_json(json) else {
        panic!("an object is a map; this is a bug");
    };
    attributes
}

fn site() -> serde_json::Value {
    serde_json::json!({
        "caller_reference": "token",
        "comment": "shop prod site",
        "enabled": true,
        "aliases": ["a.example.com", "b.example.com"],
        "default_root_object": "index.html",
        "is_ipv6_enabled": true,
        "http_version": "http2and3",
        "price_class": "PriceClass_100",
        "web_acl_id": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b",
        "origin": [
            {
                "origin_id": "api", "domain_name": "api.example.com", "origin_path": "/v1",
                "connection_attempts": 3, "connection_timeout": 10,
                "custom_header": [{"name": "x-from", "value": "edge"}],
                "custom_origin_config": [{
                    "http_port": 80, "https_port": 443, "origin_protocol_policy": "https-only",
                    "origin_ssl_protocols": ["TLSv1.2"],
                    "origin_keepalive_timeout": 5, "origin_read_timeout": 30,
                }],
            },
            {
                "origin_id": "bucket", "domain_name": "site.s3.eu-west-1.amazonaws.com",
                "connection_attempts": 3, "connection_timeout": 10,
                "origin_access_control_id": "E2QWRUHAPOMQZL",
            },
        ],
        "default_cache_behavior": [{
            "target_origin_id": "bucket", "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD"], "cached_methods": ["GET", "HEAD"],
            "compress": true, "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "response_headers_policy_id": "67f7725c-6f97-4210-82d7-5512b31e9d03",
            "function_association": [{
                "event_type": "viewer-request",
                "function_arn": "arn:aws:cloudfront::123456789012:function/index",
            }],
        }],
        "ordered_cache_behavior": [{
            "path_pattern": "/api/*",
            "target_origin_id": "api", "viewer_protocol_policy": "https-only",
            "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
            "cached_methods": ["GET", "HEAD"], "compress": false,
            "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            "origin_request_policy_id": "216adef6-5c7f-47e4-b989-5492eafa07d3",
        }],
        "custom_error_response": [
            {"error_code": 403, "response_code": 200, "response_page_path": "/index.html",
             "error_caching_min_ttl": 0},
            {"error_code": 500, "error_caching_min_ttl": 5},
        ],
        "logging_config": [
            {"bucket": "logs.s3.amazonaws.com", "prefix": "site/", "include_cookies": false}
        ],
        "restrictions": [
            {"geo_restriction": [{"restriction_type": "whitelist", "locations": ["CH", "DE"]}]}
        ],
        "viewer_certificate": [{
            "cloudfront_default_certificate": false,
            "acm_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/a",
            "minimum_protocol_version": "TLSv1.2_2025", "ssl_support_method": "sni-only",
        }],
    })
}

#[test]
fn what_is_written_is_read_back() {
    let wanted = attributes(&site());
    let config = write(&wanted, blank("token").unwrap()).unwrap();
    assert_eq!(read_config(config).unwrap(), wanted);
}

#[test]
fn an_origin_with_an_access_control_has_an_empty_identity_on_the_wire() {
    let config = write(&attributes(&site()), blank("token").unwrap()).unwrap();
    let origins = config.origins.unwrap().items;
    let identity = |index: usize| {
        let s3 = origins[index].s3_origin_config.as_ref();
        s3.map(|s3| s3.origin_access_identity.as_str())
    };
    assert_eq!((identity(0), identity(1)), (None, Some("")));
}

#[test]
fn order_in_a_set_and_empty_blocks_are_no_difference() {
    let observed = attributes(&site());
    let mut wanted = site();
    wanted["aliases"] = serde_json::json!(["b.example.com", "a.example.com"]);
    wanted["default_cache_behavior"][0]["allowed_methods"] = serde_json::json!(["HEAD", "GET"]);
    wanted["default_cache_behavior"][0]["lambda_function_association"] = serde_json::json!([]);
    wanted["origin"].as_array_mut().unwrap().reverse();
    wanted["custom_error_response"]
        .as_array_mut()
        .unwrap()
        .reverse();
    // CloudFront says how long it caches an error; nobody asked.
    wanted["custom_error_response"][0]
        .as_object_mut()
        .unwrap()
        .remove("error_caching_min_ttl");
    assert!(!differs(&observed, &attributes(&wanted)).unwrap());
}

#[track_caller]
fn check_difference(pointer: &str, value: &serde_json::Value) {
    let observed = attributes(&site());
    let mut wanted = site();
    *wanted.pointer_mut(pointer).unwrap() = value.clone();
    assert!(
        differs(&observed, &attributes(&wanted)).unwrap(),
        "{pointer}"
    );
}

#[test]
fn any_other_value_is_a_difference() {
    check_difference("/enabled", &false.into());
    check_difference("/aliases", &serde_json::json!(["a.example.com"]));
    check_difference("/origin/1/origin_access_control_id", &"E1".into());
    check_difference(
        "/origin/0/custom_origin_config/0/origin_ssl_protocols",
        &serde_json::json!(["TLSv1.1", "TLSv1.2"]),
    );
    check_difference(
        "/default_cache_behavior/0/viewer_protocol_policy",
        &"allow-all".into(),
    );
    check_difference("/ordered_cache_behavior/0/compress", &true.into());
    check_difference("/custom_error_response/0/response_code", &404.into());
    check_difference(
        "/viewer_certificate/0/minimum_protocol_version",
        &"TLSv1".into(),
    );
    check_difference(
        "/restrictions/0/geo_restriction/0/locations",
        &serde_json::json!(["CH"]),
    );
}

#[test]
fn what_nobody_manages_stays() {
    let live = write(&attributes(&site()), blank("token").unwrap()).unwrap();
    let wanted = attributes(&serde_json::json!({
        "enabled": true,
        "comment": "another",
        "origin": [{"origin_id": "bucket", "domain_name": "site.s3.eu-west-1.amazonaws.com"}],
        "default_cache_behavior": [{
            "target_origin_id": "bucket", "viewer_protocol_policy": "https-only",
        }],
    }));
    let changed = read_config(write(&wanted, live).unwrap()).unwrap();
    let mut expected = site();
    expected["comment"] = "another".into();
    expected["default_cache_behavior"][0]["viewer_protocol_policy"] = "https-only".into();
    expected["origin"].as_array_mut().unwrap().remove(0);
    assert_eq!(changed, attributes(&expected));
}

#[test]
fn cloudfronts_own_certificate_takes_no_protocol() {
    let wanted = attributes(&serde_json::json!({
        "viewer_certificate": [
            {"cloudfront_default_certificate": true, "minimum_protocol_version": "TLSv1"}
        ],
    }));
    let config = write(&wanted, blank("token").unwrap()).unwrap();
    let certificate = config.viewer_certificate.unwrap();
    assert_eq!(certificate.minimum_protocol_version, None);
    assert_eq!(certificate.cloud_front_default_certificate, Some(true));
}
