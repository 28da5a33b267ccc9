//! The way in: a spec is proposed for what a Terraform state remembers, and takes it over.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::support::Sandbox;
use crate::support::cli::{Project, Ran};
use crate::support::provider::state_of;

const FILE: &str = "terraform.tfstate";

/// A state with these resources: type, label, attributes.
fn state(resources: &[(&str, &str, Json)]) -> String {
    let resources: Vec<Json> = resources
        .iter()
        .map(|(kind, label, attributes)| {
            json!({
                "mode": "managed", "type": kind, "name": label,
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{ "schema_version": 0, "attributes": attributes }],
            })
        })
        .collect();
    json!({ "version": 4, "terraform_version": "1.9.8", "serial": 7, "resources": resources })
        .to_string()
}

fn import(project: &Project, more: &[&str]) -> Ran {
    let mut arguments = vec!["import", "terraform", FILE, "--app", "legacy"];
    arguments.extend(["--environment", "prod"]);
    arguments.extend(more);
    project.run(&arguments)
}

/// What is proposed for a state, as programs read it.
fn proposed(project: &Project, text: &str, code: i32) -> Json {
    project.write(FILE, text);
    let ran = import(project, &["--format", "json"]).code(code);
    serde_json::from_str(&ran.out).unwrap()
}

fn addresses(list: &Json) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|one| one["terraform"].as_str().unwrap())
        .collect()
}

/// Everything of the state is taken or left or counted.
#[track_caller]
fn nothing_is_missing(text: &str, report: &Json) {
    let state: Json = serde_json::from_str(text).unwrap();
    let managed = state["resources"].as_array().unwrap().iter();
    let managed = managed.filter(|one| one["mode"] == "managed");
    let instances: usize = managed
        .map(|one| one["instances"].as_array().unwrap().len())
        .sum();
    let counted = report["other_providers"].as_object().unwrap().values();
    let counted: u64 = counted.map(|count| count.as_u64().unwrap()).sum();
    let told = addresses(&report["taken"]).len() + addresses(&report["left"]).len();
    assert_eq!(
        told + usize::try_from(counted).unwrap(),
        instances,
        "{report:#}"
    );
}

/// Applies a spec, forgets it as somebody would who never had it, and takes over what stands
/// by its Terraform state under another name.
async fn taken_over(text: &str) {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", text);
    project.apply("app.toml");
    let value = |key: &str| {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("{key} = ")));
        line.unwrap().trim_matches('"').to_owned()
    };
    let app = format!("{}/{}", value("app"), value("environment"));
    let remembered = state_of(&sandbox.aws().await, &project.state(&app)).await;
    project
        .run(&["forget", "--all", "--tags", "app.toml", "--yes"])
        .code(0);
    let report = proposed(&project, &remembered, 0);
    nothing_is_missing(&remembered, &report);
    let left = &report["left"];
    assert_eq!(
        addresses(left),
        [""; 0],
        "{left:#}{}",
        report["spec"].as_str().unwrap()
    );
    project.write("taken.toml", report["spec"].as_str().unwrap());
    project.run(&["check", "taken.toml"]).code(0);

    let plan = project.plan("taken.toml");
    let others: Vec<String> = plan
        .steps()
        .into_iter()
        .filter(|step| !step.starts_with("adopt "))
        // Nothing in AWS.
        .filter(|step| !step.contains("aws_acm_certificate_validation"))
        .collect();
    assert_eq!(others, [""; 0], "{}", report["spec"].as_str().unwrap());
    project
        .run(&["apply", "taken.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("taken.toml");
}

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::read_to_string(folder.join(name).with_extension("toml")).unwrap()
}

#[tokio::test]
async fn a_bucket_is_taken_over() {
    taken_over(&example("private-bucket")).await;
}

#[tokio::test]
async fn a_site_is_taken_over() {
    taken_over(&example("static-site")).await;
}

#[tokio::test]
async fn a_service_is_taken_over() {
    taken_over(&example("https-service")).await;
}

#[tokio::test]
async fn a_network_is_taken_over() {
    taken_over(&example("network")).await;
}

