//! Runs that somebody ends from the outside, at a moment that the proxy tells.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::cli::{Project, Ran};
use super::proxy::{Fault, Proxy, When};

/// A run in the background.
pub(crate) struct Running(Child);

impl Running {
    /// Waits until this holds; the run must not end before.
    #[track_caller]
    pub(crate) fn until(&mut self, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            let ended = self.0.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_mins(1),
                "it ended ({ended:?}), or nothing happened for a minute"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// How it ends; what it says by then.
    pub(crate) fn end(self) -> Ran {
        Ran::of(&self.0.wait_with_output().unwrap())
    }
}

impl Project {
    /// Runs it in the background.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(command.spawn().unwrap())
    }

    /// Runs it, and sends it a signal as soon as this holds.
    #[track_caller]
    pub(crate) fn interrupted(
        &self,
        arguments: &[&str],
        signal: Signal,
        holds: impl Fn() -> bool,
    ) -> Ran {
        let mut run = self.start(arguments);
        run.until(holds);
        run.signal(signal);
        run.end()
    }

    /// Runs it, and kills it (`kill -9`) with the first of these calls, when AWS has carried it
    /// out and before it is answered. Whether it came to that.
    pub(crate) fn killed(&self, proxy: &Proxy, when: When, arguments: &[&str]) -> bool {
        let slot: Arc<Mutex<Option<Running>>> = Arc::default();
        let at_hand = Arc::clone(&slot);
        let kill = move || {
            let run = at_hand.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(run) = run.as_ref() {
                run.signal(Signal::KILL);
            }
        };
        proxy.fail(when, Fault::CallAfter(Arc::new(kill)), 1);
        *slot.lock().unwrap() = Some(self.start(arguments));
        loop {
            let ended = slot.lock().unwrap().as_mut().unwrap().0.try_wait().unwrap();
            if let Some(status) = ended {
                return status.code().is_none();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
