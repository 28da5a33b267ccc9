//! `watertight destroy`: everything of the spec's goes.
//!
//! *Invariant*: no approval is needed: what breaks a rule can always go.

use super::change::{self, ChangeArguments, PartArguments, Wait};
use super::connect::{self, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::pipeline;
use crate::world::World;

/// Delete everything that the spec or its state knows of
///
/// Shows what goes and asks for the app's name. What holds data or carries traffic is
/// protected, unless the spec says `ephemeral = true`; a bucket that is not empty and one
/// that receives logs stay unless you say otherwise.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  watertight destroy --sandbox
  watertight destroy shop.toml --remove-protection all --empty-buckets")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    part: PartArguments,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(super) async fn run(world: &World, arguments: &Arguments) -> Result<Exit, Failed> {
    let Arguments { spec, part, change } = arguments;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    // A spec that breaks a rule, or names a blueprint that is gone, can still be destroyed:
    // what it is called is enough to find its state.
    let desired = pipeline::expand_or_name(&source, spec.environment(), &library)?;
    let memory = remember::recall(world, spec, change.sandbox, &desired, For::Destroying).await?;
    let aws = memory.aws(world, change.sandbox, &desired.region).await?;
    let document = memory.document.clone();
    let mut session = change.asking.open(&aws, &desired, document).await?;
    session.choice = part.choice();
    let plan = pipeline::plan_destroy(&session, &desired, change.options()).await?;
    let finished = change::carry_out(
        world,
        session,
        memory.store.as_ref(),
        plan,
        change,
        Wait::Config,
    )
    .await;
    memory.settle().await?;
    let finished = finished?;
    Ok(finished.exit)
}
