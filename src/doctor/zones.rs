//! Whether the world asks Route 53 about the zones of a spec: without that, no certificate
//! is validated and nobody finds the service.
//!
//! *Invariant*: that public DNS can't be asked is never a failure of the spec.

use std::time::Duration;

use super::Line;
use crate::aws::Aws;
use crate::dns::{Kind, plain};
use crate::resource::Lookups;
use crate::value::{Attributes, Value};

const CHECK: &str = "delegation";

/// How long public DNS has for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line for each public zone that the spec looks up.
pub(super) async fn check(aws: &Aws, lookups: &Lookups) -> Vec<Line> {
    let zones = lookups
        .iter()
        .filter(|(address, _)| address.kind == "aws_route53_zone")
        .map(|(_, found)| found)
        .filter(|found| found.get("private_zone").and_then(Value::as_bool) != Some(true));
    let mut zones: Vec<(String, Vec<String>)> = zones.filter_map(zone).collect();
    zones.sort();
    zones.dedup();
    let lines = zones.iter().map(|(name, own)| one(aws, name, own));
    futures::future::join_all(lines).await
}

/// A zone's name and its name servers in Route 53.
fn zone(found: &Attributes) -> Option<(String, Vec<String>)> {
    let name = plain(found.get("name")?.as_str()?);
    let servers = found.get("name_servers")?.items();
    let servers = servers.iter().filter_map(Value::as_str);
    Some((name, servers.map(plain).collect()))
}

async fn one(aws: &Aws, name: &str, own: &[String]) -> Line {
    let asked = tokio::time::timeout(PATIENCE, aws.dns().names(name, Kind::Ns)).await;
    let Ok(Ok(public)) = asked else {
        return Line::warning(CHECK, format!("public DNS could not be asked about {name}"))
            .hint("it is asked over HTTPS; WATERTIGHT_DNS names another resolver");
    };
    let delegate = format!(
        "at the registrar, or in the zone above, give {name} the name servers {}",
        own.join(", ")
    );
    if public.iter().any(|server| own.contains(server)) {
        Line::ok(CHECK, format!("{name} is asked of Route 53"))
    } else if public.is_empty() {
        Line::failure(CHECK, format!("nobody is asked about {name}")).hint(delegate)
    } else {
        let public = public.join(", ");
        Line::failure(
            CHECK,
            format!("about {name} the world asks {public}, not this zone of Route 53"),
        )
        .hint(delegate)
        .hint("or leave the records to whoever has the zone: `dns = \"manual\"`")
    }
}
