//! `watertight drift`: what stands otherwise than it was applied last, who changed it, and
//! when.
//!
//! *Invariant*: nothing is changed, in AWS or in the state; a spec is written only when it
//! was shown and confirmed.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use clap::Args;

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed, Format, ask};
use crate::accept;
use crate::blueprint::Library;
use crate::diagnostic::Source;
use crate::drift::{Drift, Thing};
use crate::pipeline::{self, Session};
use crate::ui::{self, Screen};
use crate::world::World;

/// Show what others changed since the last apply, who, and when
///
/// Holds what was applied last against what stands: what was changed, deleted, or added under
/// what is ours. CloudTrail says who did it, where it may be asked. What the spec wants and
/// was never applied is no drift: `watertight plan` shows that.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight drift                        # with your AWS credentials
  watertight drift --detailed-exitcode    # exit code 2 if there is any, for a nightly job
  watertight drift --format json          # or markdown, for a comment
  watertight drift --accept               # write what was changed into the spec
  watertight drift --accept=web.aws_lb.main

--accept tries each change before it keeps it: the spec must expand, change just that,
and pass the guardrails. What can't be written is told with the reason, and the exit code
is 4. What is gone can't be accepted; `watertight apply` puts back whatever is not.")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    /// How it is printed; `markdown` is for the comment of a pull request
    #[arg(long, value_enum, default_value_t = Format::Text, hide_default_value = true)]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// End with exit code 2 if there is drift
    #[arg(long)]
    detailed_exitcode: bool,
    /// Write what was changed into the spec: all of it, or what is at this address; can be
    /// repeated
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        conflicts_with_all = ["json", "format", "detailed_exitcode"]
    )]
    accept: Vec<String>,
    /// Don't ask before the spec is written; for scripts
    #[arg(long, short, requires = "accept")]
    yes: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    let environment = arguments.spec.environment();
    let desired = pipeline::expand_or_name(&source, environment, &library)?;
    let memory = remember::recall(
        world,
        &arguments.spec,
        arguments.sandbox,
        &desired,
        For::Reading,
    )
    .await?;
    let aws = memory
        .aws(world, arguments.sandbox, &desired.region)
        .await?;
    let session = pipeline::open(&aws, &desired, memory.document).await?;
    let drift = pipeline::drift(&session, &desired).await?;
    let format = if arguments.json {
        Format::Json
    } else {
        arguments.format
    };
    screen.data(&match format {
        Format::Json => ui::drift::json(&drift),
        Format::Markdown => ui::drift::markdown(&drift),
        Format::Text => ui::drift::render(&drift),
    });
    if !arguments.accept.is_empty() {
        let spec = (source, library);
        return write(world, screen, arguments, &session, spec, &drift).await;
    }
    Ok(if arguments.detailed_exitcode && !drift.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Writes into the spec what others changed.
async fn write(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
    session: &Session<'_>,
    (source, library): (Arc<Source>, Library),
    drift: &Drift,
) -> Result<Exit, Failed> {
    let asked: BTreeSet<&str> = arguments.accept.iter().map(String::as_str).collect();
    let labels: BTreeSet<String> = drift.things.iter().map(Thing::label).collect();
    let all = asked.contains("all");
    if let Some(unknown) = asked.iter().find(|label| !all && !labels.contains(**label)) {
        return Err(Failed::said(
            format!("nothing has drifted at {unknown}"),
            &["name what the list above names"],
        ));
    }
    if drift.is_empty() {
        return Ok(Exit::Done);
    }
    let environment = arguments.spec.environment();
    let chosen = |label: &str| all || asked.contains(label);
    let today = world.today();
    let accepted = accept::write(
        &source,
        environment,
        &library,
        today,
        (drift, &session.document),
        &chosen,
    )?;
    screen.data(&format!(
        "\n{}",
        ui::drift::accepted(&accepted, &source.name, &source.text)
    ));
    let exit = if accepted.left.is_empty() {
        Exit::Done
    } else {
        Exit::Partly
    };
    if accepted.written.is_empty() {
        return Ok(exit);
    }
    // What hangs on a lookup is judged only now.
    let changed = Arc::new(Source {
        name: source.name.clone(),
        text: accepted.text,
    });
    let approved = pipeline::approve(&changed, environment, &library, today)?;
    pipeline::confirm(session.aws, approved, today).await?;
    if !arguments.yes {
        if !screen.terminal.input {
            return Err(Failed::said(
                "nobody is there to confirm: standard input is no terminal",
                &["run again with --yes"],
            ));
        }
        let file = source.name.clone();
        if !ask(move || ui::confirm::file(&file)).await? {
            return Err(Failed::said("not confirmed; the spec is as it was", &[]));
        }
    }
    save(world, arguments, &source, &changed.text)?;
    screen.talk(&format!("\n{} is written.\n", source.name));
    Ok(exit)
}

/// Writes the spec in one piece, unless somebody else has written it meanwhile.
fn save(world: &World, arguments: &Arguments, before: &Source, text: &str) -> Result<(), Failed> {
    let failed = |error: std::io::Error| {
        Failed::said(
            format!("the spec {} can't be written: {error}", before.name),
            &["nothing was changed; mend that, then run again"],
        )
    };
    let path = world.path(&arguments.spec.spec);
    let path = fs::canonicalize(path).map_err(failed)?;
    if fs::read(&path).map_err(failed)? != before.text.as_bytes() {
        return Err(Failed::said(
            format!("the spec {} was changed meanwhile", before.name),
            &["run again"],
        ));
    }
    let mut aside = path.clone().into_os_string();
    aside.push(".new");
    fs::write(&aside, text).map_err(failed)?;
    let permissions = fs::metadata(&path).map_err(failed)?.permissions();
    fs::set_permissions(&aside, permissions).map_err(failed)?;
    fs::rename(&aside, &path).map_err(failed)
}
