//! Deleting, call by call, until it is gone.
//!
//! Before each call the thing is read again, so a delete in several calls (disable, wait,
//! delete) always acts on what is there now.
//!
//! *Invariant*: a record goes only when AWS has said that the thing is gone.

use super::commit::Write;
use super::desk::Halt;
use super::event::Outcome;
use super::moved;
use super::step::Worker;
use super::wait::{Pauses, Retry};
use crate::aws::{Blocker, Deleted, Error, ErrorKind};
use crate::blockers::{goes, is_asked};
use crate::plan::Step;
use crate::resource::Id;
use crate::state::Status;
use crate::value::Attributes;

impl Worker<'_> {
    pub(super) async fn delete(&mut self) -> Result<Outcome, Halt> {
        let mut turn = self.desk.turn().await?;
        let id = self.planned_id()?;
        // Its successor turned out to be the very same thing: the record that proves a name
        // is one for all certificates.
        if self.is_anothers || (self.plan.change.replaced && self.others.contains(&id)) {
            return self.deleted().await;
        }
        if self.goes_with_another {
            // Its record goes with that, too.
            return Ok(Outcome::Applied);
        }
        let Some(mut live) = self.read(&id).await? else {
            return self.deleted().await;
        };
        moved::check_unchanged(self.kind, self.plan, &live)?;
        // What was made by hand has no record, but the run has changed something all the same.
        let intent = self.record.clone().map(|mut record| {
            // A deposed record keeps its status, which tells it from its successor.
            if record.status != Status::Deposed {
                record.status = Status::Deleting;
            }
            Write::Put(record)
        });
        self.desk.commit(intent.into_iter().collect()).await?;
        let mut pauses = Pauses::new(self.pace);
        let mut retry = Retry::new(self.pace, false);
        let mut in_use: Option<Pauses> = None;
        loop {
            let observed = with_permissions(live, self.plan);
            let answer = self
                .lifecycle
                .delete(self.aws, &id, &observed, self.going)
                .await;
            drop(turn);
            match answer {
                Ok(Deleted::Gone) => return self.deleted().await,
                Ok(Deleted::Kept { why }) => {
                    if let Some(record) = &self.record {
                        self.desk.commit(vec![Write::Put(record.clone())]).await?;
                    }
                    return Ok(Outcome::Kept { why });
                }
                Ok(Deleted::Waiting { what, detail }) => {
                    retry.got_through();
                    let users = self.foreign_users(&id).await;
                    let mut pause = None;
                    if users.is_empty() {
                        in_use = None;
                    } else {
                        let waiting = in_use.get_or_insert_with(|| Pauses::new(self.pace));
                        if waiting.waited() >= self.pace.foreign_use {
                            return Err(used_by(&format!("{what} is {detail}"), &users));
                        }
                        pause = Some(waiting.next_within(self.pace.foreign_use));
                    }
                    self.wait(&mut pauses, &what, &detail, pause).await?;
                }
                Err(error) if error.kind == ErrorKind::NotFound => return self.deleted().await,
                Err(error) if error.kind == ErrorKind::InUse => {
                    let waiting = in_use.get_or_insert_with(|| Pauses::new(self.pace));
                    self.wait_for_users(&id, error, waiting).await?;
                }
                Err(error) => {
                    let Some(pause) = retry.pause_after(&error) else {
                        return Err(match error.kind {
                            ErrorKind::Uncertain | ErrorKind::Unsent => {
                                Halt::Uncertain(error.to_string())
                            }
                            _ => error.into(),
                        });
                    };
                    self.desk.retrying(&error);
                    let during = format!("repeating: {error}");
                    self.desk.pause(pause, &during).await?;
                }
            }
            turn = self.desk.turn().await?;
            live = match self.read(&id).await? {
                Some(live) => live,
                None => return self.deleted().await,
            };
        }
    }

    /// It is gone, and so are its record and those of its parts. What was made by hand has
    /// none.
    async fn deleted(&mut self) -> Result<Outcome, Halt> {
        let mut removals: Vec<Write> = std::mem::take(&mut self.parts)
            .into_iter()
            .map(|(address, generation)| Write::Remove(address, generation))
            .collect();
        if self.record.is_some() {
            removals.push(self.removal());
        }
        if !removals.is_empty() {
            self.desk.commit(removals).await?;
        }
        Ok(Outcome::Applied)
    }

    /// What uses it and will go on doing so, where it is worth asking: a lifecycle may wait
    /// for users without knowing what the plan does to them.
    async fn foreign_users(&self, id: &Id) -> String {
        if !is_asked(self.plan) {
            return String::new();
        }
        let blockers = self.lifecycle.blockers(self.aws, id).await;
        names(
            blockers
                .unwrap_or_default()
                .iter()
                .filter(|blocker| !goes(blocker, self.touched)),
        )
    }

    /// Something still uses it. What this plan deletes or changes will stop; for anything
    /// else there is no use in waiting.
    async fn wait_for_users(
        &mut self,
        id: &Id,
        error: Error,
        waiting: &mut Pauses,
    ) -> Result<(), Halt> {
        let (blockers, unasked) = match self.lifecycle.blockers(self.aws, id).await {
            Ok(blockers) => (blockers, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let foreign: Vec<&Blocker> = blockers
            .iter()
            .filter(|blocker| !goes(blocker, self.touched))
            .collect();
        let patience = match (foreign.is_empty(), blockers.is_empty()) {
            (false, _) => self.pace.foreign_use,
            (true, true) => self.pace.unknown_use,
            (true, false) => self.pace.own_use,
        };
        if waiting.waited() >= patience {
            let in_the_way = if foreign.is_empty() {
                names(blockers.iter())
            } else {
                names(foreign)
            };
            return Err(match (in_the_way.as_str(), unasked) {
                ("", None) => error.into(),
                ("", Some(unasked)) => Halt::failed(
                    format!("{error}; by what could not be looked up: {unasked}"),
                    "take it out of what uses it, then run again",
                ),
                (names, _) => used_by(&error.to_string(), names),
            });
        }
        let users = names(blockers.iter());
        let detail = match users.as_str() {
            "" if unasked.is_some() => "in use, AWS does not say by what".to_owned(),
            "" => "AWS still counts it as in use".to_owned(),
            users => format!("in use by {users}"),
        };
        let what = format!("{} {id}", self.kind.noun);
        self.desk.waiting(&what, &detail);
        let pause = waiting.next_within(patience);
        let during = format!("waiting for {what} ({detail})");
        self.desk.pause(pause, &during).await
    }
}

fn used_by(what: &str, users: &str) -> Halt {
    Halt::failed(
        format!("{what}; used by {users}"),
        "take it out of what uses it, then run again",
    )
}

fn names<'a>(blockers: impl IntoIterator<Item = &'a Blocker>) -> String {
    let names: Vec<&str> = blockers
        .into_iter()
        .map(|blocker| blocker.what.as_str())
        .collect();
    names.join(", ")
}

/// What is there now, with what the user has allowed.
fn with_permissions(mut live: Attributes, plan: &Step) -> Attributes {
    if let Some(allowed) = plan.observed.get("force_destroy") {
        live.insert("force_destroy".to_owned(), allowed.clone());
    }
    live
}
