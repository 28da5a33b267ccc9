//! State in a bucket: everything that holds for a local file, and two runs on two machines.

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use watertight::aws::{Error, ErrorKind, Guard};

use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::{REGION, Sandbox};

/// A spec whose state is in a bucket of its own, and that bucket's name.
pub(crate) fn spec(component: &str, lease_seconds: u32) -> (String, String) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let bucket = format!("acme-state-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let text = format!(
        r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[state]
backend = "s3"
bucket = "{bucket}"
prefix = "teams/payments"
lease_seconds = {lease_seconds}

{component}
"#
    );
    (text, bucket)
}

pub(crate) const BUCKET: &str = r#"
[components.invoices]
blueprint = "private-bucket"
"#;

const NETWORK: &str = r#"
[components.net]
blueprint = "network"
"#;

const KEY: &str = "teams/payments/shop/prod/state.json";

impl Sandbox {
    async fn document(&self, bucket: &str) -> Option<serde_json::Value> {
        let s3 = self.aws().await.s3(REGION);
        let object = s3.get_object().bucket(bucket).key(KEY).send().await.ok()?;
        let bytes = object.body.collect().await.unwrap().to_vec();
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    async fn write_document(&self, bucket: &str, text: &str) {
        let s3 = self.aws().await.s3(REGION);
        let put = s3.put_object().bucket(bucket).key(KEY);
        let body = text.as_bytes().to_vec().into();
        put.body(body).send().await.unwrap();
    }
}

/// A project whose state's bucket is made.
pub(crate) fn project(sandbox: &Sandbox, text: &str) -> Project {
    let project = Project::on(sandbox);
    project.write("app.toml", text);
    project
        .run(&["state", "init", "app.toml", "--yes"])
        .code(0)
        .says("is fit to keep state");
    project
}

#[test]
fn every_verb_says_of_a_bucket_that_is_not_there_that_it_is_not_there() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    let project = Project::on(&sandbox);
    project.write("app.toml", &text);
    for verb in [
        &["plan", "app.toml"][..],
        &["apply", "app.toml", "--yes"],
        &["destroy", "app.toml", "--yes"],
        &["doctor", "app.toml"],
    ] {
        project
            .run(verb)
            .code(1)
            .says(&format!("s3://{bucket}/{KEY}"))
            .says("NoSuchBucket")
            .says("`watertight state init` makes the bucket")
            .never_says("not fit");
    }
}

#[tokio::test]
async fn state_in_a_bucket_does_what_state_in_a_file_does() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    let project = project(&sandbox, &text);
    project
        .run(&["state", "init", "app.toml", "--yes"])
        .code(0)
        .says("stands and is fit to keep state");
    let before = sandbox.holds().await;

    project.apply("app.toml");
    assert!(!project.state_file("shop/prod").exists());
    let document = sandbox.document(&bucket).await.unwrap();
    assert_eq!(document["records"].as_array().unwrap().len(), 15);
    assert_eq!(document.get("fence"), None);
    project.nothing_to_do("app.toml");
    let listed = project.run(&["state", "list", "app.toml"]).code(0);
    assert!(
        listed.out.contains("invoices.aws_s3_bucket.main"),
        "{}",
        listed.out
    );
    let history = project.run(&["state", "history", "app.toml"]).code(0);
    let newest = history.out.split_whitespace().next().unwrap();
    assert_eq!(
        newest,
        (document["serial"].as_u64().unwrap() - 1).to_string()
    );
    // One that began anew has nothing before it.
    let mut anew = document.clone();
    anew["serial"] = 1.into();
    sandbox.write_document(&bucket, &anew.to_string()).await;
    let history = project.run(&["state", "history", "app.toml"]).code(0);
    assert_eq!(history.out, "");
    sandbox.write_document(&bucket, &document.to_string()).await;
    project
        .run(&["doctor", "app.toml"])
        .says(&format!("s3://{bucket}/{KEY}: serial "))
        .says("is private, encrypted and versioned, and TLS only");
    project
        .run(&["plan", "app.toml", "--offline"])
        .code(1)
        .says("the state is kept in S3");
    project
        .run(&["state", "unlock", "app.toml"])
        .code(0)
        .says("nobody holds s3://");

    // Another folder, another machine: the same state.
    let elsewhere = Project::on(&sandbox);
    elsewhere.write("app.toml", &text);
    elsewhere.nothing_to_do("app.toml");
    let all = [
        "destroy",
        "app.toml",
        "--yes",
        "--empty-buckets",
        "--delete-logs",
    ];
    elsewhere.run(&all).code(0);
    assert_eq!(sandbox.holds().await, before);
    let document = sandbox.document(&bucket).await.unwrap();
    assert_eq!(document["records"], serde_json::json!([]));
}

