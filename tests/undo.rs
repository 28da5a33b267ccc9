//! The last apply is taken back: all of it, nothing else, and never to what is insecure.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::children::add_rule;
use crate::dns::certificate;
use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["172.31.0.10"]
health_check_path = "/healthz"
"#;

const SITE: &str = r#"
[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

fn undo(project: &Project) -> Ran {
    project.run(&[
        "undo",
        "app.toml",
        "--yes",
        "--remove-protection",
        "all",
        "--empty-buckets",
        "--delete-logs",
    ])
}

fn applied(sandbox: &Sandbox, texts: &[&str]) -> Project {
    let project = Project::on(sandbox);
    for text in texts {
        change(&project, text);
    }
    project
}

fn change(project: &Project, text: &str) {
    project.write("app.toml", text);
    let all = ["apply", "app.toml", "--yes", "--remove-protection", "all"];
    project.run(&all).code(0);
}

/// AWS is what this spec says.
#[track_caller]
fn is(project: &Project, text: &str) {
    project.write("app.toml", text);
    project.nothing_to_do("app.toml");
}

#[test]
fn what_was_changed_is_changed_back_and_a_second_undo_does_it_again() {
    let sandbox = Sandbox::new();
    let now = SERVICE.replace("/healthz", "/alive");
    let project = applied(&sandbox, &[SERVICE, &now]);
    undo(&project)
        .code(0)
        .says("~ web.aws_lb_target_group.app")
        .says("undo: the last apply made it otherwise")
        .says("the next apply does again what it still asks for");
    let again = project.plan("app.toml").steps();
    assert_eq!(again, ["update web.aws_lb_target_group.app"]);
    is(&project, SERVICE);
    undo(&project).code(0);
    is(&project, &now);
}

#[tokio::test]
async fn a_run_that_also_deletes_what_others_made_has_its_own_inverse() {
    let sandbox = Sandbox::new();
    let project = applied(&sandbox, &[SERVICE]);
    let elb = sandbox.aws().await.elb(REGION);
    let listener = project.id("shop/prod", "web.aws_lb_listener.https");
    let theirs = add_rule(&elb, &listener, 20).await;
    change(&project, &format!("{SERVICE}tls_policy = \"tls13\"\n"));
    undo(&project)
        .code(0)
        .says("~ web.aws_lb_listener.https")
        .never_says(&theirs)
        .never_says("web.aws_lb.main");
    is(&project, SERVICE);
}

#[tokio::test]
async fn a_run_that_only_forgets_or_deletes_what_others_made_is_not_the_one_before_it() {
    let sandbox = Sandbox::new();
    let left = format!("{SERVICE}[[removed]]\naddress = \"site\"\n");
    let project = applied(&sandbox, &[&format!("{SERVICE}{SITE}"), &left]);
    let nothing = "there is nothing to take back: the last run only took over, forgot";
    undo(&project).code(1).says(nothing);

    change(&project, &SERVICE.replace("/healthz", "/alive"));
    change(&project, SERVICE);
    let elb = sandbox.aws().await.elb(REGION);
    let listener = project.id("shop/prod", "web.aws_lb_listener.https");
    add_rule(&elb, &listener, 20).await;
    change(&project, SERVICE);
    undo(&project).code(1).says(nothing);
    is(&project, SERVICE);
}

#[tokio::test]
async fn what_was_made_goes_and_comes_back_with_everything_that_hangs_on_it() {
    let sandbox = Sandbox::new();
    let both = format!("{SERVICE}{SITE}");
    let project = applied(&sandbox, &[SERVICE]);
    let before = sandbox.holds().await;
    change(&project, &both);
    let after = sandbox.holds().await;
    undo(&project).code(0);
    assert_eq!(sandbox.holds().await, before);
    is(&project, SERVICE);
    // Made anew, with other ids, from records alone.
    undo(&project)
        .code(0)
        .says("deleted objects don't come back");
    assert_eq!(sandbox.holds().await, after);
    is(&project, &both);
}

#[tokio::test]
async fn a_replacement_is_replaced_back() {
    let sandbox = Sandbox::new();
    let now = SERVICE.replace("port = 8443", "port = 8443\ninternal = true");
    let project = applied(&sandbox, &[SERVICE]);
    let before = sandbox.holds().await;
    change(&project, &now);
    undo(&project)
        .code(0)
        .says("its DNS name and ARN are others");
    assert_eq!(sandbox.holds().await, before);
    is(&project, SERVICE);
}

#[tokio::test]
async fn a_destroy_is_taken_back() {
    let sandbox = Sandbox::new();
    let project = applied(&sandbox, &[SERVICE]);
    let before = sandbox.holds().await;
    let all = ["destroy", "app.toml", "--yes", "--remove-protection", "all"];
    project
        .run(&[&all[..], &["--empty-buckets", "--delete-logs"]].concat())
        .code(0);
    undo(&project).code(0);
    assert_eq!(sandbox.holds().await, before);
    is(&project, SERVICE);
}

#[test]
fn what_stood_before_is_judged_by_the_rules_of_today() {
    let sandbox = Sandbox::new();
    let weak = format!(
        r#"{SERVICE}
[components.web.override.aws_lb_listener.https]
ssl_policy = "ELBSecurityPolicy-2016-08"

[[waivers]]
rule = "WT-ELB-003"
address = "web.*"
owner = "payments"
reason = "partner X, ticket PAY-411"
expires = 2027-01-31
"#
    );
    let project = applied(&sandbox, &[&weak, SERVICE]);
    undo(&project)
        .code(3)
        .says("WT-ELB-003")
        .says("web.aws_lb_listener.https");
    is(&project, SERVICE);
}

#[tokio::test]
async fn a_certificate_of_others_is_looked_up_as_the_records_have_it() {
    let sandbox = Sandbox::new();
    let arn = certificate(&sandbox.aws().await, REGION, "*.example.com", true).await;
    let given = format!("{SERVICE}certificate_arn = \"{arn}\"\n");
    let slow = format!("{given}idle_timeout = 90\n");
    let project = applied(&sandbox, &[&given, &slow]);
    undo(&project).code(0).says("~ web.aws_lb.main");
    is(&project, &given);
    // The spec does not name it any more.
    change(&project, SERVICE);
    undo(&project).code(0);
    is(&project, &given);
}

#[test]
fn what_nobody_had_asked_for_is_as_it_stood_before() {
    let sandbox = Sandbox::new();
    let now = format!(
        r#"{SERVICE}
[components.web.override.aws_lb_target_group.app]
load_balancing_algorithm_type = "least_outstanding_requests"
"#
    );
    let project = applied(&sandbox, &[SERVICE, &now]);
    undo(&project)
        .code(0)
        .says("load_balancing_algorithm_type")
        .says("round_robin");
    let again = project.plan("app.toml");
    assert_eq!(again.steps(), ["update web.aws_lb_target_group.app"]);
    assert_eq!(
        again.fields("web.aws_lb_target_group.app"),
        [
            "load_balancing_algorithm_type: \"round_robin\" -> \"least_outstanding_requests\", override"
        ]
    );
    is(&project, SERVICE);
    undo(&project).code(0);
    is(&project, &now);
}

#[test]
fn what_the_last_apply_did_not_touch_is_left_alone() {
    let sandbox = Sandbox::new();
    let both = format!("{SERVICE}{SITE}");
    let now = both.replace("/healthz", "/alive");
    let project = applied(&sandbox, &[&both, &now]);
    project.apply("app.toml").says("No changes.");
    undo(&project).code(0).never_says("site.");
    is(&project, &both);
}

/// A name is not taken back, not even by the run after the one that began to give it.
#[test]
fn a_move_that_took_two_runs_is_left_as_it_is() {
    let sandbox = Sandbox::new();
    let project = applied(&sandbox, &[SERVICE]);
    let now = SERVICE.replace("components.web", "components.front")
        + "[[moved]]\nfrom = \"web\"\nto = \"front\"\n";
    project.write("app.toml", &now);
    let part = [
        "apply",
        "app.toml",
        "--yes",
        "--target",
        "front.aws_lb.main",
    ];
    project.run(&part).code(0);
    project.run(&["apply", "app.toml", "--yes"]).code(0);
    undo(&project)
        .code(0)
        .says("No changes.")
        .never_says("watertight:address");
    is(&project, &now);
}

#[test]
fn where_nothing_was_applied_there_is_nothing_to_take_back() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", SERVICE);
    undo(&project).code(1).says("there is nothing to take back");
}

