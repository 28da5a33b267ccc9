//! The words of which AWS takes one, held against the SDK.
//!
//! *Invariant*: a word that AWS gets with another version of the SDK shows here.

use aws_sdk_acm::types as acm;
use aws_sdk_cloudfront::types as cloudfront;
use aws_sdk_cloudwatchlogs::types as logs;
use aws_sdk_ec2::types as ec2;
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as route53;
use aws_sdk_s3::types as s3;

use crate::kind::Kind;

/// The kind takes the words of the SDK, but these: what stands for something else there, or is
/// not for a kind like ours.
#[track_caller]
fn check(kind: &str, path: &str, of_the_sdk: &[&str], but: &[&str]) {
    let allowed = Kind::of(kind).unwrap().allows(path).unwrap();
    let mut wanted: Vec<&str> = of_the_sdk.to_vec();
    wanted.retain(|word| !but.contains(word));
    let mut words = allowed.words().to_vec();
    words.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(words, wanted, "{kind} {path}");
}

#[test]
fn load_balancing() {
    for (kind, action) in [
        ("aws_lb_listener", "default_action"),
        ("aws_lb_listener_rule", "action"),
    ] {
        let path = |name: &str| format!("{action}.{name}");
        check(kind, &path("type"), elb::ActionTypeEnum::values(), &[]);
        let codes = elb::RedirectActionStatusCodeEnum::values();
        check(kind, &path("redirect.status_code"), codes, &[]);
        let cognito = elb::AuthenticateCognitoActionConditionalBehaviorEnum::values();
        let name = "authenticate_cognito.on_unauthenticated_request";
        check(kind, &path(name), cognito, &[]);
    }
    let protocols = elb::ProtocolEnum::values();
    check("aws_lb_listener", "protocol", protocols, &[]);
    let group = "aws_lb_target_group";
    check(group, "protocol", protocols, &[]);
    check(group, "target_type", elb::TargetTypeEnum::values(), &[]);
    let addresses = elb::TargetGroupIpAddressTypeEnum::values();
    check(group, "ip_address_type", addresses, &[]);
    let types = elb::LoadBalancerTypeEnum::values();
    check("aws_lb", "load_balancer_type", types, &[]);
    let addresses = elb::IpAddressType::values();
    check("aws_lb", "ip_address_type", addresses, &[]);
}

#[test]
fn cloudfront() {
    let site = "aws_cloudfront_distribution";
    for behavior in ["default_cache_behavior", "ordered_cache_behavior"] {
        let path = |name: &str| format!("{behavior}.{name}");
        let policies = cloudfront::ViewerProtocolPolicy::values();
        check(site, &path("viewer_protocol_policy"), policies, &[]);
        let methods = cloudfront::Method::values();
        check(site, &path("allowed_methods"), methods, &[]);
        let events = cloudfront::EventType::values();
        let name = "lambda_function_association.event_type";
        check(site, &path(name), events, &[]);
        // A function runs at the edge: between it and the viewer.
        let at_the_origin = ["origin-request", "origin-response"];
        check(
            site,
            &path("function_association.event_type"),
            events,
            &at_the_origin,
        );
    }
    let classes = cloudfront::PriceClass::values();
    check(site, "price_class", classes, &["None"]);
    let methods = cloudfront::SslSupportMethod::values();
    check(site, "viewer_certificate.ssl_support_method", methods, &[]);
    let path = "restrictions.geo_restriction.restriction_type";
    check(site, path, cloudfront::GeoRestrictionType::values(), &[]);
    let vpc = "aws_cloudfront_vpc_origin";
    for (kind, policy, versions) in [
        (
            site,
            "origin.custom_origin_config.origin_protocol_policy",
            "origin.custom_origin_config.origin_ssl_protocols",
        ),
        (
            vpc,
            "vpc_origin_endpoint_config.origin_protocol_policy",
            "vpc_origin_endpoint_config.origin_ssl_protocols.items",
        ),
    ] {
        check(
            kind,
            policy,
            cloudfront::OriginProtocolPolicy::values(),
            &[],
        );
        check(kind, versions, cloudfront::SslProtocol::values(), &[]);
    }
    let access = "aws_cloudfront_origin_access_control";
    let origins = cloudfront::OriginAccessControlOriginTypes::values();
    check(access, "origin_access_control_origin_type", origins, &[]);
    let behaviors = cloudfront::OriginAccessControlSigningBehaviors::values();
    check(access, "signing_behavior", behaviors, &[]);
    let protocols = cloudfront::OriginAccessControlSigningProtocols::values();
    check(access, "signing_protocol", protocols, &[]);
    let headers = "aws_cloudfront_response_headers_policy";
    let path = "security_headers_config.frame_options.frame_option";
    check(headers, path, cloudfront::FrameOptionsList::values(), &[]);
    let path = "security_headers_config.referrer_policy.referrer_policy";
    check(headers, path, cloudfront::ReferrerPolicyList::values(), &[]);
}

#[test]
fn buckets() {
    let path = "rule.object_ownership";
    let ownerships = s3::ObjectOwnership::values();
    check("aws_s3_bucket_ownership_controls", path, ownerships, &[]);
    let path = "rule.apply_server_side_encryption_by_default.sse_algorithm";
    let kind = "aws_s3_bucket_server_side_encryption_configuration";
    check(kind, path, s3::ServerSideEncryption::values(), &[]);
    let kind = "aws_s3_bucket_lifecycle_configuration";
    check(kind, "rule.status", s3::ExpirationStatus::values(), &[]);
    let classes = s3::TransitionStorageClass::values();
    check(kind, "rule.transition.storage_class", classes, &[]);
    let path = "rule.noncurrent_version_transition.storage_class";
    check(kind, path, classes, &[]);
    let path = "target_object_key_format.partitioned_prefix.partition_date_source";
    let sources = s3::PartitionDateSource::values();
    check("aws_s3_bucket_logging", path, sources, &[]);
}

#[test]
fn the_others() {
    let certificate = "aws_acm_certificate";
    check(
        certificate,
        "key_algorithm",
        acm::KeyAlgorithm::values(),
        &[],
    );
    // By HTTP CloudFront alone has its own certificates validated.
    let methods = acm::ValidationMethod::values();
    check(certificate, "validation_method", methods, &["HTTP"]);
    check("aws_route53_record", "type", route53::RrType::values(), &[]);
    let formats = logs::OutputFormat::values();
    check(
        "aws_cloudwatch_log_delivery_destination",
        "output_format",
        formats,
        &[],
    );
    let flow = "aws_flow_log";
    check(flow, "traffic_type", ec2::TrafficType::values(), &[]);
    let destinations = ec2::LogDestinationType::values();
    check(flow, "log_destination_type", destinations, &[]);
    let tenancies = ec2::Tenancy::values();
    check("aws_vpc", "instance_tenancy", tenancies, &["host"]);
    let names = ec2::HostnameType::values();
    check(
        "aws_subnet",
        "private_dns_hostname_type_on_launch",
        names,
        &[],
    );
    let types = ec2::ConnectivityType::values();
    check("aws_nat_gateway", "connectivity_type", types, &[]);
    check("aws_eip", "domain", ec2::DomainType::values(), &[]);
}
