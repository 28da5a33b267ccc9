//! What others add under what is ours, a rule under a listener or a statement in a bucket's
//! policy, is found, named, and put back; or left to them, where the spec says so.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, RuleCondition,
};

use crate::drift_verb::{Case, SERVICE};
use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

const OURS: &str = r#"
[components.web.resource.aws_lb_listener_rule.old]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/old/*"] } }]
action = [{ type = "redirect", redirect = { path = "/new", status_code = "HTTP_301" } }]
"#;

const LEFT: &str = "ignore = [\"aws_lb_listener.https.rules\"]\n";

const WAIVER: &str = r#"
[[waivers]]
rule = "WT-OPS-001"
address = "web.aws_lb_listener.https"
owner = "platform"
reason = "the deployment tool adds rules that forward to HTTPS targets"
expires = 2027-01-31
"#;

/// A rule of another tool's: its ARN.
pub(crate) async fn add_rule(elb: &Client, listener: &str, priority: i32) -> String {
    let condition = RuleCondition::builder()
        .field("path-pattern")
        .values("/theirs/*");
    let answer = FixedResponseActionConfig::builder()
        .content_type("text/plain")
        .status_code("404");
    let action = Action::builder()
        .r#type(ActionTypeEnum::FixedResponse)
        .fixed_response_config(answer.build());
    let made = elb
        .create_rule()
        .listener_arn(listener)
        .priority(priority)
        .conditions(condition.build())
        .actions(action.build())
        .send()
        .await
        .unwrap();
    made.rules()[0].rule_arn().unwrap().to_owned()
}

/// Every rule of a listener but its default one.
async fn rules(elb: &Client, listener: &str) -> Vec<String> {
    let answer = elb.describe_rules().listener_arn(listener).send().await;
    let answer = answer.unwrap();
    let rules = answer.rules().iter();
    let rules = rules.filter(|rule| rule.is_default() != Some(true));
    rules
        .filter_map(|rule| Some(rule.rule_arn()?.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_rule_added_to_a_listener_is_named_and_goes() {
    let spec = format!("{SERVICE}{OURS}");
    let case = Case::applied(&spec).await;
    let elb = Client::new(&case.ann);
    let listener = case.id("web.aws_lb_listener.https");
    let ours = case.id("web.aws_lb_listener_rule.old");
    let theirs = add_rule(&elb, &listener, 20).await;

    let label = format!("web.aws_lb_listener.https/{theirs}");
    let plan = case.project.plan("app.toml");
    assert_eq!(plan.steps(), [format!("delete {label}")]);
    assert_eq!(plan.why(&label), ["made_by_hand"]);
    case.project
        .run(&["plan", "app.toml"])
        .code(0)
        .says(&label)
        .says("added outside watertight")
        .says("/theirs/*")
        .says("status_code  = \"404\"")
        .says("can be left to them: ignore = [\"aws_lb_listener.https.rules\"]");
    case.project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(2)
        .says(&format!("{label} made by hand"))
        .says("/theirs/*")
        .says("CreateRule by arn:aws:iam::")
        .says("user/ann, 20");

    // Ours is given the place that theirs has: theirs goes before.
    let spec = spec.replace("priority = 10", "priority = 20");
    case.project.write("app.toml", &spec);
    let plan = case.project.plan("app.toml").0;
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps[0]["child"]["text"], theirs);
    assert_eq!(steps[1]["address"], "web.aws_lb_listener_rule.old");
    assert_eq!(steps[1]["after"], serde_json::json!([0]));
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(rules(&elb, &listener).await, [ours]);
}

#[tokio::test]
async fn rules_that_are_left_to_others_stay_and_are_not_asked_for() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    let left = SERVICE.replace("port = 8443\n", &format!("port = 8443\n{LEFT}"));
    project.write("app.toml", &left);
    project
        .run(&["check", "app.toml"])
        .code(3)
        .says("leaves rules to others, which WT-ELB-")
        .says("WT-OPS-001")
        .says("app.toml:10:11");

    let spec = format!("{left}{WAIVER}");
    project.write("app.toml", &spec);
    project
        .run(&["check", "app.toml"])
        .code(0)
        .says("waived: WT-OPS-001")
        .says("left to others: web.aws_lb_listener.https.rules (app.toml:10)");
    project.apply("app.toml");
    let listener = project.id("shop/prod", "web.aws_lb_listener.https");
    let elb = sandbox.aws().await.elb(REGION);
    let theirs = add_rule(&elb, &listener, 20).await;
    proxy.clear();
    project.nothing_to_do("app.toml");
    let asked = proxy.counts();
    assert!(
        !asked.contains_key("elasticloadbalancing:DescribeRules"),
        "{asked:#?}"
    );
    project
        .run(&["plan", "app.toml"])
        .says("web.aws_lb_listener.https: rules that others make are left to others (app.toml:10)");
    project.run(&["drift", "app.toml"]).says("No drift.");
    assert_eq!(rules(&elb, &listener).await, [theirs]);

    // Without the word they are drift again.
    project.write("app.toml", SERVICE);
    let plan = project.plan("app.toml");
    assert_eq!(plan.steps().len(), 1, "{:?}", plan.steps());
    project.apply("app.toml");
    assert!(rules(&elb, &listener).await.is_empty());
}

#[tokio::test]
async fn statements_of_a_policy_are_named_one_by_one() {
    const SITE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.data]
blueprint = "private-bucket"
logs = false
"#;
    let case = Case::applied(SITE).await;
    let bucket = case.id("data.aws_s3_bucket.main");
    let config = aws_sdk_s3::config::Builder::from(&case.ann).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    let policy = s3.get_bucket_policy().bucket(&bucket).send().await.unwrap();
    let mut policy: serde_json::Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    assert!(statements.len() >= 2, "{statements:#?}");
    let gone = statements.remove(0)["Sid"].as_str().unwrap().to_owned();
    let kept = statements[0]["Sid"].as_str().unwrap().to_owned();
    statements[0]["Action"] = "s3:PutObject".into();
    let n = statements.len() + 1;
    statements.push(serde_json::json!({
        "Effect": "Allow",
        "Principal": { "AWS": "210987654321" },
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
    }));
    s3.put_bucket_policy()
        .bucket(&bucket)
        .policy(policy.to_string())
        .send()
        .await
        .unwrap();

    let added = format!("statement {n} (no Sid)");
    case.project
        .run(&["drift", "app.toml"])
        .says("data.aws_s3_bucket_policy.main changed")
        .says("policy = 1 statement added, 1 changed, 1 removed")
        .says(&format!("- statement {gone} removed"))
        .says(&format!("~ statement {kept} changed"))
        .says(&format!("+ {added} added"))
        .says("210987654321")
        .says("PutBucketPolicy by arn:aws:iam::");
    // The plan puts it back, so that what was added is removed.
    case.project
        .run(&["plan", "app.toml"])
        .says("policy = 1 statement added, 1 changed, 1 removed")
        .says(&format!("+ statement {gone} added"))
        .says(&format!("~ statement {kept} changed"))
        .says(&format!("- {added} removed"));
    let plan = case.project.plan("app.toml").0;
    let named = &plan["steps"][0]["fields"][0]["statements"];
    let named: Vec<String> = named
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["change"], one["sid"]))
        .collect();
    assert_eq!(
        named,
        [
            format!("\"changed\" {kept:?}"),
            "\"removed\" null".to_owned(),
            format!("\"added\" {gone:?}"),
        ]
    );
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
}

const OLDER: &str = r#"
[components.web.resource.aws_lb_listener_rule.older]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 20
condition = [{ path_pattern = { values = ["/older/*"] } }]
action = [{ type = "redirect", redirect = { path = "/new", status_code = "HTTP_301" } }]
"#;

/// Somebody deletes two rules of ours and makes others with their priorities: each of these goes
/// before ours comes, also where a run has failed on it and taken its records back.
#[tokio::test]
async fn rules_made_again_by_hand_go_before_ours_come() {
    let case = Case::applied(&format!("{SERVICE}{OURS}{OLDER}")).await;
    let elb = Client::new(&case.ann);
    let listener = case.id("web.aws_lb_listener.https");
    let ours = [
        "web.aws_lb_listener_rule.old",
        "web.aws_lb_listener_rule.older",
    ];
    for is_forgotten in [false, true] {
        for (address, priority) in ours.iter().zip([10, 20]) {
            let delete = elb.delete_rule().rule_arn(case.id(address));
            delete.send().await.unwrap();
            add_rule(&elb, &listener, priority).await;
            if is_forgotten {
                let forget = ["state", "rm", address, "app.toml", "--yes"];
                case.project.run(&forget).code(0);
            }
        }
        let told = if is_forgotten { "it goes first" } else { "" };
        case.project.run(&["plan", "app.toml"]).code(0).says(told);
        case.project.apply("app.toml");
        case.project.nothing_to_do("app.toml");
        let mut left = rules(&elb, &listener).await;
        left.sort();
        let mut expected = ours.map(|address| case.id(address));
        expected.sort();
        assert_eq!(left, expected);
    }
}

/// While theirs is gone and ours has not come nobody listens at port 80, which stays open.
#[tokio::test]
async fn listeners_made_again_by_hand_go_before_ours_come() {
    let spec = SERVICE.replace("port = 8443\n", "port = 8443\nredirect_http = true\n");
    let case = Case::applied(&spec).await;
    let elb = Client::new(&case.ann);
    for address in ["web.aws_lb_listener.https", "web.aws_lb_listener.redirect"] {
        let ours = case.id(address);
        let found = elb.describe_listeners().listener_arns(&ours).send().await;
        let listener = found.unwrap().listeners()[0].clone();
        let delete = elb.delete_listener().listener_arn(&ours);
        delete.send().await.unwrap();
        elb.create_listener()
            .set_load_balancer_arn(listener.load_balancer_arn)
            .set_port(listener.port)
            .set_protocol(listener.protocol)
            .set_certificates(listener.certificates)
            .set_ssl_policy(listener.ssl_policy)
            .set_default_actions(listener.default_actions)
            .send()
            .await
            .unwrap();
    }
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
}

/// Somebody narrows a rule of ours, and later opens the same again beside it: that one is ours
/// from now on, so that nobody is cut off until the narrow one has changed.
#[tokio::test]
async fn what_has_the_content_of_a_rule_of_ours_becomes_ours() {
    use aws_sdk_ec2::types::{
        IpPermission, IpRange, SecurityGroupRuleRequest, SecurityGroupRuleUpdate,
    };
    let rule = "web.aws_vpc_security_group_ingress_rule.https_r_0_0_0_0_0_b42e18";
    let case = Case::applied(SERVICE).await;
    let ec2 = aws_sdk_ec2::Client::new(&case.ann);
    let group = case.id("web.aws_security_group.lb");
    let narrowed = case.id(rule);
    let narrow = SecurityGroupRuleRequest::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443)
        .cidr_ipv4("10.9.0.0/16");
    let narrow = SecurityGroupRuleUpdate::builder()
        .security_group_rule_id(&narrowed)
        .security_group_rule(narrow.build());
    ec2.modify_security_group_rules()
        .group_id(&group)
        .security_group_rules(narrow.build())
        .send()
        .await
        .unwrap();
    let everybody = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let open = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443)
        .ip_ranges(everybody);
    let opened = ec2
        .authorize_security_group_ingress()
        .group_id(&group)
        .ip_permissions(open.build())
        .send()
        .await
        .unwrap();
    let theirs = opened.security_group_rules()[0].security_group_rule_id();

    let goes = format!("web.aws_security_group.lb/{narrowed}");
    let plan = case.project.plan("app.toml");
    assert_eq!(
        plan.steps(),
        [format!("adopt {rule}"), format!("delete {goes}")]
    );
    assert_eq!(plan.why(&goes), ["replaced"]);
    let adopt = ["apply", "app.toml", "--yes", "--adopt"];
    case.project.run(&adopt).code(0);
    case.project.nothing_to_do("app.toml");
    assert_eq!(Some(case.id(rule).as_str()), theirs);
}

/// A rule that is added to the load balancer's group.
fn opening(name: &str, block: &str) -> String {
    format!(
        r#"
[components.web.resource.aws_vpc_security_group_ingress_rule.{name}]
security_group_id = "${{aws_security_group.lb.id}}"
ip_protocol = "tcp"
from_port = 443
to_port = 443
cidr_ipv4 = "{block}"
"#
    )
}

#[tokio::test]
async fn a_rule_that_gets_what_another_leaves_is_that_one_from_then_on() {
    let [first, second] =
        ["first", "second"].map(|name| format!("web.aws_vpc_security_group_ingress_rule.{name}"));
    let (one, other) = (
        opening("first", "10.1.0.0/16"),
        opening("second", "10.2.0.0/16"),
    );
    let case = Case::applied(&format!("{SERVICE}{one}{other}")).await;
    let (kept, gone) = (case.id(&first), case.id(&second));
    let moved = format!("{SERVICE}{}", opening("second", "10.1.0.0/16"));
    case.project.write("app.toml", &moved);
    assert_eq!(
        case.project.plan("app.toml").steps(),
        [
            format!("delete web.aws_security_group.lb/{gone}"),
            format!("forget {first}"),
            format!("update {second}"),
        ]
    );
    case.project.apply("app.toml");
    case.project.nothing_to_do("app.toml");
    assert_eq!(case.id(&second), kept);
}
