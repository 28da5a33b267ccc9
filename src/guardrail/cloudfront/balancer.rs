//! Rules about load balancers behind CloudFront.
//!
//! *Invariant*: a load balancer counts as hidden only if everything that may reach it is
//! known.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use super::super::certificate::Certificate;
use super::super::elb::{is_http, listeners_of};
use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::{Scope, is_known};
use super::super::security_group::{Opening, Peer, Way, groups_of, key_of, openings};
use super::{balancer_of, behaviours, behind_vpc_origin, label, nested, origins, raw};
use crate::resource::Resource;
use crate::value::Value;

/// WT-CF-008.
pub(in crate::guardrail) static NO_BYPASS: Rule = Rule {
    id: "WT-CF-008",
    title: "nobody reaches an origin around CloudFront",
    severity: Severity::High,
    explain: "A load balancer behind a distribution is internal and reached as a VPC origin, or \
        its security groups let in nothing but CloudFront's own prefix list \
        (com.amazonaws.global.cloudfront.origin-facing), looked up by that name or by its id: \
        then WT-CF-012 says what is left open. A load balancer or a prefix list that is not \
        described here can't be judged.",
    controls: &["PCI DSS 1.3.1", "NIST AC-4", "Well-Architected SEC09-BP03"],
    fix: "make the load balancer internal and reach it by a VPC origin",
    check: no_bypass,
};

fn no_bypass(scope: &Scope<'_>, report: &mut Report) {
    let doors = LazyCell::new(|| Doors::of(scope));
    for distribution in scope.all("aws_cloudfront_distribution") {
        for origin in origins(scope, distribution) {
            let label = label(scope, origin);
            let verdict = match balancer_of(scope, origin) {
                _ if nested(scope, origin, "vpc_origin_config").is_some() => {
                    vpc_origin(scope, origin, &label)
                }
                Some(balancer) => hidden(scope, &doors, balancer, &label),
                None => {
                    let domain = raw(origin, "domain_name");
                    let text = scope.canonical(domain).unwrap_or_default();
                    let is_foreign = text.to_ascii_lowercase().contains(".elb.");
                    if is_foreign {
                        let what = format!("the group of {label}");
                        Verdict::unknown(&what, scope.follow(domain))
                    } else {
                        Verdict::Holds
                    }
                }
            };
            report.judge(distribution, "origin", verdict);
        }
    }
}

fn vpc_origin<'a>(scope: &Scope<'a>, origin: &'a Value, label: &str) -> Verdict {
    let config = nested(scope, origin, "vpc_origin_config").unwrap_or(&Value::Null);
    let id = raw(config, "vpc_origin_id");
    match behind_vpc_origin(scope, config) {
        Some(balancer) => Verdict::of(
            &format!("internal of {label}"),
            &scope.read(balancer, "internal"),
            |internal| internal.as_bool() == Some(true),
            |_| format!("reaches {label}, a load balancer that the internet reaches too"),
        ),
        None => Verdict::unknown(&format!("the VPC origin of {label}"), scope.follow(id)),
    }
}

/// What the groups of all resources let in. The same for every distribution.
struct Doors {
    /// The keys of the groups.
    groups: BTreeSet<String>,
    /// What is to say of each group's openings, by the key, and of those whose group is not
    /// known: the first that fails and the first that is unknown before it, each with its
    /// place among all.
    verdicts: BTreeMap<Option<String>, Vec<(usize, Verdict)>>,
}

impl Doors {
    fn of(scope: &Scope<'_>) -> Self {
        let mut verdicts: BTreeMap<Option<String>, Vec<(usize, Verdict)>> = BTreeMap::new();
        for (place, opening) in openings(scope, Way::Ingress).into_iter().enumerate() {
            let of_group = verdicts.entry(opening.group_key(scope)).or_default();
            let fails = |(_, verdict): &(usize, Verdict)| matches!(verdict, Verdict::Fails(_));
            let adds = match lets_in(scope, &opening) {
                Verdict::Holds => None,
                verdict @ Verdict::Fails(_) => {
                    Some(verdict).filter(|_| !of_group.iter().any(fails))
                }
                verdict @ Verdict::Unknown { .. } => Some(verdict).filter(|_| of_group.is_empty()),
            };
            of_group.extend(adds.map(|verdict| (place, verdict)));
        }
        Self {
            groups: scope.all("aws_security_group").map(key_of).collect(),
            verdicts,
        }
    }

