//! `aws_s3_bucket_lifecycle_configuration`: what happens to objects as they age.
//!
//! *Invariant*: rules are in order, and a rule is known by its id.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT};

/// The lifecycle rules of a bucket. IAM has no action for taking them away: that is
/// `s3:PutLifecycleConfiguration` too.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_lifecycle_configuration",
    noun: "lifecycle rules",
    replace: &["bucket"],
    allowed: &[
        ("rule.status", Allowed::Words(&["Disabled", "Enabled"])),
        (
            "rule.transition.storage_class",
            Allowed::Words(&[
                "DEEP_ARCHIVE",
                "GLACIER",
                "GLACIER_IR",
                "INTELLIGENT_TIERING",
                "ONEZONE_IA",
                "STANDARD_IA",
            ]),
        ),
        (
            "rule.noncurrent_version_transition.storage_class",
            Allowed::Words(&[
                "DEEP_ARCHIVE",
                "GLACIER",
                "GLACIER_IR",
                "INTELLIGENT_TIERING",
                "ONEZONE_IA",
                "STANDARD_IA",
            ]),
        ),
    ],
    not_sent: &[("expected_bucket_owner", LEAVE_OUT)],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html",
    },
    permissions: &[
        "s3:GetLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    ],
    ..Kind::PLAIN
};
