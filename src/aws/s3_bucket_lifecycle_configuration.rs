//! `aws_s3_bucket_lifecycle_configuration`: what happens to objects as they age.
//!
//! *Invariant*: rules go out whole and in order; a rule that the spec does not have does not
//! survive.

use async_trait::async_trait;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter,
    NoncurrentVersionExpiration, NoncurrentVersionTransition, Tag, Transition,
    TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::Error;
use super::given::given;
use super::s3::{Bucket, OfBucket, Part, found, number, refused};
use crate::value::{Attributes, Value};

/// Calls by
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>.
pub(super) static LIFECYCLE: OfBucket<Rules> = OfBucket(Rules);

#[derive(Debug)]
pub(super) struct Rules;

#[async_trait]
impl Part for Rules {
    type Wire = (
        Vec<LifecycleRule>,
        Option<TransitionDefaultMinimumObjectSize>,
    );

    async fn get(&self, bucket: &Bucket) -> Result<Option<Attributes>, Error> {
        let answer = bucket
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of("s3:GetLifecycleConfiguration", &error));
        Ok(found(answer)?.map(|answer| {
            let rules = answer.rules().iter().map(rule_attributes).collect();
            let size = answer.transition_default_minimum_object_size.as_ref();
            given([
                ("rule", Value::List(rules)),
                (
                    SIZE,
                    size.map(TransitionDefaultMinimumObjectSize::as_str).into(),
                ),
            ])
        }))
    }

    fn wire(&self, attributes: &Attributes) -> Result<Self::Wire, Error> {
        let rules = attributes.get("rule").map_or(&[][..], Value::items);
        let rules: Result<_, _> = rules.iter().map(rule).collect();
        let size = attributes.get(SIZE).and_then(Value::as_str);
        Ok((rules?, size.map(TransitionDefaultMinimumObjectSize::from)))
    }

    async fn put(&self, bucket: &Bucket, (rules, size): Self::Wire) -> Result<(), Error> {
        let rules = BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules))
            .build()
            .map_err(|error| refused(PUT, error))?;
        bucket
            .client
            .put_bucket_lifecycle_configuration()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .lifecycle_configuration(rules)
            .set_transition_default_minimum_object_size(size)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    async fn remove(&self, bucket: &Bucket) -> Result<(), Error> {
        bucket
            .client
            .delete_bucket_lifecycle()
            .bucket(&bucket.name)
            .expected_bucket_owner(&bucket.account)
            .send()
            .await
            .map_err(|error| Error::of(PUT, &error))?;
        Ok(())
    }

    fn over(&self, observed: &Attributes, wanted: &Attributes) -> Attributes {
        let mut attributes = wanted.clone();
        if let Some(size) = observed.get(SIZE) {
            attributes
                .entry(SIZE.to_owned())
                .or_insert_with(|| size.clone());
        }
        attributes
    }
}

const PUT: &str = "s3:PutLifecycleConfiguration";
const SIZE: &str = "transition_default_minimum_object_size";

fn rule(rule: &Value) -> Result<LifecycleRule, Error> {
    let many = |name: &str| rule.get(name).items();
    let abort = many("abort_incomplete_multipart_upload").first();
    let noncurrent = many("noncurrent_version_expiration").first();
    let transitions: Result<Vec<_>, _> = many("transition").iter().map(transition).collect();
    let noncurrent_transitions: Result<Vec<_>, _> = many("noncurrent_version_transition")
        .iter()
        .map(noncurrent_transition)
        .collect();
    LifecycleRule::builder()
        .set_id(text(rule.get("id")))
        .set_status(rule.get("status").as_str().map(ExpirationStatus::from))
        .filter(filter(rule)?)
        .set_expiration(many("expiration").first().map(expiration).transpose()?)
        .set_transitions(not_empty(transitions?))
        .set_noncurrent_version_transitions(not_empty(noncurrent_transitions?))
        .set_noncurrent_version_expiration(
            noncurrent
                .map(|expiration| {
                    Ok::<_, Error>(
                        NoncurrentVersionExpiration::builder()
                            .set_noncurrent_days(number(PUT, expiration.get("noncurrent_days"))?)
                            .set_newer_noncurrent_versions(number(
                                PUT,
                                expiration.get("newer_noncurrent_versions"),
                            )?)
                            .build(),
                    )
                })
                .transpose()?,
        )
        .set_abort_incomplete_multipart_upload(
            abort
                .map(|abort| {
                    Ok::<_, Error>(
                        AbortIncompleteMultipartUpload::builder()
                            .set_days_after_initiation(number(
                                PUT,
                                abort.get("days_after_initiation"),
                            )?)
                            .build(),
                    )
                })
                .transpose()?,
        )
        .build()
        .map_err(|error| refused(PUT, error))
}

