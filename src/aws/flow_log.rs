//! `aws_flow_log`: a record of the traffic of a VPC, a subnet or an interface.
//!
//! Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: a call that AWS answers with `Unsuccessful` failed, though its status says
//! that it did not.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    DestinationFileFormat, DestinationOptionsRequest, Filter, FlowLog as SdkFlowLog,
    FlowLogsResourceType, LogDestinationType, ResourceType, TrafficType, UnsuccessfulItem,
};

use super::values::{at, given, number, text, word};
use super::{Aws, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted, ec2};
use crate::resource::Id;
use crate::value::{Attributes, Value};

/// What can be watched, by the attribute that names it.
const SOURCES: &[(&str, FlowLogsResourceType)] = &[
    ("vpc_id", FlowLogsResourceType::Vpc),
    ("subnet_id", FlowLogsResourceType::Subnet),
    ("eni_id", FlowLogsResourceType::NetworkInterface),
];

/// The lifecycle of `aws_flow_log`.
pub(super) struct FlowLog;

#[async_trait]
impl Lifecycle for FlowLog {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let client = &aws.ec2(&first.region);
        let region = first.region.as_str();
        let list =
            async |batch: Vec<String>| logs(client, vec![ec2::filter("flow-log-id", &batch)]).await;
        ec2::read(ids, list, SdkFlowLog::flow_log_id, |log| {
            observed(log, region)
        })
        .await
    }

    /// One of the same source and destination is the one that AWS would not make twice.
    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let Some((source, _)) = source(&wanted.attributes) else {
            return Ok(Vec::new());
        };
        let of_source = ec2::filter("resource-id", &[source]);
        let found = logs(&aws.ec2(&wanted.region), vec![of_source]).await?;
        let destination = text(&wanted.attributes, "log_destination");
        Ok(found
            .iter()
            .map(|log| {
                let found = ec2::found(wanted, log.flow_log_id(), log.tags());
                (found, log.log_destination() == destination)
            })
            .filter(|(found, same)| *same || found.ownership != Ownership::Foreign)
            .map(|(found, _)| found)
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateFlowLogs";
        let attributes = &wanted.attributes;
        let owned = |name: &str| text(attributes, name).map(str::to_owned);
        let (source, of) = source(attributes).ok_or_else(|| {
            let message = "a flow log needs a vpc_id, a subnet_id or an eni_id";
            Error::new(ErrorKind::Refused, operation, message)
        })?;
        let answer = aws
            .ec2(&wanted.region)
            .create_flow_logs()
            .client_token(token)
            .resource_ids(source)
            .resource_type(of)
            .set_traffic_type(text(attributes, "traffic_type").map(TrafficType::from))
            .set_log_destination_type(
                text(attributes, "log_destination_type").map(LogDestinationType::from),
            )
            .set_log_destination(owned("log_destination"))
            .set_log_format(owned("log_format"))
            .set_deliver_logs_permission_arn(owned("iam_role_arn"))
            .set_max_aggregation_interval(number(attributes, "max_aggregation_interval"))
            .set_destination_options(options(attributes))
            .tag_specifications(ec2::tag_specification(
                ResourceType::VpcFlowLog,
                wanted.tags(),
            ))
            .send()
            .await
            .map_err(|error| ec2::parent_missing(Error::of(operation, &error)))?;
        if let Some(item) = answer.unsuccessful().first() {
            return Err(unsuccessful(operation, item));
        }
        let id = answer.flow_log_ids().first().ok_or_else(|| {
            Error::new(
                ErrorKind::Uncertain,
                operation,
                "the answer names no flow log",
            )
        })?;
        Ok(Id {
            region: wanted.region.clone(),
            text: id.clone(),
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let client = aws.ec2(&id.region);
        ec2::write_tags(&client, &id.text, wanted.tag_changes(observed)).await
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let operation = "ec2:DeleteFlowLogs";
        let answer = aws
            .ec2(&id.region)
            .delete_flow_logs()
            .flow_log_ids(&id.text)
            .send()
            .await
            .map_err(|error| Error::of(operation, &error))?;
        match answer.unsuccessful().first() {
            Some(item) => Err(unsuccessful(operation, item)),
            None => Ok(Deleted::Gone),
        }
    }
}

async fn logs(client: &Client, filters: Vec<Filter>) -> Result<Vec<SdkFlowLog>, Error> {
    client
        .describe_flow_logs()
        .set_filter(Some(filters))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::of("ec2:DescribeFlowLogs", &error))
}

