//! Kills watertight at every AWS call, and counts what is left: `cargo bench --bench chaos`
//! (`--profile dev` saves compiling the SDKs once more).
//!
//! For each example, for every n: what SIGKILL leaves at the n-th AWS call of an apply, before it
//! is sent, after it is carried out but before the answer is read, and after the answer is read.
//! In each such world `apply` runs again, then `plan`, then `destroy`. All of it once more with
//! the state deleted after the kill, and `apply --adopt`; and once more of an `apply --adopt` that
//! takes over what stands, as the state is gone. The same in a `destroy`, which runs again. Then
//! each change is carried out and not answered, once and twice; and one call of five goes wrong.
//! `import` is a spec that takes over what others made, `import-verb` the command that does; in
//! `existing-account` others have made what the example stands on, which stays theirs; where a
//! name begins with `s3-`, the state is in a bucket, and is not deleted.
//!
//! A run is not killed once for each line of that: it is stopped at each moment, and the world is
//! copied (`tests/support/photograph.rs`). Most calls read, and leave the world as it was: of all
//! kills that leave the same to the byte one is tried.
//!
//! Names after `--` choose among the examples, `every=7` takes every 7th try only (the table
//! says so) and `from=3` begins with the 3rd, so that seven runs take all; `only=unanswered` takes
//! only what happens under a name like this, `at-once=8` runs so many tries at a time.

#[expect(dead_code, reason = "a bench needs a part of what tests stand on")]
#[expect(
    clippy::unwrap_used,
    reason = "a bench that can't go on says where and ends"
)]
#[path = "../support/mod.rs"]
mod support;

use std::time::Instant;

use support::chaos::{Ground, Story};
use support::tally::{Tally, together};

const EXAMPLES: [&str; 14] = [
    "private-bucket",
    "static-site",
    "https-service",
    "cdn-service",
    "network",
    "overrides",
    "environments",
    "platform",
    "shop",
    "existing-account",
    "import",
    "import-verb",
    "s3-private-bucket",
    "s3-import",
];

const SEED: u64 = 0x5EED_CAFE;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that it runs.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let number = |name: &str, otherwise: usize| {
        let value = arguments.iter().find_map(|a| a.strip_prefix(name));
        value.and_then(|v| v.parse().ok()).unwrap_or(otherwise)
    };
    let (every, at_once) = (number("every=", 1).max(1), number("at-once=", 4).max(1));
    let from = number("from=", 1).max(1);
    let only = arguments.iter().find_map(|a| a.strip_prefix("only="));
    let happens = |what: &str| only.is_none_or(|only| what.contains(only));
    let chosen = |name: &str| {
        let mut names = arguments
            .iter()
            .filter(|a| !a.starts_with('-') && !a.contains('='))
            .peekable();
        names.peek().is_none() || names.any(|a| a == name)
    };
    say(&format!(
        "every {every}. try from the {from}. on; the storm's seed is {SEED:#x}\n\n{:16} {:24} calls  tries  kills  orphans  duplicates  lost  manual steps  non-empty plans  seconds",
        "example", "what happens"
    ));
    let mut troubles = 0;
    for name in EXAMPLES.into_iter().filter(|name| chosen(name)) {
        let ground = Ground::of(name);
        let mut line = |what: &str, calls: usize, tally: Tally, began: Instant| {
            let seconds = began.elapsed().as_secs();
            say(&format!(
                "{name:16} {what:24} {calls:5} {tally} {seconds:8}"
            ));
            troubles += tally.told.len();
            for trouble in tally.told {
                say(&format!("\n{trouble}"));
            }
        };
        let chosen = |n: usize| n + 1 >= from && (n + 1 - from).is_multiple_of(every);
        if happens("killed, state deleted") {
            let began = Instant::now();
            let album = ground.killed();
            if happens("killed") {
                let tries = one_of(album.all().into_iter(), chosen);
                let tally = together(&tries, at_once, |one| {
                    ground.goes_on(Story::Kept, one, one.taken.len())
                });
                line("killed", ground.calls, tally, began);
            }
            let began = Instant::now();
            let tries = one_of(ground.forgotten(&album).into_iter(), chosen);
            let tally = together(&tries, at_once, |&(one, moments)| {
                ground.goes_on(Story::Forgotten, one, moments)
            });
            if tally.tries > 0 {
                line("killed, state deleted", ground.calls, tally, began);
            }
        }
        if happens("adoption killed") {
            let began = Instant::now();
            let album = ground.adoption_killed();
            let tries = one_of(album.all().into_iter(), chosen);
            let tally = together(&tries, at_once, |one| {
                ground.goes_on(Story::Adopted, one, one.taken.len())
            });
            if tally.tries > 0 {
                line("adoption killed", ground.calls, tally, began);
            }
        }
        if happens("destroy killed") {
            let began = Instant::now();
            let album = ground.destroy_killed();
            let tries = one_of(album.all().into_iter(), chosen);
            let tally = together(&tries, at_once, |one| ground.destroys_on(one));
            line("destroy killed", ground.destroys, tally, began);
        }
        for (what, times) in [("a change unanswered", 1), ("two changes unanswered", 2)]
            .into_iter()
            .filter(|(what, _)| happens(what))
        {
            let began = Instant::now();
            let changes = one_of(1..=ground.changes, chosen);
            let tally = together(&changes, at_once, |&n| ground.drop_answers(n, times));
            line(what, ground.changes, tally, began);
        }
        if !happens("storm") {
            continue;
        }
        let began = Instant::now();
        let (tally, struck, twice) = ground.storm(SEED);
        let runs = if twice { "two runs" } else { "one run" };
        line(
            &format!("storm, {struck} hit, {runs}"),
            ground.calls,
            tally,
            began,
        );
    }
    say(&format!("\n{troubles} troubles"));
}

/// Those that are chosen by their number.
fn one_of<T>(all: impl Iterator<Item = T>, chosen: impl Fn(usize) -> bool) -> Vec<T> {
    let all = all.enumerate().filter(|(n, _)| chosen(*n));
    all.map(|(_, one)| one).collect()
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn say(text: &str) {
    println!("{text}");
}
