//! What a person on call reads when AWS, the machine or the environment says no: one clear
//! error that names the resource, the call, the request and the next step; and what was made
//! stays recorded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use watertight::aws::Aws;

use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, When};
use crate::support::{REGION, Sandbox};

const HEAD: &str =
    "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\nephemeral = true\n";

fn service() -> String {
    format!(
        "{HEAD}[components.web]\nblueprint = \"https-service\"\ndomain = \"shop.example.com\"\nport = 8443\n"
    )
}

fn bucket(name: &str) -> String {
    format!(
        "{HEAD}[components.data]\nblueprint = \"private-bucket\"\nbucket_name = \"{name}\"\nlogs = false\n"
    )
}

async fn make_bucket(aws: &Aws, name: &str) {
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = aws.s3(REGION).create_bucket().bucket(name);
    create
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
}

/// Addresses that the state has a finished record of.
fn recorded(project: &Project) -> Vec<String> {
    let state = project.state("shop/prod");
    let records = state["records"].as_array().unwrap();
    let applied = records
        .iter()
        .filter(|record| record["status"] == "applied");
    applied
        .map(|record| record["address"].as_str().unwrap().to_owned())
        .collect()
}

/// Errors on standard error: exactly one, at the end.
#[track_caller]
fn one_error(ran: Ran) -> Ran {
    let errors = ran
        .err
        .lines()
        .filter(|line| line.starts_with("error"))
        .count();
    assert_eq!(errors, 1, "{}", ran.err);
    assert!(ran.err.contains("help: "), "no next step:\n{}", ran.err);
    ran
}

#[tokio::test]
async fn a_bucket_of_another_account_has_the_name() {
    let (ours, theirs) = (Sandbox::new(), Sandbox::new());
    let name = format!("invoices-{}", theirs.account);
    make_bucket(&theirs.aws().await, &name).await;
    let project = Project::on(&ours);
    project.write("app.toml", &bucket(&name));
    for verb in [&["plan", "app.toml"][..], &["apply", "app.toml", "--yes"]] {
        one_error(project.run(verb).code(1))
            .says(&format!(
                "error: data.aws_s3_bucket.main: bucket {name} exists and is not ours"
            ))
            .says("choose another name in the spec");
    }
}

#[test]
fn a_bucket_s_name_is_taken_while_the_plan_is_read() {
    let (ours, theirs) = (Sandbox::new(), Sandbox::new());
    let name = format!("orders-{}", theirs.account);
    let proxy = ours.proxy();
    let project = Project::at(proxy.endpoint(), &ours.account);
    project.write("app.toml", &bucket(&name));
    let settings = theirs.settings();
    let taken = name.clone();
    let take = move || {
        let (settings, taken) = (settings.clone(), taken.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async { make_bucket(&Aws::new(&settings).await, &taken).await });
        });
        thread.join().unwrap();
    };
    let fault = Fault::CallBefore(std::sync::Arc::new(take));
    proxy.fail(When::Operation("s3:CreateBucket"), fault, 1);
    let ran = project.run(&["apply", "app.toml", "--yes"]).code(4);
    let failure = ran
        .err
        .lines()
        .find(|line| line.contains("failed: "))
        .unwrap();
    for part in [
        "data.aws_s3_bucket.main",
        "s3:CreateBucket: BucketAlreadyExists: ",
        "(request ",
    ] {
        assert!(failure.contains(part), "no {part:?} in {failure}");
    }
    ran.says(&format!("help: somebody else has a bucket {name}, and names are one for all accounts: choose another with `bucket_name`"))
        .says("Partly done: 1 failed, ");
    assert_eq!(recorded(&project), Vec::<String>::new());
}

#[test]
fn a_zone_does_not_exist() {
    let project = Project::on(&Sandbox::new());
    project.write("app.toml", &service().replace("example.com", "example.net"));
    one_error(project.run(&["plan", "app.toml"]).code(1))
        .says("web.data.aws_route53_zone.main: route53:ListHostedZonesByName: the account has no public zone example.net; it has example.com, example.org")
        .says("app.toml:5:1")
        .says("write `zone = \"example.com\"`, or create the zone example.net in Route 53");
}

