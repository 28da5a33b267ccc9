//! `watertight import terraform`: the spec that takes over what a state manages.
//!
//! *Invariant*: AWS is not asked, and no file is overwritten unless that is wanted.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::connect::{self, BlueprintArguments};
use super::{Exit, Failed};
use crate::guardrail::Refusal;
use crate::pipeline::Stop;
use crate::spec::form;
use crate::takeover::{self, Ask};
use crate::terraform::state;
use crate::ui::{self, Screen};
use crate::world::World;

/// Propose the spec that takes over what a Terraform state manages
///
/// Each group of things that a blueprint makes becomes a component, and each thing of it an
/// `[[import]]`. AWS is not asked. The spec goes to standard output, or to --out. What is
/// taken, what the first apply would change of it, and what stays Terraform's and why, goes
/// to standard error.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  terraform state pull > shop.tfstate
  watertight import terraform shop.tfstate --app shop --environment prod --out shop.toml
  watertight check shop.toml
  watertight plan shop.toml      # what AWS says of it; nothing is changed

Exit codes: 0 a spec is proposed, 1 an error or nothing to propose, 3 the guardrails refuse
what is proposed: the spec is there, and the report says what is in its way.")]
pub(super) struct Arguments {
    /// The state: what `terraform state pull` prints, or `terraform show -json`
    #[arg(value_name = "STATE")]
    state: PathBuf,
    /// Name of the application
    #[arg(long, value_name = "NAME")]
    app: String,
    /// Its environment, such as test or prod
    #[arg(long, value_name = "NAME")]
    environment: String,
    /// The region to take over [default: the one that most is in]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file if there is one
    #[arg(long)]
    force: bool,
    /// How to report; `json` has the spec in it, and goes to standard output
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    blueprints: BlueprintArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    for name in [&arguments.app, &arguments.environment] {
        form::name(name).map_err(|misfit| Failed::said(misfit.message, &[&misfit.hint]))?;
    }
    let name = arguments.state.display().to_string();
    let text = fs::read_to_string(world.path(&arguments.state)).map_err(|error| {
        Failed::said(
            format!("the state {name} can't be read: {error}"),
            &["`terraform state pull > terraform.tfstate` makes one"],
        )
    })?;
    let state = state::read(&text)
        .map_err(|error| Failed::said(format!("{name}: {error}"), &[error.hint()]))?;
    let out = arguments.out.as_ref();
    let ask = Ask {
        name: out.map_or("the spec".to_owned(), |out| out.display().to_string()),
        source: name,
        app: arguments.app.clone(),
        environment: arguments.environment.clone(),
        region: arguments.region.clone(),
        today: world.today(),
    };
    let library = connect::library(world, &arguments.blueprints)?;
    let proposal = takeover::propose(&state, &ask, &library).map_err(Stop::Wrong)?;
    if let (Some(out), Some(spec)) = (&arguments.out, &proposal.spec) {
        write(world, out, spec, arguments.force)?;
    }
    match arguments.format {
        Format::Json => screen.data(&ui::takeover::json(&proposal)),
        Format::Text => {
            let out = arguments.out.as_deref();
            if let (None, Some(spec)) = (out, &proposal.spec) {
                screen.data(spec);
            }
            screen.talk(&ui::takeover::render(screen, &proposal, out));
        }
    }
    if proposal.spec.is_none() {
        return Err(Failed::said(
            "nothing of the state can be taken over",
            &["docs/import.md says how to take over one thing by hand"],
        ));
    }
    if proposal.refused.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failed::Told(Stop::Refused(Refusal {
        findings: proposal.refused,
        waivers: Vec::new(),
    })))
}

fn write(world: &World, out: &Path, spec: &str, force: bool) -> Result<(), Failed> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(!force);
    options.create(true).truncate(force);
    let file = options.open(world.path(out));
    let written = file.and_then(|mut file| file.write_all(spec.as_bytes()));
    written.map_err(|error| {
        Failed::said(
            format!("{} can't be written: {error}", out.display()),
            &["choose another file with --out FILE, or overwrite it with --force"],
        )
    })
}