    /// What is to say of what these groups let in, in order of all openings.
    fn verdict(&self, groups: Vec<String>) -> Verdict {
        let keys = groups.into_iter().map(Some).chain([None]);
        let mut verdicts: Vec<&(usize, Verdict)> = keys
            .filter_map(|key| self.verdicts.get(&key))
            .flatten()
            .collect();
        verdicts.sort_by_key(|(place, _)| *place);
        Verdict::all(verdicts.into_iter().map(|(_, verdict)| verdict.clone()))
    }
}

/// Whether nobody but CloudFront is let in.
fn lets_in<'a>(scope: &Scope<'a>, opening: &Opening<'a>) -> Verdict {
    let address = &opening.resource.address;
    match opening.peer {
        Peer::PrefixList(list) if is_cloudfront(scope, list) => Verdict::Holds,
        Peer::PrefixList(list) => {
            let what = format!("the prefix list of {address}");
            let asked = |kind| scope.asked(scope.follow(list), kind);
            match PREFIX_LISTS.into_iter().find_map(asked) {
                Some((lookup, None)) => Verdict::awaited(&what, lookup),
                _ => Verdict::unknown(&what, scope.follow(list)),
            }
        }
        _ => Verdict::Fails(format!(
            "can be gone around: {address} lets in others than CloudFront"
        )),
    }
}

fn hidden<'a>(scope: &Scope<'a>, doors: &Doors, balancer: &'a Resource, label: &str) -> Verdict {
    let groups = groups_of(scope, balancer);
    let ids = scope.blocks(balancer, "security_groups");
    let is_ours = |key: &String| doors.groups.contains(key);
    if groups.is_empty() || groups.len() < ids.len() || !groups.iter().all(is_ours) {
        let ids = scope.read(balancer, "security_groups");
        return Verdict::unknown(&format!("the group of {label}"), &ids);
    }
    doors.verdict(groups)
}

/// The kinds of lookups that find a prefix list.
const PREFIX_LISTS: [&str; 2] = ["aws_ec2_managed_prefix_list", "aws_prefix_list"];

/// Whether a prefix list is looked up by the name of CloudFront's, or by its id and has that
/// name. AWS keeps names like it to itself.
fn is_cloudfront<'a>(scope: &Scope<'a>, list: &'a Value) -> bool {
    const NAMES: [&str; 2] = [
        "com.amazonaws.global.cloudfront.origin-facing",
        "com.amazonaws.global.ipv6.cloudfront.origin-facing",
    ];
    PREFIX_LISTS.iter().any(|kind| {
        let by_name = scope.lookup(list, kind);
        let by_name = by_name.and_then(|lookup| lookup.arguments.get("name"));
        let by_id = || scope.asked(scope.follow(list), kind)?.1?.get("name");
        let name = by_name.or_else(by_id).and_then(Value::as_str);
        name.is_some_and(|name| NAMES.contains(&name))
    })
}

/// WT-CF-012.
pub(in crate::guardrail) static OWN: Rule = Rule {
    id: "WT-CF-012",
    title: "no other customer's distribution reaches an origin",
    severity: Severity::Medium,
    explain: "CloudFront's prefix list is of the addresses from which it asks origins for all of \
        its customers. A load balancer that lets in the list can be given as the origin of \
        anybody's distribution, which goes around what this one adds: its web ACL, its headers, \
        its logs. A VPC origin belongs to one account. What the list does not even protect is \
        WT-CF-008's.",
    controls: &["NIST AC-4", "Well-Architected SEC09-BP03"],
    fix: "make the load balancer internal and reach it by a VPC origin (in cdn-service, reach = \"vpc-origin\")",
    check: own,
};

fn own(scope: &Scope<'_>, report: &mut Report) {
    let doors = LazyCell::new(|| Doors::of(scope));
    for distribution in scope.all("aws_cloudfront_distribution") {
        for origin in origins(scope, distribution) {
            if nested(scope, origin, "vpc_origin_config").is_some() {
                continue;
            }
            let Some(balancer) = balancer_of(scope, origin) else {
                continue;
            };
            let label = label(scope, origin);
            let verdict = match hidden(scope, &doors, balancer, &label) {
                Verdict::Holds => Verdict::Fails(format!(
                    "reaches {label} as every other customer's distribution can: {} lets in all of CloudFront",
                    balancer.address
                )),
                Verdict::Fails(_) => Verdict::Holds,
                unknown @ Verdict::Unknown { .. } => unknown,
            };
            report.judge(distribution, "origin", verdict);
        }
    }
}

