//! `watertight drift --accept` writes what others changed into the spec, if the guardrails let
//! it; and then a plan finds nothing to put back.

use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_elasticloadbalancingv2::types::Tag;

use crate::drift_verb::{Case, SERVICE};

const IDLE: &str = "idle_timeout.timeout_seconds";

/// Changes what the target group's health check is asked for.
async fn set_health_check(case: &Case, seconds: i32) {
    aws_sdk_elasticloadbalancingv2::Client::new(&case.ann)
        .modify_target_group()
        .target_group_arn(case.id("web.aws_lb_target_group.app"))
        .health_check_interval_seconds(seconds)
        .send()
        .await
        .unwrap();
}

async fn open(case: &Case, network: &str, port: i32) {
    let range = IpRange::builder().cidr_ip(network).build();
    let rule = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port)
        .ip_ranges(range);
    aws_sdk_ec2::Client::new(&case.ann)
        .authorize_security_group_ingress()
        .group_id(case.id("web.aws_security_group.lb"))
        .ip_permissions(rule.build())
        .send()
        .await
        .unwrap();
}

fn spec(case: &Case) -> String {
    std::fs::read_to_string(case.project.path().join("app.toml")).unwrap()
}

#[tokio::test]
async fn an_input_an_override_and_a_tag() {
    let case = Case::applied(&format!("# ours\n{SERVICE}idle_timeout = 60 # seconds\n")).await;
    case.set_balancer(IDLE, "600").await;
    set_health_check(&case, 20).await;
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&case.ann);
    elb.add_tags()
        .resource_arns(case.id("web.aws_lb.main"))
        .tags(
            Tag::builder()
                .key("watertight:environment")
                .value("test")
                .build(),
        )
        .send()
        .await
        .unwrap();
    let before = spec(&case);
    let accept = ["drift", "app.toml", "--accept"];
    case.project
        .run(&accept)
        .code(1)
        .says("into the spec: web.aws_lb.main.idle_timeout as components.web.idle_timeout")
        .says("- idle_timeout = 60 # seconds")
        .says("+ idle_timeout = 600 # seconds")
        .says("nobody is there to confirm");
    assert_eq!(spec(&case), before);

    case.project
        .run(&["drift", "app.toml", "--accept", "--yes"])
        .code(4)
        .says("left: web.aws_lb.main.tags.watertight:environment: watertight's own tags")
        .says("app.toml is written.");
    let expected = before.replace("idle_timeout = 60 #", "idle_timeout = 600 #")
        + "\n[components.web.override.aws_lb_target_group.app]\nhealth_check = { interval = 20 }\n";
    assert_eq!(spec(&case), expected);
    assert_eq!(
        case.project.plan("app.toml").steps(),
        ["update web.aws_lb.main"]
    );
    let fields = case.project.plan("app.toml").fields("web.aws_lb.main");
    assert_eq!(fields.len(), 1, "{fields:?}");
    case.project.apply("app.toml");
    case.project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(0);
}

#[tokio::test]
async fn the_guardrails_decide_what_is_accepted() {
    let case = Case::applied(SERVICE).await;
    case.set_balancer("routing.http.drop_invalid_header_fields.enabled", "false")
        .await;
    open(&case, "0.0.0.0/0", 22).await;
    let before = spec(&case);
    case.project
        .run(&["drift", "app.toml", "--accept", "--yes"])
        .code(4)
        .says(
            "left: web.aws_lb.main.drop_invalid_header_fields: refused by the guardrails, WT-ELB-",
        )
        .says("left: web.aws_security_group.lb/sgr-")
        .says("refused by the guardrails, WT-SG-");
    assert_eq!(spec(&case), before);
}

#[tokio::test]
async fn a_rule_made_by_hand_becomes_an_addition() {
    let case = Case::applied(SERVICE).await;
    open(&case, "10.1.0.0/16", 443).await;
    case.project
        .run(&["drift", "app.toml", "--accept", "--yes"])
        .code(0)
        .says("as components.web.resource.aws_vpc_security_group_ingress_rule.by_hand_");
    let text = spec(&case);
    assert!(
        text.contains("security_group_id = \"${aws_security_group.lb.id}\""),
        "{text}"
    );
    let steps = case.project.plan("app.toml").steps();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(
        steps[0].starts_with("adopt web.aws_vpc_security_group_ingress_rule.by_hand_"),
        "{steps:?}"
    );
    case.project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    case.project.nothing_to_do("app.toml");
    case.project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(0);
}

