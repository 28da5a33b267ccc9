//! The rule about what stands behind a load balancer.
//!
//! *Invariant*: the group behind is found by what the rules say, never by its name.

use std::collections::{BTreeMap, BTreeSet};

use super::super::elb::{ARN, attachments_of, listeners_of, of_listener};
use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::{Scope, is_known};
use super::{Opening, Peer, Ports, Way, groups_of, key_of, openings};
use crate::resource::Resource;
use crate::value::Value;

/// WT-SG-004.
pub(in crate::guardrail) static BALANCER_ONLY: Rule = Rule {
    id: "WT-SG-004",
    title: "the application's group lets in the load balancer only, on the port of its targets",
    severity: Severity::High,
    explain: "The application's group is one that a load balancer's group may reach (its egress \
        refers to it) or that lets a load balancer's group in. Such a group lets in nothing but \
        load balancers' groups, by tcp, on a port of their target groups or of the health \
        checks. A block of addresses, a prefix list, another group or the group itself as the \
        source goes around the load balancer.",
    controls: &[
        "PCI DSS 1.4.2",
        "NIST AC-4(21)",
        "Well-Architected SEC09-BP02",
    ],
    fix: "let in the load balancer's group by referenced_security_group_id, on the target group's port only",
    check,
};

/// The groups of load balancers, and where those reach their targets.
type Front = BTreeMap<String, Targets>;

/// The ports of targets.
#[derive(Default)]
struct Targets {
    ports: BTreeSet<i64>,
    /// One that is not known.
    unknown: Option<Value>,
}

fn check(scope: &Scope<'_>, report: &mut Report) {
    let front = front(scope);
    let described: BTreeSet<String> = scope.all("aws_security_group").map(key_of).collect();
    let ingress = openings(scope, Way::Ingress);
    let behind = behind(scope, &front, &ingress);
    for opening in &ingress {
        let Some(group) = opening.group_key(scope) else {
            continue;
        };
        if behind.contains(&group) {
            let verdict = Verdict::all([
                source(scope, opening, &front, &described),
                port(scope, opening, &front),
            ]);
            report.judge(opening.resource, opening.attribute, verdict);
        }
    }
}

fn front(scope: &Scope<'_>) -> Front {
    let mut front = Front::new();
    for balancer in scope.all("aws_lb") {
        let groups = groups_of(scope, balancer);
        if groups.is_empty() {
            continue;
        }
        let ports = target_ports(scope, balancer);
        for group in groups {
            let targets = front.entry(group).or_default();
            for port in &ports {
                match port.as_int() {
                    Some(port) => {
                        targets.ports.insert(port);
                    }
                    None if port.is_unknown() => targets.unknown = Some(port.clone()),
                    // `traffic-port` is the port of the target group again.
                    None => {}
                }
            }
        }
    }
    front
}

/// The groups that stand behind one of these.
fn behind<'a>(scope: &Scope<'a>, front: &Front, ingress: &[Opening<'a>]) -> BTreeSet<String> {
    let is_front = |key: Option<String>| key.is_some_and(|key| front.contains_key(&key));
    let mut behind = BTreeSet::new();
    for opening in openings(scope, Way::Egress) {
        if !is_front(opening.group_key(scope)) {
            continue;
        }
        match opening.peer {
            Peer::Group(id) => behind.extend(scope.canonical(id)),
            Peer::Own => behind.extend(opening.group_key(scope)),
            _ => {}
        }
    }
    for opening in ingress {
        let Peer::Group(id) = opening.peer else {
            continue;
        };
        let group = opening.group_key(scope);
        if is_front(scope.canonical(id)) && !is_front(group.clone()) {
            behind.extend(group);
        }
    }
    behind
}

fn source<'a>(
    scope: &Scope<'a>,
    opening: &Opening<'a>,
    front: &Front,
    described: &BTreeSet<String>,
) -> Verdict {
    let (what, value) = match opening.peer {
        Peer::Group(id) => {
            let key = scope.canonical(id);
            if key.as_ref().is_some_and(|key| front.contains_key(key)) {
                return Verdict::Holds;
            }
            // The id of a group that is among the resources is known enough.
            if !key.is_some_and(|key| is_known(&key) || described.contains(&key)) {
                return Verdict::unknown("the group that it lets in", scope.follow(id));
            }
            ("the group ", id)
        }
        Peer::Cidr(block) => ("", block),
        Peer::PrefixList(list) => ("the prefix list ", list),
        Peer::Own => return Verdict::fails("lets the application's group in to itself"),
        Peer::Nobody => return Verdict::fails("does not say whom it lets in"),
    };
    Verdict::Fails(format!(
        "lets {what}{} reach the application around the load balancer",
        shown(value)
    ))
}

fn port<'a>(scope: &Scope<'a>, opening: &Opening<'a>, front: &Front) -> Verdict {
    let peer = match opening.peer {
        Peer::Group(id) => scope.canonical(id),
        _ => None,
    };
    let Some(targets) = peer.and_then(|peer| front.get(&peer)) else {
        return Verdict::Holds;
    };
    let ports = match opening.ports() {
        Ports::Unknown(value) => return Verdict::unknown("the port that it opens", value),
        other => other,
    };
    match (ports, &targets.unknown) {
        (Ports::Range("tcp", from, to), _) if from == to && targets.ports.contains(&from) => {
            Verdict::Holds
        }
        (_, Some(value)) => Verdict::unknown("the port of the targets", value),
        (ports, None) => Verdict::Fails(format!(
            "opens {}, which is no port of the load balancer's targets",
            ports.shown()
        )),
    }
}

/// The ports on which a load balancer reaches its targets and checks their health.
fn target_ports<'a>(scope: &Scope<'a>, balancer: &'a Resource) -> Vec<Value> {
    let listeners = listeners_of(scope, balancer);
    let actions = listeners.iter().flat_map(|listener| {
        let rules = of_listener(scope, "aws_lb_listener_rule", listener).into_iter();
        let rules = rules.flat_map(|rule| scope.blocks(rule, "action"));
        scope
            .blocks(listener, "default_action")
            .into_iter()
            .chain(rules)
            .collect::<Vec<_>>()
    });
    let arns = actions.flat_map(|action| {
        let entries = action.as_map();
        let get = |name: &str| entries.and_then(|entries| entries.get(name));
        let forward = get("forward").map_or_else(Vec::new, |forward| scope.elements(forward));
        let several = forward
            .into_iter()
            .filter_map(|forward| forward.as_map()?.get("target_group"))
            .flat_map(|groups| scope.elements(groups))
            .filter_map(|group| group.as_map()?.get("arn"));
        get("target_group_arn")
            .into_iter()
            .chain(several)
            .collect::<Vec<_>>()
    });
    let groups: Vec<&Resource> = arns.filter_map(|arn| group_of(scope, arn)).collect();
    let mut ports = Vec::new();
    for group in groups {
        ports.push(scope.read(group, "port").into_owned());
        ports.push(scope.read(group, "health_check.port").into_owned());
        for attachment in attachments_of(scope, group) {
            ports.push(scope.read(attachment, "port").into_owned());
        }
    }
    ports
}

fn group_of<'a>(scope: &Scope<'a>, arn: &'a Value) -> Option<&'a Resource> {
    scope.target(arn, "aws_lb_target_group", ARN)
}
