//! Rules about the leg between CloudFront and what it fetches from.
//!
//! *Invariant*: an origin counts as encrypted only if it is whatever the viewer uses.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use super::{label, nested, origins, raw};
use crate::value::Value;

/// WT-CF-004.
pub(in crate::guardrail) static HTTPS: Rule = Rule {
    id: "WT-CF-004",
    title: "origins are reached by HTTPS",
    severity: Severity::High,
    explain: "Every origin that is not a bucket has the origin protocol policy https-only. \
        match-viewer does not count: it speaks HTTP whenever a viewer does. A VPC origin says so \
        in its own resource.",
    controls: &[
        "Security Hub CloudFront.9",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "set origin_protocol_policy to https-only",
    check: |scope, report| {
        each(scope, report, "origin_protocol_policy", |policy| {
            policy.as_str() == Some("https-only")
        });
    },
};

/// WT-CF-005.
pub(in crate::guardrail) static PROTOCOL: Rule = Rule {
    id: "WT-CF-005",
    title: "origins are reached by TLS 1.2",
    severity: Severity::High,
    explain: "The origin SSL protocols of every origin that is not a bucket are TLSv1.2 and \
        nothing else (CloudFront speaks no later one to origins): TLSv1 or TLSv1.1 beside it \
        would be taken from an origin that offers no better.",
    controls: &[
        "Security Hub CloudFront.10",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "set origin_ssl_protocols to [\"TLSv1.2\"]",
    check: |scope, report| {
        each(scope, report, "origin_ssl_protocols", |protocols| {
            // The provider's VPC origin holds the list one level deeper.
            let items = match protocols.get("items") {
                Value::Null => protocols.items(),
                items => items.items(),
            };
            !items.is_empty() && items.iter().all(|item| item.as_str() == Some("TLSv1.2"))
        });
    },
};

/// Demands something of each origin that is not a bucket.
fn each(scope: &Scope<'_>, report: &mut Report, name: &str, holds: fn(&Value) -> bool) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        for origin in origins(scope, distribution) {
            let label = label(scope, origin);
            let value = if nested(scope, origin, "custom_origin_config").is_some() {
                scope.read_in(origin, &format!("custom_origin_config.{name}"))
            } else if let Some(config) = nested(scope, origin, "vpc_origin_config") {
                let id = raw(config, "vpc_origin_id");
                let Some(of) = scope.target(id, "aws_cloudfront_vpc_origin", &["id"]) else {
                    let what = format!("the VPC origin of {label}");
                    let verdict = Verdict::unknown(&what, scope.follow(id));
                    report.judge(distribution, "origin", verdict);
                    continue;
                };
                scope.read(of, &format!("vpc_origin_endpoint_config.{name}"))
            } else {
                // A bucket: judged by WT-CF-006.
                continue;
            };
            let verdict = Verdict::of(&format!("{name} of {label}"), &value, holds, |value| {
                format!(
                    "reaches {label} with the {} {}",
                    name.replace('_', " "),
                    shown(value)
                )
            });
            report.judge(distribution, "origin", verdict);
        }
    }
}
