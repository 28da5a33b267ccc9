//! Log delivery source: whose vended logs are delivered.
//!
//! *Invariant*: none of its own.

use super::{Fact, Guard, Kind, Name};

/// One for each thing that logs and sort of log; names are 60 characters (API reference,
/// `PutDeliverySource`).
pub(super) static KIND: Kind = Kind {
    name: "aws_cloudwatch_log_delivery_source",
    noun: "log delivery source",
    replace: &["log_type", "name", "resource_arn"],
    named_by: &["name"],
    generated_name: Some(Name {
        attribute: "name",
        longest: 60,
        with_account: false,
    }),
    // With tags, the call makes a new one or is refused.
    guard: Guard::UniqueName,
    twice: Fact {
        says: "one of a name: a second call overwrites the first one's parameters",
        page: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html",
    },
    permissions: &[
        "cloudfront:AllowVendedLogDeliveryForResource",
        "logs:DeleteDeliverySource",
        "logs:GetDeliverySource",
        "logs:ListTagsForResource",
        "logs:PutDeliverySource",
        "logs:TagResource",
        "logs:UntagResource",
        "tag:GetResources",
    ],
    ..Kind::PLAIN
};
