//! A saved plan: it does what was looked at, or stops where the world has moved.

use std::fs;

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, ProtocolEnum};

use crate::support::cli::Project;
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const SPEC: &str = r#"
app = "shop"
environment = "test"
region = "eu-west-1"
ephemeral = true

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

fn with_tag(owner: &str) -> String {
    SPEC.replace(
        "ephemeral = true\n",
        &format!("ephemeral = true\n\n[tags]\nowner = \"{owner}\"\n"),
    )
}

/// Somebody sets the tags of a bucket to what they were and one more.
async fn tag_by_hand(sandbox: &Sandbox, bucket: &str, key: &str, value: &str) {
    use aws_sdk_s3::types::{Tag, Tagging};
    let s3 = sandbox.aws().await.s3(REGION);
    let answer = s3.get_bucket_tagging().bucket(bucket).send().await.unwrap();
    let mut tags = answer.tag_set;
    tags.retain(|tag| tag.key != key);
    tags.push(Tag::builder().key(key).value(value).build().unwrap());
    let tagging = Tagging::builder().set_tag_set(Some(tags)).build().unwrap();
    let put = s3.put_bucket_tagging().bucket(bucket).tagging(tagging);
    put.send().await.unwrap();
}

#[tokio::test]
async fn a_saved_plan_is_applied_without_a_question_and_destroyed_so_too() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    let holds = sandbox.holds().await;
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0)
        .says("`watertight apply shop.plan` does this and nothing else");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(project.path().join("shop.plan")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    project
        .run(&["apply", "shop.plan"])
        .code(0)
        .says("Done: 14 created.");
    project.nothing_to_do("app.toml");
    // Once more: there is nothing left of it.
    project
        .run(&["apply", "shop.plan"])
        .code(0)
        .says("14 steps of the saved plan are done already");

    project
        .run(&["plan", "app.toml", "--destroy", "--out", "shop.plan"])
        .code(0);
    project
        .run(&["apply", "shop.plan"])
        .code(0)
        .says("Done: 14 deleted.");
    assert_eq!(sandbox.holds().await, holds);
}

#[tokio::test]
async fn only_the_branch_whose_world_moved_stops() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    project.write("app.toml", &with_tag("payments"));
    project.apply("app.toml");
    project.write("app.toml", &with_tag("billing"));
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0);
    let bucket = project.id("shop/test", "files.aws_s3_bucket.main");
    tag_by_hand(&sandbox, &bucket, "owner", "somebody").await;
    project
        .run(&["apply", "shop.plan"])
        .code(4)
        .says("files.aws_s3_bucket.main: tags.owner: the plan saw \"payments\", now it is \"somebody\"")
        .says("Done: 1 updated.");
    // The other is as it should be; the new plan shows what is there now.
    let plan = project.plan("app.toml");
    assert_eq!(plan.steps(), ["update files.aws_s3_bucket.main"]);
    project
        .run(&["apply", "shop.plan"])
        .code(1)
        .says("nothing of the saved plan can be applied any more");
    project.apply("app.toml");
}

#[tokio::test]
async fn what_the_plan_did_not_show_is_not_done() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    project.write("app.toml", &with_tag("payments"));
    project
        .run(&["apply", "app.toml", "--yes", "--target", "files"])
        .code(0);
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0);
    let bucket = project.id("shop/test", "files.aws_s3_bucket.main");
    tag_by_hand(&sandbox, &bucket, "owner", "somebody").await;
    project
        .run(&["apply", "shop.plan"])
        .code(0)
        .says("not in the saved plan, and not done: files.aws_s3_bucket.main")
        .says("Done: 7 created.");
    let plan = project.plan("app.toml");
    assert_eq!(plan.steps(), ["update files.aws_s3_bucket.main"]);
}

/// A bucket that was changed after the plan to delete it was made stays.
#[tokio::test]
async fn what_goes_is_what_was_seen() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    project.apply("app.toml");
    let plan = ["plan", "app.toml", "--destroy", "--out", "shop.plan"];
    project.run(&plan).code(0);
    let bucket = project.id("shop/test", "files.aws_s3_bucket.main");
    tag_by_hand(&sandbox, &bucket, "keep", "yes").await;
    project
        .run(&["apply", "shop.plan"])
        .code(4)
        .says("files.aws_s3_bucket.main: tags: the plan saw ");
    let records = project.records("shop/test");
    // With the bucket stays what secures it.
    assert_eq!(records.len(), 7, "{records:?}");
    assert!(
        records.iter().all(|one| one.starts_with("files.")),
        "{records:?}"
    );
    project.run(&plan).code(0);
    project.run(&["apply", "shop.plan"]).code(0);
}

const SERVICE: &str = r#"
app = "shop"
environment = "test"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
"#;

