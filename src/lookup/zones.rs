//! Whether the subnets that were looked up can hold the load balancers that name them.
//!
//! In: the desired resources and what the lookups found. Out: diagnostics.
//! Facts: *Elastic Load Balancing API Reference*, `CreateLoadBalancer` (`Subnets`: one
//! subnet a zone; an Application Load Balancer needs two zones).
//!
//! *Invariant*: pure; it judges what was found and asks nothing.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::resource::{Desired, Lookups, Resource};
use crate::value::{Step, Value};

/// Every load balancer whose subnets, taken from a lookup, lie in fewer zones than it
/// needs, or two of them in one.
pub(super) fn check(desired: &Desired, lookups: &Lookups) -> Vec<Diagnostic> {
    let balancers = desired.resources.values();
    balancers
        .filter(|resource| resource.address.kind == "aws_lb")
        .filter_map(|balancer| check_one(desired, balancer, lookups))
        .collect()
}

fn check_one(desired: &Desired, balancer: &Resource, lookups: &Lookups) -> Option<Diagnostic> {
    let Value::Reference(reference) = balancer.get("subnets") else {
        return None;
    };
    if reference.path != [Step::Attribute("ids".to_owned())] {
        return None;
    }
    let zones = lookups.get(&reference.target)?.get("availability_zones")?;
    let mut by_zone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (subnet, zone) in zones.as_map()? {
        by_zone.entry(zone.as_str()?).or_default().push(subnet);
    }
    let application = balancer.get("load_balancer_type").as_str() != Some("network");
    let too_few = application && by_zone.len() < 2;
    let crowded: Vec<&str> = by_zone
        .iter()
        .filter(|(_, subnets)| subnets.len() > 1)
        .map(|(zone, _)| *zone)
        .collect();
    let address = &balancer.address;
    let problem = if too_few {
        format!("{address} needs subnets in two availability zones")
    } else if crowded.is_empty() {
        return None;
    } else {
        format!(
            "{address} takes one subnet a zone, and there are several in {}",
            crowded.join(", ")
        )
    };
    let choice: Vec<String> = by_zone
        .values()
        .filter_map(|subnets| Some(format!("\"{}\"", subnets.first()?)))
        .collect();
    let hint = if too_few {
        "create a subnet in another zone of the VPC, or choose another VPC".to_owned()
    } else {
        format!("write one a zone: `subnets = [{}]`", choice.join(", "))
    };
    let found: Vec<String> = by_zone
        .iter()
        .map(|(zone, subnets)| format!("{zone} has {}", subnets.join(" and ")))
        .collect();
    let message = format!("{problem}: {}", found.join(", "));
    let looked_up = desired.lookups.get(&reference.target);
    let origin = balancer.origin_of("subnets");
    let spec = origin.spec.as_ref().or(balancer.origin.spec.as_ref());
    let places: [Option<&Span>; 3] = [
        spec,
        origin.blueprint.as_ref(),
        looked_up.and_then(|lookup| lookup.origin.blueprint.as_ref()),
    ];
    let located = places
        .into_iter()
        .flatten()
        .fold(Diagnostic::error(message), |diagnostic, span| {
            diagnostic.at(span.clone(), "")
        });
    Some(located.hint(hint))
}