/// A rule without a filter holds for every object, which S3 wants said: an empty prefix. The
/// old `prefix` beside the filter says the same as one within.
fn filter(rule: &Value) -> Result<LifecycleRuleFilter, Error> {
    let filter = rule.get("filter");
    let and = filter.get("and").items().first();
    let tag = filter.get("tag").items().first();
    let mut prefix = text(filter.get("prefix")).or_else(|| text(rule.get("prefix")));
    let size = |of: &Value, name: &str| of.get(name).as_int();
    let greater = size(filter, "object_size_greater_than");
    let less = size(filter, "object_size_less_than");
    if and.is_none() && tag.is_none() && greater.is_none() && less.is_none() {
        prefix = prefix.or_else(|| Some(String::new()));
    }
    let and = and.map(|and| {
        let tags = and.get("tags").as_map().into_iter().flatten();
        let tags: Result<Vec<_>, _> = tags
            .map(|(key, value)| tag_of(key, value.as_str().unwrap_or_default()))
            .collect();
        Ok::<_, Error>(
            LifecycleRuleAndOperator::builder()
                .set_prefix(text(and.get("prefix")))
                .set_object_size_greater_than(size(and, "object_size_greater_than"))
                .set_object_size_less_than(size(and, "object_size_less_than"))
                .set_tags(not_empty(tags?))
                .build(),
        )
    });
    let tag = tag.map(|tag| {
        let text = |name: &str| tag.get(name).as_str().unwrap_or_default();
        tag_of(text("key"), text("value"))
    });
    Ok(LifecycleRuleFilter::builder()
        .set_prefix(prefix)
        .set_tag(tag.transpose()?)
        .set_object_size_greater_than(greater)
        .set_object_size_less_than(less)
        .set_and(and.transpose()?)
        .build())
}

fn expiration(expiration: &Value) -> Result<LifecycleExpiration, Error> {
    // S3 takes one of the three, and the provider's "0 days" and "false" mean none.
    let days = number(PUT, expiration.get("days"))?.filter(|days| *days > 0);
    let marker = expiration.get("expired_object_delete_marker").as_bool();
    Ok(LifecycleExpiration::builder()
        .set_date(date(expiration.get("date"))?)
        .set_days(days)
        .set_expired_object_delete_marker(marker.filter(|marker| *marker))
        .build())
}

fn transition(transition: &Value) -> Result<Transition, Error> {
    Ok(Transition::builder()
        .set_date(date(transition.get("date"))?)
        .set_days(number(PUT, transition.get("days"))?)
        .set_storage_class(storage_class(transition))
        .build())
}

fn noncurrent_transition(transition: &Value) -> Result<NoncurrentVersionTransition, Error> {
    Ok(NoncurrentVersionTransition::builder()
        .set_noncurrent_days(number(PUT, transition.get("noncurrent_days"))?)
        .set_newer_noncurrent_versions(number(PUT, transition.get("newer_noncurrent_versions"))?)
        .set_storage_class(storage_class(transition))
        .build())
}

fn storage_class(transition: &Value) -> Option<TransitionStorageClass> {
    let class = transition.get("storage_class").as_str();
    class.map(TransitionStorageClass::from)
}

fn tag_of(key: &str, value: &str) -> Result<Tag, Error> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(|error| refused(PUT, error))
}

