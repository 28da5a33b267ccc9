//! `data.aws_subnets`: the subnets that filters and tags choose.
//!
//! Beside the provider's attributes the answer has `availability_zones`, a map from subnet
//! to zone, by which [`lookup::check`](crate::lookup::check) judges a load balancer's
//! subnets. Facts: *Amazon EC2 API Reference*, `DescribeSubnets`.
//!
//! *Invariant*: at least one, or an error that lists what the VPC has.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, Subnet};

use super::networks::{Routes, one_a_zone};
use super::{asked, filters, listed};
use crate::aws::{Ask, Aws, Error, ErrorKind, ec2};
use crate::value::{Attributes, Value};

const OPERATION: &str = "ec2:DescribeSubnets";

/// The lookup of `aws_subnets`.
pub(in crate::aws) struct Subnets;

#[async_trait]
impl Ask for Subnets {
    fn permissions(&self) -> &'static [&'static str] {
        &["ec2:DescribeSubnets"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let wanted = filters(arguments);
        let found = describe(aws, region, wanted.clone()).await?;
        let missing = missing(&wanted, &found);
        if !found.is_empty() && missing.is_empty() {
            return Ok(attributes(region, arguments, &found));
        }
        let of_vpc = |filter: &Filter| filter.name.as_deref() == Some("vpc-id");
        let in_vpc: Vec<Filter> = wanted.into_iter().filter(of_vpc).collect();
        let place = match in_vpc.first().map(Filter::values) {
            Some(vpcs) => vpcs.join(" or "),
            None => region.to_owned(),
        };
        let all = describe(aws, region, in_vpc).await?;
        let routes = Routes::read(aws, region).await;
        Err(none(&place, arguments, &missing, &all, &routes))
    }
}

async fn describe(aws: &Aws, region: &str, filters: Vec<Filter>) -> Result<Vec<Subnet>, Error> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let answer = aws
            .ec2(region)
            .describe_subnets()
            .set_filters((!filters.is_empty()).then(|| filters.clone()))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| Error::of(OPERATION, &error))?;
        all.extend(answer.subnets.unwrap_or_default());
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// Subnets that were asked for by their id and are not among those found.
fn missing(wanted: &[Filter], found: &[Subnet]) -> Vec<String> {
    wanted
        .iter()
        .filter(|filter| filter.name.as_deref() == Some("subnet-id"))
        .flat_map(Filter::values)
        .filter(|wanted| !wanted.contains('*') && !found.iter().any(|one| id(one) == *wanted))
        .cloned()
        .collect()
}

fn none(
    place: &str,
    arguments: &Attributes,
    missing: &[String],
    all: &[Subnet],
    routes: &Routes,
) -> Error {
    if all.is_empty() {
        return Error::new(
            ErrorKind::NotFound,
            OPERATION,
            format!("{place} has no subnets"),
        )
        .hint("create one in each of two zones, or choose another VPC");
    }
    let wanted = if missing.is_empty() {
        format!("no subnet of {place} has {}", asked(arguments))
    } else {
        format!("{place} has no subnet {}", listed(missing.to_vec()))
    };
    let is_public = |subnet: &Subnet| routes.is_public(subnet) == Some(true);
    let public: Vec<&Subnet> = all.iter().filter(|one| is_public(one)).collect();
    let mut choice = one_a_zone(&public);
    if choice.len() < 2 {
        choice = one_a_zone(&all.iter().collect::<Vec<_>>());
    }
    let choice: Vec<String> = choice.iter().map(|id| format!("\"{id}\"")).collect();
    Error::new(
        ErrorKind::NotFound,
        OPERATION,
        format!(
            "{wanted}; there are {}",
            listed(all.iter().map(|one| described(one, routes)).collect())
        ),
    )
    .hint(format!(
        "write which, such as `subnets = [{}]`",
        choice.join(", ")
    ))
}

fn id(subnet: &Subnet) -> &str {
    subnet.subnet_id.as_deref().unwrap_or_default()
}

fn zone(subnet: &Subnet) -> &str {
    subnet.availability_zone.as_deref().unwrap_or_default()
}

fn described(subnet: &Subnet, routes: &Routes) -> String {
    let public = match routes.is_public(subnet) {
        Some(true) => ", public",
        _ => "",
    };
    format!(
        "{}{} ({}, {}{public})",
        id(subnet),
        ec2::name_of(subnet.tags()),
        zone(subnet),
        subnet.cidr_block.as_deref().unwrap_or("no IPv4")
    )
}

fn attributes(region: &str, arguments: &Attributes, found: &[Subnet]) -> Attributes {
    let mut ids: Vec<&str> = found.iter().map(id).collect();
    ids.sort_unstable();
    let zones = found
        .iter()
        .map(|subnet| (id(subnet), Value::from(zone(subnet))));
    let mut attributes = arguments.clone();
    attributes.insert("id".to_owned(), region.into());
    attributes.insert("ids".to_owned(), Value::texts(ids));
    attributes.insert("availability_zones".to_owned(), Value::map(zones));
    attributes
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Subnet;

    use super::{Routes, attributes, missing, none};
    use crate::aws::data::filters;
    use crate::value::{Attributes, Value};

    fn subnet(id: &str, zone: &str) -> Subnet {
        Subnet::builder()
            .subnet_id(id)
            .availability_zone(zone)
            .cidr_block("10.0.0.0/24")
            .build()
    }

    fn arguments(name: &str, values: &[&str]) -> Attributes {
        let filter = Value::block([
            ("name", Value::from(name)),
            ("values", Value::texts(values.iter().copied())),
        ]);
        [("filter".to_owned(), filter)].into()
    }

    #[test]
    fn ids_are_sorted_and_have_zones() {
        let found = [
            subnet("subnet-b", "eu-west-1b"),
            subnet("subnet-a", "eu-west-1a"),
        ];
        let attributes = attributes("eu-west-1", &Attributes::new(), &found);
        assert_eq!(attributes["ids"], Value::texts(["subnet-a", "subnet-b"]));
        assert_eq!(
            attributes["availability_zones"].get("subnet-b").as_str(),
            Some("eu-west-1b")
        );
    }

    #[test]
    fn nothing_found_says_what_the_vpc_has_and_what_to_write() {
        let all = [
            subnet("subnet-a", "eu-west-1a"),
            subnet("subnet-b", "eu-west-1a"),
            subnet("subnet-c", "eu-west-1b"),
        ];
        let asked = arguments("map-public-ip-on-launch", &["true"]);
        let error = none("vpc-1", &asked, &[], &all, &Routes::default());
        assert_eq!(
            error.message,
            "no subnet of vpc-1 has map-public-ip-on-launch = true; there are subnet-a (eu-west-1a, 10.0.0.0/24), subnet-b (eu-west-1a, 10.0.0.0/24), subnet-c (eu-west-1b, 10.0.0.0/24)"
        );
        assert_eq!(
            error.hint.unwrap(),
            "write which, such as `subnets = [\"subnet-a\", \"subnet-c\"]`"
        );
    }

    #[test]
    fn a_subnet_asked_for_by_id_must_be_there() {
        let wanted = filters(&arguments("subnet-id", &["subnet-a", "subnet-z"]));
        let found = [subnet("subnet-a", "eu-west-1a")];
        assert_eq!(missing(&wanted, &found), ["subnet-z"]);
    }
}