/// WT-CF-009.
pub(in crate::guardrail) static AGREES: Rule = Rule {
    id: "WT-CF-009",
    title: "CloudFront and the load balancer behind it agree on TLS",
    severity: Severity::High,
    explain: "CloudFront speaks TLS 1.2 to origins and no later one, so the security policy of a \
        load balancer behind it is none of TLS13-1-3-*; and the certificate that it checks covers \
        the origin's domain name, or all of the distribution's aliases where every behaviour \
        forwards the viewer's Host header. The load balancer's own DNS name is covered by no \
        certificate.",
    controls: &["Amazon CloudFront Developer Guide, HTTPS to custom origins"],
    fix: "set ssl_policy to ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09, and name the origin as its certificate does",
    check: agrees,
};

fn agrees(scope: &Scope<'_>, report: &mut Report) {
    for distribution in scope.all("aws_cloudfront_distribution") {
        for origin in origins(scope, distribution) {
            let Some(balancer) = balancer_of(scope, origin) else {
                continue;
            };
            let label = label(scope, origin);
            for listener in listeners_of(scope, balancer) {
                if is_http(scope, listener) {
                    continue;
                }
                let policy = scope.read(listener, "ssl_policy");
                let policy = Verdict::of(
                    &format!("ssl_policy of {}", listener.address),
                    &policy,
                    |policy| {
                        let name = policy.as_str();
                        name.is_some_and(|name| !name.starts_with("ELBSecurityPolicy-TLS13-1-3-"))
                    },
                    |policy| format!("can't reach {label}: {} has no TLS 1.2", shown(policy)),
                );
                let arn = listener
                    .attributes
                    .get("certificate_arn")
                    .unwrap_or(&Value::Null);
                let names = names(scope, distribution, origin);
                let certificate = match Certificate::of(scope, arn) {
                    Some(certificate) if !names.is_empty() => {
                        Verdict::all(names.iter().map(|name| {
                            match certificate.covers(scope, name) {
                                Verdict::Holds => Verdict::Holds,
                                Verdict::Unknown { .. } if is_dns_name(scope, name) => {
                                    Verdict::Fails(format!(
                                        "reaches {label} by the load balancer's own name, which no certificate covers"
                                    ))
                                }
                                Verdict::Fails(_) => Verdict::Fails(format!(
                                    "can't trust {label}: {} does not cover {}",
                                    certificate.label(),
                                    shown(name)
                                )),
                                unknown @ Verdict::Unknown { .. } => unknown,
                            }
                        }))
                    }
                    _ => Verdict::unknown(&format!("the certificate of {label}"), scope.follow(arn)),
                };
                report.judge(distribution, "origin", Verdict::all([policy, certificate]));
            }
        }
    }
}

/// The names that CloudFront looks for in the origin's certificate.
fn names<'a>(scope: &Scope<'a>, distribution: &'a Resource, origin: &'a Value) -> Vec<&'a Value> {
    let id = scope.read_in(origin, "origin_id");
    let mut to_origin = behaviours(scope, distribution)
        .into_iter()
        .filter(|(_, behaviour)| scope.read_in(behaviour, "target_origin_id") == id)
        .peekable();
    let aliases = scope.blocks(distribution, "aliases");
    let forwards = to_origin.peek().is_some()
        && to_origin.all(|(_, behaviour)| forwards_host(scope, behaviour));
    if forwards && !aliases.is_empty() {
        aliases
    } else {
        vec![raw(origin, "domain_name")]
    }
}

/// Whether a behaviour hands the viewer's Host header on: by name, or by the managed origin
/// request policy `AllViewer`.
fn forwards_host<'a>(scope: &Scope<'a>, behaviour: &'a Value) -> bool {
    const ALL_VIEWER: &str = "216adef6-5c7f-47e4-b989-5492eafa07d3";
    let policy = scope.read_in(behaviour, "origin_request_policy_id");
    let headers = scope.read_in(behaviour, "forwarded_values.headers");
    policy.as_str() == Some(ALL_VIEWER)
        || headers.items().iter().any(|header| {
            header
                .as_str()
                .is_some_and(|name| name == "*" || name.eq_ignore_ascii_case("host"))
        })
}

fn is_dns_name<'a>(scope: &Scope<'a>, name: &'a Value) -> bool {
    scope.target(name, "aws_lb", &["dns_name"]).is_some()
        || scope
            .canonical(name)
            .is_some_and(|name| is_known(&name) && name.contains(".elb."))
}
