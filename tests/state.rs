//! What is remembered may be lost, torn, or somebody else's just now.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::Sandbox;
use crate::support::cli::Project;

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
redirect_http = true
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

const BUCKET: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.invoices]
blueprint = "private-bucket"
"#;

/// The state file is deleted: everything is found, named, and taken over when that is allowed.
async fn lose_the_state_of(app: &str, text: &str) {
    lose_the_state_in(&Sandbox::new(), app, text).await;
}

async fn lose_the_state_in(sandbox: &Sandbox, app: &str, text: &str) {
    let project = Project::on(sandbox);
    project.write("app.toml", text);
    project.apply("app.toml");
    let before = sandbox.holds().await;
    let records = project.records(app);
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();

    let adopts = records.iter().map(|address| format!("adopt {address}"));
    assert_eq!(project.plan("app.toml").steps(), adopts.collect::<Vec<_>>());
    let mut refused = project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("--adopt");
    for address in &records {
        refused = refused.says(address);
    }
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);
    assert_eq!(project.records(app), records);
    let applied = |record: &serde_json::Value| record["status"] == "applied";
    let state = project.state(app);
    assert!(state["records"].as_array().unwrap().iter().all(applied));
}

#[tokio::test]
async fn a_lost_state_of_a_service_is_found_again() {
    lose_the_state_of("shop/prod", SERVICE).await;
}

/// A run was killed when the record that proves a domain stood and the wait for the certificate
/// had not begun. There is nothing in AWS to take over: the next run goes on without a question.
#[tokio::test]
async fn a_wait_that_nobody_had_begun_needs_no_consent() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    let wait = "web.aws_acm_certificate_validation.site";
    project
        .run(&["state", "rm", wait, "app.toml", "--yes"])
        .code(0);

    assert_eq!(project.plan("app.toml").steps(), [format!("create {wait}")]);
    project.run(&["apply", "app.toml", "--yes"]).code(0);
    project.nothing_to_do("app.toml");
}

/// A target group of another port has another name than the first one had.
#[tokio::test]
async fn a_lost_state_is_found_again_after_a_replacement() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    project.write("app.toml", &SERVICE.replace("port = 8443", "port = 9443"));
    project.apply("app.toml");
    let before = sandbox.holds().await;
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let steps = project.plan("app.toml").steps();
    let is_adopted = |step: &String| step.starts_with("adopt ");
    assert!(steps.iter().all(is_adopted), "{steps:?}");
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn a_lost_state_of_a_site_is_found_again() {
    lose_the_state_of("pages/prod", SITE).await;
}

/// The examples: all that they make is found, and nothing is made again.
#[tokio::test]
async fn a_lost_state_of_an_example_is_found_again() {
    for (app, example) in [
        ("shop/prod", "cdn-service"),
        ("shop/prod", "network"),
        ("shop/prod", "shop"),
        ("platform/prod", "platform"),
    ] {
        let sandbox = Sandbox::new();
        let path = format!("{}/examples/{example}.toml", env!("CARGO_MANIFEST_DIR"));
        lose_the_state_in(&sandbox, app, &fs::read_to_string(path).unwrap()).await;
    }
}

/// Without a state, destroy finds what the spec describes.
#[tokio::test]
async fn a_lost_state_can_be_destroyed() {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let all = ["--yes", "--remove-protection", "all", "--delete-logs"];
    project
        .run(&[&["destroy", "app.toml"][..], &all].concat())
        .code(0);
    assert_eq!(sandbox.holds().await, empty);
}

/// What one run has taken over of it, and what it has not come to, are one app's.
#[tokio::test]
async fn a_lost_state_can_be_taken_over_in_parts() {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let project = Project::on(&sandbox);
    let two = format!("{BUCKET}\n[components.receipts]\nblueprint = \"private-bucket\"\n");
    project.write("app.toml", &two);
    project.apply("app.toml");
    let before = sandbox.holds().await;
    let lose = || fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let adopt = ["apply", "app.toml", "--yes", "--adopt"];
    let a_part = [&adopt[..], &["--target", "invoices"]].concat();
    lose();
    project.run(&a_part).code(0);
    // What is left is named, and taken over when somebody has said so.
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("found to be ours without a record: receipts.");
    project.run(&adopt).code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);

    lose();
    project.run(&a_part).code(0);
    project
        .run(&[
            "destroy",
            "app.toml",
            "--yes",
            "--remove-protection",
            "all",
            "--delete-logs",
        ])
        .code(0);
    assert_eq!(sandbox.holds().await, empty);
}

