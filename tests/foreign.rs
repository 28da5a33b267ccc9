//! What somebody else made under a name of ours is named, all of it at once, and never
//! touched.

use aws_sdk_cloudfront::types as cf;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use watertight::aws::Aws;

use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

/// The default VPC and a subnet of it in each zone.
async fn network(aws: &Aws) -> (String, Vec<String>) {
    let ec2 = aws.ec2(REGION);
    let vpcs = ec2.describe_vpcs().send().await.unwrap();
    let subnets = ec2.describe_subnets().send().await.unwrap();
    let ids = subnets.subnets().iter();
    (
        vpcs.vpcs()[0].vpc_id.clone().unwrap(),
        ids.map(|subnet| subnet.subnet_id.clone().unwrap())
            .collect(),
    )
}

async fn make_record(aws: &Aws, name: &str) {
    let zones = aws
        .route53()
        .list_hosted_zones_by_name()
        .dns_name("example.com");
    let zone = zones.send().await.unwrap().hosted_zones[0].id.clone();
    let record = ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::A)
        .ttl(60)
        .resource_records(
            ResourceRecord::builder()
                .value("192.0.2.1")
                .build()
                .unwrap(),
        )
        .build()
        .unwrap();
    let change = Change::builder()
        .action(ChangeAction::Create)
        .resource_record_set(record)
        .build()
        .unwrap();
    let batch = ChangeBatch::builder().changes(change).build().unwrap();
    let call = aws.route53().change_resource_record_sets();
    call.hosted_zone_id(zone)
        .change_batch(batch)
        .send()
        .await
        .unwrap();
}

async fn make_bucket(aws: &Aws, name: &str) {
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = aws.s3(REGION).create_bucket().bucket(name);
    create
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
}

async fn make_all(aws: &Aws, account: &str) {
    let (vpc, subnets) = network(aws).await;
    make_record(aws, "shop.example.com").await;
    make_record(aws, "www.example.com").await;
    make_bucket(aws, &format!("shop-prod-web-logs-{account}")).await;
    make_bucket(aws, &format!("shop-prod-site-site-{account}")).await;
    let balancer = aws
        .elb(REGION)
        .create_load_balancer()
        .name("shop-prod-web-main");
    balancer.set_subnets(Some(subnets)).send().await.unwrap();
    let group = aws
        .elb(REGION)
        .create_target_group()
        .name("shop-prod-web-app");
    let group = group.protocol(ProtocolEnum::Https).port(443).vpc_id(&vpc);
    group.send().await.unwrap();
    let group = aws.ec2(REGION).create_security_group();
    let group = group.group_name("shop-prod-web-lb").description("by hand");
    group.vpc_id(&vpc).send().await.unwrap();
    let control = cf::OriginAccessControlConfig::builder()
        .name("shop-prod-site-site")
        .signing_protocol(cf::OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(cf::OriginAccessControlSigningBehaviors::Never)
        .origin_access_control_origin_type(cf::OriginAccessControlOriginTypes::S3)
        .build()
        .unwrap();
    let control = aws
        .cloudfront()
        .create_origin_access_control()
        .origin_access_control_config(control);
    control.send().await.unwrap();
    let hsts = cf::ResponseHeadersPolicyStrictTransportSecurity::builder()
        .r#override(true)
        .access_control_max_age_sec(5)
        .build()
        .unwrap();
    let headers = cf::ResponseHeadersPolicySecurityHeadersConfig::builder()
        .strict_transport_security(hsts)
        .build();
    let policy = cf::ResponseHeadersPolicyConfig::builder()
        .name("shop-prod-site-site")
        .security_headers_config(headers)
        .build()
        .unwrap();
    let policy = aws
        .cloudfront()
        .create_response_headers_policy()
        .response_headers_policy_config(policy);
    policy.send().await.unwrap();
}

#[tokio::test]
async fn everything_in_the_way_is_named_at_once_and_stays_as_it_is() {
    let sandbox = Sandbox::new();
    make_all(&sandbox.aws().await, &sandbox.account).await;
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    let account = &sandbox.account;
    let problems = [
        "site.aws_cloudfront_origin_access_control.site: origin access control shop-prod-site-site: ".to_owned(),
        "site.aws_cloudfront_response_headers_policy.site: response headers policy shop-prod-site-site: ".to_owned(),
        "site.aws_route53_record.a_www_example_com_80fc0f: DNS record www.example.com A: ".to_owned(),
        format!("site.aws_s3_bucket.site: bucket shop-prod-site-site-{account} exists"),
        "web.aws_lb.main: load balancer shop-prod-web-main: ".to_owned(),
        "web.aws_lb_target_group.app: target group shop-prod-web-app: ".to_owned(),
        "web.aws_route53_record.a_shop_example_com_951623: DNS record shop.example.com A: ".to_owned(),
        format!("web.aws_s3_bucket.logs: bucket shop-prod-web-logs-{account} exists"),
        "web.aws_security_group.lb: security group shop-prod-web-lb: ".to_owned(),
    ];
    // Not even those who say yes to everything overwrite it.
    let all = [
        "apply",
        "app.toml",
        "--yes",
        "--adopt",
        "--remove-protection",
        "all",
        "--empty-buckets",
    ];
    for arguments in [&["plan", "app.toml"][..], &all] {
        let ran = project.run(arguments).code(1);
        for problem in &problems {
            let line = ran.err.lines().find(|line| line.contains(problem.as_str()));
            let line = line.unwrap_or_else(|| panic!("no {problem:?} in\n{}", ran.err));
            assert!(
                line.starts_with("error: ") && line.ends_with("exists and is not ours"),
                "{line}"
            );
        }
        let errors = ran.err.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), problems.len(), "{}", ran.err);
        ran.says("its name is made of app, environment and component: change one of them in the spec, or delete it yourself")
            .says("never overwrites what it did not make");
    }
    assert_eq!(proxy.mutations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_destroy_leaves_what_others_made() {
    let sandbox = Sandbox::new();
    make_all(&sandbox.aws().await, &sandbox.account).await;
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    let ran = project.run(&[
        "destroy",
        "app.toml",
        "--yes",
        "--remove-protection",
        "all",
        "--empty-buckets",
        "--delete-logs",
    ]);
    ran.code(0).says("Nothing to destroy.");
    assert_eq!(proxy.mutations(), Vec::<String>::new());
}
