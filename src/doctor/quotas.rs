//! What AWS limits, how much of it the spec takes beside what stands, and what would not fit.
//!
//! Facts: *Elastic Load Balancing user guide*, "Quotas for your Application Load Balancers";
//! *Amazon VPC user guide*, "Amazon VPC quotas" (rules count by direction and by IP version; a
//! rule that names a group or a prefix list counts for both, a list by its weight); *ACM user
//! guide*, "Quotas"; *CloudFront developer guide*, "Quotas"; *AWS General Reference*, "Amazon
//! S3 endpoints and quotas"; *Route 53 developer guide*, "Quotas".
//!
//! *Invariant*: a quota is a line of [`QUOTAS`]; what stands is counted by AWS's lists, never
//! by our records.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{Level, Line};
use crate::aws::{self, Aws, ErrorKind, quotas};
use crate::resource::{Desired, Resource};
use crate::state::Document;
use crate::value::Value;

const CHECK: &str = "quotas";

/// One limit.
struct Quota {
    /// What it limits, for people.
    name: &'static str,
    /// The service, and the code of the quota there; none for a limit that no call tells.
    code: Option<(&'static str, &'static str)>,
    /// AWS's default.
    default: u64,
    /// What counts.
    count: Count,
}

/// What counts for a limit.
enum Count {
    /// Everything of a kind in a region; the spec adds what has no record.
    Kind(&'static str),
    /// What the spec has in one place, each place by itself.
    Places(fn(&Desired, &Weights) -> Places),
}

/// For how many rules a prefix list counts.
type Weights = BTreeMap<String, u64>;

/// How many there are, by place: `web.aws_security_group.lb, ingress over IPv4`.
type Places = BTreeMap<String, u64>;

/// Every limit, in order of name.
static QUOTAS: &[Quota] = &[
    Quota {
        name: "Application Load Balancers",
        code: Some(("elasticloadbalancing", "L-53DA6B97")),
        default: 50,
        count: Count::Kind("aws_lb"),
    },
    Quota {
        name: "CloudFront distributions",
        code: Some(("cloudfront", "L-24B04930")),
        default: 200,
        count: Count::Kind("aws_cloudfront_distribution"),
    },
    Quota {
        name: "Elastic IP addresses",
        code: Some(("ec2", "L-0263D0A3")),
        default: 5,
        count: Count::Kind("aws_eip"),
    },
    Quota {
        name: "S3 buckets",
        code: Some(("s3", "L-DC2B2D3D")),
        default: 10_000,
        count: Count::Kind("aws_s3_bucket"),
    },
    Quota {
        name: "VPCs",
        code: Some(("vpc", "L-F678F1CE")),
        default: 5,
        count: Count::Kind("aws_vpc"),
    },
    Quota {
        name: "aliases of a distribution",
        code: None,
        default: 100,
        count: Count::Places(|desired, _| {
            each(desired, "aws_cloudfront_distribution", |one| {
                one.get("aliases").items().len()
            })
        }),
    },
    Quota {
        name: "certificates",
        code: Some(("acm", "L-F141DD1D")),
        default: 2500,
        count: Count::Kind("aws_acm_certificate"),
    },
    Quota {
        name: "certificates of a load balancer, beside the first",
        code: Some(("elasticloadbalancing", "L-9365A611")),
        default: 25,
        count: Count::Places(|desired, _| by_balancer(desired, "aws_lb_listener_certificate")),
    },
    Quota {
        name: "internet gateways",
        code: Some(("vpc", "L-A4707A72")),
        default: 5,
        count: Count::Kind("aws_internet_gateway"),
    },
    Quota {
        name: "listeners of a load balancer",
        code: Some(("elasticloadbalancing", "L-B6DF7632")),
        default: 50,
        count: Count::Places(|desired, _| under(desired, "aws_lb_listener", "load_balancer_arn")),
    },
    Quota {
        name: "names of a certificate",
        code: Some(("acm", "L-FB94F0B0")),
        default: 10,
        count: Count::Places(|desired, _| each(desired, "aws_acm_certificate", names)),
    },
    Quota {
        name: "rules of a load balancer",
        code: Some(("elasticloadbalancing", "L-7EED9B64")),
        default: 100,
        count: Count::Places(|desired, _| by_balancer(desired, "aws_lb_listener_rule")),
    },
    Quota {
        name: "rules of a security group",
        code: Some(("vpc", "L-0EA8095F")),
        default: 60,
        count: Count::Places(rules),
    },
    Quota {
        name: "security groups",
        code: Some(("vpc", "L-E79EC296")),
        default: 2500,
        count: Count::Kind("aws_security_group"),
    },
    Quota {
        name: "security groups of a network interface",
        code: Some(("vpc", "L-2AFB9258")),
        default: 5,
        count: Count::Places(|desired, _| {
            each(desired, "aws_lb", |one| {
                one.get("security_groups").items().len()
            })
        }),
    },
    Quota {
        name: "target groups",
        code: Some(("elasticloadbalancing", "L-B22855CB")),
        default: 3000,
        count: Count::Kind("aws_lb_target_group"),
    },
];

/// How full a limit would be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Use {
    /// What is limited.
    name: &'static str,
    /// Where: a region, or a place in the spec.
    place: String,
    /// How many stand already.
    standing: u64,
    /// How many come.
    adds: u64,
    /// How many there may be.
    limit: u64,
    /// How to ask for more, where one can.
    more: Option<String>,
}

