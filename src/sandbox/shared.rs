//! The user's sandbox: one process that runs until it is told to stop, used by every `--sandbox`.
//!
//! Its process and port stand in `running.json` of the sandbox's folder.
//!
//! *Invariant*: a process is signalled only after it has said on its port that it is the one in
//! the file; a file that nobody answers for is a leftover.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::install::{install, lock};
use super::process::{Lifetime, ask, spawn};
use super::{Error, Ready, Settings, folder, source};

/// What there is of the user's sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// None runs.
    Stopped,
    /// One runs.
    Running {
        /// Where.
        ready: Ready,
        /// Whether it was started by another version of watertight, with other corrections.
        outdated: bool,
    },
}

/// What a sandbox says of itself.
#[derive(Debug, Deserialize)]
struct Itself {
    pid: u32,
    app: String,
}

/// The user's sandbox: the one that runs, or else a new one.
///
/// # Errors
/// It can't be installed or does not start.
pub fn ensure(settings: &Settings) -> Result<Ready, Error> {
    let folder = settings.folder();
    let installed = install(&folder)?;
    let _lock = lock(&folder.join("running.lock"))?;
    if let Status::Running { ready, .. } = status(&settings.cache) {
        return Ok(ready);
    }
    let log = folder.join("shared.log");
    fs::write(&log, "").map_err(Error::io("write", &log))?;
    let (mut child, ready) = spawn(&installed, settings, &log, Lifetime::Detached)?;
    let file = file(&settings.cache);
    let written = serde_json::to_vec(&ready)
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(&file, text));
    if let Err(source) = written {
        // Without the file nobody could find it again.
        child.kill().ok();
        child.wait().ok();
        return Err(Error::io("write", &file)(source));
    }
    Ok(ready)
}

/// Whether the user's sandbox runs, and where.
#[must_use]
pub fn status(cache: &Path) -> Status {
    let Some(ready) = recorded(cache) else {
        return Status::Stopped;
    };
    let answer = ask(ready.port, "GET", "/sandbox-api/status");
    match answer.and_then(|text| serde_json::from_str::<Itself>(&text).ok()) {
        Some(itself) if itself.pid == ready.pid => Status::Running {
            ready,
            outdated: !itself.app.ends_with(&source::digest()),
        },
        _ => Status::Stopped,
    }
}

/// Stops the user's sandbox; `false` if none ran.
///
/// # Errors
/// It does not end.
pub fn stop(cache: &Path) -> Result<bool, Error> {
    let folder = folder(cache);
    if !folder.is_dir() {
        return Ok(false);
    }
    let _lock = lock(&folder.join("running.lock"))?;
    let Status::Running { ready, .. } = status(cache) else {
        return Ok(false);
    };
    terminate(ready.pid)?;
    for _ in 0..100 {
        if status(cache) == Status::Stopped {
            let file = file(cache);
            fs::remove_file(&file).map_err(Error::io("remove", &file))?;
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Error::Silent {
        endpoint: ready.endpoint,
    })
}

/// Makes the user's sandbox as empty as it was at the start; `false` if none runs.
///
/// # Errors
/// It does not answer.
pub fn reset(cache: &Path) -> Result<bool, Error> {
    let Status::Running { ready, .. } = status(cache) else {
        return Ok(false);
    };
    match ask(ready.port, "POST", "/moto-api/reset") {
        Some(_) => Ok(true),
        None => Err(Error::Silent {
            endpoint: ready.endpoint,
        }),
    }
}

fn file(cache: &Path) -> PathBuf {
    folder(cache).join("running.json")
}

fn recorded(cache: &Path) -> Option<Ready> {
    serde_json::from_slice(&fs::read(file(cache)).ok()?).ok()
}

fn terminate(pid: u32) -> Result<(), Error> {
    let raw = i32::try_from(pid).ok();
    let sent = raw
        .and_then(rustix::process::Pid::from_raw)
        .ok_or(std::io::Error::from(std::io::ErrorKind::InvalidInput))
        .and_then(|pid| {
            Ok(rustix::process::kill_process(
                pid,
                rustix::process::Signal::TERM,
            )?)
        });
    sent.map_err(|source| Error::Io {
        what: format!("could not stop process {pid}"),
        source,
    })
}
