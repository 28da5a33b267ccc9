//! `watertight drift`: what stands otherwise than it was applied last, who changed it, and
//! when.
//!
//! *Invariant*: nothing is changed, in AWS or in the state; a spec is written only when it
//! was shown and confirmed.

use clap::Args;

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::pipeline;
use crate::ui::{self, Screen};
use crate::world::World;

/// Show what others changed since the last apply, who, and when
///
/// Holds what was applied last against what stands: what was changed, deleted, or added under
/// what is ours. CloudTrail says who did it, where it may be asked. What the spec wants and
/// was never applied is no drift: `watertight plan` shows that.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight drift                        # with your AWS credentials
  watertight drift --detailed-exitcode    # exit code 2 if there is any, for a nightly job
  watertight drift --json")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    /// Print the drift as JSON
    #[arg(long)]
    json: bool,
    /// End with exit code 2 if there is drift
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    let environment = arguments.spec.environment();
    let desired = pipeline::expand_or_name(&source, environment, &library)?;
    let memory = remember::recall(
        world,
        &arguments.spec,
        arguments.sandbox,
        &desired,
        For::Reading,
    )
    .await?;
    let aws = connect::aws(world, arguments.sandbox, &desired.region).await?;
    let session = pipeline::open(&aws, &desired, memory.document).await?;
    let drift = pipeline::drift(&session, &desired).await?;
    screen.data(&if arguments.json {
        ui::drift::json(&drift)
    } else {
        ui::drift::render(&drift)
    });
    Ok(if arguments.detailed_exitcode && !drift.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}