#[tokio::test]
async fn a_bucket_that_is_not_fit_is_refused_and_init_mends_its_own() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    let missing = Project::on(&sandbox);
    missing.write("app.toml", &text);
    missing
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("watertight state init");

    let project = project(&sandbox, &text);
    let s3 = sandbox.aws().await.s3(REGION);
    s3.delete_bucket_policy()
        .bucket(&bucket)
        .send()
        .await
        .unwrap();
    let suspended = aws_sdk_s3::types::VersioningConfiguration::builder()
        .status(aws_sdk_s3::types::BucketVersioningStatus::Suspended)
        .build();
    let put = s3.put_bucket_versioning().bucket(&bucket);
    put.versioning_configuration(suspended)
        .send()
        .await
        .unwrap();
    project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("is not fit to keep state")
        .says("keeps no versions")
        .says("(WT-S3-001)")
        .says("watertight state init");
    assert_eq!(sandbox.document(&bucket).await, None);

    // From another folder, where nothing of the bucket is remembered.
    missing
        .run(&["state", "init", "app.toml", "--yes", "--adopt"])
        .code(0);
    project.apply("app.toml");
}

#[tokio::test]
async fn state_moves_between_a_file_and_a_bucket_and_is_never_begun_anew() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    let project = project(&sandbox, &text);
    let of_state = ["[state]", "backend", "bucket", "prefix", "lease"];
    let local: Vec<&str> = text
        .lines()
        .filter(|line| !of_state.iter().any(|key| line.starts_with(key)))
        .collect();
    let local = local.join("\n");
    project.write("app.toml", &local);
    project.apply("app.toml");
    let records = project.state("shop/prod")["records"].clone();
    let before = sandbox.holds().await;

    project.write("app.toml", &text);
    for verb in ["plan", "apply", "destroy"] {
        let ran = match verb {
            "plan" => project.run(&[verb, "app.toml"]),
            _ => project.run(&[verb, "app.toml", "--yes"]),
        };
        ran.code(1).says("watertight state migrate");
    }
    project
        .run(&["state", "migrate", "app.toml"])
        .code(0)
        .says("15 records are in s3://");
    let document = sandbox.document(&bucket).await.unwrap();
    assert_eq!(document["records"], records);
    assert!(!project.state_file("shop/prod").exists());
    project.nothing_to_do("app.toml");
    project
        .run(&["state", "migrate", "app.toml"])
        .code(0)
        .says("has it already");

    // And back.
    project.write("app.toml", &local);
    let place = format!("s3://{bucket}/teams/payments");
    project
        .run(&["state", "migrate", "app.toml", "--from", &place])
        .code(0);
    assert_eq!(project.state("shop/prod")["records"], records);
    assert_eq!(sandbox.document(&bucket).await, None);
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);
}

/// Moves the state and is killed at a write, before or after S3 has heard of it.
fn migrate_and_kill(project: &Project, proxy: &Proxy, write: usize, heard: bool) {
    let slot = Arc::new(std::sync::Mutex::new(None::<Child>));
    let kill = {
        let slot = Arc::clone(&slot);
        Arc::new(move || {
            if let Some(child) = slot.lock().unwrap().as_mut() {
                child.kill().unwrap();
            }
        })
    };
    let fault = if heard {
        Fault::CallAfter(kill)
    } else {
        Fault::CallBefore(kill)
    };
    proxy.fail(When::Mutation(write), fault, 1);
    let mut held = slot.lock().unwrap();
    let mut command = project.command(&["state", "migrate", "app.toml"]);
    *held = Some(command.stderr(Stdio::null()).spawn().unwrap());
    drop(held);
    while slot
        .lock()
        .unwrap()
        .as_mut()
        .unwrap()
        .try_wait()
        .unwrap()
        .is_none()
    {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Killed at each of its writes to S3, before and after: run again, it ends the same way.
#[tokio::test]
async fn a_move_that_is_killed_is_done_again() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 5);
    let project = project(&sandbox, &text);
    let local = text
        .replace("[state]", "[tags]")
        .replace("lease_seconds = 5", "");
    let local = local
        .replace("backend", "a")
        .replace("bucket = ", "b = ")
        .replace("prefix", "c");
    project.write("local.toml", &local);
    project.run(&["apply", "local.toml", "--yes"]).code(0);
    let records = project.state("shop/prod")["records"].clone();
    let file = project.state_file("shop/prod");
    let whole = std::fs::read(&file).unwrap();
    for (write, heard) in [(1, true), (2, false), (2, true), (3, false)] {
        std::fs::write(&file, &whole).unwrap();
        let s3 = sandbox.aws().await.s3(REGION);
        s3.delete_object()
            .bucket(&bucket)
            .key(KEY)
            .send()
            .await
            .unwrap();
        let proxy = sandbox.proxy();
        let through = Project::at(proxy.endpoint(), &sandbox.account);
        through.write("app.toml", &text);
        through.write(
            ".watertight/shop/prod/state.json",
            &String::from_utf8_lossy(&whole),
        );
        migrate_and_kill(&through, &proxy, write, heard);
        proxy.clear();
        through.run(&["state", "migrate", "app.toml"]).code(0);
        let document = sandbox.document(&bucket).await.unwrap();
        assert_eq!(document["records"], records, "killed at write {write}");
        assert!(!through.state_file("shop/prod").exists());
    }
}

