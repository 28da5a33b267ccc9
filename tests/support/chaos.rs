//! What a run looks like when it is killed, or when AWS is at its worst, at one chosen call;
//! and what is left of it after the next run.
//!
//! *Invariant*: what went wrong is counted by AWS's own lists, in a copy of one account for
//! each try, against a copy in which nobody disturbed the same runs.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::Sandbox;
use super::account::Holdings;
use super::cli::{Project, Ran};
use super::photograph::{self, Album, Files, Photograph};
use super::proxy::{Fault, Moment, Proxy, When};
use super::scene::Scene;
use super::tally::{Tally, beyond};

const DESTROY: [&str; 7] = [
    "destroy",
    "app.toml",
    "--yes",
    "--remove-protection",
    "all",
    "--delete-logs",
    "--empty-buckets",
];

/// What is killed, and what the next run finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// An apply; then a destroy.
    Kept,
    /// An apply, whose state is deleted afterwards.
    Forgotten,
    /// An apply that takes over what stands, as the state is gone.
    Adopted,
}

/// What befalls one run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// It is killed at this call.
    Kill(Moment, usize),
    /// One call of five goes wrong, by this seed.
    Storm(u64),
}

/// What is asked for, and what comes of it when nothing goes wrong.
pub(crate) struct Ground {
    pub(crate) name: String,
    scene: Scene,
    /// The account as it was before, which stays so.
    sandbox: Sandbox,
    /// The spec.
    files: Files,
    /// The arguments of the first run.
    first: Vec<String>,
    /// What stands when all is done.
    stands: Photograph,
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

/// A copy of an account in which things are going to happen, and the way to it.
struct Place {
    sandbox: Arc<Sandbox>,
    proxy: Proxy,
    project: Project,
    runtime: Runtime,
    /// The arguments of the first run.
    first: Vec<String>,
}

impl Place {
    fn new(sandbox: &Sandbox, files: &Files, first: &[String]) -> Self {
        let sandbox = Arc::new(sandbox.copy());
        let proxy = sandbox.proxy();
        let project =
            Project::at(proxy.endpoint(), &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns);
        for (name, content) in files {
            let path = project.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self {
            sandbox,
            proxy,
            project,
            runtime: runtime(),
            first: first.to_vec(),
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

    /// The state is gone.
    fn forgets(&self) {
        // Where a run was killed early there is none yet.
        fs::remove_dir_all(self.project.path().join(".watertight")).ok();
    }

    /// From now on an apply takes over what is found.
    fn adopts(&mut self) {
        let is_apply = self.first[0] == "apply";
        if is_apply && !self.first.iter().any(|argument| argument == "--adopt") {
            self.first.push("--adopt".to_owned());
        }
    }

    /// What is still to be done when the first run has ended, if that is not all.
    fn rest(&self, scene: &Scene) -> Option<Ran> {
        scene.rest().map(|arguments| self.runs(arguments))
    }

    /// The state, from wherever it is.
    fn state(&self, scene: &Scene) -> serde_json::Value {
        if scene.has_a_file() {
            return self.project.state(&scene.app);
        }
        let pulled = self.runs(&["state", "pull", "app.toml"]).code(0);
        serde_json::from_str(&pulled.out).unwrap()
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

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

impl Ground {
    /// The scene of this name, applied and destroyed once, undisturbed.
    pub(crate) fn of(name: &str) -> Self {
        let scene = Scene::of(name);
        let sandbox = Sandbox::apart();
        let (spec, first) = runtime().block_on(scene.set(&sandbox));
        let files = Files::from([("app.toml".into(), spec.into_bytes())]);
        // What the sandbox does at the first call of each service it does once, not in each copy.
        let before = runtime().block_on(sandbox.holds());
        let place = Place::new(&sandbox, &files, &first);
        place.first().code(0);
        let (calls, changes) = (place.proxy.calls().len(), place.proxy.mutations().len());
        if let Some(rest) = place.rest(&scene) {
            rest.code(0);
        }
        let after = place.holds();
        let stands = Photograph::now(&place.sandbox, &place.project);
        place.runs(&DESTROY).code(0);
        let destroys = place.proxy.calls().len();
        let left = place.holds();
        assert_eq!(beyond(&left, &before), 0, "{name} leaves something behind");
        let taken = beyond(&before, &left);
        assert_eq!(taken, scene.takes(), "{name} takes {before:?} to {left:?}");
        Self {
            name: name.to_owned(),
            scene,
            sandbox,
            files,
            first,
            stands,
            after,
            left,
            calls,
            changes,
            destroys,
        }
    }

    /// Those that still differ without a state, each with at how many moments it was so; none
    /// where the state is not a file that can be deleted.
    pub(crate) fn forgotten<'a>(&self, album: &'a Album) -> Vec<(&'a Photograph, usize)> {
        if self.scene.has_a_file() {
            album.without_disk()
        } else {
            Vec::new()
        }
    }

    /// Where nothing has happened yet.
    fn place(&self) -> Place {
        Place::new(&self.sandbox, &self.files, &self.first)
    }

    fn from(&self, photograph: &Photograph) -> Place {
        Place::new(&photograph.sandbox, &photograph.files, &self.first)
    }

    /// What is left by a first run that is killed at any moment of any call.
    pub(crate) fn killed(&self) -> Album {
        let place = self.place();
        let first: Vec<&str> = place.first.iter().map(String::as_str).collect();
        Album::of(&place.sandbox, &place.proxy, &place.project, &first, None)
    }

    /// The same of a destroy.
    pub(crate) fn destroy_killed(&self) -> Album {
        let place = self.from(&self.stands);
        Album::of(&place.sandbox, &place.proxy, &place.project, &DESTROY, None)
    }

    /// What is left by an apply that takes over all that stands, as its state is gone; none
    /// where that is not a file that can be deleted, or nothing is applied.
    pub(crate) fn adoption_killed(&self) -> Album {
        if !self.scene.has_a_file() || self.first[0] != "apply" {
            return Album::default();
        }
        let mut place = self.from(&self.stands);
        place.forgets();
        place.adopts();
        let first: Vec<&str> = place.first.iter().map(String::as_str).collect();
        Album::of(&place.sandbox, &place.proxy, &place.project, &first, None)
    }

    /// The run after the one that was killed, with the state or without; then all the rest.
    pub(crate) fn goes_on(&self, story: Story, photograph: &Photograph, moments: usize) -> Tally {
        let label = format!("{}, {story:?}, killed at {}", self.name, photograph.label());
        let mut tally = Tally::of_one(moments);
        let mut place = self.from(photograph);
        self.runs_again(&label, story, &mut place, &mut tally);
        self.goes_away(&label, &place, &mut tally);
        tally
    }

    /// The destroy after the one that was killed.
    pub(crate) fn destroys_on(&self, photograph: &Photograph) -> Tally {
        let label = format!("{}, destroy killed at {}", self.name, photograph.label());
        let mut tally = Tally::of_one(photograph.taken.len());
        self.goes_away(&label, &self.from(photograph), &mut tally);
        tally
    }

    /// Kills the first run just when the n-th call is photographed: what the photograph shows,
    /// and what the kill left. One call is under way at a time, as nobody can say what comes of
    /// those that a process that is killed has sent.
    pub(crate) fn photographed_and_killed(
        &self,
        moment: Moment,
        n: usize,
    ) -> [(Holdings, Files); 2] {
        let place = self.place();
        let mut first: Vec<&str> = place.first.iter().map(String::as_str).collect();
        first.extend(["--parallelism", "1"]);
        let kill = Some((n, moment));
        let album = Album::of(&place.sandbox, &place.proxy, &place.project, &first, kill);
        let shown = self.from(album.at(n, moment).unwrap());
        [shown, place].map(|place| (place.holds(), photograph::files(place.project.path())))
    }

    /// Kills the first run at its n-th call; runs it again, with the state or without. Where
    /// the state was kept, kills the destroy, too, at its n-th call.
    pub(crate) fn kill(&self, story: Story, moment: Moment, n: usize) -> Tally {
        let label = format!("{}, {story:?}, killed at call {n}, {moment:?}", self.name);
        let mut tally = Tally::of_one(0);
        let mut place = self.place();
        tally.kills += usize::from(place.killed(&place.first, moment, n));
        self.runs_again(&label, story, &mut place, &mut tally);
        let label = format!("{label}, then destroy");
        if story == Story::Kept && n <= self.destroys {
            tally.kills += usize::from(place.killed(&DESTROY, moment, n));
        }
        self.goes_away(&label, &place, &mut tally);
        tally
    }

    /// The first run once more, where it was killed.
    fn runs_again(&self, label: &str, story: Story, place: &mut Place, tally: &mut Tally) {
        if story == Story::Forgotten {
            place.forgets();
        }
        if story != Story::Kept {
            place.adopts();
        }
        tally.goes_on(label, &place.first());
        self.goes_well(label, place, tally);
    }

    /// After the first run came to its end: what is still to be done, and what stands then.
    fn goes_well(&self, label: &str, place: &Place, tally: &mut Tally) {
        if let Some(rest) = place.rest(&self.scene) {
            tally.goes_on(label, &rest);
        }
        tally.stands(label, &place.holds(), &self.after);
        tally.is_recorded_once(label, &place.state(&self.scene));
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
        let mut tally = Tally::of_one(0);
        let place = self.place();
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
        let mut tally = Tally::of_one(0);
        let place = self.place();
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
        let mut tally = Tally::of_one(0);
        let place = self.place();
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
