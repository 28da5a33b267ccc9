//! `watertight drift` says what others changed, who did it, and when; what is ours is never
//! put down to anybody.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;

use crate::support::cli::Project;
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

pub(crate) const SERVICE: &str = r#"
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

const IDLE: &str = "idle_timeout.timeout_seconds";

/// An applied spec, and Ann, who may do everything and does it by hand.
pub(crate) struct Case {
    pub(crate) sandbox: Sandbox,
    pub(crate) project: Project,
    pub(crate) ann: SdkConfig,
    app: &'static str,
}

impl Case {
    pub(crate) async fn applied(text: &str) -> Self {
        let sandbox = Sandbox::new();
        let project = Project::on(&sandbox);
        project.write("app.toml", text);
        project.apply("app.toml");
        Self {
            ann: ann(&sandbox).await,
            app: if text == SITE {
                "pages/prod"
            } else {
                "shop/prod"
            },
            sandbox,
            project,
        }
    }

    pub(crate) fn id(&self, address: &str) -> String {
        self.project.id(self.app, address)
    }

    pub(crate) async fn set_balancer(&self, key: &str, value: &str) {
        aws_sdk_elasticloadbalancingv2::Client::new(&self.ann)
            .modify_load_balancer_attributes()
            .load_balancer_arn(self.id("web.aws_lb.main"))
            .attributes(
                LoadBalancerAttribute::builder()
                    .key(key)
                    .value(value)
                    .build(),
            )
            .send()
            .await
            .unwrap();
    }

    /// Every line of the drift, `web.aws_lb.main changed`.
    #[track_caller]
    fn drifted(&self, things: &[&str]) -> Value {
        let ran = self.project.run(&["drift", "app.toml", "--json"]).code(0);
        let drift: Value = serde_json::from_str(&ran.out).unwrap();
        let found: Vec<String> = drift["drift"]
            .as_array()
            .unwrap()
            .iter()
            .map(|thing| {
                let of = |name: &str| thing[name].as_str().unwrap().to_owned();
                format!("{} {}", of("address"), of("drift"))
            })
            .collect();
        assert_eq!(found, things, "{drift:#}");
        drift
    }
}

/// A user of the account, by another client than ours.
pub(crate) async fn ann(sandbox: &Sandbox) -> SdkConfig {
    let config = |key: &str, secret: &str| {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(&sandbox.endpoint)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                key, secret, None, None, "test",
            )))
            .build()
    };
    let iam = aws_sdk_iam::Client::new(&config(&sandbox.account, "sandbox"));
    iam.create_user().user_name("ann").send().await.unwrap();
    let keys = iam.create_access_key().user_name("ann").send();
    let keys = keys.await.unwrap().access_key.unwrap();
    config(&keys.access_key_id, &keys.secret_access_key)
}

/// `ModifyLoadBalancerAttributes by user/ann`, or why it is not known.
fn who(of: &Value) -> String {
    match of["who"]["event"]["by"].as_str() {
        Some(by) => {
            let by = by.split_once(":user/").map_or(by, |(_, name)| name);
            format!("{} by {by}", of["who"]["event"]["call"].as_str().unwrap())
        }
        None => match of["who"]["with"].as_str() {
            Some(parent) => format!("with {parent}"),
            None => of["who"]["untold"].as_str().unwrap_or("nothing").to_owned(),
        },
    }
}

/// `idle_timeout: 60 -> 600, ModifyLoadBalancerAttributes by ann`.
fn fields(thing: &Value) -> Vec<String> {
    let fields = thing["fields"].as_array().unwrap().iter();
    fields
        .map(|field| {
            let (path, applied, live) = (&field["path"], &field["applied"], &field["live"]);
            let path = path.as_str().unwrap();
            format!("{path}: {applied} -> {live}, {}", who(field))
        })
        .collect()
}

#[tokio::test]
async fn nothing_drifts_by_itself() {
    for text in [SERVICE, SITE] {
        let case = Case::applied(text).await;
        case.project
            .run(&["drift", "app.toml", "--detailed-exitcode"])
            .code(0)
            .says("No drift.");
    }
}

/// The example that has every blueprint in it.
#[tokio::test]
async fn nothing_of_a_platform_drifts_by_itself() {
    let case = Case::applied(include_str!("../examples/platform.toml")).await;
    case.project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(0)
        .says("No drift.");
}

#[tokio::test]
async fn a_changed_field_is_told_with_who_and_when() {
    let case = Case::applied(SERVICE).await;
    case.set_balancer(IDLE, "600").await;
    let drift = case.drifted(&["web.aws_lb.main changed"]);
    assert_eq!(
        fields(&drift["drift"][0]),
        ["idle_timeout: 60 -> 600, ModifyLoadBalancerAttributes by ann"]
    );
    case.project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(2)
        .says("web.aws_lb.main changed")
        .says("idle_timeout = 60 -> 600")
        .says("ModifyLoadBalancerAttributes by arn:aws:iam::")
        .says("user/ann, 20")
        .says("Drift: 1 changed;");
    case.project
        .run(&["plan", "app.toml"])
        .says("`watertight drift` says who changed it, and when");

    // What the spec is about to change is no drift; what stands as the spec says by now is
    // none any more.
    case.project
        .write("app.toml", &SERVICE.replace("8443", "9443"));
    case.drifted(&["web.aws_lb.main changed"]);
    let accepted =
        format!("{SERVICE}\n[components.web.override.aws_lb.main]\nidle_timeout = 600\n");
    case.project.write("app.toml", &accepted);
    case.project
        .run(&["drift", "app.toml"])
        .says("No drift.")
        .says("count as accepted");
}

