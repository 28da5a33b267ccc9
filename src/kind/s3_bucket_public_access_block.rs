//! `aws_s3_bucket_public_access_block`: the four switches against public access.
//!
//! *Invariant*: nothing here decides whether a switch should be on; that is a rule's.

use super::{Fact, Guard, Kind, LEAVE_OUT};

/// The public access block of a bucket. IAM has no action for taking it away: that is
/// `s3:PutBucketPublicAccessBlock` too.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_public_access_block",
    noun: "public access block",
    replace: &["bucket"],
    not_sent: &[("skip_destroy", LEAVE_OUT)],
    compare: &[("skip_destroy", super::Compare::WriteOnly)],
    named_by: &["bucket"],
    part_of: Some("aws_s3_bucket"),
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html",
    },
    permissions: &[
        "s3:GetBucketPublicAccessBlock",
        "s3:PutBucketPublicAccessBlock",
    ],
    ..Kind::PLAIN
};
