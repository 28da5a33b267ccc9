//! What would prevent a delete, asked while planning.
//!
//! In: the steps of a plan. Out: a problem for each delete that something prevents, and what
//! could not be asked.
//!
//! *Invariant*: whatever the same plan deletes or turns away, and what AWS is about to take
//! away by itself, prevents nothing; and that AWS does not say what uses a thing never means
//! that nothing does.

use std::collections::BTreeSet;

use futures::future::{join, join_all};

use crate::aws::{Aws, Blocker, lifecycle};
use crate::plan::{Action, Problem, Step};
use crate::resource::Id;
use crate::value::Value;

/// Kinds of which others make use in ways that no reference shows, so that it is worth a call.
const ASKED: &[&str] = &[
    "aws_acm_certificate",
    "aws_cloudfront_origin_access_control",
    "aws_cloudfront_response_headers_policy",
    "aws_cloudfront_vpc_origin",
    "aws_eip",
    "aws_internet_gateway",
    "aws_lb_target_group",
    "aws_route_table",
    "aws_s3_bucket",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
];

/// What stands in the way of deletes.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// A problem for each delete that something prevents.
    pub problems: Vec<Problem>,
    /// What can't be deleted yet and holds nothing up, and what could not be asked.
    pub notes: Vec<String>,
}

/// Asks what prevents the deletes among these steps. What a replacement leaves behind is
/// noted only: its successor is made all the same, and stands. So is it where AWS does not
/// say: the delete itself will.
pub async fn find(aws: &Aws, steps: &[Step]) -> Found {
    let touched: BTreeSet<String> = steps.iter().flat_map(hangs_on).collect();
    let asked = steps.iter().filter_map(|step| {
        let lifecycle = lifecycle(&step.change.kind)?;
        let id = step.change.id.as_ref()?;
        is_worth_it(step).then_some((step, lifecycle, id))
    });
    let answers = asked.map(|(step, lifecycle, id)| async move {
        let blockers = async {
            if is_asked(step) {
                lifecycle.blockers(aws, id).await
            } else {
                Ok(Vec::new())
            }
        };
        let answers = join(blockers, lifecycle.relied_on_by(aws, id)).await;
        (step, id, [answers.0, answers.1])
    });
    let mut found = Found::default();
    for (step, id, answers) in join_all(answers).await {
        for answer in answers {
            match answer {
                Ok(blockers) => found.take(step, id, &blockers, &touched),
                Err(error) => found.notes.push(format!(
                    "{}: what uses {id} could not be looked up, so its delete may be refused: {error}",
                    step.change.label()
                )),
            }
        }
    }
    found
}

impl Found {
    fn take(&mut self, step: &Step, id: &Id, blockers: &[Blocker], touched: &BTreeSet<String>) {
        let left: Vec<&str> = blockers
            .iter()
            .filter(|blocker| !goes(blocker, touched))
            .map(|blocker| blocker.what.as_str())
            .collect();
        if left.is_empty() {
            return;
        }
        let what = left.join(", ");
        let is_contents = blockers.iter().all(|blocker| blocker.id.is_none());
        let (message, hint) = if step.change.kind == "aws_s3_bucket" && is_contents {
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
        let label = step.change.label();
        if step.change.replaced {
            self.notes.push(format!(
                "{label}: its successor is made, but of the replaced one: {message}; {hint}"
            ));
        } else {
            self.problems.push(Problem {
                address: step.change.address.clone(),
                message,
                hints: vec![hint.to_owned()],
            });
        }
    }
}

/// Whether others may make use of what a step deletes.
fn is_worth_it(step: &Step) -> bool {
    step.change.action == Action::Delete && ASKED.contains(&step.change.kind.as_str())
}

/// Whether it is worth asking what prevents this delete. Of a bucket that may be emptied it
/// doesn't matter what is in it.
#[must_use]
pub fn is_asked(step: &Step) -> bool {
    is_worth_it(step) && step.observed.get("force_destroy") != Some(&Value::Bool(true))
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

/// Whether what is in the way goes: the plan deletes or changes it, or it leaves by itself.
/// Some services name it by its ARN where its id is the last part of that.
#[must_use]
pub fn goes(blocker: &Blocker, touched: &BTreeSet<String>) -> bool {
    blocker.leaves
        || blocker.id.as_ref().is_some_and(|id| {
            let of_arn = id.starts_with("arn:").then(|| id.rsplit(['/', ':']).next());
            touched.contains(id) || of_arn.flatten().is_some_and(|last| touched.contains(last))
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::goes;
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
                leaves: false,
            };
            assert_eq!(goes(&blocker, &touched), expected, "{id:?}");
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
