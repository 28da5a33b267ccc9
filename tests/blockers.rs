//! What others make use of is named while a plan is made, and nothing is deleted under them.

use aws_sdk_cloudfront::types as cf;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketLoggingStatus, CreateBucketConfiguration, LoggingEnabled,
};
use watertight::aws::Aws;

use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const SITE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

const FILES: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.files]
blueprint = "private-bucket"
"#;

const DESTROY: &[&str] = &[
    "destroy",
    "app.toml",
    "--delete-logs",
    "--empty-buckets",
    "--remove-protection",
    "all",
];

fn destroy(project: &Project) -> Ran {
    project.run(&[DESTROY, &["--yes"]].concat())
}

/// Somebody's distribution like this one, with all that it uses: its id.
async fn copy_distribution(aws: &Aws, id: &str) -> String {
    let cloudfront = aws.cloudfront();
    let answer = cloudfront.get_distribution_config().id(id).send().await;
    let mut config = answer.unwrap().distribution_config.unwrap();
    "somebody else's".clone_into(&mut config.caller_reference);
    config.aliases = Some(cf::Aliases::builder().quantity(0).build().unwrap());
    let create = cloudfront.create_distribution().distribution_config(config);
    create.send().await.unwrap().distribution.unwrap().id
}

/// An origin access control and a policy for headers hold their users only in these; so does a
/// certificate in what presents it.
#[tokio::test]
async fn what_a_distribution_of_others_uses_is_named() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SITE);
    project.apply("app.toml");
    let id = |kind: &str| project.id("shop/prod", &format!("site.{kind}.site"));
    let ours = id("aws_cloudfront_distribution");
    let theirs = copy_distribution(&aws, &ours).await;

    let certificate = id("aws_acm_certificate");
    let mut ran = destroy(&project).code(1);
    for used in [
        id("aws_cloudfront_origin_access_control"),
        id("aws_cloudfront_response_headers_policy"),
    ] {
        ran = ran.says(&format!(
            "{used} can't be deleted, it is used by distribution {theirs} ("
        ));
    }
    ran.says(&format!(
        "{certificate} can't be deleted, it is used by arn:"
    ));

    // What is replaced holds nobody up: its successor is made, and the old one is named.
    let other = SITE.replace("www.example.com", "home.example.com");
    project.write("app.toml", &other);
    project.run(&["plan", "app.toml"]).code(0).says(&format!(
        "its successor is made, but of the replaced one: {certificate} can't be deleted, it is used by arn:"
    ));

    // That it can't be looked up is said, and is not taken for nobody.
    let denied = Fault::Error(403, "AccessDenied");
    proxy.fail(
        When::Operation("cloudfront:ListDistributions"),
        denied,
        usize::MAX,
    );
    project.write("app.toml", SITE);
    let control = id("aws_cloudfront_origin_access_control");
    project.run(DESTROY).says(&format!(
        "site.aws_cloudfront_origin_access_control.site: what uses {control} could not be looked up"
    ));
}

/// S3 would delete it, and their logs would be lost without a word.
#[tokio::test]
async fn a_bucket_that_takes_logs_of_others_is_named() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", FILES);
    project.apply("app.toml");
    let logs = project.id("shop/prod", "files.aws_s3_bucket.logs");
    let s3 = aws.s3(REGION);
    let theirs = format!("theirs-{}", sandbox.account);
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = s3.create_bucket().bucket(&theirs);
    create
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
    let to_ours = LoggingEnabled::builder()
        .target_bucket(&logs)
        .target_prefix("theirs/")
        .build()
        .unwrap();
    let log = async |to: Option<LoggingEnabled>| {
        let status = BucketLoggingStatus::builder().set_logging_enabled(to);
        let put = s3.put_bucket_logging().bucket(&theirs);
        put.bucket_logging_status(status.build())
            .send()
            .await
            .unwrap();
    };
    // Somebody has let them in by hand.
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "logging.s3.amazonaws.com" },
            "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{logs}/*"),
        }],
    });
    let put = s3.put_bucket_policy().bucket(&logs);
    put.policy(policy.to_string()).send().await.unwrap();
    log(Some(to_ours)).await;
    destroy(&project).code(1).says(&format!(
        "{logs} can't be deleted, it is used by bucket {theirs}, which logs to it"
    ));
    log(None).await;
    destroy(&project).code(0);
}

/// What a plan could not find out, the delete does: who uses it is looked at for ten seconds, a
/// handful of times, and told by name.
#[tokio::test]
async fn a_user_that_shows_at_the_delete_is_not_waited_for_long() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    let with_group = format!(
        "{FILES}logs = false\n[components.files.data.aws_vpc.main]\ndefault = true\n\
         [components.files.resource.aws_security_group.more]\nvpc_id = \"${{data.aws_vpc.main.id}}\"\n"
    );
    project.write("app.toml", &with_group);
    project.apply("app.toml");
    let group = project.id("shop/prod", "files.aws_security_group.more");
    let ec2 = sandbox.aws().await.ec2(REGION);
    let subnets = ec2.describe_subnets().send().await.unwrap();
    let subnet = subnets.subnets()[0].subnet_id().unwrap();
    let made = ec2.create_network_interface().subnet_id(subnet);
    let made = made.groups(&group).description("of somebody else");
    let made = made.send().await.unwrap().network_interface.unwrap();
    let interface = made.network_interface_id.unwrap();

    project.write("app.toml", &format!("{FILES}logs = false\n"));
    proxy.clear();
    let denied = Fault::Error(403, "UnauthorizedOperation");
    proxy.fail(When::Operation("ec2:DescribeNetworkInterfaces"), denied, 1);
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(4)
        .says(&format!("what uses {group} could not be looked up"))
        .says(&format!(
            "used by network interface {interface} (of somebody else)"
        ));
    let tries = proxy.counts()["ec2:DeleteSecurityGroup"];
    assert!((2..=10).contains(&tries), "{tries} tries");
}
