//! `aws_s3_bucket`: a bucket, its name and its tags.
//!
//! Everything else that a bucket has is a kind of its own, as in the provider since
//! version 4.
//!
//! *Invariant*: whether a bucket may be emptied is no attribute of it: `force_destroy` is
//! what a destroy was told by its options.

use super::{Fact, Guard, Kind, LEAVE_OUT, Name};

/// A bucket. Its name is one per partition of AWS and lies in its ARN and host name, so a
/// new name is a new bucket.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket",
    noun: "bucket",
    replace: &[
        "bucket",
        "bucket_namespace",
        "bucket_prefix",
        "object_lock_enabled",
    ],
    not_sent: &[
        ("acceleration_status", LEAVE_OUT),
        ("acl", "ACLs are off; a policy says who may do what."),
        ("bucket_namespace", LEAVE_OUT),
        ("bucket_prefix", "Give the whole name, as `bucket`."),
        ("cors_rule", LEAVE_OUT),
        ("grant", "ACLs are off; a policy says who may do what."),
        (
            "lifecycle_rule",
            "Make an `aws_s3_bucket_lifecycle_configuration`.",
        ),
        ("logging", "Make an `aws_s3_bucket_logging`."),
        ("object_lock_configuration", LEAVE_OUT),
        ("object_lock_enabled", LEAVE_OUT),
        ("policy", "Make an `aws_s3_bucket_policy`."),
        ("replication_configuration", LEAVE_OUT),
        ("request_payer", LEAVE_OUT),
        (
            "server_side_encryption_configuration",
            "Make an `aws_s3_bucket_server_side_encryption_configuration`.",
        ),
        ("versioning", "Make an `aws_s3_bucket_versioning`."),
        (
            "website",
            "A site is served by CloudFront: the website endpoints of S3 speak no TLS.",
        ),
    ],
    compare: &[("force_destroy", super::Compare::WriteOnly)],
    named_by: &["bucket"],
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    generated_name: Some(Name {
        attribute: "bucket",
        longest: 63,
        with_account: true,
    }),
    serialise_by: Some("bucket"),
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the name is refused with `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`; us-east-1 answers with one's own, so it is asked for first",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html",
    },
    protect: |_| true,
    permissions: &[
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetBucketTagging",
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:PutBucketTagging",
        "s3:TagResource",
        "tag:GetResources",
    ],
    ..Kind::PLAIN
};