#[tokio::test]
async fn a_spec_that_is_broken_does_not_hide_drift() {
    let case = Case::applied(SERVICE).await;
    case.set_balancer(IDLE, "600").await;
    case.project
        .write("app.toml", &SERVICE.replace("port = 8443", "prot = 8443"));
    case.drifted(&["web.aws_lb.main changed"]);
}

#[tokio::test]
async fn rules_that_come_and_go_by_hand() {
    let case = Case::applied(SERVICE).await;
    let ec2 = aws_sdk_ec2::Client::new(&case.ann);
    let group = case.id("web.aws_security_group.lb");
    let rule = "web.aws_vpc_security_group_ingress_rule.https_r_0_0_0_0_0_b42e18";
    ec2.revoke_security_group_ingress()
        .group_id(&group)
        .security_group_rule_ids(case.id(rule))
        .send()
        .await
        .unwrap();
    let range = aws_sdk_ec2::types::IpRange::builder().cidr_ip("0.0.0.0/0");
    let open = aws_sdk_ec2::types::IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(80)
        .to_port(80)
        .ip_ranges(range.build())
        .build();
    ec2.authorize_security_group_ingress()
        .group_id(&group)
        .ip_permissions(open)
        .send()
        .await
        .unwrap();
    let drift = case.drifted(&[
        "web.aws_security_group.lb made_by_hand",
        &format!("{rule} deleted"),
    ]);
    assert_eq!(
        who(&drift["drift"][0]),
        "AuthorizeSecurityGroupIngress by ann"
    );
    assert_eq!(who(&drift["drift"][1]), "RevokeSecurityGroupIngress by ann");
    case.project
        .run(&["drift", "app.toml"])
        .says("made by hand")
        .says("cidr_ipv4")
        .says("0.0.0.0/0");
    case.project.apply("app.toml");
    case.drifted(&[]);
}

#[tokio::test]
async fn a_bucket_and_a_distribution() {
    use aws_sdk_s3::types::PublicAccessBlockConfiguration;
    let case = Case::applied(SITE).await;
    let bucket = case.id("site.aws_s3_bucket.site");
    let config = aws_sdk_s3::config::Builder::from(&case.ann).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    s3.delete_bucket_policy()
        .bucket(&bucket)
        .send()
        .await
        .unwrap();
    let open = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true);
    s3.put_public_access_block()
        .bucket(&bucket)
        .public_access_block_configuration(open.block_public_policy(false).build())
        .send()
        .await
        .unwrap();
    let cloudfront = aws_sdk_cloudfront::Client::new(&case.ann);
    let id = case.id("site.aws_cloudfront_distribution.site");
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

    let drift = case.drifted(&[
        "site.aws_cloudfront_distribution.site changed",
        "site.aws_s3_bucket_policy.site deleted",
        "site.aws_s3_bucket_public_access_block.site changed",
    ]);
    assert_eq!(
        fields(&drift["drift"][0]),
        ["enabled: true -> false, UpdateDistribution by ann"]
    );
    assert_eq!(who(&drift["drift"][1]), "DeleteBucketPolicy by ann");
    assert_eq!(
        fields(&drift["drift"][2]),
        ["block_public_policy: true -> false, PutBucketPublicAccessBlock by ann"]
    );
}

/// The history of a zone is not found by the zone: it is by the call, in us-east-1.
#[tokio::test]
async fn a_record_that_was_turned_elsewhere() {
    use aws_sdk_route53::types::{
        AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType,
    };
    let case = Case::applied(SERVICE).await;
    let route53 = aws_sdk_route53::Client::new(&case.ann);
    let address = "web.aws_route53_record.a_shop_example_com_951623";
    let id = case.id(address);
    let zone = id.split('_').next().unwrap();
    let target = AliasTarget::builder()
        .dns_name("elsewhere.eu-west-1.elb.amazonaws.com")
        .hosted_zone_id("Z32O12XQLNTSW2")
        .evaluate_target_health(true)
        .build()
        .unwrap();
    let record = ResourceRecordSet::builder()
        .name("shop.example.com")
        .r#type(RrType::A)
        .alias_target(target)
        .build()
        .unwrap();
    let change = Change::builder()
        .action(ChangeAction::Upsert)
        .resource_record_set(record)
        .build()
        .unwrap();
    let batch = ChangeBatch::builder().changes(change).build().unwrap();
    route53
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch)
        .send()
        .await
        .unwrap();
    let drift = case.drifted(&[&format!("{address} changed")]);
    let fields = fields(&drift["drift"][0]);
    assert!(
        fields[0].ends_with("ChangeResourceRecordSets by ann"),
        "{fields:?}"
    );
}

