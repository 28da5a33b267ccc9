//! `watertight state rebuild`: the document again, from what stands.
//!
//! *Invariant*: AWS is read, never changed, and what is remembered already stays.

use clap::Args;

use super::{Consent, Whose};
use crate::command::connect;
use crate::command::remember::{self, For};
use crate::command::{Exit, Failed};
use crate::pipeline::{self, Stop};
use crate::ui::{self, Screen};
use crate::world::World;

/// Write the document again from what stands in AWS
///
/// Finds what the spec describes by its tags, names and values, and records it. Nothing is
/// changed in AWS: what differs from the spec is for the next plan.
#[derive(Args, Debug)]
pub(super) struct Arguments {
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
    let Whose { spec, sandbox } = &arguments.whose;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let desired = pipeline::expand(&source, spec.environment(), &library).map_err(Stop::Wrong)?;
    let mut memory = remember::recall(world, spec, *sandbox, &desired, For::Applying).await?;
    let aws = memory.aws(world, *sandbox, &desired.region).await?;
    let session = pipeline::open(&aws, &desired, memory.document.clone()).await?;
    let rebuilt = pipeline::rebuild(session, &desired).await?;
    screen.data(&ui::state::rebuilt(&rebuilt));
    if rebuilt.found.is_empty() {
        return Ok(Exit::Done);
    }
    memory.document = rebuilt.document;
    arguments.consent.ask(screen, "record", &memory).await?;
    memory.save().await?;
    Ok(Exit::Done)
}
