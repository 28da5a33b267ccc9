//! Where a document is kept.
//!
//! *Invariant*: a store never shows half a document: a write is there whole or not at all.

mod local;

use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;

pub use local::{Local, document_in};

use super::Document;

/// A place for one document.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// The document, or none if there never was one.
    async fn load(&self) -> Result<Option<Document>, Error>;

    /// Makes this the document. Durable when it returns.
    async fn save(&self, document: &Document) -> Result<(), Error>;

    /// Forgets the document, which another place has now. What was kept of it before stays.
    async fn retire(&self) -> Result<(), Error>;

    /// The earlier documents that are still kept, newest first; the present one is not among
    /// them.
    async fn history(&self) -> Result<Vec<Kept>, Error>;

    /// An earlier document, if it is still kept.
    async fn earlier(&self, serial: u64) -> Result<Option<Document>, Error>;

    /// Keeps every other run from changing the document, until what is returned is dropped.
    /// `holder` tells the others who it is.
    async fn lock(&self, holder: &str) -> Result<Lock, Error>;

    /// The place, for people.
    fn place(&self) -> String;
}

/// An earlier document that is still kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its serial.
    pub serial: u64,
    /// When it was written, where the place tells.
    pub at: Option<Timestamp>,
}

/// Held while a run may change the document.
#[derive(Debug)]
pub struct Lock {
    _file: std::fs::File,
}

/// The state can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system said no.
    #[error("state file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a whole document.
    #[error("state file {} is not a whole document: {why}", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        why: String,
        /// The newest whole document in the history beside it.
        previous: Option<PathBuf>,
    },
    /// A newer version of watertight wrote it.
    #[error("state file {} has format {found}; this version reads up to {}", path.display(), super::FORMAT)]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Another run holds the lock.
    #[error("another run holds the state: {holder}")]
    Locked {
        /// Who, as it wrote itself.
        holder: String,
    },
}

impl Error {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::File { .. } => "check the folder's permissions and free space, then run again".to_owned(),
            Self::Torn { previous: Some(previous), .. } => format!(
                "copy {} over it, then run again: whatever that copy does not know is found by its tags and names",
                previous.display()
            ),
            Self::Torn { previous: None, .. } => "move it away, then run again with --adopt: everything that the spec describes is found by its tags and names".to_owned(),
            Self::TooNew { .. } => "use the version of watertight that wrote it, or a newer one".to_owned(),
            Self::Locked { .. } => "wait until it has ended; the lock goes with its process".to_owned(),
        }
    }
}
