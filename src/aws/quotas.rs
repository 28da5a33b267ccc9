//! What AWS limits in an account, and how much of it is taken.
//!
//! Facts: *Service Quotas API Reference*, `GetServiceQuota` (the account's own value; not
//! found where it never asked for another); *Route 53 API Reference*, `GetHostedZoneLimit`;
//! *Amazon EC2 API Reference*, `DescribeManagedPrefixLists` (`MaxEntries`, the weight of a
//! list in a security group: *Amazon VPC user guide*, "Prefix list rules").
//!
//! *Invariant*: reads only.

use std::collections::BTreeMap;

use aws_sdk_acm::types::{Filters, KeyAlgorithm};
use aws_sdk_ec2::types::Filter;
use aws_sdk_route53::types::HostedZoneLimitType;

use super::{Aws, Error, ErrorKind};

/// The account's value of a quota; none where it has AWS's default.
///
/// # Errors
/// The call failed; first of all, the caller may not ask.
pub async fn applied(
    aws: &Aws,
    region: &str,
    service: &str,
    code: &str,
) -> Result<Option<u64>, Error> {
    let answer = aws
        .servicequotas(region)
        .get_service_quota()
        .service_code(service)
        .quota_code(code)
        .send()
        .await
        .map_err(|error| Error::of("servicequotas:GetServiceQuota", &error));
    match answer {
        Ok(answer) => Ok(answer.quota.and_then(|quota| quota.value).map(whole)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A quota is a whole number, whatever the API makes of it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates, and no quota is negative"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

/// How many of a kind stand in a region; none for a kind that is not counted.
///
/// # Errors
/// The list could not be read.
pub async fn standing(aws: &Aws, region: &str, kind: &str) -> Result<Option<usize>, Error> {
    let n = match kind {
        "aws_lb" => load_balancers(aws, region).await?,
        "aws_lb_target_group" => target_groups(aws, region).await?,
        "aws_security_group" => security_groups(aws, region).await?,
        "aws_vpc" => vpcs(aws, region).await?,
        "aws_internet_gateway" => internet_gateways(aws, region).await?,
        "aws_eip" => addresses(aws, region).await?,
        "aws_acm_certificate" => certificates(aws, region).await?,
        "aws_cloudfront_distribution" => distributions(aws).await?,
        "aws_s3_bucket" => buckets(aws).await?,
        _ => return Ok(None),
    };
    Ok(Some(n))
}

async fn load_balancers(aws: &Aws, region: &str) -> Result<usize, Error> {
    use aws_sdk_elasticloadbalancingv2::types::LoadBalancerTypeEnum::Application;
    let pages = aws.elb(region).describe_load_balancers();
    let all = pages.into_paginator().items().send().try_collect().await;
    let all = all.map_err(|e| Error::of("elasticloadbalancing:DescribeLoadBalancers", &e))?;
    let application = all.iter().filter(|one| one.r#type == Some(Application));
    Ok(application.count())
}

async fn target_groups(aws: &Aws, region: &str) -> Result<usize, Error> {
    let pages = aws.elb(region).describe_target_groups();
    let all = pages.into_paginator().items().send().try_collect().await;
    let all = all.map_err(|e| Error::of("elasticloadbalancing:DescribeTargetGroups", &e))?;
    Ok(all.len())
}

async fn security_groups(aws: &Aws, region: &str) -> Result<usize, Error> {
    let pages = aws.ec2(region).describe_security_groups();
    let all = pages.into_paginator().items().send().try_collect().await;
    let all = all.map_err(|e| Error::of("ec2:DescribeSecurityGroups", &e))?;
    Ok(all.len())
}

async fn vpcs(aws: &Aws, region: &str) -> Result<usize, Error> {
    let pages = aws.ec2(region).describe_vpcs();
    let all = pages.into_paginator().items().send().try_collect().await;
    Ok(all.map_err(|e| Error::of("ec2:DescribeVpcs", &e))?.len())
}

async fn internet_gateways(aws: &Aws, region: &str) -> Result<usize, Error> {
    let pages = aws.ec2(region).describe_internet_gateways();
    let all = pages.into_paginator().items().send().try_collect().await;
    let all = all.map_err(|e| Error::of("ec2:DescribeInternetGateways", &e))?;
    Ok(all.len())
}

async fn addresses(aws: &Aws, region: &str) -> Result<usize, Error> {
    let answer = aws.ec2(region).describe_addresses().send().await;
    let answer = answer.map_err(|e| Error::of("ec2:DescribeAddresses", &e))?;
    Ok(answer.addresses().len())
}

async fn certificates(aws: &Aws, region: &str) -> Result<usize, Error> {
    // Without a filter the list leaves out every key but RSA of 1024 and 2048 bits.
    let keys = [
        "RSA_2048",
        "RSA_3072",
        "RSA_4096",
        "EC_prime256v1",
        "EC_secp384r1",
        "EC_secp521r1",
    ];
    let includes = Filters::builder()
        .set_key_types(Some(keys.map(KeyAlgorithm::from).to_vec()))
        .build();
    let pages = aws.acm(region).list_certificates().includes(includes);
    let all = pages.into_paginator().items().send().try_collect().await;
    Ok(all
        .map_err(|e| Error::of("acm:ListCertificates", &e))?
        .len())
}

async fn distributions(aws: &Aws) -> Result<usize, Error> {
    let pages = aws.cloudfront().list_distributions();
    let all = pages.into_paginator().items().send().try_collect().await;
    let all = all.map_err(|e| Error::of("cloudfront:ListDistributions", &e))?;
    Ok(all.len())
}

async fn buckets(aws: &Aws) -> Result<usize, Error> {
    let pages = aws.s3("us-east-1").list_buckets();
    let all = pages.into_paginator().items().send().try_collect().await;
    Ok(all.map_err(|e| Error::of("s3:ListAllMyBuckets", &e))?.len())
}

/// How many records a zone has, and how many it may have.
///
/// # Errors
/// The call failed.
pub async fn records(aws: &Aws, zone: &str) -> Result<(u64, u64), Error> {
    let answer = aws
        .route53()
        .get_hosted_zone_limit()
        .hosted_zone_id(zone)
        .r#type(HostedZoneLimitType::MaxRrsetsByZone)
        .send()
        .await
        .map_err(|error| Error::of("route53:GetHostedZoneLimit", &error))?;
    let limit = answer.limit.map_or(0, |limit| limit.value);
    let positive = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok((positive(answer.count), positive(limit)))
}

/// For how many rules each of these prefix lists counts.
///
/// # Errors
/// The call failed.
pub async fn weights(
    aws: &Aws,
    region: &str,
    lists: &[String],
) -> Result<BTreeMap<String, u64>, Error> {
    if lists.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted = Filter::builder()
        .name("prefix-list-id")
        .set_values(Some(lists.to_vec()))
        .build();
    let pages = aws.ec2(region).describe_managed_prefix_lists();
    let all = pages
        .filters(wanted)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("ec2:DescribeManagedPrefixLists", &error))?;
    Ok(all
        .into_iter()
        .filter_map(|list| {
            // AWS's own lists for gateway endpoints have no limit, and count for one.
            let weight = list.max_entries.and_then(|n| u64::try_from(n).ok());
            Some((list.prefix_list_id?, weight.unwrap_or(1)))
        })
        .collect())
}
