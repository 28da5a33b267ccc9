//! `aws_lb_target_group_attachment`: one target of a target group.
//!
//! *Invariant*: data only; what one does to it stands in the file of this name in `aws`.

use super::allowed::PORT;
use super::{Fact, Guard, Kind, LEAVE_OUT};

/// Registering a target that is registered changes nothing (API reference,
/// `RegisterTargets`).
pub(super) static KIND: Kind = Kind {
    name: "aws_lb_target_group_attachment",
    noun: "target",
    replace: &["target_group_arn", "target_id", "port", "availability_zone"],
    allowed: &[("port", PORT)],
    not_sent: &[("quic_server_id", LEAVE_OUT)],
    named_by: &["target_group_arn", "target_id"],
    alone_with: &["target_group_arn", "target_id", "port", "availability_zone"],
    guard: Guard::Idempotent,
    twice: Fact {
        says: "a group has a target once for each port: to register it again changes nothing",
        page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html",
    },
    permissions: &[
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterTargets",
    ],
    ..Kind::PLAIN
};
