//! What holds data or carries traffic stays protected whatever leaves the spec; and a state
//! belongs to one account.

use crate::support::Sandbox;
use crate::support::cli::Project;

const HEAD: &str = "app = \"billing\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n";

fn bucket(name: &str) -> String {
    format!("[components.{name}]\nblueprint = \"private-bucket\"\nlogs = false\n")
}

#[tokio::test]
async fn what_leaves_the_spec_is_still_protected() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let both = format!("{HEAD}{}{}", bucket("invoices"), bucket("receipts"));
    project.write("app.toml", &both);
    project.apply("app.toml");
    let holds = sandbox.holds().await;

    // A whole component.
    project.write("app.toml", &format!("{HEAD}{}", bucket("invoices")));
    project
        .run(&["plan", "app.toml"])
        .code(0)
        .says("receipts.aws_s3_bucket.main delete")
        .says("(protected)");
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("protected, as they hold data or carry traffic: receipts.aws_s3_bucket.main")
        .says("--remove-protection receipts.aws_s3_bucket.main");
    assert_eq!(sandbox.holds().await, holds);

    // And though the spec now calls everything throw-away: the state says more.
    let ephemeral = format!("ephemeral = true\n{HEAD}{}", bucket("invoices"));
    project.write("app.toml", &ephemeral);
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("traffic: receipts.aws_s3_bucket.main");
    let allowed = [
        "--yes",
        "--remove-protection",
        "receipts.aws_s3_bucket.main",
    ];
    project
        .run(&[&["apply", "app.toml"], &allowed[..]].concat())
        .code(0);
    // What stays was told that it is throw-away by that apply.
    project.run(&["destroy", "app.toml", "--yes"]).code(0);
}

/// The name of an environment says nothing; `ephemeral` does, the moment it is written.
#[tokio::test]
async fn the_stricter_of_spec_and_state_protects() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let ephemeral = format!("ephemeral = true\n{HEAD}{}", bucket("invoices"));
    project.write("app.toml", &ephemeral);
    project.apply("app.toml");
    let holds = sandbox.holds().await;

    // No apply since: the state still says throw-away.
    let lasting = format!("{HEAD}{}", bucket("invoices"));
    project.write("app.toml", &lasting);
    project
        .run(&["destroy", "app.toml", "--yes"])
        .code(1)
        .says("traffic: invoices.aws_s3_bucket.main");
    let other = format!("{HEAD}{}", bucket("receipts"));
    project.write("app.toml", &other);
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("traffic: invoices.aws_s3_bucket.main");
    assert_eq!(sandbox.holds().await, holds);

    // `prod` as it is called, and throw-away as it says.
    project.write("app.toml", &ephemeral);
    project.run(&["destroy", "app.toml", "--yes"]).code(0);

    // `test` as it is called, and lasting all the same.
    let test = lasting.replace("\"prod\"", "\"test\"");
    project.write("app.toml", &test);
    project.apply("app.toml");
    project
        .run(&["destroy", "app.toml", "--yes"])
        .code(1)
        .says("traffic: invoices.aws_s3_bucket.main");
}

#[tokio::test]
async fn a_state_belongs_to_one_account() {
    let (ours, theirs) = (Sandbox::new(), Sandbox::new());
    let project = Project::on(&ours);
    let spec = format!("ephemeral = true\n{HEAD}{}", bucket("invoices"));
    project.write("app.toml", &spec);
    project.apply("app.toml");
    let (before, holds) = (project.state("billing/prod"), theirs.holds().await);

    let project = project.with("AWS_ACCESS_KEY_ID", &theirs.account);
    for words in [
        &["plan", "app.toml"][..],
        &["apply", "app.toml", "--yes"],
        &["destroy", "app.toml", "--yes"],
        &["output", "app.toml"],
    ] {
        project
            .run(words)
            .code(1)
            .says(&format!(
                "the state's account is {}, but the credentials are for account {}",
                ours.account, theirs.account
            ))
            .says("choose a profile or a role of account");
    }
    assert_eq!(project.state("billing/prod"), before);
    assert_eq!(theirs.holds().await, holds);
}
