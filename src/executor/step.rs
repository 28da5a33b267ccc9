//! What one step does, from its first turn to its outcome.
//!
//! Here: the worker, the steps on what stands (update, adopt), and what every step
//! that builds ends with. Creating is in [`create`](super::create), deleting in
//! [`delete`](super::delete), forgetting in [`forget`](super::forget).
//!
//! *Invariant*: between two commits a step makes the mutating calls that the first one
//! announced, and none else.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::commit::Write;
use super::desk::{Desk, Halt, Turn};
use super::event::Outcome;
use super::moved;
use super::wait::{Pace, Pauses, Retry};
use crate::address::Address;
use crate::aws::{ADDRESS_TAG, Aws, ErrorKind, Lifecycle, Owner, Settled, Wanted};
use crate::diff::{differences, leave};
use crate::kind::Kind;
use crate::plan::{Action, Step};
use crate::refresh::Known;
use crate::resource::{Id, Lookup, Resource};
use crate::state::{Asked, Record, Status, recordable};
use crate::value::{Attributes, Value};

/// What a step has to ask, and what is known beside that.
pub(super) struct Deferred {
    pub(super) lookups: Vec<Lookup>,
    pub(super) known: Known,
}

/// One step at work.
pub(super) struct Worker<'a> {
    pub(super) aws: &'a Aws,
    pub(super) owner: &'a Owner,
    /// Lineages whose things are the owner's too.
    pub(super) forebears: &'a BTreeSet<String>,
    pub(super) pace: &'a Pace,
    /// Whether to wait until what is made is as it will be.
    pub(super) to_the_end: bool,
    /// Ids of everything that the plan deletes.
    pub(super) going: &'a BTreeSet<Id>,
    /// What may stop using other things in the course of the plan.
    pub(super) touched: &'a BTreeSet<String>,
    pub(super) plan: &'a Step,
    pub(super) kind: &'static Kind,
    pub(super) lifecycle: &'static dyn Lifecycle,
    /// What it should be, nothing unknown but what lookups will tell; none for a delete.
    pub(super) wanted: Option<Wanted>,
    /// What is to be asked first.
    pub(super) deferred: Option<Deferred>,
    /// The record as it stood when the step became ready.
    pub(super) record: Option<Record>,
    /// Ids that belong to other records: whatever `find` says, it is none of these.
    pub(super) others: BTreeSet<Id>,
    /// Whether another resource is the thing now that this one was.
    pub(super) is_anothers: bool,
    /// Records of its parts, which go with it.
    pub(super) parts: Vec<(Address, u64)>,
    /// Whether it goes with the thing that it is a part of.
    pub(super) goes_with_another: bool,
    pub(super) desk: Desk,
}

/// How far a resource has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Usable,
    Done,
}

