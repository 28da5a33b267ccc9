//! Security groups.
//!
//! *Invariant*: a rule of a group is one opening per source, whichever of the provider's
//! three ways it is written in.

use ipnet::IpNet;

use super::scope::{Scope, is_known};
use crate::resource::Resource;
use crate::value::Value;

pub(super) mod public;
pub(super) mod tier;

static NULL: Value = Value::Null;

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Into the group.
    Ingress,
    /// Out of it.
    Egress,
}

/// Who may reach a group, or whom it may reach.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer<'a> {
    /// A block of addresses.
    Cidr(&'a Value),
    /// A list of blocks that AWS holds.
    PrefixList(&'a Value),
    /// A security group.
    Group(&'a Value),
    /// The group itself.
    Own,
    /// Nobody is named.
    Nobody,
}

/// One source let in, or one target let out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening<'a> {
    /// The resource that says so, and under which attribute the peer stands.
    pub(super) resource: &'a Resource,
    pub(super) attribute: &'static str,
    /// The group's id.
    pub(super) group: Group<'a>,
    protocol: &'a Value,
    from: &'a Value,
    to: &'a Value,
    pub(super) peer: Peer<'a>,
}

/// The group of an opening.
#[derive(Clone, Copy, Debug)]
pub(super) enum Group<'a> {
    /// By its id.
    Id(&'a Value),
    /// The resource that the rule stands in.
    Inline(&'a Resource),
}

/// The ports of an opening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ports<'a> {
    /// These, of this protocol (`tcp`, `udp` or `-1` for both and everything else).
    Range(&'static str, i64, i64),
    /// None: a protocol that has no ports.
    None,
    /// Not known.
    Unknown(&'a Value),
}

/// All openings of all groups, in order of address.
pub(super) fn openings<'a>(scope: &Scope<'a>, way: Way) -> Vec<Opening<'a>> {
    let (single, inline, old) = match way {
        Way::Ingress => ("aws_vpc_security_group_ingress_rule", "ingress", "ingress"),
        Way::Egress => ("aws_vpc_security_group_egress_rule", "egress", "egress"),
    };
    let mut openings = Vec::new();
    for rule in scope.all(single) {
        let get = |name: &str| rule.attributes.get(name).unwrap_or(&NULL);
        let peers = [
            ("cidr_ipv4", Peer::Cidr(get("cidr_ipv4"))),
            ("cidr_ipv6", Peer::Cidr(get("cidr_ipv6"))),
            ("prefix_list_id", Peer::PrefixList(get("prefix_list_id"))),
            (
                "referenced_security_group_id",
                Peer::Group(get("referenced_security_group_id")),
            ),
        ];
        let given = peers
            .iter()
            .filter(|(name, _)| !get(name).is_null())
            .copied();
        let mut given: Vec<(&'static str, Peer<'a>)> = given.collect();
        if given.is_empty() {
            given.push(("", Peer::Nobody));
        }
        openings.extend(given.into_iter().map(|(attribute, peer)| Opening {
            resource: rule,
            attribute,
            group: Group::Id(get("security_group_id")),
            protocol: scope.follow(get("ip_protocol")),
            from: scope.follow(get("from_port")),
            to: scope.follow(get("to_port")),
            peer,
        }));
    }
    for group in scope.all("aws_security_group") {
        for block in scope.blocks(group, inline) {
            openings.extend(in_block(
                scope,
                group,
                Group::Inline(group),
                inline,
                block,
                None,
            ));
        }
    }
    for rule in scope.all("aws_security_group_rule") {
        if scope.read(rule, "type").as_str().is_none_or(|of| of == old) {
            let id = rule.attributes.get("security_group_id").unwrap_or(&NULL);
            openings.extend(in_block(scope, rule, Group::Id(id), "", &NULL, Some(rule)));
        }
    }
    openings
}

/// The openings of a block that names several peers at once, or of the resource that is
/// such a block itself.
fn in_block<'a>(
    scope: &Scope<'a>,
    resource: &'a Resource,
    group: Group<'a>,
    attribute: &'static str,
    block: &'a Value,
    whole: Option<&'a Resource>,
) -> Vec<Opening<'a>> {
    let get = |name: &str| {
        let entries = whole.map_or_else(|| block.as_map(), |whole| Some(&whole.attributes));
        scope.follow(
            entries
                .and_then(|entries| entries.get(name))
                .unwrap_or(&NULL),
        )
    };
    let mut peers: Vec<Peer<'a>> = Vec::new();
    for name in ["cidr_blocks", "ipv6_cidr_blocks"] {
        peers.extend(scope.elements(get(name)).into_iter().map(Peer::Cidr));
    }
    let lists = scope.elements(get("prefix_list_ids"));
    peers.extend(lists.into_iter().map(Peer::PrefixList));
    for name in ["security_groups", "source_security_group_id"] {
        peers.extend(scope.elements(get(name)).into_iter().map(Peer::Group));
    }
    if get("self").as_bool() == Some(true) {
        peers.push(Peer::Own);
    }
    if peers.is_empty() {
        peers.push(Peer::Nobody);
    }
    let opening = |peer| Opening {
        resource,
        attribute,
        group,
        protocol: get("protocol"),
        from: get("from_port"),
        to: get("to_port"),
        peer,
    };
    peers.into_iter().map(opening).collect()
}

