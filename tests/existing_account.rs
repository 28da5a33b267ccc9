//! An account that was there before: watertight builds beside what it finds, and destroys
//! itself without touching any of it.

use std::process::Command;

use crate::support::cli::Project;
use crate::support::{Sandbox, cache};

const SPEC: &str = include_str!("../examples/existing-account.toml");

/// Runs the script that makes the account, or prints all that is in it.
fn account(sandbox: &Sandbox, what: &str) -> String {
    let python = watertight::sandbox::python(&cache()).unwrap();
    let output = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/existing_account.py"
        ))
        .arg(what)
        .env("AWS_ENDPOINT_URL", &sandbox.endpoint)
        .env("AWS_ACCESS_KEY_ID", &sandbox.account)
        .env("AWS_SECRET_ACCESS_KEY", "sandbox")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn nothing_of_theirs_is_touched() {
    let sandbox = Sandbox::new();
    account(&sandbox, "build");
    let before = account(&sandbox, "dump");
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);

    project
        .apply("app.toml")
        .says("billing.example.com")
        .never_says("not for watertight");
    project.nothing_to_do("app.toml");
    assert_ne!(account(&sandbox, "dump"), before);

    project
        .run(&[
            "destroy",
            "app.toml",
            "--yes",
            "--remove-protection",
            "all",
            "--empty-buckets",
            "--delete-logs",
        ])
        .code(0);
    let after = account(&sandbox, "dump");
    let different: Vec<_> = before
        .lines()
        .zip(after.lines())
        .filter(|(before, after)| before != after)
        .collect();
    assert_eq!(before, after, "{different:#?}");
}
