//! `watertight state`: what is remembered, to be looked at and mended.
//!
//! *Invariant*: what the app has in AWS is never changed here; only what is remembered of it,
//! and the bucket that keeps it.

mod history;
mod init;
mod list;
mod migrate;
mod mv;
mod pull;
mod push;
mod rebuild;
mod rm;
mod show;
mod unlock;

use clap::{Args, Subcommand};

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For, Memory};
use super::{Exit, Failed, ask};
use crate::address::Address;
use crate::diagnostic::did_you_mean;
use crate::pipeline;
use crate::state::Record;
use crate::ui::{Screen, confirm};
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
    Show(show::Arguments),
    History(history::Arguments),
    Init(init::Arguments),
    Migrate(migrate::Arguments),
    Unlock(unlock::Arguments),
    Mv(mv::Arguments),
    Rm(rm::Arguments),
    Pull(pull::Arguments),
    Push(push::Arguments),
    Rebuild(rebuild::Arguments),
}

/// Whose state.
#[derive(Args, Clone, Debug)]
pub(super) struct Whose {
    #[command(flatten)]
    pub(super) spec: SpecArguments,
    #[command(flatten)]
    pub(super) sandbox: SandboxArguments,
}

impl Whose {
    /// The document of the spec's app and environment. A spec that can't be expanded any more
    /// is enough.
    pub(super) async fn recall(&self, world: &World, purpose: For) -> Result<Memory, Failed> {
        let source = connect::source(world, &self.spec)?;
        let library = connect::library(world, &self.spec.blueprints)?;
        let desired = pipeline::expand_or_name(&source, self.spec.environment(), &library)?;
        remember::recall(world, &self.spec, self.sandbox, &desired, purpose).await
    }
}

/// Whether what is remembered may change.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Consent {
    /// Don't ask for the app's name; for CI
    #[arg(long, short)]
    yes: bool,
}

impl Consent {
    /// Asks for the app's name, unless told not to.
    pub(super) async fn ask(
        self,
        screen: Screen,
        verb: &'static str,
        memory: &Memory,
    ) -> Result<(), Failed> {
        if self.yes {
            return Ok(());
        }
        if !screen.terminal.input {
            return Err(Failed::said(
                "nobody is there to confirm: standard input is no terminal",
                &["run again with --yes"],
            ));
        }
        let app = memory.document.app.clone();
        if ask(move || confirm::name(verb, &app)).await? {
            Ok(())
        } else {
            Err(Failed::said("not confirmed; nothing was changed", &[]))
        }
    }
}

/// Everything that is remembered of an address, what a replacement left behind included.
fn records_of<'a>(memory: &'a Memory, address: &Address) -> Result<Vec<&'a Record>, Failed> {
    let records = memory.document.records.iter();
    let records: Vec<&Record> = records.filter(|one| one.address == *address).collect();
    if records.is_empty() {
        return Err(nothing_of(memory, &address.to_string()));
    }
    Ok(records)
}

fn nothing_of(memory: &Memory, written: &str) -> Failed {
    let records = memory.document.records.iter();
    let names: Vec<String> = records.map(|one| one.address.to_string()).collect();
    let hint = match did_you_mean(written, names.iter().map(String::as_str)) {
        Some(name) => format!("did you mean {name}?"),
        None => "`watertight state list` shows what is remembered".to_owned(),
    };
    Failed::said(
        format!(
            "nothing is remembered of {written} in {}",
            memory.store.place()
        ),
        &[hint.as_str()],
    )
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    match &arguments.verb {
        Verb::List(arguments) => list::run(world, screen, arguments).await,
        Verb::Show(arguments) => show::run(world, screen, arguments).await,
        Verb::History(arguments) => history::run(world, screen, arguments).await,
        Verb::Init(arguments) => Box::pin(init::run(world, screen, arguments)).await,
        Verb::Migrate(arguments) => migrate::run(world, screen, arguments).await,
        Verb::Unlock(arguments) => unlock::run(world, screen, arguments).await,
        Verb::Mv(arguments) => mv::run(world, screen, arguments).await,
        Verb::Rm(arguments) => rm::run(world, screen, arguments).await,
        Verb::Pull(arguments) => pull::run(world, screen, arguments).await,
        Verb::Push(arguments) => push::run(world, screen, arguments).await,
        Verb::Rebuild(arguments) => rebuild::run(world, screen, arguments).await,
    }
}
