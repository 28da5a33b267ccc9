//! What the spec overrides, adds and leaves to others is made, kept and shown as what it is.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, RuleCondition, TargetDescription,
    TargetGroupAttribute,
};

use crate::support::cli::Project;
use crate::support::proxy::Proxy;
use crate::support::{REGION, Sandbox};

const EXAMPLE: &str = include_str!("../examples/overrides.toml");

const STATE: &str = "shop/prod";

struct Case {
    sandbox: Sandbox,
    proxy: Proxy,
    project: Project,
}

impl Case {
    fn applied(text: &str) -> Self {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let project = Project::at(proxy.endpoint(), &sandbox.account);
        project.write("app.toml", text);
        project.apply("app.toml");
        project.nothing_to_do("app.toml");
        proxy.clear();
        Self {
            sandbox,
            proxy,
            project,
        }
    }

    /// The spec becomes this; the plan is one update with these fields, and after the apply
    /// there is nothing to do.
    #[track_caller]
    fn change(&self, text: &str, address: &str, fields: &[&str]) {
        self.project.write("app.toml", text);
        let plan = self.project.plan("app.toml");
        assert_eq!(plan.steps(), [format!("update {address}")]);
        assert_eq!(plan.fields(address), fields);
        self.project.apply("app.toml");
        self.project.nothing_to_do("app.toml");
    }

    #[track_caller]
    fn destroy(&self) {
        let destroy = ["destroy", "app.toml", "--yes", "--delete-logs"];
        let all = ["--remove-protection", "all"];
        self.project.run(&[&destroy[..], &all].concat()).code(0);
    }

    fn id(&self, address: &str) -> String {
        self.project.id(STATE, address)
    }

    /// An attribute of a target group, set by somebody else.
    async fn set_by_another_tool(&self, group: &str, key: &str, value: &str) {
        let attribute = TargetGroupAttribute::builder().key(key).value(value);
        let elb = self.sandbox.aws().await.elb(REGION);
        elb.modify_target_group_attributes()
            .target_group_arn(group)
            .attributes(attribute.build())
            .send()
            .await
            .unwrap();
    }

    async fn attribute(&self, group: &str, key: &str) -> String {
        let elb = self.sandbox.aws().await.elb(REGION);
        let describe = elb.describe_target_group_attributes();
        let answer = describe.target_group_arn(group).send().await.unwrap();
        let attributes = answer.attributes.unwrap_or_default().into_iter();
        let mut found = attributes.filter(|attribute| attribute.key.as_deref() == Some(key));
        found.next().unwrap().value.unwrap()
    }
}

#[tokio::test]
async fn an_override_is_applied_changed_and_taken_back() {
    let sandbox = Sandbox::new();
    let before = sandbox.holds().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", EXAMPLE);
    project
        .run(&["plan", "app.toml"])
        .code(0)
        .says("idle_timeout                                = 120  # override, app.toml:15")
        .says("web.aws_lb_listener_rule.api create  # the spec asks for it < added, app.toml:32")
        .says("note: web.aws_lb_target_group.app: stickiness is left to others (app.toml:11)");
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    let case = Case {
        proxy: sandbox.proxy(),
        sandbox,
        project,
    };

    let text = EXAMPLE.replace("idle_timeout = 120", "idle_timeout = 300");
    case.change(
        &text,
        "web.aws_lb.main",
        &["idle_timeout: 120 -> 300, override"],
    );
    let text = text.replace("idle_timeout = 300\n", "");
    case.change(&text, "web.aws_lb.main", &["idle_timeout: 300 -> 60, spec"]);
    let text = text.replace("interval = 10, ", "");
    case.change(
        &text,
        "web.aws_lb_target_group.app",
        &["health_check.interval: 10 -> 30, spec"],
    );
    let text = text.replace("tags = { cost-centre = \"4711\" }\n", "");
    case.change(
        &text,
        "web.aws_lb.main",
        &["tags.cost-centre: \"4711\" -> null, spec"],
    );
    case.destroy();
    assert_eq!(case.sandbox.holds().await, before);
}

/// The provider has no default for it, and only AWS knows what it would be.
#[test]
fn what_nobody_asks_for_any_more_and_has_no_default_stays_and_is_told() {
    let override_ = "[components.web.override.aws_lb_target_group.app]\n";
    let algorithm = "load_balancing_algorithm_type = \"least_outstanding_requests\"\n";
    let case = Case::applied(&EXAMPLE.replace(override_, &format!("{override_}{algorithm}")));
    case.project.write("app.toml", EXAMPLE);
    case.project
        .run(&["plan", "app.toml", "--detailed-exitcode"])
        .code(0)
        .says("No changes.")
        .says("note: web.aws_lb_target_group.app: load_balancing_algorithm_type stays as it was applied; nothing says any more what it is to be");
    case.destroy();
}

