//! The rule about what stands behind a load balancer.
//!
//! *Invariant*: the group behind is found by what the rules say, never by its name.

use std::collections::BTreeSet;

use super::super::elb::listeners_of;
use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::{Scope, is_known};
use super::{Opening, Peer, Ports, Way, groups_of, openings};
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

fn check(scope: &Scope<'_>, report: &mut Report) {
    let front: BTreeSet<String> = scope
        .all("aws_lb")
        .flat_map(|balancer| groups_of(scope, balancer))
        .collect();
    let ingress = openings(scope, Way::Ingress);
    let behind = behind(scope, &front, &ingress);
    for opening in &ingress {
        let Some(group) = opening.group_key(scope) else {
            continue;
        };
        if behind.contains(&group) {
            let verdict =
                Verdict::all([source(scope, opening, &front), port(scope, opening, &front)]);
            report.judge(opening.resource, opening.attribute, verdict);
        }
    }
}

/// The groups that stand behind one of these.
fn behind<'a>(
    scope: &Scope<'a>,
    front: &BTreeSet<String>,
    ingress: &[Opening<'a>],
) -> BTreeSet<String> {
    let is_front = |key: Option<String>| key.is_some_and(|key| front.contains(&key));
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

fn source<'a>(scope: &Scope<'a>, opening: &Opening<'a>, front: &BTreeSet<String>) -> Verdict {
    let (what, value) = match opening.peer {
        Peer::Group(id) => {
            let key = scope.canonical(id);
            if key.as_ref().is_some_and(|key| front.contains(key)) {
                return Verdict::Holds;
            }
            if !key.is_some_and(|key| is_known(&key) || is_described(scope, &key)) {
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

/// Whether the key is that of a group among the resources: known, though its id is not.
fn is_described(scope: &Scope<'_>, key: &str) -> bool {
    scope
        .all("aws_security_group")
        .any(|group| super::key_of(group) == key)
}

fn port<'a>(scope: &Scope<'a>, opening: &Opening<'a>, front: &BTreeSet<String>) -> Verdict {
    let peer = match opening.peer {
        Peer::Group(id) => scope.canonical(id),
        _ => None,
    };
    let Some(peer) = peer.filter(|peer| front.contains(peer)) else {
        return Verdict::Holds;
    };
    let ports = match opening.ports() {
        Ports::Unknown(value) => return Verdict::unknown("the port that it opens", value),
        other => other,
    };
    let mut targets = BTreeSet::new();
    let mut unknown = None;
    for balancer in scope.all("aws_lb") {
        if !groups_of(scope, balancer).contains(&peer) {
            continue;
        }
        for value in target_ports(scope, balancer) {
            match value.as_int() {
                Some(port) => {
                    targets.insert(port);
                }
                None if value.is_unknown() => unknown = Some(value),
                // `traffic-port` is the port of the target group again.
                None => {}
            }
        }
    }
    match (ports, unknown) {
        (Ports::Range("tcp", from, to), _) if from == to && targets.contains(&from) => {
            Verdict::Holds
        }
        (_, Some(value)) => Verdict::unknown("the port of the targets", &value),
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
        let rules = scope.all("aws_lb_listener_rule").filter(|rule| {
            let of = rule.attributes.get("listener_arn");
            of.and_then(|arn| scope.target(arn, "aws_lb_listener", &["arn", "id"]))
                .is_some_and(|of| of.address == listener.address)
        });
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
        for attachment in scope.all("aws_lb_target_group_attachment") {
            let of = attachment.attributes.get("target_group_arn");
            let is_of = of
                .and_then(|arn| group_of(scope, arn))
                .is_some_and(|of| of.address == group.address);
            if is_of {
                ports.push(scope.read(attachment, "port").into_owned());
            }
        }
    }
    ports
}

fn group_of<'a>(scope: &Scope<'a>, arn: &'a Value) -> Option<&'a Resource> {
    scope.target(arn, "aws_lb_target_group", &["arn", "id"])
}
