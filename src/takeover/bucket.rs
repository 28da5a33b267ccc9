//! A bucket that nothing else holds: `private-bucket`; and which buckets no blueprint may take.
//!
//! *Invariant*: no bucket that others depend on being as it is, is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Found, bucket, bucket_name, logs};
use super::view::{View, at, text};
use crate::terraform::state::Instance;
use crate::value::Value;

/// What reads from a bucket or writes to it by leave of the bucket's settings.
const HOLDERS: &[&str] = &[
    "aws_cloudfront_distribution",
    "aws_cloudtrail",
    DESTINATION,
    "aws_flow_log",
    "aws_lb",
    "aws_s3_bucket_logging",
];

/// Where logs of other services are delivered to.
const DESTINATION: &str = "aws_cloudwatch_log_delivery_destination";

/// Groups to which an access control list may open a bucket,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>.
const GROUPS: &str = "http://acs.amazonaws.com/groups/";

/// The groups of all buckets that nothing but their own settings names. `held` are those that
/// others' groups have.
pub(super) fn find(view: &View, held: &BTreeSet<usize>) -> Vec<Result<Found, (usize, String)>> {
    let buckets = view.all("aws_s3_bucket");
    let free = buckets.filter(|(place, one)| {
        let name = text(one, "bucket").unwrap_or_default();
        !held.contains(place) && holders(view, name).is_empty()
    });
    free.map(|(place, one)| group(view, place, one).map_err(|why| (place, why)))
        .collect()
}

fn group(view: &View, place: usize, one: &Instance) -> Result<Found, String> {
    if let Some(why) = refusal(view, one) {
        return Err(why);
    }
    let name = text(one, "bucket").ok_or("the state does not say its name")?;
    let mut found = Found::new("private-bucket", place);
    found.pin("aws_s3_bucket", "main", place);
    bucket_name(name, &mut found);
    bucket(view, one, Some("expire_days"), &mut found);
    let log = view.one("aws_s3_bucket_logging", "bucket", name);
    let target = log.and_then(|(_, one)| text(one, "target_bucket"));
    logs(view, "logs", target, &mut found);
    Ok(found)
}

/// Why each bucket that is nobody's root can't become the log bucket of a group either. A
/// group's log bucket is what its own things alone write to.
pub(super) fn barred(view: &View, groups: &[Found]) -> BTreeMap<usize, String> {
    let root_of = |place: usize| {
        let mut groups = groups.iter();
        let group = groups.find(|group| group.pins.values().any(|own| *own == place));
        group.map(|group| group.root)
    };
    let mut barred = BTreeMap::new();
    for (place, one) in view.all("aws_s3_bucket") {
        let Some(name) = text(one, "bucket").filter(|_| root_of(place).is_none()) else {
            continue;
        };
        let holders = holders(view, name);
        if holders.is_empty() {
            continue;
        }
        let roots: BTreeSet<Option<usize>> = holders
            .iter()
            .map(|(place, holder)| root_of(source(view, *place, holder)))
            .collect();
        let is_of_one = roots.len() == 1 && !roots.contains(&None);
        let why = refusal(view, one).or_else(|| {
            let all: Vec<&Instance> = holders.iter().map(|(_, one)| *one).collect();
            (!is_of_one).then(|| needs(&all))
        });
        barred.extend(why.map(|why| (place, why)));
    }
    barred
}

/// What writes to a bucket by this: the bucket whose log it is, what a delivery is of, or the
/// thing itself.
fn source(view: &View, place: usize, holder: &Instance) -> usize {
    let of_kind = match holder.kind.as_str() {
        "aws_s3_bucket_logging" => {
            text(holder, "bucket").and_then(|name| view.one("aws_s3_bucket", "bucket", name))
        }
        DESTINATION => delivered(view, holder),
        _ => None,
    };
    of_kind.map_or(place, |(place, _)| place)
}

/// The distribution whose logs come to a destination.
fn delivered<'a>(view: &'a View, destination: &Instance) -> Option<(usize, &'a Instance)> {
    let arn = text(destination, "arn")?;
    let (_, delivery) = view.one(
        "aws_cloudwatch_log_delivery",
        "delivery_destination_arn",
        arn,
    )?;
    let name = text(delivery, "delivery_source_name")?;
    let (_, source) = view.one("aws_cloudwatch_log_delivery_source", "name", name)?;
    let of = text(source, "resource_arn")?;
    view.one("aws_cloudfront_distribution", "arn", of)
}

fn needs(holders: &[&Instance]) -> String {
    let names: Vec<&str> = holders.iter().map(|one| &*one.address).collect();
    match names.as_slice() {
        [one] => format!("{one} needs its settings as they are"),
        all => format!("{} need its settings as they are", all.join(" and ")),
    }
}

/// What reads from a bucket or writes to it.
pub(super) fn holders<'a>(view: &'a View, name: &str) -> Vec<(usize, &'a Instance)> {
    let kinds = HOLDERS.iter().flat_map(|kind| view.all(kind));
    let of_others = kinds.filter(|(_, one)| text(one, "bucket") != Some(name));
    let holding = of_others.filter(|(_, one)| {
        let mut values = one.attributes.values();
        values.any(|value| contains(value, &|text| is_in(text, name)))
    });
    holding.collect()
}

/// Why no blueprint can hold a bucket, whatever it is for.
pub(super) fn refusal(view: &View, one: &Instance) -> Option<String> {
    let Some(name) = text(one, "bucket") else {
        return Some("the state does not say its name".to_owned());
    };
    if one.is_tainted {
        return Some("it is tainted: Terraform would make it anew".to_owned());
    }
    if name.contains('.') {
        let why = "its name has a dot, which TLS by the bucket's host name rules out";
        return Some(why.to_owned());
    }
    if one.region.is_none() {
        return Some("the state does not say its region".to_owned());
    }
    let has = |path: &str| !at(one, path).items().is_empty();
    if has("website")
        || view
            .one("aws_s3_bucket_website_configuration", "bucket", name)
            .is_some()
    {
        return Some("it is a website, which no TLS reaches".to_owned());
    }
    let anywhere =
        |is_it: &dyn Fn(&str) -> bool| one.attributes.values().any(|value| contains(value, is_it));
    if anywhere(&|text| text.starts_with(GROUPS)) {
        return Some("its access control list lets others in".to_owned());
    }
    if let Some((_, list)) = view.one("aws_s3_bucket_acl", "bucket", name)
        && text(list, "acl") != Some("private")
    {
        return Some(format!("{} makes it other than private", list.address));
    }
    let encryption = "aws_s3_bucket_server_side_encryption_configuration";
    let is_kms = |text: &str| text.starts_with("aws:kms");
    let by_kms = view
        .one(encryption, "bucket", name)
        .is_some_and(|(_, one)| {
            let mut values = one.attributes.values();
            values.any(|value| contains(value, &is_kms))
        });
    (by_kms || anywhere(&is_kms))
        .then(|| "it is encrypted by a key of KMS, which no blueprint has".to_owned())
}

/// Whether a text is the bucket's name, its ARN, one of its host names, or begins with one.
fn is_in(text: &str, bucket: &str) -> bool {
    let rest = text.strip_prefix("arn:aws:s3:::").unwrap_or(text);
    let rest = rest.strip_prefix(bucket);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
}

fn contains(value: &Value, is_it: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_it(text),
        Value::List(items) => items.iter().any(|item| contains(item, is_it)),
        Value::Map(entries) => entries.values().any(|entry| contains(entry, is_it)),
        _ => false,
    }
}