#[test]
fn a_rule_changes_in_place_and_keeps_its_arn() {
    let case = Case::applied(EXAMPLE);
    let rule = "web.aws_lb_listener_rule.api";
    let arn = case.id(rule);
    let text = EXAMPLE.replace("priority = 10", "priority = 20");
    case.change(&text, rule, &["priority: 10 -> 20, spec"]);
    assert!(
        case.proxy
            .calls()
            .iter()
            .any(|call| call.contains("SetRulePriorities"))
    );
    let text = text.replace("values = [\"/api/*\"]", "values = [\"/api/*\", \"/v2/*\"]");
    case.project.write("app.toml", &text);
    let plan = case.project.plan("app.toml");
    assert_eq!(plan.steps(), [format!("update {rule}")]);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.id(rule), arn);

    // Another target group is replaced beside the old one; the rule is turned to it.
    let text = text.replace("9443", "9444");
    case.project.write("app.toml", &text);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.id(rule), arn);

    // Without its blocks it goes, and its target group with it.
    let (kept, _) = text.split_once("[components.web.resource").unwrap();
    case.project.write("app.toml", kept);
    let steps = case.project.plan("app.toml").steps();
    assert_eq!(
        steps,
        [
            "delete web.aws_lb_listener_rule.api",
            "delete web.aws_lb_target_group.api",
            "delete web.aws_vpc_security_group_egress_rule.lb_to_api",
            "delete web.aws_vpc_security_group_ingress_rule.api_from_lb",
        ]
    );
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn a_rule_is_found_again_and_one_of_others_is_not_taken() {
    // Another tool adds rules, and somebody answers for it.
    const LEFT: &str = "\"aws_lb_target_group.app.stickiness\", \"aws_lb_listener.https.rules\"";
    const WAIVER: &str = r#"
[[waivers]]
rule = "WT-OPS-001"
address = "web.aws_lb_listener.https"
owner = "platform"
reason = "the deployment tool adds rules of its own"
expires = 2027-01-31
"#;
    let example = EXAMPLE.replace("\"aws_lb_target_group.app.stickiness\"", LEFT);
    let example = format!("{example}{WAIVER}");
    let (service, _) = example.split_once("[components.web.resource").unwrap();
    let case = Case::applied(&format!("{service}{WAIVER}"));
    let elb = case.sandbox.aws().await.elb(REGION);
    let condition = RuleCondition::builder()
        .field("path-pattern")
        .values("/theirs/*");
    let answer = FixedResponseActionConfig::builder()
        .content_type("text/plain")
        .status_code("404");
    let action = Action::builder()
        .r#type(ActionTypeEnum::FixedResponse)
        .fixed_response_config(answer.build());
    let rule = elb
        .create_rule()
        .listener_arn(case.id("web.aws_lb_listener.https"))
        .priority(10)
        .conditions(condition.build())
        .actions(action.build())
        .send()
        .await
        .unwrap();
    case.project.nothing_to_do("app.toml");
    let theirs = rule.rules()[0].rule_arn().unwrap();
    // Where the plan can't be made, it says whose the priority is.
    case.project.write("app.toml", &example);
    case.project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("web.aws_lb_listener_rule.api: listener rule")
        .says(theirs);

    let text = example.replace("priority = 10", "priority = 20");
    case.project.write("app.toml", &text);
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    let arn = case.id("web.aws_lb_listener_rule.api");

    // Without a state it is known by its tags, be its priority another now.
    std::fs::remove_file(case.project.state_file(STATE)).unwrap();
    let text = example.replace("priority = 10", "priority = 30");
    case.project.write("app.toml", &text);
    let adopt = ["apply", "app.toml", "--yes", "--adopt"];
    case.project.run(&adopt).code(0);
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.id("web.aws_lb_listener_rule.api"), arn);
}

/// Its target groups serve one load balancer for as long as they live.
#[tokio::test]
async fn a_rule_follows_its_load_balancer_with_its_target_group() {
    let case = Case::applied(EXAMPLE);
    let before = case.sandbox.holds().await;
    let text = EXAMPLE.replace("port = 8443\n", "port = 8443\ninternal = true\n");
    case.project.write("app.toml", &text);
    let steps = case.project.plan("app.toml").steps();
    for step in [
        "replace web.aws_lb.main",
        "replace web.aws_lb_listener_rule.api",
        "replace web.aws_lb_target_group.api",
        "replace web.aws_lb_target_group.app",
    ] {
        assert!(steps.iter().any(|taken| taken == step), "{steps:?}");
    }
    let arguments = ["apply", "app.toml", "--yes", "--remove-protection", "all"];
    case.project.run(&arguments).code(0);
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.sandbox.holds().await, before);
}

