//! Rules about the leg between viewers and CloudFront.
//!
//! *Invariant*: names of protocols and policies are compared whole.

use super::super::elb::listener::LEAST_MAX_AGE;
use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use super::{behaviours, raw};
use crate::value::Value;

/// WT-CF-001.
pub(in crate::guardrail) static HTTPS: Rule = Rule {
    id: "WT-CF-001",
    title: "viewers use HTTPS",
    severity: Severity::Critical,
    explain: "Every behaviour of a distribution has the viewer protocol policy redirect-to-https \
        or https-only.",
    controls: &[
        "Security Hub CloudFront.3",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "set viewer_protocol_policy to redirect-to-https",
    check: https,
};

fn https(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        let behaviours = behaviours(scope, distribution);
        if behaviours.is_empty() {
            report.judge(distribution, "", Verdict::fails("has no behaviour"));
        }
        for (attribute, behaviour) in behaviours {
            let verdict = Verdict::of(
                &format!("{attribute}.viewer_protocol_policy"),
                &scope.read_in(behaviour, "viewer_protocol_policy"),
                |policy| matches!(policy.as_str(), Some("redirect-to-https" | "https-only")),
                |policy| format!("has the viewer protocol policy {}", shown(policy)),
            );
            report.judge(distribution, attribute, verdict);
        }
    }
}

/// WT-CF-002.
pub(in crate::guardrail) static PROTOCOL: Rule = Rule {
    id: "WT-CF-002",
    title: "viewers use modern TLS",
    severity: Severity::High,
    explain: "A distribution's minimum protocol version is TLSv1.2_2021, TLSv1.2_2025 or \
        TLSv1.3_2025. TLSv1.2_2019 still has CBC ciphers, TLSv1.2_2018 no forward secrecy. With \
        CloudFront's own certificate it can't be chosen and is TLSv1.",
    controls: &[
        "Security Hub CloudFront.15",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "set minimum_protocol_version to TLSv1.2_2025",
    check: protocol,
};

fn protocol(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        report.demand(
            scope,
            distribution,
            "viewer_certificate.minimum_protocol_version",
            |version| {
                matches!(
                    version.as_str(),
                    Some("TLSv1.2_2021" | "TLSv1.2_2025" | "TLSv1.3_2025")
                )
            },
            |version| match version {
                Value::Null => "has no minimum protocol version, so it speaks TLS 1.0".to_owned(),
                other => format!("has the minimum protocol version {}", shown(other)),
            },
        );
    }
}

/// WT-CF-003.
pub(in crate::guardrail) static CERTIFICATE: Rule = Rule {
    id: "WT-CF-003",
    title: "a distribution has its own certificate, by SNI",
    severity: Severity::Medium,
    explain: "A distribution's certificate is one of ACM in us-east-1, served by SNI \
        (ssl_support_method sni-only): not CloudFront's own, not one of IAM, and no dedicated \
        addresses.",
    controls: &[
        "Security Hub CloudFront.7",
        "Security Hub CloudFront.8",
        "NIST SC-8",
        "Well-Architected SEC09-BP01",
    ],
    fix: "set acm_certificate_arn to a certificate in us-east-1 and ssl_support_method to sni-only",
    check: certificate,
};

