//! `data.aws_route53_zone`: a hosted zone, by name or id.
//!
//! Facts: *Amazon Route 53 API Reference*, `ListHostedZonesByName` (zones in order of their
//! labels from the right, those of one name side by side), `GetHostedZone`.
//!
//! *Invariant*: exactly one, or an error that lists what there is.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use aws_sdk_route53::types::HostedZone;

use super::listed;
use crate::aws::{Ask, Aws, Error, ErrorKind};
use crate::diagnostic::did_you_mean;
use crate::value::{Attributes, Value};

const LIST: &str = "route53:ListHostedZonesByName";
const GET: &str = "route53:GetHostedZone";

/// The lookup of `aws_route53_zone`.
pub(in crate::aws) struct Route53Zone;

#[async_trait]
impl Ask for Route53Zone {
    fn permissions(&self) -> &'static [&'static str] {
        &["route53:GetHostedZone", "route53:ListHostedZonesByName"]
    }

    async fn ask(
        &self,
        aws: &Aws,
        _region: &str,
        arguments: &Attributes,
    ) -> Result<Attributes, Error> {
        let text = |name: &str| arguments.get(name).and_then(Value::scalar_text);
        let vpc = text("vpc_id");
        let wants_private = arguments.get("private_zone").and_then(Value::as_bool) == Some(true);
        if let Some(id) = text("zone_id") {
            let answer = get(aws, &id).await?;
            let zone = answer.hosted_zone.as_ref();
            if wants_private && !zone.is_some_and(is_private) {
                let message = format!("the zone {id} is public, and a private one is wanted");
                return Err(Error::new(ErrorKind::Refused, GET, message));
            }
            if let Some(vpc) = vpc.filter(|vpc| !serves(&answer, vpc)) {
                return Err(elsewhere(&vpc, &[answer]));
            }
            return attributes(answer, arguments);
        }
        let Some(name) = text("name") else {
            return Err(Error::new(
                ErrorKind::Refused,
                LIST,
                "a zone is looked up by its name or zone_id, and neither is given",
            ));
        };
        let private = vpc.is_some() || wants_private;
        let mut found = Vec::new();
        let mut others = Vec::new();
        for zone in named(aws, &name).await? {
            if is_private(&zone) != private {
                continue;
            }
            let answer = get(aws, &zone.id).await?;
            if vpc.as_ref().is_none_or(|vpc| serves(&answer, vpc)) {
                found.push(answer);
            } else {
                others.push(answer);
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(zone), true) => attributes(zone, arguments),
            (Some(zone), false) => {
                found.push(zone);
                Err(several(&name, private, &found))
            }
            (None, _) => match vpc {
                Some(vpc) if !others.is_empty() => Err(elsewhere(&vpc, &others)),
                _ => Err(none(&name, private, zones(aws).await.ok())),
            },
        }
    }
}

/// A public zone.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::aws) struct Zone {
    /// Its id, bare.
    pub(in crate::aws) id: String,
    /// Its name, without a dot at its end.
    pub(in crate::aws) name: String,
    /// Its name servers.
    pub(in crate::aws) servers: Vec<String>,
}

/// The account's public zones of this name.
pub(in crate::aws) async fn public_zones(aws: &Aws, name: &str) -> Result<Vec<Zone>, Error> {
    let mut zones = Vec::new();
    for zone in named(aws, name).await? {
        if !is_private(&zone) {
            let answer = get(aws, &zone.id).await?;
            zones.push(Zone {
                id: bare(&zone.id).to_owned(),
                name: undotted(&zone.name).to_owned(),
                servers: servers(&answer),
            });
        }
    }
    Ok(zones)
}

async fn get(aws: &Aws, id: &str) -> Result<GetHostedZoneOutput, Error> {
    aws.route53()
        .get_hosted_zone()
        .id(bare(id))
        .send()
        .await
        .map_err(|error| Error::of(GET, &error))
}

/// Every zone of this name, private ones too.
async fn named(aws: &Aws, name: &str) -> Result<Vec<HostedZone>, Error> {
    let mut found = Vec::new();
    let mut next = (Some(name.to_owned()), None);
    loop {
        let answer = aws
            .route53()
            .list_hosted_zones_by_name()
            .set_dns_name(next.0)
            .set_hosted_zone_id(next.1)
            .send()
            .await
            .map_err(|error| Error::of(LIST, &error))?;
        let more = answer.is_truncated
            && answer
                .next_dns_name
                .as_deref()
                .is_some_and(|next| same(next, name));
        let zones = answer.hosted_zones.into_iter();
        found.extend(zones.filter(|zone| same(&zone.name, name)));
        if !more {
            return Ok(found);
        }
        next = (answer.next_dns_name, answer.next_hosted_zone_id);
    }
}

