//! `watertight export`: what was approved, for others to read and to own.
//!
//! *Invariant*: of AWS nothing is asked but a state that is kept there, and only the file or
//! folder that was named is written.

mod json;
mod terraform;

use clap::{Args, Subcommand};

use super::{Exit, Failed};
use crate::ui::Screen;
use crate::world::World;

/// Write what was approved for others to read, and to own
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Json(json::Arguments),
    Terraform(terraform::Arguments),
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    match &arguments.verb {
        Verb::Json(arguments) => json::run(world, screen, arguments),
        Verb::Terraform(arguments) => terraform::run(world, screen, arguments).await,
    }
}
