//! `watertight apply`: AWS becomes what the spec says.
//!
//! *Invariant*: the lock is held from before the state is read until the last step ends.

use std::time::Duration;

use super::change::{self, Carried, ChangeArguments, PartArguments, Wait};
use super::connect::{self, SpecArguments};
use super::remember::{self, For};
use super::{Exit, Failed, saved};
use crate::aws::Aws;
use crate::health::{self, Health, Service};
use crate::pipeline;
use crate::refresh::Known;
use crate::ui::{self, Screen};
use crate::world::World;

/// Make AWS what the spec says
///
/// Shows the plan, the account, the identity and the region, and asks for the app's name.
/// It can be interrupted and run again at any time: what was made is recorded before
/// anything waits for it. In the place of a spec it takes a plan that was saved, which has
/// been looked at: it asks nothing, and does no more than that plan shows.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  watertight apply --sandbox           # without an account
  watertight apply shop.toml           # with your AWS credentials
  watertight apply shop.toml --yes     # without a question, for CI
  watertight apply shop.plan           # what `watertight plan --out shop.plan` showed

Exit codes: 0 done, 1 an error, 2 changes with --detailed-exitcode, 3 refused by
the guardrails, 4 applied in part: what failed is told, run it again.")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    part: PartArguments,
    #[command(flatten)]
    change: ChangeArguments,
    /// How long to wait: until what is made can be used (`none`), until AWS says that it is
    /// as it should be (`config`), or until a target of each service is healthy too (`full`)
    #[arg(long, value_enum, default_value_t = Wait::Full)]
    wait: Wait,
    /// For how long to look whether a target is healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait_seconds: u64,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let Arguments {
        spec,
        change,
        wait,
        wait_seconds,
        part,
    } = arguments;
    let carried = match saved::find(world, spec)? {
        Some(saved) => saved::apply(world, screen, &saved, spec, part, change, *wait).await?,
        None => fresh(world, screen, arguments).await?,
    };
    let Carried {
        finished,
        services,
        aws,
    } = carried;
    if !change.json {
        screen.data(&finished.outputs);
        screen.talk(&ui::next::render(&finished.next, &finished.known));
    }
    // Of a part, the targets may be what was left out.
    if *wait == Wait::Full && finished.exit != Exit::Partly && !finished.in_part {
        let limit = Duration::from_secs(*wait_seconds);
        healthy(world, &aws, &services, &finished.known, limit, change.json).await?;
    }
    Ok(finished.exit)
}

/// Plans and carries out what the spec says now.
async fn fresh(world: &World, screen: Screen, arguments: &Arguments) -> Result<Carried, Failed> {
    let Arguments {
        spec,
        part,
        change,
        wait,
        ..
    } = arguments;
    let source = connect::source(world, spec)?;
    let library = connect::library(world, &spec.blueprints)?;
    let approved = pipeline::approve(&source, spec.environment(), &library, world.today())?;
    let findings = approved.findings().to_vec();
    let services = health::services(approved.desired());
    let desired = approved.desired();
    let memory = remember::recall(world, spec, change.sandbox, desired, For::Applying).await?;
    let aws = memory.aws(world, change.sandbox, &desired.region).await?;
    let document = memory.document.clone();
    let mut session = change.asking.open(&aws, desired, document).await?;
    session.choice = part.choice();
    let plan = pipeline::plan(&session, approved, world.today(), change.options()).await?;
    if !change.json {
        screen.data(&ui::check::waived(&findings));
    }
    let finished =
        change::carry_out(world, session, memory.store.as_ref(), plan, change, *wait).await;
    memory.settle().await?;
    Ok(Carried {
        finished: finished?,
        services,
        aws,
    })
}

/// Looks whether the services answer, until somebody has had enough of it.
async fn healthy(
    world: &World,
    aws: &Aws,
    services: &[Service],
    known: &Known,
    limit: Duration,
    json: bool,
) -> Result<(), Failed> {
    let screen = Screen {
        terminal: world.terminal,
    };
    let mut handling = world.interrupts.handle();
    let mut tell = |health: &Health| {
        if !json {
            screen.talk(&ui::health::waiting(health));
        }
    };
    let looked = tokio::select! {
        looked = health::wait(aws, services, known, limit, &mut tell) => looked,
        () = handling.any() => {
            screen.talk("stopped looking whether the services answer; everything is applied\n");
            return Ok(());
        }
    };
    let all = looked.map_err(pipeline::Stop::Aws)?;
    if all.is_empty() {
        return Ok(());
    }
    if json {
        screen.data(&ui::health::json(&all));
    } else {
        screen.talk("\n");
        screen.talk(&ui::health::report(&all, known));
    }
    let failed: Vec<String> = all
        .iter()
        .filter(|health| health.has_failed())
        .map(|health| health.service.address.to_string())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failed::said(
        format!(
            "everything is applied, but no target is healthy after {}s: {}",
            limit.as_secs(),
            failed.join(", ")
        ),
        &["mend the service, then run again: it looks anew; `--wait config` does not look"],
    ))
}
