//! What people change by hand is shown, with what it was and will be, and put back; what was
//! never ours is left alone.

use std::collections::BTreeSet;

use watertight::aws::Aws;
use watertight::aws::survey::open_by_hand;

use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["172.31.0.10"]
"#;

const SITE: &str = r#"
app = "pages"
environment = "prod"
region = "eu-west-1"

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

/// An applied spec, and somebody who can do everything.
struct Case {
    sandbox: Sandbox,
    aws: Aws,
    project: Project,
    app: &'static str,
}

impl Case {
    async fn applied(text: &str) -> Self {
        let sandbox = Sandbox::new();
        let project = Project::on(&sandbox);
        project.write("app.toml", text);
        project.apply("app.toml");
        Self {
            aws: sandbox.aws().await,
            app: if text == SITE {
                "pages/prod"
            } else {
                "shop/prod"
            },
            sandbox,
            project,
        }
    }

    fn id(&self, address: &str) -> String {
        self.project.id(self.app, address)
    }

    /// The plan has just these steps.
    #[track_caller]
    fn planned(&self, steps: &[&str]) {
        assert_eq!(self.project.plan("app.toml").steps(), steps);
    }

    /// The plan is one update with these fields, each `path: before -> after, cause`.
    #[track_caller]
    fn drifted(&self, address: &str, fields: &[&str]) {
        self.planned(&[&format!("update {address}")]);
        assert_eq!(self.project.plan("app.toml").fields(address), fields);
    }

    #[track_caller]
    fn put_back(&self) {
        self.project.apply("app.toml");
        self.project.nothing_to_do("app.toml");
    }
}

#[tokio::test]
async fn a_port_opened_by_hand_is_closed() {
    let case = Case::applied(SERVICE).await;
    let group = case.id("web.aws_security_group.lb");
    let rules = async || -> BTreeSet<String> {
        let ec2 = case.aws.ec2(REGION);
        let answer = ec2.describe_security_group_rules().send().await.unwrap();
        let rules = answer.security_group_rules.unwrap_or_default().into_iter();
        let rules = rules.filter(|rule| rule.group_id.as_deref() == Some(&group));
        rules
            .filter_map(|rule| rule.security_group_rule_id)
            .collect()
    };
    let before = rules().await;
    open_by_hand(&case.aws, REGION, &group, 80).await.unwrap();
    let by_hand = &rules().await - &before;
    let rule = by_hand.first().unwrap();

    let label = format!("web.aws_security_group.lb/{rule}");
    case.planned(&[&format!("delete {label}")]);
    assert_eq!(case.project.plan("app.toml").why(&label), ["made_by_hand"]);
    case.project
        .run(&["plan", "app.toml"])
        .code(0)
        .says(&label)
        .says("added outside watertight")
        .says("0.0.0.0/0");
    case.put_back();
    assert_eq!(rules().await, before);
}

#[tokio::test]
async fn a_listener_made_by_hand_is_closed() {
    use aws_sdk_elasticloadbalancingv2::types::{
        Action, ActionTypeEnum, FixedResponseActionConfig, ProtocolEnum,
    };
    let case = Case::applied(SERVICE).await;
    let balancer = case.id("web.aws_lb.main");
    let ours = case.id("web.aws_lb_listener.https");
    let elb = case.aws.elb(REGION);
    let fixed = FixedResponseActionConfig::builder().status_code("200");
    let action = Action::builder()
        .r#type(ActionTypeEnum::FixedResponse)
        .fixed_response_config(fixed.build());
    let made = elb
        .create_listener()
        .load_balancer_arn(&balancer)
        .port(8080)
        .protocol(ProtocolEnum::Http)
        .default_actions(action.build())
        .send()
        .await
        .unwrap();
    let listener = made.listeners()[0].listener_arn().unwrap();

    let label = format!("web.aws_lb.main/{listener}");
    case.planned(&[&format!("delete {label}")]);
    assert_eq!(case.project.plan("app.toml").why(&label), ["made_by_hand"]);
    case.project
        .run(&["plan", "app.toml"])
        .code(0)
        .says(&label)
        .says("added outside watertight")
        .says("8080");
    case.put_back();
    let left = elb.describe_listeners().load_balancer_arn(&balancer);
    let left = left.send().await.unwrap();
    let left: Vec<_> = left
        .listeners()
        .iter()
        .map(|one| one.listener_arn())
        .collect();
    assert_eq!(left, [Some(ours.as_str())]);
}

#[tokio::test]
async fn a_rule_deleted_by_hand_is_made_again() {
    let case = Case::applied(SERVICE).await;
    let address = "web.aws_vpc_security_group_ingress_rule.https_r_0_0_0_0_0_b42e18";
    let ec2 = case.aws.ec2(REGION);
    ec2.revoke_security_group_ingress()
        .group_id(case.id("web.aws_security_group.lb"))
        .security_group_rule_ids(case.id(address))
        .send()
        .await
        .unwrap();
    case.planned(&[&format!("create {address}")]);
    assert_eq!(case.project.plan("app.toml").why(address)[0], "missing");
    case.put_back();
}

