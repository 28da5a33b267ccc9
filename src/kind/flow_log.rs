//! `aws_flow_log`: a record of the traffic of a VPC, a subnet or an interface.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::{Allowed, Fact, Guard, Kind, LEAVE_OUT, Literal};

/// All but its tags is fixed. What tells a repeated call is its token: `FlowLogAlreadyExists`
/// is said of one with the same configuration and destination, so that another format may
/// stand beside the first (API reference, `CreateFlowLogs`). Defaults are the provider's. The
/// actions on `logs` are what publishing to S3 takes ("Create a flow log that publishes to
/// Amazon S3").
pub(super) static KIND: Kind = Kind {
    name: "aws_flow_log",
    noun: "flow log",
    replace: &[
        "destination_options",
        "eni_id",
        "iam_role_arn",
        "log_destination",
        "log_destination_type",
        "log_format",
        "max_aggregation_interval",
        "subnet_id",
        "traffic_type",
        "vpc_id",
    ],
    defaults: &[
        ("log_destination_type", Literal::Text("cloud-watch-logs")),
        ("max_aggregation_interval", Literal::Int(600)),
        (
            "destination_options.file_format",
            Literal::Text("plain-text"),
        ),
        (
            "destination_options.hive_compatible_partitions",
            Literal::Bool(false),
        ),
        (
            "destination_options.per_hour_partition",
            Literal::Bool(false),
        ),
    ],
    allowed: &[
        ("traffic_type", Allowed::Words(&["ACCEPT", "ALL", "REJECT"])),
        (
            "log_destination_type",
            Allowed::Words(&["cloud-watch-logs", "kinesis-data-firehose", "s3"]),
        ),
        ("max_aggregation_interval", Allowed::Numbers(&[60, 600])),
        (
            "destination_options.file_format",
            Allowed::Words(&["parquet", "plain-text"]),
        ),
    ],
    not_sent: &[
        ("deliver_cross_account_role", LEAVE_OUT),
        ("regional_nat_gateway_id", LEAVE_OUT),
        ("tag_field_specification", LEAVE_OUT),
        ("transit_gateway_attachment_id", LEAVE_OUT),
        ("transit_gateway_id", LEAVE_OUT),
    ],
    named_by: &["log_destination"],
    alone_with: &[
        "vpc_id",
        "subnet_id",
        "eni_id",
        "log_destination",
        "traffic_type",
        "log_format",
        "max_aggregation_interval",
    ],
    guard: Guard::Token { seconds: None },
    twice: Fact {
        says: "`ClientToken`, for how long is not documented; besides, one of the same configuration and destination is refused with `FlowLogAlreadyExists`",
        page: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html",
    },
    permissions: &[
        "ec2:CreateFlowLogs",
        "ec2:CreateTags",
        "ec2:DeleteFlowLogs",
        "ec2:DeleteTags",
        "ec2:DescribeFlowLogs",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
    ],
    ..Kind::PLAIN
};
