//! `watertight undo`: the last apply is taken back.
//!
//! *Invariant*: what stood before is judged by today's guardrails, like any spec.

use super::change::{self, ChangeArguments, Wait};
use super::connect::{self, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::pipeline;
use crate::ui::Screen;
use crate::world::World;

/// Take back the last apply, destroy or undo
///
/// Shows as a plan what makes AWS what it was before, and asks for the app's name. What was
/// made goes, what was deleted is made anew, what was changed is changed back; nothing else
/// is touched. An undo is taken back by another undo.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  watertight undo --sandbox
  watertight undo shop.toml --remove-protection all

Exit codes: 0 done, 1 an error, 2 changes with --detailed-exitcode, 3 what stood
before is refused by the guardrails, 4 undone in part: run it again.")]
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
    let desired = pipeline::expand_or_name(&source, spec.environment(), &library)?;
    let memory = remember::recall(world, spec, change.sandbox, &desired, For::Applying).await?;
    let aws = memory.aws(world, change.sandbox, &desired.region).await?;
    let document = memory.document.clone();
    let session = change.asking.open(&aws, &desired, document).await?;
    let plan = pipeline::plan_undo(&session, desired, world.today(), change.options()).await?;
    let Some(plan) = plan else {
        let why = match session.document.undo {
            Some(_) => {
                "the last run only took over, forgot or renamed things, or deleted what others had made"
            }
            None => "no apply is remembered, or things have moved to other names since",
        };
        return Err(Failed::said(
            format!("there is nothing to take back: {why}"),
            &["put the spec back to what it was, then apply it"],
        ));
    };
    let changed = !plan.is_empty();
    let store = memory.store.as_ref();
    let finished = change::carry_out(world, session, store, plan, change, Wait::Config).await;
    memory.settle().await?;
    let finished = finished?;
    if changed && !change.json {
        screen.talk(
            "\nThe spec is as it was: the next apply does again what it still asks for. Change it, or run `watertight undo` once more to take this back.\n",
        );
    }
    Ok(finished.exit)
}
