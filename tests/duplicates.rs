//! The answer to every call that makes something is lost: nothing stands twice.

use std::collections::BTreeSet;

use watertight::kind::{Guard, KINDS};

use crate::support::cli::Project;
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.net]
blueprint = "network"
nat = "one"

[components.web]
blueprint = "https-service"
domain = "origin.shop.example.com"
zone = "example.com"
network = { from = "net" }
internal = true
ingress = []
port = 8443
targets = ["10.0.0.10"]

[components.web.resource.aws_lb_listener_rule.metrics]
listener_arn = "${aws_lb_listener.https.arn}"
priority = 10
condition = [{ path_pattern = { values = ["/metrics"] } }]
action = [{ type = "fixed-response", fixed_response = { content_type = "text/plain", status_code = "404" } }]

[components.cdn]
blueprint = "cdn-service"
domain = "shop.example.com"
origin = { from = "web" }

[components.pages]
blueprint = "static-site"
domain = "www.example.com"
"#;

/// The call that makes one of a kind. Two kinds make nothing.
const MAKES: &[(&str, &str)] = &[
    ("aws_acm_certificate", "acm:RequestCertificate"),
    (
        "aws_cloudfront_distribution",
        "cloudfront:CreateDistributionWithTags",
    ),
    (
        "aws_cloudfront_origin_access_control",
        "cloudfront:CreateOriginAccessControl",
    ),
    (
        "aws_cloudfront_response_headers_policy",
        "cloudfront:CreateResponseHeadersPolicy",
    ),
    ("aws_cloudfront_vpc_origin", "cloudfront:CreateVpcOrigin"),
    ("aws_cloudwatch_log_delivery", "logs:CreateDelivery"),
    (
        "aws_cloudwatch_log_delivery_destination",
        "logs:PutDeliveryDestination",
    ),
    (
        "aws_cloudwatch_log_delivery_source",
        "logs:PutDeliverySource",
    ),
    ("aws_eip", "ec2:AllocateAddress"),
    ("aws_flow_log", "ec2:CreateFlowLogs"),
    ("aws_internet_gateway", "ec2:CreateInternetGateway"),
    ("aws_lb", "elasticloadbalancing:CreateLoadBalancer"),
    ("aws_lb_listener", "elasticloadbalancing:CreateListener"),
    ("aws_lb_listener_rule", "elasticloadbalancing:CreateRule"),
    (
        "aws_lb_target_group",
        "elasticloadbalancing:CreateTargetGroup",
    ),
    (
        "aws_lb_target_group_attachment",
        "elasticloadbalancing:RegisterTargets",
    ),
    ("aws_nat_gateway", "ec2:CreateNatGateway"),
    ("aws_route", "ec2:CreateRoute"),
    ("aws_route53_record", "route53:ChangeResourceRecordSets"),
    ("aws_route_table", "ec2:CreateRouteTable"),
    ("aws_route_table_association", "ec2:AssociateRouteTable"),
    ("aws_s3_bucket", "s3:CreateBucket"),
    (
        "aws_s3_bucket_lifecycle_configuration",
        "s3:PutBucketLifecycleConfiguration",
    ),
    ("aws_s3_bucket_logging", "s3:PutBucketLogging"),
    (
        "aws_s3_bucket_ownership_controls",
        "s3:PutBucketOwnershipControls",
    ),
    ("aws_s3_bucket_policy", "s3:PutBucketPolicy"),
    (
        "aws_s3_bucket_public_access_block",
        "s3:PutPublicAccessBlock",
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        "s3:PutBucketEncryption",
    ),
    ("aws_s3_bucket_versioning", "s3:PutBucketVersioning"),
    ("aws_security_group", "ec2:CreateSecurityGroup"),
    ("aws_subnet", "ec2:CreateSubnet"),
    ("aws_vpc", "ec2:CreateVpc"),
    (
        "aws_vpc_security_group_egress_rule",
        "ec2:AuthorizeSecurityGroupEgress",
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        "ec2:AuthorizeSecurityGroupIngress",
    ),
];

const MAKE_NOTHING: &[&str] = &[
    "aws_acm_certificate_validation",
    "aws_default_security_group",
];

#[tokio::test]
async fn what_was_made_and_not_answered_is_not_made_again() {
    let calm = Sandbox::new();
    let project = Project::on(&calm);
    project.write("app.toml", SPEC);
    project.apply("app.toml");
    let once = watertight::aws::survey::survey(&calm.aws().await, REGION)
        .await
        .unwrap();

    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    for (_, operation) in MAKES {
        proxy.fail(When::Operation(operation), Fault::DropAfter, 1);
    }
    project.apply("app.toml");
    let counts = proxy.counts();
    proxy.clear();
    project.nothing_to_do("app.toml");
    let stands = watertight::aws::survey::survey(&sandbox.aws().await, REGION)
        .await
        .unwrap();
    assert_eq!(stands, once);

    let records = project.records("shop/prod");
    let mut wrong = Vec::new();
    for kind in KINDS
        .iter()
        .filter(|kind| !MAKE_NOTHING.contains(&kind.name))
    {
        let (_, operation) = MAKES.iter().find(|(name, _)| *name == kind.name).unwrap();
        let of_kind = |address: &&String| address.split('.').any(|part| part == kind.name);
        let n = records.iter().filter(of_kind).count();
        if n == 0 {
            assert_eq!(kind.name, "aws_s3_bucket_logging", "the spec has none");
            continue;
        }
        let sent = counts.get(*operation).copied().unwrap_or_default();
        // Nothing guards it, so it is sent once; whatever guards another is put to the test.
        let is_right = match kind.guard {
            Guard::Nothing => sent == n,
            _ => sent > n,
        };
        if !is_right {
            wrong.push(format!("{operation}: {sent} calls for {n}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_kind_is_put_to_the_test() {
    let listed: BTreeSet<&str> = MAKES.iter().map(|(name, _)| *name).collect();
    let kinds: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let missing = &kinds - &listed;
    assert_eq!(missing, MAKE_NOTHING.iter().copied().collect());
}
