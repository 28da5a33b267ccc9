//! The way from what is remembered of the last apply to the plan that takes it back.
//!
//! *Invariant*: what stood before goes through the same guardrails as what a spec asks for.

use jiff::civil::Date;

use super::{Session, Stop, header, in_order};
use crate::diff::{self, Options, Target};
use crate::plan::{Mode, Plan};
use crate::resource::{Desired, Lookups};
use crate::{blockers, graph, guardrail, refresh, undo};

/// The plan that takes back the last apply; none where there is nothing to take back. `spec`
/// says whose everything is and what is waived.
///
/// # Errors
/// A guardrail that refuses what stood before, or a resource that could not be read.
pub async fn plan_undo(
    session: &Session<'_>,
    spec: Desired,
    today: Date,
    options: Options,
) -> Result<Option<Plan>, Stop> {
    let Session {
        aws,
        document,
        owner,
        ..
    } = session;
    let Some((desired, touched)) = undo::desired(spec, document) else {
        return Ok(None);
    };
    let approved = guardrail::approve(desired, today).map_err(Stop::Refused)?;
    let confirmed = guardrail::confirm(approved, &Lookups::new(), today).map_err(Stop::Refused)?;
    let desired = confirmed.desired();
    let graph = graph::build(desired, document).map_err(Stop::Wrong)?;
    let observed = refresh::observe(aws, desired, &graph, document, owner)
        .await
        .map_err(Stop::Unread)?;
    let target = Target::Keep(&confirmed);
    let mut changes = diff::compare(target, &graph, &observed, document, options);
    undo::confine(&mut changes, &touched);
    let found = blockers::find(aws, &changes.steps).await;
    changes.problems.extend(found);
    let header = header(Mode::Apply, desired, Some(&session.account));
    let plan = in_order(changes, &graph, document, header);
    Ok(Some(Plan {
        undoes: true,
        ..plan
    }))
}
