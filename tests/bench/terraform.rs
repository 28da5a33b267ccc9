//! How long somebody's Terraform takes to be judged: `cargo bench --bench terraform`.
//!
//! The plan is made of the ones under `tests/data/terraform-plans`, each put into a module of
//! its own, with buckets of its own, as often as 10,000 resources need. In a release build it
//! must be read and judged in less than a second and 300 MB, the text included; twice as many
//! must take about twice as long.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use watertight::guardrail;
use watertight::terraform;

const RESOURCES: usize = 10_000;
const RUNS: usize = 5;
const LONGEST: Duration = Duration::from_secs(1);
const MOST_MEGABYTES: usize = 300;
/// Of twice as many. What is in no cache any more takes somewhat longer.
const MOST_TIMES: f64 = 2.8;

/// What the process that judges is called with.
const JUDGE: &str = "judge";

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, file, ..] = arguments.as_slice()
        && verb == JUDGE
    {
        println!("{}", judge(&fs::read_to_string(file).expect("the plan")));
        return;
    }
    // `cargo test --benches` only wants to know that it runs.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let once = measure(RESOURCES);
    let twice = measure(2 * RESOURCES);
    let times = twice.took().as_secs_f64() / once.took().as_secs_f64();
    println!("twice as many take {times:.1} times as long");
    if !cfg!(debug_assertions) {
        let memory = once.megabytes;
        assert!(once.took() < LONGEST, "it must take less than {LONGEST:?}");
        assert!(
            memory < MOST_MEGABYTES,
            "it must be less than {MOST_MEGABYTES} MB"
        );
        assert!(
            times < MOST_TIMES,
            "it must be less than {MOST_TIMES} times"
        );
    }
}

/// What one plan took.
struct Measured {
    read: Duration,
    judged: Duration,
    megabytes: usize,
}

impl Measured {
    fn took(&self) -> Duration {
        self.read.saturating_add(self.judged)
    }
}

/// Judges a plan of so many resources, in a process of its own, which has none of the memory
/// that making the plan took.
#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn measure(resources: usize) -> Measured {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("plan-{resources}.json"));
    let text = plan(resources);
    fs::write(&file, &text).expect("a folder for it");
    let program = std::env::current_exe().expect("a path");
    let ended = Command::new(program).arg(JUDGE).arg(&file).output();
    let ended = ended.expect("a process");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let told: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let number = |name: &str| told[name].as_u64().expect("a number");
    let measured = Measured {
        read: Duration::from_micros(number("read")),
        judged: Duration::from_micros(number("judged")),
        megabytes: usize::try_from(number("megabytes")).expect("few"),
    };
    println!(
        "{} resources, {} findings, {} MB of JSON: read in {:?}, judged in {:?}, {} MB",
        number("resources"),
        number("findings"),
        text.len() / 1_000_000,
        measured.read,
        measured.judged,
        measured.megabytes
    );
    assert!(number("resources") >= resources as u64);
    measured
}

/// The best of some runs, in microseconds.
fn judge(text: &str) -> Value {
    let mut best = (Duration::MAX, Duration::ZERO);
    let mut found = (0, 0);
    for _ in 0..RUNS {
        let begun = Instant::now();
        let planned = terraform::read(text).expect("a plan");
        let read = begun.elapsed();
        let findings = guardrail::inspect(&planned.desired, &planned.lookups);
        let judged = begun.elapsed().saturating_sub(read);
        if read.saturating_add(judged) < best.0.saturating_add(best.1) {
            best = (read, judged);
        }
        found = (planned.desired.resources.len(), findings.len());
    }
    let microseconds = |took: Duration| u64::try_from(took.as_micros()).expect("less than ages");
    json!({
        "resources": found.0,
        "findings": found.1,
        "read": microseconds(best.0),
        "judged": microseconds(best.1),
        "megabytes": peak(),
    })
}

/// The plan's text.
fn plan(resources: usize) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform-plans");
    let plans = ["hardened", "insecure", "modules", "unproven"]
        .map(|name| fs::read_to_string(folder.join(format!("{name}.json"))).expect("a file"));
    let mut changes = Vec::new();
    let mut calls = serde_json::Map::new();
    for (number, text) in plans.iter().cycle().enumerate() {
        if changes.len() >= resources + resources / 4 {
            break;
        }
        // A bucket's name is nobody else's.
        let text = text.replace("acme-", &format!("acme-{number}-"));
        let plan: Value = serde_json::from_str(&text).expect("JSON");
        let name = format!("copy_{number}");
        for change in plan["resource_changes"].as_array().expect("changes") {
            let mut change = change.clone();
            let inner = change["module_address"].as_str().map(str::to_owned);
            let inner = inner.map(|inner| format!(".{inner}")).unwrap_or_default();
            change["module_address"] = format!("module.{name}{inner}").into();
            changes.push(change);
        }
        let module = plan["configuration"]["root_module"].clone();
        calls.insert(name, json!({ "module": module }));
    }
    json!({
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "resource_changes": changes,
        "configuration": { "root_module": { "module_calls": calls } },
    })
    .to_string()
}

/// The most memory that this process has had, in MB.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok());
    kilobytes.unwrap_or_default() / 1_000
}
