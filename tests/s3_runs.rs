//! Runs on a state in a bucket that end from the outside, and what the next one finds.

use std::time::{Duration, Instant};

use crate::s3_state::{BUCKET, project, spec};
use crate::support::cli::Project;
use crate::support::ended::Signal;
use crate::support::proxy::When;
use crate::support::terminal::Answer;
use crate::support::{REGION, Sandbox};

const LOCK: &str = "teams/payments/shop/prod/lock.json";

/// Whether nobody holds the state.
async fn is_free(sandbox: &Sandbox, bucket: &str) -> bool {
    let s3 = sandbox.aws().await.s3(REGION);
    let object = s3.get_object().bucket(bucket).key(LOCK).send().await;
    let bytes = object.unwrap().body.collect().await.unwrap().to_vec();
    let note: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    note["free"] == true
}

#[tokio::test]
async fn whoever_is_interrupted_gives_the_lease_back() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &text);
    let apply = ["apply", "app.toml", "--yes"];

    // While it reads.
    proxy.latency(Duration::from_millis(100));
    let reads = || proxy.counts().contains_key("s3:GetBucketTagging");
    project
        .interrupted(&apply, Signal::TERM, reads)
        .code(1)
        .says("interrupted");
    assert!(is_free(&sandbox, &bucket).await);

    // While it asks.
    proxy.latency(Duration::ZERO);
    project
        .asked(
            "type the app's name",
            Answer::Signal("SIGTERM"),
            &["apply", "app.toml"],
        )
        .code(1);
    assert!(is_free(&sandbox, &bucket).await);

    // While it works.
    proxy.clear();
    proxy.latency(Duration::from_millis(50));
    let works = || proxy.mutations().contains(&"s3:CreateBucket".to_owned());
    project.interrupted(&apply, Signal::INT, works).code(4);
    assert!(is_free(&sandbox, &bucket).await);

    proxy.latency(Duration::ZERO);
    let began = Instant::now();
    project.run(&apply).code(0);
    // Nobody was waited for.
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    project.nothing_to_do("app.toml");
    assert!(is_free(&sandbox, &bucket).await);
}

#[tokio::test]
async fn a_saved_plan_that_was_killed_goes_on() {
    let sandbox = Sandbox::new();
    let (text, _) = spec(BUCKET, 5);
    project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &text);
    let plan = ["plan", "app.toml", "--out", "shop.plan"];
    project.run(&plan).code(0);
    let apply = ["apply", "shop.plan"];
    for operation in ["s3:CreateBucket", "s3:PutBucketPolicy"] {
        proxy.clear();
        let when = When::Operation(operation);
        assert!(project.killed(&proxy, when, &apply), "{operation}");
    }
    proxy.clear();
    // The lease of the one that was killed has run out by then.
    project
        .run(&apply)
        .code(0)
        .says("looking whether that run is alive");
    assert_eq!(proxy.counts().get("s3:CreateBucket"), None);
    project.nothing_to_do("app.toml");

    // And the same of a destroy.
    let plan = [
        "plan",
        "app.toml",
        "--destroy",
        "--delete-logs",
        "--out",
        "shop.plan",
    ];
    project.run(&plan).code(0);
    proxy.clear();
    let when = When::Operation("s3:DeleteBucket");
    assert!(project.killed(&proxy, when, &apply));
    proxy.clear();
    project.run(&apply).code(0);
    project
        .run(&["destroy", "app.toml", "--yes", "--delete-logs"])
        .code(0)
        .says("Nothing to destroy.");
}

#[tokio::test]
async fn a_spec_that_was_given_another_name_is_known_again() {
    let sandbox = Sandbox::new();
    let (text, _) = spec(BUCKET, 45);
    let project = project(&sandbox, &text);
    project.apply("app.toml");
    let renamed = text.replace("app = \"shop\"", "app = \"store\"");

    // On another machine: nothing but the bucket tells.
    let elsewhere = Project::on(&sandbox);
    elsewhere.write("app.toml", &renamed);
    elsewhere
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("app.toml now says store/prod, and what stands was made by it as shop/prod")
        .says("from = { app = \"shop\" }");
    let moved =
        format!("{renamed}\n[[moved]]\nfrom = {{ app = \"shop\" }}\nto = {{ app = \"store\" }}\n");
    elsewhere.write("app.toml", &moved);
    elsewhere
        .run(&["plan", "app.toml"])
        .code(0)
        .says("is moved from shop/prod");

    // A file of the same name that says something else is somebody else's.
    let other = renamed.replace("components.invoices", "components.receipts");
    elsewhere.write("app.toml", &other);
    let plan = elsewhere.plan("app.toml");
    assert!(
        plan.steps()
            .iter()
            .all(|step| step.starts_with("create receipts.")),
        "{:?}",
        plan.steps()
    );
}
