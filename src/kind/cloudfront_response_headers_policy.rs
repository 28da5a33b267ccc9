//! CloudFront response headers policy: what a distribution adds to every answer.
//!
//! *Invariant*: none of its own.

use super::{Allowed, Fact, Guard, Kind, Literal, Name};

pub(super) static KIND: Kind = Kind {
    name: "aws_cloudfront_response_headers_policy",
    noun: "response headers policy",
    // As the provider has it: a block that is not there is not asked for.
    defaults: &[
        ("cors_config", Literal::Nothing),
        ("custom_headers_config", Literal::Nothing),
        ("remove_headers_config", Literal::Nothing),
        ("server_timing_headers_config", Literal::Nothing),
    ],
    allowed: &[
        (
            "security_headers_config.frame_options.frame_option",
            Allowed::Words(&["DENY", "SAMEORIGIN"]),
        ),
        (
            "security_headers_config.referrer_policy.referrer_policy",
            Allowed::Words(&[
                "no-referrer",
                "no-referrer-when-downgrade",
                "origin",
                "origin-when-cross-origin",
                "same-origin",
                "strict-origin",
                "strict-origin-when-cross-origin",
                "unsafe-url",
            ]),
        ),
    ],
    volatile: &["etag"],
    named_by: &["name"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 128,
        with_account: false,
    }),
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the name is refused with `ResponseHeadersPolicyAlreadyExists`",
        page: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateResponseHeadersPolicy.html",
    },
    home: Some("us-east-1"),
    permissions: &[
        "cloudfront:CreateResponseHeadersPolicy",
        "cloudfront:DeleteResponseHeadersPolicy",
        "cloudfront:GetResponseHeadersPolicy",
        "cloudfront:ListDistributions",
        "cloudfront:ListResponseHeadersPolicies",
        "cloudfront:UpdateResponseHeadersPolicy",
    ],
    ..Kind::PLAIN
};
