//! `watertight report`: what a reviewer has to know, for a pull request.
//!
//! *Invariant*: nothing is changed, in AWS or in the state; what is refused is reported, too.

use clap::{Args, ValueEnum};

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::diff::Options;
use crate::guardrail::Approved;
use crate::pipeline::{self, Stop};
use crate::plan::{Choice, Plan};
use crate::report::{self, Report};
use crate::spec::Backend;
use crate::state::Document;
use crate::ui::{Screen, review};
use crate::world::World;

/// Report a change for a pull request
///
/// The guardrails that each resource satisfies, what is waived and by whom, what would change,
/// and what is billed. As Markdown it stays under 60,000 characters however large the app is.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight report shop.toml --offline > report.md   # from the spec alone
  watertight report shop.toml --sandbox
  watertight report shop.toml --format json")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    /// Ask AWS nothing; what stands is taken from a state beside the spec, if there is one
    #[arg(long, conflicts_with = "sandbox")]
    offline: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "markdown")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Markdown,
    Json,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    match make(world, arguments).await {
        Ok((approved, plan)) => {
            let report = report::planned(&approved, &plan, !arguments.offline);
            show(screen, arguments.format, &report);
            if plan.problems.is_empty() {
                Ok(Exit::Done)
            } else {
                Err(Failed::Problems(plan.problems))
            }
        }
        Err(Failed::Stop(Stop::Refused(refusal))) => {
            let source = connect::source(world, &arguments.spec)?;
            let library = connect::library(world, &arguments.spec.blueprints)?;
            let environment = arguments.spec.environment();
            let desired = pipeline::expand(&source, environment, &library);
            let report = report::refused(&desired.map_err(Stop::Wrong)?, &refusal);
            show(screen, arguments.format, &report);
            Err(Stop::Refused(refusal).into())
        }
        Err(failed) => Err(failed),
    }
}

fn show(screen: Screen, format: Format, report: &Report) {
    screen.data(&match format {
        Format::Markdown => review::markdown(report),
        Format::Json => review::json(report),
    });
}

async fn make(world: &World, arguments: &Arguments) -> Result<(Approved, Plan), Failed> {
    let Arguments { spec, sandbox, .. } = arguments;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let today = world.today();
    let approved = pipeline::approve(&source, spec.environment(), &library, today)?;
    let desired = approved.desired();
    if arguments.offline {
        let (document, note) = if desired.state == Backend::Local {
            let memory = remember::recall(world, spec, *sandbox, desired, For::Reading).await?;
            (memory.document, None)
        } else {
            let (app, environment) = (&desired.app, &desired.environment);
            (
                Document::new(app, environment, &world.lineage()),
                Some("the state in S3 was not read: all is shown as if nothing stood yet"),
            )
        };
        let mut plan = pipeline::plan_offline(&approved, &document, &Choice::default())?;
        plan.notes.extend(note.map(str::to_owned));
        return Ok((approved, plan));
    }
    let memory = remember::recall(world, spec, *sandbox, desired, For::Reading).await?;
    let aws = memory.aws(world, *sandbox, &desired.region).await?;
    let session = pipeline::open(&aws, desired, memory.document).await?;
    let plan = pipeline::plan(&session, approved.clone(), today, Options::default()).await?;
    Ok((approved, plan))
}
