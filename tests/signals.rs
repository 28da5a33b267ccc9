//! SIGINT and SIGTERM at every stage of a run: what has begun comes to its end, nothing is
//! held any more, and the next run needs no human.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Sandbox;
use crate::support::cli::Project;
use crate::support::ended::Signal;
use crate::support::proxy::Proxy;
use crate::support::terminal::Answer;

const BUCKETS: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.files]
blueprint = "private-bucket"
logs = false

[components.backups]
blueprint = "private-bucket"
logs = false
"#;

fn service(inputs: &str) -> String {
    format!(
        r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.web]
blueprint = "https-service"
port = 8443
{inputs}
"#
    )
}

/// A project that talks through a proxy, which takes its time.
fn slow(sandbox: &Sandbox, spec: &str) -> (Project, Proxy) {
    let proxy = sandbox.proxy();
    proxy.latency(Duration::from_millis(100));
    let project =
        Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
    project.write("app.toml", spec);
    (project, proxy)
}

#[test]
fn whoever_only_reads_ends_at_once() {
    let sandbox = Sandbox::new();
    let (project, proxy) = slow(&sandbox, BUCKETS);
    project.apply("app.toml");
    let before = std::fs::read(project.state_file("shop/prod")).unwrap();
    proxy.latency(Duration::from_secs(5));
    for (n, verb) in [
        "plan", "apply", "destroy", "drift", "undo", "output", "doctor",
    ]
    .into_iter()
    .enumerate()
    {
        proxy.clear();
        let signal = [Signal::INT, Signal::TERM][n % 2];
        let began = Instant::now();
        project
            .interrupted(&[verb, "app.toml"], signal, || !proxy.calls().is_empty())
            .code(1)
            .says("error: interrupted")
            .says("nothing is left half done; run it again");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(4), "{verb} took {took:?}");
        assert_eq!(proxy.mutations(), [""; 0], "{verb}");
    }
    assert_eq!(
        std::fs::read(project.state_file("shop/prod")).unwrap(),
        before
    );
    proxy.latency(Duration::ZERO);
    project.nothing_to_do("app.toml");
}

#[test]
fn nobody_need_answer_the_question() {
    let sandbox = Sandbox::new();
    let (project, proxy) = slow(&sandbox, BUCKETS);
    proxy.latency(Duration::ZERO);
    let question = "type the app's name";
    let apply = ["apply", "app.toml"];
    project
        .asked(question, Answer::Signal("SIGTERM"), &apply)
        .code(1)
        .says("interrupted");
    project
        .asked(question, Answer::Signal("SIGINT"), &apply)
        .code(1)
        .says("interrupted");
    // In a terminal that hands on each key, Ctrl-C is a key.
    project
        .asked(question, Answer::Type("\u{3}"), &apply)
        .code(1);
    project
        .asked(question, Answer::Type("no\r"), &apply)
        .code(1)
        .says("not confirmed; nothing was changed");
    assert_eq!(proxy.mutations(), [""; 0]);
    project
        .asked(question, Answer::Type("shop\r"), &apply)
        .code(0);
    project.nothing_to_do("app.toml");
}

/// Whatever a run asks, and wherever it is when the signal comes, the terminal is as it was
/// (`asked` looks): what is typed shows, and the cursor.
#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let offline = Project::offline();
    let new = ["new", "--app", "shop", "--environment", "test"];
    let region = [&new[..], &["--region", "eu-west-1"]].concat();
    let ephemeral = [&region[..], &["--ephemeral"]].concat();
    for (question, arguments) in [
        // A text, a yes or no, one of several.
        ("region", &new[..]),
        ("throw-away", &region),
        ("blueprint", &ephemeral),
    ] {
        for answer in [
            Answer::Signal("SIGTERM"),
            Answer::Signal("SIGINT"),
            Answer::Type("\u{3}"),
        ] {
            offline.asked(question, answer, arguments).code(1);
        }
        assert!(!offline.path().join("watertight.toml").exists());
    }

    let sandbox = Sandbox::new();
    let (project, proxy) = slow(&sandbox, BUCKETS);
    let apply = ["apply", "app.toml", "--yes"];
    for signal in ["SIGTERM", "SIGINT"] {
        project
            .asked("creating", Answer::Signal(signal), &apply)
            .code(4)
            .says("stopping");
    }
    proxy.latency(Duration::ZERO);
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}

