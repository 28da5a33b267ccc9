//! CloudFront response headers policy: what a distribution adds to every answer.
//!
//! *Invariant*: none of its own.

use super::{Guard, Kind, Name};

pub(super) static KIND: Kind = Kind {
    name: "aws_cloudfront_response_headers_policy",
    noun: "response headers policy",
    volatile: &["etag"],
    named_by: &["name"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 128,
        with_account: false,
    }),
    guard: Guard::UniqueName,
    home: Some("us-east-1"),
    permissions: &[
        "cloudfront:CreateResponseHeadersPolicy",
        "cloudfront:DeleteResponseHeadersPolicy",
        "cloudfront:GetResponseHeadersPolicy",
        "cloudfront:ListResponseHeadersPolicies",
        "cloudfront:UpdateResponseHeadersPolicy",
    ],
    ..Kind::PLAIN
};
