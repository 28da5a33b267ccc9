//! Where a document is kept.
//!
//! *Invariant*: a store never shows half a document: a write is there whole or not at all.

pub mod bucket;
mod history;
mod lease;
mod local;
mod migrate;
mod private;
mod s3;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use local::{Local, document_in};
pub use migrate::{Migrated, migrate};
pub use s3::{S3, Tell};

use super::{Document, FORMAT};
use crate::aws;

/// How many earlier documents are kept, or shown where more are.
const HISTORY: usize = 20;

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

    /// Who keeps the others from changing the document now; nothing is changed.
    async fn held_by(&self, holder: &str) -> Result<Option<Held>, Error>;

    /// Ends another run's hold, as `holder`: what that run still means to write is refused.
    ///
    /// # Errors
    /// [`Error::Locked`] where only the end of its process can end it.
    async fn unlock(&self, holder: &str) -> Result<(), Error>;

    /// Who is asked, while the lock is held, whether a call that changes something may still
    /// leave. None where the lock can't be lost.
    fn guard(&self) -> Option<Arc<dyn aws::Guard>> {
        None
    }

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

/// Held while a run may change the document; given back when it is dropped.
#[derive(Debug)]
pub struct Lock {
    _held: Box<dyn std::fmt::Debug + Send + Sync>,
}

impl Lock {
    fn new(held: impl std::fmt::Debug + Send + Sync + 'static) -> Self {
        Self {
            _held: Box::new(held),
        }
    }
}

/// Another run's hold on the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who, as it wrote itself.
    pub who: String,
    /// Its last sign of life, where the place tells.
    pub at: Option<Timestamp>,
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
    /// Another run holds the lease of a document in S3, and is alive.
    #[error("another run holds the state: {holder}")]
    Leased {
        /// Who, as it wrote itself.
        holder: String,
    },
    /// Another run has taken the document over, or somebody wrote it in between.
    #[error("{place} is no longer this run's to write: {why}")]
    Lost {
        /// The document.
        place: String,
        /// What became of the hold, a phrase.
        why: String,
    },
    /// AWS said no, or nothing.
    #[error("state {place}")]
    Object {
        /// The document.
        place: String,
        /// The call that failed.
        #[source]
        source: aws::Error,
    },
    /// The object is not a whole document.
    #[error("state {place} is not a whole document: {why}")]
    TornObject {
        /// The document.
        place: String,
        /// What the reader said.
        why: String,
        /// The command that brings back the newest whole version.
        repair: Option<String>,
    },
    /// The bucket is not what a bucket with state must be.
    #[error("bucket {bucket} is not fit to keep state: {}", wrong.join("; "))]
    Unfit {
        /// Its name.
        bucket: String,
        /// What is wrong with it, a phrase each.
        wrong: Vec<String>,
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
            Self::Leased { .. } => "it has just given a sign of life: wait until it has ended. If its machine is gone for good, the next run takes over by itself; `watertight state unlock` does at once".to_owned(),
            Self::Lost { .. } => "nothing more was sent to AWS or written; when the other run has ended, run again: what was begun here is found by its name and tags".to_owned(),
            Self::Object { source, .. } if is_no_bucket(source) => "`watertight state init` makes the bucket".to_owned(),
            Self::Object { source, .. } => source.next_step().unwrap_or("see what S3 says, then run again").to_owned(),
            Self::TornObject { repair: Some(repair), .. } => format!(
                "`{repair}` brings the newest whole version back; then run again: whatever it does not know is found by its tags and names"
            ),
            Self::TornObject { repair: None, .. } => "delete the object, then run again with --adopt: everything that the spec describes is found by its tags and names".to_owned(),
            Self::Unfit { .. } => "`watertight state init` shows what it would mend of a bucket that it made; another one is mended by its owner".to_owned(),
        }
    }
}

/// Whether S3 says that the bucket itself is not there.
fn is_no_bucket(error: &aws::Error) -> bool {
    error.code.as_deref() == Some("NoSuchBucket")
}

/// Why bytes are no document of ours.
enum Unreadable {
    /// They are not a whole one; what the reader said.
    Torn(String),
    /// A newer version wrote it, in this format.
    TooNew(u32),
}

/// The document in these bytes.
fn parse(bytes: &[u8]) -> Result<Document, Unreadable> {
    let torn = |error: serde_json::Error| Unreadable::Torn(error.to_string());
    let json: serde_json::Value = serde_json::from_slice(bytes).map_err(torn)?;
    // The format is looked at first, as a newer one may not parse as ours.
    if let Some(found) = json.get("format").and_then(serde_json::Value::as_u64)
        && found > u64::from(FORMAT)
    {
        return Err(Unreadable::TooNew(u32::try_from(found).unwrap_or(u32::MAX)));
    }
    serde_json::from_value(json).map_err(torn)
}
