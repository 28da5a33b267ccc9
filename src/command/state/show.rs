//! `watertight state show`: all that is remembered of one thing.
//!
//! *Invariant*: nothing is changed.

use clap::Args;

use super::{Whose, records_of};
use crate::address::Address;
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::ui::{self, Screen};
use crate::world::World;

/// Show all that is remembered of one address
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// As `state list` shows it
    #[arg(value_name = "ADDRESS")]
    address: Address,
    #[command(flatten)]
    whose: Whose,
    /// Print JSON: the address's records, what a replacement left behind among them
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let memory = arguments.whose.recall(world, For::Reading).await?;
    let records = records_of(&memory, &arguments.address)?;
    screen.data(&if arguments.json {
        ui::state::show_json(&records)
    } else {
        ui::state::show(&records)
    });
    Ok(Exit::Done)
}
