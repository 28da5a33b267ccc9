//! Distributions of CloudFront.
//!
//! *Invariant*: every behaviour and every origin is judged; one that can't be read is not
//! passed over.

use super::acm::TO_BALANCER;
use super::scope::{Scope, is_known};
use crate::resource::Resource;
use crate::value::Value;

pub(super) mod balancer;
pub(super) mod bucket;
pub(super) mod logs;
pub(super) mod origin;
pub(super) mod viewer;

static NULL: Value = Value::Null;

/// The behaviours of a distribution, each with the attribute that it stands in.
fn behaviours<'a>(scope: &Scope<'a>, distribution: &'a Resource) -> Vec<(&'static str, &'a Value)> {
    ["default_cache_behavior", "ordered_cache_behavior"]
        .into_iter()
        .flat_map(|name| {
            let blocks = scope.blocks(distribution, name);
            blocks.into_iter().map(move |block| (name, block))
        })
        .collect()
}

/// The origins of a distribution.
fn origins<'a>(scope: &Scope<'a>, distribution: &'a Resource) -> Vec<&'a Value> {
    scope.blocks(distribution, "origin")
}

/// What stands in a block under a name; null where nothing does. References stay.
fn raw<'a>(block: &'a Value, name: &str) -> &'a Value {
    block
        .as_map()
        .and_then(|entries| entries.get(name))
        .unwrap_or(&NULL)
}

/// A nested block, if it is given.
fn nested<'a>(scope: &Scope<'a>, block: &'a Value, name: &str) -> Option<&'a Value> {
    scope.elements(raw(block, name)).first().copied()
}

/// The name of an origin, for messages.
fn label<'a>(scope: &Scope<'a>, origin: &'a Value) -> String {
    let id = scope.read_in(origin, "origin_id");
    id.scalar_text()
        .map_or_else(|| "an origin".to_owned(), |id| format!("the origin {id}"))
}

/// What serves an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    /// A bucket, by S3's own API.
    Bucket,
    /// A bucket, by the website endpoint, which speaks HTTP only.
    Website,
    /// Something else, or not known.
    Other,
}

/// What serves an origin, by its domain name.
fn served<'a>(scope: &Scope<'a>, origin: &'a Value) -> Served {
    let domain = raw(origin, "domain_name");
    let rest = ["bucket_regional_domain_name", "bucket_domain_name"];
    if scope.target(domain, "aws_s3_bucket", &rest).is_some() {
        return Served::Bucket;
    }
    let website = ["website_endpoint", "website_domain"];
    let is_website = ["aws_s3_bucket", "aws_s3_bucket_website_configuration"]
        .iter()
        .any(|kind| scope.target(domain, kind, &website).is_some());
    if is_website {
        return Served::Website;
    }
    let text = scope
        .canonical(domain)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let of_aws = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
    if of_aws && text.contains(".s3-website") {
        Served::Website
    } else if of_aws && (text.contains(".s3.") || text.contains(".s3-")) {
        Served::Bucket
    } else {
        Served::Other
    }
}

/// The load balancer that a VPC origin leads to.
fn behind_vpc_origin<'a>(scope: &Scope<'a>, config: &'a Value) -> Option<&'a Resource> {
    let id = raw(config, "vpc_origin_id");
    let of = scope.target(id, "aws_cloudfront_vpc_origin", &["id"])?;
    let endpoint = scope.blocks(of, "vpc_origin_endpoint_config");
    scope.target(raw(endpoint.first()?, "arn"), "aws_lb", &["arn", "id"])
}

/// The load balancer that serves an origin: the one that a VPC origin leads to, or by its
/// own name or a record's.
fn balancer_of<'a>(scope: &Scope<'a>, origin: &'a Value) -> Option<&'a Resource> {
    if let Some(config) = nested(scope, origin, "vpc_origin_config") {
        return behind_vpc_origin(scope, config);
    }
    let domain = raw(origin, "domain_name");
    if let Some(balancer) = scope.target(domain, "aws_lb", &["dns_name"]) {
        return Some(balancer);
    }
    let text = scope.canonical(domain).filter(|text| is_known(text))?;
    let records = scope.records(&text).iter();
    records
        .flat_map(|record| scope.named(TO_BALANCER, record))
        .min_by_key(|balancer| &balancer.address)
}
