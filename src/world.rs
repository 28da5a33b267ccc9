//! Everything that a run takes from the outside, gathered once by `main`.
//!
//! *Invariant*: nothing else reads arguments, environment, directory, clock or randomness,
//! so a run is a function of its world and of what AWS answers. (The SDK reads its own
//! `AWS_*` variables and profile files.)

mod interrupts;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

pub use interrupts::{Handling, Interrupts};

/// What surrounds a run.
#[derive(Clone, Debug)]
pub struct World {
    /// The command line, the program's name first.
    pub arguments: Vec<OsString>,
    /// The environment's variables that are text.
    pub environment: BTreeMap<String, String>,
    /// The working directory.
    pub directory: PathBuf,
    /// When the run began.
    pub now: Timestamp,
    /// 16 random bytes, for a lineage.
    pub random: [u8; 16],
    /// Which streams are a terminal.
    pub terminal: Terminal,
    /// This process.
    pub process: u32,
    /// What ends a run from the outside.
    pub interrupts: Interrupts,
}

/// Which of the three streams a person sits at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Answers can be typed.
    pub input: bool,
    /// Data is looked at as it comes.
    pub output: bool,
    /// Talk is looked at as it comes.
    pub error: bool,
}

impl World {
    /// The day, in UTC, on which waivers are judged.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// A path that the user gave, from the working directory.
    #[must_use]
    pub fn path(&self, given: &Path) -> PathBuf {
        self.directory.join(given)
    }

    /// A variable, if it is set and not empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The user's cache folder: `$XDG_CACHE_HOME/watertight`, else `~/.cache/watertight`,
    /// else a folder of the working directory.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        let base = self
            .variable("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| {
                let home = self.variable("HOME")?;
                Some(Path::new(home).join(".cache"))
            });
        base.map_or_else(
            || self.directory.join(".watertight/cache"),
            |base| base.join("watertight"),
        )
    }

    /// 32 hex digits that name a new state document's line of descent.
    #[must_use]
    pub fn lineage(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.random))
    }

    /// Who holds a lock, for the others who want it: user, machine, process and time.
    #[must_use]
    pub fn holder(&self) -> String {
        let user = self.variable("USER").unwrap_or("somebody");
        let host = self.variable("HOSTNAME").unwrap_or("this machine");
        format!(
            "{user} on {host}, process {}, since {:.0}",
            self.process, self.now
        )
    }
}