/// Counts, asks for the limits, and says what would not fit.
pub(super) async fn check(aws: &Aws, desired: &Desired, document: Option<&Document>) -> Vec<Line> {
    let mut lines = Vec::new();
    let weights = match quotas::weights(aws, &desired.region, &prefix_lists(desired)).await {
        Ok(weights) => weights,
        Err(error) => {
            let mut line = Line::failed(CHECK, Level::Warning, &error);
            line.message = format!("a prefix list is counted for one rule: {}", line.message);
            lines.push(line);
            Weights::new()
        }
    };
    let asked = QUOTAS.iter().flat_map(|quota| {
        let counts: Vec<(String, String, u64, bool)> = match quota.count {
            Count::Kind(kind) => coming(desired, document, kind)
                .into_iter()
                .map(|(region, n)| (region.clone(), region, n, true))
                .collect(),
            Count::Places(count) => count(desired, &weights)
                .into_iter()
                .map(|(place, n)| (place, desired.region.clone(), n, false))
                .collect(),
        };
        fullest(counts)
            .into_iter()
            .map(move |count| use_of(aws, quota, count))
    });
    let zones = records(desired, document);
    let zones = zones.into_iter().map(|(zone, n)| zone_use(aws, zone, n));
    let (asked, zones) = futures::join!(join_all(asked), join_all(zones));
    let mut uses = Vec::new();
    let mut untold = BTreeSet::new();
    for answer in asked.into_iter().chain(zones) {
        match answer {
            Ok((one, told)) => {
                uses.push(one);
                untold.extend(told.err());
            }
            Err(error) => lines.push(Line::failed(CHECK, Level::Warning, &error)),
        }
    }
    lines.extend(judge(&uses, &untold));
    lines
}

/// A count with its place, the region whose quota it is, and whether others stand there.
type Counted = (String, String, u64, bool);

/// Of places in a spec only the fullest matters.
fn fullest(mut counts: Vec<Counted>) -> Vec<Counted> {
    if counts.iter().all(|(.., with_others)| !with_others) {
        counts.sort_by_key(|(_, _, n, _)| std::cmp::Reverse(*n));
        counts.truncate(1);
    }
    counts
}

/// How full a quota would be; and whether the account's own limit could be read.
async fn use_of(
    aws: &Aws,
    quota: &Quota,
    (place, region, adds, with_others): Counted,
) -> Result<(Use, Result<(), String>), aws::Error> {
    // Global services have their quotas where they are at home.
    let region = match quota.code {
        Some(("cloudfront" | "s3", _)) => "us-east-1".to_owned(),
        _ => region,
    };
    let standing = match quota.count {
        Count::Kind(kind) if with_others => quotas::standing(aws, &region, kind).await?,
        _ => None,
    };
    let mut told = Ok(());
    let mut limit = quota.default;
    if let Some((service, code)) = quota.code {
        match quotas::applied(aws, &region, service, code).await {
            Ok(applied) => limit = applied.unwrap_or(quota.default),
            Err(error) if error.kind == ErrorKind::AccessDenied => told = Err(error.operation),
            Err(error) => told = Err(error.to_string()),
        }
    }
    let standing = standing.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let more = quota.code.map(|(service, code)| {
        format!(
            "ask for more (`aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} --desired-value {} --region {region}`), or let the spec make fewer",
            standing + adds
        )
    });
    let used = Use {
        name: quota.name,
        place,
        standing,
        adds,
        limit,
        more,
    };
    Ok((used, told))
}

async fn zone_use(
    aws: &Aws,
    zone: String,
    adds: u64,
) -> Result<(Use, Result<(), String>), aws::Error> {
    let (standing, limit) = quotas::records(aws, &zone).await?;
    let used = Use {
        name: "records of a zone",
        place: zone,
        standing,
        adds,
        limit,
        more: Some("ask AWS support for more records in this zone".to_owned()),
    };
    Ok((used, Ok(())))
}

/// A failure for each limit that would be broken, a warning for each that is nearly full,
/// and what is left in one line.
fn judge(uses: &[Use], untold: &BTreeSet<String>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut fit: Vec<&Use> = Vec::new();
    for one in uses {
        let after = one.standing + one.adds;
        let message = format!(
            "{} in {}: {} of {}",
            one.name,
            one.place,
            told(one),
            one.limit
        );
        let line = if after > one.limit {
            Line::failure(CHECK, format!("{message}, which is too many"))
        } else if after * 5 > one.limit * 4 && one.limit > 5 {
            Line::warning(CHECK, format!("{message}, which is nearly all"))
        } else {
            fit.push(one);
            continue;
        };
        lines.push(match &one.more {
            Some(more) => line.hint(more.clone()),
            None => line.hint("let the spec make fewer"),
        });
    }
    let nearest = fit
        .iter()
        .max_by_key(|one| (one.standing + one.adds) * 1000 / one.limit.max(1));
    if let Some(nearest) = nearest {
        let message = format!(
            "{} limits hold; the nearest is {} in {}: {} of {}",
            fit.len(),
            nearest.name,
            nearest.place,
            told(nearest),
            nearest.limit
        );
        lines.push(Line::ok(CHECK, message));
    }
    if !untold.is_empty() {
        let untold: Vec<&str> = untold.iter().map(String::as_str).collect();
        lines.push(
            Line::warning(
                CHECK,
                format!(
                    "the account's own limits can't be read, so AWS's defaults count: {}",
                    untold.join("; ")
                ),
            )
            .hint("let an administrator allow servicequotas:GetServiceQuota"),
        );
    }
    lines
}

