//! A part of a plan: what a target brings, what goes with what is excluded, and what is never
//! parted.

use crate::support::Sandbox;
use crate::support::cli::{Planned, Project};

const SPEC: &str = r#"
app = "shop"
environment = "test"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443

[components.files]
blueprint = "private-bucket"
logs = false

[components.backups]
blueprint = "private-bucket"
logs = false
"#;

fn project(sandbox: &Sandbox) -> Project {
    let project = Project::on(sandbox);
    project.write("app.toml", SPEC);
    project
}

#[track_caller]
fn part(project: &Project, flags: &[&str]) -> Planned {
    let ran = project.run(&[&["plan", "app.toml", "--json"], flags].concat());
    Planned(serde_json::from_str(&ran.code(0).out).unwrap())
}

/// The components that a part touches.
fn components(planned: &Planned) -> Vec<String> {
    let steps = planned.steps().into_iter();
    let of = |step: &String| step.split([' ', '.']).nth(1).unwrap().to_owned();
    let mut found: Vec<String> = steps.map(|step| of(&step)).collect();
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn components_are_applied_and_destroyed_one_by_one() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    let holds = sandbox.holds().await;

    project
        .run(&["apply", "app.toml", "--yes", "--target", "files"])
        .code(0)
        .says("in part (--target files): ")
        .says("the same without these flags shows and does the rest");
    let records = project.records("shop/test");
    assert_eq!(records.len(), 7, "{records:?}");
    assert!(
        records.iter().all(|one| one.starts_with("files.")),
        "{records:?}"
    );
    project
        .run(&[
            "plan",
            "app.toml",
            "--target",
            "files",
            "--detailed-exitcode",
        ])
        .code(0)
        .says("No changes in the part that was asked for.");

    project
        .run(&["apply", "app.toml", "--yes", "--exclude", "web"])
        .code(0);
    let rest = part(&project, &[]);
    assert_eq!(components(&rest), ["web"]);

    project
        .run(&["destroy", "app.toml", "--yes", "--exclude", "files"])
        .code(0);
    let records = project.records("shop/test");
    assert!(
        records.iter().all(|one| one.starts_with("files.")),
        "{records:?}"
    );
    project.run(&["destroy", "app.toml", "--yes"]).code(0);
    assert_eq!(sandbox.holds().await, holds);
}

#[test]
fn a_target_brings_what_comes_before_it_and_an_exclusion_takes_what_comes_after() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    let whole = part(&project, &[]).steps();

    // A listener never stands before its certificate is valid.
    let listener = part(&project, &["--target", "web.aws_lb_listener.https"]);
    let steps = listener.steps();
    for needed in [
        "create web.aws_acm_certificate_validation.site",
        "create web.aws_lb.main",
        "create web.aws_lb_listener.https",
    ] {
        assert!(steps.contains(&needed.to_owned()), "{needed}: {steps:?}");
    }
    assert!(steps.len() < whole.len());
    let left_out = listener.0["partial"]["left_out"].as_u64().unwrap();
    assert_eq!(
        usize::try_from(left_out).unwrap(),
        whole.len() - steps.len()
    );
    for (index, step) in listener.0["steps"].as_array().unwrap().iter().enumerate() {
        for before in step["after"].as_array().unwrap() {
            assert!(before.as_u64().unwrap() < index as u64, "{step}");
        }
    }

    let without = part(&project, &["--exclude", "web.aws_acm_certificate.site"]).steps();
    assert!(
        !without
            .iter()
            .any(|step| step.contains("aws_lb_listener.https"))
    );
    assert!(
        without.contains(&"create web.aws_lb.main".to_owned()),
        "{without:?}"
    );
}

