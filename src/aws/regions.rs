//! Which regions an account has, and whether one answers.
//!
//! Facts: *Amazon EC2 API Reference*, `DescribeRegions` (`OptInStatus`).
//!
//! *Invariant*: the region that is asked about is not the one that answers: one that is not
//! enabled knows nobody's credentials.

use super::partition;
use super::{Aws, Error};

/// A region, as far as the account has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// `eu-west-1`.
    pub name: String,
    /// Whether the account can use it.
    pub enabled: bool,
}

/// All regions of the partition that `region` is in.
///
/// # Errors
/// The call failed.
pub async fn all(aws: &Aws, region: &str) -> Result<Vec<Known>, Error> {
    let first = match partition(region) {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    let answer = aws
        .ec2(first)
        .describe_regions()
        .all_regions(true)
        .send()
        .await
        .map_err(|error| Error::of("ec2:DescribeRegions", &error))?;
    let regions = answer.regions.unwrap_or_default();
    Ok(regions
        .into_iter()
        .map(|known| Known {
            enabled: known.opt_in_status.as_deref() != Some("not-opted-in"),
            name: known.region_name.unwrap_or_default(),
        })
        .collect())
}

/// Whether a region's certificates answer, where `CloudFront`'s must be.
///
/// # Errors
/// It does not.
pub async fn certificates_answer(aws: &Aws, region: &str) -> Result<(), Error> {
    let list = aws.acm(region).list_certificates().max_items(1);
    let answer = list.send().await;
    answer
        .map(|_| ())
        .map_err(|error| Error::of("acm:ListCertificates", &error))
}
