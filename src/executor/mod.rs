//! Carries out a plan, in parallel, without ever losing a resource.
//!
//! In: a plan and the document that it was made from. Out: [`Finished`]: the document as it
//! is on the disk, and how each step ended. On the way, [`Event`]s for whoever listens.
//!
//! **Who does what.** One owner, the loop in [`run()`], has the ready queue, the document, the
//! known values, the outcomes and the listener; there is no mutex. Each step that is ready
//! becomes a `Worker` (`step`), a future that reads from top to bottom like the step itself.
//! It asks the owner for what it needs by messages over its `Desk` (`desk`), and its value
//! is the step's outcome.
//!
//! **Scheduling.** A step begins when all that it comes after is usable (a delete, or
//! one whose kind says so: over).
//! To change something in AWS a worker needs a turn. There are as many turns as
//! `parallelism`; of those who ask, the one with the longest chain of steps behind it comes
//! first; two steps that change the same bucket or zone never have one at once. A step that
//! acts on what stands reads it in the same turn. Whoever looks at what it has made, waits
//! for AWS to finish, or pauses before it repeats a mutating call, has no turn.
//!
//! **Deferred lookups.** A step that hangs on a lookup which waits for resources asks it when
//! they stand, before its first turn, and tells the owner the answer.
//!
//! **Commits.** A mutating call goes out only when the document on the disk says that it
//! may: `creating` with the token, `updating`, `deleting`. The id goes into a commit as soon
//! as AWS has named the thing, before any wait. One save is in flight at a time, and the
//! next carries everything that has queued up meanwhile. So a process that is killed at any
//! instant leaves an intent for whatever it may have done, and the next refresh looks there
//! first.
//!
//! **Whose turn it is to change anything.** Where the store's lock can be lost (the lease of
//! the one in S3), its guard is asked before every attempt of every call that changes
//! something, the SDK's own repeats included.
//!
//! **Failure.** A step that fails takes with it the steps that needed it, and nothing else.
//! A create that AWS has certainly refused, at every attempt, takes its intent back. If the state can't be
//! written, nothing new is sent to AWS.
//!
//! **Stopping.** [`Stop::Drain`]: nothing begins; calls under way are finished and recorded,
//! waits end early. [`Stop::Leave`]: the run ends now; what was at work is uncertain, and
//! its intent is on the disk. Only then is a future with a call under way ever dropped.
//!
//! *Invariant*: the executor decides nothing. What the plan does not say, it does not do;
//! where the world is not as the plan saw it, the step stops and says so.

pub mod event;
mod run;

mod queue;

mod commit;

mod desk;

mod context;
mod step;
mod unknowns;

mod deferred;

mod inverse;
mod unsaid;

mod create;
mod delete;
mod find;
mod forget;
mod moved;

mod wait;

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};

pub use event::{Event, Outcome, Summary};
pub use wait::Pace;

use crate::aws::{Aws, Owner};
use crate::blockers::hangs_on;
use crate::kind::Kind;
use crate::plan::{Action, Plan};
use crate::refresh::Known;
use crate::resource::Id;
use crate::state::Document;
use crate::state::store::{self, Store};
use context::Context;
use run::Run;

/// Whether the run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// It does.
    #[default]
    Run,
    /// Nothing new begins; calls under way are finished.
    Drain,
    /// It ends now.
    Leave,
}

/// How a plan is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many steps may call AWS at once.
    pub parallelism: usize,
    /// How long pauses are.
    pub pace: Pace,
    /// Whether a step ends when what it made is as it will be (a distribution is deployed),
    /// not already when it can be used.
    pub to_the_end: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parallelism: 10,
            pace: Pace::default(),
            to_the_end: true,
        }
    }
}

/// A plan that was carried out as far as it went.
#[derive(Debug)]
pub struct Finished {
    /// The state's document, saved unless `trouble` says otherwise.
    pub document: Document,
    /// The end in numbers.
    pub summary: Summary,
    /// How each step of the plan ended, in its order.
    pub outcomes: Vec<Outcome>,
    /// What references resolve to now.
    pub known: Known,
    /// Why the state could not be written, if it could not.
    pub trouble: Option<store::Error>,
}

