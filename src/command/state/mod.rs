//! `watertight state`: what is remembered, to be looked at and mended.
//!
//! *Invariant*: what the app has in AWS is never changed here; only what is remembered of it,
//! and the bucket that keeps it.

mod history;
mod init;
mod list;
mod migrate;
mod unlock;

use clap::{Args, Subcommand};

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For, Memory};
use super::{Exit, Failed};
use crate::pipeline;
use crate::ui::Screen;
use crate::world::World;

/// Look at what is remembered, and mend it
///
/// The state is a cache of what stands in AWS: it can be lost, and is found again. These
/// verbs change only what is remembered, never AWS.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::Arguments),
    History(history::Arguments),
    Init(init::Arguments),
    Migrate(migrate::Arguments),
    Unlock(unlock::Arguments),
}

/// Whose state.
#[derive(Args, Clone, Debug)]
struct Whose {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

impl Whose {
    /// The document of the spec's app and environment. A spec that can't be expanded any more
    /// is enough.
    async fn recall(&self, world: &World, purpose: For) -> Result<Memory, Failed> {
        let source = connect::source(world, &self.spec)?;
        let library = connect::library(world, &self.spec.blueprints)?;
        let desired = pipeline::expand_or_name(&source, self.spec.environment(), &library)?;
        remember::recall(world, &self.spec, self.sandbox, &desired, purpose).await
    }
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    match &arguments.verb {
        Verb::List(arguments) => list::run(world, screen, arguments).await,
        Verb::History(arguments) => history::run(world, screen, arguments).await,
        Verb::Init(arguments) => Box::pin(init::run(world, screen, arguments)).await,
        Verb::Migrate(arguments) => migrate::run(world, screen, arguments).await,
        Verb::Unlock(arguments) => unlock::run(world, screen, arguments).await,
    }
}