#[tokio::test]
async fn what_is_left_to_others_is_theirs_once_it_stands() {
    let case = Case::applied(EXAMPLE);
    let group = case.id("web.aws_lb_target_group.app");
    // The spec's value made it.
    assert_eq!(case.attribute(&group, "stickiness.enabled").await, "false");
    case.set_by_another_tool(&group, "stickiness.enabled", "true")
        .await;
    case.set_by_another_tool(&group, "stickiness.lb_cookie.duration_seconds", "60")
        .await;
    case.project.nothing_to_do("app.toml");

    // What else changes of the group does not write it back.
    case.project.write(
        "app.toml",
        &EXAMPLE.replace(
            "[components.web.override.aws_lb_target_group.app]\n",
            "[components.web.override.aws_lb_target_group.app]\nderegistration_delay = \"30\"\n",
        ),
    );
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    let delay = "deregistration_delay.timeout_seconds";
    assert_eq!(case.attribute(&group, delay).await, "30");
    assert_eq!(case.attribute(&group, "stickiness.enabled").await, "true");
    let seconds = "stickiness.lb_cookie.duration_seconds";
    assert_eq!(case.attribute(&group, seconds).await, "60");

    // Without `ignore` it is drift.
    let text = EXAMPLE.replace("ignore = [\"aws_lb_target_group.app.stickiness\"]\n", "");
    case.project.write("app.toml", &text);
    let fields = case
        .project
        .plan("app.toml")
        .fields("web.aws_lb_target_group.app");
    assert!(
        fields.contains(&"stickiness.enabled: true -> false, drift".to_owned()),
        "{fields:?}"
    );
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
}

/// Autoscaling and ECS register targets themselves.
#[tokio::test]
async fn targets_of_others_are_left_alone() {
    let case = Case::applied(EXAMPLE);
    let group = case.id("web.aws_lb_target_group.app");
    let elb = case.sandbox.aws().await.elb(REGION);
    let target = TargetDescription::builder().id("172.31.0.77").port(8443);
    elb.register_targets()
        .target_group_arn(&group)
        .targets(target.build())
        .send()
        .await
        .unwrap();
    case.project.nothing_to_do("app.toml");
    let text = EXAMPLE.replace("interval = 10", "interval = 20");
    case.project.write("app.toml", &text);
    case.project.apply("app.toml");
    let health = elb.describe_target_health().target_group_arn(&group);
    let health = health.send().await.unwrap();
    let registered: Vec<_> = health
        .target_health_descriptions()
        .iter()
        .filter_map(|description| description.target()?.id())
        .collect();
    assert_eq!(registered, ["172.31.0.77"]);
    case.destroy();
}

#[test]
fn check_shows_what_is_the_users_own() {
    let project = Project::offline();
    project.write("app.toml", EXAMPLE);
    let ran = project.run(&["check", "app.toml"]).code(0);
    for line in [
        "added: web.aws_lb_listener_rule.api (app.toml:32)",
        "added: web.aws_lb_target_group.api (app.toml:25)",
        "override: web.aws_lb.main.idle_timeout (app.toml:15)",
        "override: web.aws_lb.main.tags.cost-centre (app.toml:16)",
        "override: web.aws_lb_target_group.app.health_check.interval (app.toml:19)",
        "left to others: web.aws_lb_target_group.app.stickiness (app.toml:11)",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    let ran = project
        .run(&["check", "app.toml", "--format", "json"])
        .code(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        json["left_to_others"][0]["what"],
        "web.aws_lb_target_group.app.stickiness"
    );
    assert_eq!(json["overridden"][0]["at"]["line"], 14);
}

#[test]
fn the_guardrails_judge_what_is_overridden_added_and_left() {
    let project = Project::offline();
    let service = EXAMPLE.split("ignore").next().unwrap();
    let check = |more: &str, says: &[&str]| {
        project.write("app.toml", &format!("{service}{more}"));
        let mut ran = project.run(&["check", "app.toml"]).code(3);
        for text in says {
            ran = ran.says(text);
        }
    };
    check(
        "[components.web.override.aws_lb.main]\ndrop_invalid_header_fields = false\n",
        &["WT-ELB-008", "app.toml:12:1"],
    );
    check(
        r#"
[components.web.override.aws_lb_listener.https]
ssl_policy = "ELBSecurityPolicy-2016-08"
[components.web.resource.aws_lb_listener_rule.away]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/old/*"] } }]
[[components.web.resource.aws_lb_listener_rule.away.action]]
type = "redirect"
redirect = { protocol = "HTTP", port = "80", status_code = "HTTP_301" }
"#,
        &[
            "WT-ELB-003",
            "app.toml:13:1",
            "WT-ELB-002",
            "app.toml:18:53",
        ],
    );
    let ignored = "ignore = [\"aws_lb_target_group.app.health_check.protocol\"]\n";
    check(
        ignored,
        &[
            "WT-OPS-001",
            "leaves health_check.protocol to others, which WT-ELB-006 reads",
            "app.toml:11:11",
        ],
    );
    let waiver = r#"
[[waivers]]
rule = "WT-OPS-001"
address = "web.aws_lb_target_group.app"
owner = "payments"
reason = "the deployment tool probes by another protocol while it swaps"
expires = 2027-01-31
"#;
    project.write("app.toml", &format!("{service}{ignored}{waiver}"));
    project
        .run(&["check", "app.toml"])
        .code(0)
        .says("waived: WT-OPS-001");
}
