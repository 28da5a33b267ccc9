//! One spec for several environments: each has its own state and its own resources.

use std::collections::BTreeSet;
use std::fs;

use crate::support::Sandbox;
use crate::support::cli::{Project, Ran};

/// The example in the repository.
fn example() -> String {
    let path = format!("{}/examples/environments.toml", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

fn nothing_to_do(project: &Project, environment: &str) {
    project
        .run(&[
            "plan",
            "app.toml",
            "--env",
            environment,
            "--detailed-exitcode",
        ])
        .code(0)
        .says("No changes.");
}

fn destroy(project: &Project, environment: &str) -> Ran {
    let destroy = ["destroy", "app.toml", "--env", environment, "--yes"];
    let all = [
        "--remove-protection",
        "all",
        "--empty-buckets",
        "--delete-logs",
    ];
    project.run(&[&destroy[..], &all].concat()).code(0)
}

/// What AWS calls everything that the state of an environment knows.
fn ids(project: &Project, app: &str) -> BTreeSet<String> {
    let state = project.state(app);
    let records = state["records"].as_array().unwrap().iter();
    records
        .map(|record| record["id"]["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn two_in_one_account_share_nothing() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &example());
    let before = sandbox.holds().await;
    for environment in ["prod", "staging"] {
        project
            .run(&["apply", "app.toml", "--env", environment, "--yes"])
            .code(0);
        nothing_to_do(&project, environment);
    }
    nothing_to_do(&project, "prod");
    let (prod, staging) = (
        ids(&project, "orders/prod"),
        ids(&project, "orders/staging"),
    );
    assert_eq!(prod.intersection(&staging).count(), 0);

    destroy(&project, "staging");
    nothing_to_do(&project, "prod");
    assert_eq!(ids(&project, "orders/prod"), prod);
    destroy(&project, "prod");
    assert_eq!(sandbox.holds().await, before);
}

#[test]
fn an_environment_is_picked_for_every_verb() {
    let project = Project::offline();
    project.write("app.toml", &example());
    project
        .run(&["check", "app.toml", "--env", "staging"])
        .code(0)
        .says("orders/staging: ");
    project
        .run(&["check", "app.toml"])
        .code(0)
        .says("orders/prod: ");
    project
        .run(&["plan", "app.toml", "--offline", "--env", "staging"])
        .code(0)
        .says("plan: orders/staging in eu-west-1");
    for verb in ["check", "plan", "apply", "destroy"] {
        project
            .run(&[verb, "app.toml", "--env", "stagng"])
            .code(1)
            .says("there is no environment `stagng`")
            .says("Did you mean `--env staging`?");
    }
}

const COMPARISON: &str = r#"orders: staging -> prod

the spec
  ephemeral: true -> false
  tags.stage: "staging" -> (none)  # app.toml:32 -> -

only in staging
  - web.aws_route53_record.a_orders_staging_example_com_0e0b1d
  - web.aws_route53_record.validation_orders_staging_example_com_0e0b1d
  - web.aws_vpc_security_group_ingress_rule.https_r_10_0_0_0_8_93997f

only in prod
  + web.aws_route53_record.a_orders_example_com_1d2fe8
  + web.aws_route53_record.validation_orders_example_com_1d2fe8
  + web.aws_vpc_security_group_ingress_rule.https_r_0_0_0_0_0_b42e18

invoices.aws_s3_bucket_lifecycle_configuration.logs
  rule.expiration.days: 30 -> 400  # app.toml:35 -> app.toml:16
  rule.noncurrent_version_expiration.noncurrent_days: 7 -> 365  # app.toml:35 -> app.toml:16

invoices.aws_s3_bucket_lifecycle_configuration.main
  rule.noncurrent_version_expiration.noncurrent_days: 7 -> 365  # app.toml:35 -> app.toml:16

web.aws_acm_certificate.site
  domain_name: "orders-staging.example.com" -> "orders.example.com"  # app.toml:38 -> app.toml:20
  subject_alternative_names: ["orders-staging.example.com"] -> ["orders.example.com"]  # app.toml:38 -> app.toml:20

web.aws_acm_certificate_validation.site
  validation_record_fqdns: ["${web.aws_route53_record.validation_orders_staging_example_com_0e0b1d.fqdn}"] -> ["${web.aws_route53_record.validation_orders_example_com_1d2fe8.fqdn}"]  # app.toml:38 -> app.toml:20

web.aws_lb.main
  enable_deletion_protection: false -> true  # app.toml:18 -> app.toml:18
  idle_timeout: 60 -> 120  # app.toml:40 -> app.toml:22

web.aws_s3_bucket_lifecycle_configuration.logs
  rule.expiration.days: 30 -> 400  # app.toml:35 -> app.toml:16
"#;

#[test]
fn an_environment_is_held_against_another() {
    let project = Project::offline();
    project.write("app.toml", &example());
    let ran = project
        .run(&["check", "app.toml", "--env", "staging", "--compare", "prod"])
        .code(0);
    assert_eq!(ran.out, COMPARISON);

    let json = [
        "check",
        "app.toml",
        "--compare",
        "staging",
        "--format",
        "json",
    ];
    let ran = project.run(&json).code(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["left"], "prod");
    assert_eq!(json["right"], "staging");
    assert_eq!(json["settings"][0]["path"], "ephemeral");
    assert_eq!(json["only_right"].as_array().unwrap().len(), 3);

    project
        .run(&["check", "app.toml", "--compare", "prod"])
        .code(0)
        .says("They differ in their names and in watertight's tags alone.");
}

#[test]
fn a_version_that_does_not_fit_stops_every_verb() {
    let project = Project::offline();
    let text = example().replace("\">=0.1, <1\"", "\">=99\"");
    project.write("app.toml", &text);
    for verb in ["check", "plan", "apply", "destroy"] {
        project
            .run(&[verb, "app.toml"])
            .code(1)
            .says("the spec requires >=99")
            .says("app.toml:8:12")
            .says("Run a version that fits");
    }
}