/// What is left of a file is a part of a plan: what would stand weak in it is not done.
#[tokio::test]
async fn port_80_stays_closed_where_something_is_in_the_way_of_what_redirects_there() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    project.apply("app.toml");
    let redirects = SERVICE.replace("port = 8443", "port = 8443\nredirect_http = true");
    project.write("app.toml", &redirects);
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0)
        .says("2 to create");
    let elb = sandbox.aws().await.elb(REGION);
    let forward = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .target_group_arn(project.id("shop/test", "web.aws_lb_target_group.app"));
    elb.create_listener()
        .load_balancer_arn(project.id("shop/test", "web.aws_lb.main"))
        .protocol(ProtocolEnum::Http)
        .port(80)
        .default_actions(forward.build())
        .send()
        .await
        .unwrap();
    let holds = sandbox.holds().await;
    let open = "web.aws_vpc_security_group_ingress_rule.http_r_0_0_0_0_0_b42e18";
    project
        .run(&["apply", "shop.plan"])
        .code(1)
        .says("web.aws_lb_listener.redirect: it comes after web.aws_lb.main/arn:")
        .says(&format!(
            "{open}: without web.aws_lb_listener.redirect, which is not done, {open} opens tcp 80 to everybody"
        ))
        .says("nothing of the saved plan can be applied any more");
    // Nor may it be chosen so.
    let listener = ["--exclude", "web.aws_lb_listener.redirect"];
    project
        .run(&[&["apply", "app.toml", "--yes"][..], &listener].concat())
        .code(1)
        .says("WT-SG-001")
        .says("take web.aws_lb_listener.redirect along, or leave web.");
    assert_eq!(sandbox.holds().await, holds);
}

/// Killed at some calls of it, and run again: it goes on to the same end.
#[test]
fn a_saved_plan_whose_apply_was_cut_off_goes_on() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0);
    for nth in [1, 3, 2] {
        proxy.clear();
        proxy.fail(When::Mutation(nth), Fault::Error(403, "AccessDenied"), 1000);
        let ran = project.run(&["apply", "shop.plan"]);
        assert!(ran.code != 0, "{}", ran.out);
    }
    proxy.clear();
    project.run(&["apply", "shop.plan"]).code(0);
    project.nothing_to_do("app.toml");
}

#[test]
fn another_spec_blueprint_account_or_state_is_refused() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0);
    project.write("app.toml", &with_tag("payments"));
    project
        .run(&["apply", "shop.plan"])
        .code(1)
        .says("app.toml is not the text that was planned; nothing was changed");
    project.write("app.toml", SPEC);

    let other = Sandbox::new();
    let project = project.with("AWS_ACCESS_KEY_ID", &other.account);
    project
        .run(&["apply", "shop.plan"])
        .code(1)
        .says(&format!("the saved plan's account is {}", sandbox.account));
    let project = project.with("AWS_ACCESS_KEY_ID", &sandbox.account);

    project.apply("app.toml");
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0);
    fs::remove_dir_all(project.path().join(".watertight")).unwrap();
    project
        .run(&["apply", "shop.plan"])
        .code(1)
        .says("the plan was made with another state of shop/test");
}

/// Or judged again: the guardrails see what the blueprint makes now.
#[tokio::test]
async fn a_blueprint_that_changed_since_is_refused() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let manifest = "summary = \"An address\"\nversion = \"1.0.0\"\n";
    let template = "blueprints/mine/main.toml.tera";
    let address = "[aws_eip.main]\ndomain = \"vpc\"\n";
    project.write("blueprints/mine/blueprint.toml", manifest);
    project.write(template, address);
    let spec = "app = \"shop\"\nenvironment = \"test\"\nregion = \"eu-west-1\"\n[components.ip]\nblueprint = \"mine\"\n";
    project.write("app.toml", spec);
    let plan = [
        "plan",
        "app.toml",
        "--blueprints",
        "blueprints",
        "--out",
        "shop.plan",
    ];
    project.run(&plan).code(0);
    let holds = sandbox.holds().await;

    project.write(template, &format!("{address}tags = {{ note = \"new\" }}\n"));
    project
        .run(&["apply", "shop.plan"])
        .code(1)
        .says("app.toml expands to other resources than were planned: a blueprint has changed");
    project.write(template, "[aws_s3_bucket.main]\n");
    project
        .run(&["apply", "shop.plan"])
        .code(3)
        .says("WT-S3-001");
    assert_eq!(sandbox.holds().await, holds);

    project.write(template, address);
    project
        .run(&["apply", "shop.plan"])
        .code(0)
        .says("Done: 1 created.");
}

#[test]
fn a_file_that_is_damaged_newer_or_contradicted_is_refused() {
    let sandbox = Sandbox::new();
    let project = project(&sandbox);
    project
        .run(&["plan", "app.toml", "--out", "shop.plan"])
        .code(0);
    let text = fs::read_to_string(project.path().join("shop.plan")).unwrap();
    for flag in [
        &["--target", "files"][..],
        &["--empty-buckets"],
        &["--env", "test"],
    ] {
        project
            .run(&[&["apply", "shop.plan"], flag].concat())
            .code(1)
            .says(&format!("a saved plan has its own answer to {}", flag[0]));
    }
    project.write("cut.plan", &text[..text.len() / 2]);
    project
        .run(&["apply", "cut.plan"])
        .code(1)
        .says("it was cut off or edited");
    project.write("edited.plan", &text.replace("files", "filez"));
    project
        .run(&["apply", "edited.plan"])
        .code(1)
        .says("it was cut off or edited");
    let newer = text.replacen("\"watertight_plan\":1", "\"watertight_plan\":2", 1);
    project.write("newer.plan", &newer);
    project
        .run(&["apply", "newer.plan"])
        .code(1)
        .says("it has format 2, which a newer version of watertight wrote");
    // A spec is no place for a plan.
    project
        .run(&["plan", "app.toml", "--out", "app.toml"])
        .code(1)
        .says("app.toml exists and is no saved plan");
    assert_eq!(
        fs::read_to_string(project.path().join("app.toml")).unwrap(),
        SPEC
    );
}
