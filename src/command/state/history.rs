//! `watertight state history`: the earlier documents that are still kept.
//!
//! *Invariant*: nothing is changed.

use clap::Args;

use super::Whose;
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::ui::{self, Screen};
use crate::world::World;

/// List the earlier documents that are still kept, newest first
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    whose: Whose,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let memory = arguments.whose.recall(world, For::Reading).await?;
    let kept = memory.store.history().await?;
    screen.data(&ui::state::history(&kept));
    Ok(Exit::Done)
}
