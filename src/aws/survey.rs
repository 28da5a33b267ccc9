//! What an account holds, counted by AWS's own lists and not by our records.
//!
//! *Invariant*: reads only, and knows nothing of specs or state.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types::ResponseHeadersPolicyType;
use aws_sdk_ec2::Client;

use super::cloudfront_vpc_origin::SERVICE_GROUP;
use super::{Aws, Error, ec2, nat_gateway, route_table};

/// How many things of each sort a region (and the global services) hold, but for what AWS
/// makes of its own accord: the default VPC and what is in it, default groups, main route
/// tables, the group of VPC origins, a zone's own NS and SOA records, managed policies.
/// Sorts of which there are none are left out.
///
/// # Errors
/// A list call that failed.
pub async fn survey(aws: &Aws, region: &str) -> Result<BTreeMap<&'static str, usize>, Error> {
    let client = aws.ec2(region);
    let (elb, groups, network, edge, storage, logs) = futures::try_join!(
        load_balancing(aws, region),
        security_groups(aws, region),
        network(&client),
        edge(aws),
        buckets(aws),
        log_deliveries(aws),
    )?;
    let mut counts = elb;
    counts.push(groups);
    counts.extend(network);
    counts.extend(edge);
    counts.push(storage);
    counts.extend(logs);
    let certificates = certificates(aws, region).await?
        + if region == "us-east-1" {
            0
        } else {
            certificates(aws, "us-east-1").await?
        };
    counts.push(("certificates", certificates));
    counts.push(("DNS records", records(aws).await?));
    Ok(counts.into_iter().filter(|(_, n)| *n > 0).collect())
}

type Count = (&'static str, usize);

async fn load_balancing(aws: &Aws, region: &str) -> Result<Vec<Count>, Error> {
    let elb = aws.elb(region);
    let balancers = elb
        .describe_load_balancers()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeLoadBalancers", &error))?;
    let groups = elb
        .describe_target_groups()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("elasticloadbalancing:DescribeTargetGroups", &error))?;
    Ok(vec![
        ("load balancers", balancers.len()),
        ("target groups", groups.len()),
    ])
}

async fn security_groups(aws: &Aws, region: &str) -> Result<Count, Error> {
    let groups = aws
        .ec2(region)
        .describe_security_groups()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("ec2:DescribeSecurityGroups", &error))?;
    let made = groups
        .iter()
        .filter(|group| {
            let name = group.group_name().unwrap_or_default();
            name != "default" && !name.starts_with(SERVICE_GROUP)
        })
        .count();
    Ok(("security groups", made))
}

async fn network(client: &Client) -> Result<Vec<Count>, Error> {
    let vpcs = client
        .describe_vpcs()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("ec2:DescribeVpcs", &error))?;
    let (defaults, vpcs): (Vec<_>, Vec<_>) = vpcs
        .into_iter()
        .partition(|vpc| vpc.is_default == Some(true));
    let defaults: BTreeSet<String> = defaults.into_iter().filter_map(|vpc| vpc.vpc_id).collect();
    let of_default = |vpc: Option<&str>| vpc.is_some_and(|vpc| defaults.contains(vpc));
    let subnets = ec2::subnets(client, Vec::new()).await?;
    let internet_gateways = client
        .describe_internet_gateways()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("ec2:DescribeInternetGateways", &error))?;
    let tables = ec2::route_tables(client, Vec::new()).await?;
    let addresses = client
        .describe_addresses()
        .send()
        .await
        .map_err(|error| Error::of("ec2:DescribeAddresses", &error))?;
    let flow_logs = client
        .describe_flow_logs()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("ec2:DescribeFlowLogs", &error))?;
    let gateways = nat_gateway::gateways(client, Vec::new()).await?;
    let gateways = gateways
        .iter()
        .filter(|gateway| nat_gateway::stands(gateway));
    let subnets = subnets
        .iter()
        .filter(|subnet| subnet.default_for_az != Some(true));
    let internet_gateways = internet_gateways.iter().filter(|gateway| {
        let attached = gateway.attachments();
        !attached.iter().any(|to| of_default(to.vpc_id()))
    });
    let tables = tables.iter().filter(|table| !route_table::is_main(table));
    Ok(vec![
        ("VPCs", vpcs.len()),
        ("subnets", subnets.count()),
        ("internet gateways", internet_gateways.count()),
        ("NAT gateways", gateways.count()),
        ("Elastic IP addresses", addresses.addresses().len()),
        ("route tables", tables.count()),
        ("flow logs", flow_logs.len()),
    ])
}

