//! Looking for what an earlier attempt may have made.
//!
//! The attempt is one of this run that was not answered, or one of a run before that died. What
//! AWS has carried out may show only after a while, so one look that finds nothing is no proof.
//!
//! *Invariant*: what shows is taken only when it is proven ours. A name is no proof.

use std::collections::BTreeSet;
use std::time::Duration;

use super::desk::Halt;
use super::step::Worker;
use super::wait::{Pauses, Retry};
use crate::aws::{Found, Ownership, Wanted};
use crate::kind::Guard;
use crate::plan::Action;
use crate::refresh;
use crate::resource::Id;
use crate::state::{Record, Status};

/// What AWS shows of what is looked for.
#[derive(Debug, PartialEq)]
pub(super) enum Sight {
    /// Nothing.
    Nothing,
    /// What is ours.
    Ours(Id),
    /// Something else, which has its place.
    InTheWay(Found),
}

impl Worker<'_> {
    /// Whether a run before may have made it, or have a call under way that will, and nothing
    /// is in the way of a second one.
    pub(super) fn may_come_twice(&self, token: &str) -> bool {
        let record = self.record.as_ref();
        self.plan.change.action == Action::Create
            && record.is_some_and(|record| may_come_twice(record, self.kind.guard, token))
    }

    /// What a run before has made, if it shows while there is patience.
    pub(super) async fn made_before(&mut self, wanted: &Wanted) -> Result<Sight, Halt> {
        let named = self.record.as_ref().and_then(|record| record.id.clone());
        match named {
            Some(id) => {
                let shows = self.see(&id).await?.is_some();
                Ok(if shows {
                    Sight::Ours(id)
                } else {
                    Sight::Nothing
                })
            }
            None => self.find_for(self.pace.quiet, wanted).await,
        }
    }

    /// Looks again and again for this long; something found ends it.
    pub(super) async fn find_for(
        &mut self,
        quiet: Duration,
        wanted: &Wanted,
    ) -> Result<Sight, Halt> {
        let mut pauses = Pauses::new(self.pace);
        loop {
            let sight = self.find(wanted).await?;
            if sight != Sight::Nothing || pauses.waited() >= quiet {
                return Ok(sight);
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
    pub(super) async fn find(&mut self, wanted: &Wanted) -> Result<Sight, Halt> {
        let mut retry = Retry::new(self.pace, true);
        let found = loop {
            let error = match refresh::find(self.aws, wanted, self.record.as_ref()).await {
                Ok(found) => break found,
                Err(error) => error,
            };
            let Some(pause) = retry.pause_after(&error) else {
                return Err(Halt::Uncertain(format!(
                    "whether it was made can't be found out: {error}"
                )));
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
        Ok(judge(found, &self.owner.lineage, self.forebears))
    }

    /// What shows, where it must be ours to go on.
    pub(super) fn ours(&self, sight: Sight) -> Result<Option<Id>, Halt> {
        let foreign = match sight {
            Sight::Nothing => return Ok(None),
            Sight::Ours(id) => return Ok(Some(id)),
            Sight::InTheWay(foreign) => foreign,
        };
        let whose = match &foreign.ownership {
            Ownership::Tagged { lineage } => {
                format!("carries our tags but was made from another state (lineage {lineage})")
            }
            _ => "exists and is not ours".to_owned(),
        };
        Err(Halt::failed(
            format!("{} {} {whose}", self.kind.noun, foreign.id),
            "choose another name in the spec, or delete it yourself if nobody needs it; watertight never overwrites what it did not make",
        ))
    }
}

/// Whether AWS would make another one beside what this record stands for, if a call with this
/// token were sent now.
///
/// A token or a unique name tells only calls with the same arguments from others. For how long
/// AWS keeps a token plays no part: what is older than that has long shown.
fn may_come_twice(record: &Record, guard: Guard, token: &str) -> bool {
    match (record.status, &record.id, guard) {
        // Such a call makes nothing that is there, and a wait for a certificate shows nothing
        // until it is over.
        (_, _, Guard::Idempotent) => false,
        // AWS has named it, and did not show it when the plan was made.
        (Status::Created, Some(_), _) | (Status::Creating, None, Guard::Nothing) => true,
        (Status::Creating, None, Guard::Token { .. } | Guard::UniqueName) => {
            record.token.as_deref() != Some(token)
        }
        _ => false,
    }
}

/// Of what was found after our own call: ours, nothing, or in the way.
fn judge(found: Vec<Found>, lineage: &str, forebears: &BTreeSet<String>) -> Sight {
    let mut sight = Sight::Nothing;
    for found in found {
        let ours = match &found.ownership {
            Ownership::Tagged { lineage: made_by } => {
                made_by == lineage || made_by.is_empty() || forebears.contains(made_by)
            }
            Ownership::ChildOfOurs | Ownership::Equal | Ownership::Shared => true,
            Ownership::Given | Ownership::Foreign => false,
        };
        if ours {
            return Sight::Ours(found.id);
        }
        sight = Sight::InTheWay(found);
    }
    sight
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Sight, judge, may_come_twice};
    use crate::address::Address;
    use crate::aws::{Found, Ownership};
    use crate::kind::Guard;
    use crate::resource::Id;
    use crate::state::{Record, Status};
    use crate::value::Attributes;

    fn id(text: &str) -> Id {
        Id {
            region: "eu-west-1".to_owned(),
            text: text.to_owned(),
        }
    }

    fn found(text: &str, ownership: Ownership) -> Found {
        Found {
            id: id(text),
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
            Sight::Ours(id) => id.text,
            Sight::Nothing => "-".to_owned(),
            Sight::InTheWay(foreign) => format!("!{}", foreign.id),
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
    fn a_call_is_sent_at_once_only_where_aws_knows_it_again() {
        let record = |status, id| Record {
            address: Address::managed("net", "aws_nat_gateway", "a"),
            generation: 1,
            status,
            region: "eu-west-1".to_owned(),
            id,
            token: Some("sent".to_owned()),
            attributes: Attributes::new(),
            dependencies: BTreeSet::new(),
            protect: false,
            maker: None,
            asked: None,
            told: None,
        };
        let token = Guard::Token { seconds: None };
        let begun = record(Status::Creating, None);
        for (guard, token, twice) in [
            (Guard::Nothing, "sent", true),
            (token, "sent", false),
            (token, "another", true),
            (Guard::UniqueName, "sent", false),
            (Guard::UniqueName, "another", true),
            (Guard::Idempotent, "another", false),
        ] {
            assert_eq!(may_come_twice(&begun, guard, token), twice, "{guard:?}");
        }
        // It was named, and does not show.
        let named = record(Status::Created, Some(id("nat-1")));
        assert!(may_come_twice(&named, token, "sent"));
        // A wait for a certificate shows nothing until it is over.
        assert!(!may_come_twice(&named, Guard::Idempotent, "sent"));
        // It stood, and is gone.
        let stood = record(Status::Applied, Some(id("nat-1")));
        assert!(!may_come_twice(&stood, Guard::Nothing, "sent"));
    }
}
