//! What a run looks like when it is killed, or when AWS is at its worst, at one chosen call;
//! and what is left of it after the next run.
//!
//! *Invariant*: what went wrong is counted by AWS's own lists, in an account of its own for
//! each try, against an account in which nobody disturbed the same runs.

use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::Sandbox;
use super::account::Holdings;
use super::cli::{Project, Ran};
use super::proxy::{Fault, Proxy, When};

const DESTROY: [&str; 7] = [
    "destroy",
    "app.toml",
    "--yes",
    "--remove-protection",
    "all",
    "--delete-logs",
    "--empty-buckets",
];

/// When, of a call's life, the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before it is sent.
    Before,
    /// After AWS has carried it out, before the answer is read.
    Unread,
    /// After the answer is read.
    Read,
}

impl Moment {
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::Unread, Self::Read];
}

/// What is killed, and what the next run finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// An apply; then a destroy.
    Kept,
    /// An apply, whose state is deleted afterwards.
    Forgotten,
}

/// What befalls one run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// It is killed at this call.
    Kill(Moment, usize),
    /// One call of five goes wrong, by this seed.
    Storm(u64),
}

/// What came of some tries.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) tries: usize,
    /// Runs that ended by the signal: a try kills up to two.
    pub(crate) kills: usize,
    /// Things left behind by the last destroy.
    pub(crate) orphans: usize,
    /// Things that stood after the second apply beside those of an undisturbed account.
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

    fn tell(&mut self, label: &str, what: &str, ran: &Ran) {
        let text = format!(
            "{label}: {what} (exit code {})\n{}{}",
            ran.code, ran.out, ran.err
        );
        self.told.push(text);
    }

    /// The second run must have ended well.
    fn goes_on(&mut self, label: &str, ran: &Ran) {
        if ran.code != 0 {
            self.manual += 1;
            self.tell(label, "did not go on by itself", ran);
        }
    }

    fn stands(&mut self, label: &str, holds: &Holdings, undisturbed: &Holdings) {
        let [surplus, lost] = [beyond(holds, undisturbed), beyond(undisturbed, holds)];
        self.duplicates += surplus;
        self.lost += lost;
        if surplus + lost > 0 {
            let text = format!("{label}: holds {holds:?} and not {undisturbed:?}");
            self.told.push(text);
        }
    }

    fn is_empty(&mut self, label: &str, holds: &Holdings, empty: &Holdings) {
        let left = beyond(holds, empty);
        self.orphans += left;
        if left > 0 {
            let text = format!("{label}: left {holds:?} and not {empty:?}");
            self.told.push(text);
        }
    }

    fn has_nothing_to_do(&mut self, label: &str, project: &Project) {
        let ran = project.run(&["plan", "app.toml", "--detailed-exitcode"]);
        if ran.code != 0 {
            self.unempty += 1;
            self.tell(label, "the plan is not empty", &ran);
        }
    }
}

fn beyond(one: &Holdings, other: &Holdings) -> usize {
    let surplus = one.iter().map(|(what, n)| {
        let there = other.get(what).copied().unwrap_or_default();
        n.saturating_sub(there)
    });
    surplus.sum()
}

/// An example, and what comes of it when nothing goes wrong.
pub(crate) struct Ground {
    pub(crate) name: String,
    spec: String,
    before: Holdings,
    after: Holdings,
    /// AWS calls of an apply.
    pub(crate) applies: usize,
    /// AWS calls of an apply that change something.
    pub(crate) changes: usize,
    /// AWS calls of a destroy.
    pub(crate) destroys: usize,
}

/// An account in which things are going to happen, and the way to it.
struct Place {
    sandbox: Sandbox,
    proxy: Proxy,
    project: Project,
    runtime: Runtime,
}

impl Place {
    fn new(spec: &str) -> Self {
        let sandbox = Sandbox::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let proxy = sandbox.proxy();
        let project =
            Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
        project.write("app.toml", spec);
        Self {
            sandbox,
            proxy,
            project,
            runtime,
        }
    }

    fn holds(&self) -> Holdings {
        self.runtime.block_on(self.sandbox.holds())
    }

    fn runs(&self, arguments: &[&str]) -> Ran {
        self.proxy.clear();
        self.project.run(arguments)
    }

