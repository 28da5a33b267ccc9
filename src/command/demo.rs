//! `watertight demo`: the tour, on the sandbox.
//!
//! *Invariant*: the tour asks the sandbox alone, one of its own, whatever credentials there
//! are.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::change::{self, ChangeArguments};
use super::{Exit, Failed, ask, connect};
use crate::address::Address;
use crate::aws::{Aws, Settings, survey};
use crate::blueprint::Library;
use crate::diagnostic::Source;
use crate::pipeline::{self, Stop};
use crate::plan::Plan;
use crate::sandbox;
use crate::state::Document;
use crate::state::store::{Local, Store};
use crate::ui::{self, Screen, tour};
use crate::world::World;

/// Take the tour, on a local stand-in for AWS
///
/// A spec becomes running infrastructure, is changed, mended, and goes away again. Nothing
/// is asked of AWS. It takes a minute or two; the first time the stand-in is
/// installed, for which Python 3 must be there.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Don't pause between the stops
    #[arg(long, short)]
    yes: bool,
}

/// The app of the tour: three components and their addresses in `example.com`.
const SPEC: &str = include_str!("demo.toml");
const REGION: &str = "eu-west-1";

pub(super) async fn run(
    world: &World,
    screen: Screen,
    arguments: &Arguments,
) -> Result<Exit, Failed> {
    screen.data(&tour::stop(
        "A local AWS",
        "watertight installs a stand-in for AWS into its own folder and starts it on this machine: no account, no costs. It speaks AWS's protocol; watertight knows nothing of it but its address.",
    ));
    let settings = sandbox::Settings::new(world.cache());
    let running = connect::blocking(move || sandbox::start(&settings)).await?;
    let folder = Folder(world.cache().join(format!("demo-{}", world.process)));
    let tour = Tour {
        world,
        screen,
        pauses: !arguments.yes && world.terminal.input,
        today: world.today(),
        lineage: world.lineage(),
        store: Local::new(folder.0.clone()),
        aws: Aws::new(&Settings {
            region: REGION.to_owned(),
            endpoint: Some(running.endpoint().to_owned()),
            credentials: Some(sandbox::credentials()),
            dns: connect::dns(running.ready().dns.as_deref())?,
            ..Settings::default()
        })
        .await,
    };
    let ended = tour.walk().await;
    running.stop();
    ended
}

/// The tour's state, which is of no use after it, however it ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed lies in the cache, where it harms nobody.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

struct Tour<'a> {
    world: &'a World,
    screen: Screen,
    pauses: bool,
    today: jiff::civil::Date,
    lineage: String,
    store: Local,
    aws: Aws,
}

impl Tour<'_> {
    async fn walk(&self) -> Result<Exit, Failed> {
        self.stop("The spec", "This is all that a developer writes. The defaults are those that a careful engineer would choose.").await?;
        self.screen.data(&tour::quote(SPEC));

        self.stop("plan, apply", "The spec is expanded by blueprints, judged by the guardrails, held against what AWS has, and carried out in parallel. Every field says where it comes from.").await?;
        let plan = self.plan(SPEC).await?;
        self.apply(plan).await?;

        self.stop(
            "plan again",
            "What was applied is what stands: there is nothing to do.",
        )
        .await?;
        let plan = self.plan(SPEC).await?;
        self.screen.data(&ui::plan::render(&plan));

        self.stop(
            "Change one line",
            "The health check moves to another path. The plan names the line that did it.",
        )
        .await?;
        let changed = SPEC.replace("\"/healthz\"", "\"/ready\"");
        let plan = self.plan(&changed).await?;
        self.apply(plan).await?;

        self.stop("Somebody opens port 80", "In a hurry, by hand, through the AWS API: the load balancer's security group now admits plain HTTP from everywhere.").await?;
        self.open_port().await?;
        let plan = self.plan(&changed).await?;
        self.screen.data(&ui::plan::render(&plan));

        self.stop(
            "apply closes it",
            "The rules of our security groups are exclusive: what nobody wrote in the spec goes.",
        )
        .await?;
        let plan = self.plan(&changed).await?;
        self.apply(plan).await?;

        self.stop("destroy", "Everything goes, in the reverse order: the distribution is disabled, waited for and deleted; the log bucket too, as the tour asks for it.").await?;
        let plan = self.plan_destroy(&changed).await?;
        self.apply(plan).await?;

        let left = survey::survey(&self.aws, REGION).await.map_err(Stop::Aws)?;
        let n: usize = left.values().sum();
        self.screen.data(&tour::left(n, &left));
        Ok(if n == 0 { Exit::Done } else { Exit::Partly })
    }

    async fn stop(&self, title: &str, text: &str) -> Result<(), Failed> {
        if self.pauses {
            ask(tour::pause).await?;
        }
        self.screen.data(&tour::stop(title, text));
        Ok(())
    }

    async fn plan(&self, text: &str) -> Result<Plan, Failed> {
        let source = source(text);
        let approved = pipeline::approve(&source, None, &Library::embedded(), self.today)?;
        let document = self.document(approved.desired()).await?;
        let session = pipeline::open(&self.aws, approved.desired(), document).await?;
        let options = arguments().options();
        Ok(pipeline::plan(&session, approved, self.today, options).await?)
    }

    async fn plan_destroy(&self, text: &str) -> Result<Plan, Failed> {
        let desired =
            pipeline::expand(&source(text), None, &Library::embedded()).map_err(Stop::Wrong)?;
        let document = self.document(&desired).await?;
        let session = pipeline::open(&self.aws, &desired, document).await?;
        let options = arguments().options();
        Ok(pipeline::plan_destroy(&session, &desired, options).await?)
    }

    async fn apply(&self, plan: Plan) -> Result<(), Failed> {
        let desired =
            pipeline::expand(&source(SPEC), None, &Library::embedded()).map_err(Stop::Wrong)?;
        let document = self.document(&desired).await?;
        let session = pipeline::open(&self.aws, &desired, document).await?;
        let finished = change::carry_out(
            self.world,
            session,
            &self.store,
            plan,
            &arguments(),
            change::Wait::Config,
        )
        .await?;
        match finished.exit {
            Exit::Partly => Err(Failed::said(
                "the tour's apply did not go through",
                &["this is a bug; the lines above say what happened"],
            )),
            _ => Ok(()),
        }
    }

    async fn document(&self, desired: &crate::resource::Desired) -> Result<Document, Failed> {
        let document = self.store.load().await?;
        Ok(document
            .unwrap_or_else(|| Document::new(&desired.app, &desired.environment, &self.lineage)))
    }

    async fn open_port(&self) -> Result<(), Failed> {
        let address = Address::managed("web", "aws_security_group", "lb");
        let document = self.store.load().await?;
        let group = document
            .as_ref()
            .and_then(|document| document.current(&address))
            .and_then(|record| record.id.as_ref());
        match group {
            Some(id) => Ok(survey::open_by_hand(&self.aws, REGION, &id.text, 80)
                .await
                .map_err(Stop::Aws)?),
            None => Err(Failed::said(
                format!("the state has no {address}"),
                &["this is a bug"],
            )),
        }
    }
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: "shop.toml".to_owned(),
        text: text.to_owned(),
    })
}

fn arguments() -> ChangeArguments {
    ChangeArguments::unattended()
}
