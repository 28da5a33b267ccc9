//! Making what does not stand yet, and never twice.
//!
//! What an earlier run has begun is waited for first, where a second call could make a second
//! one. The intent, with its token, is on the disk before the call. An answer that leaves open
//! whether the call was carried out is followed by a look; only where nothing is found is
//! the call sent again, with the same token.
//!
//! *Invariant*: an intent is taken back only where it is certain that nothing came of it.

use super::commit::Write;
use super::desk::{Halt, Turn};
use super::event::Outcome;
use super::find::Sight;
use super::moved;
use super::step::{Worker, gone};
use super::wait::Retry;
use crate::aws::{Error, ErrorKind, Wanted, may_have_acted};
use crate::kind::Guard;
use crate::plan::Action;
use crate::resource::Id;
use crate::state::{Record, Status, token};

impl Worker<'_> {
    pub(super) async fn create(&mut self) -> Result<Outcome, Halt> {
        let mut turn = self.desk.turn().await?;
        let wanted = self.wanted()?;
        if self.plan.change.action == Action::Replace {
            let old = self.planned_id()?;
            let live = self.read(&old).await?.ok_or_else(gone)?;
            moved::check(self.kind, self.plan, &wanted.attributes, &live)?;
        }
        let attempt = token(
            &self.owner.lineage,
            &wanted.address,
            self.plan.generation,
            &wanted.attributes,
        );
        let mut record = self.new_record(&wanted, Status::Creating, None);
        record.token = Some(attempt.clone());
        if self.may_come_twice(&attempt) {
            drop(turn);
            // The earlier run's record stays on the disk until it is known what came of it.
            self.desk.acted = true;
            let sight = self.made_before(&wanted).await?;
            if let Some(id) = self.ours(sight)? {
                return self.named(id, record, &wanted).await;
            }
            turn = self.desk.turn().await?;
        }
        // What an earlier run has sent may still come to be.
        let mut maybe_made = self
            .record
            .as_ref()
            .is_some_and(|record| record.status == Status::Creating && record.id.is_none());
        let intent = self.writes(record.clone());
        self.desk.commit(intent).await?;
        match self.make(&wanted, &attempt, turn, &mut maybe_made).await {
            Ok(id) => self.named(id, record, &wanted).await,
            Err(halt) => {
                if !maybe_made {
                    let undo = self.undo();
                    self.desk.commit(undo).await?;
                    self.desk.acted = false;
                }
                Err(halt)
            }
        }
    }

    /// AWS has named it: that goes to the disk before anything else is done. Whatever is left
    /// to change is seen only when it has been looked at.
    async fn named(
        &mut self,
        id: Id,
        mut record: Record,
        wanted: &Wanted,
    ) -> Result<Outcome, Halt> {
        record.status = Status::Created;
        record.id = Some(id.clone());
        let writes = self.writes(record);
        if let Err(halt) = self.desk.commit(writes).await {
            return Err(match halt {
                Halt::Unsaved(why) => Halt::Uncertain(format!(
                    "made as {id}, but the state can't be written: {why}; the next run finds it"
                )),
                other => other,
            });
        }
        self.complete(&id, wanted, None).await
    }

    /// What the document says from now on: the new record; the old one deposed, or gone with
    /// what it stood for.
    fn writes(&self, record: Record) -> Vec<Write> {
        let mut writes = Vec::new();
        if let Some(old) = &self.record
            && old.generation != record.generation
        {
            writes.push(if self.plan.change.action == Action::Replace {
                let mut old = old.clone();
                old.status = Status::Deposed;
                old.id = old.id.or_else(|| self.plan.change.id.clone());
                Write::Put(old)
            } else {
                Write::Remove(old.address.clone(), old.generation)
            });
        }
        writes.push(Write::Put(record));
        writes
    }

    /// Takes the intent back.
    fn undo(&self) -> Vec<Write> {
        let mut writes = vec![self.removal()];
        if let Some(old) = &self.record
            && self.plan.change.action == Action::Replace
        {
            writes.push(Write::Put(old.clone()));
        }
        writes
    }

    /// Calls `create` until it is known what came of it. `maybe_made`: whether something may
    /// have, though it ends without an id.
    async fn make(
        &mut self,
        wanted: &Wanted,
        token: &str,
        mut turn: Turn,
        maybe_made: &mut bool,
    ) -> Result<Id, Halt> {
        let mut retry = Retry::new(self.pace, self.needs_others());
        loop {
            let create = self.lifecycle.create(self.aws, wanted, token);
            let (answer, is_open) = may_have_acted(create).await;
            let error = match answer {
                Ok(id) => return Ok(id),
                Err(error) => error,
            };
            *maybe_made |=
                is_open || matches!(error.kind, ErrorKind::Uncertain | ErrorKind::Unsent);
            let unclear = matches!(
                error.kind,
                ErrorKind::Uncertain | ErrorKind::Throttled | ErrorKind::AlreadyExists
            );
            if unclear {
                let sight = self.find(wanted).await;
                let sight = sight.inspect_err(|_| *maybe_made = true)?;
                let made = self.made(sight, maybe_made);
                if let Some(id) = made.map_err(|halt| after(&error, halt))? {
                    return Ok(id);
                }
            }
            let pause = if error.kind == ErrorKind::AlreadyExists {
                // Then it shows sooner or later.
                retry.pause_after(&Error::new(ErrorKind::Conflict, &error.operation, ""))
            } else {
                retry.pause_after(&error)
            };
            let Some(pause) = pause else {
                return Err(given_up(error));
            };
            drop(turn);
            self.desk.retrying(&error);
            let during = format!("repeating: {error}");
            self.desk.pause(pause, &during).await?;
            if error.kind == ErrorKind::Uncertain && self.kind.guard == Guard::Nothing {
                let sight = self.find_for(self.pace.quiet, wanted).await?;
                if let Some(id) = self.made(sight, maybe_made)? {
                    return Ok(id);
                }
            }
            turn = self.desk.turn().await?;
        }
    }

    /// What shows after a call of ours, where it must be ours to go on.
    fn made(&self, sight: Sight, maybe_made: &mut bool) -> Result<Option<Id>, Halt> {
        let is_alone = matches!(self.kind.guard, Guard::UniqueName | Guard::Idempotent);
        if is_alone && matches!(sight, Sight::InTheWay(_)) {
            // Where AWS has one and that is somebody else's, ours is not there.
            *maybe_made = false;
        }
        self.ours(sight)
    }
}

/// The failure, with the call that led to it.
fn after(call: &Error, halt: Halt) -> Halt {
    match halt {
        Halt::Failed { error, hint } => Halt::Failed {
            error: format!("{call}: {error}"),
            hint,
        },
        other => other,
    }
}

fn given_up(error: Error) -> Halt {
    if matches!(error.kind, ErrorKind::Uncertain | ErrorKind::Unsent) {
        return Halt::Uncertain(error.to_string());
    }
    if error.kind == ErrorKind::AlreadyExists && error.hint.is_none() {
        return error.hint("AWS says that it exists, and shows nothing that is ours: somebody else has taken the name; choose another one in the spec").into();
    }
    error.into()
}
