//! A VPC with its subnets and their ways: `network`.
//!
//! *Invariant*: which tier a subnet is of is told by where its routes lead; only where they
//! lead nowhere, by the tag `Tier` of its table.

use std::collections::{BTreeMap, BTreeSet};

use super::found::Found;
use super::view::{View, at, text};
use crate::terraform::state::Instance;
use crate::value::Value;

const TIERS: [&str; 3] = ["public", "private", "isolated"];

/// A VPC's group.
pub(super) struct Network {
    pub(super) found: Found,
    id: String,
    /// The subnets of each tier.
    subnets: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Network {
    /// Whether these are the subnets that a load balancer gets from it.
    pub(super) fn serves(&self, vpc: &str, subnets: &BTreeSet<String>, internal: bool) -> bool {
        let tier = if internal { "private" } else { "public" };
        self.id == vpc && self.subnets.get(tier) == Some(subnets)
    }
}

/// The groups of all VPCs; or, of each that none can hold, why.
pub(super) fn find(view: &View) -> Vec<Result<Network, (usize, String)>> {
    view.all("aws_vpc")
        .map(|(place, one)| group(view, place, one).map_err(|why| (place, why.to_owned())))
        .collect()
}

fn group(view: &View, place: usize, one: &Instance) -> Result<Network, &'static str> {
    let id = text(one, "id").ok_or("the state does not say its id")?;
    let block = text(one, "cidr_block").unwrap_or_default();
    let size = block
        .split_once('/')
        .and_then(|(_, size)| size.parse().ok());
    if !size.is_some_and(|size: u8| (16..=23).contains(&size)) {
        return Err("its addresses are no /16 to /23, and the blueprint has no other");
    }
    let mut found = Found::new("network", place);
    found.pin("aws_vpc", "main", place);
    // By tier and the letter of the zone: the first of each is the blueprint's.
    let mut chosen: BTreeMap<(&'static str, String), (usize, &Instance)> = BTreeMap::new();
    for (subnet_place, subnet) in view.with("aws_subnet", "vpc_id", id) {
        let (Some(subnet_id), Some(zone)) = (text(subnet, "id"), text(subnet, "availability_zone"))
        else {
            continue;
        };
        let letter = zone
            .chars()
            .next_back()
            .map(String::from)
            .unwrap_or_default();
        let tier = tier(view, subnet_id);
        chosen
            .entry((tier, letter))
            .or_insert((subnet_place, subnet));
    }
    if chosen.is_empty() {
        return Err("it has no subnets in the state, and a network is made of them");
    }
    let mut zones: Vec<String> = chosen.keys().map(|(_, zone)| zone.clone()).collect();
    zones.sort();
    zones.dedup();
    if zones.len() < 2 {
        return Err("its subnets are in one zone, and the blueprint wants two or more");
    }
    let mut subnets: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    let mut tables = BTreeSet::new();
    let mut gateways = BTreeMap::new();
    for ((tier, zone), (subnet_place, subnet)) in &chosen {
        found.pin("aws_subnet", format!("{tier}_{zone}"), *subnet_place);
        let subnet_id = text(subnet, "id").unwrap_or_default();
        subnets
            .entry(*tier)
            .or_default()
            .insert(subnet_id.to_owned());
        if let Some((table, _)) = table_of(view, subnet_id)
            && tables.insert(table)
        {
            let name = match *tier {
                "private" => format!("private_{zone}"),
                tier => tier.to_owned(),
            };
            found.pins.entry(("aws_route_table", name)).or_insert(table);
        }
        if *tier == "public"
            && let Some((gateway, _)) = view.one("aws_nat_gateway", "subnet_id", subnet_id)
        {
            gateways.insert(zone.clone(), gateway);
        }
    }
    found.give("cidr", block);
    if gateways.len() == 1
        && let Some(zone) = gateways.keys().next()
    {
        // The one gateway stands in the first zone.
        zones.sort_by_key(|other| other != zone);
    }
    found.give("zones", Value::texts(zones.clone()));
    let tiers = TIERS.iter().filter(|tier| subnets.contains_key(*tier));
    found.give("tiers", Value::texts(tiers.copied()));
    let both = subnets.contains_key("public") && subnets.contains_key("private");
    match gateways.len() {
        0 => {}
        _ if !both => {}
        1 => found.give("nat", "one"),
        _ => found.give("nat", "per zone"),
    }
    for (zone, gateway) in gateways {
        found.pin("aws_nat_gateway", zone, gateway);
    }
    let logged = view.with("aws_flow_log", "vpc_id", id);
    if let Some((log, _)) = logged
        .iter()
        .find(|(_, log)| text(log, "log_destination_type") == Some("s3"))
    {
        found.pin("aws_flow_log", "main", *log);
    } else {
        found.note(
            "flow_logs",
            false,
            "there are none to S3 today; without this line they are made",
        );
    }
    Ok(Network {
        found,
        id: id.to_owned(),
        subnets,
    })
}

/// The route table of a subnet.
fn table_of<'a>(view: &'a View, subnet: &str) -> Option<(usize, &'a Instance)> {
    let (_, one) = view.one("aws_route_table_association", "subnet_id", subnet)?;
    view.one("aws_route_table", "id", text(one, "route_table_id")?)
}

/// Where the default route of a subnet leads: to an internet gateway, to a NAT gateway, or
/// nowhere. A private subnet may have no gateway yet.
fn tier(view: &View, subnet: &str) -> &'static str {
    let Some((_, table)) = table_of(view, subnet) else {
        return "isolated";
    };
    let id = text(table, "id").unwrap_or_default();
    let own = view.with("aws_route", "route_table_id", id);
    let own = own.iter().map(|(_, one)| {
        let of = |name| text(one, name).unwrap_or_default();
        (
            of("destination_cidr_block"),
            of("gateway_id"),
            of("nat_gateway_id"),
        )
    });
    let blocks = at(table, "route").items().iter().map(|block| {
        let of = |name| block.get(name).as_str().unwrap_or_default();
        (of("cidr_block"), of("gateway_id"), of("nat_gateway_id"))
    });
    let mut tier = if text(table, "tags.Tier") == Some("private") {
        "private"
    } else {
        "isolated"
    };
    for (_, gateway, nat) in own.chain(blocks).filter(|(to, _, _)| *to == "0.0.0.0/0") {
        if gateway.starts_with("igw-") {
            return "public";
        }
        if !nat.is_empty() {
            tier = "private";
        }
    }
    tier
}
