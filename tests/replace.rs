//! What can't change in place: a new one stands before anybody turns to it, and the old one
//! goes when nobody needs it any more. The service is looked at after every single call.

use std::process::Child;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Sandbox;
use crate::support::account::Holdings;
use crate::support::cli::Project;
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::sight::faults;

const SERVICE: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["172.31.0.10"]
"#;

const NETWORK: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.net]
blueprint = "network"
cidr = "10.20.0.0/16"
nat = "one"

[components.web]
blueprint = "https-service"
domain = "shop.example.com"
port = 8443
targets = ["10.20.0.10"]
network = { from = "net" }
"#;

const APPLY: &[&str] = &[
    "apply",
    "app.toml",
    "--yes",
    "--remove-protection",
    "all",
    "--empty-buckets",
    "--delete-logs",
];

/// By then another target group stands, and the listener has not turned to it.
const TARGETS: &str = "elasticloadbalancing:RegisterTargets";

/// A service that runs.
pub(crate) struct Running {
    pub(crate) sandbox: Sandbox,
    pub(crate) proxy: Proxy,
    pub(crate) project: Project,
    holds: Holdings,
}

impl Running {
    pub(crate) async fn new(spec: &str) -> Self {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let project =
            Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
        project.write("app.toml", spec);
        project.run(APPLY).code(0);
        let aws = Box::pin(sandbox.aws()).await;
        assert_eq!(Box::pin(faults(&aws)).await, [""; 0]);
        let holds = sandbox.holds().await;
        proxy.clear();
        Self {
            sandbox,
            proxy,
            project,
            holds,
        }
    }

    /// The spec becomes this, and the service serves all the while. Out: what was done.
    #[track_caller]
    pub(crate) fn turns_to(&self, spec: &str) -> Vec<String> {
        self.project.write("app.toml", spec);
        let steps = self.project.plan("app.toml").steps();
        let seen = self.sandbox.watch(&self.proxy);
        self.project.run(APPLY).code(0);
        self.proxy.watch(|_| {});
        assert!(seen.looks() > 0, "nothing was done");
        assert_eq!(seen.faults(), [""; 0], "{steps:#?}");
        self.project.nothing_to_do("app.toml");
        steps
    }

    /// Nothing more stands than before, and nothing less.
    pub(crate) async fn holds_as_before(&self) {
        assert_eq!(self.sandbox.holds().await, self.holds);
    }