#[tokio::test]
async fn a_killed_apply_is_taken_back_as_far_as_it_came_and_so_is_a_killed_undo() {
    let sandbox = Sandbox::new();
    let empty = sandbox.holds().await;
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SERVICE);
    let killed = |verb: &str, n: usize| {
        proxy.clear();
        let slot: Arc<Mutex<Option<std::process::Child>>> = Arc::default();
        let mut held = slot.lock().unwrap();
        let victim = Arc::clone(&slot);
        let kill = Arc::new(move || {
            if let Some(child) = victim.lock().unwrap().as_mut() {
                child.kill().unwrap();
            }
        });
        proxy.fail(When::Mutation(n), Fault::CallAfter(kill), 1);
        let arguments = [verb, "app.toml", "--yes", "--remove-protection", "all"];
        let mut command = project.command(&arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null());
        *held = Some(child.spawn().unwrap());
        drop(held);
        loop {
            let ended = slot.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            if let Some(status) = ended {
                assert!(!status.success(), "{verb} was not killed");
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        proxy.clear();
    };
    killed("apply", 6);
    killed("undo", 2);
    undo(&project).code(0);
    assert_eq!(sandbox.holds().await, empty);
    // All that the undo took away, in both of its runs, is what the next one brings back.
    assert_eq!(project.records("shop/prod"), [""; 0]);
}
