//! `watertight state mv`: a record under another address.
//!
//! *Invariant*: what AWS calls the thing stays, and no other record is lost.

use clap::Args;

use super::{Consent, Whose, records_of};
use crate::address::Address;
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::state;
use crate::ui::Screen;
use crate::world::World;

/// Remember a thing under another address
///
/// The spec must call it so too, or the next plan deletes it and makes another. `[[moved]]`
/// in the spec does the same, in each environment, where it can be read in review.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Where it stands now
    #[arg(value_name = "FROM")]
    from: Address,
    /// Where it will stand; of the same kind
    #[arg(value_name = "TO")]
    to: Address,
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
    let Arguments { from, to, .. } = arguments;
    let mut memory = arguments.whose.recall(world, For::Mending).await?;
    records_of(&memory, from)?;
    state::rename_one(&mut memory.document, from, to)
        .map_err(|refused| Failed::said(refused.to_string(), &[refused.hint()]))?;
    screen.talk(&format!(
        "{from} will be remembered as {to}; in AWS it stays as it is\n"
    ));
    arguments.consent.ask(screen, "rename", &memory).await?;
    memory.save().await?;
    screen.talk(&format!(
        "done: the spec must say {to} too, or the next plan deletes it\n"
    ));
    Ok(Exit::Done)
}
