//! `watertight state migrate`: what is remembered moves to where the spec says.
//!
//! *Invariant*: both places are held while it moves.

use clap::Args;

use super::Whose;
use crate::command::stores::Stores;
use crate::command::{Exit, Failed, connect};
use crate::pipeline;
use crate::spec::{Backend, StateBucket, form};
use crate::state::store::{Migrated, migrate};
use crate::ui::Screen;
use crate::world::World;

/// Move what is remembered to where the spec's `[state]` says
///
/// Earlier documents stay where they are. It can be interrupted and run again at any time.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight state migrate                       # from the folder beside the spec to its bucket
  watertight state migrate --from s3://old/team  # from another bucket, below a prefix")]
pub(super) struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Where it is now: `local`, or `s3://BUCKET/PREFIX`; the folder beside the spec, where
    /// the spec says that it should be in S3
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
    /// The region of the bucket that it is in now; the spec's, if not given
    #[arg(long, value_name = "REGION")]
    from_region: Option<String>,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let Arguments {
        whose,
        from,
        from_region,
    } = arguments;
    let source = connect::source(world, &whose.spec)?;
    let library = connect::library(world, &whose.spec.blueprints)?;
    let desired = pipeline::expand_or_name(&source, whose.spec.environment(), &library)?;
    let region = desired.region.as_str();
    let from_region = from_region.as_deref().unwrap_or(region);
    let left = match (from.as_deref(), &desired.state) {
        (None | Some("local"), _) => Backend::Local,
        (Some(place), _) => Backend::S3(bucket_of(place, from_region)?),
    };
    let open = async |backend: &Backend| {
        Stores::open(world, &whose.spec, whose.sandbox, (backend, region)).await
    };
    let (there, here) = (open(&desired.state).await?, open(&left).await?);
    let (app, environment) = (&desired.app, &desired.environment);
    let (to, from) = (there.at(app, environment), here.at(app, environment));
    if to.place() == from.place() {
        return Err(Failed::said(
            format!("{} is where the spec keeps it", to.place()),
            &[
                "write into `[state]` where it is to be, then run this again; from a bucket: `--from s3://BUCKET/PREFIX`",
            ],
        ));
    }
    there.judge().await?;
    let holder = world.holder();
    let _held = (from.lock(&holder).await?, to.lock(&holder).await?);
    match migrate(from.as_ref(), to.as_ref()).await? {
        Migrated::Nothing => {
            screen.talk(&format!(
                "{} has no state of {app}/{environment}, nor has {}\n",
                from.place(),
                to.place()
            ));
            Ok(Exit::Done)
        }
        Migrated::AlreadyThere => {
            screen.talk(&format!("{} has it already\n", to.place()));
            Ok(Exit::Done)
        }
        Migrated::Moved { serial, records } => {
            screen.talk(&format!(
                "{records} records are in {} now, as serial {serial}; what was kept of earlier ones is still in {}\n",
                to.place(),
                from.place()
            ));
            Ok(Exit::Done)
        }
        Migrated::Occupied => Err(Failed::said(
            format!(
                "{} has another state of {app}/{environment}, with records of its own; nothing was moved",
                to.place()
            ),
            &[
                "look at both with `watertight state list`; the one that is of no use has to go before the other can take its place",
            ],
        )),
    }
}

/// The bucket and prefix of `s3://BUCKET/PREFIX`.
fn bucket_of(place: &str, region: &str) -> Result<StateBucket, Failed> {
    let wrong = |hint: String| {
        Failed::said(
            format!("`{place}` is no place that keeps state"),
            &[
                &hint,
                "write `local`, or `s3://BUCKET/PREFIX` as in the old `[state]`",
            ],
        )
    };
    let path = place
        .strip_prefix("s3://")
        .ok_or_else(|| wrong("a place in S3 begins with s3://".to_owned()))?;
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let prefix = prefix.trim_end_matches('/');
    form::bucket(bucket).map_err(|misfit| wrong(misfit.to_string()))?;
    if !prefix.is_empty() {
        form::key_prefix(prefix).map_err(|misfit| wrong(misfit.to_string()))?;
    }
    form::region(region).map_err(|misfit| wrong(misfit.to_string()))?;
    Ok(StateBucket {
        bucket: bucket.to_owned(),
        region: region.to_owned(),
        prefix: prefix.to_owned(),
        lease_seconds: StateBucket::LEASE_SECONDS,
    })
}
