//! The log-delivery services of AWS.
//!
//! *Invariant*: a grant that lets nobody write is no delivery.

use super::{Principals, statements};
use crate::value::Value;

/// Services that write logs into buckets: load balancers (also on Outposts), S3's server
/// access logs, and vended logs (CloudFront, VPC flow logs, network load balancers).
/// Elastic Load Balancing User Guide, "Enable access logs"; S3 User Guide, "Enabling
/// server access logging"; Amazon `CloudWatch` Logs User Guide, "Logging from AWS services".
const SERVICES: &[&str] = &[
    "delivery.logs.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    "logdelivery.elb.amazonaws.com",
    "logging.s3.amazonaws.com",
];

/// Accounts of Elastic Load Balancing that write the logs in the regions that were there
/// before August 2022; Elastic Load Balancing User Guide, "Enable access logs", and the
/// provider's `aws_elb_service_account`.
const ELB_ACCOUNTS: &[&str] = &[
    "009996457667",
    "027434742980",
    "033677994240",
    "037604701340",
    "048591011584",
    "054676820928",
    "076674570225",
    "098369216593",
    "114774131450",
    "127311923021",
    "156460612806",
    "190560391635",
    "383597477331",
    "507241528517",
    "582318560864",
    "589379963580",
    "600734575887",
    "635631232127",
    "638102146993",
    "652711504416",
    "718504428378",
    "754344448648",
    "783225319266",
    "797873946194",
    "897822967062",
    "985666609251",
];

/// Whether the document lets a log-delivery service of AWS write objects.
#[must_use]
pub fn receives_logs(policy: &Value) -> bool {
    statements(policy).iter().any(|statement| {
        let Principals::Only(principals) = &statement.principals else {
            return false;
        };
        let delivers = principals.iter().any(|(of, principal)| {
            let principal = principal.as_str().unwrap_or_default();
            match *of {
                "Service" => SERVICES.contains(&principal),
                "AWS" => ELB_ACCOUNTS
                    .iter()
                    .any(|account| is_root_of(principal, account)),
                _ => false,
            }
        });
        statement.effect == Some("Allow") && delivers && statement.has_action("s3:PutObject")
    })
}

/// Whether the principal is the account: its number, or its root user in any partition.
fn is_root_of(principal: &str, account: &str) -> bool {
    principal == account
        || (principal.starts_with("arn:aws")
            && principal.ends_with(&format!(":iam::{account}:root")))
}