/// The account's first hundred zones; an error lists no more.
async fn zones(aws: &Aws) -> Result<Vec<HostedZone>, Error> {
    let answer = aws
        .route53()
        .list_hosted_zones()
        .send()
        .await
        .map_err(|error| Error::of("route53:ListHostedZones", &error))?;
    Ok(answer.hosted_zones)
}

/// Whether a private zone answers in this VPC.
fn serves(answer: &GetHostedZoneOutput, vpc: &str) -> bool {
    let mut vpcs = answer.vpcs().iter();
    vpcs.any(|one| one.vpc_id.as_deref() == Some(vpc))
}

/// Private zones that answer in other VPCs.
fn elsewhere(vpc: &str, zones: &[GetHostedZoneOutput]) -> Error {
    let describe = |answer: &GetHostedZoneOutput| {
        let zone = answer.hosted_zone.as_ref();
        let vpcs = answer.vpcs().iter();
        let vpcs: Vec<&str> = vpcs.filter_map(|one| one.vpc_id.as_deref()).collect();
        format!(
            "{} ({}) is associated with {}",
            zone.map_or("", |zone| undotted(&zone.name)),
            zone.map_or("", |zone| bare(&zone.id)),
            if vpcs.is_empty() {
                "no VPC".to_owned()
            } else {
                vpcs.join(", ")
            }
        )
    };
    let id = zones.first().and_then(|answer| answer.hosted_zone.as_ref());
    Error::new(
        ErrorKind::Refused,
        GET,
        format!(
            "nobody in {vpc} would see the records: the private zone {}",
            listed(zones.iter().map(describe).collect())
        ),
    )
    .hint(format!(
        "associate it: `aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {} --vpc VPCRegion=REGION,VPCId={vpc}`; or name a zone of this VPC",
        id.map_or("", |zone| bare(&zone.id))
    ))
}

fn none(name: &str, private: bool, all: Option<Vec<HostedZone>>) -> Error {
    let kind = kind(private);
    let zones: BTreeSet<String> = all
        .unwrap_or_default()
        .iter()
        .filter(|zone| is_private(zone) == private)
        .map(|zone| undotted(&zone.name).to_owned())
        .collect();
    let Some(first) = zones.first() else {
        return Error::new(
            ErrorKind::NotFound,
            LIST,
            format!("the account has no {kind} zone {name}, nor any other that can be seen"),
        )
        .hint(format!(
            "create it in Route 53 and delegate {name} to its name servers, or use the account that has it"
        ));
    };
    // A zone above is the likelier one to be meant than one that is spelt alike.
    let above = zones
        .iter()
        .filter(|zone| undotted(name).ends_with(&format!(".{zone}")))
        .max_by_key(|zone| zone.len())
        .map(String::as_str);
    let near = above.or_else(|| did_you_mean(undotted(name), zones.iter().map(String::as_str)));
    let hint = match near {
        Some(near) => format!("write `zone = \"{near}\"`, or create the zone {name} in Route 53"),
        None => format!(
            "write one of them, such as `zone = \"{first}\"`, or create the zone {name} in Route 53"
        ),
    };
    Error::new(
        ErrorKind::NotFound,
        LIST,
        format!(
            "the account has no {kind} zone {name}; it has {}",
            listed(zones.iter().cloned().collect())
        ),
    )
    .hint(hint)
}

fn several(name: &str, private: bool, found: &[GetHostedZoneOutput]) -> Error {
    let describe = |answer: &GetHostedZoneOutput| {
        let servers = servers(answer);
        let id = answer.hosted_zone.as_ref().map(|zone| bare(&zone.id));
        match servers.first() {
            Some(server) => format!("{} (name server {server})", id.unwrap_or_default()),
            None => id.unwrap_or_default().to_owned(),
        }
    };
    let hint = if private {
        "say which by the VPC that it serves".to_owned()
    } else {
        format!(
            "delete those to which {name} is not delegated; `dig NS {name}` shows the name servers of the right one"
        )
    };
    Error::new(
        ErrorKind::Refused,
        LIST,
        format!(
            "the account has {} {} zones {name}: {}",
            found.len(),
            kind(private),
            listed(found.iter().map(describe).collect())
        ),
    )
    .hint(hint)
}

fn kind(private: bool) -> &'static str {
    if private { "private" } else { "public" }
}

