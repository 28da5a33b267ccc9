//! `watertight check`: is the spec right, and would the guardrails let it pass?
//!
//! *Invariant*: AWS is not asked, and nothing is written.

use clap::{Args, ValueEnum};

use super::connect::{self, SpecArguments};
use super::{Exit, Failed};
use crate::pipeline;
use crate::ui::{Screen, check, compare, diagnostics};
use crate::world::World;

/// Check a spec, without AWS: every problem at once
///
/// Reads the spec, expands its blueprints and asks the guardrails. Every problem is told
/// with its file, line and column. The exit code is 3 where the guardrails refuse.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight check
  watertight check shop.toml --format json
  watertight check --env staging --compare prod")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// Show what another environment has otherwise; names and watertight's tags are left out
    #[arg(long, value_name = "ENV")]
    compare: Option<String>,
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
    let environment = arguments.spec.environment();
    let approved = pipeline::approve(&source, environment, &library, world.today());
    let told = match (approved, &arguments.compare) {
        (Ok(approved), None) => Ok(match arguments.format {
            Format::Text => check::render(&approved),
            Format::Json => check::json(&approved),
        }),
        (Ok(_), Some(other)) => {
            let compared = pipeline::compare(&source, environment, other, &library);
            compared.map(|comparison| match arguments.format {
                Format::Text => compare::render(&comparison),
                Format::Json => compare::json(&comparison),
            })
        }
        (Err(stop), _) => Err(stop),
    };
    match (told, arguments.format) {
        (Ok(text), _) => {
            screen.data(&text);
            Ok(Exit::Done)
        }
        (Err(stop), Format::Text) => Err(stop.into()),
        (Err(stop), Format::Json) => {
            screen.data(&diagnostics::json(&stop.diagnostics()));
            Err(Failed::Told(stop))
        }
    }
}
