//! `watertight plan`: what would be done, in which order, and why.
//!
//! *Invariant*: nothing is changed, in AWS or in the state.

use clap::Args;

use super::change::PartArguments;
use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::diff::Options;
use crate::pipeline;
use crate::plan::Plan;
use crate::ui::{self, Screen};
use crate::world::World;

/// Show what would be done, and why
///
/// Holds the spec against what AWS has. Every resource and every field says why it would
/// change. Nothing is changed, in AWS or in the state.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight plan --sandbox            # without an account
  watertight plan shop.toml            # with your AWS credentials
  watertight plan --offline            # without asking any AWS
  watertight plan --detailed-exitcode  # exit code 2 if there are changes")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    #[command(flatten)]
    part: PartArguments,
    /// Ask AWS nothing; what only AWS can tell is shown as known after apply
    #[arg(long, conflicts_with = "sandbox")]
    offline: bool,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
    /// End with exit code 2 if there are changes
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
    let approved = pipeline::approve(
        &source,
        arguments.spec.environment(),
        &library,
        world.today(),
    )?;
    let findings = approved.findings().to_vec();
    let memory = remember::recall(
        world,
        &arguments.spec,
        arguments.sandbox,
        approved.desired(),
        For::Reading,
    )
    .await?;
    let document = memory.document;
    let plan = if arguments.offline {
        pipeline::plan_offline(&approved, &document)?
    } else {
        let region = &approved.desired().region;
        let aws = connect::aws(world, arguments.sandbox, region).await?;
        let session = pipeline::open(&aws, approved.desired(), document).await?;
        pipeline::plan(&session, approved, world.today(), Options::default()).await?
    };
    let plan = pipeline::narrow(plan, &arguments.part.choice())?;
    show(screen, &plan, arguments.json);
    if !arguments.json {
        screen.data(&ui::check::waived(&findings));
    }
    if !plan.problems.is_empty() {
        return Err(Failed::Problems(plan.problems));
    }
    Ok(if arguments.detailed_exitcode && !plan.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Prints a plan as data.
pub(super) fn show(screen: Screen, plan: &Plan, json: bool) {
    if json {
        screen.data(&ui::plan::json(plan));
    } else {
        screen.data(&ui::plan::render(plan));
    }
}
