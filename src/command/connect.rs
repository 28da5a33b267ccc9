//! What every verb needs first: the spec's text, the blueprints, AWS and the state.
//!
//! *Invariant*: the sandbox differs from AWS by its endpoint and credentials alone, and its
//! state is never that of AWS.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgAction, Args, value_parser};

use super::{Failed, ask};
use crate::aws::{Aws, Origin, Profile, Settings};
use crate::blueprint::Library;
use crate::diagnostic::Source;
use crate::dns::Servers;
use crate::pipeline::{self, Session, Stop};
use crate::refresh::Trust;
use crate::resource::Desired;
use crate::sandbox;
use crate::state::Document;
use crate::ui;
use crate::world::World;

/// The spec and what its blueprints are taken from.
#[derive(Args, Clone, Debug)]
pub(super) struct SpecArguments {
    /// The spec
    #[arg(value_name = "SPEC", default_value = "watertight.toml")]
    pub(super) spec: PathBuf,
    /// The environment: its table `[environments.NAME]` is laid over the rest of the spec
    #[arg(long = "env", value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    pub(super) blueprints: BlueprintArguments,
}

impl SpecArguments {
    /// What a saved plan says of its spec.
    pub(super) fn of(spec: &str, environment: Option<&str>, blueprints: Option<&str>) -> Self {
        Self {
            spec: PathBuf::from(spec),
            environment: environment.map(str::to_owned),
            blueprints: BlueprintArguments {
                folder: blueprints.map(PathBuf::from),
            },
        }
    }

    /// The environment that is asked for.
    pub(super) fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }
}

/// The user's own blueprints.
#[derive(Args, Clone, Debug)]
pub(super) struct BlueprintArguments {
    /// A folder of blueprints of your own, `DIR/NAME/blueprint.toml`; one of the same name
    /// as a built-in one takes its place
    #[arg(long = "blueprints", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl BlueprintArguments {
    /// The folder that was named.
    pub(super) fn folder(&self) -> Option<String> {
        let folder = self.folder.as_ref()?;
        Some(folder.display().to_string())
    }
}

/// Which AWS.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct SandboxArguments {
    /// Use a local stand-in for AWS, which watertight installs and starts; no account needed
    #[arg(long)]
    pub(super) sandbox: bool,
}

/// How AWS is asked.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct AskingArguments {
    /// `--refresh=false`: believe the records of the state, and ask AWS only about what has
    /// none
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    refresh: bool,
    /// How many calls to AWS may run at once, reads too; without it, 10 that change something
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=100))]
    parallelism: Option<u16>,
}

impl AskingArguments {
    /// As where no flag says otherwise.
    pub(super) fn usual() -> Self {
        Self {
            refresh: true,
            parallelism: None,
        }
    }

    /// What is believed without asking.
    fn trust(self) -> Trust {
        if self.refresh {
            Trust::Nothing
        } else {
            Trust::Records
        }
    }

    /// Takes up a session that asks as the flags say.
    ///
    /// # Errors
    /// As [`pipeline::open`].
    pub(super) async fn open<'a>(
        self,
        aws: &'a Aws,
        desired: &Desired,
        document: Document,
    ) -> Result<Session<'a>, Stop> {
        if let Some(n) = self.parallelism() {
            aws.limit(n);
        }
        let session = pipeline::open(aws, desired, document).await?;
        Ok(Session {
            trust: self.trust(),
            ..session
        })
    }

    /// How many calls may run at once, if that is limited.
    pub(super) fn parallelism(self) -> Option<usize> {
        self.parallelism.map(usize::from)
    }
}

/// Reads the spec's text.
pub(super) fn source(world: &World, arguments: &SpecArguments) -> Result<Arc<Source>, Failed> {
    let name = arguments.spec.display().to_string();
    let bytes = fs::read(world.path(&arguments.spec)).map_err(|error| {
        Failed::said(
            format!("the spec {name} can't be read: {error}"),
            &["`watertight new` writes one; or name it: watertight check path/to/spec.toml"],
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = String::from_utf8_lossy(before).matches('\n').count();
        Failed::said(
            format!("{name}:{}: the spec is not UTF-8 text", line + 1),
            &["save it as UTF-8"],
        )
    })?;
    Ok(Arc::new(Source { name, text }))
}

/// The built-in blueprints, and the user's over them.
pub(super) fn library(world: &World, arguments: &BlueprintArguments) -> Result<Library, Failed> {
    let Some(folder) = &arguments.folder else {
        return Ok(Library::embedded());
    };
    let mut sources = Vec::new();
    collect(&world.path(folder), "", &mut sources).map_err(|error| {
        Failed::said(
            format!(
                "the blueprints in {} can't be read: {error}",
                folder.display()
            ),
            &["name a folder that holds a folder for each blueprint"],
        )
    })?;
    Library::with(sources).map_err(|problems| Failed::from(Stop::Wrong(problems)))
}

fn collect(folder: &Path, below: &str, sources: &mut Vec<Source>) -> std::io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{name}/"), sources)?;
        } else if path
            .extension()
            .is_some_and(|end| end == "toml" || end == "tera")
        {
            let text = fs::read_to_string(&path)?;
            sources.push(Source { name, text });
        }
    }
    Ok(())
}

