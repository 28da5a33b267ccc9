//! Who one is, whether the clock is right, and whether the region can be used.
//!
//! Facts: *IAM user guide*, "Elements of an AWS API request signature" (a request is good for
//! five minutes); *AWS Account Management*, "Enable or disable AWS Regions".
//!
//! *Invariant*: the clock is judged by AWS's own answers, those that refuse included.

use std::collections::BTreeSet;

use super::{Began, Level, Line};
use crate::aws::{Aws, Identity, Origin, regions};
use crate::resource::Desired;
use crate::state::Document;

/// Seconds after which a signature is not taken.
const REFUSED: u64 = 300;

/// Seconds that a clock which is set by the network is never off.
const SUSPICIOUS: u64 = 60;

/// Whether credentials are there and are taken, and whose account they are for.
pub(super) async fn identity(
    aws: &Aws,
    desired: &Desired,
    document: Option<&Document>,
) -> (Vec<Line>, Option<Identity>) {
    let origin = aws.origin().map(Origin::describe);
    let origin = origin.unwrap_or_else(|| "the SDK's own search".to_owned());
    let identity = match aws.identity().await {
        Ok(identity) => identity.clone(),
        Err(error) => {
            let mut line = Line::failed("credentials", Level::Failure, &error);
            line.message = format!("{origin}: {}", line.message);
            return (vec![line], None);
        }
    };
    let mut lines = vec![Line::ok("credentials", format!("taken, from {origin}"))];
    let expected = [
        (desired.account.as_ref(), "the spec"),
        (
            document.and_then(|document| document.account.as_ref()),
            "the state",
        ),
    ];
    let others: Vec<String> = expected
        .iter()
        .filter_map(|(account, says)| {
            let account = account.filter(|account| **account != identity.account)?;
            Some(format!("{says} expects account {account}"))
        })
        .collect();
    let message = format!("{}, account {}", identity.arn, identity.account);
    lines.push(if others.is_empty() {
        Line::ok("identity", message)
    } else {
        Line::failure("identity", format!("{message}; {}", others.join(", and ")))
            .hint("choose a profile or a role of that account (AWS_PROFILE), or sign in to it")
    });
    (lines, Some(identity))
}

/// Whether this machine's clock agrees with AWS's. Nothing where AWS never answered.
pub(super) fn clock(aws: &Aws, began: Began) -> Option<Line> {
    let (theirs, seen) = aws.clock()?;
    let since = seen.saturating_duration_since(began.instant).as_secs();
    let ours = began.clock.as_second() + i64::try_from(since).unwrap_or(0);
    Some(judge(ours - theirs))
}

/// A clock that is so many seconds ahead.
fn judge(ahead: i64) -> Line {
    let off = ahead.unsigned_abs();
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let hint = "set the clock by the network: `sudo timedatectl set-ntp true` (a virtual machine may drift after a pause)";
    let message = format!("{off} seconds {side} AWS's");
    if off > REFUSED {
        let message = format!("{message}; signatures are not taken after {REFUSED}");
        Line::failure("clock", message).hint(hint)
    } else if off > SUSPICIOUS {
        Line::warning("clock", message).hint(hint)
    } else {
        Line::ok("clock", "agrees with AWS's within a minute")
    }
}

/// Whether the account can use the spec's region.
pub(super) async fn region(aws: &Aws, region: &str) -> Vec<Line> {
    const CHECK: &str = "region";
    let all = match regions::all(aws, region).await {
        Ok(all) => all,
        Err(error) => return vec![Line::failed(CHECK, Level::Warning, &error)],
    };
    vec![match all.iter().find(|known| known.name == region) {
        Some(known) if known.enabled => Line::ok(CHECK, format!("{region} is enabled")),
        Some(_) => Line::failure(CHECK, format!("{region} is not enabled for this account"))
            .hint(format!(
                "enable it (`aws account enable-region --region-name {region}`, some minutes), or choose another region in the spec"
            )),
        None => {
            let names: Vec<&str> = all.iter().map(|known| known.name.as_str()).collect();
            Line::failure(
                CHECK,
                format!("there is no region {region}; there are {}", names.join(", ")),
            )
            .hint("write one of them in the spec")
        }
    }]
}

/// Whether the other region answers where CloudFront's certificates are, if the spec has one.
pub(super) async fn elsewhere(aws: &Aws, desired: &Desired) -> Vec<Line> {
    const CHECK: &str = "region";
    let others: BTreeSet<&str> = desired
        .resources
        .values()
        .filter(|resource| resource.address.kind == "aws_acm_certificate")
        .map(|resource| resource.region.as_str())
        .filter(|other| *other != desired.region)
        .collect();
    let mut lines = Vec::new();
    for other in others {
        lines.push(match regions::certificates_answer(aws, other).await {
            Ok(()) => Line::ok(
                CHECK,
                format!("{other} answers, for CloudFront's certificate"),
            ),
            Err(error) => {
                let mut line = Line::failed(CHECK, Level::Failure, &error);
                line.message = format!("{other}, for CloudFront's certificate: {}", line.message);
                line
            }
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::doctor::Level;

    #[test]
    fn a_clock_is_off_by_degrees() {
        for (ahead, level) in [
            (0, Level::Ok),
            (-60, Level::Ok),
            (61, Level::Warning),
            (-300, Level::Warning),
            (301, Level::Failure),
        ] {
            assert_eq!(judge(ahead).level, level, "{ahead}");
        }
        assert_eq!(
            judge(-420).message,
            "420 seconds behind AWS's; signatures are not taken after 300"
        );
    }
}
