//! The lookups: what a spec asks AWS about before anything is planned.
//!
//! In: a lookup's arguments. Out: its attributes, or what there is instead.
//!
//! *Invariant*: a lookup makes no choice. Where several answers fit, it says which, and the
//! user chooses.

pub(super) mod acm_certificate;
pub(super) mod availability_zones;
pub(super) mod caller_identity;
pub(super) mod ec2_managed_prefix_list;
mod networks;
pub(super) mod route53_zone;
pub(super) mod secretsmanager_secret;
pub(super) mod security_group;
pub(super) mod ssm_parameter;
pub(super) mod subnets;
pub(super) mod vpc;

use aws_sdk_ec2::types::{Filter, Tag};

use crate::diagnostic::did_you_mean;
use crate::value::{Attributes, Value};

/// How many things an error lists before it says how many more there are.
const LISTED: usize = 20;

/// The filters of EC2 that the arguments `filter` and `tags` ask for.
fn filters(arguments: &Attributes) -> Vec<Filter> {
    let mut filters = Vec::new();
    for block in arguments
        .get("filter")
        .map(Value::items)
        .unwrap_or_default()
    {
        let values = block.get("values").items();
        filters.push(filter(
            block.get("name").as_str().unwrap_or_default(),
            values.iter().filter_map(Value::scalar_text),
        ));
    }
    let tags = arguments.get("tags").and_then(Value::as_map);
    for (key, value) in tags.into_iter().flatten() {
        filters.push(filter(&format!("tag:{key}"), value.scalar_text()));
    }
    filters
}

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values.into_iter().collect()))
        .build()
}

/// What was asked for, as an error says it: `default = true, tag Name = main`.
fn asked(arguments: &Attributes) -> String {
    let mut asked = Vec::new();
    for (name, value) in arguments {
        match (name.as_str(), value) {
            (_, Value::Null) | ("region", _) => {}
            ("filter", blocks) => asked.extend(blocks.items().iter().map(|block| {
                let values: Vec<String> = block
                    .get("values")
                    .items()
                    .iter()
                    .filter_map(Value::scalar_text)
                    .collect();
                let name = block.get("name").as_str().unwrap_or_default();
                format!("{name} = {}", values.join(" or "))
            })),
            ("tags", Value::Map(tags)) => asked.extend(tags.iter().map(|(key, value)| {
                format!("tag {key} = {}", value.scalar_text().unwrap_or_default())
            })),
            (name, value) => {
                asked.push(format!(
                    "{name} = {}",
                    value.scalar_text().unwrap_or_default()
                ));
            }
        }
    }
    asked.join(", ")
}

/// A list for people, cut where it gets long.
fn listed(mut items: Vec<String>) -> String {
    items.sort();
    let more = items.len().saturating_sub(LISTED);
    items.truncate(LISTED);
    let text = items.join(", ");
    match more {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// The name that may have been meant.
fn near<'a>(name: &str, others: &'a [String]) -> Option<&'a str> {
    did_you_mean(name, others.iter().map(String::as_str))
}

fn tags_value(tags: &[Tag]) -> Value {
    Value::map(tags.iter().map(|tag| {
        (
            tag.key.clone().unwrap_or_default(),
            Value::from(tag.value.clone().unwrap_or_default()),
        )
    }))
}

/// The partition of a region, as the second part of an ARN says it.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::{asked, filters, listed};
    use crate::value::{Attributes, Value};

    fn arguments() -> Attributes {
        [
            ("default".to_owned(), Value::from(true)),
            (
                "filter".to_owned(),
                Value::block([
                    ("name", Value::from("vpc-id")),
                    ("values", Value::texts(["vpc-1", "vpc-2"])),
                ]),
            ),
            (
                "tags".to_owned(),
                Value::map([("Name", Value::from("main"))]),
            ),
        ]
        .into()
    }

    #[test]
    fn arguments_become_filters() {
        let filters: Vec<_> = filters(&arguments())
            .into_iter()
            .map(|filter| (filter.name.unwrap(), filter.values.unwrap()))
            .collect();
        assert_eq!(
            filters,
            [
                (
                    "vpc-id".to_owned(),
                    vec!["vpc-1".to_owned(), "vpc-2".to_owned()]
                ),
                ("tag:Name".to_owned(), vec!["main".to_owned()]),
            ]
        );
    }

    #[test]
    fn an_error_says_what_was_asked_and_what_there_is() {
        assert_eq!(
            asked(&arguments()),
            "default = true, vpc-id = vpc-1 or vpc-2, tag Name = main"
        );
        assert_eq!(listed(vec!["b".to_owned(), "a".to_owned()]), "a, b");
        let many = (0..23).map(|n| format!("{n:02}")).collect();
        assert!(listed(many).ends_with("18, 19 and 3 more"));
    }
}
