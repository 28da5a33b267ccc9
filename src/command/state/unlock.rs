//! `watertight state unlock`: a run that is gone for good holds the state no more.
//!
//! *Invariant*: nobody's hold ends without a yes.

use clap::Args;

use super::Whose;
use crate::command::stores::Stores;
use crate::command::{Exit, Failed, ask, connect};
use crate::pipeline;
use crate::state::store::Held;
use crate::ui::{Screen, confirm};
use crate::world::World;

/// Show who holds the state, and end that hold
///
/// For a run whose machine is gone: the next run would wait until the lease has run out.
/// What such a run still means to write is refused. The lock of a local file goes with its
/// process and can't be ended otherwise.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    let Arguments { whose, yes } = arguments;
    let source = connect::source(world, &whose.spec)?;
    let library = connect::library(world, &whose.spec.blueprints)?;
    let desired = pipeline::expand_or_name(&source, whose.spec.environment(), &library)?;
    let kept = (&desired.state, desired.region.as_str());
    let stores = Stores::open(world, &whose.spec, whose.sandbox, kept).await?;
    let store = stores.at(&desired.app, &desired.environment);
    let holder = world.holder();
    let Some(Held { who, at }) = store.held_by(&holder).await? else {
        screen.talk(&format!("nobody holds {}\n", store.place()));
        return Ok(Exit::Done);
    };
    let seen = at.map_or_else(String::new, |at| format!(", last seen alive at {at:.0}"));
    screen.talk(&format!("{} is held by {who}{seen}\n", store.place()));
    if stores.in_aws().is_some() && !yes {
        if !world.terminal.input {
            return Err(Failed::said(
                "standard input is no terminal",
                &["run again with --yes"],
            ));
        }
        let app = desired.app.clone();
        if !ask(move || confirm::name("unlock", &app)).await? {
            return Err(Failed::said("not confirmed; it is still held", &[]));
        }
    }
    store.unlock(&holder).await?;
    screen.talk("it is free now; what that run still means to write is refused\n");
    Ok(Exit::Done)
}
