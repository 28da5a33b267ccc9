//! `aws_s3_bucket_versioning`: whether overwritten and deleted objects are kept.
//!
//! *Invariant*: a bucket that was versioned once is never unversioned again: what goes is suspended.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT};

/// The versioning of a bucket.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_versioning",
    noun: "versioning",
    replace: &["bucket"],
    allowed: &[(
        "versioning_configuration.status",
        Allowed::Words(&["Disabled", "Enabled", "Suspended"]),
    )],
    not_sent: &[("expected_bucket_owner", LEAVE_OUT)],
    compare: &[("mfa", super::Compare::WriteOnly)],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html",
    },
    permissions: &["s3:GetBucketVersioning", "s3:PutBucketVersioning"],
    ..Kind::PLAIN
};
