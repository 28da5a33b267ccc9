//! `--refresh=false`: the records are believed; and how many calls run at once.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::cli::{Planned, Project};
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "test"
region = "eu-west-1"
ephemeral = true

[tags]
owner = "payments"

[components.files]
blueprint = "private-bucket"
logs = false
"#;

const BUCKET: &str = "files.aws_s3_bucket.main";

/// A project and the proxy that it talks through.
fn project(sandbox: &Sandbox, spec: &str) -> (Project, Proxy) {
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", spec);
    (project, proxy)
}

/// The plan that is made without looking, and the calls that it took.
#[track_caller]
fn unseeing(project: &Project, proxy: &Proxy) -> (Planned, Vec<String>) {
    proxy.clear();
    let ran = project.run(&["plan", "app.toml", "--refresh=false", "--json"]);
    let ran = ran.code(0);
    let mut calls = proxy.calls();
    calls.sort();
    (Planned(serde_json::from_str(&ran.out).unwrap()), calls)
}

#[test]
fn a_plan_of_what_stands_asks_who_we_are_and_what_is_looked_up() {
    let sandbox = Sandbox::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let spec = fs::read_to_string(examples.join("shop.toml")).unwrap();
    let (project, proxy) = project(&sandbox, &spec);
    project.apply("app.toml");
    proxy.clear();
    project.nothing_to_do("app.toml");
    let looking = proxy.calls().len();
    proxy.clear();
    let resources = project.records("shop/prod").len();
    project
        .run(&[
            "plan",
            "app.toml",
            "--refresh=false",
            "--detailed-exitcode",
        ])
        .code(0)
        .says(&format!(
            "--refresh=false: {resources} resources are taken to be as their records say; AWS was not asked about them"
        ))
        .says("No changes, as far as the records tell.");
    let counts = proxy.counts();
    let asked: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(
        asked,
        [
            "ec2:DescribeAvailabilityZones",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
            "sts:GetCallerIdentity"
        ],
        "{counts:?}"
    );
    let calls: usize = counts.values().sum();
    assert!(calls == 4 && looking > 100, "{calls} of {looking}");

    // What changes, and what follows, is the same as when everything is looked at.
    let changed = spec
        .replace("/healthz", "/ready")
        .replace("port = 8443", "port = 8444");
    project.write("app.toml", &changed);
    let seeing = project.plan("app.toml");
    let (unseeing, _) = unseeing(&project, &proxy);
    assert!(seeing.steps().len() > 3, "{:?}", seeing.steps());
    assert_eq!(unseeing.steps(), seeing.steps());
    for step in seeing.0["steps"].as_array().unwrap() {
        let address = step["address"].as_str().unwrap();
        assert_eq!(unseeing.fields(address), seeing.fields(address));
    }
    let ran = project.run(&["apply", "app.toml", "--yes", "--refresh=false"]);
    // What components give is known without asking.
    let gives: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("web.") || line.starts_with("pages."))
        .collect();
    assert!(gives.len() > 4, "{}", ran.out);
    let unknown = gives.iter().find(|line| line.contains("known after"));
    assert_eq!(unknown, None);
    ran.code(0);
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn what_others_did_is_not_seen_and_not_undone() {
    let sandbox = Sandbox::new();
    let (project, proxy) = project(&sandbox, SPEC);
    project.apply("app.toml");
    let s3 = sandbox.aws().await.s3(REGION);
    let bucket = project.id("shop/test", BUCKET);
    let policy = s3.delete_bucket_policy().bucket(&bucket);
    policy.send().await.unwrap();
    let (plan, _) = unseeing(&project, &proxy);
    assert_eq!(plan.steps(), [""; 0]);
    assert_eq!(
        project.plan("app.toml").steps(),
        ["create files.aws_s3_bucket_policy.main"]
    );

    // A step reads what it changes, and stops where that is not what its record says.
    project.write("app.toml", &SPEC.replace("payments", "billing"));
    let tagging = s3.get_bucket_tagging().bucket(&bucket).send().await;
    let mut tags = tagging.unwrap().tag_set;
    tags.retain(|tag| tag.key != "owner");
    let owner = aws_sdk_s3::types::Tag::builder().key("owner");
    tags.push(owner.value("somebody").build().unwrap());
    let tags = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(tags));
    let put = s3.put_bucket_tagging().bucket(&bucket);
    put.tagging(tags.build().unwrap()).send().await.unwrap();
    project
        .run(&["apply", "app.toml", "--yes", "--refresh=false"])
        .code(4)
        .says("tags.owner has moved since the plan was made: it was \"payments\", now it is \"somebody\"");
    project.apply("app.toml");
    project.nothing_to_do("app.toml");

    // What is gone already is no hindrance to a destroy.
    let policy = s3.delete_bucket_policy().bucket(&bucket);
    policy.send().await.unwrap();
    proxy.clear();
    project
        .run(&["destroy", "app.toml", "--yes", "--refresh=false"])
        .code(0)
        .says("--refresh=false: ");
    assert_eq!(project.records("shop/test"), [""; 0]);
}

