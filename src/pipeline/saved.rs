//! The way from what was approved to what may still be done of a plan that was saved.
//!
//! *Invariant*: what is left of a file is held against the guardrails as any part of a plan is.

use jiff::civil::Date;

use super::{Session, Stop, confirm, keep};
use crate::between;
use crate::diff::Options;
use crate::guardrail::Approved;
use crate::saved::{self, Reconciled, Saved};

/// What was approved -> the plan that makes AWS so, as far as the file has it.
///
/// # Errors
/// A lookup that found nothing or several, a guardrail that refuses what was found, or a
/// resource that could not be read.
pub async fn plan_saved(
    session: &Session<'_>,
    approved: Approved,
    today: Date,
    options: Options,
    saved: &Saved,
) -> Result<Reconciled, Stop> {
    let (confirmed, worth_knowing) = confirm(session.aws, approved, today).await?;
    let plan = keep(session, &confirmed, worth_knowing, options).await?;
    let (desired, document) = (confirmed.desired(), &session.document);
    Ok(saved::reconcile(plan, saved, |plan, taken| {
        between::part(plan, taken, desired, document, &mut confirmed.judge())
    }))
}
