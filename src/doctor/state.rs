//! Whether the state can be read and written, and who holds it.
//!
//! *Invariant*: the lock is given back at once, and the document is not written.

use super::Line;
use crate::state::Document;
use crate::state::store::{Error, Store};

const CHECK: &str = "state";

/// Looks at the store, as `holder`; what it holds is for the other checks.
pub async fn check(store: &dyn Store, holder: &str) -> (Vec<Line>, Option<Document>) {
    let document = match store.load().await {
        Ok(document) => document,
        Err(error) => return (vec![failed(&error)], None),
    };
    let message = match &document {
        Some(document) => format!(
            "{}: serial {}, {} records, written by version {}",
            store.place(),
            document.serial,
            document.records.len(),
            document.version
        ),
        None => format!("{}: nothing is recorded yet", store.place()),
    };
    let line = match store.lock(holder).await {
        Ok(lock) => {
            drop(lock);
            Line::ok(CHECK, message)
        }
        Err(error @ Error::Locked { .. }) => {
            Line::warning(CHECK, format!("{message}; {error}")).hint(error.hint())
        }
        Err(error) => failed(&error),
    };
    (vec![line], document)
}

fn failed(error: &Error) -> Line {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    Line::failure(CHECK, message).hint(error.hint())
}
