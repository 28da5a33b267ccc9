//! How long an apply takes, and how long it would have to: `cargo bench --bench apply`
//! (`--profile dev` saves compiling the SDKs once more, and what is measured is waiting).
//!
//! Applies specs on the sandbox through a proxy that gives every call 100 ms of latency, and
//! prints for each: the time that planning and executing took; the critical path; their
//! ratio; the calls, by service and kind of step. Names after `--` choose among the specs.
//!
//! *The critical path* is a property of the run: for each step what it spent itself, from
//! its first turn until others could use it and until it was over, summed up along the
//! chains of the plan's `after`, the longest of which counts. Waiting for the first turn
//! (for one of ten, or because another step works on the same bucket) is in the run's time,
//! but not in the path: with endless parallelism and no such bucket the ratio would be 1.
//! Many buckets show the limit of ten changes at a time, so their ratio says nothing.

#[path = "../support/call.rs"]
mod call;
#[expect(dead_code, reason = "a bench needs latency and counts, but no faults")]
#[path = "../support/proxy.rs"]
mod proxy;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::date;
use tokio::sync::watch;
use watertight::aws::{Aws, Settings};
use watertight::blueprint::Library;
use watertight::diagnostic::Source;
use watertight::diff;
use watertight::executor::{self, Event, Stop};
use watertight::pipeline;
use watertight::plan::{Action, Plan, Step};
use watertight::sandbox;
use watertight::state::Document;
use watertight::state::store::{Local, Store};

use proxy::Proxy;

const REGION: &str = "eu-west-1";
const LATENCY: Duration = Duration::from_millis(100);
const MOST: f64 = 1.3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that it runs.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sandbox = sandbox::start(&sandbox::Settings {
        certificate_delay: Duration::from_millis(300),
        distribution_delay: Duration::from_millis(300),
        load_balancer_delay: Duration::from_millis(300),
        ..sandbox::Settings::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
    })
    .expect("a sandbox");
    let proxy = Proxy::start(sandbox.endpoint());
    say(&format!(
        "latency {} ms; a certificate, a load balancer and a distribution take 300 ms\n",
        LATENCY.as_millis()
    ));
    let mut account = 710_000_000_000_u64;
    for (name, text) in specs() {
        let chosen = |argument: &String| name.starts_with(argument.as_str());
        let choice: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
        if choice.is_empty() || choice.into_iter().any(chosen) {
            account += 1;
            let measured = runtime.block_on(measure(&proxy, account, &name, text));
            say(&measured);
        }
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn say(text: &str) {
    println!("{text}");
}

/// The examples, and many buckets.
fn specs() -> Vec<(String, String)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut specs: Vec<_> = ["https-service", "static-site", "shop"]
        .map(|name| {
            let text = fs::read_to_string(examples.join(format!("{name}.toml")));
            (name.to_owned(), text.expect("an example"))
        })
        .to_vec();
    let mut text = "app = \"many\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n".to_owned();
    for number in 0..20 {
        let component = format!("[components.b{number}]\nblueprint = \"private-bucket\"\n");
        text.push_str(&component);
    }
    specs.push(("20 private-buckets".to_owned(), text));
    specs
}

