//! `aws_s3_bucket_server_side_encryption_configuration`: how objects are encrypted at rest.
//!
//! *Invariant*: what is not given here is as AWS has it; SSE-S3 and SSE-C's fate are AWS's to default.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT};

/// The default encryption of a bucket. IAM has no action for taking it away: that is
/// `s3:PutEncryptionConfiguration` too.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_server_side_encryption_configuration",
    noun: "default encryption",
    replace: &["bucket"],
    allowed: &[(
        "rule.apply_server_side_encryption_by_default.sse_algorithm",
        Allowed::Words(&["AES256", "aws:fsx", "aws:kms", "aws:kms:dsse"]),
    )],
    not_sent: &[("expected_bucket_owner", LEAVE_OUT)],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html",
    },
    permissions: &[
        "s3:GetEncryptionConfiguration",
        "s3:PutEncryptionConfiguration",
    ],
    ..Kind::PLAIN
};
