//! What has another name in the spec keeps its own in AWS.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Sandbox;
use crate::support::cli::{Planned, Project};
use crate::support::proxy::{Fault, Proxy, When};

const BUCKET: &str = r#"
app = "billing"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.invoices]
blueprint = "private-bucket"
"#;

/// Nothing is made, deleted or replaced, and no field changes but this tag.
#[track_caller]
fn changes_only(plan: &Planned, tag: &str, from: &str) {
    let steps = plan.0["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    for step in steps {
        assert_eq!(step["action"], "update", "{step}");
        for field in step["fields"].as_array().unwrap() {
            assert_eq!(field["path"], format!("tags.{tag}"), "{step}");
        }
        let why = step["why"][0]["text"].as_str().unwrap();
        assert!(why.starts_with(&format!("moved from {from}")), "{why}");
    }
}

/// What AWS calls everything, by what comes after the component's name.
fn ids(project: &Project, app: &str) -> Vec<(String, String)> {
    let state = project.state(app);
    let records = state["records"].as_array().unwrap().iter();
    let mut ids: Vec<(String, String)> = records
        .map(|record| {
            let address = record["address"].as_str().unwrap();
            let (_, local) = address.split_once('.').unwrap();
            let id = record["id"]["text"].as_str().unwrap();
            (local.to_owned(), id.to_owned())
        })
        .collect();
    ids.sort();
    ids
}

/// Without its state, all that carries tags is found under the name that it had at first.
fn lose_the_state_of(project: &Project, app: &str) {
    let before = ids(project, app);
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    let is_adopted = |step: &String| step.starts_with("adopt ");
    let steps = project.plan("app.toml").steps();
    assert!(steps.iter().all(is_adopted), "{steps:?}");
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.nothing_to_do("app.toml");
    assert_eq!(ids(project, app), before);
}

/// An example whose every component gets another name.
async fn rename_the_components_of(example: &str, app: &str, components: &[&str]) {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let project = Project::on(&sandbox);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(example);
    let mut spec = fs::read_to_string(path).unwrap();
    project.write("app.toml", &spec);
    project.apply("app.toml");
    let (before, holds) = (ids(&project, app), sandbox.holds().await);

    let mut moved = String::new();
    for component in components {
        let new = format!("new-{component}");
        spec = spec
            .replace(
                &format!("[components.{component}]"),
                &format!("[components.{new}]"),
            )
            .replace(
                &format!("from = \"{component}."),
                &format!("from = \"{new}."),
            );
        writeln!(moved, "\n[[moved]]\nfrom = \"{component}\"\nto = \"{new}\"").unwrap();
    }
    project.write("app.toml", &(spec + &moved));
    changes_only(&project.plan("app.toml"), "watertight:address", "");
    project
        .run(&["plan", "app.toml"])
        .code(0)
        .says(&format!("moved from {}.", components[0]));
    project.apply("app.toml");
    // The `[[moved]]` may stay; it has nothing left to do.
    project.nothing_to_do("app.toml");
    assert_eq!(ids(&project, app), before);
    assert_eq!(sandbox.holds().await, holds);
    let records = project.records(app);
    // A network's name is in what people see of it, so it keeps the component's.
    let is_renamed =
        |address: &String| address.starts_with("new-") || address.starts_with("network.");
    assert!(records.iter().all(is_renamed), "{records:?}");
    let state = project.state(app).to_string();
    for component in components {
        assert!(
            !state.contains(&format!("\"{component}.aws_")),
            "{component}"
        );
    }
    // What CloudFront has beside distributions carries no tags: docs/nothing-is-lost.md.
    if !state.contains("aws_cloudfront_") {
        lose_the_state_of(&project, app);
    }

    let all = [
        "--yes",
        "--remove-protection",
        "all",
        "--delete-logs",
        "--empty-buckets",
    ];
    project
        .run(&[&["destroy", "app.toml"], &all[..]].concat())
        .code(0);
    assert_eq!(sandbox.holds().await, empty);
}

#[tokio::test]
async fn a_renamed_service_keeps_its_names() {
    rename_the_components_of("https-service.toml", "shop/prod", &["web"]).await;
}

