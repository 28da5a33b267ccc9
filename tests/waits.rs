//! Killed while it waits for AWS: the next run waits for the same thing, and makes none.

use std::collections::BTreeSet;
use std::time::Duration;

use watertight::kind::KINDS;

use watertight::sandbox;

use crate::support::cli::Project;
use crate::support::ended::Signal;
use crate::support::proxy::{Proxy, When};
use crate::support::{Sandbox, cache};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.network]
blueprint = "network"
nat = "one"

[components.web]
blueprint = "https-service"
domain = "origin.shop.example.com"
zone = "example.com"
network = { from = "network" }
internal = true
ingress = []
port = 8443

[components.edge]
blueprint = "cdn-service"
domain = "shop.example.com"
origin = { from = "web" }
"#;

/// A load balancer and its group.
const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "web.example.com"
port = 8443
logs = false

[[waivers]]
rule = "WT-ELB-010"
address = "web.*"
owner = "shop"
reason = "nothing but a test of what is left behind"
expires = 2027-06-30
"#;

/// What is waited for; the call by which the wait is known to have come, and the one that it
/// repeats; and the calls that would make it anew.
struct Wait {
    kind: &'static str,
    after: &'static str,
    looks: &'static str,
    makes: &'static [&'static str],
}

const WAITS: &[Wait] = &[
    Wait {
        kind: "aws_nat_gateway",
        after: "ec2:CreateNatGateway",
        looks: "ec2:DescribeNatGateways",
        makes: &[
            "ec2:CreateNatGateway",
            "ec2:AllocateAddress",
            "ec2:CreateVpc",
        ],
    },
    Wait {
        kind: "aws_acm_certificate_validation",
        after: "route53:ChangeResourceRecordSets",
        looks: "acm:DescribeCertificate",
        makes: &["acm:RequestCertificate", "route53:ChangeResourceRecordSets"],
    },
    Wait {
        kind: "aws_lb",
        after: "elasticloadbalancing:CreateLoadBalancer",
        looks: "elasticloadbalancing:DescribeLoadBalancers",
        makes: &["elasticloadbalancing:CreateLoadBalancer"],
    },
    Wait {
        kind: "aws_cloudfront_vpc_origin",
        after: "cloudfront:CreateVpcOrigin",
        looks: "cloudfront:GetVpcOrigin",
        makes: &[
            "cloudfront:CreateVpcOrigin",
            "elasticloadbalancing:CreateLoadBalancer",
        ],
    },
    Wait {
        kind: "aws_cloudfront_distribution",
        after: "cloudfront:CreateDistribution",
        looks: "cloudfront:GetDistribution",
        makes: &[
            "cloudfront:CreateDistribution",
            "cloudfront:CreateVpcOrigin",
        ],
    },
];

#[test]
fn the_next_run_waits_on_for_the_same_thing() {
    let named: BTreeSet<&str> = WAITS.iter().map(|wait| wait.kind).collect();
    let slow = KINDS.iter().filter(|kind| kind.usual_seconds > 0);
    assert_eq!(named, slow.map(|kind| kind.name).collect());

    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project =
        Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
    project.write("app.toml", SPEC);
    let steps = project.plan("app.toml").steps();
    for wait in WAITS {
        let infix = format!(".{}.", wait.kind);
        let step = steps.iter().find(|step| step.contains(&infix));
        let address = step.and_then(|step| step.strip_prefix("create ")).unwrap();
        let apply = ["apply", "app.toml", "--yes", "--target", address];
        proxy.clear();
        proxy.latency(Duration::from_millis(40));
        let waits = || {
            let calls = proxy.calls();
            let made = calls.iter().position(|call| call.starts_with(wait.after));
            made.is_some_and(|made| {
                calls[made..]
                    .iter()
                    .any(|call| call.starts_with(wait.looks))
            })
        };
        project.interrupted(&apply, Signal::KILL, waits).code(-1);
        let id = project.id("shop/prod", address);

        proxy.clear();
        proxy.latency(Duration::ZERO);
        project.run(&apply).code(0);
        assert_eq!(project.id("shop/prod", address), id, "{address}");
        let calls = proxy.calls();
        assert!(
            calls.iter().any(|call| call.starts_with(wait.looks)),
            "{address}: {calls:?}"
        );
        let again = calls
            .iter()
            .find(|call| wait.makes.iter().any(|made| call.starts_with(made)));
        assert_eq!(again, None, "{address}: {calls:?}");
    }
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}

/// AWS keeps a load balancer's interfaces for minutes after it is gone. Whoever was killed
/// meanwhile has no load balancer any more by which they are known.
#[test]
fn what_a_load_balancer_leaves_behind_is_waited_for_by_the_next_run() {
    let slow = sandbox::start(&sandbox::Settings {
        load_balancer_delay: Duration::from_secs(6),
        ..sandbox::Settings::new(cache())
    });
    let slow = slow.unwrap();
    let proxy = Proxy::start(slow.endpoint());
    let project = Project::at(proxy.endpoint(), "700000000001");
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    let group = project.id("shop/prod", "web.aws_security_group.lb");

    let destroy = ["destroy", "app.toml", "--yes", "--delete-logs"];
    let deleted = When::Operation("elasticloadbalancing:DeleteLoadBalancer");
    assert!(project.killed(&proxy, deleted, &destroy));
    let ran = project.run(&destroy).code(0);
    assert!(
        !ran.err.contains("can't be deleted"),
        "{group}: {}",
        ran.err
    );
}
