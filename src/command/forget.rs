//! `watertight forget --all`: others look after what stands from now on.
//!
//! *Invariant*: what stands in AWS stays as it is, but for our tags where they are to go; and
//! what is remembered of it goes last, so that a run that was cut off can be run again.

use clap::Args;

use super::remember::{For, Memory};
use super::state::{Consent, Whose};
use super::{Exit, Failed, connect};
use crate::pipeline;
use crate::state::Status;
use crate::ui::{self, Screen};
use crate::world::World;

/// Forget everything, which stays in AWS: others look after it
///
/// For what `watertight export terraform --import` has handed over. What is remembered is
/// removed, and a copy kept among its history; nothing in AWS changes. With --tags the tags
/// `watertight:*` go, too, and then watertight doesn't find it again.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight export terraform shop.toml --out terraform --import   # first
  watertight forget --all shop.toml
  watertight forget --all --tags shop.toml --yes")]
pub(super) struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Everything; `watertight state rm` forgets one thing
    #[arg(long, required = true)]
    all: bool,
    /// Take the tags `watertight:*` off everything, too
    #[arg(long)]
    tags: bool,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let memory = arguments.whose.recall(world, For::Mending).await?;
    let place = memory.store.place();
    let count = memory.document.records.len();
    if memory.document.is_new() {
        return Err(Failed::said(
            format!("there is nothing to forget in {place}"),
            &["`watertight state rebuild` finds what stands and is ours"],
        ));
    }
    refuse_unfinished(&memory)?;
    screen.talk(&format!(
        "forget {count} things, which stay in AWS as they are{}\n",
        if arguments.tags {
            ", and take the tags watertight:* off them"
        } else {
            ""
        }
    ));
    arguments.consent.ask(screen, "forget", &memory).await?;
    if arguments.tags {
        untag(world, screen, arguments, &memory).await?;
    }
    for (place, serial) in memory.forget().await? {
        screen.talk(&format!(
            "forgotten: {place} is removed; serial {serial} of it is kept in its history\n"
        ));
    }
    Ok(Exit::Done)
}

/// What a run has begun and not ended is known to nobody else.
fn refuse_unfinished(memory: &Memory) -> Result<(), Failed> {
    let records = memory.document.records.iter();
    let open: Vec<String> = records
        .filter(|record| record.status != Status::Applied)
        .map(|record| record.address.to_string())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    Err(Failed::said(
        format!("not everything is done: {}", open.join(", ")),
        &["`watertight apply` goes on where it stopped; forget then"],
    ))
}

async fn untag(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
    memory: &Memory,
) -> Result<(), Failed> {
    let Whose { spec, sandbox } = &arguments.whose;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let desired = pipeline::expand_or_name(&source, spec.environment(), &library)?;
    let aws = memory.aws(world, *sandbox, &desired.region).await?;
    if let Some(guard) = memory.store.guard() {
        aws.guard(guard);
    }
    let session = pipeline::open(&aws, &desired, memory.document.clone()).await?;
    let (done, failed) = pipeline::untag(&session).await?;
    screen.talk(&format!("took our tags off {done} things\n"));
    if failed.is_empty() {
        return Ok(());
    }
    for (address, error) in &failed {
        let address = address.to_string();
        screen.talk(&ui::report::aws_error(Some(&address), error));
    }
    Err(Failed::said(
        format!(
            "{} things still have our tags, so nothing is forgotten",
            failed.len()
        ),
        &["run it again once what failed is mended; what is done is done"],
    ))
}
