//! `aws_s3_bucket_policy`: who may do what with a bucket.
//!
//! *Invariant*: the policy is a document, never its text; two texts of one meaning are equal.

use super::{Fact, Guard, Kind};

/// The policy of a bucket.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_policy",
    noun: "bucket policy",
    replace: &["bucket"],
    json: &["policy"],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html",
    },
    permissions: &[
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
    ],
    ..Kind::PLAIN
};
