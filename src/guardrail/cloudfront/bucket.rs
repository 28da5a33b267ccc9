//! The rule about buckets behind CloudFront.
//!
//! *Invariant*: a bucket is a bucket, however the origin is written.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use super::{Served, label, nested, origins, raw, served};
use crate::value::Value;

/// WT-CF-006.
pub(in crate::guardrail) static SIGNED: Rule = Rule {
    id: "WT-CF-006",
    title: "buckets are reached by signed requests",
    severity: Severity::High,
    explain: "An origin that is a bucket has an origin access control for s3 that always signs: \
        only then does CloudFront always use HTTPS; with another signing behaviour it follows the \
        viewer. An origin access identity does not count, and a website endpoint speaks HTTP \
        only. An origin access control that is not among the resources can't be proven to sign.",
    controls: &[
        "Security Hub CloudFront.13",
        "NIST AC-3",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
        "Well-Architected SEC09-BP03",
    ],
    fix: "reach the bucket by its regional domain name and an aws_cloudfront_origin_access_control with signing_behavior = \"always\"",
    check,
};

fn check(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        for origin in origins(scope, distribution) {
            let is_custom = ["custom_origin_config", "vpc_origin_config"]
                .iter()
                .any(|name| nested(scope, origin, name).is_some());
            let label = label(scope, origin);
            let verdict = match served(scope, origin) {
                Served::Website => {
                    Verdict::Fails(format!("reaches {label} by a website endpoint, in clear"))
                }
                Served::Bucket if is_custom => {
                    Verdict::Fails(format!("reaches {label}, a bucket, without signing"))
                }
                Served::Other if is_custom => Verdict::Holds,
                _ => signed(scope, origin, &label),
            };
            report.judge(distribution, "origin", verdict);
        }
    }
}

fn signed<'a>(scope: &Scope<'a>, origin: &'a Value, label: &str) -> Verdict {
    let id = raw(origin, "origin_access_control_id");
    let control = match scope.target(id, "aws_cloudfront_origin_access_control", &["id"]) {
        Some(control) => control,
        None if matches!(scope.follow(id).as_str(), Some("")) || scope.follow(id).is_null() => {
            return Verdict::Fails(format!("reaches {label} without an origin access control"));
        }
        None => {
            let what = format!("the origin access control of {label}");
            return Verdict::unknown(&what, scope.follow(id));
        }
    };
    let wanted = [
        ("signing_behavior", "always"),
        ("signing_protocol", "sigv4"),
        ("origin_access_control_origin_type", "s3"),
    ];
    let control = wanted.map(|(name, wanted)| {
        Verdict::of(
            &format!("{name} of {}", control.address),
            &scope.read(control, name),
            |value| value.as_str() == Some(wanted),
            |value| {
                let name = name.replace('_', " ");
                format!(
                    "reaches {label} with the {name} {}, not {wanted}",
                    shown(value)
                )
            },
        )
    });
    let identity = Verdict::of(
        &format!("origin_access_identity of {label}"),
        &scope.read_in(origin, "s3_origin_config.origin_access_identity"),
        |identity| identity.is_null() || identity.as_str() == Some(""),
        |_| format!("reaches {label} by an origin access identity"),
    );
    Verdict::all(control.into_iter().chain([identity]))
}
