//! `data.aws_availability_zones`: the zones that the account can use.
//!
//! Facts: *Amazon EC2 API Reference*, `DescribeAvailabilityZones`. An account's letters stand
//! for zones of its own choice, and older accounts lack some (*AWS Regions and Availability
//! Zones*, "Availability Zone IDs").
//!
//! *Invariant*: a zone that a filter names is there, or an error lists those that are.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AvailabilityZone, Filter};

use super::{filter, filters, listed};
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::value::{Attributes, Value};

const OPERATION: &str = "ec2:DescribeAvailabilityZones";

/// The lookup of `aws_availability_zones`.
pub(in crate::aws) struct AvailabilityZones;

#[async_trait]
impl Ask for AvailabilityZones {
    fn permissions(&self) -> &'static [&'static str] {
        &["ec2:DescribeAvailabilityZones"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let mut wanted = filters(arguments);
        if let Some(state) = arguments.get("state").and_then(Value::scalar_text) {
            wanted.push(filter("state", Some(state)));
        }
        let found = describe(aws, region, wanted.clone()).await?;
        let missing = missing(&wanted, &found);
        if missing.is_empty() {
            return Ok(attributes(region, arguments, &found));
        }
        let zones = filter("zone-type", Some("availability-zone".to_owned()));
        let state = filter("state", Some("available".to_owned()));
        let all = describe(aws, region, vec![zones, state]).await?;
        Err(none(region, &missing, &all))
    }
}

async fn describe(
    aws: &Aws,
    region: &str,
    filters: Vec<Filter>,
) -> Result<Vec<AvailabilityZone>, Error> {
    let answer = aws
        .ec2(region)
        .describe_availability_zones()
        .set_filters(Some(filters))
        .send()
        .await
        .map_err(|error| Error::of(OPERATION, &error))?;
    let mut zones = answer.availability_zones.unwrap_or_default();
    zones.sort_by(|a, b| a.zone_name().cmp(&b.zone_name()));
    Ok(zones)
}

/// Zones that were asked for by name and are not among those found.
fn missing(wanted: &[Filter], found: &[AvailabilityZone]) -> Vec<String> {
    wanted
        .iter()
        .filter(|filter| filter.name() == Some("zone-name"))
        .flat_map(Filter::values)
        .filter(|name| !found.iter().any(|zone| zone.zone_name() == Some(name)))
        .cloned()
        .collect()
}

fn none(region: &str, missing: &[String], all: &[AvailabilityZone]) -> Error {
    let names: Vec<&str> = all.iter().filter_map(AvailabilityZone::zone_name).collect();
    let letters: Vec<String> = names
        .iter()
        .filter_map(|name| name.strip_prefix(region))
        .map(|letter| format!("\"{letter}\""))
        .collect();
    let owned = names.iter().map(|name| (*name).to_owned()).collect();
    Error::new(
        ErrorKind::NotFound,
        OPERATION,
        format!(
            "this account can't use {}; {region} has {}",
            listed(missing.to_vec()),
            listed(owned)
        ),
    )
    .hint(format!(
        "choose among them: `zones = [{}]`",
        letters.join(", ")
    ))
}

fn attributes(region: &str, arguments: &Attributes, found: &[AvailabilityZone]) -> Attributes {
    let texts = |of: fn(&AvailabilityZone) -> Option<&str>| {
        Value::texts(found.iter().filter_map(of).map(str::to_owned))
    };
    let mut groups: Vec<&str> = found
        .iter()
        .filter_map(AvailabilityZone::group_name)
        .collect();
    groups.sort_unstable();
    groups.dedup();
    let mut attributes = arguments.clone();
    attributes.extend(
        [
            ("id", Value::from(region)),
            ("names", texts(AvailabilityZone::zone_name)),
            ("zone_ids", texts(AvailabilityZone::zone_id)),
            ("group_names", Value::texts(groups)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    attributes
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::AvailabilityZone;

    use super::{attributes, missing, none};
    use crate::aws::data::filter;
    use crate::value::{Attributes, Value};

    fn zones() -> Vec<AvailabilityZone> {
        ["a", "c"]
            .map(|letter| {
                AvailabilityZone::builder()
                    .zone_name(format!("eu-west-1{letter}"))
                    .zone_id(format!("euw1-{letter}"))
                    .group_name("eu-west-1")
                    .build()
            })
            .to_vec()
    }

    #[test]
    fn a_zone_that_is_not_there_is_named_and_so_are_those_that_are() {
        let wanted = ["eu-west-1a", "eu-west-1b"].map(str::to_owned);
        let wanted = [filter("zone-name", wanted)];
        let missing = missing(&wanted, &zones());
        let error = none("eu-west-1", &missing, &zones());
        assert_eq!(
            error.message,
            "this account can't use eu-west-1b; eu-west-1 has eu-west-1a, eu-west-1c"
        );
        assert_eq!(
            error.hint.unwrap(),
            "choose among them: `zones = [\"a\", \"c\"]`"
        );
    }

    #[test]
    fn names_and_ids_are_in_one_order() {
        let attributes = attributes("eu-west-1", &Attributes::new(), &zones());
        assert_eq!(
            attributes["names"],
            Value::texts(["eu-west-1a", "eu-west-1c"])
        );
        assert_eq!(attributes["zone_ids"], Value::texts(["euw1-a", "euw1-c"]));
        assert_eq!(attributes["group_names"], Value::texts(["eu-west-1"]));
    }
}
