//! `watertight new`: a first spec from a few answers.
//!
//! *Invariant*: no file is overwritten without `--force`, and no spec is written by flags
//! alone that `check` would not let pass.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::connect::{self, BlueprintArguments};
use super::{Exit, Failed};
use crate::blueprint::{Library, Manifest};
use crate::diagnostic::Source;
use crate::guardrail::Approved;
use crate::pipeline;
use crate::scaffold::{self, blueprints, question};
use crate::spec::Input;
use crate::ui::diagnostics::Colours;
use crate::ui::prompt::{self, Inputs, Voice};
use crate::ui::{Screen, scaffolded};
use crate::world::World;

/// Write a first spec, question by question
///
/// Each question is explained, and each answer checked as it is typed. Whatever a flag answers is not asked. Where there is no terminal, flags answer
/// everything, and those that are missing are listed at once.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight new
  watertight new --app shop --environment test --region eu-west-1 \\
    --blueprint https-service --set domain=shop.example.com --set port=8443

`watertight blueprints NAME` shows what can be --set.")]
pub(super) struct Arguments {
    /// Name of the application
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Its environment, such as test or prod
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The AWS region [default: `AWS_REGION`, `AWS_DEFAULT_REGION`]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The only account that may be touched, 12 digits
    #[arg(long, value_name = "DIGITS")]
    account: Option<String>,
    /// A throw-away environment: nothing is protected against deletion
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    ephemeral: Option<bool>,
    /// What to build; `watertight blueprints` lists them
    #[arg(long, value_name = "NAME")]
    blueprint: Option<String>,
    /// How this use of the blueprint is called [default: from the blueprint]
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// An input of the blueprint, such as `domain=shop.example.com`; can be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
    /// The file to write; `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "watertight.toml")]
    out: PathBuf,
    /// Overwrite the file if there is one
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    blueprints: BlueprintArguments,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let to_screen = arguments.out == Path::new("-");
    let path = world.path(&arguments.out);
    if !to_screen && !arguments.force && path.exists() {
        return Err(exists(&arguments.out));
    }
    let library = connect::library(world, &arguments.blueprints)?;
    let mut top = question::top(&blueprints::choices(&library));
    for question in &mut top {
        if question.key == "region" {
            question.default = region(world)
                .map(|region| Input::Text(region.to_owned()))
                .filter(|region| (question.check)(region).is_ok());
        }
    }
    let voice = voice(world);
    let answers = prompt::interview(
        &top,
        |name| inputs(library.manifest(name)),
        &given(arguments)?,
        voice,
    )
    .map_err(|error| not_answered(&error))?;
    let text = scaffold::write(&answers);
    let name = arguments.out.display().to_string();
    let approved = approve(world, &library, &name, &text);
    if to_screen {
        let approved = approved?;
        screen.data(&text);
        screen.talk(&scaffolded::summary(None, &approved));
        return Ok(Exit::Done);
    }
    if voice == Voice::Flags {
        let approved = approved?;
        write(&path, arguments, &text)?;
        screen.talk(&scaffolded::summary(Some(&name), &approved));
    } else {
        // What was typed is not lost: a spec that needs another line is written, too.
        write(&path, arguments, &text)?;
        screen.talk(&scaffolded::written(&name));
        screen.talk(&scaffolded::summary(Some(&name), &approved?));
    }
    Ok(Exit::Done)
}

fn voice(world: &World) -> Voice {
    if !world.terminal.input || !world.terminal.error {
        Voice::Flags
    } else if world.variable("NO_COLOR").is_some() {
        Voice::Person(Colours::Off)
    } else {
        Voice::Person(Colours::On)
    }
}

fn region(world: &World) -> Option<&str> {
    world
        .variable("AWS_REGION")
        .or_else(|| world.variable("AWS_DEFAULT_REGION"))
}

fn inputs(manifest: Option<&Manifest>) -> Inputs<'_> {
    Inputs {
        summary: manifest.map_or_else(String::new, |manifest| manifest.summary.clone()),
        questions: manifest.map_or_else(Vec::new, blueprints::questions),
    }
}

/// What the flags answer, by key.
fn given(arguments: &Arguments) -> Result<BTreeMap<String, String>, Failed> {
    let ephemeral = arguments.ephemeral.map(|ephemeral| ephemeral.to_string());
    let flags = [
        ("app", &arguments.app),
        ("environment", &arguments.environment),
        ("region", &arguments.region),
        ("account", &arguments.account),
        ("ephemeral", &ephemeral),
        ("blueprint", &arguments.blueprint),
        ("component", &arguments.component),
    ];
    let flags = flags
        .into_iter()
        .filter_map(|(key, answer)| Some((key.to_owned(), answer.clone()?)));
    let mut given = BTreeMap::new();
    for (key, answer) in flags.chain(arguments.set.iter().cloned()) {
        if given.insert(key.clone(), answer).is_some() {
            return Err(Failed::said(
                format!("`{key}` is answered twice"),
                &["give each answer once"],
            ));
        }
    }
    Ok(given)
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write KEY=VALUE, such as domain=shop.example.com".to_owned()),
    }
}

fn approve(world: &World, library: &Library, name: &str, text: &str) -> Result<Approved, Failed> {
    let source = Arc::new(Source {
        name: name.to_owned(),
        text: text.to_owned(),
    });
    Ok(pipeline::approve(&source, None, library, world.today())?)
}

fn write(path: &Path, arguments: &Arguments, text: &str) -> Result<(), Failed> {
    let mut options = OpenOptions::new();
    options.write(true);
    if arguments.force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(&arguments.out),
        _ => Failed::said(
            format!("{} can't be written: {error}", arguments.out.display()),
            &["name another file: --out FILE, or --out - to print it"],
        ),
    })
}

fn exists(out: &Path) -> Failed {
    Failed::said(
        format!("{} exists already, and nothing was written", out.display()),
        &["choose another file with --out FILE, or overwrite it with --force"],
    )
}

fn not_answered(error: &prompt::Error) -> Failed {
    let hints: &[&str] = match error {
        prompt::Error::Flags { .. } => &[
            "`watertight blueprints` lists the blueprints, `watertight blueprints NAME` their inputs",
        ],
        prompt::Error::Terminal(_) => {
            &["nothing was written; flags can answer too: watertight new --help"]
        }
    };
    Failed::said(error.to_string(), hints)
}
