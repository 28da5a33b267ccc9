//! Whether what was made is of use: whether the services behind load balancers answer.
//!
//! In: what is desired, and what references resolve to after an apply. Out: a [`Health`] for
//! each target group, with AWS's reasons and what the spec's security groups let through.
//!
//! *Invariant*: nothing is changed; a service that does not answer makes no resource undone.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::address::Address;
use crate::aws::target_health::{Target, targets};
use crate::aws::{Aws, Error};
use crate::refresh::Known;
use crate::resource::{Desired, Id, Resource};
use crate::value::{Reference, Value};

/// A target group of the spec, and what is said about it there.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The target group.
    pub address: Address,
    /// Its region.
    pub region: String,
    /// The port on which targets listen, where it is fixed.
    pub port: Option<i64>,
    /// `HTTPS`.
    pub protocol: String,
    /// How its health is checked: `HTTPS /healthz on port 8443, to answer 200`.
    pub check: String,
    /// How many targets the spec registers.
    pub targets: usize,
    /// What the groups of its load balancers let through to that port.
    pub passages: Vec<Passage>,
}

/// A rule by which traffic reaches targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The group that has the rule.
    pub group: Address,
    /// Whether traffic leaves by it; else it comes in.
    pub leaves: bool,
    /// `TCP 8443`.
    pub ports: String,
    /// A network, a prefix list or a group.
    pub peer: Value,
}

/// How a target group is.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The service.
    pub service: Service,
    /// Its target group's ARN.
    pub id: Id,
    /// Everything that is registered, whoever did it.
    pub targets: Vec<Target>,
    /// How long was waited.
    pub waited: Duration,
}

impl Health {
    /// Whether one target at least gets traffic.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.targets.iter().any(|target| target.state == "healthy")
    }

    /// Whether the spec names targets, and none of them is well.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.service.targets > 0 && !self.is_healthy()
    }
}

/// The target groups of a spec that get traffic.
#[must_use]
pub fn services(desired: &Desired) -> Vec<Service> {
    of_kind(desired, "aws_lb_target_group")
        .map(|group| service(desired, group))
        .collect()
}

