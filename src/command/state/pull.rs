//! `watertight state pull`: the document itself.
//!
//! *Invariant*: nothing is changed.

use clap::Args;

use super::Whose;
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::ui::{self, Screen};
use crate::world::World;

/// Print the document, for `state push`
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
    if memory.document.is_new() {
        return Err(Failed::said(
            format!("there is no state yet in {}", memory.store.place()),
            &["`watertight apply` writes one; `watertight state rebuild` does from what stands"],
        ));
    }
    screen.data(&ui::state::document(&memory.document));
    Ok(Exit::Done)
}