async fn measure(proxy: &Proxy, account: u64, name: &str, text: String) -> String {
    let aws = Aws::new(&Settings {
        region: REGION.to_owned(),
        endpoint: Some(proxy.endpoint().to_owned()),
        credentials: Some((account.to_string(), "sandbox".to_owned())),
        ..Settings::default()
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let store = Local::new(PathBuf::from(folder.path()));
    let source = Arc::new(Source {
        name: name.to_owned(),
        text,
    });

    proxy.clear();
    let began = Instant::now();
    let (document, plan) = plan(&aws, &source, &store).await;
    let planning = (began.elapsed(), proxy.counts());

    proxy.clear();
    let mut moments = vec![Moments::default(); plan.steps.len()];
    let (_stop, orders) = watch::channel(Stop::Run);
    let options = executor::Options::default();
    let began = Instant::now();
    let finished = executor::run(
        &aws,
        &store,
        document,
        &plan,
        &options,
        orders,
        &mut |event| Moments::note(&mut moments, &event, began.elapsed()),
    )
    .await;
    let executing = (began.elapsed(), proxy.counts());
    assert!(finished.summary.is_complete(), "{:?}", finished.outcomes);
    let saves = finished.document.serial;

    proxy.clear();
    let began = Instant::now();
    let (_, again) = self::plan(&aws, &source, &store).await;
    let replanning = (began.elapsed(), proxy.counts());
    assert!(again.is_empty(), "{:?}", again.steps);

    let (critical, chain) = critical_path(&plan.steps, &moments);
    let ratio = executing.0.as_secs_f64() / critical.as_secs_f64();
    let verdict = if ratio <= MOST { "" } else { "  (above 1.3)" };
    let mut report = format!("## {name}: {} steps\n", plan.steps.len());
    report += "                    time    calls\n";
    for (label, (time, counts)) in [
        ("plan", &planning),
        ("execute", &executing),
        ("plan, no changes", &replanning),
    ] {
        let calls: usize = counts.values().sum();
        line(&mut report, &format!("{label:17} {}  {calls:7}", ms(*time)));
    }
    line(
        &mut report,
        &format!(
            "critical path     {}\nratio             {ratio:10.2}{verdict}",
            ms(critical)
        ),
    );
    let calls: usize = executing.1.values().sum();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let per_step = calls as f64 / plan.steps.len() as f64;
    line(
        &mut report,
        &format!("calls per step    {per_step:10.1}\nsaves of the state {saves:9}"),
    );
    line(&mut report, "\nthe path:           began  usable    over");
    for step in chain {
        let at = moments[step];
        let label = plan.steps[step].change.label();
        let usable = ms(at.usable.unwrap_or(at.over));
        line(
            &mut report,
            &format!(
                "           {} {usable} {}  {label}",
                ms(at.began),
                ms(at.over)
            ),
        );
    }
    report += "\ncalls of the execution:\n";
    for (service, operations) in by_service(&executing.1) {
        line(&mut report, &format!("  {service}: {operations}"));
    }
    report += "calls of a plan without changes:\n";
    for (service, operations) in by_service(&replanning.1) {
        line(&mut report, &format!("  {service}: {operations}"));
    }
    report
}

async fn plan(aws: &Aws, source: &Arc<Source>, store: &Local) -> (Document, Plan) {
    let today = date(2026, 11, 24);
    let library = Library::embedded();
    let approved = pipeline::approve(source, None, &library, today).expect("an approved spec");
    let desired = approved.desired();
    let document = store.load().await.expect("a readable state");
    let document = document.unwrap_or_else(|| {
        let lineage = "00000000000000000000000000000001";
        Document::new(&desired.app, &desired.environment, lineage)
    });
    let session = pipeline::open(aws, desired, document)
        .await
        .expect("an account");
    let plan = pipeline::plan(&session, approved, today, diff::Options::default()).await;
    let plan = plan.expect("a plan");
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    (session.document, plan)
}

/// When what happened to a step, counted from the beginning of the run.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    began: Duration,
    usable: Option<Duration>,
    over: Duration,
}

impl Moments {
    fn note(all: &mut [Self], event: &Event, now: Duration) {
        match event {
            Event::Started { step, .. } => all[*step].began = now,
            Event::Usable { step, .. } => all[*step].usable = Some(now),
            Event::Ended { step, .. } => all[*step].over = now,
            _ => {}
        }
    }

    fn until_usable(self) -> Duration {
        self.usable.unwrap_or(self.over).saturating_sub(self.began)
    }

    fn until_over(self) -> Duration {
        self.over.saturating_sub(self.began)
    }
}

/// The longest chain, and the steps along it.
fn critical_path(steps: &[Step], moments: &[Moments]) -> (Duration, Vec<usize>) {
    // For each step: when it could begin, and which one it waited for longest.
    let mut begins: Vec<(Duration, Option<usize>)> = Vec::new();
    for step in steps {
        let waits_for_the_end = step.change.action == Action::Delete;
        let ready = step.after.iter().map(|&before| {
            let at = moments[before];
            let spent = if waits_for_the_end {
                at.until_over()
            } else {
                at.until_usable()
            };
            (begins[before].0 + spent, Some(before))
        });
        begins.push(ready.max().unwrap_or_default());
    }
    let last = (0..steps.len()).max_by_key(|&step| begins[step].0 + moments[step].until_over());
    let mut chain = Vec::new();
    let mut next = last;
    while let Some(step) = next {
        chain.push(step);
        next = begins[step].1;
    }
    chain.reverse();
    let length = last.map(|step| begins[step].0 + moments[step].until_over());
    (length.unwrap_or_default(), chain)
}

/// `s3` -> `CreateBucket 2, PutBucketPolicy 2`.
fn by_service(counts: &BTreeMap<String, usize>) -> BTreeMap<&str, String> {
    let mut services: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for (call, count) in counts {
        let (service, operation) = call.split_once(':').unwrap_or(("", call));
        let (sum, operations) = services.entry(service).or_default();
        *sum += count;
        operations.push(format!("{operation} {count}"));
    }
    services
        .into_iter()
        .map(|(service, (sum, operations))| (service, format!("{sum} ({})", operations.join(", "))))
        .collect()
}

fn ms(time: Duration) -> String {
    format!("{:7} ms", time.as_millis())
}

fn line(report: &mut String, text: &str) {
    writeln!(report, "{text}").expect("a string takes all");
}
