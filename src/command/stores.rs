//! The store of a spec: where its `[state]` says, for this app and environment or for another.
//!
//! *Invariant*: there is one way from a spec to its store, and one connection to AWS for the
//! store and everything else, so that a person is asked for a code once.

use std::sync::Arc;

use super::Failed;
use super::connect::{self, SandboxArguments, SpecArguments};
use crate::aws::Aws;
use crate::spec::{Backend, StateBucket};
use crate::state::store::bucket::{self, Judged};
use crate::state::store::{Error, Local, S3, Store, Tell};
use crate::ui::Screen;
use crate::world::World;

/// What opens stores.
#[derive(Debug)]
pub(super) struct Stores<'a> {
    world: &'a World,
    arguments: &'a SpecArguments,
    sandbox: SandboxArguments,
    /// The connection, where state is kept in AWS.
    kept_in_aws: Option<(StateBucket, Arc<Aws>)>,
}

impl<'a> Stores<'a> {
    /// Connects to AWS if the backend is there; `region` is the spec's.
    ///
    /// # Errors
    /// There is no way to AWS.
    pub(super) async fn open(
        world: &'a World,
        arguments: &'a SpecArguments,
        sandbox: SandboxArguments,
        (backend, region): (&Backend, &str),
    ) -> Result<Self, Failed> {
        let kept_in_aws = match backend {
            Backend::Local => None,
            Backend::S3(bucket) => {
                let aws = connect::aws(world, sandbox, region).await?;
                Some((bucket.clone(), Arc::new(aws)))
            }
        };
        Ok(Self {
            world,
            arguments,
            sandbox,
            kept_in_aws,
        })
    }

    /// The store of an app and environment, where the spec says.
    pub(super) fn at(&self, app: &str, environment: &str) -> Box<dyn Store> {
        match &self.kept_in_aws {
            None => Box::new(self.beside(app, environment)),
            Some((bucket, aws)) => Box::new(S3::new(
                Arc::clone(aws),
                bucket,
                (app, environment),
                &self.world.lineage(),
                tell(self.world),
            )),
        }
    }

    /// The one in the folder beside the spec, wherever the spec says.
    pub(super) fn beside(&self, app: &str, environment: &str) -> Local {
        let folder = connect::root(self.world, self.arguments, self.sandbox);
        Local::new(folder.join(app).join(environment))
    }

    /// The bucket and the connection, where state is kept in AWS.
    pub(super) fn in_aws(&self) -> Option<(&StateBucket, &Arc<Aws>)> {
        self.kept_in_aws.as_ref().map(|(bucket, aws)| (bucket, aws))
    }

    /// Looks whether the bucket, if state is in one, is fit to keep it; five calls at once. What
    /// may not be read is told. That there is no such bucket says whoever reads or locks it.
    ///
    /// # Errors
    /// It is not fit, or a call failed.
    pub(super) async fn judge(&self) -> Result<(), Failed> {
        let Some((bucket, aws)) = &self.kept_in_aws else {
            return Ok(());
        };
        let Some(Judged { wrong, unread }) = bucket::judge(aws, bucket).await? else {
            return Ok(());
        };
        if !unread.is_empty() {
            screen(self.world).talk(&format!(
                "whether bucket {} is fit to keep state is not known: {} may not be called\n",
                bucket.bucket,
                unread.join(", ")
            ));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let bucket = bucket.bucket.clone();
        Err(Error::Unfit { bucket, wrong }.into())
    }
}

fn screen(world: &World) -> Screen {
    Screen {
        terminal: world.terminal,
    }
}

/// Tells a person why there is a wait.
pub(super) fn tell(world: &World) -> Tell {
    let screen = screen(world);
    Tell(Arc::new(move |why| screen.talk(&format!("{why}\n"))))
}