/// Nobody makes the DNS record, so the certificate is waited for without end.
#[test]
fn a_wait_ends_and_is_taken_up_again() {
    let sandbox = Sandbox::new();
    let spec = service("domain = \"shop.endless.test\"\ndns = \"manual\"\n");
    let (project, proxy) = slow(&sandbox, &spec);
    proxy.latency(Duration::from_millis(20));
    let apply = ["apply", "app.toml", "--yes"];
    let looks = || {
        let calls = proxy.calls();
        let n = calls
            .iter()
            .filter(|call| *call == "acm:DescribeCertificate");
        n.count() > 3
            && calls
                .iter()
                .any(|call| call.ends_with(":CreateLoadBalancer"))
    };
    let ran = project.interrupted(&apply, Signal::INT, looks).code(4);
    ran.says("stopping").says("waiting for ");
    let certificate = project.id("shop/prod", "web.aws_acm_certificate.site");

    proxy.clear();
    let looks = || {
        let calls = proxy.calls();
        let n = calls
            .iter()
            .filter(|call| *call == "acm:DescribeCertificate");
        n.count() > 5
    };
    let began = Instant::now();
    project.interrupted(&apply, Signal::TERM, looks).code(4);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(
        project.id("shop/prod", "web.aws_acm_certificate.site"),
        certificate
    );
    let requests = proxy.mutations();
    assert!(
        !requests.contains(&"acm:RequestCertificate".to_owned()),
        "{requests:?}"
    );
    let all = ["destroy", "app.toml", "--yes", "--delete-logs"];
    project.run(&all).code(0);
    assert_eq!(project.records("shop/prod"), [""; 0]);
}

/// The first signal lets calls under way end; whoever can't wait sends a second.
#[test]
fn the_second_signal_leaves() {
    let sandbox = Sandbox::new();
    let (project, proxy) = slow(&sandbox, BUCKETS);
    let mut run = project.start(&["apply", "app.toml", "--yes"]);
    run.until(|| !proxy.mutations().is_empty());
    proxy.latency(Duration::from_secs(20));
    let n = proxy.calls().len();
    run.until(|| proxy.calls().len() > n);
    run.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    run.signal(Signal::INT);
    run.end().code(4).says("left before AWS had answered");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    proxy.latency(Duration::ZERO);
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}

#[tokio::test]
async fn a_destroy_drains_and_goes_on() {
    let sandbox = Sandbox::new();
    let (project, proxy) = slow(&sandbox, BUCKETS);
    let before = sandbox.holds().await;
    project.apply("app.toml");
    proxy.clear();
    let destroy = ["destroy", "app.toml", "--yes", "--parallelism", "1"];
    let begun = || !proxy.mutations().is_empty();
    project
        .interrupted(&destroy, Signal::TERM, begun)
        .code(4)
        .says("stopping");
    for record in project.state("shop/prod")["records"].as_array().unwrap() {
        assert!(record["id"].is_object(), "{record}");
    }
    proxy.latency(Duration::ZERO);
    project.run(&destroy).code(0);
    assert_eq!(project.records("shop/prod"), [""; 0]);
    assert_eq!(sandbox.holds().await, before);
}

/// Everything is applied by then.
#[test]
fn whoever_has_seen_enough_of_the_health_ends_well() {
    let sandbox = Sandbox::new();
    let target = "10.1.77.7";
    let spec = service(&format!(
        "domain = \"shop.example.com\"\ntargets = [\"{target}\"]\n"
    ));
    let (project, proxy) = slow(&sandbox, &spec);
    proxy.latency(Duration::ZERO);
    sandbox.tell(
        "targets",
        &json!({ "target": target, "state": "unhealthy", "reason": "Target.Timeout",
                 "description": "Request timed out" }),
    );
    let looks = || {
        proxy
            .counts()
            .get("elasticloadbalancing:DescribeTargetHealth")
            > Some(&2)
    };
    project
        .interrupted(&["apply", "app.toml", "--yes"], Signal::INT, looks)
        .code(0)
        .says("stopped looking whether the services answer; everything is applied");
    project.nothing_to_do("app.toml");
}
