//! Rules about listeners.
//!
//! *Invariant*: a listener whose protocol is not known is judged as one that needs TLS.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use super::redirect::Redirects;
use super::{balancer_of, is_gateway, is_http, is_without_tls, may_be};
use crate::value::Value;

/// WT-ELB-001.
pub(in crate::guardrail) static ENCRYPTED: Rule = Rule {
    id: "WT-ELB-001",
    title: "listeners are encrypted",
    severity: Severity::Critical,
    explain: "A listener of an application load balancer speaks HTTPS, one of a network load \
        balancer TLS. An HTTP listener is let pass only if all it does is redirect to HTTPS \
        (WT-ELB-002), which Security Hub's ELB.18 by its text does not allow. TCP that a target \
        decrypts does not count: nothing here proves that it does.",
    controls: &[
        "Security Hub ELB.18",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "give the listener the protocol HTTPS (TLS on a network load balancer) and a certificate",
    check: encrypted,
};

fn encrypted(scope: &Scope<'_>, report: &mut Report) {
    let redirects = Redirects::of(scope);
    for listener in scope.all("aws_lb_listener") {
        if is_gateway(scope, listener) {
            continue;
        }
        if is_http(scope, listener) && redirects.only(scope, listener) {
            continue;
        }
        let balancer = balancer_of(scope, listener);
        let may_be = |of| balancer.is_none_or(|balancer| may_be(scope, balancer, of));
        report.demand(
            scope,
            listener,
            "protocol",
            |protocol| match protocol.as_str() {
                Some("HTTPS") => may_be("application"),
                Some("TLS") => may_be("network"),
                _ => false,
            },
            |protocol| format!("listens by {}, which is not encrypted", shown(protocol)),
        );
    }
}

/// The policies that Security Hub's ELB.17 accepts since 2026-04-06, less their prefix:
/// TLS 1.2 or later, forward secrecy, authenticated ciphers.
const POLICIES: &[&str] = &[
    "TLS13-1-2-Res-2021-06",
    "TLS13-1-2-Res-FIPS-2023-04",
    "TLS13-1-2-Res-FIPS-PQ-2025-09",
    "TLS13-1-2-Res-PQ-2025-09",
    "TLS13-1-3-2021-06",
    "TLS13-1-3-FIPS-2023-04",
    "TLS13-1-3-FIPS-PQ-2025-09",
    "TLS13-1-3-PQ-2025-09",
];

/// WT-ELB-003.
pub(in crate::guardrail) static POLICY: Rule = Rule {
    id: "WT-ELB-003",
    title: "the security policy is on the allow-list",
    severity: Severity::High,
    explain: "The security policy of an HTTPS or TLS listener is one of the eight that Security \
        Hub's ELB.17 accepts. Names are compared whole: ELBSecurityPolicy-TLS13-1-0-PQ-2025-09 \
        speaks TLS 1.0 for all its name. None given means ELBSecurityPolicy-2016-08, which \
        speaks TLS 1.0 too.",
    controls: &[
        "Security Hub ELB.17",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "set ssl_policy to ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    check: policy,
};

fn policy(scope: &Scope<'_>, report: &mut Report) {
    for listener in scope.all("aws_lb_listener") {
        if is_without_tls(scope, listener) {
            continue;
        }
        report.demand(
            scope,
            listener,
            "ssl_policy",
            |policy| {
                policy
                    .as_str()
                    .and_then(|name| name.strip_prefix("ELBSecurityPolicy-"))
                    .is_some_and(|name| POLICIES.contains(&name))
            },
            |policy| match policy {
                Value::Null => "names no security policy, so AWS takes one with TLS 1.0".to_owned(),
                other => format!(
                    "has the security policy {}, which is too weak",
                    shown(other)
                ),
            },
        );
    }
}

/// One year, in seconds.
pub(in crate::guardrail) const LEAST_MAX_AGE: i64 = 31_536_000;

/// WT-ELB-007.
pub(in crate::guardrail) static HSTS: Rule = Rule {
    id: "WT-ELB-007",
    title: "browsers are told to stay with HTTPS",
    severity: Severity::Medium,
    explain: "An HTTPS listener sends the header Strict-Transport-Security with a max-age of at \
        least one year (31536000 seconds), so that a browser that has been there once never asks \
        by HTTP again. The header that targets send doesn't count: the load balancer is what is \
        proven here.",
    controls: &["NIST SC-8", "Well-Architected SEC09-BP02"],
    fix: "set routing_http_response_strict_transport_security_header_value to \"max-age=31536000\"",
    check: hsts,
};

fn hsts(scope: &Scope<'_>, report: &mut Report) {
    for listener in scope.all("aws_lb_listener") {
        let is_web = balancer_of(scope, listener)
            .is_none_or(|balancer| may_be(scope, balancer, "application"))
            && scope.read(listener, "protocol").as_str() != Some("TLS");
        if is_without_tls(scope, listener) || !is_web {
            continue;
        }
        report.demand(
            scope,
            listener,
            "routing_http_response_strict_transport_security_header_value",
            |header| header.as_str().and_then(max_age) >= Some(LEAST_MAX_AGE),
            |header| match header {
                Value::Null => "sends no Strict-Transport-Security header".to_owned(),
                other => format!(
                    "sends Strict-Transport-Security `{}`, which is shorter than a year",
                    shown(other)
                ),
            },
        );
    }
}

/// The `max-age` of the header, RFC 6797 section 6.1: a directive that stands twice makes
/// the header void.
fn max_age(header: &str) -> Option<i64> {
    let mut ages = header.split(';').filter_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("max-age")
            .then(|| value.trim().trim_matches('"').parse().ok())
    });
    let age = ages.next()?;
    if ages.next().is_some() { None } else { age }
}

/// WT-ELB-013.
pub(in crate::guardrail) static CERTIFICATE: Rule = Rule {
    id: "WT-ELB-013",
    title: "certificates come from ACM, and no load balancer is a Classic one",
    severity: Severity::Medium,
    explain: "Every certificate of a listener is one of ACM, which renews it; certificates that \
        were uploaded to IAM run out. A Classic Load Balancer knows neither TLS 1.3 nor today's \
        security policies.",
    controls: &[
        "Security Hub ELB.2",
        "Security Hub ELB.3",
        "Security Hub ELB.8",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "take the certificate from ACM, and an aws_lb in place of an aws_elb",
    check: certificate,
};

fn certificate(scope: &Scope<'_>, report: &mut Report) {
    for classic in scope.all("aws_elb") {
        let verdict = Verdict::fails("is a Classic Load Balancer");
        report.judge(classic, "", verdict);
    }
    let listeners = scope
        .all("aws_lb_listener")
        .filter(|listener| !is_without_tls(scope, listener));
    for listener in listeners.chain(scope.all("aws_lb_listener_certificate")) {
        let given = listener.attributes.get("certificate_arn");
        let is_ours = given.is_some_and(|arn| {
            scope
                .target(arn, "aws_acm_certificate", &["arn", "id"])
                .is_some()
        });
        report.demand(
            scope,
            listener,
            "certificate_arn",
            |arn| is_ours || arn.as_str().is_some_and(is_of_acm),
            |arn| match arn {
                Value::Null => "has no certificate".to_owned(),
                other => format!("has a certificate that is not of ACM: {}", shown(other)),
            },
        );
    }
}

/// Whether it is the ARN of a certificate of ACM, in any partition.
fn is_of_acm(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "acm", _, _, name] if name.starts_with("certificate/"))
}
