//! The verbs. Each file is clap, a call and what to hand to the screen.
//!
//! *Invariant*: nothing here computes; a verb with a decision of its own has it in the
//! pipeline.

mod apply;
mod blueprints;
mod change;
mod check;
mod completions;
mod connect;
mod demo;
mod destroy;
mod doctor;
mod drift;
mod explain;
mod export;
mod forget;
mod import;
mod new;
mod output;
mod plan;
mod remember;
mod report;
mod sandbox;
mod saved;
mod state;
mod stores;
mod takeover;
mod undo;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::pipeline::Stop;
use crate::plan::Problem;
use crate::ui::{self, Screen, report as told};
use crate::world::World;

/// How a verb ends when all went well, or as well as it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or no changes.
    Done,
    /// Changes are present, where `--detailed-exitcode` asks.
    Changes,
    /// Some steps were not applied.
    Partly,
    /// The doctor found a failure, and told it.
    Ill,
}

/// Why a verb ends early.
#[derive(Debug)]
pub enum Failed {
    /// The pipeline stopped.
    Stop(Stop),
    /// The plan can't be carried out.
    Problems(Vec<Problem>),
    /// The pipeline stopped, and what there is to say was printed as data.
    Told(Stop),
    /// Something else, in words.
    Said {
        /// What is wrong.
        message: String,
        /// What to do, a sentence each.
        hints: Vec<String>,
    },
}

impl Failed {
    fn said(message: impl Into<String>, hints: &[&str]) -> Self {
        Self::Said {
            message: message.into(),
            hints: hints.iter().map(|&hint| hint.to_owned()).collect(),
        }
    }
}

impl<T: Into<Stop>> From<T> for Failed {
    fn from(stop: T) -> Self {
        Self::Stop(stop.into())
    }
}

/// Provisions AWS workloads in which no byte travels in clear.
#[derive(Debug, Parser)]
#[command(
    name = "watertight",
    version,
    max_term_width = 100,
    after_help = "\
First steps:
  watertight demo             # the tour, on a local stand-in for AWS
  watertight new              # write a first spec
  watertight plan --sandbox   # what it would do, on that stand-in
  watertight apply --sandbox  # do it there

Exit codes: 0 done, or no changes; 1 an error; 2 changes, where
--detailed-exitcode asks; 3 refused by the guardrails; 4 applied in part."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::Arguments),
    Check(check::Arguments),
    Plan(plan::Arguments),
    Apply(apply::Arguments),
    Destroy(destroy::Arguments),
    Drift(drift::Arguments),
    Undo(undo::Arguments),
    Import(import::Arguments),
    Doctor(doctor::Arguments),
    Output(output::Arguments),
    Report(report::Arguments),
    Export(export::Arguments),
    Forget(forget::Arguments),
    State(state::Arguments),
    Blueprints(blueprints::Arguments),
    Explain(explain::Arguments),
    Sandbox(sandbox::Arguments),
    Demo(demo::Arguments),
    Completions(completions::Arguments),
}

