//! `aws_s3_bucket_policy`: who may do what with a bucket.
//!
//! *Invariant*: the policy is a document, never its text; two texts of one meaning are equal.

use super::Kind;

/// The policy of a bucket.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_policy",
    noun: "bucket policy",
    replace: &["bucket"],
    json: &["policy"],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    permissions: &[
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
    ],
    ..Kind::PLAIN
};
