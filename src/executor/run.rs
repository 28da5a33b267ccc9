//! What the owner of a run has, and what it does with a message.
//!
//! *Invariant*: nothing here waits but for the last save.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::oneshot;

use super::commit::Commits;
use super::desk::{Halt, Message};
use super::event::{Event, Outcome, Summary};
use super::inverse::Inverse;
use super::queue::{Queue, Turns};
use super::{Finished, Options, Stop};
use crate::plan::by_hand::Record;
use crate::plan::{Action, Plan};
use crate::refresh::Known;
use crate::state::Document;
use crate::state::store::Store;

/// How long a run that is told to leave still waits for the state's last save.
const LAST_SAVE: Duration = Duration::from_secs(3);

/// What the owner owns.
pub(super) struct Run<'a> {
    plan: &'a Plan,
    /// Records to be made by hand that were told.
    told: BTreeSet<Record>,
    pub(super) queue: Queue,
    turns: Turns,
    asking: BTreeMap<usize, (bool, oneshot::Sender<Result<(), Halt>>)>,
    pub(super) commits: Commits<'a>,
    pub(super) known: Known,
    outcomes: Vec<Option<Outcome>>,
    pub(super) running: usize,
    pub(super) stop: Stop,
    listen: &'a mut (dyn FnMut(Event) + Send),
}

impl<'a> Run<'a> {
    /// Nothing has begun.
    pub(super) fn new(
        store: &'a dyn Store,
        document: Document,
        plan: &'a Plan,
        options: &Options,
        listen: &'a mut (dyn FnMut(Event) + Send),
    ) -> Self {
        listen(Event::Begun {
            steps: plan.steps.len(),
        });
        let inverse = Inverse::of(plan, &document);
        let mut run = Self {
            told: BTreeSet::new(),
            plan,
            queue: Queue::new(&plan.steps),
            turns: Turns::new(options.parallelism),
            asking: BTreeMap::new(),
            commits: Commits::new(store, document),
            known: plan.known.clone(),
            outcomes: vec![None; plan.steps.len()],
            running: 0,
            stop: Stop::Run,
            listen,
        };
        run.commits.remember(inverse);
        // What stands from an earlier run is of interest where this one waits for it.
        let waiting: BTreeSet<&str> = plan
            .steps
            .iter()
            .filter(|step| step.change.kind == "aws_acm_certificate_validation")
            .map(|step| step.change.address.component.as_str())
            .collect();
        run.tell_by_hand(&|component| waiting.contains(component));
        run
    }

