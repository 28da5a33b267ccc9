//! `watertight import terraform`: the spec that takes over what a state manages.
//!
//! *Invariant*: AWS is not asked, and no file is overwritten unless that is wanted.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Failed};
use crate::spec::form;
use crate::takeover;
use crate::terraform::state;
use crate::ui::{self, Screen};
use crate::world::World;

/// Propose the spec that takes over what a Terraform state manages: its private buckets
///
/// The spec goes to standard output, or to --out. What is taken, what the first apply would
/// change that can't be had back, and what stays Terraform's and why, goes to standard error.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  terraform state pull > shop.tfstate
  watertight import terraform shop.tfstate --app shop --environment prod --out shop.toml
  watertight plan shop.toml      # what the first apply would change")]
pub(super) struct Arguments {
    /// The state, as `terraform state pull` prints it
    #[arg(value_name = "STATE")]
    state: PathBuf,
    /// Name of the application
    #[arg(long, value_name = "NAME")]
    app: String,
    /// Its environment, such as test or prod
    #[arg(long, value_name = "NAME")]
    environment: String,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file if there is one
    #[arg(long)]
    force: bool,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    for name in [&arguments.app, &arguments.environment] {
        form::name(name).map_err(|misfit| Failed::said(misfit.message, &[&misfit.hint]))?;
    }
    let name = arguments.state.display();
    let text = fs::read_to_string(world.path(&arguments.state)).map_err(|error| {
        Failed::said(
            format!("the state {name} can't be read: {error}"),
            &["`terraform state pull > terraform.tfstate` makes one"],
        )
    })?;
    let state = state::read(&text).map_err(|error| {
        Failed::said(
            format!("{name}: {error}"),
            &["`terraform state pull > terraform.tfstate` prints a state of version 4, decrypted"],
        )
    })?;
    let proposal = takeover::propose(&state, &arguments.app, &arguments.environment);
    screen.talk(&ui::takeover::render(&proposal, &state));
    let Some(spec) = &proposal.spec else {
        return Err(Failed::said(
            "nothing of the state can be taken over",
            &["docs/import.md says how to take over one thing by hand"],
        ));
    };
    match &arguments.out {
        None => screen.data(spec),
        Some(out) => write(world, arguments, out, spec)?,
    }
    Ok(Exit::Done)
}

fn write(world: &World, arguments: &Arguments, out: &Path, spec: &str) -> Result<(), Failed> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(!arguments.force);
    options.create(true).truncate(arguments.force);
    let file = options.open(world.path(out));
    let written = file.and_then(|mut file| file.write_all(spec.as_bytes()));
    written.map_err(|error| {
        Failed::said(
            format!("{} can't be written: {error}", out.display()),
            &["choose another file with --out FILE, or overwrite it with --force"],
        )
    })
}
