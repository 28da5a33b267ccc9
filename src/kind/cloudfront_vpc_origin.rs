//! CloudFront VPC origin: the way from CloudFront to a load balancer in a VPC.
//!
//! *Invariant*: none of its own.

use super::allowed::PORT;
use super::{Allowed, Fact, Guard, Kind};

/// What it leads to and how can't be changed while a distribution uses it (Developer Guide,
/// "Restrict access with VPC origins", Update a VPC origin), and something always does: so
/// a new one is made, the distribution turned to it, and the old one deleted.
///
/// `CreateVpcOrigin` answers `EntityAlreadyExists` without a page that says by what it
/// tells two apart, so nothing guards against making one twice.
pub(super) static KIND: Kind = Kind {
    name: "aws_cloudfront_vpc_origin",
    noun: "VPC origin",
    replace: &["vpc_origin_endpoint_config"],
    allowed: &[
        ("vpc_origin_endpoint_config.http_port", PORT),
        ("vpc_origin_endpoint_config.https_port", PORT),
        (
            "vpc_origin_endpoint_config.origin_protocol_policy",
            Allowed::Words(&["http-only", "https-only", "match-viewer"]),
        ),
        (
            "vpc_origin_endpoint_config.origin_ssl_protocols.items",
            Allowed::Words(&["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"]),
        ),
    ],
    volatile: &["etag"],
    named_by: &["vpc_origin_endpoint_config"],
    // "The resource you launch must be fully deployed and in Active status" (the same page).
    after_done: true,
    guard: Guard::Nothing,
    twice: Fact {
        says: "no token; `EntityAlreadyExists` is among the errors, but no page says by what two are told apart",
        page: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateVpcOrigin.html",
    },
    protect: |_| true,
    home: Some("us-east-1"),
    permissions: &[
        "cloudfront:CreateVpcOrigin",
        "cloudfront:DeleteVpcOrigin",
        "cloudfront:GetVpcOrigin",
        "cloudfront:ListDistributions",
        "cloudfront:ListTagsForResource",
        "cloudfront:ListVpcOrigins",
        "cloudfront:TagResource",
        "cloudfront:UntagResource",
        // For the role by which CloudFront makes interfaces and a group in the VPC
        // (Developer Guide, "Use service-linked roles for CloudFront").
        "iam:CreateServiceLinkedRole",
    ],
    // "This can take up to 15 minutes", says the same page.
    usual_seconds: 300,
    patience: 30,
    ..Kind::PLAIN
};