    /// Runs it until the n-th call kills it. Whether it did.
    fn killed(&self, arguments: &[&str], moment: Moment, n: usize) -> bool {
        self.proxy.clear();
        let slot: Arc<Mutex<Option<Child>>> = Arc::default();
        let at_hand = Arc::clone(&slot);
        let kill = Arc::new(move || {
            let mut child = at_hand.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(child) = child.as_mut() {
                child.kill().ok();
            }
        });
        let fault = match moment {
            Moment::Before => Fault::CallBefore(kill),
            Moment::Unread => Fault::CallAfter(kill),
            Moment::Read => Fault::CallOnceRead(kill),
        };
        self.proxy.fail(When::Call(n), fault, 1);
        let mut command = self.project.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        *slot.lock().unwrap() = Some(command.spawn().unwrap());
        loop {
            let ended = slot.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            if let Some(status) = ended {
                return status.signal() == Some(9);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Ground {
    /// The example of this name, applied and destroyed once, undisturbed.
    pub(crate) fn of(example: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let spec = fs::read_to_string(path.join(format!("{example}.toml"))).unwrap();
        let place = Place::new(&spec);
        let before = place.holds();
        place.runs(&["apply", "app.toml", "--yes"]).code(0);
        let (applies, changes) = (place.proxy.calls().len(), place.proxy.mutations().len());
        let after = place.holds();
        place.runs(&DESTROY).code(0);
        let destroys = place.proxy.calls().len();
        assert_eq!(place.holds(), before, "{example} leaves something behind");
        Self {
            name: example.to_owned(),
            spec,
            before,
            after,
            applies,
            changes,
            destroys,
        }
    }

    /// Kills an apply at its n-th call; runs it again, with the state or without. Where the
    /// state was kept, kills the destroy, too, at its n-th call.
    pub(crate) fn kill(&self, story: Story, moment: Moment, n: usize) -> Tally {
        let label = format!("{}, {story:?}, killed at call {n}, {moment:?}", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let place = Place::new(&self.spec);
        let apply = ["apply", "app.toml", "--yes"];
        tally.kills += usize::from(place.killed(&apply, moment, n));
        let again = match story {
            Story::Kept => place.runs(&apply),
            Story::Forgotten => {
                // Where it was killed early there is none yet.
                fs::remove_dir_all(place.project.path().join(".watertight")).ok();
                place.runs(&["apply", "app.toml", "--yes", "--adopt"])
            }
        };
        tally.goes_on(&label, &again);
        tally.stands(&label, &place.holds(), &self.after);
        tally.has_nothing_to_do(&label, &place.project);
        let label = format!("{label}, then destroy");
        if story == Story::Kept && n <= self.destroys {
            tally.kills += usize::from(place.killed(&DESTROY, moment, n));
        }
        tally.goes_on(&label, &place.runs(&DESTROY));
        tally.is_empty(&label, &place.holds(), &self.before);
        tally
    }

    /// Has AWS carry out the n-th change, and the `times - 1` after it, without an answer.
    /// The same run must get over it.
    pub(crate) fn drop_answers(&self, n: usize, times: usize) -> Tally {
        let label = format!("{}, change {n} unanswered {times} times", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let place = Place::new(&self.spec);
        place.proxy.fail(When::Mutation(n), Fault::DropAfter, times);
        let ran = place.project.run(&["apply", "app.toml", "--yes"]);
        tally.goes_on(&label, &ran);
        place.proxy.clear();
        tally.stands(&label, &place.holds(), &self.after);
        tally.has_nothing_to_do(&label, &place.project);
        tally
    }

    /// One apply after another in the same account, each with a trouble of its own; then one
    /// without.
    pub(crate) fn suffer(&self, troubles: &[Trouble]) -> Tally {
        let label = format!("{}, after {troubles:x?}", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let place = Place::new(&self.spec);
        let apply = ["apply", "app.toml", "--yes"];
        for trouble in troubles {
            match *trouble {
                Trouble::Kill(moment, n) => {
                    tally.kills += usize::from(place.killed(&apply, moment, n));
                }
                Trouble::Storm(seed) => {
                    place.proxy.clear();
                    place.proxy.storm(seed, 20);
                    // However this one ends.
                    place.project.run(&apply);
                }
            }
        }
        tally.goes_on(&label, &place.runs(&apply));
        tally.stands(&label, &place.holds(), &self.after);
        tally.has_nothing_to_do(&label, &place.project);
        tally.goes_on(&label, &place.runs(&DESTROY));
        tally.is_empty(&label, &place.holds(), &self.before);
        tally
    }

    /// One call of five fails, is throttled, or is carried out without an answer. Returns, too,
    /// how many calls were hit and whether a second run was needed.
    pub(crate) fn storm(&self, seed: u64) -> (Tally, usize, bool) {
        let label = format!("{}, in the storm {seed:#x}", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let place = Place::new(&self.spec);
        place.proxy.storm(seed, 20);
        let mut ran = place.project.run(&["apply", "app.toml", "--yes"]);
        let twice = ran.code != 0;
        if twice {
            ran = place.project.run(&["apply", "app.toml", "--yes"]);
        }
        tally.goes_on(&label, &ran);
        let struck = place.proxy.struck();
        place.proxy.clear();
        tally.stands(&label, &place.holds(), &self.after);
        tally.has_nothing_to_do(&label, &place.project);
        (tally, struck, twice)
    }
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
