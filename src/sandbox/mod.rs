//! A local AWS, installed and started by us: moto's server in a virtual environment of its own,
//! corrected by the small Python package in `python/`.
//!
//! In: a cache folder. Out: an endpoint on a loopback port, the credentials to use there, and a
//! DNS server that stands for public DNS.
//! Everything here blocks (the first install for some ten seconds), so that an async caller wraps
//! it in `spawn_blocking`.
//!
//! *Invariant*: the rest of the crate knows nothing of the sandbox but the endpoint, the
//! credentials and the DNS server that it puts into [`aws::Settings`](crate::aws::Settings).

mod install;
mod process;
mod shared;
mod source;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use process::{Running, start};
pub use shared::{Status, ensure, reset, status, stop};

/// How a sandbox is to be started.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The user's cache folder for watertight; the sandbox's files go into `sandbox/` there.
    pub cache: PathBuf,
    /// Port on the loopback interface; `None` takes a free one.
    pub port: Option<u16>,
    /// Whether every account has the public zones `example.com` and `example.org`.
    pub seed: bool,
    /// How long a certificate takes to be issued once its record stands.
    pub certificate_delay: Duration,
    /// How long a distribution takes to be deployed.
    pub distribution_delay: Duration,
    /// How long a load balancer takes to become active.
    pub load_balancer_delay: Duration,
}

impl Settings {
    /// The usual ones, in this cache folder.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            port: None,
            seed: true,
            certificate_delay: Duration::from_secs(1),
            distribution_delay: Duration::from_secs(2),
            load_balancer_delay: Duration::from_secs(1),
        }
    }

    fn folder(&self) -> PathBuf {
        folder(&self.cache)
    }

    fn arguments(&self) -> Vec<String> {
        let seconds = |delay: Duration| delay.as_secs_f64().to_string();
        vec![
            "--port".to_owned(),
            self.port.unwrap_or(0).to_string(),
            "--certificate-delay".to_owned(),
            seconds(self.certificate_delay),
            "--distribution-delay".to_owned(),
            seconds(self.distribution_delay),
            "--load-balancer-delay".to_owned(),
            seconds(self.load_balancer_delay),
            if self.seed { "--seed" } else { "--no-seed" }.to_owned(),
        ]
    }
}

/// A sandbox that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Its port on the loopback interface.
    pub port: u16,
    /// Its process.
    pub pid: u32,
    /// Where every service of it is reached: `http://127.0.0.1:41234`.
    pub endpoint: String,
    /// Where its public DNS answers: `udp://127.0.0.1:41235`. One that an older version of
    /// watertight started has none.
    #[serde(default)]
    pub dns: Option<String>,
}

/// The account of the sandbox's [`credentials`].
pub const ACCOUNT: &str = "123456789012";

/// Key id and secret to use with a sandbox. There, a key id of 12 digits is the account.
#[must_use]
pub fn credentials() -> (String, String) {
    (ACCOUNT.to_owned(), "sandbox".to_owned())
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No Python that would do was found.
    #[error("the sandbox needs Python {minimum} or later, and {found}")]
    Python {
        /// The oldest that would do.
        minimum: &'static str,
        /// What there is instead.
        found: String,
    },
    /// Python is there, its module `venv` is not whole.
    #[error("Python's module venv does not work: {output}")]
    Venv {
        /// What it said.
        output: String,
    },
    /// pip failed.
    #[error("pip could not install the sandbox's packages: {output}")]
    Pip {
        /// The end of what it said.
        output: String,
    },
    /// The server ended, or did not answer in time.
    #[error("the sandbox did not start: {output}")]
    Start {
        /// The end of what it said.
        output: String,
    },
    /// A running sandbox does not do as it is told.
    #[error("the sandbox at {endpoint} does not answer")]
    Silent {
        /// Where it should be.
        endpoint: String,
    },
    /// A file or a process of ours.
    #[error("{what}")]
    Io {
        /// What was tried, and on which path.
        what: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// What to do next, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Python { .. } => Some(
                "install Python 3 (Debian and Ubuntu: `apt install python3 python3-venv`; macOS: `brew install python`)",
            ),
            Self::Venv { .. } => {
                Some("install Python's module venv (Debian and Ubuntu: `apt install python3-venv`)")
            }
            Self::Pip { .. } => {
                Some("pip must reach a package index; it is used as your environment configures it")
            }
            Self::Silent { .. } => Some("`watertight sandbox stop`, then `start`"),
            Self::Start { .. } | Self::Io { .. } => None,
        }
    }

    fn io(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let what = format!("could not {what} {}", path.display());
        move |source| Self::Io { what, source }
    }
}

/// The Python of the sandbox, which has boto3; installs what is missing.
///
/// # Errors
/// It can't be installed.
pub fn python(cache: &Path) -> Result<PathBuf, Error> {
    Ok(install::install(&folder(cache))?.python)
}

fn folder(cache: &Path) -> PathBuf {
    cache.join("sandbox")
}
