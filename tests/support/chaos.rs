//! What a run looks like when it is killed, or when AWS is at its worst, at one chosen call;
//! and what is left of it after the next run.
//!
//! *Invariant*: what went wrong is counted by AWS's own lists, in an account of its own for
//! each try, against an account in which nobody disturbed the same runs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::Sandbox;
use super::account::Holdings;
use super::cli::{Project, Ran};
use super::proxy::{Fault, Proxy, When};
use super::scene::Scene;

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

    /// The account must be as an undisturbed run leaves it.
    fn is_left(&mut self, label: &str, holds: &Holdings, left: &Holdings) {
        let [orphans, lost] = [beyond(holds, left), beyond(left, holds)];
        self.orphans += orphans;
        self.lost += lost;
        if orphans + lost > 0 {
            let text = format!("{label}: left {holds:?} and not {left:?}");
            self.told.push(text);
        }
    }

    /// What stands must have one record.
    fn is_recorded_once(&mut self, label: &str, project: &Project, app: &str) {
        let mut records: BTreeMap<(String, String), usize> = BTreeMap::new();
        for record in project.state(app)["records"].as_array().unwrap() {
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

/// What is asked for, and what comes of it when nothing goes wrong.
pub(crate) struct Ground {
    pub(crate) name: String,
    scene: Scene,
    after: Holdings,
    /// What the destroy leaves: what others have.
    left: Holdings,
    /// AWS calls of the first run.
    pub(crate) calls: usize,
    /// AWS calls of the first run that change something.
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
    /// The arguments of the first run.
    first: Vec<String>,
}

impl Place {
    fn new(scene: &Scene) -> Self {
        let sandbox = Sandbox::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let proxy = sandbox.proxy();
        let project =
            Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
        let (spec, first) = runtime.block_on(scene.set(&sandbox));
        project.write("app.toml", &spec);
        Self {
            sandbox,
            proxy,
            project,
            runtime,
            first,
        }
    }

    /// The first run, once more or for the first time, undisturbed.
    fn first(&self) -> Ran {
        self.proxy.clear();
        self.first_as_it_is()
    }

    /// The same with all that is in store for it.
    fn first_as_it_is(&self) -> Ran {
        let arguments: Vec<&str> = self.first.iter().map(String::as_str).collect();
        self.project.run(&arguments)
    }

    /// What is still to be done when the first run has ended, if that is not all.
    fn rest(&self, scene: &Scene) -> Option<Ran> {
        scene.rest().map(|arguments| self.runs(arguments))
    }

    fn holds(&self) -> Holdings {
        self.runtime.block_on(self.sandbox.holds())
    }

    fn runs(&self, arguments: &[&str]) -> Ran {
        self.proxy.clear();
        self.project.run(arguments)
    }

    /// Runs it until the n-th call kills it. Whether it did.
    fn killed<A: AsRef<str>>(&self, arguments: &[A], moment: Moment, n: usize) -> bool {
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
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        let mut command = self.project.command(&arguments);
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
    /// The scene of this name, applied and destroyed once, undisturbed.
    pub(crate) fn of(name: &str) -> Self {
        let scene = Scene::of(name);
        let place = Place::new(&scene);
        let before = place.holds();
        place.first().code(0);
        let (calls, changes) = (place.proxy.calls().len(), place.proxy.mutations().len());
        if let Some(rest) = place.rest(&scene) {
            rest.code(0);
        }
        let after = place.holds();
        place.runs(&DESTROY).code(0);
        let destroys = place.proxy.calls().len();
        let left = place.holds();
        assert_eq!(beyond(&left, &before), 0, "{name} leaves something behind");
        let taken = beyond(&before, &left);
        assert_eq!(taken, scene.takes(), "{name} takes {before:?} to {left:?}");
        Self {
            name: name.to_owned(),
            scene,
            after,
            left,
            calls,
            changes,
            destroys,
        }
    }

    /// Kills the first run at its n-th call; runs it again, with the state or without. Where
    /// the state was kept, kills the destroy, too, at its n-th call.
    pub(crate) fn kill(&self, story: Story, moment: Moment, n: usize) -> Tally {
        let label = format!("{}, {story:?}, killed at call {n}, {moment:?}", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let mut place = Place::new(&self.scene);
        tally.kills += usize::from(place.killed(&place.first, moment, n));
        if story == Story::Forgotten {
            // Where it was killed early there is none yet.
            fs::remove_dir_all(place.project.path().join(".watertight")).ok();
            let is_apply = place.first[0] == "apply";
            if is_apply && !place.first.iter().any(|argument| argument == "--adopt") {
                place.first.push("--adopt".to_owned());
            }
        }
        tally.goes_on(&label, &place.first());
        self.goes_well(&label, &place, &mut tally);
        let label = format!("{label}, then destroy");
        if story == Story::Kept && n <= self.destroys {
            tally.kills += usize::from(place.killed(&DESTROY, moment, n));
        }
        self.goes_away(&label, &place, &mut tally);
        tally
    }

    /// After the first run came to its end: what is still to be done, and what stands then.
    fn goes_well(&self, label: &str, place: &Place, tally: &mut Tally) {
        if let Some(rest) = place.rest(&self.scene) {
            tally.goes_on(label, &rest);
        }
        tally.stands(label, &place.holds(), &self.after);
        tally.is_recorded_once(label, &place.project, &self.scene.app);
        tally.has_nothing_to_do(label, &place.project);
    }

    fn goes_away(&self, label: &str, place: &Place, tally: &mut Tally) {
        tally.goes_on(label, &place.runs(&DESTROY));
        tally.is_left(label, &place.holds(), &self.left);
    }

    /// Has AWS carry out the n-th change, and the `times - 1` after it, without an answer.
    /// The same run must get over it.
    pub(crate) fn drop_answers(&self, n: usize, times: usize) -> Tally {
        let label = format!("{}, change {n} unanswered {times} times", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let place = Place::new(&self.scene);
        place.proxy.clear();
        place.proxy.fail(When::Mutation(n), Fault::DropAfter, times);
        tally.goes_on(&label, &place.first_as_it_is());
        place.proxy.clear();
        self.goes_well(&label, &place, &mut tally);
        tally
    }

    /// One run after another in the same account, each with a trouble of its own; then one
    /// without.
    pub(crate) fn suffer(&self, troubles: &[Trouble]) -> Tally {
        let label = format!("{}, after {troubles:x?}", self.name);
        let mut tally = Tally {
            tries: 1,
            ..Tally::default()
        };
        let place = Place::new(&self.scene);
        for trouble in troubles {
            match *trouble {
                Trouble::Kill(moment, n) => {
                    tally.kills += usize::from(place.killed(&place.first, moment, n));
                }
                Trouble::Storm(seed) => {
                    place.proxy.clear();
                    place.proxy.storm(seed, 20);
                    // However this one ends.
                    place.first_as_it_is();
                }
            }
        }
        tally.goes_on(&label, &place.first());
        self.goes_well(&label, &place, &mut tally);
        self.goes_away(&label, &place, &mut tally);
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
        let place = Place::new(&self.scene);
        place.proxy.clear();
        place.proxy.storm(seed, 20);
        let mut ran = place.first_as_it_is();
        let twice = ran.code != 0;
        if twice {
            ran = place.first_as_it_is();
        }
        tally.goes_on(&label, &ran);
        let struck = place.proxy.struck();
        place.proxy.clear();
        self.goes_well(&label, &place, &mut tally);
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