/// Carries out the plan. `document` is the one that the plan was made from, under the
/// store's lock. Ends when every step has, or when told to.
pub async fn run(
    aws: &Aws,
    store: &dyn Store,
    document: Document,
    plan: &Plan,
    options: &Options,
    mut orders: watch::Receiver<Stop>,
    listen: &mut (dyn FnMut(Event) + Send),
) -> Finished {
    if let Some(guard) = store.guard() {
        aws.guard(guard);
    }
    let document = begun(document, plan);
    let (mail, mut inbox) = mpsc::unbounded_channel();
    let context = Context {
        aws,
        plan,
        owner: Owner {
            app: document.app.clone(),
            environment: document.environment.clone(),
            lineage: document.lineage.clone(),
        },
        forebears: document.forebears.clone(),
        pace: &options.pace,
        to_the_end: options.to_the_end,
        going: going(plan),
        touched: touched(plan),
        mail,
        stop: orders.clone(),
    };
    let mut run = Run::new(store, document, plan, options, listen);
    let mut workers: FuturesUnordered<BoxFuture<'_, (usize, Outcome)>> = FuturesUnordered::new();
    let mut can_stop = true;
    run.see_stop(*orders.borrow_and_update());
    while run.stop != Stop::Leave {
        while let Ok(message) = inbox.try_recv() {
            run.read(message);
        }
        let mut will_ask = false;
        for step in run.queue.take_ready() {
            match context.worker(step, &run.known, &run.commits.document) {
                Ok(worker) => {
                    will_ask = true;
                    run.running += 1;
                    workers.push(Box::pin(worker.carry_out()));
                }
                Err(halt) => run.end(step, halt.outcome(false)),
            }
        }
        // Who has just begun asks as soon as it is looked at, below, and may have the
        // longest way: until then, nobody gets the turn that its forerunner gave back.
        if !will_ask {
            run.grant();
        }
        run.commits.send();
        if run.is_over() {
            break;
        }
        tokio::select! {
            biased;
            changed = orders.changed(), if can_stop => match changed {
                Ok(()) => run.see_stop(*orders.borrow_and_update()),
                Err(_) => can_stop = false,
            },
            Some(message) = inbox.recv() => run.read(message),
            Some((step, outcome)) = workers.next() => {
                // What it said before it ended counts before its end.
                while let Ok(message) = inbox.try_recv() {
                    run.read(message);
                }
                run.running -= 1;
                run.end(step, outcome);
            }
            () = run.commits.saved(), if run.commits.is_saving() => {
                if let Some(trouble) = run.commits.trouble() {
                    let because = format!("the state can't be written: {trouble}");
                    run.skip_pending(&because);
                }
            }
        }
    }
    // Whatever they still had to say (an id that AWS has named) goes into the last save.
    drop(workers);
    while let Ok(message) = inbox.try_recv() {
        run.read(message);
    }
    run.close().await
}

/// The document of a run that begins.
fn begun(mut document: Document, plan: &Plan) -> Document {
    let used = plan.steps.iter().map(|step| step.generation).max();
    document.generation = document.generation.max(used.unwrap_or(0));
    if document.account.is_none() {
        document.account.clone_from(&plan.account);
    }
    // It goes out with the first save, so that a run that goes on knows what is left to it.
    let forebears = plan.forebears().map(str::to_owned);
    document.forebears.extend(forebears);
    document
}

/// Ids of everything that the plan deletes. What is part of another thing has that one's
/// id, and says nothing about it.
fn going(plan: &Plan) -> BTreeSet<Id> {
    let is_whole = |kind: &str| Kind::of(kind).is_some_and(|kind| kind.part_of.is_none());
    plan.steps
        .iter()
        .filter(|step| step.change.action == Action::Delete && is_whole(&step.change.kind))
        .filter_map(|step| step.change.id.clone())
        .collect()
}