/// Looks until every service of which the spec names targets has a healthy one, or for as
/// long as `patience` lasts; the others are looked at once. `known` is what references
/// resolve to; `tell` hears of each look whose words are new. A group that does not stand is
/// left out.
///
/// # Errors
/// A call that failed for another reason than one that passes, which the SDK repeats.
pub async fn wait(
    aws: &Aws,
    services: &[Service],
    known: &Known,
    patience: Duration,
    tell: &mut (dyn FnMut(&Health) + Send),
) -> Result<Vec<Health>, Error> {
    let began = Instant::now();
    let mut all = Vec::new();
    for service in services {
        let arn = known.value(&Reference::to(service.address.clone(), "arn"));
        let Some(arn) = arn.as_ref().and_then(Value::as_str) else {
            continue;
        };
        let id = Id {
            region: service.region.clone(),
            text: arn.to_owned(),
        };
        let mut pause = Duration::from_secs(1);
        let mut told: Option<Vec<Target>> = None;
        let health = loop {
            let targets = targets(aws, &id).await?;
            let health = Health {
                service: service.clone(),
                id: id.clone(),
                targets,
                waited: began.elapsed(),
            };
            if !health.has_failed() || began.elapsed() + pause > patience {
                break health;
            }
            if told.as_ref() != Some(&health.targets) {
                tell(&health);
                told = Some(health.targets);
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f64(1.5).min(Duration::from_secs(10));
        };
        all.push(health);
    }
    Ok(all)
}

fn service(desired: &Desired, group: &Resource) -> Service {
    let text = |path: &str| group.get(path).scalar_text().unwrap_or_default();
    let port = group.get("port").as_int();
    let check_port = match text("health_check.port") {
        port if port.is_empty() || port == "traffic-port" => text("port"),
        other => other,
    };
    let targets = of_kind(desired, "aws_lb_target_group_attachment")
        .filter(|target| refers(target.get("target_group_arn"), &group.address))
        .count();
    Service {
        address: group.address.clone(),
        region: group.region.clone(),
        port,
        protocol: text("protocol"),
        check: format!(
            "{} {} on port {check_port}, to answer {}",
            text("health_check.protocol"),
            text("health_check.path"),
            text("health_check.matcher"),
        ),
        targets,
        passages: passages(desired, group, port),
    }
}

/// What leaves the groups of the load balancers that forward to a target group, on its port,
/// and what the groups that it is let out to let in.
fn passages(desired: &Desired, group: &Resource, port: Option<i64>) -> Vec<Passage> {
    let balancers: BTreeSet<&Address> = desired
        .resources
        .values()
        .filter(|user| user.address.kind.starts_with("aws_lb_listener"))
        .filter(|user| user.dependencies().contains(&group.address))
        .flat_map(|user| targets_of(user.get("load_balancer_arn")))
        .collect();
    let from: BTreeSet<&Address> = balancers
        .into_iter()
        .filter_map(|balancer| desired.resources.get(balancer))
        .flat_map(|balancer| targets_of(balancer.get("security_groups")))
        .collect();
    let mut passages = Vec::new();
    let mut to: BTreeSet<&Address> = BTreeSet::new();
    for rule in of_kind(desired, "aws_vpc_security_group_egress_rule") {
        for group in targets_of(rule.get("security_group_id")) {
            if from.contains(group) && admits(rule, port) {
                to.extend(targets_of(rule.get("referenced_security_group_id")));
                passages.push(passage(rule, group, true));
            }
        }
    }
    for rule in of_kind(desired, "aws_vpc_security_group_ingress_rule") {
        for group in targets_of(rule.get("security_group_id")) {
            if to.contains(group) && admits(rule, port) {
                passages.push(passage(rule, group, false));
            }
        }
    }
    passages
}

fn passage(rule: &Resource, group: &Address, leaves: bool) -> Passage {
    const PEERS: &[&str] = &[
        "referenced_security_group_id",
        "cidr_ipv4",
        "cidr_ipv6",
        "prefix_list_id",
    ];
    let ports = [rule.get("from_port").as_int(), rule.get("to_port").as_int()];
    let protocol = rule.get("ip_protocol").as_str().unwrap_or_default();
    Passage {
        group: group.clone(),
        leaves,
        ports: match ports {
            _ if protocol == "-1" => "anything".to_owned(),
            [Some(from), Some(to)] if from == to => format!("{} {from}", protocol.to_uppercase()),
            [Some(from), Some(to)] => format!("{} {from} to {to}", protocol.to_uppercase()),
            _ => protocol.to_uppercase(),
        },
        peer: PEERS
            .iter()
            .map(|peer| rule.get(peer))
            .find(|peer| !peer.is_null())
            .cloned()
            .unwrap_or_default(),
    }
}

/// Whether a rule is for this port; a port that is not fixed is every one.
fn admits(rule: &Resource, port: Option<i64>) -> bool {
    let Some(port) = port else { return true };
    let from = rule.get("from_port").as_int().unwrap_or(0);
    let to = rule.get("to_port").as_int().unwrap_or(65_535);
    rule.get("ip_protocol").as_str() == Some("-1") || (from..=to).contains(&port)
}

fn of_kind<'a>(desired: &'a Desired, kind: &str) -> impl Iterator<Item = &'a Resource> {
    let resources = desired.resources.values();
    resources.filter(move |resource| resource.address.kind == kind)
}

fn targets_of(value: &Value) -> impl Iterator<Item = &Address> {
    let mut references = Vec::new();
    value.references(&mut references);
    references.into_iter().map(|reference| &reference.target)
}

fn refers(value: &Value, address: &Address) -> bool {
    targets_of(value).any(|target| target == address)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::services;
    use crate::blueprint::Library;
    use crate::diagnostic::Source;
    use crate::pipeline;

    #[test]
    fn a_service_knows_its_way() {
        let source = Source {
            name: "shop.toml".to_owned(),
            text: "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
                   [components.web]\nblueprint = \"https-service\"\n\
                   domain = \"shop.example.com\"\nport = 8443\nhealth_check_path = \"/up\"\n\
                   targets = [\"10.0.1.10\", \"10.0.2.10\"]\n"
                .to_owned(),
        };
        let desired = pipeline::expand(&Arc::new(source), None, &Library::embedded()).unwrap();
        let services = services(&desired);
        let [service] = services.as_slice() else {
            panic!("{services:?}");
        };
        assert_eq!(service.address.to_string(), "web.aws_lb_target_group.app");
        assert_eq!(service.targets, 2);
        assert_eq!(service.check, "HTTPS /up on port 8443, to answer 200");
        let passages: Vec<String> = service
            .passages
            .iter()
            .map(|passage| {
                let way = if passage.leaves { "to" } else { "from" };
                format!(
                    "{} {} {way} {}",
                    passage.group.local(),
                    passage.ports,
                    passage.peer.to_json()
                )
            })
            .collect();
        assert_eq!(
            passages,
            [
                "aws_security_group.lb TCP 8443 to \"${web.aws_security_group.app.id}\"",
                "aws_security_group.app TCP 8443 from \"${web.aws_security_group.lb.id}\"",
            ]
        );
    }
}
