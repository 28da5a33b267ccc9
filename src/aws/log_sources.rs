//! Who writes logs into a bucket: S3 deletes it all the same, and whose logs these were would
//! find out last.
//!
//! Facts: *Amazon S3 user guide*, "Enabling Amazon S3 server access logging" (source and
//! target are of one region and account); *Elastic Load Balancing API reference*,
//! `LoadBalancerAttribute` (`access_logs.s3.bucket` and the like). What CloudFront and flow
//! logs deliver is refused by their own kinds.
//!
//! *Invariant*: only a bucket whose policy takes logs is looked into, as this is a call for
//! each bucket and load balancer of the region.

use aws_sdk_s3::types::Bucket as Named;

use super::cloudfront::each;
use super::s3::{Bucket, Part, found};
use super::s3_bucket_policy::Policy;
use super::{Aws, Blocker, Error, elb, lb};
use crate::policy;
use crate::resource::Id;

/// Every other bucket and every load balancer that logs to this one. One that is found is
/// told even if another could not be asked.
pub(super) async fn of_bucket(aws: &Aws, id: &Id) -> Result<Vec<Blocker>, Error> {
    let bucket = Bucket::of(aws, id).await?;
    let attributes = Policy.get(&bucket).await?.unwrap_or_default();
    if !attributes.get("policy").is_some_and(policy::receives_logs) {
        return Ok(Vec::new());
    }
    let (buckets, balancers) = futures::join!(buckets(&bucket, id), balancers(aws, id));
    let mut users = Vec::new();
    let mut failure = None;
    for answer in buckets.into_iter().chain(balancers) {
        match answer {
            Ok(user) => users.extend(user),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) if users.is_empty() => Err(error),
        _ => Ok(users),
    }
}

type Answers = Vec<Result<Option<Blocker>, Error>>;

async fn buckets(target: &Bucket, id: &Id) -> Answers {
    let all = target
        .client
        .list_buckets()
        .bucket_region(&id.region)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<Named>, _>>()
        .await;
    let all = match all {
        Ok(all) => all,
        Err(error) => return vec![Err(Error::of("s3:ListAllMyBuckets", &error))],
    };
    let others = all
        .into_iter()
        .filter_map(|bucket| bucket.name)
        .filter(|name| *name != target.name);
    each(others, |name| logs_to(target, name)).await
}

async fn logs_to(target: &Bucket, name: String) -> Result<Option<Blocker>, Error> {
    let answer = target
        .client
        .get_bucket_logging()
        .bucket(&name)
        .expected_bucket_owner(&target.account)
        .send()
        .await
        .map_err(|error| Error::of("s3:GetBucketLogging", &error));
    let logging = found(answer)?.and_then(|answer| answer.logging_enabled);
    let logs = logging.is_some_and(|logging| logging.target_bucket == target.name);
    Ok(logs.then(|| Blocker {
        what: format!("bucket {name}, which logs to it"),
        id: Some(name),
        leaves: false,
    }))
}

async fn balancers(aws: &Aws, id: &Id) -> Answers {
    let client = aws.elb(&id.region);
    let all = client
        .describe_load_balancers()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let all = match all {
        Ok(all) => all,
        Err(error) => {
            let operation = "elasticloadbalancing:DescribeLoadBalancers";
            return vec![Err(Error::of(operation, &error))];
        }
    };
    let arns = all.into_iter().filter_map(|lb| lb.load_balancer_arn);
    each(arns, async |arn| {
        let logs = lb::logs_to(&client, &arn, &id.text).await?;
        Ok(logs.then(|| Blocker {
            what: format!("load balancer {}, which logs to it", elb::arn_suffix(&arn)),
            id: Some(arn),
            leaves: false,
        }))
    })
    .await
}
