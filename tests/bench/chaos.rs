//! Kills watertight at every AWS call, and counts what is left: `cargo bench --bench chaos`
//! (`--profile dev` saves compiling the SDKs once more).
//!
//! For each example, for every n: the process gets SIGKILL at the n-th AWS call of an apply,
//! before it is sent, after it is carried out but before the answer is read, and after the
//! answer is read. Then `apply` runs again. Then the same is done to `destroy`. And all of it
//! once more with the state deleted after the kill, and `apply --adopt`. Then each change is
//! carried out and not answered, once and twice; and one call of five goes wrong. `import` is a
//! spec that takes over what others made, `import-verb` the command that does; in
//! `existing-account` others have made what the example stands on, which stays theirs.
//!
//! Names after `--` choose among the examples, `every=7` takes every 7th call only (the table
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

use support::chaos::{Ground, Moment, Story, Tally, together};

const EXAMPLES: [&str; 12] = [
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
        "every {every}. call from the {from}. on; the storm's seed is {SEED:#x}\n\n{:16} {:24} calls  tries  kills  orphans  duplicates  lost  manual steps  non-empty plans  seconds",
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
        for (story, what, calls) in [
            (Story::Kept, "killed", ground.calls.max(ground.destroys)),
            (Story::Forgotten, "killed, state deleted", ground.calls),
        ]
        .into_iter()
        .filter(|(_, what, _)| happens(what))
        {
            let began = Instant::now();
            let kills: Vec<(Moment, usize)> = Moment::ALL
                .into_iter()
                .flat_map(|moment| (from..=calls).step_by(every).map(move |n| (moment, n)))
                .collect();
            let tally = together(&kills, at_once, |&(moment, n)| {
                ground.kill(story, moment, n)
            });
            line(what, calls, tally, began);
        }
        for (what, times) in [("a change unanswered", 1), ("two changes unanswered", 2)]
            .into_iter()
            .filter(|(what, _)| happens(what))
        {
            let began = Instant::now();
            let changes: Vec<usize> = (from..=ground.changes).step_by(every).collect();
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

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn say(text: &str) {
    println!("{text}");
}
