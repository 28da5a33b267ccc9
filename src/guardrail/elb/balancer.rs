//! Rules about load balancers themselves.
//!
//! *Invariant*: a bucket for logs counts only if its own policy is proven.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::s3::transport;
use super::super::scope::Scope;
use super::may_be;
use crate::resource::Resource;
use crate::value::Value;

/// WT-ELB-008.
pub(in crate::guardrail) static HEADERS: Rule = Rule {
    id: "WT-ELB-008",
    title: "invalid headers are dropped",
    severity: Severity::Medium,
    explain: "An application load balancer removes HTTP headers with names that are not valid \
        (drop_invalid_header_fields) before a target sees them; AWS leaves them in by default.",
    controls: &[
        "Security Hub ELB.4",
        "PCI DSS 6.2.4",
        "NIST SC-7(4)",
        "NIST SC-8(2)",
    ],
    fix: "set drop_invalid_header_fields to true",
    check: headers,
};

fn headers(scope: &Scope<'_>, report: &mut Report) {
    for balancer in of_type(scope, "application") {
        report.demand(
            scope,
            balancer,
            "drop_invalid_header_fields",
            |drops| drops.as_bool() == Some(true),
            |_| "lets headers with invalid names through".to_owned(),
        );
    }
}

/// WT-ELB-009.
pub(in crate::guardrail) static DESYNC: Rule = Rule {
    id: "WT-ELB-009",
    title: "requests that desynchronise are stopped",
    severity: Severity::Medium,
    explain: "The desync mitigation mode of an application load balancer is defensive or \
        strictest: `monitor` lets requests through that two servers may read differently.",
    controls: &["Security Hub ELB.12", "PCI DSS 6.2.4", "NIST AC-4(21)"],
    fix: "set desync_mitigation_mode to strictest",
    check: desync,
};

fn desync(scope: &Scope<'_>, report: &mut Report) {
    for balancer in of_type(scope, "application") {
        report.demand(
            scope,
            balancer,
            "desync_mitigation_mode",
            |mode| matches!(mode.as_str(), Some("defensive" | "strictest")),
            |mode| format!("has the desync mitigation mode {}", shown(mode)),
        );
    }
}

/// WT-ELB-010.
pub(in crate::guardrail) static LOGS: Rule = Rule {
    id: "WT-ELB-010",
    title: "access and connection logs are kept",
    severity: Severity::Medium,
    explain: "A load balancer writes access logs, and an application load balancer connection \
        logs too (they alone tell the TLS version of each client), into a bucket that passes \
        WT-S3-001. A bucket that is not among the resources can't be proven to.",
    controls: &[
        "Security Hub ELB.5",
        "PCI DSS 10.2",
        "NIST AU-2",
        "Well-Architected SEC09-BP03",
    ],
    fix: "enable access_logs and connection_logs into a bucket whose policy denies plaintext",
    check: logs,
};

fn logs(scope: &Scope<'_>, report: &mut Report) {
    for balancer in scope.all("aws_lb") {
        if scope.read(balancer, "load_balancer_type").as_str() == Some("gateway") {
            continue;
        }
        let kinds: &[&str] = if may_be(scope, balancer, "application") {
            &["access_logs", "connection_logs"]
        } else {
            &["access_logs"]
        };
        for name in kinds {
            let verdict = Verdict::all([
                Verdict::of(
                    &format!("{name}.enabled"),
                    &scope.read(balancer, &format!("{name}.enabled")),
                    |enabled| enabled.as_bool() == Some(true),
                    |_| format!("keeps no {}", name.replace('_', " ")),
                ),
                bucket(scope, balancer, name),
            ]);
            report.judge(balancer, name, verdict);
        }
    }
}

fn bucket<'a>(scope: &Scope<'a>, balancer: &'a Resource, name: &str) -> Verdict {
    static NULL: Value = Value::Null;
    let block = balancer.attributes.get(name).unwrap_or(&NULL);
    let value = scope
        .elements(block)
        .first()
        .and_then(|block| block.as_map()?.get("bucket"))
        .unwrap_or(&NULL);
    let logs = name.replace('_', " ");
    if value.is_null() {
        return Verdict::Fails(format!("names no bucket for {logs}"));
    }
    let canonical = scope.canonical(value);
    let bucket = canonical.as_deref().and_then(|name| scope.bucket(name));
    match bucket.map(|bucket| transport::denies_plaintext(scope, bucket)) {
        None => Verdict::unknown(&format!("the bucket of its {logs}"), scope.follow(value)),
        Some(Verdict::Fails(_)) => Verdict::Fails(format!(
            "keeps {logs} in a bucket that takes plaintext (WT-S3-001)"
        )),
        Some(verdict) => verdict,
    }
}

fn of_type<'a>(scope: &Scope<'a>, of: &'static str) -> Vec<&'a Resource> {
    scope
        .all("aws_lb")
        .filter(|balancer| may_be(scope, balancer, of))
        .collect()
}