    /// Tells the records to be made by hand that have become known, once.
    fn tell_by_hand(&mut self, is_of_interest: &dyn Fn(&str) -> bool) {
        let mut fresh: BTreeMap<&str, Vec<Record>> = BTreeMap::new();
        for one in &self.plan.by_hand {
            if let Some(record) = one.record(&self.known)
                && self.told.insert(record.clone())
            {
                let component = one.address.component.as_str();
                fresh.entry(component).or_default().push(record);
            }
        }
        for (component, records) in fresh {
            if is_of_interest(component) {
                (self.listen)(Event::ByHand {
                    component: component.to_owned(),
                    records,
                });
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.running == 0 && !self.commits.is_saving() && self.outcomes.iter().all(Option::is_some)
    }

    pub(super) fn read(&mut self, message: Message) {
        match message {
            Message::Ask {
                step,
                key,
                begun,
                granted,
            } => {
                self.turns.ask(step, self.queue.path(step), key);
                self.asking.insert(step, (begun, granted));
            }
            Message::Release(step) => self.turns.release(step),
            Message::Commit(writes, receipt) => self.commits.write(writes, receipt),
            Message::Usable(step, attributes) => {
                let change = &self.plan.steps[step].change;
                (self.listen)(Event::Usable {
                    step,
                    address: change.label(),
                });
                self.known.learn(change.address.clone(), attributes);
                self.tell_by_hand(&|_| true);
                self.queue.usable(step);
            }
            Message::Found(lookup, attributes) => self.known.learn(lookup, attributes),
            Message::Tell(event) => (self.listen)(event),
        }
    }

    /// Lets those call whose turn it is. Once the run is to stop, no step has its first
    /// turn any more; once the state can't be written, none has any.
    pub(super) fn grant(&mut self) {
        let unsaved = self.commits.trouble().map(ToString::to_string);
        let refused: Vec<usize> = self
            .asking
            .iter()
            .filter(|(_, (begun, _))| unsaved.is_some() || (self.stop != Stop::Run && !begun))
            .map(|(step, _)| *step)
            .collect();
        for step in refused {
            self.turns.release(step);
            let why = match &unsaved {
                Some(trouble) => Halt::Unsaved(trouble.clone()),
                None => Halt::Stopped("waiting for its turn".to_owned()),
            };
            self.answer(step, Err(why));
        }
        for step in self.turns.grant() {
            self.answer(step, Ok(()));
        }
    }

    fn answer(&mut self, step: usize, answer: Result<(), Halt>) {
        if let Some((_, granted)) = self.asking.remove(&step) {
            granted.send(answer).ok();
        }
    }

    pub(super) fn see_stop(&mut self, stop: Stop) {
        if stop > self.stop {
            self.stop = stop;
            (self.listen)(Event::Stopping {
                running: self.running,
            });
            self.skip_pending("the run was stopped");
        }
    }

    pub(super) fn skip_pending(&mut self, because: &str) {
        for step in self.queue.take_pending() {
            self.note(step, skipped(because));
        }
    }

    /// A step has ended: what needed it may begin, or never will.
    pub(super) fn end(&mut self, step: usize, outcome: Outcome) {
        match &outcome {
            Outcome::Applied | Outcome::Kept { .. } => self.queue.over(step),
            _ => {
                let label = self.plan.steps[step].change.label();
                let because = match &outcome {
                    Outcome::Skipped { because } => because.clone(),
                    Outcome::Uncertain { .. } => format!("{label} is uncertain"),
                    _ => format!("{label} failed"),
                };
                for dependent in self.queue.failed(step) {
                    self.note(dependent, skipped(&because));
                }
            }
        }
        self.note(step, outcome);
    }

    fn note(&mut self, step: usize, outcome: Outcome) {
        let change = &self.plan.steps[step].change;
        (self.listen)(Event::Ended {
            step,
            address: change.label(),
            action: change.action,
            outcome: outcome.clone(),
        });
        self.outcomes[step] = Some(outcome);
    }

    pub(super) async fn close(mut self) -> Finished {
        for step in 0..self.outcomes.len() {
            if self.outcomes[step].is_none() {
                let why = "left before AWS had answered; the next run finds out".to_owned();
                self.note(step, Outcome::Uncertain { why });
            }
        }
        let outcomes: Vec<Outcome> = self.outcomes.into_iter().flatten().collect();
        let summary = summary(self.plan, &outcomes);
        if self.plan.undoes && summary.is_complete() {
            self.commits.undone();
        }
        let unsaved = self.commits.document.clone();
        let slow = self.commits.too_slow();
        let last = tokio::time::timeout(LAST_SAVE, self.commits.close()).await;
        let (document, trouble) = last.unwrap_or((unsaved, Some(slow)));
        (self.listen)(Event::Finished(summary.clone()));
        Finished {
            document,
            summary,
            outcomes,
            known: self.known,
            trouble,
        }
    }
}

fn skipped(because: &str) -> Outcome {
    Outcome::Skipped {
        because: because.to_owned(),
    }
}

/// Counts; what a replacement leaves behind counts with the replacement.
fn summary(plan: &Plan, outcomes: &[Outcome]) -> Summary {
    let mut summary = Summary::default();
    for (step, outcome) in plan.steps.iter().zip(outcomes) {
        let count = match outcome {
            Outcome::Applied if step.change.replaced => continue,
            Outcome::Applied => match step.change.action {
                Action::Create => &mut summary.created,
                Action::Update => &mut summary.updated,
                Action::Replace => &mut summary.replaced,
                Action::Delete => &mut summary.deleted,
                Action::Adopt => &mut summary.adopted,
                Action::Forget => &mut summary.forgotten,
            },
            Outcome::Kept { .. } => &mut summary.kept,
            Outcome::Failed { .. } => &mut summary.failed,
            Outcome::Skipped { .. } => &mut summary.skipped,
            Outcome::Uncertain { .. } => &mut summary.uncertain,
        };
        *count += 1;
    }
    summary
}
