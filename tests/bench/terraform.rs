//! How long somebody's Terraform takes to be judged: `cargo bench --bench terraform`.
//!
//! The plan is made of the ones under `tests/data/terraform-plans`, each put into a module of
//! its own as often as 10,000 resources need. In a release build it must be read and judged in
//! less than a second and 300 MB, the text included. Where the SDKs are not to be compiled once
//! more, `--profile dev --config profile.dev.package.watertight.opt-level=3` compiles this crate
//! alone as a release does.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use watertight::guardrail;
use watertight::terraform;

const RESOURCES: usize = 10_000;
const RUNS: usize = 3;
const LONGEST: Duration = Duration::from_secs(1);
const MOST_MEGABYTES: usize = 300;

/// What the process that judges is called with.
const JUDGE: &str = "judge";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large-plan.json");
    if arguments.iter().any(|argument| argument == JUDGE) {
        judge(&fs::read_to_string(file).expect("the plan"));
        return;
    }
    // `cargo test --benches` only wants to know that it runs.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    fs::write(&file, plan()).expect("a folder for it");
    // In a process of its own, which has none of the memory that making the plan took.
    let program = std::env::current_exe().expect("a path");
    let ended = Command::new(program).arg(JUDGE).status();
    assert!(ended.expect("a process").success());
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn judge(text: &str) {
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
    let memory = peak();
    println!(
        "{} resources, {} findings, {} MB of JSON: read in {:?}, judged in {:?}, {memory} MB",
        found.0,
        found.1,
        text.len() / 1_000_000,
        best.0,
        best.1
    );
    assert!(found.0 >= RESOURCES, "{found:?}");
    if !cfg!(debug_assertions) {
        let took = best.0 + best.1;
        assert!(took < LONGEST, "it must take less than {LONGEST:?}");
        assert!(
            memory < MOST_MEGABYTES,
            "it must take less than {MOST_MEGABYTES} MB"
        );
    }
}

/// The plan's text.
fn plan() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform-plans");
    let plans = ["hardened", "insecure", "modules", "unproven"].map(|name| {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("a file");
        serde_json::from_str::<Value>(&text).expect("JSON")
    });
    let mut changes = Vec::new();
    let mut calls = serde_json::Map::new();
    for (number, plan) in plans.iter().cycle().enumerate() {
        if changes.len() >= RESOURCES + RESOURCES / 4 {
            break;
        }
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
