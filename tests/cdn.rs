//! A service behind CloudFront: nobody reaches its load balancer but CloudFront, and what AWS
//! makes on the way is asked for when it is there.

use aws_sdk_ec2::types::{Filter, SecurityGroupRule};

use crate::readme::today;
use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop-origin.example.com"
internal = true
ingress = []
port = 8443

[components.cdn]
blueprint = "cdn-service"
domain = "shop.example.com"
origin = { from = "web" }
"#;

const RULE: &str = "cdn.aws_vpc_security_group_ingress_rule.https_from_cloudfront";

/// Who may reach the load balancer.
async fn ingress(sandbox: &Sandbox, project: &Project) -> Vec<SecurityGroupRule> {
    let ec2 = sandbox.aws().await.ec2(REGION);
    let group = project.id("shop/prod", "web.aws_security_group.lb");
    let of = Filter::builder().name("group-id").values(group).build();
    let rules = ec2.describe_security_group_rules().filters(of);
    let rules = rules.send().await.unwrap().security_group_rules.unwrap();
    rules
        .into_iter()
        .filter(|rule| rule.is_egress != Some(true))
        .collect()
}

/// The group that AWS has made for its VPC origins.
async fn group_of_cloudfront(sandbox: &Sandbox) -> Option<String> {
    let ec2 = sandbox.aws().await.ec2(REGION);
    let named = Filter::builder()
        .name("group-name")
        .values("CloudFront-VPCOrigins-Service-SG")
        .build();
    let groups = ec2.describe_security_groups().filters(named);
    let groups = groups.send().await.unwrap().security_groups.unwrap();
    groups.into_iter().next().and_then(|group| group.group_id)
}

#[tokio::test]
async fn only_cloudfront_reaches_the_load_balancer() {
    let sandbox = Sandbox::new();
    let before = sandbox.holds().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);

    // The group is not there before its VPC origin is.
    assert_eq!(group_of_cloudfront(&sandbox).await, None);
    let plan = project.plan("app.toml");
    let fields = plan.fields(RULE);
    let source = fields
        .iter()
        .find(|field| field.starts_with("referenced_security_group_id"));
    assert!(source.unwrap().contains("null -> null"), "{fields:?}");
    project
        .run(&["plan", "app.toml"])
        .code(0)
        .says("(known after apply: cdn.data.aws_security_group.cloudfront.id)");

    project.apply("app.toml");
    let group = group_of_cloudfront(&sandbox).await.unwrap();
    let rules = ingress(&sandbox, &project).await;
    let sources: Vec<Option<&str>> = rules
        .iter()
        .map(|rule| rule.referenced_group_info().and_then(|of| of.group_id()))
        .collect();
    assert_eq!(sources, [Some(group.as_str())]);
    project.nothing_to_do("app.toml");

    // Another answer time is the distribution's alone.
    let slow = SPEC.replace("origin = {", "response_timeout = 45\norigin = {");
    project.write("app.toml", &slow);
    let plan = project.plan("app.toml");
    assert_eq!(
        plan.steps(),
        ["update cdn.aws_cloudfront_distribution.site"]
    );
    project.apply("app.toml");
    project.nothing_to_do("app.toml");

    let ran = project.run(&[
        "destroy",
        "app.toml",
        "--yes",
        "--remove-protection",
        "all",
        "--delete-logs",
    ]);
    ran.code(0);
    assert_eq!(sandbox.holds().await, before);
    assert_eq!(group_of_cloudfront(&sandbox).await, None);
}

/// A lookup that waits for a resource is asked as soon as that is found, before what hangs on
/// it is looked for.
#[tokio::test]
async fn a_lost_state_is_found_again() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);
    project.apply("app.toml");
    let held = sandbox.holds().await;
    std::fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let steps = project.plan("app.toml").steps();
    for address in [
        RULE,
        "cdn.aws_cloudfront_vpc_origin.site",
        "cdn.aws_cloudwatch_log_delivery.site",
        "cdn.aws_cloudwatch_log_delivery_destination.logs",
        "cdn.aws_cloudwatch_log_delivery_source.site",
    ] {
        assert!(steps.contains(&format!("adopt {address}")), "{steps:?}");
    }
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, held);
}