fn start(project: &Project, verb: &str) -> Child {
    project
        .command(&[verb, "app.toml", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args([name, &id])
        .status();
    assert!(sent.unwrap().success());
}

#[tokio::test]
async fn a_second_run_is_refused_while_the_first_is_alive() {
    let sandbox = Sandbox::new();
    let (text, _) = spec(NETWORK, 9);
    let other = project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let first = Project::at(proxy.endpoint(), &sandbox.account).with("USER", "ada");
    first.write("app.toml", &text);
    proxy.latency(Duration::from_millis(250));
    let running = start(&first, "apply");
    while !proxy.calls().iter().any(|call| call == "ec2:CreateVpc") {
        std::thread::sleep(Duration::from_millis(20));
    }
    let began = Instant::now();
    other
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("looking whether that run is alive")
        .says("another run holds the state: ada");
    // A heartbeat comes every two seconds of a lease of nine.
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    other
        .run(&["doctor", "app.toml"])
        .says("warning state")
        .says("another run holds the state: ada");
    proxy.latency(Duration::ZERO);
    Ran::of(&running.wait_with_output().unwrap()).code(0);
    // It was given back: nobody waits.
    let began = Instant::now();
    other
        .run(&["apply", "app.toml", "--yes"])
        .code(0)
        .never_says("looking whether");
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
}

/// A run is stopped (a laptop sleeps) past its lease; another takes over and ends; the first
/// wakes.
#[tokio::test]
async fn a_run_that_slept_past_its_lease_changes_nothing_any_more() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(NETWORK, 6);
    let other = project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let sleeper = Project::at(proxy.endpoint(), &sandbox.account).with("USER", "ada");
    sleeper.write("app.toml", &text);
    proxy.latency(Duration::from_millis(200));
    let running = start(&sleeper, "apply");
    while !proxy.calls().iter().any(|call| call == "ec2:CreateSubnet") {
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(&running, "-STOP");
    // What is under way arrives, however busy the machine is.
    let mut sent_asleep = usize::MAX;
    while sent_asleep != proxy.mutations().len() {
        sent_asleep = proxy.mutations().len();
        std::thread::sleep(Duration::from_secs(1));
    }
    let asleep = sandbox.document(&bucket).await.unwrap();

    other
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0)
        .says("if it stays silent for 6 seconds, this one takes over");
    let taken = sandbox.document(&bucket).await.unwrap();
    assert_eq!(taken["fence"], 1);
    assert_ne!(taken["writer"], asleep["writer"]);
    let stands = sandbox.holds().await;

    signal(&running, "-CONT");
    let ended = Ran::of(&running.wait_with_output().unwrap());
    assert_ne!(ended.code, 0, "{}{}", ended.out, ended.err);
    let ended = ended.says("is no longer this run's to write");
    ended.says("when the other run has ended, run again");
    // Nothing of the loser's: neither a write of the document nor a resource.
    assert_eq!(sandbox.document(&bucket).await.unwrap(), taken);
    assert_eq!(sandbox.holds().await, stands);
    // A heartbeat and a save may have been tried, which S3 refused; to other services, at most
    // the attempt that had passed its check, of each of the ten changes that are made at once.
    let late = proxy.mutations().split_off(sent_asleep);
    let changes: Vec<&String> = late.iter().filter(|call| *call != "s3:PutObject").collect();
    assert!(changes.len() <= 10, "{late:?}");
    other.nothing_to_do("app.toml");
}

/// While AWS answers with errors the lease is lost: the SDK's own repeats stop.
#[tokio::test]
async fn a_lost_lease_ends_the_repeats_of_the_sdk() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 6);
    let other = project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let first = Project::at(proxy.endpoint(), &sandbox.account);
    first.write("app.toml", &text);
    let fault = Fault::Error(500, "InternalError");
    proxy.fail(When::Operation("s3:CreateBucket"), fault, 1000);
    let running = start(&first, "apply");
    let attempts = || proxy.counts().get("s3:CreateBucket").copied();
    while attempts().is_none() {
        std::thread::sleep(Duration::from_millis(10));
    }
    other
        .run(&["state", "unlock", "app.toml", "--yes"])
        .code(0)
        .says("it is free now");
    // The next heartbeat finds it out, within a second and a half.
    std::thread::sleep(Duration::from_secs(3));
    let known = attempts();
    let ended = Ran::of(&running.wait_with_output().unwrap());
    assert_ne!(ended.code, 0);
    assert_eq!(attempts(), known, "{}", ended.err);
    ended
        .says("s3:CreateBucket: not sent: another run took it over, and has ended since")
        .says("uncertain");
    assert_eq!(sandbox.document(&bucket).await.unwrap()["fence"], 1);
    other.apply("app.toml");
    other.nothing_to_do("app.toml");
}

