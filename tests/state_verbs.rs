//! The verbs that mend what is remembered.

use std::fs;

use crate::support::Sandbox;
use crate::support::cli::Project;

const BUCKET: &str = r#"app = "billing"
environment = "prod"
region = "eu-west-1"

[components.invoices]
blueprint = "private-bucket"
"#;
const APP: &str = "billing/prod";
const MAIN: &str = "invoices.aws_s3_bucket.main";

fn applied() -> (Sandbox, Project) {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    (sandbox, project)
}

#[test]
fn a_record_is_shown_whole() {
    let (_sandbox, project) = applied();
    let bucket = project.id(APP, MAIN);
    project
        .run(&["state", "show", MAIN, "app.toml"])
        .code(0)
        .says("status:     applied")
        .says(&format!("id:         {bucket}"))
        .says("blueprint:  private-bucket")
        .says("\"bucket\":");
    let shown = project.run(&["state", "show", MAIN, "app.toml", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.code(0).out).unwrap();
    let state = project.state(APP);
    let records = state["records"].as_array().unwrap();
    let record = records.iter().find(|one| one["address"] == MAIN).unwrap();
    assert_eq!(shown, serde_json::json!([record]));
    project
        .run(&["state", "show", "invoices.aws_s3_bucket.mian", "app.toml"])
        .code(1)
        .says("did you mean invoices.aws_s3_bucket.main?");
}

/// What is forgotten stays, is found by the next plan, and no other is touched.
#[tokio::test]
async fn what_is_forgotten_stays_and_is_found() {
    let (sandbox, project) = applied();
    let before = sandbox.holds().await;
    let records = project.records(APP);
    let policy = "invoices.aws_s3_bucket_policy.main";
    project
        .run(&["state", "rm", policy, "app.toml"])
        .code(1)
        .says("--yes");
    assert_eq!(project.records(APP), records);
    project
        .run(&["state", "rm", policy, "app.toml", "--yes"])
        .code(0)
        .says("stays in AWS")
        .says("adopt");
    assert_eq!(project.records(APP).len(), records.len() - 1);
    assert_eq!(sandbox.holds().await, before);
    assert_eq!(
        project.plan("app.toml").steps(),
        [format!("adopt {policy}")]
    );
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    assert_eq!(project.records(APP), records);
    assert_eq!(sandbox.holds().await, before);
    project.nothing_to_do("app.toml");
    project
        .run(&["state", "rm", "receipts", "app.toml", "--yes"])
        .code(1)
        .says("nothing is remembered of receipts");
}

/// A component at once: the whole bucket with what AWS gives to every bucket.
#[tokio::test]
async fn a_forgotten_component_is_found_whole() {
    let (sandbox, project) = applied();
    let before = sandbox.holds().await;
    let records = project.records(APP);
    project
        .run(&["state", "rm", "invoices", "app.toml", "--yes"])
        .code(0);
    assert!(project.records(APP).is_empty());
    let adopts = records.iter().map(|address| format!("adopt {address}"));
    assert_eq!(project.plan("app.toml").steps(), adopts.collect::<Vec<_>>());
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    assert_eq!(sandbox.holds().await, before);
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn a_record_is_renamed_and_its_thing_stays() {
    let (sandbox, project) = applied();
    let before = sandbox.holds().await;
    let other = "invoices.aws_s3_bucket.other";
    let bucket = project.id(APP, MAIN);
    let mv = |from: &str, to: &str| project.run(&["state", "mv", from, to, "app.toml", "--yes"]);
    mv(MAIN, other).code(0).says("the spec must say");
    assert_eq!(project.id(APP, other), bucket);
    assert!(!project.records(APP).contains(&MAIN.to_owned()));
    mv(other, "invoices.aws_lb.main")
        .code(1)
        .says("of another kind");
    mv(other, MAIN).code(0);
    mv(
        "invoices.aws_s3_bucket_policy.main",
        "invoices.aws_s3_bucket_policy.main",
    )
    .code(1)
    .says("remembered already");
    assert_eq!(sandbox.holds().await, before);
    project.nothing_to_do("app.toml");
}

/// What was pulled can be pushed; what would lose something can't.
#[tokio::test]
async fn a_document_is_pulled_and_pushed() {
    let (_sandbox, project) = applied();
    let records = project.records(APP);
    let pulled = project.run(&["state", "pull", "app.toml"]).code(0).out;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&pulled).unwrap(),
        project.state(APP)
    );
    let push = |text: &str, more: &[&str]| {
        project.write("pulled.json", text);
        let arguments = ["state", "push", "pulled.json", "app.toml", "--yes"];
        project.run(&[&arguments[..], more].concat())
    };
    project
        .run(&["state", "rm", "invoices", "app.toml", "--yes"])
        .code(0);
    let forgotten = fs::read(project.state_file(APP)).unwrap();
    push(&pulled, &[]).code(1).says("older than what is there");
    push(&pulled[..pulled.len() / 2], &["--force"])
        .code(1)
        .says("is not a whole document");
    push(&pulled.replace("\"billing\"", "\"other\""), &["--force"])
        .code(1)
        .says("the state of other/prod");
    let lineage = project.state(APP)["lineage"].as_str().unwrap().to_owned();
    let serial = project.state(APP)["serial"].as_u64().unwrap();
    push(&pulled.replace(&lineage, &"0".repeat(32)), &[])
        .code(1)
        .says("another lineage");
    assert_eq!(fs::read(project.state_file(APP)).unwrap(), forgotten);

    push(&pulled, &["--force"]).code(0);
    assert_eq!(project.records(APP), records);
    assert_eq!(project.state(APP)["serial"], serial + 1);
    project.nothing_to_do("app.toml");
    // The one before it is kept.
    let history = project.run(&["state", "history", "app.toml"]).code(0).out;
    assert!(history.split_whitespace().next() == Some(&serial.to_string()));
}

/// Lost, and written again without a change in AWS: the lineage is the one in the tags.
#[tokio::test]
async fn a_lost_document_is_written_again() {
    let (sandbox, project) = applied();
    let before = sandbox.holds().await;
    let (records, lineage) = (project.records(APP), project.state(APP)["lineage"].clone());
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let mut refused = project.run(&["state", "rebuild", "app.toml"]).code(1);
    for address in &records {
        refused = refused.says(&format!("found    {address}"));
    }
    assert!(!project.state_file(APP).exists());
    project
        .run(&["state", "rebuild", "app.toml", "--yes"])
        .code(0)
        .says("nothing changes in AWS");
    assert_eq!(project.records(APP), records);
    assert_eq!(project.state(APP)["lineage"], lineage);
    assert_eq!(sandbox.holds().await, before);
    project.nothing_to_do("app.toml");
    project
        .run(&["state", "rebuild", "app.toml", "--yes"])
        .code(0)
        .says("Nothing stands that is not remembered.");
}

/// What was changed by hand while the document was lost is for the next plan.
#[tokio::test]
async fn a_document_written_again_says_what_stands() {
    let (_sandbox, project) = applied();
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let tagged = format!("{BUCKET}\n[tags]\nteam = \"books\"\n");
    project.write("app.toml", &tagged);
    project
        .run(&["state", "rebuild", "app.toml", "--yes"])
        .code(0);
    let both = ["logs", "main"].map(|name| format!("update invoices.aws_s3_bucket.{name}"));
    assert_eq!(project.plan("app.toml").steps(), both);
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}
