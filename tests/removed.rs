//! What the spec lets go is forgotten and goes on standing.

use crate::support::Sandbox;
use crate::support::cli::Project;

const APP: &str = "billing/prod";

const HEAD: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"

[components.archive]
blueprint = "private-bucket"
logs = false
"#;

const INVOICES: &str = r#"
[components.invoices]
blueprint = "private-bucket"
logs = false
"#;

/// Two buckets are applied; then the spec has but one of them, and these lines.
fn left(sandbox: &Sandbox, blocks: &str) -> Project {
    let project = Project::on(sandbox);
    project.write("app.toml", &format!("{HEAD}{INVOICES}"));
    project.apply("app.toml");
    project.write("app.toml", &format!("{HEAD}{blocks}"));
    project
}

fn of<'a>(records: &'a [String], component: &str) -> Vec<&'a String> {
    let mut own: Vec<&String> = records
        .iter()
        .filter(|address| address.starts_with(&format!("{component}.")))
        .collect();
    own.sort();
    own
}

#[tokio::test]
async fn a_component_that_is_let_go_stands_on() {
    let sandbox = Sandbox::new();
    let project = left(&sandbox, "[[removed]]\naddress = \"invoices\"\n");
    let (before, records) = (sandbox.holds().await, project.records(APP));
    let forgets: Vec<String> = of(&records, "invoices")
        .iter()
        .map(|address| format!("forget {address}"))
        .collect();
    let mut planned = project.plan("app.toml").steps();
    planned.sort();
    assert_eq!(planned, forgets);
    project
        .run(&["plan", "app.toml"])
        .code(0)
        .says("forget its record billing-prod-invoices-main-")
        .says("# the spec lets it go, app.toml:10; it stands on");
    // Protected as it is: nothing is deleted.
    project.apply("app.toml");
    assert_eq!(sandbox.holds().await, before);
    let left = project.records(APP);
    assert!(of(&left, "invoices").is_empty(), "{left:?}");
    assert_eq!(of(&left, "archive"), of(&records, "archive"));
    // The block may stay.
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn destroy_leaves_what_is_let_go() {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let project = left(&sandbox, "[[removed]]\naddress = \"invoices\"\n");
    let destroy = ["destroy", "app.toml", "--yes", "--remove-protection", "all"];
    project.run(&destroy).code(0);
    let stands = sandbox.holds().await;
    assert_ne!(stands, empty);
    assert!(project.records(APP).is_empty());
    project.run(&destroy).code(0);
    assert_eq!(sandbox.holds().await, stands);

    // It is found again, by its tags, when the spec has it once more.
    project.write("app.toml", &format!("{HEAD}{INVOICES}"));
    let steps = project.plan("app.toml").steps();
    assert!(steps.contains(&"adopt invoices.aws_s3_bucket.main".to_owned()));
    assert!(
        steps
            .iter()
            .filter(|step| step.contains("invoices."))
            .all(|step| step.starts_with("adopt ")),
        "{steps:?}"
    );
}

/// A bucket is let go with what is part of it: without its policy it would be another.
#[tokio::test]
async fn a_bucket_is_let_go_with_its_parts() {
    let sandbox = Sandbox::new();
    let block = "[[removed]]\naddress = \"invoices.aws_s3_bucket.main\"\n";
    let project = left(&sandbox, block);
    let before = sandbox.holds().await;
    let steps = project.plan("app.toml").steps();
    assert!(!steps.is_empty());
    assert!(
        steps.iter().all(|step| step.starts_with("forget ")),
        "{steps:?}"
    );
    project.apply("app.toml");
    assert_eq!(sandbox.holds().await, before);
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn what_another_hangs_on_does_not_go_from_under_it() {
    let sandbox = Sandbox::new();
    let block = "[[removed]]\naddress = \"invoices.aws_s3_bucket_policy.main\"\n";
    let project = left(&sandbox, block);
    let before = sandbox.holds().await;
    for verb in ["apply", "destroy"] {
        project
            .run(&[verb, "app.toml", "--yes", "--remove-protection", "all"])
            .code(1)
            .says("invoices.aws_s3_bucket.main: it would be deleted, and invoices.aws_s3_bucket_policy.main, which is to stay (app.toml:10), hangs on it")
            .says("[[removed]]\n    address = \"invoices.aws_s3_bucket.main\"");
    }
    assert_eq!(sandbox.holds().await, before);
}

#[tokio::test]
async fn a_misspelt_name_deletes_nothing() {
    let sandbox = Sandbox::new();
    let project = left(&sandbox, "[[removed]]\naddress = \"invoice\"\n");
    let before = sandbox.holds().await;
    project
        .run(&["apply", "app.toml", "--yes", "--remove-protection", "all"])
        .code(1)
        .says("the `[[removed]]` at app.toml:10 names `invoice`, of which nothing is remembered")
        .says("did you mean `invoices`?");
    assert_eq!(sandbox.holds().await, before);
}

#[test]
fn what_is_still_in_the_spec_is_not_let_go() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let spec = format!("{HEAD}[[removed]]\naddress = \"archive.aws_s3_bucket.main\"\n");
    project.write("app.toml", &spec);
    project
        .run(&["check", "app.toml"])
        .code(1)
        .says("`archive.aws_s3_bucket.main` still stands in this spec")
        .says("app.toml:10:11");
}