/// Whoever is sent to one of ours is sent to its successor, when there is one.
#[tokio::test]
async fn a_listener_rule_made_by_hand_refers_to_what_it_leads_to() {
    use aws_sdk_elasticloadbalancingv2::types::{
        Action, ActionTypeEnum, PathPatternConditionConfig, RuleCondition,
    };
    let case = Case::applied(SERVICE).await;
    let paths = PathPatternConditionConfig::builder().values("/theirs/*");
    let condition = RuleCondition::builder()
        .field("path-pattern")
        .path_pattern_config(paths.build());
    let action = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .target_group_arn(case.id("web.aws_lb_target_group.app"));
    aws_sdk_elasticloadbalancingv2::Client::new(&case.ann)
        .create_rule()
        .listener_arn(case.id("web.aws_lb_listener.https"))
        .priority(20)
        .conditions(condition.build())
        .actions(action.build())
        .send()
        .await
        .unwrap();
    case.project
        .run(&["drift", "app.toml", "--accept", "--yes"])
        .code(0)
        .says("as components.web.resource.aws_lb_listener_rule.by_hand_");
    let text = spec(&case);
    for reference in [
        "listener_arn = \"${aws_lb_listener.https.arn}\"",
        "target_group_arn = \"${aws_lb_target_group.app.arn}\"",
    ] {
        assert!(text.contains(reference), "{text}");
    }
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    case.project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(0);
}

#[tokio::test]
async fn several_that_end_alike_get_names_of_their_own() {
    let case = Case::applied(
        "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
         [components.network]\nblueprint = \"network\"\n",
    )
    .await;
    let network = case.id("network.aws_route_table.public");
    let gateway = case.id("network.aws_internet_gateway.main");
    for range in ["192.0.2.0/24", "198.51.100.0/24"] {
        aws_sdk_ec2::Client::new(&case.ann)
            .create_route()
            .route_table_id(&network)
            .destination_cidr_block(range)
            .gateway_id(&gateway)
            .send()
            .await
            .unwrap();
    }
    case.project
        .run(&["drift", "app.toml", "--accept", "--yes"])
        .code(0)
        .says("as components.network.resource.aws_route.by_hand_24\n")
        .says("as components.network.resource.aws_route.by_hand_24_2\n");
    let text = spec(&case);
    assert!(text.contains("${aws_internet_gateway.main.id}"), "{text}");
    case.project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    case.project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn one_of_several_and_what_is_gone() {
    let case = Case::applied(SERVICE).await;
    case.set_balancer(IDLE, "600").await;
    set_health_check(&case, 20).await;
    let rule = "web.aws_vpc_security_group_ingress_rule.https_r_0_0_0_0_0_b42e18";
    aws_sdk_ec2::Client::new(&case.ann)
        .revoke_security_group_ingress()
        .group_id(case.id("web.aws_security_group.lb"))
        .security_group_rule_ids(case.id(rule))
        .send()
        .await
        .unwrap();
    case.project
        .run(&["drift", "app.toml", "--accept=web.aws_lb.mian"])
        .code(1)
        .says("nothing has drifted at web.aws_lb.mian");
    case.project
        .run(&["drift", "app.toml", "--accept=web.aws_lb.main", "--yes"])
        .code(0);
    assert_eq!(spec(&case), format!("{SERVICE}idle_timeout = 600\n"));
    case.project
        .run(&["drift", "app.toml", &format!("--accept={rule}"), "--yes"])
        .code(4)
        .says("it is gone");
}

#[tokio::test]
async fn an_environment_has_its_own_table() {
    let text = format!("{SERVICE}\n[environments.staging]\ntags = {{ stage = \"yes\" }}\n");
    let case = Case::applied(&text).await;
    case.set_balancer(IDLE, "600").await;
    case.project
        .run(&["drift", "app.toml", "--accept", "--yes"])
        .code(0)
        .says("as environments.prod.components.web.idle_timeout");
    let written = spec(&case);
    assert_eq!(
        written,
        format!("{text}\n[environments.prod.components.web]\nidle_timeout = 600\n")
    );
    case.project.nothing_to_do("app.toml");
}
