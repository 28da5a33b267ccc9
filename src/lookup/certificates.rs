//! Whether a certificate that exists already will do where it is to serve.
//!
//! In: the desired resources, what the lookups found, and the day. Out: diagnostics; a
//! warning where it will do for now.
//! Facts: *AWS Certificate Manager User Guide*, "Managed certificate renewal" (what is
//! imported is never renewed) and "Check a certificate's renewal status"; *Amazon
//! CloudFront Developer Guide*, "Requirements for using SSL/TLS certificates with
//! CloudFront" (RSA up to 4096 bits, of the curves P-256 alone); *Elastic Load Balancing*,
//! "SSL certificates for your Application Load Balancer" (RSA 2048 to 4096, P-256, P-384,
//! P-521).
//!
//! *Invariant*: pure; it judges what was found and asks nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::diagnostic::Diagnostic;
use crate::resource::{Desired, Lookup, Lookups, Resource};
use crate::value::{Attributes, Value};

/// Days before its end at which a certificate that nobody renews is worth a word.
const SOON: i32 = 30;

/// Keys that a load balancer takes, and a distribution.
const BALANCER_KEYS: [&str; 6] = [
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
];
const DISTRIBUTION_KEYS: [&str; 4] = ["EC_prime256v1", "RSA_2048", "RSA_3072", "RSA_4096"];

/// What is wrong with every certificate that was looked up.
pub(super) fn check(desired: &Desired, lookups: &Lookups, today: Date) -> Vec<Diagnostic> {
    let asked = desired.lookups.values();
    let certificates = asked.filter(|lookup| lookup.address.kind == "aws_acm_certificate");
    let answered = certificates.filter_map(|one| Some((one, lookups.get(&one.address)?)));
    answered
        .flat_map(|(lookup, found)| {
            let uses = uses(desired, lookup);
            let problems = problems(found, &uses, today).into_iter();
            let located = problems.map(|problem| located(problem, lookup, &uses));
            located.collect::<Vec<_>>()
        })
        .collect()
}

/// Where it is to serve.
struct Use<'a> {
    resource: &'a Resource,
    attribute: &'a str,
    names: BTreeSet<String>,
}

/// Every listener and distribution of its component that names it.
fn uses<'a>(desired: &'a Desired, lookup: &Lookup) -> Vec<Use<'a>> {
    let arn = lookup.arguments.get("id").unwrap_or(&Value::Null);
    let component = &lookup.address.component;
    let own = desired
        .resources
        .values()
        .filter(|resource| resource.address.component == *component);
    own.filter_map(|resource| {
        let (attribute, path) = match resource.address.kind.as_str() {
            "aws_lb_listener" => ("certificate_arn", "certificate_arn"),
            "aws_cloudfront_distribution" => (
                "viewer_certificate",
                "viewer_certificate.acm_certificate_arn",
            ),
            _ => return None,
        };
        (resource.get(path) == arn).then(|| Use {
            resource,
            attribute,
            names: names(desired, resource),
        })
    })
    .collect()
}

/// The names under which the component is reached: its records, and a distribution's aliases.
fn names(desired: &Desired, resource: &Resource) -> BTreeSet<String> {
    let all = desired.resources.values().chain(desired.by_hand.values());
    let records = all.filter(|record| {
        record.address.kind == "aws_route53_record"
            && record.address.component == resource.address.component
    });
    let names = records.filter_map(|record| record.get("name").as_str());
    let aliases = resource.get("aliases").items().iter();
    names
        .chain(aliases.filter_map(Value::as_str))
        .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
        .collect()
}