/// Every state in between is secure, also one that lasts.
#[test]
fn what_secures_a_bucket_is_not_parted_from_it() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    let policy = "files.aws_s3_bucket_policy.main";
    let steps = part(&project, &["--target", "files.aws_s3_bucket.main"]).steps();
    for brought in [
        "create files.aws_s3_bucket.main",
        "create files.aws_s3_bucket_policy.main",
        "create files.aws_s3_bucket_public_access_block.main",
    ] {
        assert!(steps.contains(&brought.to_owned()), "{brought}: {steps:?}");
    }
    project
        .run(&["apply", "app.toml", "--yes", "--exclude", policy])
        .code(1)
        .says("files.aws_s3_bucket.main would stand without files.aws_s3_bucket_policy.main")
        .says("exclude files.aws_s3_bucket.main as well");

    project
        .run(&["apply", "app.toml", "--yes", "--target", "files"])
        .code(0);
    // Nor does the policy go while the bucket stays.
    project
        .run(&["destroy", "app.toml", "--yes", "--target", policy])
        .code(1)
        .says("would stand without");
    let kept = [
        "destroy",
        "app.toml",
        "--yes",
        "--exclude",
        "files.aws_s3_bucket.main",
    ];
    project.run(&kept).code(0);
    assert!(project.records("shop/test").contains(&policy.to_owned()));
    project.run(&["destroy", "app.toml", "--yes"]).code(0);
}

/// What no reference says: the guardrails do, over what a part would leave.
#[test]
fn what_a_part_would_leave_weak_brings_what_mends_that() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let site = "\n[components.pages]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\n";
    let spec = SPEC.replace("port = 8443", "port = 8443\nredirect_http = true");
    project.write("app.toml", &format!("{spec}{site}"));
    // A distribution without its log.
    let logged = "create pages.aws_cloudwatch_log_delivery.site";
    let distribution = "pages.aws_cloudfront_distribution.site";
    let steps = part(&project, &["--target", distribution]).steps();
    assert!(steps.contains(&logged.to_owned()), "{steps:?}");
    project
        .run(&["plan", "app.toml", "--target", distribution])
        .code(0)
        .says("pages.aws_cloudwatch_log_delivery.site comes along: without it")
        .says("keeps no access logs (WT-CF-011)");
    // Port 80, open to everybody, and nothing there that redirects.
    let open = part(&project, &[]).steps();
    let open = open
        .iter()
        .find(|step| step.contains("ingress_rule.http_r_0_0_0_0"));
    let (_, open) = open.unwrap().split_once(' ').unwrap();
    let steps = part(&project, &["--target", open]).steps();
    let redirects = "create web.aws_lb_listener.redirect";
    assert!(steps.contains(&redirects.to_owned()), "{steps:?}");

    project
        .run(&[
            "plan",
            "app.toml",
            "--exclude",
            "web.aws_lb_listener.redirect",
        ])
        .code(1)
        .says("WT-SG-001")
        .says(&format!(
            "with this part alone {open} opens tcp 80 to everybody"
        ))
        .says("take web.aws_lb_listener.redirect along, or leave web.");
}

#[test]
fn a_replacement_is_done_with_what_it_leaves_behind() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    project
        .run(&["apply", "app.toml", "--yes", "--target", "web"])
        .code(0);
    project.write("app.toml", &SPEC.replace("8443", "9443"));
    let whole = part(&project, &["--target", "web"]).steps();
    assert!(
        whole.iter().any(|step| step.starts_with("drop ")),
        "{whole:?}"
    );
    let group = "web.aws_lb_target_group.app";
    let steps = part(&project, &["--target", group]).steps();
    assert!(steps.contains(&format!("replace {group}")), "{steps:?}");
    assert!(steps.contains(&format!("drop {group}")), "{steps:?}");
    // What turns away from the old one comes before that goes.
    assert!(
        steps.contains(&"update web.aws_lb_listener.https".to_owned()),
        "{steps:?}"
    );
    project
        .run(&["apply", "app.toml", "--yes", "--target", group])
        .code(0);
    project
        .run(&["apply", "app.toml", "--yes", "--target", "web"])
        .code(0);
}

#[test]
fn a_name_that_the_plan_does_not_have_is_an_error() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    for verb in ["plan", "apply", "destroy"] {
        let ran = project.run(&[verb, "app.toml", "--target", "fils", "--exclude", "wb"]);
        let ran = ran.code(1).says("--target: the plan has no `fils`");
        let ran = ran.says("--exclude: the plan has no `wb`");
        if verb != "destroy" {
            ran.says("did you mean `files`?")
                .says("did you mean `web`?");
        }
    }
}
