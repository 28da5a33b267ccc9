//! Rules by their cases, waivers, and the table.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};

use super::report::Report;
use super::scope::Scope;
use super::testing::desired;
use super::{Finding, RULES, Refusal, approve, confirm, inspect, rule};
use crate::address::Address;
use crate::diagnostic::{Severity, Span};
use crate::resource::{Kept, Lookups};
use crate::spec::Waiver;
use crate::value::{Attributes, Value};

const TODAY: Date = date(2026, 11, 24);

#[test]
fn rules_are_sorted_and_documented() {
    assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
    for rule in RULES {
        assert!(rule.id.starts_with("WT-"), "{}", rule.id);
        assert!(
            !rule.title.is_empty() && !rule.title.ends_with('.'),
            "{} title",
            rule.id
        );
        assert!(rule.explain.ends_with('.'), "{} explain", rule.id);
        assert!(
            !rule.fix.is_empty() && !rule.fix.ends_with('.'),
            "{} fix",
            rule.id
        );
        assert!(!rule.controls.is_empty(), "{} controls", rule.id);
        assert!(super::rule(rule.id).is_some());
    }
}

/// Each rule has a file of cases: resources, and what the rule says of them. `PASS` finds
/// nothing, `FAIL` and `UNKNOWN` find what stands below the line, `LATER` finds what a
/// lookup will tell.
#[test]
fn every_rule_passes_fails_and_knows_what_it_does_not_know() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guardrail/cases");
    let mut wrong = String::new();
    for rule in RULES {
        let file = folder.join(format!("{}.txt", rule.id));
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut kinds = Vec::new();
        for case in text.split("=== ").skip(1) {
            let (title, body) = case.split_once('\n').unwrap();
            let (resources, expected) = body.split_once("\n---\n").unwrap_or((body, ""));
            let kind = title.split(' ').next().unwrap();
            let actual = found(rule, resources, kind);
            if actual != expected.trim() || actual.is_empty() != (kind == "PASS") {
                writeln!(wrong, "{}: {title}\n{actual}\n", rule.id).unwrap();
            }
            kinds.push(kind);
        }
        for kind in ["PASS", "FAIL"] {
            assert!(kinds.contains(&kind), "{} has no {kind}", rule.id);
        }
        let never_unknown = ["WT-OPS-001", "WT-S3-006"].contains(&rule.id);
        assert!(
            never_unknown || kinds.contains(&"UNKNOWN") || kinds.contains(&"LATER"),
            "{} has no UNKNOWN",
            rule.id
        );
    }
    assert!(wrong.is_empty(), "these cases differ:\n{wrong}");
    let files = fs::read_dir(folder).unwrap().count();
    assert_eq!(files, RULES.len(), "every file of cases has a rule");
}

