//! Log delivery destination: where vended logs go.
//!
//! *Invariant*: none of its own.

use super::{Allowed, Fact, Guard, Kind, Name};

/// The format can't be changed (CloudFront Developer Guide, "Configure standard logging
/// (v2)", Output file format); names are 60 characters (API reference,
/// `PutDeliveryDestination`).
pub(super) static KIND: Kind = Kind {
    name: "aws_cloudwatch_log_delivery_destination",
    noun: "log delivery destination",
    replace: &["delivery_destination_type", "name", "output_format"],
    allowed: &[(
        "output_format",
        Allowed::Words(&["json", "parquet", "plain", "raw", "w3c"]),
    )],
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
        page: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliveryDestination.html",
    },
    permissions: &[
        "logs:DeleteDeliveryDestination",
        "logs:GetDeliveryDestination",
        "logs:ListTagsForResource",
        "logs:PutDeliveryDestination",
        "logs:TagResource",
        "logs:UntagResource",
        "tag:GetResources",
    ],
    ..Kind::PLAIN
};
