//! What stands goes on without watertight.
//!
//! *Invariant*: nothing of what stands changes but the tags `watertight:*`, which go.

use futures::StreamExt;

use super::{Session, Stop};
use crate::address::Address;
use crate::aws::{Error, untag};
use crate::refresh;

/// How many calls at once.
const AT_ONCE: usize = 10;

/// Takes our tags off everything that is recorded and still stands.
///
/// # Errors
/// What could not be read. What could not be untagged is in the answer, beside the number of
/// things that were.
pub async fn untag(session: &Session<'_>) -> Result<(usize, Vec<(Address, Error)>), Stop> {
    let Session { aws, document, .. } = session;
    let mut tagged = document.clone();
    tagged
        .records
        .retain(|record| untag::carries_tags(&record.address.kind));
    let observed = refresh::recorded(aws, &tagged)
        .await
        .map_err(Stop::Unread)?;
    let calls = observed.resources.iter().map(|(address, seen)| async move {
        let done = untag::ours(aws, &address.kind, &seen.id, &seen.attributes).await;
        (address.clone(), done)
    });
    let done: Vec<_> = futures::stream::iter(calls)
        .buffered(AT_ONCE)
        .collect()
        .await;
    let all = done.len();
    let failed: Vec<(Address, Error)> = done
        .into_iter()
        .filter_map(|(address, done)| Some((address, done.err()?)))
        .collect();
    Ok((all - failed.len(), failed))
}