/// The rule that CloudFront comes in by is ours: gone by hand, it comes back, and one made by
/// hand goes.
#[tokio::test]
async fn the_door_is_kept_as_it_is() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);
    project.apply("app.toml");
    let ec2 = sandbox.aws().await.ec2(REGION);
    let group = project.id("shop/prod", "web.aws_security_group.lb");
    ec2.revoke_security_group_ingress()
        .group_id(&group)
        .security_group_rule_ids(project.id("shop/prod", RULE))
        .send()
        .await
        .unwrap();
    watertight::aws::survey::open_by_hand(&sandbox.aws().await, REGION, &group, 8080)
        .await
        .unwrap();
    let steps = project.plan("app.toml").steps();
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert_eq!(steps[0], format!("create {RULE}"));
    assert!(steps[1].starts_with("delete web.aws_security_group.lb/sgr-"));
    project.apply("app.toml");
    assert_eq!(ingress(&sandbox, &project).await.len(), 1);
    project.nothing_to_do("app.toml");
}

#[test]
fn what_others_can_go_around_needs_a_waiver() {
    let project = Project::offline();
    let public = SPEC
        .replace("internal = true\n", "")
        .replace("origin = {", "reach = \"prefix-list\"\norigin = {");
    project.write("app.toml", &public);
    project
        .run(&["check", "app.toml"])
        .code(3)
        .says("WT-CF-012")
        .says("as every other customer's distribution can");

    // Another's load balancer, a public one as a VPC origin, a door for everybody.
    project.write("app.toml", &SPEC.replace("internal = true\n", ""));
    project
        .run(&["check", "app.toml"])
        .code(3)
        .says("WT-CF-008")
        .says("a load balancer that the internet reaches too");
    project.write("app.toml", &public.replace("ingress = []\n", ""));
    project
        .run(&["check", "app.toml"])
        .code(3)
        .says("WT-CF-008")
        .says("lets in others than CloudFront");

    // Forwarded Host headers are names that the service's certificate does not cover.
    let forwarding = SPEC.replace("origin = {", "forward_host = true\norigin = {");
    project.write("app.toml", &forwarding);
    project
        .run(&["check", "app.toml"])
        .code(3)
        .says("WT-CF-009");
}

#[tokio::test]
async fn a_public_load_balancer_lets_in_the_prefix_list_alone() {
    let sandbox = Sandbox::new();
    let before = sandbox.holds().await;
    let project = Project::on(&sandbox);
    let ends = today();
    let waiver = format!(
        r#"
[[waivers]]
rule = "WT-CF-012"
address = "cdn.*"
owner = "payments"
reason = "the VPC's zone has no VPC origins, ticket PAY-411"
expires = {ends}
"#
    );
    let public = SPEC
        .replace("internal = true\n", "")
        .replace("origin = {", "reach = \"prefix-list\"\norigin = {");
    project.write("app.toml", &format!("{public}{waiver}"));
    project.apply("app.toml");
    let rules = ingress(&sandbox, &project).await;
    assert_eq!(rules.len(), 1, "{rules:?}");
    assert!(rules[0].prefix_list_id().unwrap().starts_with("pl-"));
    project.nothing_to_do("app.toml");
    // An undo knows the list by its id, which is judged as the list that it is.
    let slower = format!("{public}response_timeout = 45\n{waiver}");
    project.write("app.toml", &slower);
    project.apply("app.toml");
    project
        .run(&["undo", "app.toml", "--yes"])
        .code(0)
        .says("~ cdn.aws_cloudfront_distribution.");
    project.write("app.toml", &format!("{public}{waiver}"));
    project.nothing_to_do("app.toml");
    let destroy = ["destroy", "app.toml", "--yes", "--remove-protection", "all"];
    project
        .run(&[&destroy[..], &["--delete-logs"]].concat())
        .code(0);
    assert_eq!(sandbox.holds().await, before);
}
