//! Makes, changes and deletes the destinations of log deliveries.
//!
//! Facts: *Amazon `CloudWatch` Logs API Reference* (`PutDeliveryDestination`,
//! `GetDeliveryDestination`, `DeleteDeliveryDestination`).
//!
//! *Invariant*: the put that makes one carries tags, so that it is refused where one of the
//! name stands; only the one that changes ours overwrites.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{DeliveryDestination, DeliveryDestinationConfiguration};

use super::logs::{failed, new_tags, of_create, present, read_each, tags_of, update_tags};
use super::values::{at, differs, given, text, word};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Wanted};
use crate::resource::Id;
use crate::value::{Attributes, Value};

const GET: &str = "logs:GetDeliveryDestination";
const PUT: &str = "logs:PutDeliveryDestination";
const TO: &str = "delivery_destination_configuration.destination_resource_arn";

/// The lifecycle of `aws_cloudwatch_log_delivery_destination`.
pub(super) struct CloudwatchLogDeliveryDestination;

#[async_trait]
impl Lifecycle for CloudwatchLogDeliveryDestination {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        read_each(ids, |id| async move {
            let destination = get(aws, &id).await?;
            let arn = destination.arn.clone().unwrap_or_default();
            let tags = tags_of(&aws.logs(&id.region), &arn).await?;
            let to = destination.delivery_destination_configuration;
            let to = to.map(|to| {
                Value::block([(
                    "destination_resource_arn",
                    Value::from(to.destination_resource_arn),
                )])
            });
            let kind = word(destination.delivery_destination_type.as_ref());
            let mut attributes = given([
                ("name", destination.name.into()),
                ("arn", arn.into()),
                ("output_format", word(destination.output_format.as_ref())),
                ("delivery_destination_type", kind),
                ("delivery_destination_configuration", to.unwrap_or_default()),
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
        let destination = match get(aws, &id).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let arn = destination.arn.unwrap_or_default();
        let tags = tags_of(&aws.logs(&id.region), &arn).await?;
        let ownership = tags.ownership(wanted);
        Ok(vec![Found { id, ownership }])
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let id = id_of(wanted, text(&wanted.attributes, "name").unwrap_or_default());
        let made = aws
            .logs(&wanted.region)
            .put_delivery_destination()
            .name(&id.text)
            .set_output_format(text(&wanted.attributes, "output_format").map(Into::into))
            .set_delivery_destination_configuration(configuration(wanted)?)
            .set_tags(Some(new_tags(wanted)))
            .send()
            .await
            .map_err(failed(PUT));
        match made {
            Ok(_) => Ok(id),
            Err(error) => {
                let exists = get(aws, &id).await.is_ok();
                Err(of_create(error, exists, "run again in a minute"))
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
        if !differs(observed, &wanted.attributes, TO) {
            return Ok(());
        }
        // A put overwrites everything but the tags, which it takes for a new one only.
        client
            .put_delivery_destination()
            .name(&id.text)
            .set_output_format(text(observed, "output_format").map(Into::into))
            .set_delivery_destination_configuration(configuration(wanted)?)
            .send()
            .await
            .map_err(failed(PUT))?;
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
            .delete_delivery_destination()
            .name(&id.text)
            .send()
            .await
            .map_err(failed("logs:DeleteDeliveryDestination"));
        match deleted {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}

fn configuration(wanted: &Wanted) -> Result<Option<DeliveryDestinationConfiguration>, Error> {
    let Some(arn) = at(&wanted.attributes, TO).as_str() else {
        return Ok(None);
    };
    DeliveryDestinationConfiguration::builder()
        .destination_resource_arn(arn)
        .build()
        .map(Some)
        .map_err(|error| Error::new(ErrorKind::Refused, PUT, error.to_string()))
}

fn id_of(wanted: &Wanted, name: &str) -> Id {
    Id {
        region: wanted.region.clone(),
        text: name.to_owned(),
    }
}

async fn get(aws: &Aws, id: &Id) -> Result<DeliveryDestination, Error> {
    let answer = aws
        .logs(&id.region)
        .get_delivery_destination()
        .name(&id.text)
        .send()
        .await
        .map_err(failed(GET))?;
    present(answer.delivery_destination, GET)
}
