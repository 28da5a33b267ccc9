//! The command line: gathers the [`World`] and hands it over.

use std::env;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;

use watertight::world::{Interrupts, Terminal, World};

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the outside"
)]
fn main() -> ExitCode {
    let mut random = [0; 16];
    let directory = env::current_dir();
    let (Ok(directory), Ok(())) = (directory, getrandom::fill(&mut random)) else {
        return watertight::command::no_world();
    };
    let world = World {
        arguments: env::args_os().collect(),
        environment: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        directory,
        now: jiff::Timestamp::now(),
        random,
        terminal: Terminal {
            input: stdin().is_terminal(),
            output: stdout().is_terminal(),
            error: stderr().is_terminal(),
        },
        process: std::process::id(),
        interrupts: Interrupts::default(),
    };
    watertight::command::run(&world)
}
