//! The rule about a distribution's access logs.
//!
//! *Invariant*: a log counts only where its way can be followed to its end.

use super::super::report::{Report, Verdict};
use super::super::rule::{Rule, Severity};
use super::super::s3::transport;
use super::super::scope::{Link, Scope};
use super::raw;
use crate::resource::Resource;
use crate::value::Value;

/// WT-CF-011.
pub(in crate::guardrail) static KEPT: Rule = Rule {
    id: "WT-CF-011",
    title: "access logs of distributions are kept",
    severity: Severity::Low,
    explain: "A distribution writes access logs: by standard logging v2 (a log delivery from a \
        source whose resource is the distribution) or by its older logging_config. Those that go \
        into a bucket go into one that passes WT-S3-001; a bucket or a destination that is not \
        among the resources can't be proven to. Security Hub's CloudFront.5 sees the older sort \
        only.",
    controls: &["Security Hub CloudFront.5", "PCI DSS 10.4.2", "NIST AU-2"],
    fix: "deliver the logs to a bucket whose policy denies plaintext, by an aws_cloudwatch_log_delivery_source, _destination and aws_cloudwatch_log_delivery",
    check,
};

fn check(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        let logs = delivered(scope, distribution)
            .into_iter()
            .chain(legacy(scope, distribution));
        let verdict =
            Verdict::any(logs).unwrap_or_else(|| Verdict::Fails("keeps no access logs".to_owned()));
        report.judge(distribution, "logging_config", verdict);
    }
}

const SOURCE: Link = Link {
    from: "aws_cloudwatch_log_delivery_source",
    at: &["resource_arn"],
    to: "aws_cloudfront_distribution",
    by: &["arn"],
};

const DELIVERY: Link = Link {
    from: "aws_cloudwatch_log_delivery",
    at: &["delivery_source_name"],
    to: "aws_cloudwatch_log_delivery_source",
    by: &["name"],
};

/// What becomes of each delivery of the distribution's logs.
fn delivered<'a>(scope: &Scope<'a>, distribution: &'a Resource) -> Vec<Verdict> {
    let sources = scope.linked(SOURCE, distribution).into_iter();
    sources
        .flat_map(|source| scope.linked(DELIVERY, source))
        .map(|delivery| {
            let to = attribute(delivery, "delivery_destination_arn");
            let kind = "aws_cloudwatch_log_delivery_destination";
            let what = format!("the destination of {}", delivery.address);
            let Some(destination) = scope.target(to, kind, &["arn"]) else {
                return Verdict::unknown(&what, scope.follow(to));
            };
            let blocks = scope.blocks(destination, "delivery_destination_configuration");
            let arn = blocks
                .first()
                .map_or(&Value::Null, |block| raw(block, "destination_resource_arn"));
            let Some(text) = scope.canonical(arn) else {
                return Verdict::unknown(&what, scope.follow(arn));
            };
            let Some(path) = text.strip_prefix("arn:aws:s3:::") else {
                return if text.starts_with("arn:aws:") {
                    Verdict::Holds
                } else {
                    Verdict::unknown(&what, scope.follow(arn))
                };
            };
            into(scope, path.split('/').next().unwrap_or(path), arn)
        })
        .collect()
}

fn attribute<'a>(of: &'a Resource, name: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    of.attributes.get(name).unwrap_or(&NULL)
}

/// What becomes of the logs that the distribution itself writes, if it does.
fn legacy<'a>(scope: &Scope<'a>, distribution: &'a Resource) -> Option<Verdict> {
    let block = scope
        .blocks(distribution, "logging_config")
        .first()
        .copied()?;
    let domain = raw(block, "bucket");
    let names = ["bucket_domain_name", "bucket_regional_domain_name"];
    if let Some(bucket) = scope.target(domain, "aws_s3_bucket", &names) {
        return Some(into(scope, &scope.bucket_name(bucket), domain));
    }
    let text = scope.canonical(domain).filter(|text| !text.is_empty())?;
    Some(into(
        scope,
        text.split(".s3").next().unwrap_or(&text),
        domain,
    ))
}

/// Whether the bucket of this name takes nothing in plaintext.
fn into<'a>(scope: &Scope<'a>, bucket: &str, given: &'a Value) -> Verdict {
    match scope.bucket(bucket) {
        None => Verdict::unknown("the bucket of its access logs", scope.follow(given)),
        Some(bucket) => match transport::denies_plaintext(scope, bucket) {
            Verdict::Fails(_) => Verdict::Fails(
                "keeps access logs in a bucket that takes plaintext (WT-S3-001)".to_owned(),
            ),
            verdict => verdict,
        },
    }
}
