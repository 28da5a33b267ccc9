//! `aws_route`: where a route table sends what is for one destination.
//!
//! Its id is `table_destination`. Calls: EC2 API reference, version 2016-11-15.
//!
//! *Invariant*: a route that leads nowhere has no target, whatever it says: that is drift.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Route, RouteOrigin, RouteState, RouteTable};
use ipnet::IpNet;

use super::route_table::{BY_ID, is_main, is_ours, tables};
use super::values::{at, differs, given, text, word};
use super::{Aws, ChildFound, Deleted, Error, ErrorKind, Found, Lifecycle, Ownership, Wanted};
use crate::resource::Id;
use crate::value::Attributes;

/// The lifecycle of `aws_route`.
pub(super) struct Routes;

const DESTINATIONS: &[&str] = &[
    "destination_cidr_block",
    "destination_ipv6_cidr_block",
    "destination_prefix_list_id",
];

const TARGETS: &[&str] = &[
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "odb_network_arn",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
];

#[async_trait]
impl Lifecycle for Routes {
    async fn read(&self, aws: &Aws, ids: &[Id]) -> Vec<Result<Option<Attributes>, Error>> {
        let Some(first) = ids.first() else {
            return Vec::new();
        };
        let of: BTreeSet<String> = ids
            .iter()
            .map(|id| Parts::of(&id.text).table.to_owned())
            .collect();
        let of: Vec<String> = of.into_iter().collect();
        let found = tables(&aws.ec2(&first.region), BY_ID, &of).await;
        let found = match found {
            Ok(found) => found,
            Err(error) => return ids.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut found: BTreeMap<String, Attributes> = found
            .iter()
            .flat_map(|table| routes(table).map(move |route| (table, route)))
            .map(|(table, route)| (id_text(table, route), observed(table, route)))
            .collect();
        ids.iter().map(|id| Ok(found.remove(&id.text))).collect()
    }

    async fn find(&self, aws: &Aws, wanted: &Wanted) -> Result<Vec<Found>, Error> {
        let (Some(table), Some(destination)) = (
            text(&wanted.attributes, "route_table_id"),
            destination(&wanted.attributes),
        ) else {
            return Ok(Vec::new());
        };
        let found = tables(&aws.ec2(&wanted.region), BY_ID, &[table.to_owned()]).await?;
        let Some(table) = found.first() else {
            return Ok(Vec::new());
        };
        let ours = is_ours(table, wanted);
        if is_main(table) && !ours {
            return Err(main_table(table));
        }
        Ok(routes(table)
            .filter(|route| destination_of(route) == Some(destination))
            .map(|route| Found {
                ownership: ownership(ours, &observed(table, route), wanted),
                id: Id {
                    region: wanted.region.clone(),
                    text: id_text(table, route),
                },
            })
            .collect())
    }

    async fn create(&self, aws: &Aws, wanted: &Wanted, _token: &str) -> Result<Id, Error> {
        let operation = "ec2:CreateRoute";
        check(&wanted.attributes, operation)?;
        let owned = |name: &str| text(&wanted.attributes, name).map(str::to_owned);
        aws.ec2(&wanted.region)
            .create_route()
            .set_route_table_id(owned("route_table_id"))
            .set_destination_cidr_block(owned("destination_cidr_block"))
            .set_destination_ipv6_cidr_block(owned("destination_ipv6_cidr_block"))
            .set_destination_prefix_list_id(owned("destination_prefix_list_id"))
            .set_carrier_gateway_id(owned("carrier_gateway_id"))
            .set_core_network_arn(owned("core_network_arn"))
            .set_egress_only_internet_gateway_id(owned("egress_only_gateway_id"))
            .set_gateway_id(owned("gateway_id"))
            .set_local_gateway_id(owned("local_gateway_id"))
            .set_nat_gateway_id(owned("nat_gateway_id"))
            .set_network_interface_id(owned("network_interface_id"))
            .set_odb_network_arn(owned("odb_network_arn"))
            .set_transit_gateway_id(owned("transit_gateway_id"))
            .set_vpc_endpoint_id(owned("vpc_endpoint_id"))
            .set_vpc_peering_connection_id(owned("vpc_peering_connection_id"))
            .send()
            .await
            .map_err(|error| Error::of(operation, &error))?;
        Ok(Id {
            region: wanted.region.clone(),
            text: format!(
                "{}_{}",
                owned("route_table_id").unwrap_or_default(),
                destination(&wanted.attributes).unwrap_or_default()
            ),
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        id: &Id,
        observed: &Attributes,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let attributes = &wanted.attributes;
        if !TARGETS
            .iter()
            .any(|name| differs(observed, attributes, name))
        {
            return Ok(());
        }
        let operation = "ec2:ReplaceRoute";
        check(attributes, operation)?;
        let owned = |name: &str| text(attributes, name).map(str::to_owned);
        aws.ec2(&id.region)
            .replace_route()
            .set_route_table_id(owned("route_table_id"))
            .set_destination_cidr_block(owned("destination_cidr_block"))
            .set_destination_ipv6_cidr_block(owned("destination_ipv6_cidr_block"))
            .set_destination_prefix_list_id(owned("destination_prefix_list_id"))
            .set_carrier_gateway_id(owned("carrier_gateway_id"))
            .set_core_network_arn(owned("core_network_arn"))
            .set_egress_only_internet_gateway_id(owned("egress_only_gateway_id"))
            .set_gateway_id(owned("gateway_id"))
            .set_local_gateway_id(owned("local_gateway_id"))
            .set_nat_gateway_id(owned("nat_gateway_id"))
            .set_network_interface_id(owned("network_interface_id"))
            .set_odb_network_arn(owned("odb_network_arn"))
            .set_transit_gateway_id(owned("transit_gateway_id"))
            .set_vpc_endpoint_id(owned("vpc_endpoint_id"))
            .set_vpc_peering_connection_id(owned("vpc_peering_connection_id"))
            .send()
            .await
            .map_err(|error| Error::of(operation, &error))?;
        Ok(())
    }

    async fn delete(
        &self,
        aws: &Aws,
        id: &Id,
        _observed: &Attributes,
        _going: &BTreeSet<Id>,
    ) -> Result<Deleted, Error> {
        let Parts { table, destination } = Parts::of(&id.text);
        let call = aws.ec2(&id.region).delete_route().route_table_id(table);
        let call = match destination_name(destination) {
            "destination_prefix_list_id" => call.destination_prefix_list_id(destination),
            "destination_ipv6_cidr_block" => call.destination_ipv6_cidr_block(destination),
            _ => call.destination_cidr_block(destination),
        };
        let answer = call
            .send()
            .await
            .map_err(|error| Error::of("ec2:DeleteRoute", &error));
        match answer {
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}

/// The routes of a table that somebody made, less those to a gateway endpoint, which come
/// and go with the endpoint (`DeleteRoute` refuses them).
pub(super) fn made_by_hand<'a>(
    table: &'a RouteTable,
    region: &'a str,
) -> impl Iterator<Item = ChildFound> + 'a {
    routes(table)
        .filter(|route| {
            let to_endpoint = route
                .gateway_id()
                .is_some_and(|gateway| gateway.starts_with("vpce-"));
            !(to_endpoint && route.destination_prefix_list_id.is_some())
        })
        .map(move |route| ChildFound {
            kind: "aws_route",
            id: Id {
                region: region.to_owned(),
                text: id_text(table, route),
            },
            attributes: observed(table, route),
        })
}

/// An id, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    table: &'a str,
    destination: &'a str,
}

impl<'a> Parts<'a> {
    fn of(id: &'a str) -> Self {
        let (table, destination) = id.split_once('_').unwrap_or((id, ""));
        Self { table, destination }
    }
}

fn id_text(table: &RouteTable, route: &Route) -> String {
    format!(
        "{}_{}",
        table.route_table_id().unwrap_or_default(),
        destination_of(route).unwrap_or_default()
    )
}

/// A table's routes, less its own to the VPC and those that a gateway announces.
fn routes(table: &RouteTable) -> impl Iterator<Item = &Route> {
    table
        .routes()
        .iter()
        .filter(|route| route.origin == Some(RouteOrigin::CreateRoute))
}

fn destination_of(route: &Route) -> Option<&str> {
    route
        .destination_cidr_block()
        .or(route.destination_ipv6_cidr_block())
        .or(route.destination_prefix_list_id())
}

fn destination(attributes: &Attributes) -> Option<&str> {
    DESTINATIONS.iter().find_map(|name| text(attributes, name))
}

/// The attribute that holds a destination which looks like this.
fn destination_name(destination: &str) -> &'static str {
    if destination.starts_with("pl-") {
        "destination_prefix_list_id"
    } else if destination.contains(':') {
        "destination_ipv6_cidr_block"
    } else {
        "destination_cidr_block"
    }
}

/// A route can't carry a tag: in a table of ours it is ours, elsewhere it is only if it is
/// just what is wanted.
fn ownership(in_ours: bool, observed: &Attributes, wanted: &Wanted) -> Ownership {
    let same = TARGETS.iter().all(|name| {
        let wanted = at(&wanted.attributes, name);
        wanted.is_null() || wanted.scalar_text() == at(observed, name).scalar_text()
    });
    match (in_ours, same) {
        (true, _) => Ownership::ChildOfOurs,
        (false, true) => Ownership::Equal,
        (false, false) => Ownership::Foreign,
    }
}

fn main_table(table: &RouteTable) -> Error {
    Error::new(
        ErrorKind::Refused,
        "ec2:DescribeRouteTables",
        format!(
            "{} is the main route table of {}, by which every subnet goes that names no other",
            table.route_table_id().unwrap_or_default(),
            table.vpc_id().unwrap_or_default()
        ),
    )
    .hint("make an `aws_route_table` of your own and associate the subnets that need the route")
}

/// What EC2 would refuse in fewer words, or would take and write in another way, so that the
/// route would never be found again.
fn check(attributes: &Attributes, operation: &str) -> Result<(), Error> {
    let refused = |message: String, hint: &str| {
        Err(Error::new(ErrorKind::Refused, operation, message).hint(hint))
    };
    let count = |names: &[&str]| {
        names
            .iter()
            .filter(|name| text(attributes, name).is_some())
            .count()
    };
    if count(DESTINATIONS) != 1 {
        let hint = format!("give one of {}", DESTINATIONS.join(", "));
        return refused("a route has one destination".to_owned(), &hint);
    }
    if count(TARGETS) != 1 {
        let hint = format!("give one of {}", TARGETS.join(", "));
        return refused("a route has one target".to_owned(), &hint);
    }
    let given = destination(attributes).unwrap_or_default();
    match as_ec2_writes_it(given) {
        Some(canonical) if canonical != given => refused(
            format!("EC2 writes {given} as {canonical}"),
            "write it so in the blueprint too",
        ),
        _ => Ok(()),
    }
}

/// A network without its host's bits (`CreateRoute`, `DestinationCidrBlock`), and IPv6 in
/// the shortest form.
fn as_ec2_writes_it(network: &str) -> Option<String> {
    let (address, length) = network.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let network = IpNet::new(address, length.parse().ok()?).ok()?;
    Some(network.trunc().to_string())
}

/// Everything that AWS reports, under the schema's names. An endpoint of a Gateway Load
/// Balancer is reported as a gateway.
fn observed(table: &RouteTable, route: &Route) -> Attributes {
    let endpoint = route
        .gateway_id()
        .filter(|gateway| gateway.starts_with("vpce-"));
    let gateway = route.gateway_id().filter(|_| endpoint.is_none());
    let mut attributes = given([
        ("id", id_text(table, route).into()),
        ("route_table_id", table.route_table_id().into()),
        (
            "destination_cidr_block",
            route.destination_cidr_block().into(),
        ),
        (
            "destination_ipv6_cidr_block",
            route.destination_ipv6_cidr_block().into(),
        ),
        (
            "destination_prefix_list_id",
            route.destination_prefix_list_id().into(),
        ),
        ("carrier_gateway_id", route.carrier_gateway_id().into()),
        ("core_network_arn", route.core_network_arn().into()),
        (
            "egress_only_gateway_id",
            route.egress_only_internet_gateway_id().into(),
        ),
        ("gateway_id", gateway.into()),
        ("instance_id", route.instance_id().into()),
        ("instance_owner_id", route.instance_owner_id().into()),
        ("local_gateway_id", route.local_gateway_id().into()),
        ("nat_gateway_id", route.nat_gateway_id().into()),
        ("network_interface_id", route.network_interface_id().into()),
        ("odb_network_arn", route.odb_network_arn().into()),
        ("origin", word(route.origin())),
        ("state", word(route.state())),
        ("transit_gateway_id", route.transit_gateway_id().into()),
        ("vpc_endpoint_id", endpoint.into()),
        (
            "vpc_peering_connection_id",
            route.vpc_peering_connection_id().into(),
        ),
    ]);
    if route.state == Some(RouteState::Blackhole) {
        attributes.retain(|name, _| !TARGETS.contains(&name.as_str()));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route, RouteOrigin, RouteState, RouteTable};

    use super::{
        Parts, as_ec2_writes_it, check, destination_name, made_by_hand, observed, ownership,
    };
    use crate::address::Address;
    use crate::aws::{Owner, Ownership, Wanted};
    use crate::value::{Attributes, Value};

    fn attributes(entries: &[(&str, &str)]) -> Attributes {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::text(*value)))
            .collect()
    }

    fn table(routes: Vec<Route>) -> RouteTable {
        RouteTable::builder()
            .route_table_id("rtb-1")
            .set_routes(Some(routes))
            .build()
    }

    fn out_by(gateway: &str) -> Route {
        Route::builder()
            .destination_cidr_block("0.0.0.0/0")
            .gateway_id(gateway)
            .origin(RouteOrigin::CreateRoute)
            .state(RouteState::Active)
            .build()
    }

    #[test]
    fn ids_come_apart() {
        let check = |id: &str, destination: &str, name: &str| {
            let parts = Parts::of(id);
            assert_eq!((parts.table, parts.destination), ("rtb-1", destination));
            assert_eq!(destination_name(parts.destination), name);
        };
        check("rtb-1_0.0.0.0/0", "0.0.0.0/0", "destination_cidr_block");
        check("rtb-1_::/0", "::/0", "destination_ipv6_cidr_block");
        check("rtb-1_pl-63a5", "pl-63a5", "destination_prefix_list_id");
    }

    #[test]
    fn a_route_that_leads_nowhere_has_no_target() {
        let table = table(Vec::new());
        let seen = observed(&table, &out_by("igw-1"));
        assert_eq!(seen["gateway_id"].as_str(), Some("igw-1"));
        assert_eq!(seen["id"].as_str(), Some("rtb-1_0.0.0.0/0"));

        let mut blackhole = out_by("igw-1");
        blackhole.state = Some(RouteState::Blackhole);
        let seen = observed(&table, &blackhole);
        assert_eq!(seen.get("gateway_id"), None);
        assert_eq!(seen["state"].as_str(), Some("blackhole"));

        let seen = observed(&table, &out_by("vpce-1"));
        assert_eq!(seen["vpc_endpoint_id"].as_str(), Some("vpce-1"));
    }

    #[test]
    fn what_aws_keeps_in_a_table_is_nobody_s_route() {
        let local = Route::builder()
            .destination_cidr_block("10.0.0.0/16")
            .gateway_id("local")
            .origin(RouteOrigin::CreateRouteTable)
            .build();
        let announced = Route::builder()
            .destination_cidr_block("10.9.0.0/16")
            .gateway_id("vgw-1")
            .origin(RouteOrigin::EnableVgwRoutePropagation)
            .build();
        let mut to_endpoint = out_by("vpce-1");
        to_endpoint.destination_cidr_block = None;
        to_endpoint.destination_prefix_list_id = Some("pl-63a5".to_owned());
        let table = table(vec![local, announced, to_endpoint, out_by("igw-1")]);
        let ids: Vec<String> = made_by_hand(&table, "eu-west-1")
            .map(|child| child.id.text)
            .collect();
        assert_eq!(ids, ["rtb-1_0.0.0.0/0"]);
    }

    #[test]
    fn whose_a_route_is() {
        let check = |in_ours: bool, gateway: &str, expected: Ownership| {
            let wanted = Wanted {
                address: Address::managed("net", "aws_route", "public"),
                region: "eu-west-1".to_owned(),
                attributes: attributes(&[("gateway_id", gateway)]),
                owner: Owner {
                    app: "shop".to_owned(),
                    environment: "prod".to_owned(),
                    lineage: "a1b2".to_owned(),
                },
            };
            let seen = observed(&table(Vec::new()), &out_by("igw-1"));
            assert_eq!(ownership(in_ours, &seen, &wanted), expected);
        };
        check(true, "igw-2", Ownership::ChildOfOurs);
        check(false, "igw-1", Ownership::Equal);
        check(false, "igw-2", Ownership::Foreign);
    }

    #[test]
    fn one_destination_one_target_as_ec2_writes_them() {
        let says = |entries: &[(&str, &str)]| {
            check(&attributes(entries), "ec2:CreateRoute")
                .err()
                .map(|error| error.message)
                .unwrap_or_default()
        };
        let target = ("gateway_id", "igw-1");
        assert_eq!(says(&[("destination_cidr_block", "0.0.0.0/0"), target]), "");
        assert_eq!(says(&[target]), "a route has one destination");
        let without = [("destination_cidr_block", "0.0.0.0/0")];
        assert_eq!(says(&without), "a route has one target");
        assert_eq!(
            says(&[("destination_cidr_block", "10.1.2.3/16"), target]),
            "EC2 writes 10.1.2.3/16 as 10.1.0.0/16"
        );
        assert_eq!(as_ec2_writes_it("0::0/0").as_deref(), Some("::/0"));
        assert_eq!(as_ec2_writes_it("pl-63a5"), None);
    }
}