fn told(one: &Use) -> String {
    match one.standing {
        0 => one.adds.to_string(),
        standing => format!("{standing} and {} more", one.adds),
    }
}

/// How many of a kind the spec adds, by region.
fn coming(desired: &Desired, document: Option<&Document>, kind: &str) -> BTreeMap<String, u64> {
    let mut coming = BTreeMap::new();
    for resource in of(desired, kind).filter(|one| !stands(one, document)) {
        *coming.entry(resource.region.clone()).or_insert(0) += 1;
    }
    coming
}

/// How many records the spec adds, by zone, where the zone is known.
fn records(desired: &Desired, document: Option<&Document>) -> BTreeMap<String, u64> {
    let mut records = BTreeMap::new();
    for record in of(desired, "aws_route53_record").filter(|one| !stands(one, document)) {
        if let Value::String(zone) = record.get("zone_id") {
            *records.entry(zone.clone()).or_insert(0) += 1;
        }
    }
    records
}

fn of<'a>(desired: &'a Desired, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
    desired
        .resources
        .values()
        .filter(move |resource| resource.address.kind == kind)
}

fn stands(resource: &Resource, document: Option<&Document>) -> bool {
    document
        .and_then(|document| document.current(&resource.address))
        .is_some_and(|record| record.id.is_some())
}

/// What each resource of a kind has of something.
fn each(desired: &Desired, kind: &str, count: impl Fn(&Resource) -> usize) -> Places {
    of(desired, kind)
        .map(|one| {
            let n = u64::try_from(count(one)).unwrap_or(u64::MAX);
            (one.address.to_string(), n)
        })
        .collect()
}

/// How many of a kind there are for each value of an attribute.
fn under(desired: &Desired, kind: &str, attribute: &str) -> Places {
    let mut places = Places::new();
    for one in of(desired, kind) {
        *places.entry(place(one.get(attribute))).or_insert(0) += 1;
    }
    places
}

/// How many things of a kind that hang on listeners there are for each load balancer.
fn by_balancer(desired: &Desired, kind: &str) -> Places {
    let mut places = Places::new();
    for one in of(desired, kind) {
        let listener = one.get("listener_arn");
        let balancer = match listener {
            Value::Reference(reference) => desired
                .resources
                .get(&reference.target)
                .map(|listener| place(listener.get("load_balancer_arn"))),
            _ => None,
        };
        *places
            .entry(balancer.unwrap_or_else(|| place(listener)))
            .or_insert(0) += 1;
    }
    places
}

fn place(value: &Value) -> String {
    match value {
        Value::Reference(reference) => reference.target.to_string(),
        value => value.scalar_text().unwrap_or_default(),
    }
}

/// The names of a certificate, each once.
fn names(certificate: &Resource) -> usize {
    let others = certificate.get("subject_alternative_names").items();
    let mut names: BTreeSet<&str> = others.iter().filter_map(Value::as_str).collect();
    names.extend(certificate.get("domain_name").as_str());
    names.len()
}

fn prefix_lists(desired: &Desired) -> Vec<String> {
    let rules = desired.resources.values();
    let lists: BTreeSet<&str> = rules
        .filter_map(|rule| rule.get("prefix_list_id").as_str())
        .collect();
    lists.into_iter().map(str::to_owned).collect()
}

/// The rules of each security group, by direction and IP version.
fn rules(desired: &Desired, weights: &Weights) -> Places {
    let mut places = Places::new();
    for (kind, direction) in [
        ("aws_vpc_security_group_ingress_rule", "ingress"),
        ("aws_vpc_security_group_egress_rule", "egress"),
    ] {
        for rule in of(desired, kind) {
            let group = place(rule.get("security_group_id"));
            let given = |name: &str| !rule.get(name).is_null();
            let list = rule.get("prefix_list_id").as_str();
            let weight = list
                .and_then(|list| weights.get(list))
                .copied()
                .unwrap_or(1);
            for (version, only) in [("IPv4", "cidr_ipv4"), ("IPv6", "cidr_ipv6")] {
                let other = if only == "cidr_ipv4" {
                    "cidr_ipv6"
                } else {
                    "cidr_ipv4"
                };
                if given(only) || !given(other) {
                    let place = format!("{group}, {direction} over {version}");
                    *places.entry(place).or_insert(0) += weight;
                }
            }
        }
    }
    places
}

#[cfg(test)]
mod tests;
