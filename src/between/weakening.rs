//! What counts as a weakening, and what does not.
//!
//! *Invariant*: data only; what does not count is said on the page `docs/replacing.md`.

use crate::guardrail::Rule;

/// Rules of which a breach for a while weakens nothing, and why.
const NO_WEAKENING: &[(&str, &str)] = &[
    (
        "WT-ACM-005",
        "who is shown a certificate for another name does not connect",
    ),
    (
        "WT-CF-009",
        "CloudFront does not connect where it is shown another name or no TLS that it speaks",
    ),
    (
        "WT-OPS-001",
        "what is left to others is so before and after",
    ),
    (
        "WT-SG-004",
        "whom a rule lets in, it lets in before or after as well; what is new is which load balancer is in the group",
    ),
];

/// What protects something else. The other kinds are what is protected, or ways in: where one of
/// those is deleted, nobody gets further than before.
const PROTECT: &[&str] = &[
    "aws_acm_certificate",
    "aws_acm_certificate_validation",
    "aws_cloudfront_origin_access_control",
    "aws_cloudfront_response_headers_policy",
    "aws_cloudwatch_log_delivery",
    "aws_cloudwatch_log_delivery_destination",
    "aws_cloudwatch_log_delivery_source",
    "aws_default_security_group",
    "aws_flow_log",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
];

/// Whether a breach of this rule counts.
pub(super) fn is_asked(rule: &Rule) -> bool {
    NO_WEAKENING.iter().all(|(id, _)| *id != rule.id)
}

/// Whether things of this kind protect others.
pub(super) fn protects(kind: &str) -> bool {
    PROTECT.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::{NO_WEAKENING, PROTECT};
    use crate::guardrail::rule;
    use crate::kind::Kind;

    #[test]
    fn what_does_not_count_is_said_on_the_page() {
        let page = include_str!("../../docs/replacing.md");
        assert!(NO_WEAKENING.is_sorted());
        for (id, why) in NO_WEAKENING {
            assert!(rule(id).is_some() && page.contains(id), "{id}");
            assert!(!why.ends_with('.'), "{id}");
        }
        assert!(PROTECT.is_sorted());
        assert!(PROTECT.iter().all(|kind| Kind::of(kind).is_some()));
    }
}
