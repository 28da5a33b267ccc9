//! `watertight export json`: the approved resources as a graph, for programs.
//!
//! *Invariant*: AWS is not asked, and the state is not read.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::command::connect::{self, SpecArguments};
use crate::command::{Exit, Failed};
use crate::export::graph;
use crate::pipeline;
use crate::ui::Screen;
use crate::world::World;

/// Write the resource graph as JSON: for programs
///
/// Every resource with its attributes, what it refers to, the lines that asked for it and the
/// guardrails that it satisfies. Made from the spec alone.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight export json shop.toml
  watertight export json shop.toml --out shop.json
  watertight export json --schema    # the JSON Schema of what is written")]
pub(in crate::command) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// The file to write; standard output without
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the JSON Schema instead, which needs no spec
    #[arg(long)]
    schema: bool,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let text = if arguments.schema {
        graph::SCHEMA.to_owned()
    } else {
        let source = connect::source(world, &arguments.spec)?;
        let library = connect::library(world, &arguments.spec.blueprints)?;
        let environment = arguments.spec.environment();
        let approved = pipeline::approve(&source, environment, &library, world.today())?;
        format!("{:#}\n", graph::graph(&approved))
    };
    let Some(file) = &arguments.out else {
        screen.data(&text);
        return Ok(Exit::Done);
    };
    let name = file.display();
    fs::write(world.path(file), text).map_err(|error| {
        Failed::said(
            format!("{name} can't be written: {error}"),
            &["name another file with `--out`"],
        )
    })?;
    screen.talk(&format!("wrote {name}\n"));
    Ok(Exit::Done)
}
