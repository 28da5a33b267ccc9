//! `watertight output`: what components give, from what stands.
//!
//! *Invariant*: nothing is changed, in AWS or in the state.

use std::path::{Path, PathBuf};

use clap::Args;

use super::connect::{self, SandboxArguments, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed};
use crate::address::{is_component, is_name};
use crate::diagnostic::did_you_mean;
use crate::outputs::{Given, Output};
use crate::pipeline::{self, Stop};
use crate::resource::Desired;
use crate::ui::{self, Screen};
use crate::world::World;

/// Print what components give
///
/// Reads it from what stands in AWS. All outputs, those of a component, or one, whose value
/// stands alone for a shell. What ends in `.toml`, or is a file, is the spec; anything else
/// is a name.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight output --sandbox
  watertight output web.url
  watertight output web shop.toml --json")]
pub(super) struct Arguments {
    /// `COMPONENT.OUTPUT`, or a component for all of its
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    /// Print JSON: by component and output, or the value of the one that is named
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let (name, spec) = sorted(world, arguments)?;
    let source = connect::source(world, &spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let desired = pipeline::expand(&source, spec.environment(), &library).map_err(Stop::Wrong)?;
    let chosen = Chosen::of(name.as_deref(), &desired)?;
    let memory = remember::recall(world, &spec, arguments.sandbox, &desired, For::Reading).await?;
    let place = memory.store.place();
    let region = &desired.region;
    let aws = memory.aws(world, arguments.sandbox, region).await?;
    let session = pipeline::open(&aws, &desired, memory.document).await?;
    let outputs = pipeline::outputs(&session, &desired, &|component, output| {
        chosen.has(component, output)
    })
    .await?;
    if let Chosen::One(..) = chosen {
        return one(screen, &outputs, &place, arguments.json);
    }
    screen.data(&if arguments.json {
        ui::output::json(&outputs)
    } else {
        ui::output::list(&outputs)
    });
    let waiting: Vec<&Output> = outputs
        .iter()
        .filter(|output| matches!(output.value, Given::NotYet(_)))
        .collect();
    if waiting.is_empty() {
        return Ok(Exit::Done);
    }
    let all = waiting.len() == outputs.len();
    Err(not_yet(&waiting, all, &place))
}

/// Which of two words is the spec, and which a name.
fn sorted(world: &World, arguments: &Arguments) -> Result<(Option<String>, SpecArguments), Failed> {
    let mut spec = arguments.spec.clone();
    let Some(first) = &arguments.name else {
        return Ok((None, spec));
    };
    let is_spec = |word: &Path| {
        let ends = word.extension().is_some_and(|end| end == "toml");
        ends || world.path(word).is_file()
    };
    if !is_spec(Path::new(first)) {
        return Ok((Some(first.clone()), spec));
    }
    // The spec came first: what stands in its place is its default, or a name.
    let second = std::mem::replace(&mut spec.spec, PathBuf::from(first));
    if second.as_os_str() == "watertight.toml" {
        return Ok((None, spec));
    }
    if is_spec(&second) {
        let message = format!("{first} and {} are both specs", second.display());
        let hint = "name one spec, and one output as `COMPONENT.OUTPUT`";
        return Err(Failed::said(message, &[hint]));
    }
    Ok((Some(second.display().to_string()), spec))
}

/// Which outputs are asked for.
enum Chosen {
    All,
    Of(String),
    One(String, String),
}

impl Chosen {
    fn of(name: Option<&str>, desired: &Desired) -> Result<Self, Failed> {
        let Some(name) = name else {
            return Ok(Self::All);
        };
        let (component, output) = match name.split_once('.') {
            Some((component, output)) => (component, Some(output)),
            None => (name, None),
        };
        if !is_component(component) || !output.is_none_or(is_name) {
            return Err(Failed::said(
                format!("`{name}` is neither the name of an output nor a spec that is there"),
                &[
                    "an output is `COMPONENT.OUTPUT`, such as `web.url`; a spec is a file, or ends in `.toml`",
                ],
            ));
        }
        let names: Vec<String> = desired
            .outputs
            .keys()
            .map(|(component, output)| format!("{component}.{output}"))
            .collect();
        let mut of_component = names
            .iter()
            .filter(|known| known.split('.').next() == Some(component))
            .peekable();
        let known = match output {
            None => of_component.peek().is_some(),
            Some(_) => names.iter().any(|known| known == name),
        };
        if !known {
            let of_component: Vec<String> = of_component.cloned().collect();
            let all = if of_component.is_empty() {
                &names
            } else {
                &of_component
            };
            let hint = match did_you_mean(name, names.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there is `{}`", all.join("`, `")),
            };
            let message = format!("there is no output `{name}`");
            return Err(Failed::said(message, &[&hint]));
        }
        Ok(match output {
            None => Self::Of(component.to_owned()),
            Some(output) => Self::One(component.to_owned(), output.to_owned()),
        })
    }

    fn has(&self, component: &str, output: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(wanted) => wanted == component,
            Self::One(wanted, name) => wanted == component && name == output,
        }
    }
}

/// The one that is named, alone.
fn one(screen: Screen, outputs: &[Output], place: &str, json: bool) -> Result<Exit, Failed> {
    let Some(output) = outputs.first() else {
        return Ok(Exit::Done);
    };
    match &output.value {
        Given::Value(value) => {
            screen.data(&if json {
                ui::output::one_json(value)
            } else {
                ui::output::bare(value)
            });
            Ok(Exit::Done)
        }
        Given::NotYet(_) => Err(not_yet(&[output], true, place)),
        Given::Sensitive => Err(Failed::said(
            format!(
                "{}.{} is sensitive, and is never printed",
                output.component, output.name
            ),
            &["take it from AWS where it is needed, by an identity that may read it"],
        )),
    }
}

/// What is not known, and why.
fn not_yet(waiting: &[&Output], all: bool, place: &str) -> Failed {
    let nothing_stands = waiting
        .iter()
        .all(|output| output.value == Given::NotYet(None));
    if all && nothing_stands {
        return Failed::said(
            format!("nothing of it was applied: {place} has no record of it"),
            &["run `watertight apply` first"],
        );
    }
    let names: Vec<String> = waiting
        .iter()
        .map(|output| match &output.value {
            Given::NotYet(Some(address)) => {
                format!("{}.{} (waits for {address})", output.component, output.name)
            }
            _ => format!("{}.{} (not applied)", output.component, output.name),
        })
        .collect();
    Failed::said(
        format!("not known yet: {}", names.join(", ")),
        &["run `watertight apply` first"],
    )
}