impl Worker<'_> {
    /// Does it. Out: the step's index and how it ended.
    pub(super) async fn carry_out(mut self) -> (usize, Outcome) {
        let result = match (self.ask_deferred().await, self.plan.change.action) {
            (Err(halt), _) => Err(halt),
            (Ok(()), Action::Create | Action::Replace) => self.create().await,
            (Ok(()), Action::Update | Action::Adopt) => self.update().await,
            (Ok(()), Action::Delete) => self.delete().await,
            (Ok(()), Action::Forget) => self.forget().await,
        };
        let acted = self.desk.acted;
        let outcome = result.unwrap_or_else(|halt| halt.outcome(acted));
        (self.desk.step, outcome)
    }

    async fn update(&mut self) -> Result<Outcome, Halt> {
        let turn = self.desk.turn().await?;
        let (wanted, id) = (self.wanted()?, self.planned_id()?);
        let Some(live) = self.read(&id).await? else {
            return Err(gone());
        };
        let differs = moved::check(self.kind, self.plan, &wanted.attributes, &live)?;
        let complete = self
            .record
            .as_ref()
            .is_some_and(|record| record.status == Status::Applied);
        if complete && !differs {
            // Somebody has made it so already.
            let record = self.applied(&wanted, &id, &live);
            self.desk.usable(live);
            self.desk.commit(vec![Write::Put(record)]).await?;
            return Ok(Outcome::Applied);
        }
        let mut record = self.new_record(&wanted, Status::Updating, Some(&id));
        if let Some(before) = &self.record {
            record.attributes.clone_from(&before.attributes);
            record.token.clone_from(&before.token);
            record.asked.clone_from(&before.asked);
        }
        self.desk.commit(vec![Write::Put(record)]).await?;
        // What is not known to be complete may not even be usable.
        let observed = complete.then_some((live, turn));
        self.complete(&id, &wanted, observed).await
    }

    /// From the moment AWS has named it: waits until it can be used, makes it what is
    /// wanted, lets dependents begin, waits until it is as it will be, records that.
    ///
    /// `observed` is what it is like, and a turn, where it is known to be usable.
    pub(super) async fn complete(
        &mut self,
        id: &Id,
        wanted: &Wanted,
        observed: Option<(Attributes, Turn)>,
    ) -> Result<Outcome, Halt> {
        let mut done = false;
        let (observed, turn) = if let Some((observed, turn)) = observed {
            (observed, Some(turn))
        } else {
            done = self.settle(id, wanted, Until::Usable).await? == Until::Done;
            (self.read_made(id).await?, None)
        };
        let observed = self.unclaimed(observed);
        let changes = self.differs(wanted, &observed);
        let turn = match turn {
            Some(turn) => turn,
            None if changes => self.desk.turn().await?,
            None => self.desk.turn_beside_others().await?,
        };
        self.make_so(id, observed.clone(), wanted, turn).await?;
        let id = &self.lifecycle.id_after_update(id, wanted);
        let attributes = if changes {
            done = self.settle(id, wanted, Until::Usable).await? == Until::Done;
            self.read_made(id).await?
        } else {
            observed
        };
        let record = self.applied(wanted, id, &attributes);
        self.desk.usable(attributes);
        if !done && self.to_the_end {
            self.settle(id, wanted, Until::Done).await?;
        }
        self.desk.commit(vec![Write::Put(record)]).await?;
        Ok(Outcome::Applied)
    }

    /// Calls `update` until AWS accepts it. What is left to others is sent as it is.
    async fn make_so(
        &mut self,
        id: &Id,
        mut observed: Attributes,
        wanted: &Wanted,
        mut turn: Turn,
    ) -> Result<(), Halt> {
        let mut retry = Retry::new(self.pace, self.needs_others());
        loop {
            let mut wanted = self.with_tags_of_others(wanted, &observed);
            if let Some(planned) = &self.plan.wanted {
                leave(&planned.ignored, &mut wanted.attributes, &observed);
            }
            let answer = self
                .lifecycle
                .update(self.aws, id, &observed, &wanted)
                .await;
            let Err(error) = answer else { return Ok(()) };
            let Some(pause) = retry.pause_after(&error) else {
                return Err(match error.kind {
                    ErrorKind::Uncertain | ErrorKind::Unsent => Halt::Uncertain(error.to_string()),
                    _ => error.into(),
                });
            };
            drop(turn);
            self.desk.retrying(&error);
            self.desk
                .pause(pause, &format!("repeating: {error}"))
                .await?;
            turn = self.desk.turn().await?;
            let live = self.read_made(id).await?;
            observed = self.unclaimed(live);
        }
    }

    /// Looks until it is usable, or done.
    async fn settle(&mut self, id: &Id, wanted: &Wanted, until: Until) -> Result<Until, Halt> {
        let began = Instant::now();
        let mut pauses = Pauses::new(self.pace);
        let mut retry = Retry::new(self.pace, true);
        loop {
            let answer = self
                .lifecycle
                .settle_wanted(self.aws, id, wanted, began.elapsed())
                .await;
            if answer.is_ok() {
                retry.got_through();
            }
            let (what, detail, pause) = match answer {
                Ok(Settled::Done) => return Ok(Until::Done),
                Ok(Settled::Usable { .. }) if until == Until::Usable => {
                    return Ok(Until::Usable);
                }
                Ok(Settled::Usable { what, detail } | Settled::Waiting { what, detail }) => {
                    (what, detail, None)
                }
                Ok(Settled::Failed { why }) => {
                    return Err(Halt::failed(
                        why,
                        "it keeps its record; mend the cause, then run again",
                    ));
                }
                Err(error) => match retry.pause_after(&error) {
                    Some(pause) => (error.operation.clone(), error.to_string(), Some(pause)),
                    None => return Err(error.into()),
                },
            };
            self.wait(&mut pauses, &what, &detail, pause).await?;
        }
    }

    /// Says what is waited for and pauses, unless patience is at its end.
    pub(super) async fn wait(
        &mut self,
        pauses: &mut Pauses,
        what: &str,
        detail: &str,
        pause: Option<std::time::Duration>,
    ) -> Result<(), Halt> {
        if pauses.heard(what, detail) {
            self.desk.waiting(what, detail);
        }
        if pauses.waited().as_secs() >= u64::from(self.kind.patience) * 60 {
            return Err(Halt::failed(
                format!(
                    "{what} is still {detail} after {} minutes",
                    self.kind.patience
                ),
                "it keeps its record; run again to go on waiting",
            ));
        }
        let pause = pause.unwrap_or_else(|| pauses.next());
        let during = format!("waiting for {what} ({detail})");
        self.desk.pause(pause, &during).await
    }

    /// Reads it, more than once where an answer does not come through.
    pub(super) async fn read(&mut self, id: &Id) -> Result<Option<Attributes>, Halt> {
        let mut retry = Retry::new(self.pace, false);
        loop {
            let answer = self
                .lifecycle
                .read(self.aws, std::slice::from_ref(id))
                .await;
            let error = match answer.into_iter().next() {
                Some(Ok(attributes)) => return Ok(attributes),
                Some(Err(error)) => error,
                None => return Ok(None),
            };
            let Some(pause) = retry.pause_after(&error) else {
                return Err(error.into());
            };
            self.desk.retrying(&error);
            self.desk.pause(pause, "reading it").await?;
        }
    }

    /// Reads what was made or seen just now, which AWS may not show yet.
    async fn read_made(&mut self, id: &Id) -> Result<Attributes, Halt> {
        self.see(id).await?.ok_or_else(gone)
    }

    /// The same; none if it does not show in all that time.
    pub(super) async fn see(&mut self, id: &Id) -> Result<Option<Attributes>, Halt> {
        let mut pauses = Pauses::new(self.pace);
        loop {
            let seen = self.read(id).await?;
            if seen.is_some() || pauses.waited() >= self.pace.passing {
                return Ok(seen);
            }
            if pauses.heard(self.kind.noun, "not visible yet") {
                self.desk.waiting(self.kind.noun, "not visible yet");
            }
            let pause = pauses.next();
            self.desk.pause(pause, "waiting for AWS to show it").await?;
        }
    }

    /// For an adoption: what was observed less the tag with the address, so that the tags,
    /// and the lineage with them, are written.
    fn unclaimed(&self, mut observed: Attributes) -> Attributes {
        if self.plan.change.action == Action::Adopt
            && let Some(Value::Map(tags)) = observed.get_mut("tags")
        {
            tags.remove(ADDRESS_TAG);
        }
        observed
    }

    fn differs(&self, wanted: &Wanted, observed: &Attributes) -> bool {
        let Some(resource) = &self.plan.wanted else {
            return false;
        };
        let resource = Resource {
            attributes: wanted.attributes.clone(),
            ..resource.clone()
        };
        let drops_a_tag = self.plan.change.fields.iter().any(moved::drops_a_tag);
        drops_a_tag || !differences(self.kind, &resource, &Known::default(), observed).is_empty()
    }

    /// What is wanted, with all tags that should be there in the end: those of others stay,
    /// and of ours only those go that the plan says.
    fn with_tags_of_others(&self, wanted: &Wanted, observed: &Attributes) -> Wanted {
        let mut wanted = wanted.clone();
        let Some(Value::Map(ours)) = wanted.attributes.get("tags") else {
            return wanted;
        };
        let mut tags: BTreeMap<String, Value> = observed
            .get("tags")
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default();
        for field in &self.plan.change.fields {
            if let (true, Some(key)) = (moved::drops_a_tag(field), field.path.strip_prefix("tags."))
            {
                tags.remove(key);
            }
        }
        tags.extend(ours.clone());
        wanted
            .attributes
            .insert("tags".to_owned(), Value::Map(tags));
        wanted
    }

    /// Whether the step came after others, whose work AWS may not see everywhere yet.
    pub(super) fn needs_others(&self) -> bool {
        !self.plan.after.is_empty()
    }

    pub(super) fn wanted(&self) -> Result<Wanted, Halt> {
        self.wanted
            .clone()
            .ok_or_else(|| bug("a step that builds has nothing to build"))
    }

    pub(super) fn planned_id(&self) -> Result<Id, Halt> {
        self.plan
            .change
            .id
            .clone()
            .ok_or_else(|| bug("a step on what stands has no id"))
    }

    pub(super) fn new_record(&self, wanted: &Wanted, status: Status, id: Option<&Id>) -> Record {
        Record {
            address: self.plan.change.address.clone(),
            generation: self.plan.generation,
            status,
            region: self.plan.change.region.clone(),
            id: id.cloned(),
            token: None,
            attributes: recordable(self.kind, &wanted.attributes),
            dependencies: self.plan.dependencies.iter().cloned().collect(),
            protect: self.plan.protect,
            maker: self
                .plan
                .wanted
                .as_ref()
                .and_then(|wanted| wanted.maker.clone()),
            asked: self
                .plan
                .wanted
                .as_ref()
                .map(|wanted| Box::new(Asked::of(self.kind, wanted))),
            told: None,
        }
    }

    /// The record of what is as it was wanted, with what AWS tells of it beside that.
    fn applied(&self, wanted: &Wanted, id: &Id, live: &Attributes) -> Record {
        let is_new = |name: &str| {
            !wanted.attributes.contains_key(name) && !self.kind.volatile.contains(&name)
        };
        let mut told = recordable(self.kind, live);
        told.retain(|name, _| is_new(name));
        Record {
            told: Some(told),
            ..self.new_record(wanted, Status::Applied, Some(id))
        }
    }

    /// The write that forgets the step's record.
    pub(super) fn removal(&self) -> Write {
        Write::Remove(self.plan.change.address.clone(), self.plan.generation)
    }
}

/// It was there when the plan was made.
pub(super) fn gone() -> Halt {
    Halt::failed("deleted meanwhile", "run again; the new plan makes it anew")
}

fn bug(what: &str) -> Halt {
    Halt::failed(
        format!("{what}; this is a bug of watertight"),
        "report it with the plan",
    )
}
