//! An application load balancer, and what hangs on it: `https-service`.
//!
//! *Invariant*: a load balancer that the blueprint can't hold is left with the reason.

use std::collections::BTreeSet;

use super::found::{Found, Names, hsts, logs};
use super::network::Network;
use super::view::{View, at, text, texts};
use crate::terraform::state::Instance;
use crate::value::Value;

/// The groups of all load balancers; or, of each that none can hold, why.
pub(super) fn find(
    view: &View,
    networks: &[Network],
    owned: &mut BTreeSet<usize>,
) -> Vec<Result<Found, (usize, String)>> {
    let balancers = view.all("aws_lb");
    balancers
        .map(|(place, one)| {
            group(view, place, one, networks, owned).map_err(|why| (place, why.to_owned()))
        })
        .collect()
}

fn group(
    view: &View,
    place: usize,
    one: &Instance,
    networks: &[Network],
    owned: &mut BTreeSet<usize>,
) -> Result<Found, &'static str> {
    if text(one, "load_balancer_type").is_some_and(|of| of != "application") {
        return Err("it is no application load balancer, and no blueprint makes another");
    }
    let arn = text(one, "arn").ok_or("the state does not say its ARN")?;
    let listeners = view.with("aws_lb_listener", "load_balancer_arn", arn);
    let secure = |port: Option<i64>| {
        listeners.iter().find(|(_, listener)| {
            text(listener, "protocol") == Some("HTTPS")
                && port.is_none_or(|port| at(listener, "port").as_int() == Some(port))
        })
    };
    let (_, listener) = secure(Some(443)).or_else(|| secure(None)).ok_or(
        "it has no HTTPS listener in the state, so no certificate says which names it serves",
    )?;
    let group = forwards_to(at(listener, "default_action"))
        .and_then(|arn| view.one("aws_lb_target_group", "arn", arn));
    let (_, group) = group.ok_or(
        "the default action of its HTTPS listener forwards to no target group of the state",
    )?;
    let port = at(group, "port").as_int();
    let port = port.ok_or("its target group has no port")?;
    let certificate = text(listener, "certificate_arn");
    let certificate = certificate.ok_or("its HTTPS listener has no certificate")?;
    let names = Names::of(
        view,
        certificate,
        text(one, "dns_name"),
        &BTreeSet::new(),
        owned,
    );
    let names =
        names.ok_or("neither a certificate nor a record of the state says which name it has")?;

    let mut found = Found::new("https-service", place);
    found.pin("aws_lb", "main", place);
    names.give(view, &mut found);
    let note = match text(group, "protocol") {
        Some("HTTP") => "by HTTP so far: have the service speak HTTPS there before the first apply",
        _ => "",
    };
    found.note("port", port, note);
    let internal = at(one, "internal").as_bool() == Some(true);
    if internal {
        found.give("internal", true);
    }
    let subnets = texts(one, "subnets");
    let vpc = text(one, "vpc_id").unwrap_or_default();
    let mut networks = networks.iter();
    if let Some(network) = networks.find(|network| network.serves(vpc, &subnets, internal)) {
        found.takes.insert("network", network.found.root);
    } else {
        found.give("vpc", vpc);
        found.give("subnets", Value::texts(subnets));
    }
    let dualstack = text(one, "ip_address_type") == Some("dualstack");
    if dualstack {
        found.give("dualstack", true);
    }
    let redirects = listeners.iter().any(|(_, listener)| {
        at(listener, "port").as_int() == Some(80)
            && text(listener, "default_action.redirect.protocol") == Some("HTTPS")
    });
    if redirects {
        found.give("redirect_http", true);
    }
    let guards = texts(one, "security_groups");
    doors(view, &guards, dualstack, &mut found);
    targets(view, group, port, &mut found);
    match text(listener, "ssl_policy") {
        Some(policy) if policy.contains("FIPS") => found.give("tls_policy", "fips"),
        Some(policy) if policy.contains("TLS13-1-3-") => found.give("tls_policy", "tls13"),
        _ => {}
    }
    header(listener, &mut found);
    if let Some(seconds) = at(one, "idle_timeout")
        .as_int()
        .filter(|seconds| *seconds != 60)
    {
        found.give("idle_timeout", seconds);
    }
    let logged = at(one, "access_logs.enabled").as_bool() == Some(true);
    let bucket = text(one, "access_logs.bucket").filter(|_| logged);
    logs(view, "logs", bucket, &mut found);
    Ok(found)
}

/// The one target group that an action forwards to, in either form.
fn forwards_to(actions: &Value) -> Option<&str> {
    let mut groups = actions.items().iter().filter_map(|action| {
        let plain = action.get("target_group_arn").as_str();
        plain
            .filter(|arn| !arn.is_empty())
            .or_else(|| action.get("forward.target_group.arn").as_str())
    });
    groups.next()
}