/// Everything whose use of another thing the plan may end: what it deletes or changes, and
/// what those hang on.
fn touched(plan: &Plan) -> BTreeSet<String> {
    plan.steps.iter().flat_map(hangs_on).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokio::sync::watch;

    use super::{Event, Finished, Options, Outcome, Stop, run};
    use crate::address::Address;
    use crate::aws::{Aws, Settings};
    use crate::graph;
    use crate::plan::{Action, Change, Changes, Header, Mode, Step, order};
    use crate::resource::Desired;
    use crate::state::store::{Local, Store};
    use crate::state::{Document, Record, Status};
    use crate::value::Attributes;

    /// Forgets three records, which needs no AWS.
    async fn forget(store: &Local, stop: Stop) -> (Finished, Vec<Event>) {
        let mut document = Document::new("shop", "prod", "0123");
        let mut changes = Changes::default();
        for name in ["a", "b", "c"] {
            let address = Address::managed("web", "aws_lb", name);
            document.put(Record {
                address: address.clone(),
                generation: 1,
                status: Status::Applied,
                region: "eu-west-1".to_owned(),
                id: None,
                token: None,
                attributes: Attributes::new(),
                dependencies: BTreeSet::new(),
                protect: false,
                maker: None,
                asked: None,
                told: None,
            });
            changes.steps.push(Step {
                change: Change {
                    address,
                    kind: "aws_lb".to_owned(),
                    child: None,
                    replaced: false,
                    action: Action::Forget,
                    id: None,
                    region: "eu-west-1".to_owned(),
                    fields: Vec::new(),
                    why: Vec::new(),
                    protected: false,
                },
                after: Vec::new(),
                wanted: None,
                observed: Attributes::new(),
                dependencies: Vec::new(),
                generation: 1,
                protect: false,
            });
        }
        let graph = graph::build(&Desired::default(), &document).unwrap();
        let header = Header {
            mode: Mode::Destroy,
            believed: 0,
            region: "eu-west-1".to_owned(),
            account: Some("123456789012".to_owned()),
            deferred: Vec::new(),
            outputs: std::collections::BTreeMap::new(),
            blueprints: std::collections::BTreeMap::new(),
            by_hand: Vec::new(),
            next: Vec::new(),
        };
        let plan = order(changes, &graph, &document, header);
        let aws = Aws::new(&Settings {
            region: "eu-west-1".to_owned(),
            endpoint: Some("http://127.0.0.1:1".to_owned()),
            credentials: Some(("key".to_owned(), "secret".to_owned())),
            ..Settings::default()
        })
        .await;
        let (_stop, orders) = watch::channel(stop);
        let mut events = Vec::new();
        let mut listen = |event| events.push(event);
        let options = Options::default();
        let finished = run(&aws, store, document, &plan, &options, orders, &mut listen).await;
        (finished, events)
    }

    #[tokio::test]
    async fn what_was_done_is_on_the_disk_and_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Local::new(folder.path().to_owned());
        let (finished, events) = forget(&store, Stop::Run).await;
        assert_eq!(finished.summary.forgotten, 3);
        assert!(finished.summary.is_complete() && finished.trouble.is_none());
        let on_disk = store.load().await.unwrap().unwrap();
        assert_eq!(on_disk, finished.document);
        assert!(on_disk.records.is_empty());
        // Three steps, one save: they queued up together.
        assert_eq!(on_disk.serial, 1);
        assert_eq!(on_disk.account.as_deref(), Some("123456789012"));
        assert_eq!(events.first(), Some(&Event::Begun { steps: 3 }));
        assert_eq!(events.last(), Some(&Event::Finished(finished.summary)));
        assert_eq!(events.len(), 1 + 3 + 3 + 1);
    }

    #[tokio::test]
    async fn a_run_that_is_told_to_stop_begins_nothing() {
        for stop in [Stop::Drain, Stop::Leave] {
            let folder = tempfile::tempdir().unwrap();
            let store = Local::new(folder.path().to_owned());
            let (finished, _) = forget(&store, stop).await;
            assert_eq!(finished.summary.skipped, 3);
            assert_eq!(finished.document.records.len(), 3);
            assert_eq!(store.load().await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_written_stops_everything() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        std::fs::write(&place, "a file where the folder should be").unwrap();
        let (finished, _) = forget(&Local::new(place), Stop::Run).await;
        assert!(finished.trouble.is_some());
        assert_eq!(finished.summary.skipped, 3);
        let Outcome::Skipped { because } = &finished.outcomes[0] else {
            panic!("{:?}", finished.outcomes);
        };
        assert!(because.starts_with("the state can't be written: state file"));
    }
}
