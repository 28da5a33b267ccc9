//! An account that was there before: watertight builds beside what it finds, and destroys
//! itself without touching any of it.

use crate::support::Sandbox;
use crate::support::cli::Project;

const SPEC: &str = include_str!("../examples/existing-account.toml");

#[test]
fn nothing_of_theirs_is_touched() {
    let sandbox = Sandbox::new();
    sandbox.existing("build");
    let before = sandbox.existing("dump");
    let project = Project::on(&sandbox);
    project.write("app.toml", SPEC);

    project
        .apply("app.toml")
        .says("billing.example.com")
        .never_says("not for watertight");
    project.nothing_to_do("app.toml");
    assert_ne!(sandbox.existing("dump"), before);

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
    let after = sandbox.existing("dump");
    let different: Vec<_> = before
        .lines()
        .zip(after.lines())
        .filter(|(before, after)| before != after)
        .collect();
    assert_eq!(before, after, "{different:#?}");
}
