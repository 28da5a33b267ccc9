//! A distribution, and what hangs on it: `static-site` where it serves a bucket, `cdn-service`
//! where it stands before a load balancer.
//!
//! *Invariant*: a distribution that the blueprints can't hold is left with the reason.

use std::collections::BTreeSet;

use super::bucket;
use super::found::{self, Found, Names, bucket_name, hsts, logs};
use super::view::{View, at, text, texts};
use crate::terraform::state::Instance;
use crate::value::Value;

/// AWS's managed request policy that forwards the viewer's Host header, `AllViewer`
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html>).
const WITH_HOST: &str = "216adef6-5c7f-47e4-b989-5492eafa07d3";

/// The groups of all distributions; or, of each that none can hold, why. `services` are the
/// load balancers' groups.
pub(super) fn find(
    view: &View,
    services: &mut [Found],
    owned: &mut BTreeSet<usize>,
) -> Vec<Result<Found, (usize, String)>> {
    let distributions = view.all("aws_cloudfront_distribution");
    distributions
        .map(|(place, one)| {
            let group = group(view, place, one, services, owned);
            group.map_err(|why| (place, why))
        })
        .collect()
}

fn group(
    view: &View,
    place: usize,
    one: &Instance,
    services: &mut [Found],
    owned: &mut BTreeSet<usize>,
) -> Result<Found, String> {
    let [origin] = at(one, "origin").items() else {
        return Err("it has several origins, and a blueprint has one".to_owned());
    };
    let domain = origin.get("domain_name").as_str().unwrap_or_default();
    if domain.contains(".s3-website") {
        return Err("its origin is the website of a bucket, which no TLS reaches".to_owned());
    }
    let served = view.all("aws_s3_bucket").find(|(_, bucket)| {
        let names = ["bucket_regional_domain_name", "bucket_domain_name"];
        names.iter().any(|name| text(bucket, name) == Some(domain))
    });
    let mut services = services.iter_mut();
    let service = services.find(|service| is_before(view, origin, domain, service));
    if served.is_none() && service.is_none() {
        let why =
            "its origin is neither a bucket of the state nor a load balancer that is taken over";
        return Err(why.to_owned());
    }
    if let Some((_, bucket)) = served {
        can_be_held(view, place, bucket)?;
    }
    let certificate = text(one, "viewer_certificate.acm_certificate_arn");
    let names = certificate.and_then(|certificate| {
        let given = texts(one, "aliases");
        Names::of(view, certificate, text(one, "domain_name"), &given, owned)
    });
    let names = names.ok_or("it has no certificate of ACM's, so it serves no name of its own")?;
    let mut found = Found::default();
    if let Some(served) = served {
        found = site(view, place, one, served, &names);
    } else if let Some(service) = service {
        found = cdn(view, place, one, origin, service, &names);
    }
    if let Some(class) = text(one, "price_class").filter(|class| *class != "PriceClass_100") {
        found.give("price_class", class);
    }
    let policy = text(one, "default_cache_behavior.response_headers_policy_id")
        .and_then(|id| view.one("aws_cloudfront_response_headers_policy", "id", id));
    if let Some((_, policy)) = policy {
        let of = |name: &str| {
            let path = format!("security_headers_config.strict_transport_security.{name}");
            at(policy, &path).clone()
        };
        hsts(
            of("access_control_max_age_sec").as_int(),
            of("include_subdomains").as_bool() == Some(true),
            of("preload").as_bool() == Some(true),
            &mut found,
        );
    }
    Ok(found)
}

/// Whether the bucket that it serves can be the site's: nobody else may need it as it is.
fn can_be_held(view: &View, place: usize, served: &Instance) -> Result<(), String> {
    let address = &served.address;
    if let Some(why) = bucket::refusal(view, served) {
        return Err(format!("of its bucket {address}: {why}"));
    }
    let name = text(served, "bucket").unwrap_or_default();
    let holders = bucket::holders(view, name);
    let mut others = holders.iter().filter(|(other, _)| *other != place);
    match others.next() {
        Some((_, other)) => Err(format!(
            "its bucket {address} is needed as it is by {}",
            other.address
        )),
        None => Ok(()),
    }
}

