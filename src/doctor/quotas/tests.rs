//! Counting, and what is said of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Count, QUOTAS, Use, Weights, judge};
use crate::blueprint::Library;
use crate::diagnostic::Source;
use crate::kind::schema::Schema;
use crate::pipeline;

fn used(name: &'static str, standing: u64, adds: u64, limit: u64) -> Use {
    Use {
        name,
        place: "eu-west-1".to_owned(),
        standing,
        adds,
        limit,
        more: Some("ask for more".to_owned()),
    }
}

fn said(uses: &[Use], untold: &[&str]) -> String {
    let untold: BTreeSet<String> = untold.iter().map(|&text| text.to_owned()).collect();
    let lines = judge(uses, &untold);
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{:?}: {}", line.level, line.message))
        .collect();
    lines.join("\n")
}

#[test]
fn a_limit_is_held_nearly_full_or_broken() {
    let uses = [
        used("VPCs", 4, 1, 5),
        used("certificates", 100, 2, 2500),
        used("Application Load Balancers", 49, 2, 50),
        used("listeners of a load balancer", 0, 42, 50),
    ];
    insta::assert_snapshot!(said(&uses, &[]), @r"
    Failure: Application Load Balancers in eu-west-1: 49 and 2 more of 50, which is too many
    Warning: listeners of a load balancer in eu-west-1: 42 of 50, which is nearly all
    Ok: 2 limits hold; the nearest is VPCs in eu-west-1: 4 and 1 more of 5
    ");
}

#[test]
fn a_default_that_counts_is_said() {
    insta::assert_snapshot!(said(&[used("VPCs", 1, 1, 5)], &["servicequotas:GetServiceQuota"]), @r"
    Ok: 1 limits hold; the nearest is VPCs in eu-west-1: 1 and 1 more of 5
    Warning: the account's own limits can't be read, so AWS's defaults count: servicequotas:GetServiceQuota
    ");
}

#[test]
fn quotas_are_sorted_and_count_what_there_is() {
    assert!(QUOTAS.is_sorted_by_key(|quota| quota.name));
    for quota in QUOTAS {
        if let Count::Kind(kind) = quota.count {
            assert!(Schema::of(kind).is_some(), "{kind}");
        }
    }
}

/// What is counted in the places of a spec's one component.
fn counted(name: &str, inputs: &str, weights: &Weights) -> Vec<String> {
    let source = Arc::new(Source {
        name: "watertight.toml".to_owned(),
        text: format!(
            "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n[components.web]\n\
             blueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n{inputs}\n"
        ),
    });
    let desired = pipeline::expand(&source, None, &Library::embedded()).unwrap();
    let quota = QUOTAS.iter().find(|quota| quota.name == name).unwrap();
    let Count::Places(count) = quota.count else {
        panic!("{name} counts no places");
    };
    count(&desired, weights)
        .iter()
        .map(|(place, n)| format!("{place}: {n}"))
        .collect()
}

#[test]
fn rules_count_by_direction_and_version() {
    let inputs = "ingress = [\"10.0.0.0/8\", \"192.0.2.0/24\", \"2001:db8::/32\", \"sg-12345678\", \"pl-12345678\"]";
    let weights = [("pl-12345678".to_owned(), 55)].into();
    insta::assert_debug_snapshot!(counted("rules of a security group", inputs, &weights), @r#"
    [
        "web.aws_security_group.app, egress over IPv4: 1",
        "web.aws_security_group.app, ingress over IPv4: 1",
        "web.aws_security_group.app, ingress over IPv6: 1",
        "web.aws_security_group.lb, egress over IPv4: 1",
        "web.aws_security_group.lb, egress over IPv6: 1",
        "web.aws_security_group.lb, ingress over IPv4: 58",
        "web.aws_security_group.lb, ingress over IPv6: 57",
    ]
    "#);
}

#[test]
fn names_and_listeners_are_counted() {
    let inputs = "aliases = [\"store.example.com\"]\nredirect_http = true";
    let counted = |name| counted(name, inputs, &Weights::new());
    assert_eq!(
        counted("names of a certificate"),
        ["web.aws_acm_certificate.site: 2"]
    );
    assert_eq!(
        counted("listeners of a load balancer"),
        ["web.aws_lb.main: 2"]
    );
}