/// How something that is looked up is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Runs the command line of this world. The exit code is 0 for done or no changes, 1 for an
/// error, 2 for changes where `--detailed-exitcode` asks, 3 for a refusal by the guardrails,
/// 4 for a plan that was applied in part.
#[must_use]
pub fn run(world: &World) -> ExitCode {
    let screen = Screen {
        terminal: world.terminal,
    };
    let arguments = match Arguments::try_parse_from(&world.arguments) {
        Ok(arguments) => arguments,
        Err(help) => {
            // What can't be printed can't be helped.
            drop(help.print());
            return ExitCode::from(u8::from(help.use_stderr()));
        }
    };
    let terminal = ui::terminal::Before::now(screen);
    let ended = match arguments.verb {
        Verb::Check(arguments) => check::run(world, screen, &arguments),
        Verb::Plan(arguments) => wait(world, plan::run(world, screen, &arguments)),
        Verb::Apply(arguments) => wait(world, apply::run(world, screen, &arguments)),
        Verb::Destroy(arguments) => wait(world, destroy::run(world, &arguments)),
        Verb::Drift(arguments) => wait(world, drift::run(world, screen, &arguments)),
        Verb::Undo(arguments) => wait(world, undo::run(world, screen, &arguments)),
        Verb::Doctor(arguments) => wait(world, doctor::run(world, screen, &arguments)),
        Verb::Output(arguments) => wait(world, output::run(world, screen, &arguments)),
        Verb::Export(arguments) => wait(world, export::run(world, screen, &arguments)),
        Verb::State(arguments) => wait(world, state::run(world, screen, &arguments)),
        Verb::Forget(arguments) => wait(world, forget::run(world, screen, &arguments)),
        Verb::Report(arguments) => wait(world, report::run(world, screen, &arguments)),
        Verb::Import(arguments) => wait(world, import::run(world, screen, &arguments)),
        Verb::New(arguments) => {
            let asker = world.clone();
            let new = ask(move || new::run(&asker, screen, &arguments));
            wait(world, async { new.await? })
        }
        Verb::Blueprints(arguments) => blueprints::run(world, screen, &arguments),
        Verb::Explain(arguments) => explain::run(screen, &arguments),
        Verb::Sandbox(arguments) => sandbox::run(world, screen, &arguments),
        Verb::Demo(arguments) => wait(world, demo::run(world, screen, &arguments)),
        Verb::Completions(arguments) => Ok(completions::run(screen, &arguments)),
    };
    let code = match ended {
        Ok(Exit::Done) => 0,
        Ok(Exit::Changes) => 2,
        Ok(Exit::Partly) => 4,
        Ok(Exit::Ill) => 1,
        Err(failed) => {
            // A question may stand there that nobody answered.
            terminal.restore();
            screen.talk(&words(screen, &failed));
            match failed {
                Failed::Stop(Stop::Refused(_)) | Failed::Told(Stop::Refused(_)) => 3,
                _ => 1,
            }
        }
    };
    ExitCode::from(code)
}

/// There is no working directory, or no randomness.
#[must_use]
pub fn no_world() -> ExitCode {
    let screen = Screen {
        terminal: crate::world::Terminal::default(),
    };
    screen.talk(&told::error(
        "the working directory can't be read, or the system has no randomness to give",
        &["change to a folder that exists and can be read"],
    ));
    ExitCode::FAILURE
}

fn words(screen: Screen, failed: &Failed) -> String {
    match failed {
        Failed::Stop(stop) => told::stop(screen, stop),
        Failed::Problems(problems) => ui::plan::problems(problems),
        Failed::Told(_) => String::new(),
        Failed::Said { message, hints } => {
            let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
            told::error(message, &hints)
        }
    }
}

/// Runs what talks to AWS, until a signal comes that nobody handles.
fn wait(world: &World, verb: impl Future<Output = Result<Exit, Failed>>) -> Result<Exit, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failed::said(
            format!("the system gives no threads: {error}"),
            &["close other programs, or raise the limit on processes (ulimit -u)"],
        )
    })?;
    let ended = runtime.block_on(async {
        world.interrupts.listen();
        tokio::select! {
            biased;
            ended = verb => Some(ended),
            () = world.interrupts.unhandled() => None,
        }
    });
    ended.unwrap_or_else(|| {
        // Whoever was asked something may never answer.
        runtime.shutdown_background();
        Err(Failed::said(
            "interrupted",
            &["nothing is left half done; run it again"],
        ))
    })
}

/// Asks a person, on a thread of its own: a signal ends the run though nobody answers.
async fn ask<T: Send + 'static>(
    question: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failed> {
    let answer = tokio::task::spawn_blocking(question).await;
    answer.map_err(|error| Failed::said(error.to_string(), &["this is a bug"]))
}
