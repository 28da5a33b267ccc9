//! Record sets, between Route 53's form and the schema's.
//!
//! *Invariant*: what is written reads back as it was written, and so does what the console
//! wrote.

use std::collections::BTreeSet;

use aws_sdk_route53::types::{AliasTarget, ResourceRecord, ResourceRecordSet, RrType};

use super::values::{at, given, holds, text, texts, truth};
use super::{Error, ErrorKind, acm_validation};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// The call that changes records, in IAM's words.
pub(super) const CHANGE: &str = "route53:ChangeResourceRecordSets";

/// An id, taken apart; the name in lower case, without the dot at its end. Keys sort as
/// Route 53 lists records: by labels from the right, then by type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    order: String,
    pub(super) of: &'a str,
    pub(super) zone: &'a str,
    pub(super) name: String,
}

/// `RRType` of the API reference.
const TYPES: &[&str] = &[
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV",
    "SSHFP", "SVCB", "TLSA", "TXT",
];

impl<'a> Key<'a> {
    pub(super) fn of(id: &'a str) -> Option<Self> {
        let (zone, rest) = id.split_once('_')?;
        // Names may hold underscores, types do not.
        let (name, of) = rest.rsplit_once('_')?;
        TYPES.contains(&of).then(|| {
            let name = plain(name);
            Self {
                order: order(&name),
                of,
                zone,
                name,
            }
        })
    }

    pub(super) fn is(&self, set: &ResourceRecordSet) -> bool {
        set.r#type.as_str() == self.of
            && set.set_identifier.is_none()
            && plain(&set.name) == self.name
    }
}

pub(super) fn malformed(id: &str) -> Error {
    let message = format!("{id:?} is no id of a record; one reads ZONE_name_TYPE");
    Error::new(ErrorKind::Refused, "route53", message)
}

/// A name as people write it: lower case, no dot at the end, and `*` for `\052`.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.')
        .to_ascii_lowercase()
        .replace("\\052", "*")
}

fn order(name: &str) -> String {
    let mut labels: Vec<&str> = name.split('.').collect();
    labels.reverse();
    let mut order = labels.join(".").replace('*', "\\052");
    order.push('.');
    order
}

/// Everything that AWS reports, under the schema's names.
pub(super) fn observed(id: &Id, key: &Key<'_>, set: &ResourceRecordSet) -> Attributes {
    let alias = set.alias_target().map_or(Value::Null, |alias| {
        Value::block([
            ("name", Value::text(alias_name(alias.dns_name()))),
            ("zone_id", alias.hosted_zone_id().into()),
            (
                "evaluate_target_health",
                alias.evaluate_target_health().into(),
            ),
        ])
    });
    let records = set.resource_records();
    let values = if records.is_empty() {
        Value::Null
    } else {
        Value::texts(
            records
                .iter()
                .map(|record| value_from_aws(key.of, record.value())),
        )
    };
    given([
        ("id", id.text.as_str().into()),
        ("zone_id", key.zone.into()),
        ("name", key.name.as_str().into()),
        ("fqdn", key.name.as_str().into()),
        ("type", set.r#type.as_str().into()),
        (
            "ttl",
            set.ttl().filter(|_| set.alias_target.is_none()).into(),
        ),
        ("records", values),
        ("alias", alias),
        ("set_identifier", set.set_identifier().into()),
        ("health_check_id", set.health_check_id().into()),
    ])
}

/// Lower case, without the dot at the end and without the prefix that the console puts
/// before a load balancer's name; so does the provider.
fn alias_name(name: &str) -> String {
    let name = plain(name);
    name.strip_prefix("dualstack.")
        .map(str::to_owned)
        .unwrap_or(name)
}

/// Route 53 quotes the texts of `TXT` records; the schema does not.
fn value_from_aws(of: &str, value: &str) -> String {
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(text) if matches!(of, "TXT" | "SPF") => text.to_owned(),
        _ => value.to_owned(),
    }
}

