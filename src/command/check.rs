//! `watertight check`: is the spec right, and would the guardrails let it pass?
//!
//! *Invariant*: AWS is not asked, and nothing is written.

use clap::{Args, ValueEnum};

use super::connect::{self, SpecArguments};
use super::{Exit, Failed};
use crate::compare::Comparison;
use crate::guardrail::Approved;
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

/// What there is to show.
enum Checked {
    One(Approved),
    Both(Comparison),
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    let environment = arguments.spec.environment();
    let approved = pipeline::approve(&source, environment, &library, world.today());
    let compared = approved.and_then(|approved| {
        let Some(other) = &arguments.compare else {
            return Ok(Checked::One(approved));
        };
        pipeline::compare(&source, environment, other, &library).map(Checked::Both)
    });
    match (compared, arguments.format) {
        (Ok(Checked::Both(comparison)), format) => {
            screen.data(&match format {
                Format::Text => compare::render(&comparison),
                Format::Json => compare::json(&comparison),
            });
            Ok(Exit::Done)
        }
        (Ok(Checked::One(approved)), Format::Text) => {
            screen.data(&check::render(&approved));
            Ok(Exit::Done)
        }
        (Ok(Checked::One(approved)), Format::Json) => {
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