fn certificate(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        let blocks = scope.blocks(distribution, "viewer_certificate");
        let arn = blocks
            .first()
            .map_or(&Value::Null, |block| raw(block, "acm_certificate_arn"));
        let ours = scope.target(arn, "aws_acm_certificate", &["arn", "id"]);
        let read = |name: &str| scope.read(distribution, &format!("viewer_certificate.{name}"));
        let verdict = Verdict::all([
            Verdict::of(
                "viewer_certificate.cloudfront_default_certificate",
                &read("cloudfront_default_certificate"),
                |default| default.is_null() || default.as_bool() == Some(false),
                |_| "has CloudFront's own certificate".to_owned(),
            ),
            Verdict::of(
                "viewer_certificate.iam_certificate_id",
                &read("iam_certificate_id"),
                |id| id.is_null() || id.as_str() == Some(""),
                |_| "has a certificate of IAM".to_owned(),
            ),
            Verdict::of(
                "viewer_certificate.acm_certificate_arn",
                &read("acm_certificate_arn"),
                |arn| match ours {
                    Some(certificate) => certificate.region == "us-east-1",
                    None => arn.as_str().is_some_and(is_in_us_east_1),
                },
                |arn| match (ours, arn) {
                    (Some(certificate), _) => {
                        format!(
                            "has a certificate of {}, not of us-east-1",
                            certificate.region
                        )
                    }
                    (None, Value::Null) => "has no certificate of ACM".to_owned(),
                    (None, other) => {
                        format!(
                            "has a certificate that is not of ACM in us-east-1: {}",
                            shown(other)
                        )
                    }
                },
            ),
            Verdict::of(
                "viewer_certificate.ssl_support_method",
                &read("ssl_support_method"),
                |method| method.as_str() == Some("sni-only"),
                |method| format!("has the SSL support method {}, not sni-only", shown(method)),
            ),
        ]);
        // A certificate elsewhere is known to be elsewhere, though its ARN is not known yet.
        let verdict = match (verdict, ours) {
            (Verdict::Unknown { .. }, Some(certificate)) if certificate.region != "us-east-1" => {
                Verdict::Fails(format!(
                    "has a certificate of {}, not of us-east-1",
                    certificate.region
                ))
            }
            (verdict, _) => verdict,
        };
        report.judge(distribution, "viewer_certificate", verdict);
    }
}

fn is_in_us_east_1(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(
        parts.as_slice(),
        ["arn", _, "acm", "us-east-1", _, name] if name.starts_with("certificate/")
    )
}

/// WT-CF-007.
pub(in crate::guardrail) static HSTS: Rule = Rule {
    id: "WT-CF-007",
    title: "browsers are told to stay with HTTPS",
    severity: Severity::Medium,
    explain: "Every behaviour of a distribution has a response headers policy that sends \
        Strict-Transport-Security with a max-age of at least one year (31536000 seconds) and \
        overrides what the origin sends. A policy that is not among the resources can't be \
        proven to; CloudFront's managed ones do not override.",
    controls: &["NIST SC-8", "Well-Architected SEC09-BP02"],
    fix: "attach an aws_cloudfront_response_headers_policy with strict_transport_security, override = true and access_control_max_age_sec = 31536000",
    check: hsts,
};

fn hsts(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        for (attribute, behaviour) in behaviours(scope, distribution) {
            let id = raw(behaviour, "response_headers_policy_id");
            let policy = scope.target(id, "aws_cloudfront_response_headers_policy", &["id"]);
            let verdict = match policy {
                Some(policy) => {
                    let block = "security_headers_config.strict_transport_security";
                    Verdict::all([
                        Verdict::of(
                            "its Strict-Transport-Security max-age",
                            &scope.read(policy, &format!("{block}.access_control_max_age_sec")),
                            |age| age.as_int() >= Some(LEAST_MAX_AGE),
                            |age| match age {
                                Value::Null => {
                                    "sends no Strict-Transport-Security header".to_owned()
                                }
                                other => format!(
                                    "sends Strict-Transport-Security for {} seconds, less than a year",
                                    shown(other)
                                ),
                            },
                        ),
                        Verdict::of(
                            "the override of its Strict-Transport-Security",
                            &scope.read(policy, &format!("{block}.override")),
                            |overrides| overrides.as_bool() == Some(true),
                            |_| "lets the origin weaken Strict-Transport-Security".to_owned(),
                        ),
                    ])
                }
                None if scope.follow(id).is_null() => {
                    Verdict::fails("has a behaviour without a response headers policy")
                }
                None => Verdict::unknown("its response headers policy", scope.follow(id)),
            };
            report.judge(distribution, attribute, verdict);
        }
    }
}