fn problems(found: &Attributes, uses: &[Use<'_>], today: Date) -> Vec<Diagnostic> {
    let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
    let arn = text("arn");
    let error = |what: String| Diagnostic::error(format!("the certificate {arn} {what}"));
    let mut problems = Vec::new();
    if let Some((what, hint)) = status(text("status")) {
        problems.push(error(what).hint(hint));
    }
    let mut own: Vec<&str> = found
        .get("subject_alternative_names")
        .map_or(&[][..], Value::items)
        .iter()
        .filter_map(Value::as_str)
        .collect();
    own.push(text("domain_name"));
    own.sort_unstable();
    own.dedup();
    for usage in uses {
        let names = usage.names.iter();
        let bare: Vec<&str> = names
            .filter(|name| !own.iter().any(|pattern| covers(pattern, name)))
            .map(String::as_str)
            .collect();
        if !bare.is_empty() {
            let what = format!(
                "does not cover {}: it is for {}",
                bare.join(", "),
                own.join(", ")
            );
            problems
                .push(error(what).hint(
                    "name a certificate that covers every name; a star stands for one label",
                ));
        }
        let keys = match usage.resource.address.kind.as_str() {
            "aws_lb_listener" => &BALANCER_KEYS[..],
            _ => &DISTRIBUTION_KEYS[..],
        };
        let key = text("key_algorithm");
        if !keys.contains(&key) {
            let what = format!(
                "has a key that {} can't serve: {key}",
                usage.resource.address
            );
            let hint = format!("it takes {}", keys.join(", "));
            problems.push(error(what).hint(hint));
        }
    }
    problems.extend(expiry(found, text("type"), today).map(|(days, what)| {
        let hint = "import the next one under the same ARN before, or leave `certificate_arn` out: ACM renews what it issues";
        match days {
            ..0 => error(format!("has expired {} days ago", -days)).hint(hint),
            _ => Diagnostic::warning(format!("the certificate {arn} {what}")).hint(hint),
        }
    }));
    problems
}

/// What is wrong with a status, and what to do.
fn status(status: &str) -> Option<(String, &'static str)> {
    let hint = match status {
        "ISSUED" => return None,
        "PENDING_VALIDATION" => {
            "make the record that proves it (`aws acm describe-certificate`), and wait until it is issued"
        }
        "EXPIRED" | "REVOKED" | "FAILED" | "VALIDATION_TIMED_OUT" => {
            "it never will be again: name another, or leave `certificate_arn` out for a new one"
        }
        _ => "name one that is issued",
    };
    Some((format!("is {status}, not ISSUED"), hint))
}

/// Days until the end of one that ACM will not renew by itself, where that is soon.
fn expiry(found: &Attributes, of: &str, today: Date) -> Option<(i32, String)> {
    let end: Timestamp = found.get("not_after")?.as_str()?.parse().ok()?;
    let days = today
        .until(end.to_zoned(TimeZone::UTC).date())
        .ok()?
        .get_days();
    let renewal = found.get("renewal_summary").unwrap_or(&Value::Null);
    let renewal = renewal.get("renewal_status").as_str();
    // Until something serves it ACM calls each one of its own ineligible: that is about to
    // change here.
    let why = match renewal {
        _ if of == "IMPORTED" => Some("it is imported".to_owned()),
        Some(status @ ("FAILED" | "PENDING_VALIDATION")) => {
            Some(format!("its renewal is {status}"))
        }
        _ => None,
    };
    let is_near = days < if why.is_some() { SOON } else { 0 };
    let why = why.unwrap_or_else(|| format!("it is {of}"));
    is_near.then(|| {
        let what = format!("ends in {days} days, and nobody renews it: {why}");
        (days, what)
    })
}

/// Whether a certificate's name is this one; a star is one whole label.
fn covers(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    pattern == name
        || pattern.strip_prefix("*.").is_some_and(|rest| {
            name.split_once('.')
                .is_some_and(|(label, above)| !label.is_empty() && above == rest)
        })
}

fn located(mut problem: Diagnostic, lookup: &Lookup, uses: &[Use<'_>]) -> Diagnostic {
    let input = uses.first().and_then(|usage| {
        let origin = usage.resource.origin_of(usage.attribute);
        origin.spec.clone()
    });
    let spans = [
        input.or_else(|| lookup.origin.spec.clone()),
        lookup.origin.blueprint.clone(),
    ];
    for span in spans.into_iter().flatten() {
        problem = problem.at(span, "");
    }
    problem
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::civil::date;

    use super::{Use, problems};
    use crate::address::Address;
    use crate::resource::{Origin, Resource};
    use crate::value::{Attributes, Value};

    fn found(changes: &[(&str, &str)]) -> Attributes {
        let mut found: Attributes = [
            ("arn", "arn:1"),
            ("domain_name", "example.com"),
            ("key_algorithm", "RSA_2048"),
            ("not_after", "2027-06-01T00:00:00Z"),
            ("status", "ISSUED"),
            ("type", "AMAZON_ISSUED"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
        found.insert(
            "subject_alternative_names".to_owned(),
            Value::texts(["example.com", "*.example.com"]),
        );
        found.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value))),
        );
        found
    }

    #[track_caller]
    fn check(kind: &str, names: &[&str], changes: &[(&str, &str)], expected: &[&str]) {
        let resource = Resource {
            address: Address::managed("web", kind, "main"),
            region: "eu-west-1".to_owned(),
            attributes: Attributes::new(),
            generated: BTreeSet::new(),
            defaulted: BTreeSet::new(),
            depends_on: BTreeSet::new(),
            maker: None,
            ignored: BTreeMap::new(),
            overridden: BTreeMap::new(),
            origin: Origin::default(),
            origins: BTreeMap::new(),
        };
        let usage = Use {
            resource: &resource,
            attribute: "certificate_arn",
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let said: Vec<String> = problems(&found(changes), &[usage], date(2026, 11, 24))
            .into_iter()
            .map(|problem| problem.message.replace("the certificate arn:1 ", ""))
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn it_is_issued_and_covers_every_name() {
        let names = ["example.com", "shop.example.com"];
        check("aws_lb_listener", &names, &[], &[]);
        check(
            "aws_lb_listener",
            &["a.shop.example.com", "shop.example.org"],
            &[],
            &[
                "does not cover a.shop.example.com, shop.example.org: it is for *.example.com, example.com",
            ],
        );
        for status in ["PENDING_VALIDATION", "EXPIRED", "FAILED", "REVOKED"] {
            let said = format!("is {status}, not ISSUED");
            check("aws_lb_listener", &names, &[("status", status)], &[&said]);
        }
    }

    #[test]
    fn its_key_is_one_that_can_be_served() {
        let key = [("key_algorithm", "EC_secp384r1")];
        check("aws_lb_listener", &[], &key, &[]);
        check(
            "aws_cloudfront_distribution",
            &[],
            &key,
            &["has a key that web.aws_cloudfront_distribution.main can't serve: EC_secp384r1"],
        );
    }

    #[test]
    fn one_that_nobody_renews_does_not_end_soon() {
        let soon = ("not_after", "2026-12-01T00:00:00Z");
        check("aws_lb_listener", &[], &[soon], &[]);
        check(
            "aws_lb_listener",
            &[],
            &[soon, ("type", "IMPORTED")],
            &["ends in 7 days, and nobody renews it: it is imported"],
        );
        check(
            "aws_lb_listener",
            &[],
            &[("not_after", "2026-11-20T00:00:00Z"), ("type", "IMPORTED")],
            &["has expired 4 days ago"],
        );
    }
}
