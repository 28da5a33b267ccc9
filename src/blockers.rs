//! What would prevent a delete, asked while planning.
//!
//! In: the steps of a plan. Out: a problem for each delete that something prevents.
//!
//! *Invariant*: whatever the same plan deletes or turns away prevents nothing.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::aws::{Aws, Blocker, lifecycle};
use crate::plan::{Action, Problem, Step};
use crate::resource::Id;
use crate::value::Value;

/// Kinds of which others make use in ways that no reference shows, so that it is worth a call.
const ASKED: &[&str] = &[
    "aws_acm_certificate",
    "aws_eip",
    "aws_internet_gateway",
    "aws_lb_target_group",
    "aws_route_table",
    "aws_s3_bucket",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
];

/// Asks what prevents the deletes among these steps. A problem for each that something
/// prevents. Where AWS does not say, the delete itself will.
pub async fn find(aws: &Aws, steps: &[Step]) -> Vec<Problem> {
    let touched: BTreeSet<String> = steps.iter().flat_map(hangs_on).collect();
    let asked = steps.iter().filter_map(|step| {
        let lifecycle = lifecycle(&step.change.kind)?;
        let id = step.change.id.as_ref()?;
        is_asked(step).then_some((step, lifecycle, id))
    });
    let answers = asked.map(|(step, lifecycle, id)| async move {
        let blockers = lifecycle.blockers(aws, id).await.unwrap_or_default();
        (step, id, blockers)
    });
    join_all(answers)
        .await
        .into_iter()
        .filter_map(|(step, id, blockers)| problem(step, id, &blockers, &touched))
        .collect()
}

/// Whether it is worth asking what prevents this delete. What a replacement leaves behind
/// is in use until the plan turns its users away; of a bucket that may be emptied it doesn't
/// matter what is in it.
#[must_use]
pub fn is_asked(step: &Step) -> bool {
    let change = &step.change;
    change.action == Action::Delete
        && !change.replaced
        && ASKED.contains(&change.kind.as_str())
        && step.observed.get("force_destroy") != Some(&Value::Bool(true))
}

fn problem(
    step: &Step,
    id: &Id,
    blockers: &[Blocker],
    touched: &BTreeSet<String>,
) -> Option<Problem> {
    let left: Vec<&str> = blockers
        .iter()
        .filter(|blocker| !is_among(blocker, touched))
        .map(|blocker| blocker.what.as_str())
        .collect();
    if left.is_empty() {
        return None;
    }
    let what = left.join(", ");
    let (message, hint) = if step.change.kind == "aws_s3_bucket" {
        (
            format!("bucket {id} is not empty: {what}"),
            "save what is in it, then run again with --empty-buckets, which deletes every object and version",
        )
    } else {
        (
            format!("{id} can't be deleted, it is used by {what}"),
            "take it out of what uses it, then run again",
        )
    };
    Some(Problem {
        address: step.change.address.clone(),
        message,
        hints: vec![hint.to_owned()],
    })
}

/// The id of what a step deletes or changes, and what that hangs on: the load balancer of
/// a listener that goes is what AWS names as the user of its certificate.
#[must_use]
pub fn hangs_on(step: &Step) -> Vec<String> {
    let change = &step.change;
    let Some(id) = &change.id else {
        return Vec::new();
    };
    if change.action == Action::Forget {
        return Vec::new();
    }
    let mut names = vec![id.text.clone()];
    names.extend(
        step.observed
            .values()
            .filter_map(Value::as_str)
            .filter(|text| text.starts_with("arn:"))
            .map(str::to_owned),
    );
    names
}

/// Whether the plan deletes or changes what is in the way. Some services name it by its ARN
/// where its id is the last part of that.
#[must_use]
pub fn is_among(blocker: &Blocker, touched: &BTreeSet<String>) -> bool {
    blocker.id.as_ref().is_some_and(|id| {
        let of_arn = id.starts_with("arn:").then(|| id.rsplit(['/', ':']).next());
        touched.contains(id) || of_arn.flatten().is_some_and(|last| touched.contains(last))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::is_among;
    use crate::aws::Blocker;

    #[test]
    fn a_blocker_is_known_by_its_id_or_the_end_of_its_arn() {
        let touched = BTreeSet::from([
            "E123".to_owned(),
            "rtb-1".to_owned(),
            "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/50dc".to_owned(),
        ]);
        let check = |id: Option<&str>, expected: bool| {
            let blocker = Blocker {
                what: "it".to_owned(),
                id: id.map(str::to_owned),
            };
            assert_eq!(is_among(&blocker, &touched), expected, "{id:?}");
        };
        check(Some("arn:aws:cloudfront::1:distribution/E123"), true);
        check(
            Some("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/50dc"),
            true,
        );
        check(Some("arn:aws:cloudfront::1:distribution/E124"), false);
        check(Some("subnet-1/rtb-1"), false);
        check(None, false);
    }
}
