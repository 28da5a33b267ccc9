//! Whether the state can be read and written, and who holds it.
//!
//! *Invariant*: the document is not written, and nobody's lock is taken from him.

use super::Line;
use crate::aws::Aws;
use crate::spec::StateBucket;
use crate::state::Document;
use crate::state::store::bucket::{self, Judged};
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
    let line = match store.held_by(holder).await {
        Ok(None) => Line::ok(CHECK, message),
        Ok(Some(held)) => {
            let seen = held.at.map(|at| format!(", last seen alive at {at:.0}"));
            let who = format!(
                "another run holds the state: {}{}",
                held.who,
                seen.unwrap_or_default()
            );
            Line::warning(CHECK, format!("{message}; {who}"))
                .hint("wait until it has ended, or see what `watertight state unlock` says of it")
        }
        Err(error) => failed(&error),
    };
    (vec![line], document)
}

/// Judges the bucket that keeps it; that there is none, [`check`] says.
pub async fn state_bucket(aws: &Aws, bucket: &StateBucket) -> Vec<Line> {
    let name = &bucket.bucket;
    let Judged { wrong, unread } = match bucket::judge(aws, bucket).await {
        Ok(Some(judged)) => judged,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![failed(&error)],
    };
    let mut lines = Vec::new();
    if !wrong.is_empty() {
        let error = Error::Unfit {
            bucket: name.clone(),
            wrong,
        };
        lines.push(failed(&error));
    }
    if !unread.is_empty() {
        let message = format!(
            "whether bucket {name} is fit to keep state is not known: {} may not be called",
            unread.join(", ")
        );
        lines.push(Line::warning(CHECK, message));
    }
    if lines.is_empty() {
        let message = format!("bucket {name} is private, encrypted and versioned, and TLS only");
        lines.push(Line::ok(CHECK, message));
    }
    lines
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