fn value_to_aws(of: &str, value: &str) -> String {
    if matches!(of, "TXT" | "SPF") {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

/// Whether what a record stands for is the same.
pub(super) fn same_value(wanted: &Attributes, live: &Attributes) -> bool {
    let values = |attributes: &Attributes| -> Option<BTreeSet<String>> {
        Some(texts(attributes, "records")?.into_iter().collect())
    };
    let alias = |attributes: &Attributes| {
        let name = text(attributes, "alias.name").map(alias_name);
        let zone = text(attributes, "alias.zone_id").map(str::to_owned);
        (
            name,
            zone,
            truth(attributes, "alias.evaluate_target_health"),
        )
    };
    values(wanted).unwrap_or_default() == values(live).unwrap_or_default()
        && alias(wanted) == alias(live)
        && holds(at(wanted, "ttl"), at(live, "ttl"))
}

/// Whether it is the record by which ACM validates a name.
pub(super) fn is_validation(attributes: &Attributes) -> bool {
    text(attributes, "type") == Some("CNAME")
        && texts(attributes, "records").is_some_and(|values| {
            values
                .iter()
                .any(|value| plain(value).ends_with(acm_validation::DOMAIN))
        })
}

pub(super) fn record_set(wanted: &Attributes) -> Result<ResourceRecordSet, Error> {
    let of = text(wanted, "type").unwrap_or_default();
    let alias = text(wanted, "alias.name")
        .map(|name| {
            AliasTarget::builder()
                .dns_name(name)
                .hosted_zone_id(text(wanted, "alias.zone_id").unwrap_or_default())
                .evaluate_target_health(
                    truth(wanted, "alias.evaluate_target_health").unwrap_or(false),
                )
                .build()
        })
        .transpose()
        .map_err(|error| incomplete(&error))?;
    let records = texts(wanted, "records")
        .map(|values| {
            values
                .iter()
                .map(|value| {
                    ResourceRecord::builder()
                        .value(value_to_aws(of, value))
                        .build()
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()
        .map_err(|error| incomplete(&error))?;
    ResourceRecordSet::builder()
        .name(plain(text(wanted, "name").unwrap_or_default()))
        .r#type(RrType::from(of))
        .set_ttl(at(wanted, "ttl").as_int())
        .set_alias_target(alias)
        .set_resource_records(records)
        .build()
        .map_err(|error| incomplete(&error))
}

pub(super) fn incomplete(error: &aws_smithy_types::error::operation::BuildError) -> Error {
    Error::new(ErrorKind::Refused, CHANGE, error.to_string())
}

/// Records that the tests of both files speak of.
#[cfg(test)]
pub(super) mod samples {
    use aws_sdk_route53::types::ResourceRecordSet;

    use super::{Key, observed};
    use crate::resource::Id;
    use crate::value::{Attributes, Value};

    pub(in crate::aws) fn validation(value: &str, ttl: i64) -> Attributes {
        [
            ("zone_id", Value::text("Z1")),
            ("name", "_a.shop.example.com".into()),
            ("type", "CNAME".into()),
            ("ttl", Value::Int(ttl)),
            ("records", Value::texts([value])),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub(in crate::aws) fn alias(name: &str) -> Attributes {
        let alias = Value::block([
            ("name", Value::text(name)),
            ("zone_id", "Z32O12XQLNTSW2".into()),
            ("evaluate_target_health", Value::Bool(true)),
        ]);
        [
            ("zone_id", Value::text("Z1")),
            ("name", "shop.example.com".into()),
            ("type", "A".into()),
            ("alias", alias),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub(in crate::aws) fn read(set: &ResourceRecordSet) -> Attributes {
        let id = Id {
            region: "us-east-1".to_owned(),
            text: format!("Z1_{}_{}", set.name, set.r#type.as_str()),
        };
        observed(&id, &Key::of(&id.text).unwrap(), set)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::samples::{alias, read, validation};
    use super::{Key, record_set, same_value};
    use crate::value::Attributes;

    #[test]
    fn ids_come_apart() {
        let check = |id: &str, name: &str, of: &str| {
            let key = Key::of(id).unwrap();
            assert_eq!((key.zone, key.name.as_str(), key.of), ("Z1", name, of));
        };
        check("Z1_shop.example.com_A", "shop.example.com", "A");
        check("Z1__a_b.Example.com._CNAME", "_a_b.example.com", "CNAME");
        check("Z1_\\052.example.com_AAAA", "*.example.com", "AAAA");
        assert_eq!(Key::of("Z1_example.com"), None);
    }

    #[test]
    fn keys_sort_as_route_53_lists_records() {
        let ids = [
            "Z1_example.com_A",
            "Z1_*.example.com_A",
            "Z1_a.example.com_A",
            "Z1_a.example.com_AAAA",
            "Z1_z.a.example.com_A",
            "Z1_b.example.com_A",
        ];
        let sorted: BTreeSet<Key<'_>> = ids.iter().filter_map(|id| Key::of(id)).collect();
        let names: Vec<String> = sorted
            .iter()
            .map(|key| format!("Z1_{}_{}", key.name, key.of))
            .collect();
        assert_eq!(names, ids);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let check = |wanted: Attributes| {
            let seen = read(&record_set(&wanted).unwrap());
            assert!(same_value(&wanted, &seen), "{seen:?}");
            for (name, value) in &wanted {
                assert_eq!(seen.get(name), Some(value));
            }
        };
        check(validation("_b.acm-validations.aws.", 60));
        check(alias("web-1.eu-west-1.elb.amazonaws.com"));
        let mut text = validation("v=spf1 -all", 300);
        text.insert("type".to_owned(), "TXT".into());
        check(text);
    }

    #[test]
    fn an_alias_made_in_the_console_is_the_same() {
        let by_hand = record_set(&alias("dualstack.Web-1.eu-west-1.elb.amazonaws.com.")).unwrap();
        assert!(same_value(
            &alias("web-1.eu-west-1.elb.amazonaws.com"),
            &read(&by_hand)
        ));
    }
}
