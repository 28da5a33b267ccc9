//! Making what does not stand yet, and never twice.
//!
//! The intent, with its token, is on the disk before the call. An answer that leaves open
//! whether the call was carried out is followed by `find`; only where nothing is found is
//! the call sent again, with the same token.
//!
//! *Invariant*: what `find` shows is taken only when it is proven ours. A name is no proof.

use std::collections::BTreeSet;
use std::time::Duration;

use super::commit::Write;
use super::desk::{Halt, Turn};
use super::event::Outcome;
use super::moved;
use super::step::{Worker, gone};
use super::wait::{Pauses, Retry};
use crate::aws::{Error, ErrorKind, Found, Ownership, Wanted};
use crate::kind::Guard;
use crate::plan::Action;
use crate::resource::Id;
use crate::state::{Record, Status, token};

/// Why a create was given up.
struct GivenUp {
    halt: Halt,
    /// Whether it is certain that this attempt has made nothing.
    nothing_made: bool,
}

impl GivenUp {
    /// The same, with the call that led to it.
    fn after(mut self, call: &Error) -> Self {
        if let Halt::Failed { error, .. } = &mut self.halt {
            *error = format!("{call}: {error}");
        }
        self
    }
}

impl From<Halt> for GivenUp {
    fn from(halt: Halt) -> Self {
        Self {
            halt,
            nothing_made: false,
        }
    }
}

impl Worker<'_> {
    pub(super) async fn create(&mut self) -> Result<Outcome, Halt> {
        let turn = self.desk.turn().await?;
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
        let intent = self.intent(record.clone());
        self.desk.commit(intent).await?;
        let id = match self.make(&wanted, &attempt, turn).await {
            // Whatever is left to change is seen only when it has been looked at.
            Ok((id, _turn)) => id,
            Err(GivenUp { halt, nothing_made }) => {
                if nothing_made {
                    let undo = self.undo();
                    self.desk.commit(undo).await?;
                    self.desk.acted = false;
                }
                return Err(halt);
            }
        };
        record.status = Status::Created;
        record.id = Some(id.clone());
        if let Err(halt) = self.desk.commit(vec![Write::Put(record)]).await {
            return Err(match halt {
                Halt::Unsaved(why) => Halt::Uncertain(format!(
                    "made as {id}, but the state can't be written: {why}; the next run finds it"
                )),
                other => other,
            });
        }
        self.complete(&id, &wanted, None).await
    }

    /// What the document says before the call: the new record; the old one deposed, or
    /// gone with what it stood for.
    fn intent(&self, record: Record) -> Vec<Write> {
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

    /// Calls `create` until it is known what came of it.
    async fn make(
        &mut self,
        wanted: &Wanted,
        token: &str,
        mut turn: Turn,
    ) -> Result<(Id, Turn), GivenUp> {
        let open_intent = self
            .record
            .as_ref()
            .is_some_and(|record| record.status == Status::Creating && record.id.is_none());
        // What an earlier run has sent may still come to be.
        let mut maybe_made = open_intent;
        let mut must_stay_quiet = open_intent && self.kind.guard == Guard::Nothing;
        let mut retry = Retry::new(self.pace, self.needs_others());
        loop {
            if must_stay_quiet {
                drop(turn);
                if let Some(id) = self.find_for(self.pace.quiet, wanted).await? {
                    return Ok((id, self.desk.turn().await?));
                }
                turn = self.desk.turn().await?;
            }
            let error = match self.lifecycle.create(self.aws, wanted, token).await {
                Ok(id) => return Ok((id, turn)),
                Err(error) => error,
            };
            let unclear = matches!(
                error.kind,
                ErrorKind::Uncertain | ErrorKind::Throttled | ErrorKind::AlreadyExists
            );
            maybe_made |= error.kind == ErrorKind::Uncertain;
            if unclear {
                let found = self.find(wanted).await;
                if let Some(id) = found.map_err(|given_up| given_up.after(&error))? {
                    return Ok((id, turn));
                }
            }
            let pause = if error.kind == ErrorKind::AlreadyExists {
                // Then it shows sooner or later.
                retry.pause_after(&Error::new(ErrorKind::Conflict, &error.operation, ""))
            } else {
                retry.pause_after(&error)
            };
            let Some(pause) = pause else {
                return Err(given_up(error, maybe_made));
            };
            drop(turn);
            self.desk.retrying(&error);
            let during = format!("repeating: {error}");
            if let Err(halt) = self.desk.pause(pause, &during).await {
                return Err(GivenUp {
                    halt,
                    nothing_made: !maybe_made,
                });
            }
            turn = self.desk.turn().await?;
            must_stay_quiet =
                error.kind == ErrorKind::Uncertain && self.kind.guard == Guard::Nothing;
        }
    }

    /// Looks again and again for this long; something found ends it.
    async fn find_for(&mut self, quiet: Duration, wanted: &Wanted) -> Result<Option<Id>, GivenUp> {
        let mut pauses = Pauses::new(self.pace);
        loop {
            if let Some(id) = self.find(wanted).await? {
                return Ok(Some(id));
            }
            if pauses.waited() >= quiet {
                return Ok(None);
            }
            self.desk
                .waiting("an earlier attempt", "nothing to be seen of it so far");
            let pause = pauses.next().min(quiet);
            self.desk
                .pause(pause, "waiting whether an earlier attempt shows")
                .await?;
        }
    }

    /// The one thing found that is ours, if any.
    async fn find(&mut self, wanted: &Wanted) -> Result<Option<Id>, GivenUp> {
        let mut retry = Retry::new(self.pace, true);
        let found = loop {
            let error = match self.lifecycle.find(self.aws, wanted).await {
                Ok(found) => break found,
                Err(error) => error,
            };
            let Some(pause) = retry.pause_after(&error) else {
                return Err(Halt::Uncertain(format!(
                    "whether it was made can't be found out: {error}"
                ))
                .into());
            };
            self.desk.retrying(&error);
            self.desk.pause(pause, "looking for it").await?;
        };
        let found = found
            .into_iter()
            .filter(|found| match found.ownership {
                // It was there before any call of ours.
                Ownership::Given => false,
                Ownership::Shared => true,
                _ => !self.others.contains(&found.id),
            })
            .collect();
        judge(found, &self.owner.lineage, self.forebears)
            .map_err(|foreign| self.in_the_way(&foreign))
    }

    fn in_the_way(&self, foreign: &Found) -> GivenUp {
        let whose = match &foreign.ownership {
            Ownership::Tagged { lineage } => {
                format!("carries our tags but was made from another state (lineage {lineage})")
            }
            _ => "exists and is not ours".to_owned(),
        };
        GivenUp {
            halt: Halt::failed(
                format!("{} {} {whose}", self.kind.noun, foreign.id),
                "choose another name in the spec, or delete it yourself if nobody needs it; watertight never overwrites what it did not make",
            ),
            nothing_made: true,
        }
    }
}

