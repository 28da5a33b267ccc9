//! `watertight export`: what was approved, for others to read and to own.
//!
//! *Invariant*: AWS is never asked, and only the folder that was named is written.

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
    Terraform(terraform::Arguments),
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    match &arguments.verb {
        Verb::Terraform(arguments) => terraform::run(world, screen, arguments).await,
    }
}
