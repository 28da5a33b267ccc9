//! Users that AWS still names when they are gone.
//!
//! A load balancer's interfaces hold its groups and subnets for some minutes after it is
//! deleted, and a certificate's `InUseBy` lags behind as well (API reference of ACM,
//! `DeleteCertificate`). Whoever deletes a load balancer in one run and its group in the next
//! meets them without a load balancer that they could be told to belong to.
//!
//! *Invariant*: only what AWS says does not exist counts as gone; where it does not say, a
//! user stands.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{Aws, Blocker, lifecycle};
use crate::resource::Id;

/// Takes blockers of which some would leave with what they were made for, a load balancer or
/// a distribution; gives them with only those marked so of which that is gone.
pub(super) async fn once_gone(aws: &Aws, region: &str, mut blockers: Vec<Blocker>) -> Vec<Blocker> {
    let mut asked: BTreeMap<&'static str, Vec<Id>> = BTreeMap::new();
    let arns: BTreeSet<&str> = blockers
        .iter()
        .filter(|blocker| blocker.leaves)
        .filter_map(|blocker| blocker.id.as_deref())
        .collect();
    for arn in arns {
        if let Some((kind, id)) = user(arn, region) {
            asked.entry(kind).or_default().push(id);
        }
    }
    let answers = asked.iter().map(|(kind, ids)| async move {
        let answers = match lifecycle(kind) {
            Some(lifecycle) => lifecycle.read(aws, ids).await,
            None => Vec::new(),
        };
        let gone = ids.iter().zip(answers);
        gone.filter(|(_, answer)| matches!(answer, Ok(None)))
            .map(|(id, _)| id.clone())
            .collect::<Vec<_>>()
    });
    let gone: BTreeSet<Id> = join_all(answers).await.into_iter().flatten().collect();
    for blocker in &mut blockers {
        let id = blocker.id.as_deref().and_then(|arn| user(arn, region));
        blocker.leaves &= id.is_some_and(|(_, id)| gone.contains(&id));
    }
    blockers
}

/// The kind and the id of what has this ARN.
fn user(arn: &str, region: &str) -> Option<(&'static str, Id)> {
    let resource = arn
        .splitn(6, ':')
        .nth(5)
        .filter(|_| arn.starts_with("arn:"))?;
    if resource.starts_with("loadbalancer/app/") {
        let id = Id {
            region: region.to_owned(),
            text: arn.to_owned(),
        };
        return Some(("aws_lb", id));
    }
    let distribution = resource.strip_prefix("distribution/")?;
    let id = Id {
        region: "us-east-1".to_owned(),
        text: distribution.to_owned(),
    };
    Some(("aws_cloudfront_distribution", id))
}

#[cfg(test)]
mod tests {
    use super::user;

    #[test]
    fn users_are_known_by_their_arns() {
        let check = |arn: &str, expected: Option<(&str, &str)>| {
            let found = user(arn, "eu-west-1");
            let found = found.as_ref().map(|(kind, id)| (*kind, id.text.as_str()));
            assert_eq!(found, expected, "{arn}");
        };
        let lb = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/50dc";
        check(lb, Some(("aws_lb", lb)));
        check(
            "arn:aws:cloudfront::1:distribution/E123",
            Some(("aws_cloudfront_distribution", "E123")),
        );
        check("arn:aws:apigateway:eu-west-1::/domainnames/a", None);
        check("eni-1", None);
    }
}