fn given_up(error: Error, maybe_made: bool) -> GivenUp {
    if matches!(error.kind, ErrorKind::Uncertain | ErrorKind::Unsent) {
        return Halt::Uncertain(error.to_string()).into();
    }
    let error = if error.kind == ErrorKind::AlreadyExists && error.hint.is_none() {
        error.hint("AWS says that it exists, and shows nothing that is ours: somebody else has taken the name; choose another one in the spec")
    } else {
        error
    };
    GivenUp {
        halt: error.into(),
        nothing_made: !maybe_made,
    }
}

/// Of what was found after our own call: ours, nothing, or in the way.
fn judge(
    found: Vec<Found>,
    lineage: &str,
    forebears: &BTreeSet<String>,
) -> Result<Option<Id>, Found> {
    let mut in_the_way = None;
    for found in found {
        let ours = match &found.ownership {
            Ownership::Tagged { lineage: made_by } => {
                made_by == lineage || made_by.is_empty() || forebears.contains(made_by)
            }
            Ownership::ChildOfOurs | Ownership::Equal | Ownership::Shared => true,
            Ownership::Given | Ownership::Foreign => false,
        };
        if ours {
            return Ok(Some(found.id));
        }
        in_the_way = Some(found);
    }
    in_the_way.map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{given_up, judge};
    use crate::aws::{Error, ErrorKind, Found, Ownership};
    use crate::executor::desk::Halt;
    use crate::resource::Id;

    fn found(text: &str, ownership: Ownership) -> Found {
        Found {
            id: Id {
                region: "eu-west-1".to_owned(),
                text: text.to_owned(),
            },
            ownership,
        }
    }

    fn tagged(lineage: &str) -> Ownership {
        Ownership::Tagged {
            lineage: lineage.to_owned(),
        }
    }

    /// The id that is taken, `-` for none, `!` before one that is in the way.
    #[track_caller]
    fn check(things: Vec<Found>, expected: &str) {
        let forebears = BTreeSet::from(["lost".to_owned()]);
        let judged = match judge(things, "ours", &forebears) {
            Ok(Some(id)) => id.text,
            Ok(None) => "-".to_owned(),
            Err(foreign) => format!("!{}", foreign.id),
        };
        assert_eq!(judged, expected);
    }

    #[test]
    fn only_what_is_proven_ours_is_taken() {
        check(Vec::new(), "-");
        check(vec![found("a", tagged("ours"))], "a");
        check(vec![found("a", tagged(""))], "a");
        check(vec![found("a", Ownership::ChildOfOurs)], "a");
        check(vec![found("a", tagged("lost"))], "a");
        check(vec![found("a", tagged("theirs"))], "!a");
        check(vec![found("a", Ownership::Foreign)], "!a");
        check(
            vec![found("a", Ownership::Foreign), found("b", tagged("ours"))],
            "b",
        );
    }

    #[test]
    fn an_intent_is_taken_back_only_where_nothing_can_have_been_made() {
        let error = |kind| Error::new(kind, "s3:CreateBucket", "no");
        let refused = given_up(error(ErrorKind::Refused), false);
        assert!(refused.nothing_made);
        // An earlier call of the same attempt had no answer.
        assert!(!given_up(error(ErrorKind::Refused), true).nothing_made);
        let unclear = given_up(error(ErrorKind::Uncertain), false);
        assert!(!unclear.nothing_made && matches!(unclear.halt, Halt::Uncertain(_)));
    }
}