async fn edge(aws: &Aws) -> Result<Vec<Count>, Error> {
    let cloudfront = aws.cloudfront();
    let distributions = cloudfront
        .list_distributions()
        .send()
        .await
        .map_err(|error| Error::of("cloudfront:ListDistributions", &error))?
        .distribution_list
        .map_or(0, |list| list.items().len());
    let controls = cloudfront
        .list_origin_access_controls()
        .send()
        .await
        .map_err(|error| Error::of("cloudfront:ListOriginAccessControls", &error))?
        .origin_access_control_list
        .map_or(0, |list| list.items().len());
    let policies = cloudfront
        .list_response_headers_policies()
        .r#type(ResponseHeadersPolicyType::Custom)
        .send()
        .await
        .map_err(|error| Error::of("cloudfront:ListResponseHeadersPolicies", &error))?
        .response_headers_policy_list
        .map_or(0, |list| list.items().len());
    let origins = super::cloudfront_vpc_origin::origins(aws).await?.len();
    Ok(vec![
        ("VPC origins", origins),
        ("distributions", distributions),
        ("origin access controls", controls),
        ("response headers policies", policies),
    ])
}

async fn buckets(aws: &Aws) -> Result<Count, Error> {
    let buckets = aws
        .s3("us-east-1")
        .list_buckets()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("s3:ListAllMyBuckets", &error))?;
    Ok(("buckets", buckets.len()))
}

/// Those of CloudFront, which are in us-east-1 alone.
async fn log_deliveries(aws: &Aws) -> Result<Vec<Count>, Error> {
    let logs = aws.logs("us-east-1");
    let sources = logs
        .describe_delivery_sources()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("logs:DescribeDeliverySources", &error))?;
    let destinations = logs
        .describe_delivery_destinations()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("logs:DescribeDeliveryDestinations", &error))?;
    let deliveries = super::cloudwatch_log_delivery::deliveries(aws, "us-east-1").await?;
    Ok(vec![
        ("log delivery sources", sources.len()),
        ("log delivery destinations", destinations.len()),
        ("log deliveries", deliveries.len()),
    ])
}

async fn certificates(aws: &Aws, region: &str) -> Result<usize, Error> {
    use aws_sdk_acm::types::{Filters, KeyAlgorithm};
    // Without a filter the list leaves out every key but RSA of 1024 and 2048 bits.
    let includes = Filters::builder()
        .set_key_types(Some(
            [
                "RSA_2048",
                "RSA_3072",
                "RSA_4096",
                "EC_prime256v1",
                "EC_secp384r1",
                "EC_secp521r1",
            ]
            .map(KeyAlgorithm::from)
            .to_vec(),
        ))
        .build();
    let certificates = aws
        .acm(region)
        .list_certificates()
        .includes(includes)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("acm:ListCertificates", &error))?;
    Ok(certificates.len())
}

async fn records(aws: &Aws) -> Result<usize, Error> {
    let route53 = aws.route53();
    let zones = route53
        .list_hosted_zones()
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| Error::of("route53:ListHostedZones", &error))?;
    let mut count = 0;
    for zone in zones {
        let mut page = route53.list_resource_record_sets().hosted_zone_id(&zone.id);
        loop {
            let answer = page
                .send()
                .await
                .map_err(|error| Error::of("route53:ListResourceRecordSets", &error))?;
            count += answer
                .resource_record_sets
                .iter()
                .filter(|record| {
                    let zone_itself = record.name == zone.name;
                    !(zone_itself && matches!(record.r#type.as_str(), "NS" | "SOA"))
                })
                .count();
            if !answer.is_truncated {
                break;
            }
            page = route53
                .list_resource_record_sets()
                .hosted_zone_id(&zone.id)
                .set_start_record_name(answer.next_record_name)
                .set_start_record_type(answer.next_record_type)
                .set_start_record_identifier(answer.next_record_identifier);
        }
    }
    Ok(count)
}

/// Opens a port of a security group to the world, as somebody in a hurry does in the
/// console. For the tour, which shows what becomes of it.
///
/// # Errors
/// The call failed.
pub async fn open_by_hand(aws: &Aws, region: &str, group: &str, port: i32) -> Result<(), Error> {
    use aws_sdk_ec2::types::{IpPermission, IpRange};
    aws.ec2(region)
        .authorize_security_group_ingress()
        .group_id(group)
        .ip_permissions(
            IpPermission::builder()
                .ip_protocol("tcp")
                .from_port(port)
                .to_port(port)
                .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
                .build(),
        )
        .send()
        .await
        .map_err(|error| Error::of("ec2:AuthorizeSecurityGroupIngress", &error))?;
    Ok(())
}
