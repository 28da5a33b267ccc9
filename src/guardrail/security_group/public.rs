//! Rules about what the whole internet may reach.
//!
//! *Invariant*: what is known to be narrow is not public; everything else is, or is not
//! known.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv6Net};

use super::super::elb::redirect::Redirects;
use super::super::elb::{is_http, listeners_of};
use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::Scope;
use super::{Opening, Peer, Ports, Way, groups_of, net, openings};
use crate::value::Value;

/// WT-SG-001.
pub(in crate::guardrail) static HTTPS_ONLY: Rule = Rule {
    id: "WT-SG-001",
    title: "public ingress is HTTPS only",
    severity: Severity::Critical,
    explain: "What everybody may reach is tcp 443 and nothing else. tcp 80 is let pass for a group \
        of a load balancer with a listener on port 80 that only redirects to HTTPS (WT-ELB-002). \
        Everybody is 0.0.0.0/0 and ::/0, also in pieces (0.0.0.0/1 and 128.0.0.0/1): any block \
        wider than /8, or /16 for IPv6, by itself or together with others of the same group and \
        ports. What a prefix list holds can't be seen, so it is let pass for tcp 443 only.",
    controls: &[
        "Security Hub EC2.18",
        "PCI DSS 1.3.1",
        "NIST AC-4",
        "NIST SC-7",
        "Well-Architected SEC09-BP02",
    ],
    fix: "open tcp 443 only, or name who may come in",
    check: https_only,
};

fn https_only(scope: &Scope<'_>, report: &mut Report) {
    let all = openings(scope, Way::Ingress);
    let together = together(scope, &all);
    let front = LazyCell::new(|| Front::of(scope));
    for opening in &all {
        let ports = opening.ports();
        if ports == Ports::Range("tcp", 443, 443) {
            continue;
        }
        if ports == Ports::Range("tcp", 80, 80) && front.is_redirected(scope, opening) {
            continue;
        }
        let verdict = match (reach(scope, opening, &together), ports) {
            (Reach::Everybody(who), Ports::Unknown(value)) => {
                Verdict::unknown(&format!("the port that it opens to {who}"), value)
            }
            (reach, ports) => reach.verdict(&ports),
        };
        report.judge(opening.resource, opening.attribute, verdict);
    }
}

/// Where port 80 of the groups of load balancers leads, by the key of the group and the
/// load balancer's component: whether to nothing but a redirect to HTTPS. Where nobody
/// listens it leads nowhere: for a while that is as good, as nothing goes in clear; for good it
/// is not there, as nobody needs it open.
struct Front<'a>(BTreeMap<(String, &'a str), bool>);

impl<'a> Front<'a> {
    fn of(scope: &Scope<'a>) -> Self {
        let redirects = Redirects::of(scope);
        let mut front = BTreeMap::new();
        for balancer in scope.all("aws_lb") {
            let listeners = listeners_of(scope, balancer).into_iter();
            let mut listeners = listeners
                .filter(|listener| scope.read(listener, "port").as_int() == Some(80))
                .peekable();
            if listeners.peek().is_none() && !scope.is_for_a_while() {
                continue;
            }
            let only = listeners
                .all(|listener| is_http(scope, listener) && redirects.only(scope, listener));
            for group in groups_of(scope, balancer) {
                let key = (group, balancer.address.component.as_str());
                let all = front.entry(key).or_insert(true);
                *all &= only;
            }
        }
        Self(front)
    }

    fn is_redirected(&self, scope: &Scope<'a>, opening: &Opening<'a>) -> bool {
        let component = opening.resource.address.component.as_str();
        let group = opening.group_key(scope);
        group.is_some_and(|group| self.0.get(&(group, component)) == Some(&true))
    }
}

/// The ports of Security Hub's EC2.19.
const RISKY: &[i64] = &[
    20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500,
    5601, 8080, 8088, 8888, 9200, 9300,
];

/// WT-SG-002.
pub(in crate::guardrail) static HIGH_RISK: Rule = Rule {
    id: "WT-SG-002",
    title: "no port of high risk is public",
    severity: Severity::Critical,
    explain: "None of the ports 20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, \
        3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200 and 9300 is open to everybody, \
        by itself, within a range or by the protocol -1. Everybody is as in WT-SG-001.",
    controls: &[
        "Security Hub EC2.19",
        "PCI DSS 1.3.1",
        "NIST SC-7",
        "NIST CM-7",
        "Well-Architected SEC09-BP02",
    ],
    fix: "remove the rule, or name who may come in",
    check: |scope, report| closed(scope, report, RISKY),
};

