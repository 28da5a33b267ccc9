//! What Terraform manages becomes the spec's, by its state alone.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use serde_json::json;

use crate::support::cli::{Project, Ran};
use crate::support::{REGION, Sandbox};

/// A state of a bucket with versioning and policy, one that is served, and a queue.
fn state(name: &str) -> String {
    let resource = |kind: &str, name: &str, attributes: serde_json::Value| {
        json!({
            "mode": "managed", "type": kind, "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{"schema_version": 0, "attributes": attributes}]
        })
    };
    let policy = policy(name).to_string();
    let mut resources = vec![
        resource(
            "aws_s3_bucket",
            "invoices",
            json!({"bucket": name, "region": REGION}),
        ),
        resource(
            "aws_s3_bucket_policy",
            "invoices",
            json!({"bucket": name, "policy": policy}),
        ),
        resource(
            "aws_s3_bucket_versioning",
            "invoices",
            json!({"bucket": name}),
        ),
        resource(
            "aws_s3_bucket",
            "site",
            json!({"bucket": "site-1", "region": REGION}),
        ),
        resource(
            "aws_s3_bucket_versioning",
            "site",
            json!({"bucket": "site-1"}),
        ),
        resource(
            "aws_cloudfront_distribution",
            "site",
            json!({"origin": [{"domain_name": "site-1.s3.eu-west-1.amazonaws.com"}]}),
        ),
    ];
    resources.push(json!({
        "module": "module.jobs", "mode": "managed", "type": "aws_sqs_queue", "name": "jobs",
        "provider": "module.jobs.provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [
            {"index_key": "a", "attributes": {"secret": "hunter2"}},
            {"index_key": "a", "deposed": "01234567", "attributes": {}}
        ]
    }));
    json!({"version": 4, "resources": resources}).to_string()
}

fn policy(name: &str) -> serde_json::Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ReadByPartner", "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{name}/*")
    }]})
}

fn import(project: &Project, more: &[&str]) -> Ran {
    let mut arguments = vec!["import", "terraform", "terraform.tfstate"];
    arguments.extend(["--app", "billing", "--environment", "prod"]);
    arguments.extend(more);
    project.run(&arguments)
}

#[tokio::test]
async fn a_bucket_of_terraform_becomes_the_specs_with_its_policy() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let name = format!("legacy-{}", sandbox.account);
    let s3 = sandbox.aws().await.s3(REGION);
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = s3.create_bucket().bucket(&name);
    create
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
    let put = s3.put_bucket_policy().bucket(&name);
    put.policy(policy(&name).to_string()).send().await.unwrap();
    project.write("terraform.tfstate", &state(&name));

    import(&project, &["--out", "app.toml"]).code(0);
    let written = std::fs::read_to_string(project.path().join("app.toml")).unwrap();
    assert!(written.contains("noncurrent_days = 3650"), "{written}");
    project.run(&["check", "app.toml"]).code(0);
    let steps = project.plan("app.toml").steps();
    let adopts = "adopt invoices.aws_s3_bucket.main".to_owned();
    assert!(steps.contains(&adopts), "{steps:?}");
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    let kept = s3.get_bucket_policy().bucket(&name).send().await.unwrap();
    assert!(kept.policy.unwrap().contains("ReadByPartner"));
}

#[test]
fn each_instance_is_taken_or_left_with_the_reason() {
    let project = Project::offline();
    project.write("terraform.tfstate", &state("legacy-1"));
    let ran = import(&project, &[]).code(0);
    let lines = |verb: &str| {
        ran.err
            .lines()
            .filter(|line| line.starts_with(verb))
            .count()
    };
    assert_eq!((lines("taken "), lines("left ")), (3, 5));
    ran.says("left aws_s3_bucket.site: aws_cloudfront_distribution.site needs its settings")
        .says("left module.jobs.aws_sqs_queue.jobs[\"a\"]: it is deposed")
        .says("3 taken and 5 left of 8")
        .never_says("hunter2");
}

#[test]
fn a_file_that_is_there_stays() {
    let project = Project::offline();
    project.write("terraform.tfstate", &state("legacy-1"));
    project.write("app.toml", "mine");
    import(&project, &["--out", "app.toml"])
        .code(1)
        .says("--force");
    import(&project, &["--out", "app.toml", "--force"]).code(0);
}

#[test]
fn what_is_no_state_is_told() {
    let project = Project::offline();
    for (text, told) in [
        ("no", "no state in JSON"),
        (r#"{"version": 3}"#, "format version is 3"),
        (
            r#"{"format_version": "1.2", "planned_values": {}}"#,
            "not a state",
        ),
        (r#"{"format_version": "1.0"}"#, "no resources"),
        (r#"{"encrypted_data": ""}"#, "encrypted"),
        (r#"{"version": 4}"#, "no resources"),
    ] {
        project.write("terraform.tfstate", text);
        import(&project, &[]).code(1).says(told);
    }
}
