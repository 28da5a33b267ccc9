//! What watertight remembers: one document for an app and environment.
//!
//! State is a cache of what the tags and names in AWS prove, but for the intents: a
//! mutating call goes out only when its record is in the document on disk.
//!
//! *Invariant*: no sensitive value is ever in a document.

mod asked;
mod document;
mod mend;
mod moved;
pub mod store;
mod undo;

pub use asked::Asked;
pub use document::{Document, FORMAT, Record, Renamed, Status, holds_secrets, recordable, token};
pub use mend::{Push, Refused, push, rename_one};
pub use moved::{rename, rename_whole};
pub use undo::{Before, Undo};
