//! Deleted behind our back: the plan makes it again, and what depended on it follows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use watertight::address::Address;
use watertight::aws::{Aws, Deleted, lifecycle};
use watertight::resource::Id;
use watertight::state::store::{Local, Store};
use watertight::state::{Document, Record};
use watertight::value::Value;

use crate::support::Sandbox;
use crate::support::cli::Project;

/// Kinds of which AWS always has one, as long as what it is a part of stands. Who deletes a
/// bucket's encryption has it reset to S3's own, which is what we want.
const ALWAYS_THERE: &[&str] = &[
    "aws_default_security_group",
    "aws_s3_bucket_server_side_encryption_configuration",
];

/// What can't be taken away again, only suspended.
const SUSPENDED: &[&str] = &["aws_s3_bucket_versioning"];

/// Everything that hangs on this, and it, what goes first first.
fn with_all_that_hangs_on_it(document: &Document, address: &Address) -> Vec<Address> {
    let mut found = BTreeSet::from([address.clone()]);
    loop {
        let more: Vec<Address> = document
            .records
            .iter()
            .filter(|record| !found.contains(&record.address))
            .filter(|record| record.dependencies.iter().any(|used| found.contains(used)))
            .map(|record| record.address.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    in_order(document, found)
}

/// The same, each after all that hangs on it.
fn in_order(document: &Document, mut left: BTreeSet<Address>) -> Vec<Address> {
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_used = |address: &Address| {
            let users = document.records.iter();
            let mut users = users.filter(|record| left.contains(&record.address));
            users.any(|record| record.dependencies.contains(address))
        };
        let free: Vec<Address> = left.iter().filter(|one| !is_used(one)).cloned().collect();
        left.retain(|one| !free.contains(one));
        order.extend(free);
    }
    order
}

/// Deletes it, as somebody does who knows nothing of watertight.
async fn delete(aws: &Aws, record: &Record, going: &BTreeSet<Id>) {
    let id = record.id.as_ref().unwrap();
    let lifecycle = lifecycle(&record.address.kind).unwrap();
    let began = Instant::now();
    loop {
        let live = lifecycle.read(aws, std::slice::from_ref(id)).await;
        let Some(mut live) = live.into_iter().next().unwrap().unwrap() else {
            return;
        };
        live.insert("force_destroy".to_owned(), Value::Bool(true));
        let answer = lifecycle.delete(aws, id, &live, going).await;
        match answer {
            Ok(Deleted::Gone) => return,
            // A load balancer's interfaces outlive it by a moment.
            Ok(Deleted::Waiting { .. }) | Err(_) if began.elapsed() < Duration::from_secs(10) => {}
            other => panic!("{}: {other:?}", record.address),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every kind of the platform goes in one of three rounds: what nothing hangs on; what takes
/// little with it; and everything at once.
#[tokio::test]
async fn what_is_gone_is_made_again_and_nothing_twice() {
    let sandbox = Sandbox::new();
    let project = Project::on(&sandbox);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let spec = fs::read_to_string(examples.join("platform.toml")).unwrap();
    project.write("app.toml", &spec);
    project.apply("app.toml");
    let before = sandbox.holds().await;
    let aws = sandbox.aws().await;
    let store = Local::new(project.path().join(".watertight/platform/prod"));
    let document = store.load().await.unwrap().unwrap();
    let kinds: BTreeSet<&str> = document
        .records
        .iter()
        .map(|record| record.address.kind.as_str())
        .collect();
    assert!(kinds.len() > 30, "{kinds:?}");

    let mut done: BTreeSet<&str> = ALWAYS_THERE.iter().copied().collect();
    let all = document.records.len();
    for most in [1, all / 6, all] {
        // The least of each kind that goes with no more than this.
        let mut least: BTreeMap<&str, Vec<Address>> = BTreeMap::new();
        for record in &document.records {
            let kind = record.address.kind.as_str();
            let whole = with_all_that_hangs_on_it(&document, &record.address);
            let is_less = least
                .get(kind)
                .is_none_or(|other| whole.len() < other.len());
            if !done.contains(kind) && whole.len() <= most && is_less {
                least.insert(kind, whole);
            }
        }
        done.extend(least.keys().copied());
        let going: BTreeSet<Address> = least.into_values().flatten().collect();
        assert!(!going.is_empty(), "nothing goes with {most}");

        let document = store.load().await.unwrap().unwrap();
        let ids: BTreeSet<Id> = document
            .records
            .iter()
            .filter(|record| going.contains(&record.address))
            .filter_map(|record| record.id.clone())
            .collect();
        for address in in_order(&document, going.clone()) {
            delete(&aws, document.current(&address).unwrap(), &ids).await;
        }
        let plan = project.plan("app.toml");
        let steps = plan.steps();
        for address in &going {
            let kind = address.kind.as_str();
            let is_made = steps.contains(&format!("create {address}"));
            let is_resumed = steps.contains(&format!("update {address}"));
            assert!(
                is_made || ALWAYS_THERE.contains(&kind) || is_resumed && SUSPENDED.contains(&kind),
                "{address} is not made again: {steps:#?}"
            );
        }
        // Nothing else is made, and nothing goes.
        for step in &steps {
            let (action, address) = step.split_once(' ').unwrap();
            let is_gone = going.iter().any(|gone| gone.to_string() == address);
            assert!(is_gone || action == "update", "{step}");
        }
        project.apply("app.toml");
        project.nothing_to_do("app.toml");
        assert_eq!(sandbox.holds().await, before);
    }
    assert_eq!(done, kinds);
}