fn is_private(zone: &HostedZone) -> bool {
    zone.config
        .as_ref()
        .is_some_and(|config| config.private_zone)
}

/// An id less the path that Route 53 puts before it.
fn bare(id: &str) -> &str {
    id.trim_start_matches("/hostedzone/")
}

fn undotted(name: &str) -> &str {
    name.trim_end_matches('.')
}

fn same(a: &str, b: &str) -> bool {
    undotted(a).eq_ignore_ascii_case(undotted(b))
}

fn servers(answer: &GetHostedZoneOutput) -> Vec<String> {
    let set = answer.delegation_set.as_ref();
    let mut servers = set.map(|set| set.name_servers.clone()).unwrap_or_default();
    servers.sort();
    servers
}

fn attributes(answer: GetHostedZoneOutput, arguments: &Attributes) -> Result<Attributes, Error> {
    let servers = servers(&answer);
    let Some(zone) = answer.hosted_zone else {
        return Err(Error::new(
            ErrorKind::Uncertain,
            GET,
            "the answer lacks the zone",
        ));
    };
    let private = is_private(&zone);
    let id = bare(&zone.id);
    let comment = zone
        .config
        .as_ref()
        .and_then(|config| config.comment.clone());
    let mut attributes = arguments.clone();
    attributes.extend(
        [
            ("id", Value::from(id)),
            ("zone_id", id.into()),
            ("arn", format!("arn:aws:route53:::hostedzone/{id}").into()),
            ("name", undotted(&zone.name).into()),
            ("private_zone", private.into()),
            ("name_servers", Value::texts(servers.clone())),
            ("primary_name_server", servers.into_iter().next().into()),
            ("comment", comment.into()),
            (
                "resource_record_set_count",
                zone.resource_record_set_count.into(),
            ),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
    use aws_sdk_route53::types::{DelegationSet, HostedZone, HostedZoneConfig};

    use super::{attributes, none, several};
    use crate::value::{Attributes, Value};

    fn zone(id: &str, name: &str, private: bool) -> HostedZone {
        HostedZone::builder()
            .id(format!("/hostedzone/{id}"))
            .name(name)
            .caller_reference("a")
            .config(HostedZoneConfig::builder().private_zone(private).build())
            .build()
            .unwrap()
    }

    fn answer(id: &str, server: &str) -> GetHostedZoneOutput {
        GetHostedZoneOutput::builder()
            .hosted_zone(zone(id, "example.com.", false))
            .delegation_set(
                DelegationSet::builder()
                    .name_servers(server)
                    .build()
                    .unwrap(),
            )
            .build()
    }

    #[track_caller]
    fn check_none(name: &str, message: &str, hint: &str) {
        let all = vec![
            zone("Z1", "example.com.", false),
            zone("Z2", "example.org.", false),
            zone("Z3", "internal.example.", true),
        ];
        let error = none(name, false, Some(all));
        assert_eq!(
            (error.message.as_str(), error.hint.as_deref()),
            (message, Some(hint))
        );
    }

    #[test]
    fn nothing_found_says_what_there_is_and_what_to_write() {
        check_none(
            "exmaple.com",
            "the account has no public zone exmaple.com; it has example.com, example.org",
            "write `zone = \"example.com\"`, or create the zone exmaple.com in Route 53",
        );
        check_none(
            "shop.example.org",
            "the account has no public zone shop.example.org; it has example.com, example.org",
            "write `zone = \"example.org\"`, or create the zone shop.example.org in Route 53",
        );
        let error = none("example.com", false, None);
        assert!(
            error
                .message
                .starts_with("the account has no public zone example.com")
        );
    }

    #[test]
    fn several_of_one_name_are_listed() {
        let found = [answer("Z1", "ns-1"), answer("Z2", "ns-2")];
        assert_eq!(
            several("example.com", false, &found).message,
            "the account has 2 public zones example.com: Z1 (name server ns-1), Z2 (name server ns-2)"
        );
    }

    #[test]
    fn the_answer_speaks_the_provider_s_words() {
        let attributes = attributes(answer("Z1", "ns-1"), &Attributes::new()).unwrap();
        assert_eq!(attributes["zone_id"], Value::from("Z1"));
        assert_eq!(attributes["name"], Value::from("example.com"));
        assert_eq!(attributes["name_servers"], Value::texts(["ns-1"]));
        assert_eq!(
            attributes["arn"],
            Value::from("arn:aws:route53:::hostedzone/Z1")
        );
    }
}