#[tokio::test]
async fn a_renamed_site_keeps_its_names() {
    rename_the_components_of("static-site.toml", "marketing/prod", &["site"]).await;
}

#[tokio::test]
async fn a_renamed_bucket_keeps_its_name() {
    rename_the_components_of("private-bucket.toml", "billing/prod", &["invoices"]).await;
}

#[tokio::test]
async fn renamed_components_that_take_from_each_other_keep_their_names() {
    let components = ["web", "admin", "pages", "uploads"];
    rename_the_components_of("shop.toml", "shop/prod", &components).await;
}

const GROUP: &str = r#"
[data.aws_vpc.main]
default = true

[aws_security_group.NAME]
description = "The service"
vpc_id      = "${data.aws_vpc.main.id}"

[aws_vpc_security_group_egress_rule.https]
security_group_id = "${aws_security_group.NAME.id}"
description       = "HTTPS"
ip_protocol       = "tcp"
from_port         = 443
to_port           = 443
cidr_ipv4         = "10.0.0.0/8"
"#;

#[tokio::test]
async fn a_renamed_resource_keeps_its_name() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let spec = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
                [components.web]\nblueprint = \"mine\"\n";
    let manifest = "summary = \"Ours\"\nversion = \"1.0.0\"\n";
    project.write("library/mine/blueprint.toml", manifest);
    project.write("library/mine/main.toml.tera", &GROUP.replace("NAME", "app"));
    project.write("app.toml", spec);
    let run = |verb: &str, more: &[&str]| {
        project.run(&[&[verb, "app.toml", "--blueprints", "library"], more].concat())
    };
    run("apply", &["--yes"]).code(0);
    let id = project.id("shop/prod", "web.aws_security_group.app");

    project.write(
        "library/mine/main.toml.tera",
        &GROUP.replace("NAME", "service"),
    );
    let moved = |to: &str| {
        format!(
            "{spec}[[moved]]\nfrom = \"web.aws_security_group.app\"\nto = \"web.aws_security_group.{to}\"\n"
        )
    };
    project.write("app.toml", &moved("servise"));
    run("check", &[])
        .code(1)
        .says("there is no `web.aws_security_group.servise`")
        .says("Did you mean `web.aws_security_group.service`?");
    project.write("app.toml", &moved("service"));
    let planned = run("plan", &["--json"]).code(0);
    let planned = Planned(serde_json::from_str(&planned.out).unwrap());
    assert_eq!(planned.steps(), ["update web.aws_security_group.service"]);
    changes_only(&planned, "watertight:address", "web.aws_security_group.app");
    run("apply", &["--yes"]).code(0);
    run("plan", &[]).code(0).says("No changes.");
    assert_eq!(
        project.id("shop/prod", "web.aws_security_group.service"),
        id
    );
    run("destroy", &["--yes"]).code(0);
}

