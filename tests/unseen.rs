//! What a run has made, or has under way when it dies, and AWS does not show yet when the next
//! one looks: nothing stands twice, and nothing is left.

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use watertight::aws::survey::survey;

use crate::support::cli::{Project, Ran};
use crate::support::proxy::{Fault, Proxy, When};
use crate::support::{REGION, Sandbox};

/// AWS knows a second call for the table by its token, and one for the address by nothing.
const SPEC: &str = r#"
app = "shop"
environment = "prod"
region = "eu-west-1"
ephemeral = true

[components.pages]
blueprint = "private-bucket"
logs = false

[components.pages.data.aws_vpc.main]
default = true

[components.pages.resource.aws_eip.out]
domain = "vpc"

[components.pages.resource.aws_route_table.own]
vpc_id = "${data.aws_vpc.main.id}"
"#;

const APP: &str = "shop/prod";
const ADDRESS: &str = "pages.aws_eip.out";
const TABLE: &str = "pages.aws_route_table.own";

fn apply(target: &str) -> [&str; 5] {
    ["apply", "app.toml", "--yes", "--target", target]
}

const DESTROY: [&str; 3] = ["destroy", "app.toml", "--yes"];

/// An account in which nothing of the spec stands, and the way there.
struct Case {
    sandbox: Sandbox,
    proxy: Proxy,
    project: Project,
}

impl Case {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let project = Project::at(proxy.endpoint(), &sandbox.account);
        project.write("app.toml", SPEC);
        Self {
            sandbox,
            proxy,
            project,
        }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.project.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// `kill -9` for an apply of this, as soon as its record says so and AWS has had the call.
    fn killed_when(&self, target: &str, status: &str, call: &str) {
        let mut run = self.start(&apply(target));
        let is_so = || {
            let is_called = self.proxy.calls().iter().any(|made| made == call);
            let state = is_called.then(|| self.project.state(APP));
            state.is_some_and(|state| state["records"][0]["status"] == status)
        };
        while !is_so() {
            assert!(run.try_wait().unwrap().is_none(), "it was not killed");
            std::thread::sleep(Duration::from_millis(10));
        }
        run.kill().unwrap();
        run.wait().unwrap();
    }

    /// The next run; what was not to be seen shows once AWS was asked so often.
    fn then(&self, arguments: &[&str], looks: (&str, usize), show: impl FnOnce()) -> Ran {
        let calls = || {
            self.proxy
                .counts()
                .get(looks.0)
                .copied()
                .unwrap_or_default()
        };
        let enough = calls() + looks.1;
        let mut run = self.start(arguments);
        while calls() < enough && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(10));
        }
        show();
        Ran::of(&run.wait_with_output().unwrap())
    }

    async fn stands(&self, what: &str) -> usize {
        let aws = self.sandbox.aws().await;
        let holds = survey(&aws, REGION).await.unwrap();
        holds.get(what).copied().unwrap_or_default()
    }

    /// An address that AWS has named and does not show, and a run that was killed waiting for it.
    fn named_and_unseen(&self) {
        let hide = When::Operation("ec2:DescribeAddresses");
        self.proxy.fail(hide, Fault::Unseen, usize::MAX);
        self.killed_when(ADDRESS, "created", "ec2:AllocateAddress");
    }
}

#[tokio::test]
async fn what_was_named_and_does_not_show_yet_is_not_made_again() {
    let case = Case::new();
    case.named_and_unseen();
    let id = case.project.id(APP, ADDRESS);
    let looks = ("ec2:DescribeAddresses", 4);
    case.then(&apply(ADDRESS), looks, || case.proxy.clear())
        .code(0)
        .says("an earlier run stopped before it was complete")
        .never_says("deleted outside watertight");
    assert_eq!(case.project.id(APP, ADDRESS), id);
    assert_eq!(case.stands("Elastic IP addresses").await, 1);
}

#[tokio::test]
async fn what_was_named_and_does_not_show_yet_is_not_forgotten() {
    let case = Case::new();
    case.named_and_unseen();
    let looks = ("ec2:DescribeAddresses", 4);
    case.then(&DESTROY, looks, || case.proxy.clear())
        .code(4)
        .says("nothing shows of what an earlier run began to make")
        .says("has shown up only now");
    case.project.run(&DESTROY).code(0);
    assert_eq!(case.stands("Elastic IP addresses").await, 0);
}

/// The call is still under way when the run that sent it is dead, and the next one looks.
#[tokio::test]
async fn what_is_still_under_way_is_not_forgotten() {
    let case = Case::new();
    let late = Arc::new(Notify::new());
    let allocate = "ec2:AllocateAddress";
    let fault = Fault::Late(Arc::clone(&late));
    case.proxy.fail(When::Operation(allocate), fault, 1);
    case.killed_when(ADDRESS, "creating", allocate);
    case.proxy.clear();
    let looks = ("ec2:DescribeAddresses", 4);
    case.then(&DESTROY, looks, || late.notify_one())
        .code(4)
        .says("nothing shows of what an earlier run began to make")
        .says("has shown up only now");
    case.project.run(&DESTROY).code(0);
    assert_eq!(case.stands("Elastic IP addresses").await, 0);
}

/// AWS knows a call by its token as long as the arguments are the same; the tags are among them.
#[tokio::test]
async fn what_is_still_under_way_is_waited_for_where_the_next_call_is_another() {
    let case = Case::new();
    let before = case.stands("route tables").await;
    let late = Arc::new(Notify::new());
    let create = "ec2:CreateRouteTable";
    let fault = Fault::Late(Arc::clone(&late));
    case.proxy.fail(When::Operation(create), fault, 1);
    // What the SDK sends again does not come through.
    case.proxy
        .fail(When::Operation(create), Fault::DropBefore, usize::MAX);
    case.killed_when(TABLE, "creating", create);
    case.proxy.clear();
    let tagged = format!("{SPEC}\n[tags]\nteam = \"books\"\n");
    case.project.write("app.toml", &tagged);
    let looks = ("ec2:DescribeRouteTables", 6);
    case.then(&apply(TABLE), looks, || late.notify_one())
        .code(0);
    assert_eq!(case.proxy.counts().get(create), None);
    assert_eq!(case.stands("route tables").await, before + 1);
}
