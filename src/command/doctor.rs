//! `watertight doctor`: what stands in the way of a spec, before anything is changed.
//!
//! *Invariant*: every check that can run does, whatever became of the others.

use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::connect::{self, SandboxArguments, SpecArguments};
use super::stores::Stores;
use super::{Exit, Failed};
use crate::doctor::{self, Began, Level, Line};
use crate::resource::Desired;
use crate::spec::Backend;
use crate::ui::{self, Screen};
use crate::world::World;

/// Find out what stands in the way, before anything is changed
///
/// Checks the spec, the state, the credentials, the clock, the region, what the spec looks
/// up, the permissions that it needs and the quotas that it would break. Each line is ok, a
/// warning or a failure, with what to do. Nothing is changed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight doctor                        # with your AWS credentials
  watertight doctor shop.toml --sandbox    # on the local stand-in
  watertight doctor --json                 # for programs
  watertight doctor --policy > role.json   # the IAM policy that the spec needs

Exit codes: 0 no failure, 1 a failure.")]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    sandbox: SandboxArguments,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
    /// Print the IAM policy that allows what the spec needs, and nothing else; asks no AWS
    #[arg(long, conflicts_with_all = ["json", "sandbox"])]
    policy: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let began = Began {
        clock: world.now,
        instant: Instant::now(),
    };
    let source = connect::source(world, &arguments.spec)?;
    let library = connect::library(world, &arguments.spec.blueprints)?;
    let environment = arguments.spec.environment();
    if arguments.policy {
        let approved = crate::pipeline::approve(&source, environment, &library, world.today())?;
        let desired = approved.desired();
        let document = match desired.state {
            Backend::Local => {
                let kept = (&desired.state, desired.region.as_str());
                let stores = Stores::open(world, &arguments.spec, arguments.sandbox, kept).await?;
                stores.at(&desired.app, &desired.environment).load().await?
            }
            // No AWS is asked, and that is where it is.
            Backend::S3(_) => None,
        };
        screen.data(&doctor::policy(desired, document.as_ref()));
        return Ok(Exit::Done);
    }
    let (line, desired) = doctor::spec(&source, environment, &library, world.today());
    let mut lines = vec![line];
    if let Some(desired) = desired {
        lines.extend(Box::pin(surroundings(world, arguments, &desired, began)).await);
    }
    screen.data(&if arguments.json {
        ui::doctor::json(&lines)
    } else {
        ui::doctor::render(&lines)
    });
    if lines.iter().any(|line| line.level == Level::Failure) {
        return Ok(Exit::Ill);
    }
    Ok(Exit::Done)
}

/// The state, and AWS. Without a way there, state that is kept there can't be looked at either.
async fn surroundings(
    world: &World,
    arguments: &Arguments,
    desired: &Desired,
    began: Began,
) -> Vec<Line> {
    let kept = (&desired.state, desired.region.as_str());
    let stores = match Stores::open(world, &arguments.spec, arguments.sandbox, kept).await {
        Ok(stores) => stores,
        Err(failed) => return vec![no_way(failed)],
    };
    let store = stores.at(&desired.app, &desired.environment);
    let (mut lines, document) = doctor::state(store.as_ref(), &world.holder()).await;
    if let Some((bucket, aws)) = stores.in_aws() {
        lines.extend(doctor::state_bucket(aws, bucket).await);
    }
    let aws = match stores.in_aws() {
        Some((_, aws)) => Arc::clone(aws),
        None => match connect::aws(world, arguments.sandbox, &desired.region).await {
            Ok(aws) => Arc::new(aws),
            Err(failed) => {
                lines.push(no_way(failed));
                return lines;
            }
        },
    };
    let found = doctor::aws(&aws, desired, document.as_ref(), began);
    lines.extend(Box::pin(found).await);
    lines
}

fn no_way(failed: Failed) -> Line {
    use crate::pipeline::Stop;
    match failed {
        Failed::Said { message, hints } => Line::no_way(message, hints),
        Failed::Stop(Stop::Aws(error)) => Line::no_way(
            error.to_string(),
            error.next_step().map(str::to_owned).into_iter().collect(),
        ),
        _ => Line::no_way("there is no way to AWS", Vec::new()),
    }
}