fn found(rule: &'static rule::Rule, resources: &str, kind: &str) -> String {
    let desired = desired(resources);
    let scope = Scope::new(&desired, None);
    let mut report = Report::new(rule, &scope);
    (rule.check)(&scope, &mut report);
    let mut lines: Vec<String> = report
        .findings()
        .iter()
        .map(|finding| {
            let is = match (finding.unknown, &finding.awaits) {
                (false, _) => "FAIL",
                (true, None) => "UNKNOWN",
                (true, Some(_)) => "LATER",
            };
            let mark = if is == kind {
                String::new()
            } else {
                format!("{is} ")
            };
            format!("{mark}{} {}", finding.address, finding.message)
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

#[test]
fn a_prefix_list_that_is_looked_up_by_its_id_is_known_by_its_name() {
    let desired = desired(
        r#"
[data.aws_ec2_managed_prefix_list.one]
id = "pl-1"
[aws_security_group.lb]
[aws_vpc_security_group_ingress_rule.lb]
security_group_id = "${aws_security_group.lb.id}"
prefix_list_id = "pl-1"
[aws_lb.app]
security_groups = ["${aws_security_group.lb.id}"]
[aws_cloudfront_distribution.site]
origin = { origin_id = "app", domain_name = "${aws_lb.app.dns_name}" }
"#,
    );
    let refuses = |name: &str| {
        let list = Address::lookup("web", "aws_ec2_managed_prefix_list", "one");
        let answer = [("id", "pl-1"), ("name", name)];
        let answer = answer.map(|(name, value)| (name.to_owned(), Value::from(value)));
        let findings = inspect(&desired, &Lookups::from([(list, answer.into())]));
        findings.iter().any(|finding| finding.rule == "WT-CF-008")
    };
    assert!(!refuses("com.amazonaws.global.cloudfront.origin-facing"));
    assert!(refuses("com.amazonaws.eu-west-1.s3"));
}

const OPEN: &str = r#"
[aws_vpc_security_group_ingress_rule.ssh]
security_group_id = "sg-1"
ip_protocol = "tcp"
from_port = 22
to_port = 22
cidr_ipv4 = "0.0.0.0/0"
"#;

fn waiver(rule: &str, address: &str, expires: Date) -> Waiver {
    let (_, resource) = desired(OPEN).resources.pop_first().unwrap();
    let span: Span = resource.origin.spec.unwrap();
    Waiver {
        rule: rule.to_owned(),
        address: address.to_owned(),
        owner: "payments".to_owned(),
        reason: "PAY-411".to_owned(),
        expires,
        span,
    }
}

/// What is said of an open port 22 under these waivers: rules of the findings that refuse,
/// then the messages about waivers.
fn said(waivers: Vec<Waiver>) -> (Vec<&'static str>, Vec<String>) {
    let mut desired = desired(OPEN);
    desired.waivers = waivers;
    let (findings, waivers) = match approve(desired, TODAY) {
        Ok(approved) => (approved.findings, approved.warnings),
        Err(Refusal { findings, waivers }) => (findings, waivers),
    };
    let refusing = findings.iter().filter(|finding| finding.refuses());
    let messages = waivers.iter().map(|problem| {
        let kind = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!("{kind}: {}", problem.message)
    });
    (
        refusing.map(|finding| finding.rule).collect(),
        messages.collect(),
    )
}

#[test]
fn a_finding_refuses_unless_it_is_waived() {
    let all = vec!["WT-SG-001", "WT-SG-002", "WT-SG-003"];
    assert_eq!(said(vec![]), (all.clone(), vec![]));
    let three = |address: &str, expires| {
        all.iter()
            .map(|rule| waiver(rule, address, expires))
            .collect::<Vec<_>>()
    };
    let address = "web.*.ssh";
    assert_eq!(said(three(address, date(2027, 1, 31))), (vec![], vec![]));
    assert_eq!(said(three("*", TODAY)), (vec![], vec![]));
    let one = vec![waiver("WT-SG-002", address, date(2027, 1, 31))];
    assert_eq!(said(one), (vec!["WT-SG-001", "WT-SG-003"], vec![]));
}

#[test]
fn a_waiver_that_ended_lets_nothing_pass() {
    let (refusing, said) = said(vec![waiver("WT-SG-001", "web.*", date(2026, 11, 23))]);
    assert_eq!(refusing, ["WT-SG-001", "WT-SG-002", "WT-SG-003"]);
    assert_eq!(
        said,
        ["warning: the waiver of WT-SG-001 for `web.*` expired on 2026-11-23"]
    );
}

#[test]
fn a_waiver_must_be_needed_known_owned_and_short() {
    let check = |waiver: Waiver, expected: &str| {
        let (refusing, said) = said(vec![waiver]);
        assert_eq!(refusing.len(), 3);
        assert_eq!(said, [expected]);
    };
    check(
        waiver("WT-SG-001", "api.*", date(2027, 1, 31)),
        "warning: nothing needs the waiver of WT-SG-001 for `api.*`",
    );
    check(
        waiver(
            "WT-SG-001",
            "web.aws_vpc_security_group_ingress_rule.ss?",
            date(2027, 1, 31),
        ),
        "warning: nothing needs the waiver of WT-SG-001 for `web.aws_vpc_security_group_ingress_rule.ss?`",
    );
    check(
        waiver("WT-SG-0001", "*", date(2027, 1, 31)),
        "error: there is no rule `WT-SG-0001`",
    );
    check(
        waiver("WT-SG-001", "*", date(2027, 11, 26)),
        "error: the waiver of WT-SG-001 ends on 2027-11-26, more than 366 days ahead",
    );
    let mut unowned = waiver("WT-SG-001", "*", date(2027, 1, 31));
    unowned.owner = " ".to_owned();
    check(
        unowned,
        "error: the waiver of WT-SG-001 has no owner or no reason",
    );
}

const FROM_VPC: &str = r#"
[data.aws_vpc.main]
default = true
[aws_vpc_security_group_ingress_rule.app]
security_group_id = "sg-1"
ip_protocol = "tcp"
from_port = 22
to_port = 22
cidr_ipv4 = "${data.aws_vpc.main.cidr_block}"
"#;

fn looked_up(cidr: &str) -> Lookups {
    let address = desired(FROM_VPC).lookups.into_keys().next().unwrap();
    let found = Attributes::from([("cidr_block".to_owned(), Value::text(cidr))]);
    Lookups::from([(address, found)])
}

#[test]
fn what_hangs_on_a_lookup_is_judged_when_it_has_been_read() {
    let approve = || approve(desired(FROM_VPC), TODAY).expect("it only waits");
    let waiting: Vec<_> = approve()
        .findings()
        .iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(waiting, ["WT-SG-001", "WT-SG-002", "WT-SG-003"]);

    let confirmed =
        confirm(approve(), &looked_up("10.0.0.0/16"), &Kept::new(), TODAY).expect("it is narrow");
    assert!(confirmed.findings().is_empty());
    let rule = confirmed.desired().resources.values().next().unwrap();
    assert_eq!(rule.get("cidr_ipv4").as_str(), Some("10.0.0.0/16"));

    let refusal =
        confirm(approve(), &looked_up("0.0.0.0/0"), &Kept::new(), TODAY).expect_err("it is not");
    assert!(
        refusal
            .findings
            .iter()
            .all(|finding| finding.refuses() && !finding.unknown)
    );

    let refusal =
        confirm(approve(), &Lookups::new(), &Kept::new(), TODAY).expect_err("nobody knows");
    assert!(
        refusal
            .findings
            .iter()
            .all(|finding| finding.refuses() && finding.unknown)
    );
}

#[test]
fn findings_come_in_order_of_address_and_rule_and_point_at_the_spec() {
    let second = OPEN.replace("ssh", "also");
    let refusal = approve(desired(&format!("{OPEN}{second}")), TODAY).expect_err("both are open");
    let order: Vec<_> = refusal
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.address.name, finding.rule))
        .collect();
    let expected = ["also", "ssh"]
        .map(|name| ["WT-SG-001", "WT-SG-002", "WT-SG-003"].map(|rule| format!("{name} {rule}")));
    assert_eq!(order, expected.concat());
    let diagnostic = refusal.findings.last().map(Finding::diagnostic).unwrap();
    assert_eq!(diagnostic.severity, Severity::Error);
    assert_eq!(diagnostic.code.as_deref(), Some("WT-SG-003"));
    assert_eq!(
        diagnostic.message,
        "web.aws_vpc_security_group_ingress_rule.ssh opens tcp 22 to everybody (0.0.0.0/0)"
    );
    assert_eq!(diagnostic.labels[0].span.to_string(), "shop.toml:2:1");
    assert_eq!(
        diagnostic.hints[0],
        "remove the rule and reach the machines by Session Manager"
    );
}

#[test]
fn references_in_a_circle_are_not_known() {
    let circle = desired(
        r#"
        [aws_lb_listener.one]
        protocol = "${aws_lb_listener.two.protocol}"
        [aws_lb_listener.two]
        protocol = "${aws_lb_listener.one.protocol}"
        "#,
    );
    let refusal = approve(circle, TODAY).expect_err("nothing is known");
    let unknown = |finding: &&Finding| finding.rule == "WT-ELB-001" && finding.unknown;
    assert_eq!(refusal.findings.iter().filter(unknown).count(), 2);
}
