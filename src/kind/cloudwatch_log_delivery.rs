//! Log delivery: connects the source of vended logs with where they go.
//!
//! *Invariant*: none of its own.

use super::{Fact, Guard, Kind};

/// A second one of the same source and destination is refused with `ConflictException`
/// (API reference, `CreateDelivery`).
pub(super) static KIND: Kind = Kind {
    name: "aws_cloudwatch_log_delivery",
    noun: "log delivery",
    replace: &["delivery_destination_arn", "delivery_source_name"],
    named_by: &["delivery_destination_arn", "delivery_source_name"],
    alone_with: &["delivery_destination_arn", "delivery_source_name"],
    guard: Guard::UniqueName,
    twice: Fact {
        says: "a second one of the source and destination is refused with `ConflictException`",
        page: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateDelivery.html",
    },
    permissions: &[
        "logs:CreateDelivery",
        "logs:DeleteDelivery",
        "logs:DescribeDeliveries",
        "logs:GetDelivery",
        "logs:ListTagsForResource",
        "logs:TagResource",
        "logs:UntagResource",
        "logs:UpdateDeliveryConfiguration",
        // AWS looks whether it may deliver.
        "s3:GetBucketPolicy",
    ],
    ..Kind::PLAIN
};
