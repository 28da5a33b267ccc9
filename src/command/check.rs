//! `watertight check`: is the spec right, and would the guardrails let it pass?
//!
//! *Invariant*: AWS is not asked, and nothing is written.

use clap::{Args, ValueEnum};

use super::connect::{self, SpecArguments};
use super::{Exit, Failed};
use crate::pipeline;
use crate::ui::{Screen, check, diagnostics};
use crate::world::World;

/// Check a spec, without AWS: every problem at once
///
/// Reads the spec, expands its blueprints and asks the guardrails. Every problem is told
/// with its file, line and column. The exit code is 3 where the guardrails refuse.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight check
  watertight check shop.toml --format json")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    match (
        pipeline::approve(&source, &library, world.today()),
        arguments.format,
    ) {
        (Ok(approved), Format::Text) => {
            screen.data(&check::render(&approved));
            Ok(Exit::Done)
        }
        (Ok(approved), Format::Json) => {
            screen.data(&check::json(&approved));
            Ok(Exit::Done)
        }
        (Err(stop), Format::Text) => Err(stop.into()),
        (Err(stop), Format::Json) => {
            screen.data(&diagnostics::json(&stop.diagnostics()));
            Err(Failed::Told(stop))
        }
    }
}
