//! `aws_s3_bucket_ownership_controls`: who owns the objects, and whether ACLs count.
//!
//! *Invariant*: one rule, always.

use super::{Allowed, Fact, Guard, Kind};

/// The ownership controls of a bucket. IAM has no action for taking them away: that is
/// `s3:PutBucketOwnershipControls` too.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_ownership_controls",
    noun: "ownership controls",
    replace: &["bucket"],
    allowed: &[(
        "rule.object_ownership",
        Allowed::Words(&[
            "BucketOwnerEnforced",
            "BucketOwnerPreferred",
            "ObjectWriter",
        ]),
    )],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html",
    },
    permissions: &[
        "s3:GetBucketOwnershipControls",
        "s3:PutBucketOwnershipControls",
    ],
    ..Kind::PLAIN
};
