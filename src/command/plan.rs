//! `watertight plan`: what would be done, in which order, and why.
//!
//! *Invariant*: nothing is changed, in AWS or in the state.

use std::path::PathBuf;

use clap::Args;

use super::change::{PartArguments, show};
use super::connect::{self, AskingArguments, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed, saved};
use crate::diagnostic::Source;
use crate::diff::Options;
use crate::guardrail::Finding;
use crate::pipeline;
use crate::plan::Plan;
use crate::resource::Desired;
use crate::saved::Making;
use crate::spec::Backend;
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
  watertight plan --detailed-exitcode  # exit code 2 if there are changes
  watertight plan --out shop.plan      # for `watertight apply shop.plan`
  watertight plan --refresh=false      # quickly: the records are believed
  watertight plan --destroy            # what `watertight destroy` would do")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    #[command(flatten)]
    part: PartArguments,
    #[command(flatten)]
    asking: AskingArguments,
    /// Ask AWS nothing; what only AWS can tell is shown as known after apply
    #[arg(long, conflicts_with = "sandbox")]
    offline: bool,
    /// Save the plan to this file, for `watertight apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    out: Option<PathBuf>,
    /// Plan to delete everything, as `destroy` does
    #[arg(long, conflicts_with = "offline")]
    destroy: bool,
    /// Delete all objects, and all their versions, of buckets that are deleted
    #[arg(long)]
    empty_buckets: bool,
    /// Delete buckets that receive logs too, with all logs in them
    #[arg(long)]
    delete_logs: bool,
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
    let Planned {
        plan,
        making,
        findings,
    } = if arguments.destroy {
        to_destroy(world, arguments).await?
    } else {
        to_apply(world, arguments).await?
    };
    show(screen, &plan, arguments.json);
    if !arguments.json {
        screen.data(&ui::check::waived(&findings));
    }
    if !plan.problems.is_empty() {
        return Err(Failed::Problems(plan.problems));
    }
    if let Some(file) = &arguments.out {
        saved::write(world, file, &plan, making)?;
        screen.talk(&ui::saved::written(&file.display().to_string()));
    }
    Ok(if arguments.detailed_exitcode && !plan.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// A plan, what it is made of, and what is waived for it.
struct Planned {
    plan: Plan,
    making: Making,
    findings: Vec<Finding>,
}

async fn to_apply(world: &World, arguments: &Arguments) -> Result<Planned, Failed> {
    let Arguments { spec, sandbox, .. } = arguments;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let approved = pipeline::approve(&source, spec.environment(), &library, world.today())?;
    let findings = approved.findings().to_vec();
    let desired = approved.desired();
    let making = arguments.making(&source, desired);
    if arguments.offline && desired.state != Backend::Local {
        return Err(Failed::said(
            "--offline asks no AWS, and the state is kept in S3",
            &["leave --offline out; `watertight check` asks neither AWS nor the state"],
        ));
    }
    let memory = remember::recall(world, spec, *sandbox, desired, For::Reading).await?;
    let choice = arguments.part.choice();
    let plan = if arguments.offline {
        pipeline::plan_offline(&approved, &memory.document, &choice)?
    } else {
        let aws = memory.aws(world, *sandbox, &desired.region).await?;
        let asking = arguments.asking;
        let mut session = asking.open(&aws, desired, memory.document).await?;
        session.choice = choice;
        pipeline::plan(&session, approved, world.today(), arguments.options()).await?
    };
    Ok(Planned {
        plan,
        making,
        findings,
    })
}

async fn to_destroy(world: &World, arguments: &Arguments) -> Result<Planned, Failed> {
    let Arguments { spec, sandbox, .. } = arguments;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let desired = pipeline::expand_or_name(&source, spec.environment(), &library)?;
    let memory = remember::recall(world, spec, *sandbox, &desired, For::Reading).await?;
    let aws = memory.aws(world, *sandbox, &desired.region).await?;
    let asking = arguments.asking;
    let mut session = asking.open(&aws, &desired, memory.document).await?;
    session.choice = arguments.part.choice();
    Ok(Planned {
        plan: pipeline::plan_destroy(&session, &desired, arguments.options()).await?,
        making: arguments.making(&source, &desired),
        findings: Vec::new(),
    })
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            empty_buckets: self.empty_buckets,
            delete_logs: self.delete_logs,
        }
    }

    fn making(&self, source: &Source, desired: &Desired) -> Making {
        let part = self.part.choice();
        saved::making(
            &self.spec,
            source,
            desired,
            self.sandbox,
            self.options(),
            part,
        )
    }
}
