//! Makes and deletes the sources of log deliveries.
//!
//! Facts: *Amazon `CloudWatch` Logs API Reference* (`PutDeliverySource`,
//! `GetDeliverySource`, `DeleteDeliverySource`); *Amazon `CloudFront` Developer Guide*,
//! "Configure standard logging (v2)".
//!
//! *Invariant*: a put carries tags, so that it makes a new one or is refused; it never
//! overwrites one that stands.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::DeliverySource;

use super::logs::{failed, new_tags, of_create, present, read_each, tags_of, update_tags};
use super::values::{given, text};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted};
use crate::resource::Id;
use crate::value::Attributes;

const GET: &str = "logs:GetDeliverySource";

/// The lifecycle of `aws_cloudwatch_log_delivery_source`.
pub(super) struct CloudwatchLogDeliverySource;

#[async_trait]
impl Lifecycle for CloudwatchLogDeliverySource {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let source = get(aws, &id).await?;
            let arn = source.arn.clone().unwrap_or_default();
            let tags = tags_of(&aws.logs(&id.region), &arn).await?;
            let resource = source.resource_arns().first().cloned();
            let mut attributes = given([
                ("name", source.name.into()),
                ("arn", arn.into()),
                ("resource_arn", resource.into()),
                ("log_type", source.log_type.into()),
                ("service", source.service.into()),
            ]);
            attributes.insert("tags".to_owned(), tags.value());
            Ok(attributes)
        })
        .await
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some(name) = text(&wanted.attributes, "name") else {
            return Ok(Vec::new());
        };
        let id = id_of(wanted, name);
        let source = match get(aws, &id).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let arn = source.arn.unwrap_or_default();
        let tags = tags_of(&aws.logs(&id.region), &arn).await?;
        let ownership = tags.ownership(wanted);
        Ok(vec![Found { id, ownership }])
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        let id = id_of(wanted, &owned("name").unwrap_or_default());
        let made = aws
            .logs(&wanted.region)
            .put_delivery_source()
            .set_name(owned("name"))
            .set_resource_arn(owned("resource_arn"))
            .set_log_type(owned("log_type"))
            .set_tags(Some(new_tags(wanted)))
            .send()
            .await
            .map_err(failed("logs:PutDeliverySource"));
        match made {
            Ok(_) => Ok(id),
            Err(error) => {
                let exists = get(aws, &id).await.is_ok();
                Err(of_create(
                    error,
                    exists,
                    "a distribution has one source of log deliveries, and this one has another already: `aws logs describe-delivery-sources --region us-east-1` shows it; delete it, or write `logs = false` and waive WT-CF-011",
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
        update_tags(&aws.logs(&id.region), observed, wanted).await
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
            .delete_delivery_source()
            .name(&id.text)
            .send()
            .await
            .map_err(failed("logs:DeleteDeliverySource"));
        match deleted {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}

fn id_of(wanted: &Wanted, name: &str) -> Id {
    Id {
        region: wanted.region.clone(),
        text: name.to_owned(),
    }
}

async fn get(aws: &Aws, id: &Id) -> Result<DeliverySource, Error> {
    let answer = aws
        .logs(&id.region)
        .get_delivery_source()
        .name(&id.text)
        .send()
        .await
        .map_err(failed(GET))?;
    present(answer.delivery_source, GET)
}