#[test]
fn there_are_no_credentials() {
    let project = Project::offline();
    project.write("app.toml", &service());
    let ran = one_error(project.run(&["plan", "app.toml"]).code(1))
        .says("error: sts:GetCallerIdentity: no credentials were found: ")
        .says("help: sign in one of three ways: a profile (`aws configure sso`, `aws sso login`, then AWS_PROFILE), keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role of the job, container or machine; `--sandbox` needs no account");
    assert!(!ran.err.contains("dispatch failure"), "{}", ran.err);
}

#[test]
fn the_token_has_expired() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &service());
    let expired = || Fault::Error(403, "ExpiredToken");
    proxy.fail(When::Call(1), expired(), usize::MAX);
    one_error(project.run(&["plan", "app.toml"]).code(1))
        .says("error: sts:GetCallerIdentity: ExpiredToken: ")
        .says("(request proxy)")
        .says("help: the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, for temporary ones) are not taken: sign in again");

    // In the middle of an apply: what was made stays recorded, and the next one goes on.
    proxy.clear();
    proxy.fail(When::Mutation(4), expired(), usize::MAX);
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(4)
        .says("ExpiredToken")
        .says("help: sign in again");
    assert!(!recorded(&project).is_empty());
    proxy.clear();
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}

#[test]
fn the_account_is_not_the_spec_s() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write(
        "app.toml",
        &format!("account = \"999999999999\"\n{}", service()),
    );
    for verb in ["plan", "apply", "destroy"] {
        one_error(project.run(&[verb, "app.toml"]).code(1))
            .says(&format!(
                "the spec's account is 999999999999, but the credentials are for account {}",
                sandbox.account
            ))
            .says("AWS_PROFILE")
            .says("nothing was touched");
    }
    assert_eq!(proxy.calls(), ["sts:GetCallerIdentity"; 3]);
}

#[test]
fn one_call_is_denied() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write(
        "app.toml",
        &format!(
            "{}[components.data]\nblueprint = \"private-bucket\"\n",
            service()
        ),
    );
    let create = When::Operation("elasticloadbalancing:CreateLoadBalancer");
    proxy.fail(create, Fault::Error(403, "AccessDenied"), usize::MAX);
    let ran = project
        .run(&["apply", "app.toml", "--yes"])
        .code(4)
        .says("web.aws_lb.main: failed: elasticloadbalancing:CreateLoadBalancer: AccessDenied: ")
        .says("(request proxy)")
        .says("help: let an administrator allow this action for the identity in use")
        .says("web.aws_lb_listener.https: skipped: ")
        .says("1 failed, 2 skipped");
    assert_eq!(ran.err.matches(": failed: ").count(), 1, "{}", ran.err);
    let recorded = recorded(&project);
    for address in [
        "data.aws_s3_bucket.main",
        "web.aws_acm_certificate_validation.site",
        "web.aws_lb_target_group.app",
    ] {
        assert!(
            recorded.iter().any(|one| one == address),
            "{address}: {recorded:?}"
        );
    }
    proxy.clear();
    project.apply("app.toml").says("3 created");
    project.nothing_to_do("app.toml");
}

#[test]
fn a_region_lacks_the_tls_policy() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &service());
    let create = When::Operation("elasticloadbalancing:CreateListener");
    proxy.fail(create, Fault::Error(400, "SSLPolicyNotFound"), usize::MAX);
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(4)
        .says("web.aws_lb_listener.https: failed: elasticloadbalancing:CreateListener: SSLPolicyNotFound: ")
        .says("(request proxy)")
        .says("help: the region has no TLS policy ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09")
        .says("aws elbv2 describe-ssl-policies --region eu-west-1");
    proxy.clear();
    project.apply("app.toml").says("1 created");
    project.nothing_to_do("app.toml");
}

#[test]
fn nothing_answers() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let project = Project::at(&endpoint, "123456789012");
    project.write("app.toml", &service());
    one_error(project.run(&["plan", "app.toml"]).code(1))
        .says("error: sts:GetCallerIdentity: no connection to AWS: ")
        .says("help: check the network, its proxy, and AWS_ENDPOINT_URL if it is set");
}

#[test]
fn plain_http_goes_nowhere_but_to_this_machine() {
    let project = Project::at("http://sts.example.com", "123456789012");
    project.write("app.toml", &service());
    one_error(project.run(&["plan", "app.toml"]).code(1))
        .says("error: sts:GetCallerIdentity: http://sts.example.com/ is plain http and not a loopback address; watertight talks TLS only, so nothing was sent")
        .says("help: give an https endpoint in AWS_ENDPOINT_URL")
        .never_says("interceptor");
}