/// A load balancer takes its listeners with it.
#[tokio::test]
async fn what_goes_with_another_is_told_once() {
    let case = Case::applied(SERVICE).await;
    case.set_balancer("deletion_protection.enabled", "false")
        .await;
    aws_sdk_elasticloadbalancingv2::Client::new(&case.ann)
        .delete_load_balancer()
        .load_balancer_arn(case.id("web.aws_lb.main"))
        .send()
        .await
        .unwrap();
    let drift = case.drifted(&[
        "web.aws_lb.main deleted",
        "web.aws_lb_listener.https deleted",
    ]);
    assert_eq!(who(&drift["drift"][0]), "DeleteLoadBalancer by ann");
    assert_eq!(who(&drift["drift"][1]), "with web.aws_lb.main");
}

#[tokio::test]
async fn nothing_is_recorded_yet() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project
        .run(&["drift", "app.toml", "--detailed-exitcode"])
        .code(0)
        .says("nothing is recorded that could have changed");
}

#[tokio::test]
async fn we_never_blame_ourselves_nor_a_call_that_was_refused() {
    let case = Case::applied(SERVICE).await;
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&case.ann);
    let wrong = LoadBalancerAttribute::builder().key("no.such").value("1");
    let refused = elb
        .modify_load_balancer_attributes()
        .load_balancer_arn(case.id("web.aws_lb.main"))
        .attributes(wrong.build())
        .send()
        .await;
    assert!(refused.is_err());
    let idle = LoadBalancerAttribute::builder().key(IDLE).value("600");
    case.sandbox
        .aws()
        .await
        .elb(REGION)
        .modify_load_balancer_attributes()
        .load_balancer_arn(case.id("web.aws_lb.main"))
        .attributes(idle.build())
        .send()
        .await
        .unwrap();
    let drift = case.drifted(&["web.aws_lb.main changed"]);
    assert_eq!(
        fields(&drift["drift"][0]),
        ["idle_timeout: 60 -> 600, no call but watertight's own is on record"]
    );
}

#[tokio::test]
async fn without_the_permission_the_drift_is_told_all_the_same() {
    let case = Case::applied(SERVICE).await;
    case.set_balancer(IDLE, "600").await;
    let proxy = case.sandbox.proxy();
    let lookup = When::Operation("cloudtrail:LookupEvents");
    let denied = Fault::Error(400, "AccessDeniedException");
    proxy.fail(lookup, denied, usize::MAX);
    let ran = case
        .project
        .command(&["drift", "app.toml", "--detailed-exitcode"])
        .env("AWS_ENDPOINT_URL", proxy.endpoint())
        .output()
        .unwrap();
    crate::support::cli::Ran::of(&ran)
        .code(2)
        .says("idle_timeout = 60 -> 600")
        .says("it takes cloudtrail:LookupEvents")
        .says("AccessDeniedException");
    // Asked once, refused once.
    assert_eq!(proxy.counts()["cloudtrail:LookupEvents"], 1);
}

/// What another state made stops the plan, with who made it and when.
#[tokio::test]
async fn a_foreign_lineage_is_told_with_who_and_when() {
    const HEAD: &str = "app = \"vault\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n";
    let component = |name: &str| format!("[components.{name}]\nblueprint = \"private-bucket\"\n");
    let sandbox = Sandbox::new();
    let theirs = Project::on(&sandbox);
    theirs.write("app.toml", &format!("{HEAD}{}", component("first")));
    theirs.apply("app.toml");
    let ours = Project::on(&sandbox);
    ours.write("app.toml", &format!("{HEAD}{}", component("second")));
    ours.apply("app.toml");

    let both = format!("{HEAD}{}{}", component("first"), component("second"));
    ours.write("app.toml", &both);
    let user = format!("arn:aws:iam::{}:user/sandbox", sandbox.account);
    ours.run(&["plan", "app.toml"])
        .code(1)
        .says("was made from another state")
        .says(&format!(", by {user} on 20"))
        .says("UTC (CreateBucket)");
}

#[tokio::test]
async fn a_comment_is_a_row_for_each_field_and_the_same_each_time() {
    let case = Case::applied(SERVICE).await;
    let comment = ["drift", "app.toml", "--format", "markdown"];
    case.project
        .run(&comment)
        .code(0)
        .says("### Drift: `shop/prod` in `eu-west-1`")
        .says("No drift.");
    case.set_balancer(IDLE, "600").await;
    let text = case.project.run(&comment).code(0).out;
    assert!(
        text.contains("| changed | `web.aws_lb.main` | `idle_timeout` | `60` | `600` | `ModifyLoadBalancerAttributes by arn:aws:"),
        "{text}"
    );
    assert_eq!(case.project.run(&comment).code(0).out, text);
    case.project
        .run(&["drift", "app.toml", "--json", "--format", "text"])
        .code(1)
        .says("cannot be used with");
}