impl<'a> Opening<'a> {
    /// What is open. Ports that are not given, or -1, are all ports.
    pub(super) fn ports(&self) -> Ports<'a> {
        let protocol = match self.protocol.scalar_text() {
            Some(text) => text.to_ascii_lowercase(),
            None if self.protocol.is_null() => "-1".to_owned(),
            None => return Ports::Unknown(self.protocol),
        };
        let protocol = match protocol.as_str() {
            "tcp" | "6" => "tcp",
            "udp" | "17" => "udp",
            "-1" | "all" => return Ports::Range("-1", 0, 65_535),
            _ => return Ports::None,
        };
        let port = |value: &'a Value, otherwise: i64| match value {
            Value::Null => Ok(otherwise),
            other => match other.as_int() {
                Some(-1) => Ok(otherwise),
                Some(port) => Ok(port),
                None => Err(Ports::Unknown(other)),
            },
        };
        match (port(self.from, 0), port(self.to, 65_535)) {
            (Ok(from), Ok(to)) => Ports::Range(protocol, from, to),
            (Err(unknown), _) | (_, Err(unknown)) => unknown,
        }
    }

    /// Text by which the group can be told.
    pub(super) fn group_key(&self, scope: &Scope<'a>) -> Option<String> {
        match self.group {
            Group::Id(id) => scope.canonical(id),
            Group::Inline(group) => Some(key_of(group)),
        }
    }
}

impl Ports<'_> {
    /// Whether the port, of TCP or UDP, is among them.
    pub(super) fn include(&self, port: i64) -> bool {
        matches!(self, Self::Range(_, from, to) if (*from..=*to).contains(&port))
    }

    /// As people write them: `tcp 443`, `tcp 0-65535`, `everything`.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Range("-1", _, _) => "everything".to_owned(),
            Self::Range(protocol, from, to) if from == to => format!("{protocol} {from}"),
            Self::Range(protocol, from, to) => format!("{protocol} {from}-{to}"),
            Self::None => "a protocol without ports".to_owned(),
            Self::Unknown(_) => "ports not known yet".to_owned(),
        }
    }
}

/// The same text for a group that is a resource.
pub(super) fn key_of(group: &Resource) -> String {
    super::scope::mark(&format!("{}.id", group.address))
}

/// The keys of the groups of a load balancer.
pub(super) fn groups_of<'a>(scope: &Scope<'a>, balancer: &'a Resource) -> Vec<String> {
    scope
        .blocks(balancer, "security_groups")
        .into_iter()
        .filter_map(|id| scope.canonical(id))
        .collect()
}

/// The blocks that a value is, if it is known and can be read.
fn net<'a>(scope: &Scope<'a>, value: &'a Value) -> Option<IpNet> {
    let text = scope.canonical(value).filter(|text| is_known(text))?;
    text.parse::<IpNet>().ok().map(|net| net.trunc())
}
