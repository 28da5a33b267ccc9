//! `watertight state push`: a document from a file, in place of the present one.
//!
//! *Invariant*: a file that is not a whole document of this app, environment and account
//! never takes its place; the document before it stays in the history.

use std::path::PathBuf;

use clap::Args;

use super::{Consent, Whose};
use crate::command::remember::For;
use crate::command::{Exit, Failed};
use crate::state::store::{Error, document_in};
use crate::state::{self, Push};
use crate::ui::Screen;
use crate::world::World;

/// Put a document in place of the present one
///
/// Refused where it is of another lineage or older than the present one, unless forced;
/// and always where it is another app's, environment's or account's.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// What `state pull` has printed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    consent: Consent,
    /// Take it though it is of another lineage, or older
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let file = arguments.file.display();
    let unread = |why: String| {
        Failed::said(
            format!("{file} {why}; nothing was changed"),
            &["name a file that `watertight state pull` has written"],
        )
    };
    let mut memory = arguments.whose.recall(world, For::Mending).await?;
    let pushed = match document_in(&world.path(&arguments.file)) {
        Ok(Some(document)) => document,
        Ok(None) => return Err(unread("does not exist".to_owned())),
        Err(Error::Torn { why, .. }) => {
            return Err(unread(format!("is not a whole document: {why}")));
        }
        Err(error) => return Err(error.into()),
    };
    let push = if arguments.force {
        Push::Forced
    } else {
        Push::Plain
    };
    let (before, after) = (memory.document.records.len(), pushed.records.len());
    memory.document = state::push(&memory.document, pushed, push)
        .map_err(|refused| Failed::said(refused.to_string(), &[refused.hint()]))?;
    screen.talk(&format!(
        "{file} takes the place of {}: {after} records, where there are {before} now\n",
        memory.store.place()
    ));
    arguments.consent.ask(screen, "push", &memory).await?;
    memory.save().await?;
    Ok(Exit::Done)
}