fn source(attributes: &Attributes) -> Option<(String, FlowLogsResourceType)> {
    SOURCES.iter().find_map(|(name, of)| {
        let id = text(attributes, name)?;
        Some((id.to_owned(), of.clone()))
    })
}

fn options(attributes: &Attributes) -> Option<DestinationOptionsRequest> {
    let options = at(attributes, "destination_options").items().first()?;
    let builder = DestinationOptionsRequest::builder()
        .set_file_format(
            options
                .get("file_format")
                .as_str()
                .map(DestinationFileFormat::from),
        )
        .set_hive_compatible_partitions(options.get("hive_compatible_partitions").as_bool())
        .set_per_hour_partition(options.get("per_hour_partition").as_bool());
    Some(builder.build())
}

/// What AWS says of one thing in an answer that is no error by itself.
fn unsuccessful(operation: &str, item: &UnsuccessfulItem) -> Error {
    let error = item.error();
    Error::reported(
        operation,
        error.and_then(|error| error.code()),
        error.and_then(|error| error.message()).unwrap_or_default(),
    )
}

/// Everything that AWS reports, under the schema's names.
fn observed(log: &SdkFlowLog, region: &str) -> Attributes {
    let id = log.flow_log_id().unwrap_or_default();
    let source = log.resource_id().unwrap_or_default();
    let named = match source.split('-').next() {
        Some("vpc") => "vpc_id",
        Some("subnet") => "subnet_id",
        _ => "eni_id",
    };
    // It has no owner of its own to tell; a log's role does, where there is one.
    let mut attributes = given([
        ("id", id.into()),
        (
            "deliver_cross_account_role",
            log.deliver_cross_account_role().into(),
        ),
        ("iam_role_arn", log.deliver_logs_permission_arn().into()),
        ("log_destination", log.log_destination().into()),
        (
            "log_destination_type",
            word(log.log_destination_type.as_ref()),
        ),
        ("log_format", log.log_format().into()),
        (
            "max_aggregation_interval",
            log.max_aggregation_interval.map(i64::from).into(),
        ),
        ("region", region.into()),
        ("traffic_type", word(log.traffic_type.as_ref())),
        ("tags", ec2::tags(log.tags()).value()),
    ]);
    if !source.is_empty() {
        attributes.insert(named.to_owned(), source.into());
    }
    if let Some(options) = log.destination_options() {
        let block = Value::block([
            ("file_format", word(options.file_format.as_ref())),
            (
                "hive_compatible_partitions",
                options.hive_compatible_partitions.unwrap_or(false).into(),
            ),
            (
                "per_hour_partition",
                options.per_hour_partition.unwrap_or(false).into(),
            ),
        ]);
        attributes.insert("destination_options".to_owned(), block);
    }
    attributes
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        FlowLog as SdkFlowLog, LogDestinationType, UnsuccessfulItem, UnsuccessfulItemError,
    };

    use super::{observed, unsuccessful};
    use crate::aws::ErrorKind;
    use crate::value::Value;

    #[test]
    fn a_log_is_of_what_its_resource_is() {
        let log = SdkFlowLog::builder()
            .flow_log_id("fl-1")
            .resource_id("vpc-1")
            .log_destination_type(LogDestinationType::S3)
            .max_aggregation_interval(60)
            .build();
        let attributes = observed(&log, "eu-west-1");
        assert_eq!(attributes["vpc_id"], Value::from("vpc-1"));
        assert_eq!(attributes["log_destination_type"], Value::from("s3"));
        assert_eq!(attributes["max_aggregation_interval"], Value::Int(60));
    }

    #[test]
    fn an_unsuccessful_item_is_an_error() {
        let check = |code: &str, message: &str| {
            let error = UnsuccessfulItemError::builder().code(code).message(message);
            let item = UnsuccessfulItem::builder().error(error.build()).build();
            unsuccessful("ec2:CreateFlowLogs", &item)
        };
        let twice = check("FlowLogAlreadyExists", "there is one");
        assert_eq!(twice.kind, ErrorKind::AlreadyExists);
        let early = check("400", "Access Denied for LogDestination: b");
        assert_eq!(early.kind, ErrorKind::Refused);
        assert!(early.may_be_propagation());
    }
}