/// AWS as the environment and the flags say. Where a profile's role wants the code of a
/// device, it is asked for now.
pub(super) async fn aws(
    world: &World,
    sandbox: SandboxArguments,
    region: &str,
) -> Result<Aws, Failed> {
    let mut settings = Settings {
        region: region.to_owned(),
        dns: dns(world.variable(DNS))?,
        ..Settings::default()
    };
    if sandbox.sandbox {
        let sandbox = sandbox::Settings::new(world.cache());
        let ready = blocking(move || sandbox::ensure(&sandbox)).await?;
        settings.endpoint = Some(ready.endpoint);
        settings.credentials = Some(sandbox::credentials());
        settings.dns = dns(ready.dns.as_deref())?;
        return Ok(Aws::new(&settings).await);
    }
    let origin = Origin::find(&world.environment).await.map_err(Stop::Aws)?;
    settings.origin = Some(origin.clone());
    let aws = Aws::new(&settings).await;
    let Some(profile) = origin.wants_codes() else {
        return Ok(aws);
    };
    let codes = codes(world, profile).await?;
    Ok(aws.with_codes(profile, &codes).await.map_err(Stop::Aws)?)
}

/// The codes that a profile's devices show now.
async fn codes(world: &World, profile: &Profile) -> Result<Vec<String>, Failed> {
    let can_ask = world.terminal.input && world.terminal.error;
    let mut codes = Vec::new();
    for device in profile.devices() {
        if !can_ask {
            return Err(no_terminal(profile, device));
        }
        let of = device.to_owned();
        let code = ask(move || ui::code::ask(&of)).await?;
        codes.push(code.map_err(|error| {
            Failed::said(
                format!("no code was given: {error}"),
                &["run again with the device at hand"],
            )
        })?);
    }
    Ok(codes)
}

fn no_terminal(profile: &Profile, device: &str) -> Failed {
    let name = &profile.name;
    let export = format!(
        "sign in where there is a terminal, and hand the session on: `eval \"$(aws configure export-credentials --profile {name} --format env)\"`"
    );
    Failed::said(
        format!("profile {name} wants the code of {device}, and there is no terminal to ask at"),
        &[
            &export,
            "in a job, take a role that trusts the job's own token instead (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN)",
            "or choose a profile of IAM Identity Center, which asks in the browser: `aws sso login`",
        ],
    )
}

/// The variable that names the resolver to ask what public DNS shows.
const DNS: &str = "WATERTIGHT_DNS";

/// The resolvers to ask: the public ones, or the one named.
pub(super) fn dns(named: Option<&str>) -> Result<Servers, Failed> {
    named
        .map_or_else(|| Ok(Servers::default()), Servers::parse)
        .map_err(|problem| {
            Failed::said(
                format!("{DNS}: {problem}"),
                &["leave it unset to ask public resolvers over HTTPS"],
            )
        })
}

/// Runs what waits for the sandbox on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, sandbox::Error> + Send + 'static,
) -> Result<T, Failed> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| sandbox_failed(&error)),
        Err(error) => Err(Failed::said(error.to_string(), &["this is a bug"])),
    }
}

/// The sandbox's error in words.
pub(super) fn sandbox_failed(error: &sandbox::Error) -> Failed {
    let source = std::error::Error::source(error);
    let cause = source.map(|cause| format!(": {cause}")).unwrap_or_default();
    Failed::said(format!("{error}{cause}"), error.hint().as_slice())
}

/// The folder of all state: beside the spec, the sandbox's apart.
pub(super) fn root(world: &World, arguments: &SpecArguments, sandbox: SandboxArguments) -> PathBuf {
    let beside = world.path(&arguments.spec);
    let mut folder = beside
        .parent()
        .unwrap_or(&world.directory)
        .join(".watertight");
    if sandbox.sandbox {
        folder.push("sandbox");
    }
    folder
}
