//! Takes the tags `watertight:*` off a thing that somebody else looks after from now on.
//!
//! Facts: `DeleteTags` in the *EC2 API Reference*; `RemoveTags` in that of *Elastic Load
//! Balancing*; `RemoveTagsFromCertificate` in that of *ACM*; `UntagResource` in those of
//! *CloudFront* and *`CloudWatch` Logs*; `PutBucketTagging`, which replaces all tags of a
//! bucket, in that of *S3*. Each takes a key that is not there for done.
//!
//! *Invariant*: no other tag goes, and nothing but tags.

use std::collections::BTreeMap;

use super::tags::{OURS, TagChanges, texts};
use super::{Aws, Error, acm_certificate, cloudfront, ec2, elb, logs, s3_bucket};
use crate::kind::Kind;
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The service that keeps the tags of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Acm,
    Cloudfront,
    Ec2,
    Elb,
    Logs,
    S3,
}

/// Whether things of a kind carry tags of ours.
#[must_use]
pub fn carries_tags(kind: &str) -> bool {
    let schema = Kind::of(kind).map(Kind::schema);
    schema.is_some_and(|schema| schema.attribute("tags").is_some())
}

fn service(kind: &str) -> Option<Service> {
    let name = kind.strip_prefix("aws_")?;
    Some(match name {
        "acm_certificate" => Service::Acm,
        "s3_bucket" => Service::S3,
        "default_security_group"
        | "eip"
        | "flow_log"
        | "internet_gateway"
        | "nat_gateway"
        | "route_table"
        | "security_group"
        | "subnet"
        | "vpc" => Service::Ec2,
        name if name.starts_with("vpc_security_group_") => Service::Ec2,
        name if name.starts_with("cloudfront_") => Service::Cloudfront,
        name if name.starts_with("cloudwatch_log_delivery") => Service::Logs,
        name if name == "lb" || name.starts_with("lb_") => Service::Elb,
        _ => return None,
    })
}

/// Takes our tags off one thing, of which this was read. At most one call.
///
/// # Errors
/// The call that failed.
pub async fn ours(aws: &Aws, kind: &str, id: &Id, observed: &Attributes) -> Result<(), Error> {
    let Some(service) = service(kind).filter(|_| carries_tags(kind)) else {
        return Ok(());
    };
    let changes = TagChanges::without_ours();
    let arn = observed.get("arn").and_then(Value::as_str);
    let arn = arn.unwrap_or(&id.text);
    match service {
        Service::Acm => acm_certificate::remove_tags(aws, id, changes.remove).await,
        Service::Cloudfront => cloudfront::write_tags(aws, arn, changes).await,
        Service::Ec2 => ec2::write_tags(&aws.ec2(&id.region), &id.text, changes).await,
        Service::Elb => elb::write_tags(&aws.elb(&id.region), &id.text, changes).await,
        Service::Logs => logs::write_tags(&aws.logs(&id.region), arn, changes).await,
        Service::S3 => {
            let tags = texts(observed.get("tags")).into_iter();
            let others: BTreeMap<_, _> = tags
                .filter(|(key, _)| !OURS.contains(&key.as_str()))
                .collect();
            s3_bucket::put_tags(aws, id, &others).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{carries_tags, service};
    use crate::kind::KINDS;

    #[test]
    fn the_tags_of_every_kind_are_kept_by_a_service() {
        for kind in KINDS.iter().filter(|kind| carries_tags(kind.name)) {
            assert!(service(kind.name).is_some(), "{}", kind.name);
        }
    }
}
