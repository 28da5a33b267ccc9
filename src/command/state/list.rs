//! `watertight state list`: what is remembered, a line each.
//!
//! *Invariant*: every record is in the list, deposed ones too.

use clap::Args;

use super::Whose;
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::ui::{self, Screen};
use crate::world::World;

/// List what is remembered: each address, and what AWS calls it
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let memory = arguments.whose.recall(world, For::Reading).await?;
    screen.data(&if arguments.json {
        ui::state::list_json(&memory.document)
    } else {
        ui::state::list(&memory.document)
    });
    Ok(Exit::Done)
}
