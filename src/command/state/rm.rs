//! `watertight state rm`: what is remembered no more.
//!
//! *Invariant*: what stands in AWS stays.

use clap::Args;

use super::{Consent, Whose, nothing_of};
use crate::address::Address;
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::state::Record;
use crate::ui::Screen;
use crate::world::World;

/// Forget a thing, which stays in AWS
///
/// Where the spec still describes it, the next plan finds it and proposes to adopt it.
/// Otherwise nobody looks after it any more.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// As `state list` shows it, or a component for all that it has
    #[arg(value_name = "ADDRESS|COMPONENT")]
    what: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let what = &arguments.what;
    let mut memory = arguments.whose.recall(world, For::Mending).await?;
    let is_meant = |address: &Address| address.to_string() == *what || address.component == *what;
    let (going, staying): (Vec<Record>, Vec<Record>) = memory
        .document
        .records
        .iter()
        .cloned()
        .partition(|record| is_meant(&record.address));
    if going.is_empty() {
        return Err(nothing_of(&memory, what));
    }
    for record in &going {
        let stays = match &record.id {
            Some(id) => format!("{id} stays in AWS"),
            None => {
                "a run that began to make it was interrupted; what AWS made of it stays".to_owned()
            }
        };
        screen.talk(&format!("forget {}: {stays}\n", record.address));
    }
    arguments.consent.ask(screen, "forget", &memory).await?;
    memory.document.records = staying;
    memory.save().await?;
    screen.talk(
        "forgotten: what the spec still describes, the next plan finds and proposes to adopt\n",
    );
    Ok(Exit::Done)
}
