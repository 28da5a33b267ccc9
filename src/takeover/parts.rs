//! What a thing holds that is a thing of its own to AWS and to a blueprint: rules written as
//! blocks of a group, routes as blocks of a table, the policy of a bucket.
//!
//! *Invariant*: a part is no instance of the state, and is counted nowhere.

use super::view::{View, at, text};
use crate::policy::statements;
use crate::terraform::state::Instance;
use crate::value::{Attributes, Value};

/// Whom a rule is about, in a block and in a rule of its own.
const PEERS: &[(&str, &str)] = &[
    ("cidr_blocks", "cidr_ipv4"),
    ("ipv6_cidr_blocks", "cidr_ipv6"),
    ("prefix_list_ids", "prefix_list_id"),
    ("security_groups", "referenced_security_group_id"),
];

/// The parts of a thing.
pub(super) fn of(view: &View, thing: &Instance) -> Vec<Instance> {
    if thing.is_deposed {
        return Vec::new();
    }
    match thing.kind.as_str() {
        "aws_security_group" | "aws_default_security_group" => ["ingress", "egress"]
            .iter()
            .flat_map(|way| rules(view, thing, way))
            .collect(),
        "aws_route_table" => routes(view, thing),
        "aws_s3_bucket" => policy(view, thing).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A part: of this kind, called this by people.
fn part(thing: &Instance, kind: &str, label: &str, attributes: Attributes) -> Instance {
    Instance {
        address: format!("{} ({label})", thing.address),
        kind: kind.to_owned(),
        is_tainted: false,
        attributes,
        ..thing.clone()
    }
}

/// A rule for each of those that a block is about. One that is a thing of its own is shown as a
/// block of its group too, and is no part.
fn rules(view: &View, group: &Instance, way: &str) -> Vec<Instance> {
    let kind = format!("aws_vpc_security_group_{way}_rule");
    let id = text(group, "id").unwrap_or_default();
    let own = view.with(&kind, "security_group_id", id);
    let mut rules = Vec::new();
    for block in at(group, way).items() {
        let protocol = block.get("protocol").as_str().unwrap_or("-1");
        let itself = (block.get("self").as_bool() == Some(true)).then(|| {
            let peer = Value::text(id);
            ("referenced_security_group_id", peer)
        });
        let others = PEERS.iter().flat_map(|(name, one)| {
            let peers = block.get(name).items().iter();
            peers.map(move |peer| (*one, peer.clone()))
        });
        for (name, peer) in others.chain(itself) {
            let (from, to) = (block.get("from_port"), block.get("to_port"));
            let ports = match (protocol, from.as_int(), to.as_int()) {
                ("-1", ..) | (_, None, _) | (_, _, None) => String::new(),
                (_, Some(from), Some(to)) if from == to => format!(" {from}"),
                (_, Some(from), Some(to)) => format!(" {from}-{to}"),
            };
            let words = if way == "ingress" { "from" } else { "to" };
            let all = if protocol == "-1" {
                "everything"
            } else {
                protocol
            };
            let who = peer.as_str().unwrap_or_default();
            let label = format!("{way}: {all}{ports} {words} {who}");
            let mut attributes = Attributes::from([
                ("security_group_id".to_owned(), id.into()),
                ("ip_protocol".to_owned(), protocol.into()),
                (name.to_owned(), peer),
            ]);
            if protocol != "-1" {
                attributes.insert("from_port".to_owned(), from.clone());
                attributes.insert("to_port".to_owned(), to.clone());
            }
            if let Some(description) = block.get("description").as_str() {
                attributes.insert("description".to_owned(), description.into());
            }
            let rule = part(group, &kind, &label, attributes);
            if !own.iter().any(|(_, one)| says(one, &rule)) {
                rules.push(rule);
            }
        }
    }
    rules
}

/// Whether two rules say the same.
fn says(one: &Instance, other: &Instance) -> bool {
    let peers = PEERS.iter().map(|(_, name)| *name);
    let is_all = text(one, "ip_protocol") == Some("-1");
    let ports: &[&str] = if is_all {
        &[]
    } else {
        &["from_port", "to_port"]
    };
    let mut names = peers.chain(["ip_protocol"]).chain(ports.iter().copied());
    names.all(|name| {
        at(one, name).scalar_text().unwrap_or_default()
            == at(other, name).scalar_text().unwrap_or_default()
    })
}

fn routes(view: &View, table: &Instance) -> Vec<Instance> {
    let id = text(table, "id").unwrap_or_default();
    let own = view.with("aws_route", "route_table_id", id);
    let routes = at(table, "route").items().iter().filter_map(|block| {
        let mut attributes = block.as_map()?.clone();
        attributes.retain(|_, value| value.as_str().is_some_and(|text| !text.is_empty()));
        for (name, whole) in [
            ("cidr_block", "destination_cidr_block"),
            ("ipv6_cidr_block", "destination_ipv6_cidr_block"),
        ] {
            if let Some(block) = attributes.remove(name) {
                attributes.insert(whole.to_owned(), block);
            }
        }
        let mut names = attributes
            .iter()
            .filter(|(name, _)| name.starts_with("destination_"));
        let to = names
            .next()
            .and_then(|(_, to)| to.as_str())
            .unwrap_or_default();
        let is_own = |one: &Instance| {
            let ways = ["cidr_block", "ipv6_cidr_block", "prefix_list_id"];
            let mut ways = ways.iter().map(|way| format!("destination_{way}"));
            ways.any(|way| text(one, &way) == Some(to))
        };
        if own.iter().any(|(_, one)| is_own(one)) {
            return None;
        }
        let label = format!("route to {to}");
        attributes.insert("route_table_id".to_owned(), id.into());
        Some(part(table, "aws_route", &label, attributes))
    });
    routes.collect()
}

/// The policy that a bucket shows, where nothing else says it.
fn policy(view: &View, bucket: &Instance) -> Option<Instance> {
    let name = text(bucket, "bucket")?;
    let kind = "aws_s3_bucket_policy";
    let policy = at(bucket, "policy");
    // What the bucket itself shows is text still.
    let policy = match policy.as_str() {
        Some(text) => Value::from_json(&serde_json::from_str(text).ok()?),
        None => policy.clone(),
    };
    if view.one(kind, "bucket", name).is_some() || statements(&policy).is_empty() {
        return None;
    }
    let attributes = [
        ("bucket".to_owned(), name.into()),
        ("policy".to_owned(), policy),
    ];
    Some(part(bucket, kind, "policy", attributes.into()))
}