fn date(value: &Value) -> Result<Option<DateTime>, Error> {
    value
        .as_str()
        .map(|date| DateTime::from_str(date, Format::DateTime))
        .transpose()
        .map_err(|error| refused(PUT, error))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn not_empty<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn rule_attributes(rule: &LifecycleRule) -> Value {
    let one = |block: Option<Attributes>| block.map_or(Value::Null, Value::block);
    let many = |blocks: Vec<Value>| not_empty(blocks).map_or(Value::Null, Value::List);
    let transitions = rule.transitions().iter().map(|transition| {
        Value::Map(given([
            ("date", shown(transition.date.as_ref())),
            ("days", transition.days.into()),
            (
                "storage_class",
                class_shown(transition.storage_class.as_ref()),
            ),
        ]))
    });
    let noncurrent_transitions = rule
        .noncurrent_version_transitions()
        .iter()
        .map(|transition| {
            Value::Map(given([
                ("noncurrent_days", transition.noncurrent_days.into()),
                (
                    "newer_noncurrent_versions",
                    transition.newer_noncurrent_versions.into(),
                ),
                (
                    "storage_class",
                    class_shown(transition.storage_class.as_ref()),
                ),
            ]))
        });
    let noncurrent = rule.noncurrent_version_expiration.as_ref();
    let abort = rule.abort_incomplete_multipart_upload.as_ref();
    Value::Map(given([
        ("id", rule.id.clone().into()),
        ("status", rule.status.as_str().into()),
        ("filter", one(rule.filter.as_ref().map(filter_attributes))),
        (
            "expiration",
            one(rule.expiration.as_ref().map(expiration_attributes)),
        ),
        ("transition", many(transitions.collect())),
        (
            "noncurrent_version_transition",
            many(noncurrent_transitions.collect()),
        ),
        (
            "noncurrent_version_expiration",
            one(noncurrent.map(|expiration| {
                given([
                    ("noncurrent_days", expiration.noncurrent_days.into()),
                    (
                        "newer_noncurrent_versions",
                        expiration.newer_noncurrent_versions.into(),
                    ),
                ])
            })),
        ),
        (
            "abort_incomplete_multipart_upload",
            one(abort.map(|abort| {
                given([("days_after_initiation", abort.days_after_initiation.into())])
            })),
        ),
    ]))
}

fn filter_attributes(filter: &LifecycleRuleFilter) -> Attributes {
    let and = filter.and.as_ref().map_or(Value::Null, |and| {
        let tags = and.tags().iter();
        let tags: Vec<_> = tags
            .map(|tag| (tag.key.clone(), tag.value.as_str().into()))
            .collect();
        Value::block(given([
            ("prefix", and.prefix.clone().into()),
            (
                "object_size_greater_than",
                long(and.object_size_greater_than),
            ),
            ("object_size_less_than", long(and.object_size_less_than)),
            ("tags", not_empty(tags).map_or(Value::Null, Value::map)),
        ]))
    });
    let tag = filter.tag.as_ref().map_or(Value::Null, |tag| {
        Value::block([
            ("key", tag.key.as_str().into()),
            ("value", tag.value.as_str().into()),
        ])
    });
    given([
        ("prefix", filter.prefix.clone().into()),
        (
            "object_size_greater_than",
            long(filter.object_size_greater_than),
        ),
        ("object_size_less_than", long(filter.object_size_less_than)),
        ("and", and),
        ("tag", tag),
    ])
}

fn expiration_attributes(expiration: &LifecycleExpiration) -> Attributes {
    given([
        ("date", shown(expiration.date.as_ref())),
        ("days", expiration.days.into()),
        (
            "expired_object_delete_marker",
            expiration.expired_object_delete_marker.into(),
        ),
    ])
}

fn class_shown(class: Option<&TransitionStorageClass>) -> Value {
    class.map(TransitionStorageClass::as_str).into()
}

fn long(value: Option<i64>) -> Value {
    value.into()
}

fn shown(date: Option<&DateTime>) -> Value {
    date.and_then(|date| date.fmt(Format::DateTime).ok()).into()
}

#[cfg(test)]
mod tests {
    use super::{Part, Rules, given, rule, rule_attributes};
    use crate::value::Value;

    fn wanted(filter: Value) -> Value {
        let block = |name: &str, value: i64| Value::block([(name, value.into())]);
        Value::Map(given([
            ("id", "old-versions".into()),
            ("status", "Enabled".into()),
            ("filter", filter),
            (
                "abort_incomplete_multipart_upload",
                block("days_after_initiation", 7),
            ),
            (
                "noncurrent_version_expiration",
                block("noncurrent_days", 30),
            ),
            ("expiration", block("days", 90)),
            (
                "transition",
                Value::List(vec![Value::map([
                    ("days", 30.into()),
                    ("storage_class", "STANDARD_IA".into()),
                ])]),
            ),
        ]))
    }

    #[test]
    fn a_rule_is_read_as_it_is_put() {
        let tags = Value::map([("class", "tmp".into())]);
        let both = Value::block([("prefix", "logs/".into()), ("tags", tags)]);
        for filter in [
            Value::block([("prefix", "".into())]),
            Value::block([("object_size_less_than", 1024_i64.into())]),
            Value::block([("and", both)]),
        ] {
            let wanted = wanted(filter);
            assert_eq!(rule_attributes(&rule(&wanted).unwrap()), wanted);
        }
    }

    #[test]
    fn a_rule_without_a_filter_holds_for_every_object() {
        for filter in [Value::Null, Value::block::<String>([])] {
            let rule = rule(&wanted(filter)).unwrap();
            assert_eq!(rule.filter.unwrap().prefix.as_deref(), Some(""));
        }
    }

    #[test]
    fn an_expiration_of_zero_days_is_none() {
        let none = Value::block([
            ("days", 0.into()),
            ("expired_object_delete_marker", true.into()),
        ]);
        let wanted = Value::map([
            ("id", "markers".into()),
            ("status", "Enabled".into()),
            ("expiration", none),
        ]);
        let expiration = rule(&wanted).unwrap().expiration.unwrap();
        assert_eq!(expiration.days, None);
        assert_eq!(expiration.expired_object_delete_marker, Some(true));
    }

    #[test]
    fn a_size_that_nobody_manages_stays() {
        let observed = given([
            ("rule", Value::List(vec![wanted(Value::Null)])),
            (super::SIZE, "all_storage_classes_128K".into()),
        ]);
        let wanted = given([("rule", Value::List(vec![wanted(Value::Null)]))]);
        let put = Rules.over(&observed, &wanted);
        assert!(Rules.same(&observed, &put).unwrap());
    }
}
