//! Whether a bucket is fit to keep state: encrypted, versioned, private and over TLS only.
//!
//! In: what S3 says of the bucket, read by the kinds' own lifecycles. Out: what is wrong with
//! it, by the guardrails' own rules, and what could not be read.
//!
//! *Invariant*: what could not be read is neither good nor bad, and is said.

use futures::future::join_all;
use jiff::civil::Date;

use super::Error;
use crate::address::Address;
use crate::aws::objects::Objects;
use crate::aws::{self, Aws, ErrorKind};
use crate::guardrail;
use crate::resource::{Desired, Id, Resource};
use crate::spec::StateBucket;
use crate::value::{Attributes, Value};

/// What was found out about a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What is wrong with it, a phrase each.
    pub wrong: Vec<String>,
    /// The parts that the caller may not read.
    pub unread: Vec<String>,
}

/// The parts of a bucket, with the rules that are about each. Versioning has no rule, as
/// most buckets may do without.
const PARTS: &[(&str, &[&str])] = &[
    ("aws_s3_bucket_ownership_controls", &["WT-S3-004"]),
    ("aws_s3_bucket_policy", &["WT-S3-001", "WT-S3-002"]),
    ("aws_s3_bucket_public_access_block", &["WT-S3-003"]),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        &["WT-S3-005"],
    ),
    (VERSIONING, &[]),
];

const VERSIONING: &str = "aws_s3_bucket_versioning";

/// Reads the bucket's parts, each by one call, all at once, and judges them. None where there is
/// no such bucket.
///
/// # Errors
/// A failed call; that one may not be made is none.
pub async fn judge(aws: &Aws, bucket: &StateBucket) -> Result<Option<Judged>, Error> {
    let id = Id {
        region: bucket.region.clone(),
        text: bucket.bucket.clone(),
    };
    let failed = |source: aws::Error| Error::Object {
        place: format!("s3://{}", bucket.bucket),
        source,
    };
    let ids = std::slice::from_ref(&id);
    let reads = PARTS.iter().filter_map(|(kind, rules)| {
        let lifecycle = aws::lifecycle(kind)?;
        Some(async move { (*kind, *rules, lifecycle.read(aws, ids).await.pop()) })
    });
    let mut desired = Desired::default();
    let mut judged = Judged::default();
    let mut unjudged: Vec<&str> = Vec::new();
    for (kind, rules, read) in join_all(reads).await {
        match read {
            Some(Ok(Some(attributes))) => add(&mut desired, &id, kind, attributes),
            Some(Err(error)) if error.kind == ErrorKind::AccessDenied => {
                judged.unread.push(error.operation);
                unjudged.extend(rules);
            }
            Some(Err(error)) if error.kind != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    // A bucket that has none of them may not be there at all.
    let has_parts = !desired.resources.is_empty() || !judged.unread.is_empty();
    if !has_parts && !stands(aws, bucket).await.map_err(failed)? {
        return Ok(None);
    }
    let named = Attributes::from([("bucket".to_owned(), Value::text(&bucket.bucket))]);
    add(&mut desired, &id, "aws_s3_bucket", named);
    let is_unread = |kind: &str| judged.unread.iter().any(|call| call.ends_with(kind));
    if !is_unread("Versioning") && !is_versioned(&desired) {
        judged
            .wrong
            .push("keeps no versions of its objects".to_owned());
    }
    let ours: Vec<&str> = PARTS
        .iter()
        .flat_map(|(_, rules)| *rules)
        .copied()
        .collect();
    // No waiver is written here, so the day plays no part.
    if let Err(refusal) = guardrail::approve(desired, Date::ZERO) {
        let findings = refusal
            .findings
            .into_iter()
            .filter(|finding| ours.contains(&finding.rule) && !unjudged.contains(&finding.rule));
        judged
            .wrong
            .extend(findings.map(|finding| format!("{} ({})", finding.message, finding.rule)));
    }
    Ok(Some(judged))
}

/// Whether there is such a bucket. Who may not know takes it that there is.
async fn stands(aws: &Aws, bucket: &StateBucket) -> Result<bool, aws::Error> {
    let objects = Objects::of(aws, &bucket.region, &bucket.bucket).await?;
    match objects.have_a_bucket().await {
        Err(error) if error.kind == ErrorKind::AccessDenied => Ok(true),
        answer => answer,
    }
}

fn is_versioned(desired: &Desired) -> bool {
    let mut parts = desired.resources.values();
    parts.any(|part| {
        let configuration = part.get("versioning_configuration");
        let blocks = configuration.items().iter();
        part.address.kind == VERSIONING
            && blocks
                .map(|block| block.get("status"))
                .any(|status| status.as_str() == Some("Enabled"))
    })
}

fn add(desired: &mut Desired, id: &Id, kind: &str, attributes: Attributes) {
    let address = Address::managed("state", kind, "bucket");
    let resource = Resource::plain(address.clone(), id.region.clone(), attributes);
    desired.resources.insert(address, resource);
}