#[tokio::test]
async fn a_service_behind_cloudfront_is_taken_over() {
    taken_over(&example("cdn-service")).await;
}

fn bucket(name: &str) -> Json {
    json!({
        "id": name, "bucket": name, "arn": format!("arn:aws:s3:::{name}"),
        "region": "eu-west-1", "bucket_regional_domain_name": format!("{name}.s3.eu-west-1.amazonaws.com"),
        "force_destroy": false, "object_lock_enabled": false,
        "tags": { "owner": "finance", "Name": name },
        "tags_all": { "owner": "finance", "Name": name },
    })
}

#[test]
fn what_a_state_says_is_what_the_spec_says() {
    let project = Project::offline();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "ReadByPartner", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
          "Action": "s3:GetObject", "Resource": "arn:aws:s3:::legacy-invoices/*" },
        { "Sid": "Everybody", "Effect": "Allow", "Principal": "*",
          "Action": "s3:GetObject", "Resource": "arn:aws:s3:::legacy-invoices/*" },
    ]});
    let text = state(&[
        ("aws_s3_bucket", "invoices", bucket("legacy-invoices")),
        (
            "aws_s3_bucket_policy",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices", "policy": policy.to_string(),
            }),
        ),
        (
            "aws_s3_bucket_versioning",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices",
                "versioning_configuration": [{ "status": "Suspended", "mfa_delete": "" }],
            }),
        ),
        (
            "aws_s3_bucket_lifecycle_configuration",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices",
                "rule": [{ "id": "old", "status": "Enabled", "filter": [{ "prefix": "" }],
                    "noncurrent_version_expiration": [{ "noncurrent_days": 30 }],
                    "expiration": [{ "days": 400 }] }],
            }),
        ),
        (
            "aws_s3_bucket_acl",
            "invoices",
            json!({
                "id": "legacy-invoices", "bucket": "legacy-invoices", "acl": "private",
            }),
        ),
        (
            "aws_sqs_queue",
            "jobs",
            json!({ "id": "q", "arn": "arn:aws:sqs:eu-west-1:123456789012:q" }),
        ),
    ]);
    let report = proposed(&project, &text, 0);
    nothing_is_missing(&text, &report);
    let spec = report["spec"].as_str().unwrap();
    for line in [
        "account = \"123456789012\"",
        "owner = \"finance\"",
        "[components.invoices]",
        "bucket_name = \"legacy-invoices\"",
        "expire_days = 400",
        "noncurrent_days = 30",
        "address = \"invoices.aws_s3_bucket.main\"",
        "id = \"legacy-invoices\"",
        // What lets everybody in is not kept.
        "keep = [\"ReadByPartner\"]",
    ] {
        assert!(spec.lines().any(|one| one == line), "no {line} in:\n{spec}");
    }
    assert_eq!(
        addresses(&report["left"]),
        ["aws_s3_bucket_acl.invoices", "aws_sqs_queue.jobs"]
    );
    let taken = report["taken"].as_array().unwrap();
    let versioning = taken
        .iter()
        .find(|one| one["terraform"] == "aws_s3_bucket_versioning.invoices")
        .unwrap();
    assert_eq!(versioning["with"], "invoices.aws_s3_bucket.main");
    assert_eq!(versioning["changes"][0]["before"], "Suspended");
    project.write("taken.toml", spec);
    project.run(&["check", "taken.toml"]).code(0);
    import(&project, &[])
        .code(0)
        .says("statement Everybody is removed")
        .says("2 left");
}

#[test]
fn a_state_without_anything_to_propose_is_an_error_with_every_reason() {
    let project = Project::offline();
    let text = state(&[
        ("aws_sqs_queue", "jobs", json!({ "id": "q" })),
        (
            "aws_lb",
            "tcp",
            json!({ "id": "a", "arn": "a", "load_balancer_type": "network" }),
        ),
    ]);
    let report = proposed(&project, &text, 1);
    nothing_is_missing(&text, &report);
    assert!(report["spec"].is_null());
    let ran = import(&project, &[]).code(1);
    assert_eq!(ran.out, "");
    ran.says("watertight has no such kind")
        .says("it is no application load balancer")
        .says("nothing of the state can be taken over");
}