/// Another folder, and so another state: what stands under our names is not taken for ours.
#[tokio::test]
async fn what_another_state_made_is_not_taken() {
    let sandbox = Sandbox::new();
    let (ours, theirs) = (Project::on(&sandbox), Project::on(&sandbox));
    let pages = BUCKET.replace("invoices", "receipts");
    ours.write("app.toml", BUCKET);
    theirs.write("app.toml", &pages);
    ours.apply("app.toml");
    theirs.apply("app.toml");
    let before = sandbox.holds().await;
    theirs.write("app.toml", BUCKET);
    theirs
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(1)
        .says("made from another state")
        .says("invoices.aws_s3_bucket.main");
    assert_eq!(sandbox.holds().await, before);
    ours.nothing_to_do("app.toml");
}

#[test]
fn a_lock_says_who_holds_it() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account).with("USER", "ada");
    project.write("app.toml", BUCKET);
    proxy.latency(Duration::from_millis(400));
    let mut first = project
        .command(&["apply", "app.toml", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while proxy.calls().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    for verb in ["apply", "destroy"] {
        project
            .run(&[verb, "app.toml", "--yes"])
            .code(1)
            .says("another run holds the state: ada")
            .says(&format!("process {}", first.id()));
    }
    proxy.latency(Duration::ZERO);
    assert!(first.wait().unwrap().success());
    // The lock went with its process.
    project.nothing_to_do("app.toml");
    project.apply("app.toml");
}

#[tokio::test]
async fn a_torn_state_is_refused_and_the_one_before_it_will_do() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let before = sandbox.holds().await;
    let file = project.state_file("billing/prod");
    let whole = fs::read(&file).unwrap();

    // Its end is a brace and a line's end, without which it is whole still.
    let parts = (0..8).map(|part| part * (whole.len() - 2) / 7);
    for length in parts {
        fs::write(&file, &whole[..length]).unwrap();
        let refused = project
            .run(&["plan", "app.toml"])
            .code(1)
            .says("is not a whole document")
            .says("then run again");
        for verb in ["apply", "destroy"] {
            project
                .run(&[verb, "app.toml", "--yes"])
                .code(1)
                .says("is not a whole document");
        }
        assert_eq!(fs::read(&file).unwrap(), &whole[..length]);

        // As the hint says.
        let previous = refused
            .err
            .split_whitespace()
            .find(|word| word.contains("/history/"))
            .unwrap();
        fs::copy(previous, &file).unwrap();
        let planned = project.plan("app.toml").steps();
        let makes = |step: &&String| step.starts_with("create") || step.starts_with("replace");
        assert_eq!(planned.iter().find(makes), None, "{planned:?}");
    }
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);

    // Without any earlier document.
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    fs::remove_dir_all(file.with_file_name("history")).unwrap();
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("move it away, then run again with --adopt");
    fs::rename(&file, file.with_file_name("torn.json")).unwrap();
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);
}

#[test]
fn the_state_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::on(&Sandbox::new());
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = project.state_file("billing/prod");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
}

#[test]
fn another_account_is_refused() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    let project = Project::on(&one);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    project
        .with("AWS_ACCESS_KEY_ID", &other.account)
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says(&one.account)
        .says(&other.account);
}

/// The verbs that look at what is remembered.
#[test]
fn what_is_remembered_is_listed() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", BUCKET);
    let none = project.run(&["state", "list", "app.toml"]).code(0);
    assert_eq!(none.out, "");
    project.apply("app.toml");
    let bucket = project.id("billing/prod", "invoices.aws_s3_bucket.main");
    let listed = project.run(&["state", "list", "app.toml"]).code(0);
    let lines: Vec<&str> = listed.out.lines().collect();
    assert_eq!(lines.len(), project.records("billing/prod").len());
    let line = lines
        .iter()
        .find(|line| line.starts_with("invoices.aws_s3_bucket.main "));
    assert!(line.unwrap().ends_with(&bucket), "{lines:?}");
    let serial = project.state("billing/prod")["serial"].as_u64().unwrap();
    let history = project.run(&["state", "history", "app.toml"]).code(0);
    let newest = history.out.split_whitespace().next().unwrap().to_owned();
    assert_eq!(newest, (serial - 1).to_string());
}
