//! What the stage makes of answers and failures.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::{check, diagnose, pending, unanswerable, value};
use crate::address::Address;
use crate::aws::{Error, ErrorKind};
use crate::resource::{Desired, Lookup, Lookups, Origin, Resource};
use crate::value::{Attributes, Reference, Step, Value};

fn address(name: &str) -> Address {
    Address::lookup("web", "aws_vpc", name)
}

fn lookup(name: &str, needs: &[Address]) -> Lookup {
    Lookup {
        address: address(name),
        region: "eu-west-1".to_owned(),
        arguments: needs
            .iter()
            .enumerate()
            .map(|(index, need)| {
                let reference = Reference::to(need.clone(), "id");
                (format!("a{index}"), Value::Reference(reference))
            })
            .collect(),
        depends_on: BTreeSet::new(),
        origin: Origin::default(),
    }
}

fn desired(lookups: &[Lookup]) -> Desired {
    let lookups = lookups.iter().cloned();
    Desired {
        lookups: lookups.map(|one| (one.address.clone(), one)).collect(),
        ..Desired::default()
    }
}

fn expired(operation: &str) -> Error {
    Error {
        code: Some("ExpiredToken".to_owned()),
        request_id: Some("1-2-3".to_owned()),
        ..Error::new(ErrorKind::Credentials, operation, "the token has expired")
    }
}

#[test]
fn expired_credentials_are_said_once() {
    let (a, b) = (lookup("a", &[]), lookup("b", &[]));
    let failures = [
        (&a, expired("sts:GetCallerIdentity")),
        (&b, expired("ec2:DescribeVpcs")),
    ];
    let diagnostics = diagnose(&failures);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(
        diagnostics[0].message,
        "AWS has no valid credentials from us: sts:GetCallerIdentity: ExpiredToken: the token has expired (request 1-2-3)"
    );
    assert!(diagnostics[0].hints[0].contains("aws sso login"));
}

#[test]
fn a_failure_names_address_call_and_next_step() {
    let (a, b) = (lookup("a", &[]), lookup("b", &[]));
    let denied = Error::new(ErrorKind::AccessDenied, "ec2:DescribeVpcs", "not allowed");
    let none = Error::new(ErrorKind::NotFound, "ec2:DescribeVpcs", "no VPC").hint("write one");
    let diagnostics = diagnose(&[(&b, none), (&a, denied)]);
    let said: Vec<(&str, &str)> = diagnostics
        .iter()
        .map(|one| (one.message.as_str(), one.hints[0].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (
                "web.data.aws_vpc.a: ec2:DescribeVpcs: not allowed",
                "allow ec2:DescribeVpcs to this identity"
            ),
            ("web.data.aws_vpc.b: ec2:DescribeVpcs: no VPC", "write one"),
        ]
    );
}

