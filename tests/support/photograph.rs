//! What a process leaves that is killed at any instant, without killing it at each: one run is
//! stopped at every moment of every call, and the world is copied, AWS and disk.
//!
//! *Invariant*: a photograph is what SIGKILL at that moment would leave. AWS carries nothing out
//! and the process stands still (SIGSTOP) while it is taken; what a process has in memory dies
//! with it. Two photographs of a run differ in what AWS was told or in what is on disk, and AWS
//! was told one thing more at most from one to the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::Sandbox;
use super::cli::Project;
use super::proxy::{Instant, Moment, Proxy};

/// What is on disk, by its path in the project's folder.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The world at an instant.
pub(crate) struct Photograph {
    /// AWS, as it was.
    pub(crate) sandbox: Sandbox,
    pub(crate) files: Files,
    /// When the world was so, one after the other; never, if nothing ran.
    pub(crate) taken: Vec<Instant>,
}

/// All that was different in one run, in order.
#[derive(Default)]
pub(crate) struct Album(Vec<Photograph>);

impl Album {
    /// Runs this to its end, which must be a good one; or until it is killed, just after the
    /// photograph of this call at this moment.
    pub(super) fn of(
        sandbox: &Arc<Sandbox>,
        proxy: &Proxy,
        project: &Project,
        arguments: &[&str],
        kill: Option<(usize, Moment)>,
    ) -> Self {
        let album: Arc<Mutex<Self>> = Arc::default();
        let process: Arc<OnceLock<Pid>> = Arc::default();
        let (kept, at_hand) = (Arc::clone(&album), Arc::clone(&process));
        let (sandbox, folder) = (Arc::clone(sandbox), project.path().to_owned());
        proxy.clear();
        proxy.look(move |instant| {
            let process = *at_hand.wait();
            stopped(process, || {
                kept.lock().unwrap().add(&sandbox, files(&folder), instant);
                let is_killed = kill == Some((instant.call, instant.moment));
                if is_killed {
                    kill_process(process, Signal::KILL).ok();
                }
                !is_killed
            })
        });
        let mut command = project.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let run = command.spawn().unwrap();
        let pid = pid(&run);
        process.set(pid).unwrap();
        // It is not reaped before the last look: its number is nobody else's until then.
        waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )
        .unwrap();
        proxy.quiet();
        proxy.clear();
        let ended = run.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        let is_as_asked = ended.status.success() == kill.is_none();
        assert!(is_as_asked, "{arguments:?}: {said}");
        std::mem::take(&mut *album.lock().unwrap())
    }

    fn add(&mut self, sandbox: &Sandbox, files: Files, instant: Instant) {
        let mut known = self.0.iter_mut().rev();
        let known =
            known.find(|known| known.taken[0].changes == instant.changes && known.files == files);
        if let Some(known) = known {
            known.taken.push(instant);
            return;
        }
        self.0.push(Photograph {
            sandbox: sandbox.copy(),
            files,
            taken: vec![instant],
        });
    }

    pub(crate) fn all(&self) -> Vec<&Photograph> {
        self.0.iter().collect()
    }

    /// The one that was taken of this call at this moment.
    pub(super) fn at(&self, call: usize, moment: Moment) -> Option<&Photograph> {
        let is_it = |at: &Instant| (at.call, at.moment) == (call, moment);
        self.0.iter().find(|one| one.taken.iter().any(is_it))
    }

    /// Those that still differ when there is nothing on disk, each with the moments of all that
    /// do not differ from it then.
    pub(super) fn without_disk(&self) -> Vec<(&Photograph, usize)> {
        let mut apart: Vec<(&Photograph, usize)> = Vec::new();
        for one in &self.0 {
            let changes = one.taken[0].changes;
            let mut known = apart.iter_mut();
            let known = known.find(|(known, _)| known.taken[0].changes == changes);
            match known {
                Some((_, moments)) => *moments += one.taken.len(),
                None => apart.push((one, one.taken.len())),
            }
        }
        apart
    }
}

impl Photograph {
    /// The world as it is, while nothing runs.
    pub(super) fn now(sandbox: &Sandbox, project: &Project) -> Self {
        Self {
            sandbox: sandbox.copy(),
            files: files(project.path()),
            taken: Vec::new(),
        }
    }

    /// `call 17, Unread`: the first of its moments.
    pub(super) fn label(&self) -> String {
        let first = self.taken.first();
        first.map_or_else(
            || "no call".to_owned(),
            |at| format!("call {}, {:?}", at.call, at.moment),
        )
    }
}

fn pid(run: &Child) -> Pid {
    Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap()
}

/// Does this while no thread of the process goes on.
fn stopped<T>(process: Pid, what: impl FnOnce() -> T) -> T {
    // Both fail only where it has ended.
    kill_process(process, Signal::STOP).ok();
    let ends_or_stops = WaitIdOptions::STOPPED | WaitIdOptions::EXITED;
    waitid(WaitId::Pid(process), ends_or_stops | WaitIdOptions::NOWAIT).ok();
    let seen = what();
    kill_process(process, Signal::CONT).ok();
    seen
}

/// All that is in a folder.
pub(super) fn files(folder: &Path) -> Files {
    let mut all = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                all.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    all
}
