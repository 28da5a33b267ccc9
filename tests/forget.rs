//! `forget --all`: others look after what stands from now on.

use std::collections::BTreeSet;

use crate::support::cli::Project;
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"

[tags]
owner = "payments"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;
const APP: &str = "shop/prod";

/// The values of a tag on everything that EC2 and load balancing list, and on buckets.
async fn tagged(sandbox: &Sandbox, key: &str) -> usize {
    let aws = sandbox.aws().await;
    let tags = aws.ec2(REGION).describe_tags().send().await.unwrap();
    let mut count = tags
        .tags()
        .iter()
        .filter(|tag| tag.key() == Some(key))
        .count();
    let s3 = aws.s3(REGION);
    for bucket in s3.list_buckets().send().await.unwrap().buckets() {
        let tags = s3.get_bucket_tagging().bucket(bucket.name().unwrap());
        if let Ok(tags) = tags.send().await {
            count += tags.tag_set().iter().filter(|tag| tag.key() == key).count();
        }
    }
    let elb = aws.elb(REGION);
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    for balancer in balancers.load_balancers() {
        let arn = balancer.load_balancer_arn().unwrap();
        let tags = elb.describe_tags().resource_arns(arn).send().await.unwrap();
        for one in tags.tag_descriptions() {
            count += one
                .tags()
                .iter()
                .filter(|tag| tag.key() == Some(key))
                .count();
        }
    }
    let acm = aws.acm(REGION);
    for one in acm
        .list_certificates()
        .send()
        .await
        .unwrap()
        .certificate_summary_list()
    {
        let arn = one.certificate_arn().unwrap();
        let tags = acm.list_tags_for_certificate().certificate_arn(arn);
        let tags = tags.send().await.unwrap();
        count += tags.tags().iter().filter(|tag| tag.key() == key).count();
    }
    count
}

#[tokio::test]
async fn what_is_forgotten_stands_as_it_was() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project =
        Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
    project.write("app.toml", SPEC);
    project.run(&["forget", "app.toml"]).code(1).says("--all");
    project
        .run(&["forget", "--all", "app.toml", "--yes"])
        .code(1)
        .says("there is nothing to forget in ");
    project.apply("app.toml");
    let before = sandbox.holds().await;
    let records = project.records(APP);
    project
        .run(&["forget", "--all", "app.toml"])
        .code(1)
        .says("run again with --yes");
    assert_eq!(project.records(APP), records);

    // Without --tags AWS is not even asked, and what stands is found again.
    proxy.clear();
    let forgotten = project.run(&["forget", "--all", "app.toml", "--yes"]);
    let forgotten = forgotten.code(0);
    assert_eq!(proxy.calls(), [""; 0]);
    assert!(!project.state_file(APP).exists());
    let serial = forgotten.err.split("serial ").nth(1).unwrap();
    let serial: u64 = serial.split(' ').next().unwrap().parse().unwrap();
    let kept = format!(".watertight/{APP}/history/{serial:010}.json");
    let kept = std::fs::read(project.path().join(kept)).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["records"].as_array().unwrap().len(), records.len());
    let plan = project.plan("app.toml").steps();
    assert!(
        plan.iter().all(|step| step.starts_with("adopt ")),
        "{plan:?}"
    );
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);

    // With --tags our tags go, and nothing else changes.
    assert!(tagged(&sandbox, "watertight:lineage").await > 5);
    let owners = tagged(&sandbox, "owner").await;
    proxy.clear();
    project
        .run(&["forget", "--all", "--tags", "app.toml", "--yes"])
        .code(0)
        .says("took our tags off ");
    let changed: BTreeSet<String> = proxy.mutations().into_iter().collect();
    let untag = [
        "acm:RemoveTagsFromCertificate",
        "cloudfront:UntagResource",
        "ec2:DeleteTags",
        "elasticloadbalancing:RemoveTags",
        "logs:UntagResource",
        "s3:PutBucketTagging",
    ];
    for call in &changed {
        assert!(untag.contains(&call.as_str()), "{call}");
    }
    assert!(changed.len() > 3, "{changed:?}");
    for key in ["address", "app", "environment", "lineage"] {
        assert_eq!(tagged(&sandbox, &format!("watertight:{key}")).await, 0);
    }
    assert_eq!(tagged(&sandbox, "owner").await, owners);
    assert_eq!(sandbox.holds().await, before);
    assert!(!project.state_file(APP).exists());
    // It is somebody else's now.
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("web.aws_lb.main");
}

#[test]
fn what_is_unfinished_is_not_forgotten() {
    let project = Project::offline();
    project.write("app.toml", SPEC);
    let state = serde_json::json!({
        "format": 1, "version": "0.1.0", "app": "shop", "environment": "prod",
        "account": null, "lineage": "0123456789abcdef0123456789abcdef", "serial": 3,
        "generation": 1,
        "records": [{
            "address": "web.aws_lb.main", "generation": 1, "status": "creating",
            "region": "eu-west-1", "id": null, "token": "a", "attributes": {},
            "dependencies": [], "protect": true,
        }],
    });
    project.write(".watertight/shop/prod/state.json", &state.to_string());
    project
        .run(&["forget", "--all", "app.toml", "--yes"])
        .code(1)
        .says("not everything is done: web.aws_lb.main")
        .says("`watertight apply` goes on where it stopped");
    assert!(project.state_file(APP).exists());
}

/// State in a bucket: a version of it is kept, and another run's hold is respected.
#[tokio::test]
async fn state_in_a_bucket_is_forgotten_too() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write(
        "app.toml",
        r#"app = "billing"
environment = "prod"
region = "eu-west-1"

[state]
backend = "s3"
bucket = "acme-forgotten-state"

[components.invoices]
blueprint = "private-bucket"
logs = false
"#,
    );
    project.run(&["state", "init", "app.toml", "--yes"]).code(0);
    project.apply("app.toml");
    project
        .run(&["forget", "--all", "--tags", "app.toml", "--yes"])
        .code(0)
        .says("took our tags off 1 things")
        .says("forgotten: s3://acme-forgotten-state/billing/prod/state.json is removed")
        .says("is kept in its history");
    let s3 = sandbox.aws().await.s3(REGION);
    let key = "billing/prod/state.json";
    let get = s3.get_object().bucket("acme-forgotten-state").key(key);
    assert!(get.send().await.is_err());
    project
        .run(&["forget", "--all", "app.toml", "--yes"])
        .code(1)
        .says("there is nothing to forget");
}
