//! Sandboxes of one's own, and copies of them: what is broken on purpose is broken in a copy.
//!
//! *Invariant*: a copy holds what the other held at that moment, and nothing that happens in one
//! of them is seen in the other. It ends when it is dropped.

use rustix::process::{Pid, Signal, kill_process};
use watertight::sandbox::{Ready, Running};

use super::{Sandbox, start};

/// What ends a sandbox.
#[expect(
    dead_code,
    reason = "a server is held so that it ends when it is dropped"
)]
pub(super) enum End {
    /// The end of all tests.
    Shared,
    Own(Running),
    Copy(Copied),
}

pub(super) struct Copied(Pid);

impl Drop for Copied {
    fn drop(&mut self) {
        // It has ended already when the first one has.
        kill_process(self.0, Signal::KILL).ok();
    }
}

impl Sandbox {
    /// One with a server of its own, which holds this account alone.
    pub(crate) fn apart() -> Self {
        let running = start();
        Self {
            account: "700000000000".to_owned(),
            endpoint: running.endpoint().to_owned(),
            dns: running.ready().dns.clone().unwrap(),
            end: End::Own(running),
        }
    }

    /// One that holds the same, and goes its own way from here on.
    pub(crate) fn copy(&self) -> Self {
        let ready: Ready = serde_json::from_str(&self.own_call("POST", "fork", "")).unwrap();
        let pid = i32::try_from(ready.pid).unwrap();
        Self {
            account: self.account.clone(),
            endpoint: ready.endpoint,
            dns: ready.dns.unwrap(),
            end: End::Copy(Copied(Pid::from_raw(pid).unwrap())),
        }
    }
}