/// WT-SG-003.
pub(in crate::guardrail) static ADMINISTRATION: Rule = Rule {
    id: "WT-SG-003",
    title: "no administration port is public",
    severity: Severity::High,
    explain: "Neither SSH (22) nor RDP (3389) is open to everybody, by IPv4 or IPv6, by itself, \
        within a range or by the protocol -1. Everybody is as in WT-SG-001.",
    controls: &[
        "Security Hub EC2.13",
        "Security Hub EC2.14",
        "Security Hub EC2.53",
        "Security Hub EC2.54",
        "CIS AWS Foundations 5.3",
        "CIS AWS Foundations 5.4",
        "PCI DSS 1.3.1",
        "NIST SC-7",
    ],
    fix: "remove the rule and reach the machines by Session Manager",
    check: |scope, report| closed(scope, report, &[22, 3389]),
};

fn closed(scope: &Scope<'_>, report: &mut Report, forbidden: &[i64]) {
    let all = openings(scope, Way::Ingress);
    let together = together(scope, &all);
    for opening in &all {
        let ports = opening.ports();
        let verdict = match ports {
            Ports::Unknown(value) => match reach(scope, opening, &together) {
                Reach::Somebody | Reach::Nobody => Verdict::Holds,
                _ => Verdict::unknown("the port that it opens", value),
            },
            _ if forbidden.iter().any(|port| ports.include(*port)) => {
                reach(scope, opening, &together).verdict(&ports)
            }
            _ => Verdict::Holds,
        };
        report.judge(opening.resource, opening.attribute, verdict);
    }
}

/// Whom an opening lets in.
enum Reach<'a> {
    /// Everybody, by this block.
    Everybody(String),
    /// Some blocks, or members of a group.
    Somebody,
    /// No source is named.
    Nobody,
    /// Text that is no block.
    Unreadable(String),
    Unknown(&'static str, &'a Value),
}

impl Reach<'_> {
    fn verdict(self, ports: &Ports<'_>) -> Verdict {
        let ports = ports.shown();
        match self {
            Self::Somebody => Verdict::Holds,
            Self::Everybody(who) => Verdict::Fails(format!("opens {ports} to everybody ({who})")),
            Self::Nobody => Verdict::Fails(format!("opens {ports} and does not say to whom")),
            Self::Unreadable(text) => Verdict::Fails(format!(
                "opens {ports} to `{text}`, which is no block of addresses"
            )),
            Self::Unknown(what, value) => {
                Verdict::unknown(&format!("{what} to which it opens {ports}"), value)
            }
        }
    }
}

/// The widest blocks that are let in to the same ports of the same group, put together where
/// they touch.
type Together = BTreeMap<(Option<String>, String), Vec<IpNet>>;

fn together<'a>(scope: &Scope<'a>, all: &[Opening<'a>]) -> Together {
    let mut together = Together::new();
    for opening in all {
        if let Peer::Cidr(value) = opening.peer
            && let Some(block) = net(scope, value)
        {
            let blocks = together.entry(door(scope, opening)).or_default();
            blocks.push(block);
        }
    }
    for blocks in together.values_mut() {
        *blocks = IpNet::aggregate(blocks);
        blocks.retain(is_wide);
    }
    together
}

/// A group and its ports; of ports that are not known, by what they hang on.
fn door<'a>(scope: &Scope<'a>, opening: &Opening<'a>) -> (Option<String>, String) {
    (opening.group_key(scope), format!("{:?}", opening.ports()))
}

fn reach<'a>(scope: &Scope<'a>, opening: &Opening<'a>, together: &Together) -> Reach<'a> {
    match opening.peer {
        Peer::Group(_) | Peer::Own => Reach::Somebody,
        Peer::Nobody => Reach::Nobody,
        Peer::PrefixList(list) => Reach::Unknown("the prefix list", scope.follow(list)),
        Peer::Cidr(value) => {
            let followed = scope.follow(value);
            match net(scope, value) {
                Some(block) if is_public(scope, opening, block, together) => {
                    Reach::Everybody(shown(followed))
                }
                Some(_) => Reach::Somebody,
                None if followed.is_unknown() => Reach::Unknown("the source", followed),
                None => Reach::Unreadable(shown(followed)),
            }
        }
    }
}

/// Whether the block is so wide that it means everybody, by itself or together with the
/// others that are let in to the same ports of the same group.
fn is_public<'a>(
    scope: &Scope<'a>,
    opening: &Opening<'a>,
    block: IpNet,
    together: &Together,
) -> bool {
    let Some(together) = together.get(&door(scope, opening)) else {
        return is_wide(&block);
    };
    together.iter().any(|wide| wide.contains(&block))
}

/// Wider than any private block: 10.0.0.0/8 is the widest of IPv4 (RFC 1918); `fc00::/7` is
/// the one of IPv6 (RFC 4193).
fn is_wide(block: &IpNet) -> bool {
    match block {
        IpNet::V4(block) => block.prefix_len() < 8,
        IpNet::V6(block) => {
            let local =
                Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);
            block.prefix_len() < 16 && !local.contains(block)
        }
    }
}
