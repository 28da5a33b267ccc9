//! CloudFront origin access control: signs what a distribution asks of a bucket.
//!
//! *Invariant*: none of its own.

use super::{Allowed, Fact, Guard, Kind, Literal, Name};

/// The description's default is the provider's own, so that one exported without it is the
/// same to Terraform.
pub(super) static KIND: Kind = Kind {
    name: "aws_cloudfront_origin_access_control",
    noun: "origin access control",
    replace: &["name"],
    defaults: &[("description", Literal::Text("Managed by Terraform"))],
    allowed: &[
        (
            "origin_access_control_origin_type",
            Allowed::Words(&["lambda", "mediapackagev2", "mediastore", "s3"]),
        ),
        (
            "signing_behavior",
            Allowed::Words(&["always", "never", "no-override"]),
        ),
        ("signing_protocol", Allowed::Words(&["sigv4"])),
    ],
    volatile: &["etag"],
    named_by: &["name"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 64,
        with_account: false,
    }),
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the name is refused with `OriginAccessControlAlreadyExists` (the page says \"with the specified parameters\")",
        page: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html",
    },
    home: Some("us-east-1"),
    permissions: &[
        "cloudfront:CreateOriginAccessControl",
        "cloudfront:DeleteOriginAccessControl",
        "cloudfront:GetOriginAccessControl",
        "cloudfront:ListDistributions",
        "cloudfront:ListOriginAccessControls",
        "cloudfront:UpdateOriginAccessControl",
    ],
    ..Kind::PLAIN
};
