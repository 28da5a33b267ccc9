//! What came of breaking things on purpose.
//!
//! *Invariant*: where a column is not 0, what was seen is told.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use super::account::Holdings;
use super::cli::{Project, Ran};

/// What came of some tries.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) tries: usize,
    /// Moments at which a run was killed: by the signal, up to two in a try; or all at which
    /// it would have left the same.
    pub(crate) kills: usize,
    /// Things left behind by the last destroy.
    pub(crate) orphans: usize,
    /// Things that stood after the second apply beside those of an undisturbed account, and
    /// records of one thing beside another.
    pub(crate) duplicates: usize,
    /// Things that stand in an undisturbed account, and here do not.
    pub(crate) lost: usize,
    /// Second runs that did not end with success.
    pub(crate) manual: usize,
    /// Plans after the second run in which there was something to do.
    pub(crate) unempty: usize,
    /// What was seen where any of these is not 0.
    pub(crate) told: Vec<String>,
}

impl Tally {
    /// Of one try that begins.
    pub(super) fn of_one(kills: usize) -> Self {
        Self {
            tries: 1,
            kills,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.tries += other.tries;
        self.kills += other.kills;
        self.orphans += other.orphans;
        self.duplicates += other.duplicates;
        self.lost += other.lost;
        self.manual += other.manual;
        self.unempty += other.unempty;
        self.told.extend(other.told);
    }

    /// Whether nothing at all went wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.told.is_empty()
    }

    pub(super) fn tell(&mut self, label: &str, what: &str, ran: &Ran) {
        let text = format!(
            "{label}: {what} (exit code {})\n{}{}",
            ran.code, ran.out, ran.err
        );
        self.told.push(text);
    }

    /// The second run must have ended well.
    pub(super) fn goes_on(&mut self, label: &str, ran: &Ran) {
        if ran.code != 0 {
            self.manual += 1;
            self.tell(label, "did not go on by itself", ran);
        }
    }

    pub(super) fn stands(&mut self, label: &str, holds: &Holdings, undisturbed: &Holdings) {
        let [surplus, lost] = [beyond(holds, undisturbed), beyond(undisturbed, holds)];
        self.duplicates += surplus;
        self.lost += lost;
        if surplus + lost > 0 {
            let text = format!("{label}: holds {holds:?} and not {undisturbed:?}");
            self.told.push(text);
        }
    }

    /// The account must be as an undisturbed run leaves it.
    pub(super) fn is_left(&mut self, label: &str, holds: &Holdings, left: &Holdings) {
        let [orphans, lost] = [beyond(holds, left), beyond(left, holds)];
        self.orphans += orphans;
        self.lost += lost;
        if orphans + lost > 0 {
            let text = format!("{label}: left {holds:?} and not {left:?}");
            self.told.push(text);
        }
    }

    /// What stands must have one record.
    pub(super) fn is_recorded_once(&mut self, label: &str, state: &serde_json::Value) {
        let mut records: BTreeMap<(String, String), usize> = BTreeMap::new();
        for record in state["records"].as_array().unwrap() {
            let address = record["address"].as_str().unwrap();
            let kind = address.split('.').nth(1).unwrap_or_default();
            let id = record["id"].to_string();
            *records.entry((kind.to_owned(), id)).or_default() += 1;
        }
        records.retain(|_, n| *n > 1);
        self.duplicates += records.len();
        if !records.is_empty() {
            let text = format!("{label}: recorded more than once: {records:?}");
            self.told.push(text);
        }
    }

    pub(super) fn has_nothing_to_do(&mut self, label: &str, project: &Project) {
        let ran = project.run(&["plan", "app.toml", "--detailed-exitcode"]);
        if ran.code != 0 {
            self.unempty += 1;
            self.tell(label, "the plan is not empty", &ran);
        }
    }
}

pub(super) fn beyond(one: &Holdings, other: &Holdings) -> usize {
    let surplus = one.iter().map(|(what, n)| {
        let there = other.get(what).copied().unwrap_or_default();
        n.saturating_sub(there)
    });
    surplus.sum()
}

/// Does all of these, so many at a time; the sum of what they give.
pub(crate) fn together<T: Sync>(
    all: &[T],
    at_once: usize,
    each: impl Fn(&T) -> Tally + Sync,
) -> Tally {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let sum = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(one) =
                    all.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let tally = each(one);
                    sum.lock().unwrap().add(tally);
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6} {:6} {:8} {:11} {:5} {:13} {:16}",
            self.tries,
            self.kills,
            self.orphans,
            self.duplicates,
            self.lost,
            self.manual,
            self.unempty
        )
    }
}