/// Lets so many attempts go.
#[derive(Debug)]
struct AtMost(AtomicU64);

impl Guard for AtMost {
    fn may_send(&self) -> Result<(), String> {
        let is_left = |left: u64| left.checked_sub(1);
        let left = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_left);
        left.map(drop).map_err(|_| "it is enough".to_owned())
    }
}

#[tokio::test]
async fn a_guard_is_asked_before_every_attempt_and_never_for_a_read() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let aws = sandbox.aws_through(&proxy).await;
    aws.guard(Arc::new(AtMost(AtomicU64::new(2))));
    let fault = Fault::Error(500, "InternalError");
    proxy.fail(When::Operation("s3:CreateBucket"), fault, 1000);
    let s3 = aws.s3(REGION);
    let create = s3.create_bucket().bucket("never-made").send().await;
    let error = Error::of("s3:CreateBucket", &create.unwrap_err());
    assert_eq!(error.kind, ErrorKind::Unsent, "{error}");
    assert!(
        error.to_string().contains("not sent: it is enough"),
        "{error}"
    );
    assert_eq!(proxy.counts()["s3:CreateBucket"], 2);
    s3.list_buckets().send().await.unwrap();
}

/// S3 carries a write out and does not answer: the run knows its own write again.
#[tokio::test]
async fn a_write_whose_answer_got_lost_is_known_again() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    let ready = project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &text);
    proxy.fail(When::Operation("s3:PutObject"), Fault::DropAfter, 4);
    project.apply("app.toml");
    ready.nothing_to_do("app.toml");
    let document = sandbox.document(&bucket).await.unwrap();
    let applied = |record: &serde_json::Value| record["status"] == "applied";
    assert!(document["records"].as_array().unwrap().iter().all(applied));
}

/// A run was killed: the next one waits out its lease, takes over and goes on.
#[tokio::test]
async fn the_lease_of_a_killed_run_is_taken_over() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(NETWORK, 5);
    let project = project(&sandbox, &text);
    let proxy = sandbox.proxy();
    let killed = Project::at(proxy.endpoint(), &sandbox.account).with("USER", "ada");
    killed.write("app.toml", &text);
    proxy.latency(Duration::from_millis(200));
    let mut running = start(&killed, "apply");
    while !proxy.calls().iter().any(|call| call == "ec2:CreateSubnet") {
        std::thread::sleep(Duration::from_millis(10));
    }
    running.kill().unwrap();
    running.wait().unwrap();
    project
        .run(&["apply", "app.toml", "--yes", "--adopt"])
        .code(0)
        .says("the state is held by ada");
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.document(&bucket).await.unwrap()["fence"], 1);
}

#[tokio::test]
async fn an_object_that_is_no_whole_document_is_refused() {
    let sandbox = Sandbox::new();
    let (text, bucket) = spec(BUCKET, 45);
    let project = project(&sandbox, &text);
    project.apply("app.toml");
    let whole = sandbox.document(&bucket).await.unwrap().to_string();
    for length in [0, 1, whole.len() / 3, whole.len() - 1] {
        sandbox.write_document(&bucket, &whole[..length]).await;
        for verb in ["plan", "apply"] {
            project
                .run(&[verb, "app.toml"])
                .code(1)
                .says("is not a whole document")
                .says("aws s3api copy-object")
                .says("?versionId=");
        }
    }
    sandbox.write_document(&bucket, &whole).await;
    project.nothing_to_do("app.toml");
}

/// What the start of a run costs: the bucket's five parts, the lease, the document.
#[tokio::test]
async fn the_store_costs_few_calls() {
    let sandbox = Sandbox::new();
    let (text, _) = spec(BUCKET, 45);
    let ready = project(&sandbox, &text);
    ready.apply("app.toml");
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", &text);
    project.nothing_to_do("app.toml");
    let plan = proxy.calls().len();
    proxy.clear();
    project.apply("app.toml");
    let apply = proxy.calls().len();
    // An apply of nothing: five reads of the bucket, and a read and two writes of the lease.
    assert_eq!(apply - plan, 5 + 3, "{:?}", proxy.calls());
}
