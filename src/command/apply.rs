//! `watertight apply`: AWS becomes what the spec says.
//!
//! *Invariant*: the lock is held from before the state is read until the last step ends.

use super::change::{self, ChangeArguments};
use super::connect::{self, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::pipeline;
use crate::ui::{self, Screen};
use crate::world::World;

/// Make AWS what the spec says
///
/// Shows the plan, the account, the identity and the region, and asks for the app's name.
/// It can be interrupted and run again at any time: what was made is recorded before
/// anything waits for it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  watertight apply --sandbox           # without an account
  watertight apply shop.toml           # with your AWS credentials
  watertight apply shop.toml --yes     # without a question, for CI

Exit codes: 0 done, 1 an error, 2 changes with --detailed-exitcode, 3 refused by
the guardrails, 4 applied in part: what failed is told, run it again.")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let Arguments { spec, change } = arguments;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let approved = pipeline::approve(&source, &library, world.today())?;
    let findings = approved.findings().to_vec();
    let desired = approved.desired();
    let memory = remember::recall(world, spec, change.sandbox, desired, For::Applying).await?;
    let aws = connect::aws(world, change.sandbox, &desired.region).await?;
    let session = pipeline::open(&aws, desired, memory.document.clone()).await?;
    let plan = pipeline::plan(&session, approved, world.today(), change.options()).await?;
    if !change.json {
        screen.data(&ui::check::waived(&findings));
    }
    let finished = change::carry_out(screen, session, memory.store.as_ref(), plan, change).await;
    memory.settle().await?;
    let finished = finished?;
    if !change.json {
        screen.data(&finished.outputs);
    }
    Ok(finished.exit)
}