#[track_caller]
fn check_unanswerable(lookups: &[Lookup], expected: &[&str]) {
    let desired = desired(lookups);
    let left: Vec<&Lookup> = lookups.iter().collect();
    let said: Vec<String> = unanswerable(&left, &desired)
        .into_iter()
        .map(|one| one.message)
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn a_lookup_refers_to_other_lookups_only() {
    let bucket = Address::managed("web", "aws_s3_bucket", "site");
    check_unanswerable(
        &[lookup("a", &[bucket])],
        &[
            "web.data.aws_vpc.a refers to web.aws_s3_bucket.site, which is no lookup; a lookup can refer to other lookups only",
        ],
    );
}

#[test]
fn a_circle_is_a_fault_and_waiting_for_another_is_not() {
    check_unanswerable(
        &[
            lookup("a", &[address("b")]),
            lookup("b", &[address("a")]),
            lookup("c", &[address("d")]),
            lookup("d", &[]),
        ],
        &[
            "web.data.aws_vpc.a needs its own answer",
            "web.data.aws_vpc.b needs its own answer",
        ],
    );
}

#[test]
fn a_reference_leads_into_an_answer() {
    let tags = Value::map([("Name", Value::from("main"))]);
    let attributes: Attributes = [
        ("ids".to_owned(), Value::texts(["subnet-a", "subnet-b"])),
        ("tags".to_owned(), tags),
    ]
    .into();
    let lookups: Lookups = [(address("a"), attributes)].into();
    let at = |path: Vec<Step>| {
        let target = address("a");
        value(&lookups, &Reference { target, path })
    };
    let attribute = |name: &str| Step::Attribute(name.to_owned());
    assert_eq!(
        at(vec![attribute("ids"), Step::Index(1)]),
        Some("subnet-b".into())
    );
    assert_eq!(
        at(vec![attribute("tags"), Step::Key("Name".to_owned())]),
        Some("main".into())
    );
    assert_eq!(at(vec![attribute("none")]), None);
}

/// A group that AWS makes with a VPC origin, in the VPC of a load balancer.
fn late() -> Lookup {
    let balancer = Address::managed("web", "aws_lb", "main");
    let origin = Address::managed("web", "aws_cloudfront_vpc_origin", "site");
    let vpc = Value::Reference(Reference::to(balancer, "vpc_id"));
    Lookup {
        arguments: [("vpc_id".to_owned(), vpc)].into(),
        depends_on: [origin].into(),
        ..lookup("late", &[])
    }
}

#[test]
fn a_deferred_lookup_waits_for_what_it_names_and_refers_to() {
    let waits_for: Vec<String> = late().waits_for().iter().map(ToString::to_string).collect();
    assert_eq!(
        waits_for,
        ["web.aws_cloudfront_vpc_origin.site", "web.aws_lb.main"]
    );
    assert!(late().is_deferred() && !lookup("a", &[]).is_deferred());
}

#[test]
fn references_to_it_stay_until_it_is_asked() {
    let reference = |name: &str| Value::Reference(Reference::to(address(name), "id"));
    let rule = Address::managed("web", "aws_vpc_security_group_ingress_rule", "in");
    let mut late = late();
    late.arguments.insert("name".to_owned(), reference("soon"));
    let mut desired = desired(&[late, lookup("soon", &[])]);
    desired
        .outputs
        .insert(("web".to_owned(), "late".to_owned()), reference("late"));
    desired
        .outputs
        .insert(("web".to_owned(), "soon".to_owned()), reference("soon"));
    let found: Attributes = [("id".to_owned(), "vpc-1".into())].into();
    let desired = desired.with_lookups(&[(address("soon"), found)].into());
    let values: Vec<&Value> = desired.outputs.values().collect();
    assert_eq!(values, [&reference("late"), &Value::from("vpc-1")]);
    assert_eq!(
        desired.lookups[&address("late")].arguments["name"],
        "vpc-1".into()
    );
    // Who refers to it comes after what it waits for.
    let resource = Resource {
        address: rule,
        region: "eu-west-1".to_owned(),
        attributes: [("referenced_security_group_id".to_owned(), reference("late"))].into(),
        generated: BTreeSet::new(),
        defaulted: BTreeSet::new(),
        depends_on: BTreeSet::new(),
        maker: None,
        origin: Origin::default(),
        origins: BTreeMap::new(),
        overridden: BTreeMap::new(),
        ignored: BTreeMap::new(),
    };
    let before = desired.dependencies(&resource);
    assert_eq!(before, desired.lookups[&address("late")].waits_for());
}

#[test]
fn whoever_hangs_on_it_asks_with_what_is_known_by_then() {
    let unknown = Value::Unknown {
        from: Some(Reference::to(address("late"), "id")),
    };
    let attributes: Attributes = [("source".to_owned(), Value::List(vec![unknown]))].into();
    let asked = pending(&[late()], &attributes, &|_| Some("vpc-1".into()));
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].arguments["vpc_id"], "vpc-1".into());
    let known: Attributes = [("source".to_owned(), "sg-1".into())].into();
    assert!(pending(&[late()], &known, &|_| None).is_empty());
}

#[track_caller]
fn check_zones(kind: &str, zones: &[(&str, &str)], expected: Option<(&str, &str)>) {
    let subnets = Address::lookup("web", "aws_subnets", "main");
    let balancer = Address::managed("web", "aws_lb", "main");
    let reference = Value::Reference(Reference::to(subnets.clone(), "ids"));
    let resource = Resource {
        address: balancer.clone(),
        region: "eu-west-1".to_owned(),
        attributes: [
            ("subnets".to_owned(), reference),
            ("load_balancer_type".to_owned(), kind.into()),
        ]
        .into(),
        generated: BTreeSet::new(),
        defaulted: BTreeSet::new(),
        depends_on: BTreeSet::new(),
        maker: None,
        origin: Origin::default(),
        origins: BTreeMap::new(),
        overridden: BTreeMap::new(),
        ignored: BTreeMap::new(),
    };
    let desired = Desired {
        resources: [(balancer, resource)].into(),
        ..Desired::default()
    };
    let zones = Value::map(zones.iter().map(|(id, zone)| (*id, Value::from(*zone))));
    let answer: Attributes = [("availability_zones".to_owned(), zones)].into();
    let diagnostics = check(&desired, &[(subnets, answer)].into(), date(2026, 11, 24));
    let said = diagnostics
        .first()
        .map(|one| (one.message.as_str(), one.hints[0].as_str()));
    assert_eq!(said, expected);
}

#[test]
fn a_load_balancer_takes_one_subnet_in_each_of_two_zones() {
    check_zones(
        "application",
        &[("subnet-a", "eu-west-1a"), ("subnet-b", "eu-west-1b")],
        None,
    );
    check_zones(
        "application",
        &[
            ("subnet-a", "eu-west-1a"),
            ("subnet-b", "eu-west-1a"),
            ("subnet-c", "eu-west-1b"),
        ],
        Some((
            "web.aws_lb.main takes one subnet a zone, and there are several in eu-west-1a: eu-west-1a has subnet-a and subnet-b, eu-west-1b has subnet-c",
            "write one a zone: `subnets = [\"subnet-a\", \"subnet-c\"]`",
        )),
    );
    check_zones(
        "application",
        &[("subnet-a", "eu-west-1a"), ("subnet-b", "eu-west-1a")],
        Some((
            "web.aws_lb.main needs subnets in two availability zones: eu-west-1a has subnet-a and subnet-b",
            "create a subnet in another zone of the VPC, or choose another VPC",
        )),
    );
    check_zones("network", &[("subnet-a", "eu-west-1a")], None);
}
