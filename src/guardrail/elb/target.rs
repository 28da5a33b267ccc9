//! Rules about target groups.
//!
//! *Invariant*: none claims that a target is authenticated: a load balancer takes any
//! certificate from it.

use super::super::report::{Report, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use crate::resource::Resource;

/// WT-ELB-005.
pub(in crate::guardrail) static ENCRYPTED: Rule = Rule {
    id: "WT-ELB-005",
    title: "targets are reached by TLS",
    severity: Severity::High,
    explain: "A target group's protocol is HTTPS, TLS or QUIC. Lambda functions and load \
        balancers as targets, and GENEVE, have no such choice and are not judged. The protocol \
        of a target group can't be changed: another one means a new target group. The load \
        balancer does not check the target's certificate, so this is encryption, not proof of \
        who answers.",
    controls: &[
        "Security Hub ELB.22",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "give the target group the protocol HTTPS and let the targets serve TLS",
    check: encrypted,
};

fn encrypted(scope: &Scope<'_>, report: &mut Report) {
    for group in scope.all("aws_lb_target_group") {
        let geneve = scope.read(group, "protocol").as_str() == Some("GENEVE");
        if geneve || is_of_type(scope, group, &["lambda", "alb"]) {
            continue;
        }
        report.demand(
            scope,
            group,
            "protocol",
            |protocol| matches!(protocol.as_str(), Some("HTTPS" | "TLS" | "QUIC")),
            |protocol| format!("reaches its targets by {}, in clear", shown(protocol)),
        );
    }
}

/// WT-ELB-006.
pub(in crate::guardrail) static HEALTH_CHECK: Rule = Rule {
    id: "WT-ELB-006",
    title: "health checks use TLS",
    severity: Severity::Medium,
    explain: "A target group's health check has the protocol HTTPS. AWS checks by HTTP where \
        none is given, even if the group itself is HTTPS. Lambda functions are not judged.",
    controls: &[
        "Security Hub ELB.21",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "set the protocol of health_check to HTTPS",
    check: health_check,
};

fn health_check(scope: &Scope<'_>, report: &mut Report) {
    for group in scope.all("aws_lb_target_group") {
        if is_of_type(scope, group, &["lambda"]) {
            continue;
        }
        report.demand(
            scope,
            group,
            "health_check.protocol",
            |protocol| protocol.as_str() == Some("HTTPS"),
            |protocol| format!("checks the health of its targets by {}", shown(protocol)),
        );
    }
}

fn is_of_type<'a>(scope: &Scope<'a>, group: &'a Resource, types: &[&str]) -> bool {
    scope
        .read(group, "target_type")
        .as_str()
        .is_some_and(|of| types.contains(&of))
}
