//! A run that ends in the middle, in whatever way: run it again and it converges. Nothing is
//! made twice, nothing is forgotten.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Sandbox;
use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, Proxy, When};

const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["172.31.0.10"]

[components.site]
blueprint = "static-site"
domain = "www.example.com"
"#;

/// A run in the background, to be killed.
fn start(project: &Project, verb: &str) -> Child {
    project
        .command(&[
            verb,
            "app.toml",
            "--yes",
            "--remove-protection",
            "all",
            "--delete-logs",
            "--empty-buckets",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Has the n-th call that changes something kill the process (`kill -9`) that is in the slot by
/// then: before AWS hears of it, or after it is done and before the answer.
fn kill_at(proxy: &Proxy, n: usize, heard: bool, slot: &Arc<Mutex<Option<Child>>>) {
    let slot = Arc::clone(slot);
    let kill = move || {
        if let Some(child) = slot.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
    };
    let kill = Arc::new(kill);
    let fault = if heard {
        Fault::CallAfter(kill)
    } else {
        Fault::CallBefore(kill)
    };
    proxy.fail(When::Mutation(n), fault, 1);
}

#[tokio::test]
async fn a_run_that_is_killed_again_and_again_converges() {
    let calm = Sandbox::new();
    let empty = calm.holds().await;
    let project = Project::on(&calm);
    project.write("app.toml", SPEC);
    project.apply("app.toml");
    let undisturbed = calm.holds().await;

    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    let run_and_kill = |verb: &str, n: usize, heard: bool| {
        proxy.clear();
        let slot = Arc::new(Mutex::new(None));
        let mut held = slot.lock().unwrap();
        kill_at(&proxy, n, heard, &slot);
        *held = Some(start(&project, verb));
        drop(held);
        loop {
            let ended = slot.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            if let Some(status) = ended {
                return !status.success();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    // Each attempt gets a little further than the one before it.
    let mut killed = 0;
    for n in [1, 2, 3, 5, 7, 9, 8, 6] {
        killed += usize::from(run_and_kill("apply", n, n % 2 == 1));
    }
    assert!(killed > 4, "only {killed} runs were killed");
    proxy.clear();
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, undisturbed);

    let mut killed = 0;
    for n in [1, 2, 4, 7, 5] {
        killed += usize::from(run_and_kill("destroy", n, n % 2 == 1));
    }
    assert!(killed > 3, "only {killed} runs were killed");
    proxy.clear();
    Ran::of(&start(&project, "destroy").wait_with_output().unwrap()).code(0);
    assert_eq!(sandbox.holds().await, empty);
    assert_eq!(project.records("shop/prod"), [""; 0]);
}

/// A replacement is where two of the same stand at once.
#[tokio::test]
async fn a_replacement_that_is_killed_converges() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    let spec = SPEC.split("[components.site]").next().unwrap();
    project.write("app.toml", spec);
    project.apply("app.toml");
    let before = sandbox.holds().await;
    let changed = spec
        .replace("8443", "9443")
        .replace("shop.example.com", "store.example.com");
    project.write("app.toml", &changed);
    for n in [1, 2, 3, 4, 5, 6] {
        proxy.clear();
        let slot = Arc::new(Mutex::new(None));
        let mut held = slot.lock().unwrap();
        kill_at(&proxy, n, n % 2 == 0, &slot);
        *held = Some(start(&project, "apply"));
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
    proxy.clear();
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
    assert_eq!(sandbox.holds().await, before);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_lets_what_has_begun_come_to_its_end() {
    use rustix::process::{Pid, Signal, kill_process};

    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write("app.toml", SPEC);
    proxy.latency(Duration::from_millis(50));
    let run = start(&project, "apply");
    while !proxy.calls().iter().any(|call| call.contains(":Create")) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    Ran::of(&run.wait_with_output().unwrap())
        .code(4)
        .says("stopping");
    // All that had begun has an id: nothing is left uncertain.
    let state = project.state("shop/prod");
    let records = state["records"].as_array().unwrap();
    assert!(!records.is_empty());
    for record in records {
        assert!(record["id"].is_object(), "{record}");
    }

    proxy.clear();
    proxy.latency(Duration::ZERO);
    project.apply("app.toml");
    project.nothing_to_do("app.toml");
}
