//! `watertight sandbox`: the local AWS that `--sandbox` uses.
//!
//! *Invariant*: no AWS is asked but the one on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use super::connect::sandbox_failed;
use super::{Exit, Failed};
use crate::sandbox::{self, Ready, Settings, Status};
use crate::ui::Screen;
use crate::world::World;

/// Start, stop and look after the local stand-in for AWS
///
/// `--sandbox` on any verb installs and starts it too; it then runs until it is stopped.
/// It answers on this machine only and keeps what it holds in memory.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight sandbox start
  watertight apply --sandbox --yes
  watertight sandbox python fill.py
  watertight sandbox reset
  watertight sandbox stop")]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Install it, if it is not yet, and start it
    Start,
    /// Stop it; what it held is gone
    Stop,
    /// Say whether it runs, and where
    Status,
    /// Make it as empty as it was at the start
    Reset,
    /// Run a Python script against it; the Python is the sandbox's own, with boto3
    Python {
        /// The script
        script: PathBuf,
        /// What it is given
        #[arg(trailing_var_arg = true)]
        arguments: Vec<OsString>,
    },
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let cache = world.cache();
    let failed = |error| sandbox_failed(&error);
    let answer = match &arguments.verb {
        Verb::Python { script, arguments } => return python(world, script, arguments),
        Verb::Start => {
            let ready = sandbox::ensure(&Settings::new(cache)).map_err(failed)?;
            running(&ready)
        }
        Verb::Stop if sandbox::stop(&cache).map_err(failed)? => "stopped\n".to_owned(),
        Verb::Reset if sandbox::reset(&cache).map_err(failed)? => "empty again\n".to_owned(),
        Verb::Status => match sandbox::status(&cache) {
            Status::Running { ready, outdated } => {
                let outdated = if outdated {
                    "an older version of watertight started it: `sandbox stop`, then `start`\n"
                } else {
                    ""
                };
                running(&ready) + outdated
            }
            Status::Stopped => "not running\n".to_owned(),
        },
        Verb::Stop | Verb::Reset => "not running\n".to_owned(),
    };
    screen.data(&answer);
    Ok(Exit::Done)
}

/// Fills the sandbox with what an account has before watertight comes, for instance.
fn python(world: &World, script: &Path, arguments: &[OsString]) -> Result<Exit, Failed> {
    let settings = Settings::new(world.cache());
    let failed = |error| sandbox_failed(&error);
    let ready = sandbox::ensure(&settings).map_err(failed)?;
    let python = sandbox::python(&settings.cache).map_err(failed)?;
    let (key, secret) = sandbox::credentials();
    let status = Command::new(python)
        .arg(script)
        .args(arguments)
        .current_dir(&world.directory)
        .env("AWS_ENDPOINT_URL", ready.endpoint)
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .status();
    let script = script.display();
    match status {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(status) => Err(Failed::said(format!("{script} ended with {status}"), &[])),
        Err(error) => Err(Failed::said(format!("{script} can't be run: {error}"), &[])),
    }
}

fn running(ready: &Ready) -> String {
    let Ready {
        endpoint, pid, dns, ..
    } = ready;
    let (key, secret) = sandbox::credentials();
    let dns = dns.as_ref().map_or_else(String::new, |address| {
        format!(
            "its public DNS: {address}; records that stand elsewhere: curl -X PUT --data 'NAME 60 IN CNAME TARGET.' {endpoint}/sandbox-api/dns\n"
        )
    });
    format!(
        "running at {endpoint} (process {pid})\n\
         for other tools: AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}\n\
         {dns}"
    )
}