#[tokio::test]
async fn a_load_balancer_that_was_loosened_is_tightened() {
    use aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute;
    let case = Case::applied(SERVICE).await;
    let attribute = |key: &str, value: &str| {
        LoadBalancerAttribute::builder()
            .key(key)
            .value(value)
            .build()
    };
    case.aws
        .elb(REGION)
        .modify_load_balancer_attributes()
        .load_balancer_arn(case.id("web.aws_lb.main"))
        .attributes(attribute(
            "routing.http.drop_invalid_header_fields.enabled",
            "false",
        ))
        .attributes(attribute("idle_timeout.timeout_seconds", "600"))
        .attributes(attribute("deletion_protection.enabled", "false"))
        .send()
        .await
        .unwrap();
    case.drifted(
        "web.aws_lb.main",
        &[
            "drop_invalid_header_fields: false -> true, drift",
            "enable_deletion_protection: false -> true, drift",
            "idle_timeout: 600 -> 60, drift",
        ],
    );
    case.put_back();
}

#[tokio::test]
async fn a_lower_tls_policy_is_raised() {
    let case = Case::applied(SERVICE).await;
    case.aws
        .elb(REGION)
        .modify_listener()
        .listener_arn(case.id("web.aws_lb_listener.https"))
        .ssl_policy("ELBSecurityPolicy-2016-08")
        .send()
        .await
        .unwrap();
    case.drifted(
        "web.aws_lb_listener.https",
        &[r#"ssl_policy: "ELBSecurityPolicy-2016-08" -> "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", drift"#],
    );
    case.put_back();
}

#[tokio::test]
async fn a_bucket_that_was_opened_is_closed() {
    use aws_sdk_s3::types::PublicAccessBlockConfiguration;
    let case = Case::applied(SITE).await;
    let bucket = case.id("site.aws_s3_bucket.site");
    let s3 = case.aws.s3(REGION);
    s3.delete_bucket_policy()
        .bucket(&bucket)
        .send()
        .await
        .unwrap();
    let open = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(false)
        .restrict_public_buckets(false)
        .build();
    s3.put_public_access_block()
        .bucket(&bucket)
        .public_access_block_configuration(open)
        .send()
        .await
        .unwrap();
    case.planned(&[
        "create site.aws_s3_bucket_policy.site",
        "update site.aws_s3_bucket_public_access_block.site",
    ]);
    let plan = case.project.plan("app.toml");
    assert_eq!(plan.why("site.aws_s3_bucket_policy.site")[0], "missing");
    assert_eq!(
        plan.fields("site.aws_s3_bucket_public_access_block.site"),
        [
            "block_public_policy: false -> true, drift",
            "restrict_public_buckets: false -> true, drift",
        ]
    );
    case.put_back();
}

#[tokio::test]
async fn a_bucket_policy_that_lets_others_in_is_put_back() {
    let case = Case::applied(SITE).await;
    let bucket = case.id("site.aws_s3_bucket.site");
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "210987654321"}},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{bucket}/*"}}]}}"#
    );
    let s3 = case.aws.s3(REGION);
    s3.put_bucket_policy()
        .bucket(&bucket)
        .policy(policy)
        .send()
        .await
        .unwrap();
    case.planned(&["update site.aws_s3_bucket_policy.site"]);
    let fields = case
        .project
        .plan("app.toml")
        .fields("site.aws_s3_bucket_policy.site");
    assert!(fields[0].contains("210987654321"), "{fields:?}");
    assert!(fields[0].ends_with(", drift"), "{fields:?}");
    case.put_back();
    let policy = s3.get_bucket_policy().bucket(&bucket).send().await.unwrap();
    assert!(policy.policy().unwrap().contains("aws:SecureTransport"));
}

#[tokio::test]
async fn a_disabled_distribution_is_enabled() {
    let case = Case::applied(SITE).await;
    let id = case.id("site.aws_cloudfront_distribution.site");
    let cloudfront = case.aws.cloudfront();
    let answer = cloudfront.get_distribution_config().id(&id).send().await;
    let answer = answer.unwrap();
    let mut config = answer.distribution_config.unwrap();
    config.enabled = false;
    cloudfront
        .update_distribution()
        .id(&id)
        .distribution_config(config)
        .set_if_match(answer.e_tag)
        .send()
        .await
        .unwrap();
    case.drifted(
        "site.aws_cloudfront_distribution.site",
        &["enabled: false -> true, drift"],
    );
    case.put_back();
}

/// A blueprint that says nothing of paths wants none, and no code at the edge either.
#[tokio::test]
async fn a_path_that_is_served_in_clear_goes() {
    use aws_sdk_cloudfront::types::{
        CacheBehavior, CacheBehaviors, FunctionAssociation, FunctionAssociations,
        ViewerProtocolPolicy,
    };
    let case = Case::applied(SITE).await;
    let id = case.id("site.aws_cloudfront_distribution.site");
    let cloudfront = case.aws.cloudfront();
    let answer = cloudfront.get_distribution_config().id(&id).send().await;
    let answer = answer.unwrap();
    let mut config = answer.distribution_config.unwrap();
    let default = config.default_cache_behavior.as_mut().unwrap();
    let path = CacheBehavior::builder()
        .path_pattern("/old/*")
        .target_origin_id(&default.target_origin_id)
        .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
        .set_cache_policy_id(default.cache_policy_id.clone());
    let function = FunctionAssociation::builder()
        .event_type("viewer-request".into())
        .function_arn("arn:aws:cloudfront::123456789012:function/theirs");
    default.function_associations = Some(
        FunctionAssociations::builder()
            .quantity(1)
            .items(function.build().unwrap())
            .build()
            .unwrap(),
    );
    config.cache_behaviors = Some(
        CacheBehaviors::builder()
            .quantity(1)
            .items(path.build().unwrap())
            .build()
            .unwrap(),
    );
    cloudfront
        .update_distribution()
        .id(&id)
        .distribution_config(config)
        .set_if_match(answer.e_tag)
        .send()
        .await
        .unwrap();
    let address = "site.aws_cloudfront_distribution.site";
    case.planned(&[&format!("update {address}")]);
    let fields = case.project.plan("app.toml").fields(address).join("\n");
    for field in [
        "default_cache_behavior.function_association",
        "ordered_cache_behavior",
    ] {
        assert!(fields.contains(&format!("{field}: [{{")), "{fields}");
    }
    assert_eq!(fields.matches(" -> [], drift").count(), 2, "{fields}");
    case.put_back();
    let answer = cloudfront.get_distribution_config().id(&id).send().await;
    let config = answer.unwrap().distribution_config.unwrap();
    assert_eq!(config.cache_behaviors.map_or(0, |all| all.quantity), 0);
}

#[tokio::test]
async fn tags_of_others_are_left_alone() {
    use aws_sdk_elasticloadbalancingv2::types::Tag;
    let case = Case::applied(SERVICE).await;
    let balancer = case.id("web.aws_lb.main");
    let elb = case.aws.elb(REGION);
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    elb.add_tags()
        .resource_arns(&balancer)
        .tags(tag("cost-centre", "4711"))
        .send()
        .await
        .unwrap();
    case.project.nothing_to_do("app.toml");

    // One of ours is ours, whatever somebody made of it.
    elb.add_tags()
        .resource_arns(&balancer)
        .tags(tag("watertight:environment", "test"))
        .send()
        .await
        .unwrap();
    case.drifted(
        "web.aws_lb.main",
        &[r#"tags.watertight:environment: "test" -> "prod", drift"#],
    );
    case.put_back();
    let tags = elb.describe_tags().resource_arns(balancer).send().await;
    let tags = tags.unwrap().tag_descriptions.unwrap().remove(0);
    assert!(
        tags.tags()
            .iter()
            .any(|tag| tag.key() == Some("cost-centre"))
    );
}

/// A load balancer takes its listeners with it.
#[tokio::test]
async fn what_hung_on_a_deleted_resource_is_made_again() {
    let case = Case::applied(SERVICE).await;
    let before = case.sandbox.holds().await;
    let old = case.id("web.aws_lb.main");
    let elb = case.aws.elb(REGION);
    let off = aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute::builder()
        .key("deletion_protection.enabled")
        .value("false")
        .build();
    elb.modify_load_balancer_attributes()
        .load_balancer_arn(&old)
        .attributes(off)
        .send()
        .await
        .unwrap();
    elb.delete_load_balancer()
        .load_balancer_arn(&old)
        .send()
        .await
        .unwrap();
    case.planned(&[
        "create web.aws_lb.main",
        "create web.aws_lb_listener.https",
        "update web.aws_route53_record.a_shop_example_com_951623",
    ]);
    assert_eq!(
        case.project.plan("app.toml").why("web.aws_lb.main")[0],
        "missing"
    );
    case.put_back();
    assert_ne!(case.id("web.aws_lb.main"), old);
    assert_eq!(case.sandbox.holds().await, before);
}

#[tokio::test]
async fn a_deleted_bucket_is_made_again_with_all_that_guards_it() {
    let case = Case::applied(SITE).await;
    let before = case.sandbox.holds().await;
    let bucket = case.id("site.aws_s3_bucket.site");
    let s3 = case.aws.s3(REGION);
    s3.delete_bucket().bucket(&bucket).send().await.unwrap();
    let steps = case.project.plan("app.toml").steps();
    for kind in [
        "aws_s3_bucket",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
    ] {
        let step = format!("create site.{kind}.site");
        assert!(steps.contains(&step), "{step}: {steps:#?}");
    }
    case.put_back();
    assert_eq!(case.sandbox.holds().await, before);
}
