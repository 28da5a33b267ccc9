//! Blueprints of the user's own: the guardrails judge them as they judge ours, and what is
//! wrong points at the blueprint's line and at the component that uses it.

use crate::support::cli::{Project, Ran};

/// A project whose component `mine` uses a blueprint with this body; the body's first line is
/// line 1 of `mine/main.toml.tera`.
fn project(body: &str) -> Project {
    let project = Project::offline();
    project.write(
        "library/mine/blueprint.toml",
        "summary = \"Ours\"\nversion = \"1.0.0\"\n",
    );
    project.write("library/mine/main.toml.tera", body);
    project.write("app.toml", SPEC);
    project
}

const SPEC: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"

[components.edge]
blueprint = "mine"
"#;

fn check(project: &Project) -> Ran {
    project.run(&["check", "app.toml", "--blueprints", "library"])
}

const LISTENER: &str = r#"[data.aws_vpc.main]
default = true

[aws_lb_target_group.app]
port = 443
protocol = "HTTPS"
vpc_id = "${data.aws_vpc.main.id}"
[[aws_lb_target_group.app.health_check]]
protocol = "HTTPS"

[aws_lb_listener.clear]
load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/1"
port = 80
protocol = "HTTP"
[[aws_lb_listener.clear.default_action]]
type = "forward"
target_group_arn = "${aws_lb_target_group.app.arn}"
"#;

#[test]
fn a_listener_that_forwards_http_is_refused() {
    let project = project(LISTENER);
    check(&project)
        .code(3)
        .says("error[WT-ELB-001]: edge.aws_lb_listener.clear")
        .says("app.toml:5:1")
        .says("mine/main.toml.tera:")
        .says("protocol = \"HTTP\"");
    // So is a plan, and AWS is never asked.
    project
        .run(&["plan", "app.toml", "--blueprints", "library"])
        .code(3)
        .says("error[WT-ELB-001]")
        .never_says("credentials");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program that is run here has today's clock"
)]
fn a_written_exception_lets_it_pass_until_it_ends() {
    let project = project(LISTENER);
    let waiver = |expires: &str| {
        let rules = ["WT-ELB-001", "WT-ELB-002"].map(|rule| {
            format!("\n[[waivers]]\nrule = \"{rule}\"\naddress = \"edge.*\"\nowner = \"payments\"\nreason = \"partner X sends http, PAY-411\"\nexpires = {expires}\n")
        });
        format!("{SPEC}{}", rules.concat())
    };
    let next_month = jiff::Zoned::now()
        .saturating_add(jiff::Span::new().days(30))
        .date();
    project.write("app.toml", &waiver(&next_month.to_string()));
    let passed = check(&project)
        .code(0)
        .says("waived: WT-ELB-001 edge.aws_lb_listener.clear")
        .says(&format!(
            "(payments until {next_month}: partner X sends http, PAY-411)"
        ));
    assert_eq!(passed.err, "");
    project
        .run(&["plan", "app.toml", "--blueprints", "library", "--offline"])
        .code(0)
        .says("waived: WT-ELB-001");

    project.write("app.toml", &waiver("2024-01-31"));
    check(&project)
        .code(3)
        .says("error[WT-ELB-001]: edge.aws_lb_listener.clear")
        .says("the waiver of payments for this expired on 2024-01-31");

    let ownerless = waiver("2024-01-31").replace("owner = \"payments\"\n", "");
    project.write("app.toml", &ownerless);
    check(&project).code(1).says("owner");
}

#[test]
fn a_port_that_is_open_to_everybody_is_refused() {
    let body = r#"[data.aws_vpc.main]
default = true

[aws_security_group.app]
description = "the app"
vpc_id = "${data.aws_vpc.main.id}"

[aws_vpc_security_group_ingress_rule.ssh]
security_group_id = "${aws_security_group.app.id}"
ip_protocol = "tcp"
from_port = 22
to_port = 22
cidr_ipv4 = "0.0.0.0/0"
"#;
    check(&project(body))
        .code(3)
        .says("error[WT-SG-001]: edge.aws_vpc_security_group_ingress_rule.ssh")
        .says("app.toml:5:1")
        .says("mine/main.toml.tera:");
}

#[test]
fn a_bucket_without_its_tls_policy_is_refused() {
    check(&project("[aws_s3_bucket.main]\n"))
        .code(3)
        .says("error[WT-S3-001]: edge.aws_s3_bucket.main")
        .says("app.toml:5:1")
        .says("mine/main.toml.tera:1:1");
}

/// Everything that is wrong with a blueprint of this body.
#[track_caller]
fn is_wrong(body: &str, parts: &[&str]) {
    let ran = check(&project(body)).code(1);
    for part in parts.iter().chain(&["app.toml:5:1"]) {
        assert!(ran.err.contains(part), "no {part:?}:\n{}", ran.err);
    }
}

#[test]
fn a_wrong_attribute_is_an_error_of_the_blueprint() {
    let body =
        "[aws_s3_bucket_policy.main]\nbucket = \"x\"\n\n[aws_s3_bucket.main]\nbukcet = \"x\"\n";
    is_wrong(
        body,
        &[
            "`aws_s3_bucket_policy.main` needs `policy`",
            "mine/main.toml.tera:1:1",
            "`aws_s3_bucket.main` has no attribute `bukcet`",
            "mine/main.toml.tera:5:1",
            "Did you mean `bucket`?",
        ],
    );
}

#[test]
fn a_wrong_reference_is_an_error_of_the_blueprint() {
    let body = "[aws_s3_bucket.main]\n\n[aws_s3_bucket_logging.main]\nbucket = \"${aws_s3_bucket.mian.bucket}\"\ntarget_bucket = \"${aws_s3_bucket.main.nmae}\"\ntarget_prefix = \"\"\n";
    is_wrong(
        body,
        &[
            "aws_s3_bucket.mian",
            "mine/main.toml.tera:4:1",
            "nmae",
            "mine/main.toml.tera:5:1",
        ],
    );
}
