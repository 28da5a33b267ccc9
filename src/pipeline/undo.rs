//! The way from what is remembered of the last apply to the plan that takes it back.
//!
//! *Invariant*: what stood before goes through the same guardrails as what a spec asks for.

use jiff::civil::Date;

use super::{Session, Stop, against_aws, confirm};
use crate::diff::{Options, Target};
use crate::plan::{Changes, Plan};
use crate::resource::Desired;
use crate::{guardrail, undo};

/// The plan that takes back the last apply; none where there is nothing to take back. `spec`
/// says whose everything is and what is waived.
///
/// # Errors
/// A guardrail that refuses what stood before, a certificate that is gone or will not do any
/// more, or a resource that could not be read.
pub async fn plan_undo(
    session: &Session<'_>,
    spec: Desired,
    today: Date,
    options: Options,
) -> Result<Option<Plan>, Stop> {
    let Some((desired, touched)) = undo::desired(spec, &session.document) else {
        return Ok(None);
    };
    let approved = guardrail::approve(desired, today).map_err(Stop::Refused)?;
    let (confirmed, worth_knowing) = confirm(session.aws, approved, today).await?;
    let target = Target::Keep(&confirmed);
    let confine = |changes: &mut Changes| {
        undo::confine(changes, &touched);
        undo::tell_unset(changes, confirmed.desired(), &touched, &session.document);
        let notes = worth_knowing.into_iter().map(|problem| problem.message);
        changes.notes.extend(notes);
    };
    let plan = against_aws(session, target, options, confine).await?;
    Ok(Some(Plan {
        undoes: true,
        ..plan
    }))
}
