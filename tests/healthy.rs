//! After an apply: does the service answer, and if not, why; and what comes next.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use crate::support::Sandbox;
use crate::support::cli::{Project, Ran};

fn service(targets: &str) -> String {
    format!(
        r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
health_check_path = "/healthz"
logs = false
{targets}

[[waivers]]
rule = "WT-ELB-010"
address = "web.*"
owner = "payments"
reason = "a test"
expires = 2027-01-31
"#
    )
}

const NOTHING: &str = "";

#[tokio::test]
async fn a_healthy_target_is_waited_for() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let target = format!("10.1.1.{}", own(&sandbox));
    sandbox.tell(
        "targets",
        &json!({ "target": target, "state": "initial", "reason": "Elb.InitialHealthChecking",
                 "description": "Initial health checks in progress" }),
    );
    project.write("app.toml", &service(&format!("targets = [\"{target}\"]")));
    let run = project
        .command(&["apply", "app.toml", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(8)).await;
    sandbox.tell("targets", &json!({ "target": target, "state": "healthy" }));
    Ran::of(&run.wait_with_output().unwrap())
        .code(0)
        .says(&format!(
            "waiting for a healthy target: {target}:8443 initial (Elb.InitialHealthChecking)"
        ))
        .says("web.aws_lb_target_group.app: answers, 1 of 1 targets healthy");
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_explained() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let target = format!("10.1.2.{}", own(&sandbox));
    sandbox.tell(
        "targets",
        &json!({ "target": target, "state": "unhealthy", "reason": "Target.FailedHealthChecks",
                 "description": "Health checks failed" }),
    );
    project.write("app.toml", &service(&format!("targets = [\"{target}\"]")));
    let apply = ["apply", "app.toml", "--yes"];
    let look = ["--wait-seconds", "1"];
    let group = || project.id("shop/prod", "web.aws_security_group.app");
    project
        .run(&[&apply[..], &look].concat())
        .code(1)
        .says("web.aws_lb_target_group.app: no target is healthy")
        .says(&format!(
            "{target}:8443 unhealthy (Target.FailedHealthChecks)"
        ))
        .says("Health checks failed")
        .says("the health check asks HTTPS /healthz on port 8443, to answer 200")
        .says(&format!(
            "lets out TCP 8443 to {} (web.aws_security_group.app)",
            group()
        ))
        .says(&format!(
            "{} (web.aws_security_group.app) lets in TCP 8443 from sg-",
            group()
        ))
        .says("the target may not speak TLS on port 8443")
        .says("openssl req -x509")
        .says("everything is applied, but no target is healthy after 1s");
    // It is applied all the same, and another run looks again.
    project.nothing_to_do("app.toml");
    project
        .run(&[&apply[..], &["--wait", "config"]].concat())
        .code(0)
        .never_says("healthy");
    let json = project
        .run(&[&apply[..], &look, &["--json"]].concat())
        .code(1);
    let last = json.out.lines().last().unwrap();
    let health: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(health["event"], "health");
    assert_eq!(health["services"][0]["healthy"], false);
    assert_eq!(
        health["services"][0]["targets"][0]["reason"],
        "Target.FailedHealthChecks"
    );
}

#[test]
fn without_targets_it_says_what_to_register() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write("app.toml", &service(NOTHING));
    let ran = project.run(&["apply", "app.toml", "--yes"]).code(0);
    let id = |address: &str| project.id("shop/prod", address);
    ran.says("nothing is registered yet, so nothing answers")
        .says(&format!(
            "aws elbv2 register-targets --region eu-west-1 --target-group-arn {} --targets Id=ADDRESS,Port=8443",
            id("web.aws_lb_target_group.app")
        ))
        .says(&format!(
            "its machines need the security group {}",
            id("web.aws_security_group.app")
        ));
}

#[test]
fn a_site_ends_with_the_commands_that_fill_it() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    project.write(
        "app.toml",
        "app = \"pages\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\nephemeral = true\n\
         [components.site]\nblueprint = \"static-site\"\ndomain = \"www.example.com\"\n",
    );
    // Without waiting, the distribution is still on its way when the run ends.
    let ran = project
        .run(&["apply", "app.toml", "--yes", "--wait", "none"])
        .code(0);
    let id = |address: &str| project.id("pages/prod", address);
    ran.says(&format!(
        "aws s3 sync --delete FOLDER s3://{}",
        id("site.aws_s3_bucket.site")
    ))
    .says(&format!(
        "aws cloudfront create-invalidation --distribution-id {} --paths '/*'",
        id("site.aws_cloudfront_distribution.site")
    ));
    project.nothing_to_do("app.toml");
    project
        .run(&[
            "destroy",
            "app.toml",
            "--yes",
            "--empty-buckets",
            "--delete-logs",
        ])
        .code(0);
}

/// A number of this test's own, for addresses.
fn own(sandbox: &Sandbox) -> u64 {
    sandbox.account.parse::<u64>().unwrap() % 250
}
