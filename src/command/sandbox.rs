//! `watertight sandbox`: the local AWS that `--sandbox` uses.
//!
//! *Invariant*: no AWS is asked but the one on this machine.

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
  watertight sandbox reset
  watertight sandbox stop")]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Verb {
    /// Install it, if it is not yet, and start it
    Start,
    /// Stop it; what it held is gone
    Stop,
    /// Say whether it runs, and where
    Status,
    /// Make it as empty as it was at the start
    Reset,
}

pub(super) fn run(world: &World, screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let cache = world.cache();
    let failed = |error| sandbox_failed(&error);
    let answer = match arguments.verb {
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
