//! `aws_s3_bucket_logging`: where the log of requests to a bucket goes.
//!
//! *Invariant*: the log bucket is a name here; that it may be written to is its own policy's.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT};

/// The server access log of a bucket.
pub(super) static KIND: Kind = Kind {
    name: "aws_s3_bucket_logging",
    noun: "access log",
    replace: &["bucket"],
    allowed: &[(
        "target_object_key_format.partitioned_prefix.partition_date_source",
        Allowed::Words(&["DeliveryTime", "EventTime"]),
    )],
    not_sent: &[
        ("expected_bucket_owner", LEAVE_OUT),
        ("target_grant", LEAVE_OUT),
    ],
    named_by: &["bucket"],
    // No `part_of`: a log is turned off before the bucket goes that receives it.
    serialise_by: Some("bucket"),
    alone_with: &["bucket"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "the call sets the whole of it: sent again it says the same again",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html",
    },
    permissions: &["s3:GetBucketLogging", "s3:PutBucketLogging"],
    ..Kind::PLAIN
};