/// Who may connect, and where the service's machines may go.
fn doors(view: &View, guards: &BTreeSet<String>, dualstack: bool, found: &mut Found) {
    let Some(guard) = guards.iter().next() else {
        return;
    };
    if let Some((place, _)) = view.one("aws_security_group", "id", guard) {
        found.pin("aws_security_group", "lb", place);
    }
    let sources: BTreeSet<String> = rules(view, guard, "ingress")
        .into_iter()
        .filter(|rule| rule.ports == Some((443, 443)))
        .map(|rule| rule.peer)
        .collect();
    let mut usual = BTreeSet::from(["0.0.0.0/0".to_owned()]);
    if dualstack {
        usual.insert("::/0".to_owned());
    }
    if !sources.is_empty() && sources != usual {
        found.give("ingress", Value::texts(sources));
    }
    // The machines' group is the one that the load balancer is let out to, or that lets it in.
    let out = rules(view, guard, "egress").into_iter();
    let mut peers = out
        .map(|rule| rule.peer)
        .filter(|peer| peer.starts_with("sg-"));
    let lets_in = || {
        view.all("aws_security_group")
            .filter_map(|(_, group)| text(group, "id"))
            .find(|id| {
                let rules = rules(view, id, "ingress");
                *id != guard.as_str() && rules.iter().any(|rule| rule.peer == *guard)
            })
            .map(str::to_owned)
    };
    let Some(service) = peers.next().or_else(lets_in) else {
        return;
    };
    if let Some((place, _)) = view.one("aws_security_group", "id", &service) {
        found.pin("aws_security_group", "app", place);
        let open: BTreeSet<i64> = rules(view, &service, "egress")
            .into_iter()
            .filter(|rule| rule.peer == "0.0.0.0/0")
            .filter_map(|rule| rule.ports.filter(|(from, to)| from == to))
            .map(|(port, _)| port)
            .collect();
        if !open.is_empty() && open != BTreeSet::from([443]) {
            let open = open.into_iter().map(Value::Int);
            found.give("egress", Value::List(open.collect()));
        }
    }
}

/// A rule of a group, TCP only.
pub(super) struct Rule {
    pub(super) peer: String,
    pub(super) ports: Option<(i64, i64)>,
}

/// The rules of a group, as resources of their own and as blocks of the group.
pub(super) fn rules(view: &View, group: &str, way: &str) -> Vec<Rule> {
    let kind = format!("aws_vpc_security_group_{way}_rule");
    let ports = |from: &Value, to: &Value| from.as_int().zip(to.as_int());
    let mut rules = Vec::new();
    for (_, one) in view.with(&kind, "security_group_id", group) {
        let peer = [
            "cidr_ipv4",
            "cidr_ipv6",
            "prefix_list_id",
            "referenced_security_group_id",
        ];
        let peer = peer.iter().find_map(|name| text(one, name));
        if let Some(peer) = peer.filter(|_| text(one, "ip_protocol") == Some("tcp")) {
            rules.push(Rule {
                peer: peer.to_owned(),
                ports: ports(at(one, "from_port"), at(one, "to_port")),
            });
        }
    }
    let Some((_, one)) = view.one("aws_security_group", "id", group) else {
        return rules;
    };
    for block in at(one, way).items() {
        if block.get("protocol").as_str() != Some("tcp") {
            continue;
        }
        let names = [
            "cidr_blocks",
            "ipv6_cidr_blocks",
            "prefix_list_ids",
            "security_groups",
        ];
        for peer in names.iter().flat_map(|name| block.get(name).items()) {
            if let Some(peer) = peer.as_str() {
                rules.push(Rule {
                    peer: peer.to_owned(),
                    ports: ports(block.get("from_port"), block.get("to_port")),
                });
            }
        }
    }
    rules
}

fn targets(view: &View, group: &Instance, port: i64, found: &mut Found) {
    let arn = text(group, "arn").unwrap_or_default();
    let of_group = view.with("aws_lb_target_group_attachment", "target_group_arn", arn);
    let targets: BTreeSet<&str> = of_group
        .iter()
        .filter_map(|(_, one)| text(one, "target_id"))
        .collect();
    let of = text(group, "target_type").unwrap_or("instance");
    let told = targets.iter().next().map_or("ip", |target| {
        if target.starts_with("i-") {
            "instance"
        } else {
            "ip"
        }
    });
    if !targets.is_empty() {
        found.give("targets", Value::texts(targets));
    }
    if of != told {
        found.give("target_type", of);
    }
    if let Some(path) = text(group, "health_check.path").filter(|path| *path != "/") {
        found.give("health_check_path", path);
    }
    let own = text(group, "health_check.port").and_then(|port| port.parse::<i64>().ok());
    if let Some(own) = own.filter(|own| *own != port) {
        found.give("health_check_port", own);
    }
}

/// What the listener says of HSTS: `max-age=31536000; includeSubDomains; preload`.
fn header(listener: &Instance, found: &mut Found) {
    let name = "routing_http_response_strict_transport_security_header_value";
    let Some(header) = text(listener, name) else {
        return;
    };
    let parts: Vec<&str> = header.split(';').map(str::trim).collect();
    let age = parts.iter().find_map(|part| part.strip_prefix("max-age="));
    let has = |word: &str| parts.iter().any(|part| part.eq_ignore_ascii_case(word));
    hsts(
        age.and_then(|age| age.parse().ok()),
        has("includeSubDomains"),
        has("preload"),
        found,
    );
}