/// Whether an origin is this load balancer, by its own name, by a name of the service, or by a
/// VPC origin.
fn is_before(view: &View, origin: &Value, domain: &str, service: &Found) -> bool {
    let balancer = view.get(service.root);
    let id = origin.get("vpc_origin_config.vpc_origin_id").as_str();
    let vpc_origin = id.and_then(|id| view.one("aws_cloudfront_vpc_origin", "id", id));
    let arn = vpc_origin.and_then(|(_, one)| text(one, "vpc_origin_endpoint_config.arn"));
    let named = service.inputs.iter().any(|input| {
        let value = &input.value;
        match input.key {
            "domain" => value.as_str() == Some(domain),
            "aliases" => value
                .items()
                .iter()
                .any(|item| item.as_str() == Some(domain)),
            _ => false,
        }
    });
    named
        || text(balancer, "dns_name") == Some(domain)
        || (arn.is_some() && arn == text(balancer, "arn"))
}

fn site(
    view: &View,
    place: usize,
    one: &Instance,
    (bucket_place, served): (usize, &Instance),
    names: &Names,
) -> Found {
    let mut found = Found::new("static-site", place);
    found.pin("aws_cloudfront_distribution", "site", place);
    found.pin("aws_s3_bucket", "site", bucket_place);
    names.give(view, &mut found);
    let name = text(served, "bucket").unwrap_or_default();
    bucket_name(name, &mut found);
    let index = text(one, "default_root_object").unwrap_or("index.html");
    if index != "index.html" {
        found.give("index_document", index);
    }
    let answers = at(one, "custom_error_response").items();
    let page = answers.iter().find_map(|answer| {
        let code = answer.get("error_code").as_int();
        let page = answer.get("response_page_path").as_str();
        page.filter(|page| !page.is_empty() && matches!(code, Some(403 | 404)))
    });
    match page {
        Some(page) if page.trim_start_matches('/') == index => found.give("single_page", true),
        Some(page) => found.give("error_page", page),
        None => {}
    }
    found::bucket(view, served, None, &mut found);
    let log = view.one("aws_s3_bucket_logging", "bucket", name);
    let target = log.and_then(|(_, one)| text(one, "target_bucket"));
    logs(view, "logs", target, &mut found);
    found
}

fn cdn(
    view: &View,
    place: usize,
    one: &Instance,
    origin: &Value,
    service: &mut Found,
    names: &Names,
) -> Found {
    let mut found = Found::new("cdn-service", place);
    found.pin("aws_cloudfront_distribution", "site", place);
    names.give(view, &mut found);
    found.takes.insert("origin", service.root);
    let privately = origin.get("vpc_origin_config").items().first();
    if privately.is_none() {
        found.give("reach", "prefix-list");
    }
    // The door for CloudFront is this group's, and the load balancer's no more.
    for input in service
        .inputs
        .iter_mut()
        .filter(|input| input.key == "ingress")
    {
        let others = |source: &&Value| {
            let source = source.as_str().unwrap_or_default();
            let theirs = match privately {
                Some(_) => {
                    source.starts_with("sg-")
                        && view.one("aws_security_group", "id", source).is_none()
                }
                None => source.starts_with("pl-"),
            };
            !theirs
        };
        let left = input.value.items().iter().filter(others).cloned();
        input.value = Value::List(left.collect());
    }
    let policy = text(one, "default_cache_behavior.origin_request_policy_id");
    if policy == Some(WITH_HOST) {
        found.give("forward_host", true);
    }
    let paths: Vec<&str> = at(one, "ordered_cache_behavior")
        .items()
        .iter()
        .filter_map(|behavior| behavior.get("path_pattern").as_str())
        .collect();
    if !paths.is_empty() {
        found.give("cached_paths", Value::texts(paths));
    }
    let waits = ["vpc_origin_config", "custom_origin_config"]
        .iter()
        .find_map(|way| origin.get(&format!("{way}.origin_read_timeout")).as_int());
    if let Some(seconds) = waits.filter(|seconds| *seconds != 30) {
        found.give("response_timeout", seconds);
    }
    let delivered = text(one, "arn").is_some_and(|arn| {
        view.one("aws_cloudwatch_log_delivery_source", "resource_arn", arn)
            .is_some()
    });
    if !delivered {
        logs(view, "logs", None, &mut found);
    }
    found
}