    /// Begins to turn to this and is killed (`kill -9`) when this call is done.
    pub(crate) fn is_killed(&self, spec: &str, call: &'static str) {
        self.project.write("app.toml", spec);
        self.proxy.clear();
        let slot: Arc<Mutex<Option<Child>>> = Arc::default();
        let killed = Arc::clone(&slot);
        let kill = move || {
            if let Some(child) = killed.lock().unwrap().as_mut() {
                child.kill().unwrap();
            }
        };
        let kill = Fault::CallAfter(Arc::new(kill));
        self.proxy.fail(When::Operation(call), kill, 1);
        let mut held = slot.lock().unwrap();
        let mut run = self.project.command(APPLY);
        run.stdout(Stdio::null()).stderr(Stdio::null());
        *held = Some(run.spawn().unwrap());
        drop(held);
        let status = loop {
            let ended = slot.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            if let Some(status) = ended {
                break status;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(!status.success(), "it had ended without {call}");
        self.proxy.clear();
    }

    /// How many things of the state wait to be deleted.
    pub(crate) fn deposed(&self) -> usize {
        let state = self.project.state("shop/prod");
        let records = state["records"].as_array().unwrap().iter();
        records
            .filter(|record| record["status"] == "deposed")
            .count()
    }
}

#[track_caller]
fn has(steps: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(
            steps.iter().any(|step| step == wanted),
            "no {wanted:?}: {steps:#?}"
        );
    }
}

#[tokio::test]
async fn another_port_is_open_and_has_its_targets_before_anybody_is_sent_there() {
    let running = Running::new(SERVICE).await;
    let steps = running.turns_to(&SERVICE.replace("8443", "9443"));
    has(
        &steps,
        &[
            "replace web.aws_lb_target_group.app",
            "update web.aws_lb_listener.https",
        ],
    );
    running.holds_as_before().await;
}

#[tokio::test]
async fn names_turn_to_another_load_balancer_when_it_listens() {
    let running = Running::new(SERVICE).await;
    let steps = running.turns_to(&SERVICE.replace("port =", "internal = true\nport ="));
    has(&steps, &["replace web.aws_lb.main"]);
    running.turns_to(SERVICE);
    running.holds_as_before().await;
}

#[tokio::test]
async fn a_load_balancer_turns_to_another_security_group_when_that_has_its_rules() {
    let running = Running::new(SERVICE).await;
    let spec = format!(
        "{SERVICE}\n[components.web.override.aws_security_group.lb]\ndescription = \"in and out\"\n[components.web.override.aws_security_group.app]\ndescription = \"in\"\n"
    );
    let steps = running.turns_to(&spec);
    has(
        &steps,
        &[
            "replace web.aws_security_group.app",
            "replace web.aws_security_group.lb",
            "update web.aws_lb.main",
        ],
    );
    running.holds_as_before().await;
}

#[tokio::test]
async fn a_network_of_other_addresses_stands_before_the_service_moves() {
    let running = Running::new(NETWORK).await;
    let steps = running.turns_to(&NETWORK.replace("10.20.0.", "10.30.0."));
    has(
        &steps,
        &[
            "replace net.aws_vpc.main",
            "replace net.aws_nat_gateway.a",
            "replace web.aws_lb.main",
        ],
    );
    running.holds_as_before().await;
}

/// A replacement that is cut off leaves an old generation behind; one that changes its mind
/// leaves two.
#[tokio::test]
async fn what_cut_off_runs_leave_behind_goes_with_the_next() {
    let running = Running::new(SERVICE).await;
    let second = SERVICE.replace("8443", "9443");
    let third = SERVICE.replace("8443", "7443");
    running.is_killed(&second, TARGETS);
    assert!(running.deposed() > 0);
    running.is_killed(&third, TARGETS);
    assert!(running.deposed() > 1);
    running.turns_to(&third);
    assert_eq!(running.deposed(), 0);
    running.holds_as_before().await;

    // Back to the first, after one that did not get to its end.
    running.is_killed(&second, TARGETS);
    running.turns_to(&third);
    assert_eq!(running.deposed(), 0);
    running.holds_as_before().await;
}

#[test]
fn the_page_says_what_is_demanded() {
    let page = include_str!("../docs/replacing.md");
    for demand in watertight::between::DEMANDS {
        let (id, title, why) = (demand.id, demand.title, demand.why);
        let row = format!("| [{id}]({}) | {title} | {why} |", demand.source);
        assert!(page.contains(&row), "{row}");
    }
}

/// A subnet can't stand beside another one of the same addresses.
#[tokio::test]
async fn what_cant_stand_beside_its_forerunner_is_refused_before_anything_is_done() {
    let running = Running::new(NETWORK).await;
    let spec = format!(
        "{NETWORK}\n[components.net.override.aws_subnet.private_b]\navailability_zone = \"eu-west-1c\"\n"
    );
    running.project.write("app.toml", &spec);
    running
        .project
        .run(APPLY)
        .code(1)
        .says("a new subnet can't be made beside the old one of the same vpc_id and cidr_block");
    assert_eq!(running.proxy.mutations(), [""; 0]);
}

/// A name that the user gave is never changed, and never had twice.
#[tokio::test]
async fn a_given_name_is_not_given_twice() {
    let named = format!(
        "{SERVICE}\n[components.web.override.aws_lb_target_group.app]\nname = \"shop-app\"\n"
    );
    let running = Running::new(&named).await;
    running
        .project
        .write("app.toml", &named.replace("8443", "9443"));
    running
        .project
        .run(APPLY)
        .code(1)
        .says("a new target group can't be made beside the old one of the same name");
    assert_eq!(running.proxy.mutations(), [""; 0]);
    running.turns_to(
        &named
            .replace("8443", "9443")
            .replace("shop-app", "shop-app-b"),
    );
    running.holds_as_before().await;
}

/// The data of a bucket does not go along with its name.
#[tokio::test]
async fn another_name_for_a_bucket_does_not_delete_the_old_one() {
    let files = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\n[components.files]\nblueprint = \"private-bucket\"\nbucket_name = \"shop-files-one\"\nlogs = false\n";
    let running = Running::new(files).await;
    let renamed = files.replace("files-one", "files-two");
    running.project.write("app.toml", &renamed);
    running
        .project
        .run(&["apply", "app.toml", "--yes"])
        .code(1)
        .says("files.aws_s3_bucket.main")
        .says("--remove-protection");
    assert_eq!(running.proxy.mutations(), [""; 0]);
}
