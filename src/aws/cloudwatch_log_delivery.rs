//! Makes, changes and deletes log deliveries.
//!
//! Facts: *Amazon `CloudWatch` Logs API Reference* (`CreateDelivery`,
//! `UpdateDeliveryConfiguration`, `DeleteDelivery`); *Amazon `CloudFront` Developer Guide*,
//! "Configure standard logging (v2)", Send logs to Amazon S3.
//!
//! *Invariant*: the path that AWS puts before a suffix of its own accord is never seen as a
//! difference, and an update does not lose it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{Delivery, S3DeliveryConfiguration};

use super::logs::{failed, new_tags, of_create, present, read_each, tags_of, update_tags};
use super::values::{at, differs, given, text, texts};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted};
use crate::resource::Id;
use crate::value::{Attributes, Value};

const GET: &str = "logs:GetDelivery";
const CREATE: &str = "logs:CreateDelivery";

/// What CloudFront puts before the suffix when a delivery to a bucket without a prefix is
/// made, and not when it is changed (the page above, Example paths to access logs).
const ADDED: &str = "AWSLogs/{account-id}/CloudFront/";

/// The lifecycle of `aws_cloudwatch_log_delivery`.
pub(super) struct CloudwatchLogDelivery;

#[async_trait]
impl Lifecycle for CloudwatchLogDelivery {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let delivery = get(aws, &id).await?;
            let arn = delivery.arn.clone().unwrap_or_default();
            let tags = tags_of(&aws.logs(&id.region), &arn).await?;
            let mut attributes = read(&delivery);
            attributes.insert("tags".to_owned(), tags.value());
            Ok(attributes)
        })
        .await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let client = aws.logs(&wanted.region);
        let mut found = Vec::new();
        for delivery in deliveries(aws, &wanted.region).await? {
            let same = delivery.delivery_source_name.as_deref()
                == text(&wanted.attributes, "delivery_source_name")
                && delivery.delivery_destination_arn.as_deref()
                    == text(&wanted.attributes, "delivery_destination_arn");
            if !same {
                continue;
            }
            let tags = tags_of(&client, delivery.arn.as_deref().unwrap_or_default()).await?;
            found.push(Found {
                id: Id {
                    region: wanted.region.clone(),
                    text: delivery.id.unwrap_or_default(),
                },
                ownership: tags.ownership(wanted),
            });
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        let made = aws
            .logs(&wanted.region)
            .create_delivery()
            .set_delivery_source_name(owned("delivery_source_name"))
            .set_delivery_destination_arn(owned("delivery_destination_arn"))
            .set_field_delimiter(owned("field_delimiter"))
            .set_record_fields(texts(&wanted.attributes, "record_fields"))
            .set_s3_delivery_configuration(configuration(&wanted.attributes, ""))
            .set_tags(Some(new_tags(wanted)))
            .send()
            .await
            .map_err(failed(CREATE));
        match made {
            Ok(answer) => Ok(Id {
                region: wanted.region.clone(),
                text: present(answer.delivery.and_then(|delivery| delivery.id), CREATE)?,
            }),
            Err(error) => {
                let exists =
                    error.kind == ErrorKind::Conflict && !self.find(aws, wanted).await?.is_empty();
                Err(of_create(
                    error,
                    exists,
                    "a source has one delivery to a sort of destination: `aws logs describe-deliveries` shows the other; delete it, then run again",
                ))
            }
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.logs(&id.region);
        update_tags(&client, observed, wanted).await?;
        let names = [
            "field_delimiter",
            "record_fields",
            "s3_delivery_configuration",
        ];
        if !names
            .iter()
            .any(|name| differs(observed, &wanted.attributes, name))
        {
            return Ok(());
        }
        let live = get(aws, id).await?;
        let suffix = live.s3_delivery_configuration();
        let suffix = suffix.and_then(|s3| s3.suffix_path()).unwrap_or_default();
        let added = if suffix.starts_with(ADDED) { ADDED } else { "" };
        client
            .update_delivery_configuration()
            .id(&id.text)
            .set_field_delimiter(text(&wanted.attributes, "field_delimiter").map(str::to_owned))
            .set_record_fields(texts(&wanted.attributes, "record_fields"))
            .set_s3_delivery_configuration(configuration(&wanted.attributes, added))
            .send()
            .await
            .map_err(failed("logs:UpdateDeliveryConfiguration"))?;
        Ok(())
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let deleted = aws
            .logs(&id.region)
            .delete_delivery()
            .id(&id.text)
            .send()
            .await
            .map_err(failed("logs:DeleteDelivery"));
        match deleted {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}

async fn get(aws: &Aws, id: &Id) -> Result<Delivery, Error> {
    let answer = aws
        .logs(&id.region)
        .get_delivery()
        .id(&id.text)
        .send()
        .await
        .map_err(failed(GET))?;
    present(answer.delivery, GET)
}

/// Every delivery of a region.
pub(super) async fn deliveries(aws: &Aws, region: &str) -> Result<Vec<Delivery>, Error> {
    aws.logs(region)
        .describe_deliveries()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(failed("logs:DescribeDeliveries"))
}

fn read(delivery: &Delivery) -> Attributes {
    let s3 = delivery.s3_delivery_configuration().map(|s3| {
        let suffix = s3.suffix_path().unwrap_or_default();
        Value::List(vec![Value::Map(given([
            (
                "suffix_path",
                suffix.strip_prefix(ADDED).unwrap_or(suffix).into(),
            ),
            (
                "enable_hive_compatible_path",
                s3.enable_hive_compatible_path.unwrap_or(false).into(),
            ),
        ]))])
    });
    let fields = delivery.record_fields.clone().map(Value::texts);
    given([
        ("id", delivery.id.clone().into()),
        ("arn", delivery.arn.clone().into()),
        (
            "delivery_source_name",
            delivery.delivery_source_name.clone().into(),
        ),
        (
            "delivery_destination_arn",
            delivery.delivery_destination_arn.clone().into(),
        ),
        ("field_delimiter", delivery.field_delimiter.clone().into()),
        ("record_fields", fields.unwrap_or_default()),
        ("s3_delivery_configuration", s3.unwrap_or_default()),
    ])
}

/// What is wanted of a delivery into a bucket, if anything is.
fn configuration(wanted: &Attributes, added: &str) -> Option<S3DeliveryConfiguration> {
    let s3 = at(wanted, "s3_delivery_configuration").items().first()?;
    let suffix = s3.get("suffix_path").as_str();
    Some(
        S3DeliveryConfiguration::builder()
            .set_suffix_path(suffix.map(|suffix| format!("{added}{suffix}")))
            .set_enable_hive_compatible_path(s3.get("enable_hive_compatible_path").as_bool())
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatchlogs::types::{Delivery, S3DeliveryConfiguration};

    use super::{ADDED, configuration, read};
    use crate::value::{Attributes, Value};

    fn wanted(suffix: &str) -> Attributes {
        let s3 = Value::from_json(&serde_json::json!([{
            "suffix_path": suffix, "enable_hive_compatible_path": false,
        }]));
        [("s3_delivery_configuration".to_owned(), s3)].into()
    }

    #[test]
    fn the_path_that_aws_adds_is_no_difference() {
        for added in ["", ADDED] {
            let s3 = S3DeliveryConfiguration::builder()
                .suffix_path(format!("{added}{{DistributionId}}"))
                .enable_hive_compatible_path(false);
            let delivery = Delivery::builder().s3_delivery_configuration(s3.build());
            assert_eq!(read(&delivery.build()), wanted("{DistributionId}"));
        }
    }

    #[test]
    fn an_update_does_not_lose_it() {
        let s3 = configuration(&wanted("{yyyy}"), ADDED).unwrap();
        assert_eq!(
            s3.suffix_path(),
            Some("AWSLogs/{account-id}/CloudFront/{yyyy}")
        );
    }
}
