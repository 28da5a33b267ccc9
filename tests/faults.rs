//! Throttling, servers' errors and answers that never come: an apply gets there, and nothing
//! stands twice.

use std::time::{Duration, Instant};

use watertight::aws::survey::survey;

use crate::support::cli::Project;
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["172.31.0.10"]
"#;

#[tokio::test]
async fn an_apply_converges_in_bad_weather() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    proxy.storm(0x5EED_CAFE, 20);
    let mut ran = project.run(&["apply", "app.toml", "--yes"]);
    if ran.code != 0 {
        // A second one may be needed, and is enough.
        ran = project.run(&["apply", "app.toml", "--yes"]);
    }
    ran.code(0);
    let struck = proxy.struck();
    assert!(struck > 10, "only {struck} calls went wrong");
    proxy.clear();
    project.nothing_to_do("app.toml");
    let aws = sandbox.aws().await;
    let stands = survey(&aws, REGION).await.unwrap();
    for (what, n) in [
        ("load balancers", 1),
        ("target groups", 1),
        ("security groups", 2),
        ("buckets", 1),
        ("certificates", 1),
    ] {
        assert_eq!(stands.get(what), Some(&n), "{stands:?}");
    }
    let destroy = [
        "destroy",
        "app.toml",
        "--yes",
        "--empty-buckets",
        "--delete-logs",
    ];
    proxy.storm(0xBAD_CAFE, 20);
    let mut ran = project.run(&destroy);
    if ran.code != 0 {
        ran = project.run(&destroy);
    }
    ran.code(0);
    let left = survey(&aws, REGION).await.unwrap();
    assert!(left.values().all(|&n| n == 0), "{left:?}");
}

#[test]
fn throttled_calls_do_not_slow_down_the_rest() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    project.apply("app.toml");
    proxy.clear();
    project.nothing_to_do("app.toml");
    let operations = [
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
    ];
    let counts = proxy.counts();
    proxy.clear();
    for operation in operations {
        assert!(counts.contains_key(operation), "{counts:?}");
        proxy.fail(When::Operation(operation), Fault::Throttle, 1);
    }
    let began = Instant::now();
    project.nothing_to_do("app.toml");
    // Each is repeated within a second. In the SDK's adaptive mode each repeat waits for ten
    // shares of a rate that the throttling has brought down.
    let elapsed = began.elapsed();
    assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
}

/// The SDK sends a call again that was not answered, and tells only what became of that one.
#[test]
fn a_refusal_takes_back_no_intent_of_which_something_came() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    let create = When::Operation("elasticloadbalancing:CreateTargetGroup");
    proxy.fail(create, Fault::DropAfter, 1);
    proxy.fail(create, Fault::Error(400, "AccessDenied"), 1);
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(4)
        .says("AccessDenied");
    proxy.clear();
    // Nobody has to say that it is ours.
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}

/// The SDK sends a call again that was not answered; AWS says to that one that there is no such
/// rule.
#[test]
fn a_revoked_rule_that_the_sdk_revokes_again_is_no_failure() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    let revoke = "ec2:RevokeSecurityGroupEgress";
    proxy.fail(When::Operation(revoke), Fault::DropAfter, 1);
    project.apply("app.toml");
    // Two groups, and one repeat.
    assert_eq!(proxy.counts().get(revoke), Some(&3));
    proxy.clear();
    project.nothing_to_do("app.toml");
}
