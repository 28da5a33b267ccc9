//! `watertight import`: one thing that stands becomes a resource of the spec.
//!
//! *Invariant*: AWS is read, never changed, and nothing is recorded that was not shown.

use clap::{Args, Subcommand};

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::state::Consent;
use super::{Exit, Failed, takeover};
use crate::address::Address;
use crate::pipeline::{self, Stop};
use crate::ui::{self, Screen};
use crate::world::World;

/// Take over one thing that stands and was made by other hands
///
/// Reads it by its id, shows what the spec would change of it, and records it. AWS stays as
/// it is until the next apply, which sets watertight's tags too. A bucket is taken over with
/// all that it is set to. `[[import]]` in the spec does the same where it can be read in
/// review.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  watertight import site.aws_s3_bucket.site legacy-bucket shop.toml
  watertight import web.aws_security_group.lb sg-0a1b2c3d shop.toml --yes
  watertight import terraform terraform.tfstate --app shop --environment prod

Exit codes: 0 done, 1 an error, 3 the spec is refused by the guardrails."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    from: Option<Of>,
    /// The resource of the spec that it becomes
    #[arg(value_name = "ADDRESS", required = true)]
    address: Option<Address>,
    /// What AWS calls it, as Terraform's import takes it
    #[arg(value_name = "ID", required = true)]
    id: Option<String>,
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    #[command(flatten)]
    consent: Consent,
}

/// Whose things are taken over at once.
#[derive(Debug, Subcommand)]
enum Of {
    Terraform(takeover::Arguments),
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    if let Some(Of::Terraform(arguments)) = &arguments.from {
        return takeover::run(world, screen, arguments);
    }
    let Arguments {
        from: None,
        address: Some(address),
        id: Some(id),
        spec,
        sandbox,
        consent,
    } = arguments
    else {
        return Err(Failed::said(
            "no address and no id",
            &["watertight import --help shows both"],
        ));
    };
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let desired = pipeline::expand(&source, spec.environment(), &library).map_err(Stop::Wrong)?;
    let mut memory = remember::recall(world, spec, *sandbox, &desired, For::Applying).await?;
    let aws = memory.aws(world, *sandbox, &desired.region).await?;
    let session = pipeline::open(&aws, &desired, memory.document.clone()).await?;
    let imported = pipeline::import(session, desired, address, id, world.today()).await?;
    if imported.changes.is_empty() {
        screen.talk(&format!(
            "{address} is recorded as {id} already; `watertight plan` shows what differs\n"
        ));
        return Ok(Exit::Done);
    }
    screen.data(&ui::plan::imported(&imported.changes));
    consent.ask(screen, "import", &memory).await?;
    memory.document = imported.document;
    memory.save().await?;
    screen.talk("recorded; the next apply makes it what the spec says\n");
    Ok(Exit::Done)
}
