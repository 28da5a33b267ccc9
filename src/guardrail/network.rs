//! Networks: their default groups and their flow logs.
//!
//! *Invariant*: what AWS makes with a network counts as open until a resource closes it.

use super::report::{Report, Verdict, shown};
use super::rule::{Rule, Severity};
use super::scope::{Link, Scope};
use crate::resource::Resource;
use crate::value::Value;

static NULL: Value = Value::Null;

/// WT-FL-001.
pub(super) static FLOW_LOGS: Rule = Rule {
    id: "WT-FL-001",
    title: "flow logs capture everything",
    severity: Severity::High,
    explain: "A VPC has a flow log with the traffic type ALL: what was let through shows who \
        talked to whom, what was turned away shows who tried to.",
    controls: &[
        "Security Hub EC2.6",
        "CIS AWS Foundations 3.7",
        "NIST AU-12",
        "NIST SI-4",
        "Well-Architected SEC09-BP03",
    ],
    fix: "add an aws_flow_log with the VPC's id and traffic_type = \"ALL\"",
    check: flow_logs,
};

fn flow_logs(scope: &Scope<'_>, report: &mut Report) {
    for vpc in scope.all("aws_vpc") {
        let verdicts = of_vpc(scope, "aws_flow_log", vpc).into_iter().map(|log| {
            Verdict::of(
                "the traffic type of its flow log",
                &scope.read(log, "traffic_type"),
                |of| of.as_str() == Some("ALL"),
                |of| format!("logs the traffic {} alone", shown(of)),
            )
        });
        let verdict = Verdict::any(verdicts).unwrap_or(Verdict::fails("has no flow log"));
        report.judge(vpc, "", verdict);
    }
}

/// WT-FL-002.
pub(super) static FORMAT: Rule = Rule {
    id: "WT-FL-002",
    title: "flow logs tell direction, path and encryption, every minute",
    severity: Severity::Medium,
    explain: "A flow log has the fields flow-direction, traffic-path and encryption-status, which \
        no default format has, and gathers for 60 seconds.",
    controls: &["NIST AU-3", "Well-Architected SEC09-BP02"],
    fix: "name these fields in log_format and set max_aggregation_interval = 60",
    check: format,
};

fn format(scope: &Scope<'_>, report: &mut Report) {
    const FIELDS: [&str; 3] = [
        "${flow-direction}",
        "${traffic-path}",
        "${encryption-status}",
    ];
    for log in scope.all("aws_flow_log") {
        let lacks = |format: &Value| {
            let text = format.as_str().unwrap_or_default();
            FIELDS.iter().find(|field| !text.contains(**field)).copied()
        };
        report.demand(
            scope,
            log,
            "log_format",
            |format| format.as_str().is_some() && lacks(format).is_none(),
            |format| {
                let field = lacks(format).unwrap_or_default();
                format!("has a format without {field}")
            },
        );
        report.demand(
            scope,
            log,
            "max_aggregation_interval",
            |seconds| seconds.as_int() == Some(60),
            |seconds| match seconds {
                Value::Null => "gathers for ten minutes".to_owned(),
                seconds => format!("gathers for {} seconds", shown(seconds)),
            },
        );
    }
}

/// WT-SG-005.
pub(super) static DEFAULT_GROUP: Rule = Rule {
    id: "WT-SG-005",
    title: "default security groups are closed",
    severity: Severity::High,
    explain: "The default security group of a VPC has no rule. AWS gives it to whatever names no \
        other, and opens it to all its members and to everywhere.",
    controls: &[
        "Security Hub EC2.2",
        "CIS AWS Foundations 5.5",
        "PCI DSS 3.2.1",
        "NIST SC-7",
    ],
    fix: "add an aws_default_security_group with the VPC's id, ingress = [] and egress = []",
    check: default_group,
};

fn default_group(scope: &Scope<'_>, report: &mut Report) {
    let kind = "aws_default_security_group";
    for vpc in scope.all("aws_vpc") {
        if of_vpc(scope, kind, vpc).is_empty() {
            let message = "leaves its default security group as open as AWS makes it";
            report.judge(vpc, "", Verdict::fails(message));
        }
    }
    for group in scope.all(kind) {
        for way in ["ingress", "egress"] {
            report.demand(
                scope,
                group,
                way,
                |rules| matches!(rules, Value::List(rules) if rules.is_empty()),
                |rules| match rules {
                    Value::Null => format!("does not say that it has no {way} rules"),
                    _ => format!("has {way} rules"),
                },
            );
        }
    }
    for kind in [
        "aws_security_group_rule",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    ] {
        for rule in scope.all(kind) {
            let group = rule.attributes.get("security_group_id").unwrap_or(&NULL);
            let opens = scope
                .target(group, "aws_default_security_group", &["id"])
                .or_else(|| scope.target(group, "aws_vpc", &["default_security_group_id"]));
            if opens.is_some() {
                let message = "opens a default security group";
                report.judge(rule, "security_group_id", Verdict::fails(message));
            }
        }
    }
}

/// The resources of a kind whose `vpc_id` is this VPC.
fn of_vpc<'a>(scope: &Scope<'a>, from: &'static str, vpc: &Resource) -> Vec<&'a Resource> {
    let link = Link {
        from,
        at: &["vpc_id"],
        to: "aws_vpc",
        by: &["id"],
    };
    scope.linked(link, vpc)
}
