//! The way from what is remembered to what others changed of it.
//!
//! *Invariant*: nothing is changed, in AWS or in the state.

use super::{Session, Stop};
use crate::aws::trail::Trail;
use crate::drift::Drift;
use crate::refresh;
use crate::resource::Desired;

/// What others changed since the last apply, and who. `desired` is the spec, as far as it
/// could be expanded.
///
/// # Errors
/// A resource that could not be read. That CloudTrail does not answer is a note.
pub async fn drift(session: &Session<'_>, desired: &Desired) -> Result<Drift, Stop> {
    let Session {
        aws,
        document,
        account,
        ..
    } = session;
    let observed = refresh::standing(aws, desired, document)
        .await
        .map_err(Stop::Unread)?;
    let mut drift = crate::drift::find(desired, document, &observed, account);
    crate::drift::tell(&mut drift, &mut Trail::new(aws)).await;
    Ok(drift)
}
