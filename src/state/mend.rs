//! Documents mended by hand: one record renamed, or the whole put in place of another.
//!
//! *Invariant*: pure; what is refused leaves the document as it was.

use std::collections::BTreeMap;

use super::moved::put_names;
use super::{Document, Record};
use crate::address::Address;

/// Gives everything that is remembered of an address another one.
///
/// # Errors
/// Another kind, an address that has a record, and one whose thing may stand without an id,
/// which only its old address finds.
pub fn rename_one(document: &mut Document, from: &Address, to: &Address) -> Result<(), Refused> {
    if from.kind != to.kind || from.mode != to.mode {
        return Err(Refused::OtherKind(from.clone(), to.clone()));
    }
    if document.records.iter().any(|one| one.address == *to) {
        return Err(Refused::Taken(to.clone()));
    }
    let unfinished = |record: &Record| record.address == *from && record.id.is_none();
    if document.records.iter().any(unfinished) {
        return Err(Refused::Unfinished(from.clone()));
    }
    put_names(document, BTreeMap::from([(from.clone(), to.clone())]));
    Ok(())
}

/// How far a push may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// Only a successor of the present document.
    Plain,
    /// Another lineage, or an older document, too.
    Forced,
}

/// A document in place of the present one: the pushed one, later than both.
///
/// # Errors
/// Another app, environment or account, and two records of one thing; unless forced, another
/// lineage or a lower serial too.
pub fn push(present: &Document, pushed: Document, push: Push) -> Result<Document, Refused> {
    let whose = |document: &Document| format!("{}/{}", document.app, document.environment);
    if whose(present) != whose(&pushed) {
        return Err(Refused::OtherApp(whose(&pushed), whose(present)));
    }
    if let (Some(here), Some(there)) = (&present.account, &pushed.account)
        && here != there
    {
        return Err(Refused::OtherAccount(there.clone(), here.clone()));
    }
    if push == Push::Plain && !present.is_new() {
        if present.lineage != pushed.lineage {
            return Err(Refused::OtherLineage(pushed.lineage));
        }
        if pushed.serial < present.serial {
            return Err(Refused::Older(pushed.serial, present.serial));
        }
    }
    let mut document = Document {
        serial: pushed.serial.max(present.serial),
        records: Vec::new(),
        account: pushed.account.clone().or_else(|| present.account.clone()),
        spec: pushed.spec.clone().or_else(|| present.spec.clone()),
        ..pushed
    };
    // A hand may have put the records into another order.
    for record in pushed.records {
        if document
            .record(&record.address, record.generation)
            .is_some()
        {
            return Err(Refused::Twice(record.address));
        }
        document.put(record);
    }
    Ok(document)
}

/// Why a document is not mended so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A record can't become another kind's.
    #[error("`{0}` can't become `{1}`, which is of another kind")]
    OtherKind(Address, Address),
    /// The address has a record.
    #[error("`{0}` is remembered already")]
    Taken(Address),
    /// Only its address finds it.
    #[error(
        "`{0}` can't be renamed: a run that began to make it was interrupted, and what AWS may have made of it is found by its old name only"
    )]
    Unfinished(Address),
    /// Another app's or environment's.
    #[error("the file is the state of {0}, and this is {1}")]
    OtherApp(String, String),
    /// Another account's.
    #[error("the file is of account {0}, and this state of account {1}")]
    OtherAccount(String, String),
    /// Not a successor.
    #[error("the file is of another lineage ({0}): it does not come from this state")]
    OtherLineage(String),
    /// A predecessor.
    #[error("the file is older than what is there: its serial is {0}, the present one's {1}")]
    Older(u64, u64),
    /// Two records of one thing.
    #[error("the file has two records of `{0}` of the same generation")]
    Twice(Address),
}

impl Refused {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherKind(..) => "a record is renamed within its kind",
            Self::Taken(_) => "`watertight state show` tells what it is; `state rm` forgets it",
            Self::Unfinished(_) => "apply once under the old name; then rename it",
            Self::OtherApp(..) => {
                "name the spec and the environment whose state it is; `[[moved]]` in a spec takes a state to another name"
            }
            Self::OtherAccount(..) => "one state knows one account",
            Self::OtherLineage(_) | Self::Older(..) => {
                "look at what would be lost (`watertight state pull`); --force takes it all the same"
            }
            Self::Twice(_) => "take one of them out of the file",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Push, push};
    use crate::state::Document;

    #[track_caller]
    fn check(change: fn(&mut Document), how: Push, expected: &str) {
        let mut present = Document::new("shop", "prod", "0123");
        present.serial = 7;
        present.account = Some("111111111111".to_owned());
        let mut pushed = present.clone();
        change(&mut pushed);
        let answer = match push(&present, pushed, how) {
            Ok(document) => format!("serial {}, lineage {}", document.serial, document.lineage),
            Err(refused) => refused.to_string(),
        };
        assert!(answer.contains(expected), "{answer}");
    }

    #[test]
    fn a_successor_takes_the_place() {
        check(|_| {}, Push::Plain, "serial 7");
        check(|pushed| pushed.serial = 9, Push::Plain, "serial 9");
    }

    #[test]
    fn what_would_lose_something_is_forced_or_refused() {
        let older: fn(&mut Document) = |pushed| pushed.serial = 3;
        let other: fn(&mut Document) = |pushed| pushed.lineage = "4567".to_owned();
        check(older, Push::Plain, "older than what is there");
        check(older, Push::Forced, "serial 7");
        check(other, Push::Plain, "another lineage");
        check(other, Push::Forced, "lineage 4567");
    }

    #[test]
    fn what_is_another_s_is_never_taken() {
        let app: fn(&mut Document) = |pushed| pushed.app = "billing".to_owned();
        let account: fn(&mut Document) = |pushed| pushed.account = Some("2".to_owned());
        for how in [Push::Plain, Push::Forced] {
            check(app, how, "the state of billing/prod");
            check(account, how, "of account 2");
        }
    }
}