/// The app and its environment: refused, unless the spec says that they moved.
#[tokio::test]
async fn another_app_is_refused_until_it_says_that_it_moved() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let (before, holds) = (ids(&project, "billing/prod"), sandbox.holds().await);
    let lineage = project.state("billing/prod")["lineage"].clone();

    let app = BUCKET.replace("billing", "finance");
    project.write("app.toml", &app);
    for words in [
        &["plan", "app.toml"][..],
        &["apply", "app.toml", "--yes"],
        &["destroy", "app.toml", "--yes"],
        &["plan", "app.toml", "--offline"],
    ] {
        project
            .run(words)
            .code(1)
            .says("app.toml now says finance/prod")
            .says("made by it as billing/prod")
            .says("from = { app = \"billing\" }\n    to = { app = \"finance\" }")
            .says("run `watertight destroy app.toml` first");
    }
    assert_eq!(sandbox.holds().await, holds);
    // Another spec beside it is another matter.
    project.write("other.toml", &app);
    project.run(&["plan", "other.toml"]).code(0);

    let moved = "\n[[moved]]\nfrom = { app = \"billing\" }\nto = { app = \"finance\" }\n";
    project.write("app.toml", &format!("{app}{moved}"));
    let planned = project.plan("app.toml");
    changes_only(&planned, "watertight:app", "billing/prod");
    let note = planned.0["notes"][0].as_str().unwrap();
    assert!(
        note.starts_with("finance/prod is moved from billing/prod"),
        "{note}"
    );
    assert!(project.state_file("billing/prod").exists());
    project.apply("app.toml");
    assert!(!project.state_file("billing/prod").exists());
    assert_eq!(ids(&project, "finance/prod"), before);
    assert_eq!(project.state("finance/prod")["lineage"], lineage);
    project.nothing_to_do("app.toml");

    // And on, by the environment; the first block stays.
    let environment = app.replace("\"prod\"", "\"live\"");
    project.write("app.toml", &format!("{environment}{moved}"));
    project
        .run(&["plan", "app.toml"])
        .code(1)
        .says("from = { environment = \"prod\" }\n    to = { environment = \"live\" }");
    let again = "\n[[moved]]\nfrom = { environment = \"prod\" }\nto = { environment = \"live\" }\n";
    project.write("app.toml", &format!("{environment}{moved}{again}"));
    changes_only(
        &project.plan("app.toml"),
        "watertight:environment",
        "finance/prod",
    );
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    assert_eq!(ids(&project, "finance/live"), before);
    assert_eq!(sandbox.holds().await, holds);
    let all = ["--yes", "--delete-logs", "--empty-buckets"];
    project
        .run(&[&["destroy", "app.toml"], &all[..]].concat())
        .code(0);
}

/// Applies, and is killed (`kill -9`) by the n-th call that changes something, which AWS
/// carries out.
fn apply_and_kill(project: &Project, proxy: &Proxy, n: usize) {
    let slot: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&slot);
    let kill = Arc::new(move || {
        if let Some(child) = victim.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
    });
    proxy.clear();
    proxy.fail(When::Mutation(n), Fault::CallAfter(kill), 1);
    let mut held = slot.lock().unwrap();
    let child = project
        .command(&["apply", "app.toml", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    *held = Some(child);
    drop(held);
    let ended = || {
        let mut slot = slot.lock().unwrap();
        slot.as_mut().unwrap().try_wait().unwrap().is_some()
    };
    while !ended() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Killed at its n-th call that changes something: run it again and it has moved, whole.
async fn kill_a_move_at(n: usize) {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", BUCKET);
    project.apply("app.toml");
    let (before, holds) = (ids(&project, "billing/prod"), sandbox.holds().await);
    let spec = BUCKET
        .replace("billing", "finance")
        .replace("invoices", "bills")
        + "[[moved]]\nfrom = { app = \"billing\" }\nto = { app = \"finance\" }\n\
           [[moved]]\nfrom = \"invoices\"\nto = \"bills\"\n";
    project.write("app.toml", &spec);

    apply_and_kill(&project, &proxy, n);
    proxy.clear();
    // The new document is there, and the old one too.
    assert!(project.state_file("billing/prod").exists());
    assert!(project.state_file("finance/prod").exists());
    project.apply("app.toml");
    assert!(!project.state_file("billing/prod").exists());
    project.nothing_to_do("app.toml");
    assert_eq!(ids(&project, "finance/prod"), before);
    assert_eq!(sandbox.holds().await, holds);
}

#[tokio::test]
async fn a_move_that_is_killed_is_finished_by_the_next_run() {
    kill_a_move_at(1).await;
    kill_a_move_at(2).await;
}

#[test]
fn a_move_that_can_not_be_is_told_at_its_lines() {
    let project = Project::offline();
    let spec = r#"app = "shop"
environment = "prod"
region = "eu-west-1"
[components.web]
blueprint = "private-bucket"
[[moved]]
from = "web"
to = "front"
[[moved]]
from = "a.aws_s3_bucket.x"
to = "web.aws_lb.y"
"#;
    project.write("app.toml", spec);
    project
        .run(&["check", "app.toml"])
        .code(1)
        .says("component `web` still stands in this spec")
        .says("there is no component `front`")
        .says("`a.aws_s3_bucket.x` can't become a `aws_lb`");
}
