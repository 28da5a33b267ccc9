//! `watertight export terraform`: a folder of Terraform.
//!
//! *Invariant*: a file that a person wrote or changed is written over only with `--force`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::command::connect::{self, SandboxArguments, SpecArguments};
use crate::command::remember::{self, For};
use crate::command::{Exit, Failed};
use crate::export::folder::{self, Changes};
use crate::export::{self, Exported, Live, Provider};
use crate::guardrail::Approved;
use crate::pipeline;
use crate::state::{Document, Status};
use crate::ui::Screen;
use crate::ui::export as told;
use crate::world::World;

/// Write Terraform: to review, or to go on with
///
/// One file for each component, beside the versions, providers and outputs, as `terraform
/// fmt` leaves it. Each resource says which guardrails it satisfies and where the spec asks
/// for it. Made from the spec alone; with --import also from what the state remembers, so
/// that `terraform apply` takes over what stands.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight export terraform shop.toml --out terraform
  watertight export terraform shop.toml --out terraform --check    # in CI: is it up to date?
  watertight export terraform shop.toml --out terraform --import   # take over what stands")]
pub(in crate::command) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write nothing; fail if the folder differs from what would be written
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Write over files that a person wrote or changed
    #[arg(long)]
    force: bool,
    /// Write import blocks for all that the state remembers, under the names that stand
    #[arg(long)]
    import: bool,
    /// The line of the AWS provider; 5 lacks some words, which needs a waiver of WT-TF-001
    #[arg(long, value_enum, value_name = "MAJOR", default_value = "6")]
    provider_version: Major,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Major {
    #[value(name = "5")]
    Five,
    #[value(name = "6")]
    Six,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    let environment = arguments.spec.environment();
    let approved = pipeline::approve(&source, environment, &library, world.today())?;
    let live = if arguments.import {
        Some(live(world, screen, arguments, &approved).await?)
    } else {
        None
    };
    let provider = match arguments.provider_version {
        Major::Five => Provider::Five,
        Major::Six => Provider::Six,
    };
    let exported = export::terraform(&approved, provider, live.as_ref(), world.today())
        .map_err(pipeline::Stop::Refused)?;
    screen.talk(&told::warnings(screen, &exported.warnings));
    screen.talk(&told::not_kept(&exported.not_kept, live.is_some()));
    let folder = world.path(&arguments.out);
    let name = arguments.out.display().to_string();
    let has = read(&folder, &name)?;
    let mut changes = folder::compare(&exported.files, &has);
    if arguments.check {
        return checked(screen, &name, &changes);
    }
    if arguments.force {
        let wanted = |file: &String| exported.files.contains_key(file);
        let (write, remove): (Vec<_>, Vec<_>) = std::mem::take(&mut changes.kept)
            .into_iter()
            .partition(wanted);
        changes.write.extend(write);
        changes.remove.extend(remove);
    }
    if !changes.kept.is_empty() {
        return Err(Failed::said(
            format!(
                "in {name} a person wrote or changed {}, so nothing was written",
                changes.kept.join(", ")
            ),
            &[
                "rename what is yours: other files of the folder are left alone",
                "`--force` writes over them",
            ],
        ));
    }
    write(&folder, &name, &exported, &changes)?;
    screen.data(&told::written(&name, &exported, &changes));
    if live.is_some() {
        screen.talk(&told::tags_of_others());
    }
    Ok(Exit::Done)
}

/// What the state remembers as standing.
async fn live(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
    approved: &Approved,
) -> Result<Live, Failed> {
    let desired = approved.desired();
    let spec = &arguments.spec;
    let memory = remember::recall(world, spec, arguments.sandbox, desired, For::Reading).await?;
    let document = &memory.document;
    let unfinished: Vec<String> = unfinished(document).collect();
    if !unfinished.is_empty() {
        return Err(Failed::said(
            format!("not everything is done: {}", unfinished.join(", ")),
            &["`watertight apply` goes on where it stopped; export then"],
        ));
    }
    let (known, others): (Vec<_>, Vec<_>) = document
        .records
        .iter()
        .partition(|record| desired.resources.contains_key(&record.address));
    if !others.is_empty() {
        let others = others.iter().map(|record| record.address.to_string());
        screen.talk(&told::not_in_the_spec(&others.collect::<Vec<_>>()));
    }
    let mut live = Live {
        lineage: document.lineage.clone(),
        ..Live::default()
    };
    for record in known {
        if let Some(id) = &record.id {
            live.ids.insert(record.address.clone(), id.text.clone());
            let attributes = record.attributes.clone();
            live.attributes.insert(record.address.clone(), attributes);
        }
    }
    Ok(live)
}

/// What an apply or a destroy has begun and not ended.
fn unfinished(document: &Document) -> impl Iterator<Item = String> {
    let records = document.records.iter();
    let open = records.filter(|record| !matches!(record.status, Status::Applied));
    open.map(|record| record.address.to_string())
}

/// The text of the folder's `.tf` files, by name; nothing where there is no folder.
fn read(folder: &Path, name: &str) -> Result<BTreeMap<String, String>, Failed> {
    let failed = |error: std::io::Error| {
        Failed::said(
            format!("the folder {name} can't be read: {error}"),
            &["name another one with `--out`"],
        )
    };
    let mut files = BTreeMap::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let Ok(file) = entry.file_name().into_string() else {
            continue;
        };
        if Path::new(&file).extension().is_some_and(|end| end == "tf") {
            let bytes = fs::read(entry.path()).map_err(failed)?;
            files.insert(file, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(files)
}

fn checked(screen: Screen, name: &str, changes: &Changes) -> Result<Exit, Failed> {
    if changes.is_empty() {
        screen.data(&format!("{name} is up to date\n"));
        return Ok(Exit::Done);
    }
    let mut differ: Vec<&str> = [&changes.write, &changes.remove, &changes.kept]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    differ.sort_unstable();
    Err(Failed::said(
        format!("{name} is not what would be written: {}", differ.join(", ")),
        &["export again without `--check`, and commit the folder"],
    ))
}

fn write(folder: &Path, name: &str, exported: &Exported, changes: &Changes) -> Result<(), Failed> {
    let failed = |error: std::io::Error| {
        Failed::said(
            format!("the folder {name} can't be written: {error}"),
            &["name another one with `--out`"],
        )
    };
    fs::create_dir_all(folder).map_err(failed)?;
    for file in &changes.write {
        let text = exported.files.get(file).map_or("", String::as_str);
        fs::write(folder.join(file), text).map_err(failed)?;
    }
    for file in &changes.remove {
        fs::remove_file(folder.join(file)).map_err(failed)?;
    }
    Ok(())
}