#[test]
fn an_endpoint_that_is_no_url_is_named_and_the_request_is_not_shown() {
    for (endpoint, reason) in [
        ("nonsense", "endpoint must contain scheme"),
        ("http://", "endpoint is not a valid URI"),
    ] {
        let project = Project::at(endpoint, "123456789012");
        project.write("app.toml", &service());
        one_error(project.run(&["plan", "app.toml"]).code(1))
            .says(&format!(
                "error: sts:GetCallerIdentity: the endpoint `{endpoint}` is no URL: {reason}"
            ))
            .says("help: give an https endpoint in AWS_ENDPOINT_URL")
            .never_says("SdkBody");
    }
}

#[test]
fn the_state_can_t_be_written() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &service());
    // A file where the folder should be stops even the superuser, as whom tests may run.
    project.write(".watertight", "");
    one_error(project.run(&["apply", "app.toml", "--yes"]).code(1))
        .says(".watertight/shop/prod/lock")
        .says("help: check the folder's permissions and free space, then run again");
    assert_eq!(proxy.mutations(), Vec::<String>::new());
}

/// A program in a folder of its own: a shell script of this text.
fn program(project: &Project, name: &str, script: &str) {
    let path = project.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Plans with `--sandbox` and no other programs than those in `bin`.
fn sandbox_without_programs(project: &Project) -> Ran {
    project.write("app.toml", &service());
    let mut command = project.command(&["plan", "app.toml", "--sandbox"]);
    let home: &Path = project.path();
    command.env("PATH", home.join("bin")).env("HOME", home);
    command.env("XDG_CACHE_HOME", home.join("cache"));
    one_error(Ran::of(&command.output().unwrap()).code(1))
}

#[test]
fn the_sandbox_needs_python() {
    let project = Project::offline();
    fs::create_dir(project.path().join("bin")).unwrap();
    sandbox_without_programs(&project)
        .says("error: the sandbox needs Python 3.10 or later, and there is none on the path")
        .says("apt install python3 python3-venv");

    program(&project, "python3", "echo 3 8 cpython-38 /usr");
    sandbox_without_programs(&project).says("needs Python 3.10 or later, and `python3` is 3.8");

    let without_venv = "[ \"$1\" = -c ] && echo 3 12 cpython-312 /usr && exit 0\necho \"ensurepip is not available\" >&2\nexit 1";
    program(&project, "python3", without_venv);
    sandbox_without_programs(&project)
        .says("error: Python's module venv does not work: ensurepip is not available")
        .says("help: install Python's module venv (Debian and Ubuntu: `apt install python3-venv`)");
}

#[test]
fn the_secret_key_appears_nowhere() {
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account)
        .with("AWS_SECRET_ACCESS_KEY", SECRET)
        .with("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEXAMPLETOKEN")
        .with("RUST_LOG", "trace")
        .with("RUST_BACKTRACE", "full");
    project.write("app.toml", &service());
    let mut said = Vec::new();
    let mut run = |arguments: &[&str]| said.push(project.run(arguments));
    run(&["plan", "app.toml"]);
    run(&["plan", "app.toml", "--json"]);
    let denied = Fault::Error(403, "SignatureDoesNotMatch");
    proxy.fail(
        When::Operation("elasticloadbalancing:CreateListener"),
        denied,
        1,
    );
    run(&["apply", "app.toml", "--yes", "--json"]);
    run(&["apply", "app.toml", "--yes"]);
    proxy.fail(When::Call(1), Fault::Error(403, "InvalidClientTokenId"), 1);
    run(&["destroy", "app.toml", "--yes"]);
    run(&["destroy", "app.toml", "--yes"]);
    let codes: Vec<i32> = said.iter().map(|ran| ran.code).collect();
    assert_eq!(codes, [0, 0, 4, 0, 1, 0], "{}", said.last().unwrap().err);
    let mut files = Vec::new();
    read_all(&project.path().join(".watertight"), &mut files);
    assert!(files.len() > 3);
    let said = said
        .iter()
        .flat_map(|ran| [ran.out.as_str(), ran.err.as_str()]);
    for text in said.chain(files.iter().map(String::as_str)) {
        for secret in [SECRET, "FwoGZXIvYXdzEXAMPLETOKEN"] {
            assert!(!text.contains(secret), "it shows {secret}: {text}");
        }
    }
}

fn read_all(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, texts);
        } else {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}
