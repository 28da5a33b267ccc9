//! `watertight blueprints`: what can be built, and what each blueprint takes.
//!
//! *Invariant*: what is shown is read from the manifests that `check` judges by.

use clap::Args;

use super::connect::{self, BlueprintArguments};
use super::{Exit, Failed, Format};
use crate::diagnostic::did_you_mean;
use crate::ui::{Screen, blueprint};
use crate::world::World;

/// List the blueprints, or show what one of them takes and gives
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight blueprints
  watertight blueprints https-service
  watertight blueprints https-service --format markdown")]
pub(super) struct Arguments {
    /// The blueprint to show; without it all are listed
    name: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    blueprints: BlueprintArguments,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let library = connect::library(world, &arguments.blueprints)?;
    let Some(name) = &arguments.name else {
        screen.data(&match arguments.format {
            Format::Text => blueprint::list(&library),
            Format::Markdown => blueprint::list_in_markdown(&library),
            Format::Json => blueprint::list_in_json(&library),
        });
        return Ok(Exit::Done);
    };
    let Some(manifest) = library.manifest(name) else {
        let hint = did_you_mean(name, library.names()).map_or_else(
            || "`watertight blueprints` lists them".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        return Err(Failed::said(
            format!("there is no blueprint `{name}`"),
            &[&hint],
        ));
    };
    screen.data(&match arguments.format {
        Format::Text => blueprint::show(name, manifest),
        Format::Markdown => blueprint::show_in_markdown(manifest),
        Format::Json => blueprint::show_in_json(name, manifest),
    });
    Ok(Exit::Done)
}