#[test]
fn what_has_no_record_is_looked_for_all_the_same() {
    let sandbox = Sandbox::new();
    let (project, proxy) = project(&sandbox, SPEC);
    project.apply("app.toml");
    let forgotten = ["state", "rm", BUCKET, "app.toml", "--yes"];
    project.run(&forgotten).code(0);
    let (plan, calls) = unseeing(&project, &proxy);
    assert!(
        plan.steps().contains(&format!("adopt {BUCKET}")),
        "{:?} after {calls:?}",
        plan.steps()
    );
    project
        .run(&["apply", "app.toml", "--yes", "--refresh=false"])
        .code(1)
        .says("found to be ours without a record");
    let adopting = ["apply", "app.toml", "--yes", "--adopt", "--refresh=false"];
    project.run(&adopting).code(0);
    project.nothing_to_do("app.toml");
}

/// Only of what is known to be complete does the record tell how it is.
#[test]
fn what_a_run_left_unfinished_is_looked_at() {
    let sandbox = Sandbox::new();
    let (project, proxy) = project(&sandbox, SPEC);
    for n in [2, 4, 5] {
        proxy.clear();
        proxy.fail(When::Mutation(n), Fault::Error(403, "AccessDenied"), 1000);
        project.run(&["apply", "app.toml", "--yes", "--refresh=false"]);
    }
    proxy.clear();
    project
        .run(&["apply", "app.toml", "--yes", "--refresh=false"])
        .code(0);
    project.nothing_to_do("app.toml");
}

/// A record of an older version says less, and is not believed.
#[test]
fn an_older_record_is_read() {
    let sandbox = Sandbox::new();
    let (project, proxy) = project(&sandbox, SPEC);
    project.apply("app.toml");
    let mut state = project.state("shop/test");
    for record in state["records"].as_array_mut().unwrap() {
        assert!(record.as_object_mut().unwrap().remove("told").is_some());
    }
    fs::write(project.state_file("shop/test"), state.to_string()).unwrap();
    let (plan, calls) = unseeing(&project, &proxy);
    assert_eq!(plan.steps(), [""; 0]);
    assert!(
        calls.contains(&"s3:GetBucketTagging".to_owned()),
        "{calls:?}"
    );
    assert_eq!(plan.0.get("believed"), None);
}

#[test]
fn so_many_calls_run_at_once_as_one_says() {
    let sandbox = Sandbox::new();
    let (project, proxy) = project(&sandbox, SPEC);
    proxy.latency(Duration::from_millis(20));
    let most = |arguments: &[&str]| {
        proxy.clear();
        project.run(arguments).code(0);
        proxy.most_in_flight()
    };
    assert_eq!(
        most(&["apply", "app.toml", "--yes", "--parallelism", "2"]),
        2
    );
    assert_eq!(most(&["plan", "app.toml", "--parallelism", "1"]), 1);
    let usual = most(&["plan", "app.toml"]);
    assert!(usual > 2, "{usual}");
    for wrong in ["0", "101", "many"] {
        project
            .run(&["plan", "app.toml", "--parallelism", wrong])
            .code(1)
            .says("--parallelism <N>");
    }
    assert_eq!(
        most(&["destroy", "app.toml", "--yes", "--parallelism", "3"]),
        3
    );
}
