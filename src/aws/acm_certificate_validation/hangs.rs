//! Why a certificate waits: what public DNS shows of its proofs and, where the records are
//! ours, what Route 53 itself has.
//!
//! Facts: *Amazon Route 53 API Reference*, `ListResourceRecordSets` (from a name and type
//! on); *AWS Certificate Manager User Guide*, "Troubleshoot DNS validation problems".
//!
//! *Invariant*: it fails only where waiting can't help. That something can't be found out is
//! said, and the wait goes on.

use std::time::Duration;

use aws_sdk_acm::types::{CertificateDetail, DomainStatus};
use aws_sdk_route53::types::RrType;
use futures::future::join_all;

use crate::aws::data::route53_zone::{Zone, public_zones};
use crate::aws::{Aws, Error, Settled};
use crate::dns::{self, Proof, Sight};

/// Nobody is asked before: a record that was made a moment ago may not be public yet, and
/// resolvers remember for minutes that they did not find it.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// How long a zone may be delegated elsewhere before that counts as a mistake: somebody may
/// be about to change it.
const GRACE: Duration = Duration::from_mins(2);

/// What is found out about one proof.
#[derive(Debug, PartialEq)]
enum Cause {
    /// It will never be issued as things stand.
    Hopeless(String),
    /// What is to be seen.
    Seen(String),
    /// Nobody could be asked.
    Silent,
}

/// The wait that ACM reports, with what hangs. `by_hand`: the records are somebody else's.
pub(super) async fn explained(
    aws: &Aws,
    detail: &CertificateDetail,
    settled: Settled,
    by_hand: bool,
    waited: Duration,
) -> Settled {
    let Settled::Waiting { what, detail: said } = settled else {
        return settled;
    };
    if waited < FIRST_LOOK && !by_hand {
        return Settled::Waiting { what, detail: said };
    }
    let proofs = proofs(detail);
    let causes = join_all(
        proofs
            .iter()
            .map(|proof| cause(aws, proof, by_hand, waited)),
    )
    .await;
    let mut seen: Vec<String> = Vec::new();
    for cause in causes {
        let text = match cause {
            Cause::Hopeless(why) => return Settled::Failed { why },
            Cause::Seen(text) => text,
            Cause::Silent => "public DNS could not be asked".to_owned(),
        };
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    let status = detail
        .status
        .as_ref()
        .map_or("no status yet", |status| status.as_str());
    let detail = if seen.is_empty() {
        said
    } else {
        format!("{status}, {}", seen.join("; "))
    };
    Settled::Waiting { what, detail }
}

/// The proofs that ACM has not seen.
fn proofs(detail: &CertificateDetail) -> Vec<Proof> {
    detail
        .domain_validation_options()
        .iter()
        .filter(|option| option.validation_status != Some(DomainStatus::Success))
        .filter_map(|option| {
            let record = option.resource_record.as_ref()?;
            Some(Proof {
                domain: option.domain_name.clone(),
                record: dns::plain(&record.name),
                value: dns::plain(&record.value),
            })
        })
        .collect()
}

async fn cause(aws: &Aws, proof: &Proof, by_hand: bool, waited: Duration) -> Cause {
    let sight = dns::look(aws.dns(), proof).await;
    let is_missing = matches!(sight, Sight::Absent | Sight::Other(_));
    if is_missing
        && !by_hand
        && let Ok(Some(zone)) = zone_of(aws, proof).await
    {
        let public = match &zone {
            (zone, true) => dns::delegation(aws.dns(), &zone.name, &zone.servers).await,
            _ => None,
        };
        return in_route53(proof, &zone, public.as_deref(), waited);
    }
    seen(proof, sight)
}

/// What public DNS shows.
fn seen(proof: &Proof, sight: Sight) -> Cause {
    let Proof { record, value, .. } = proof;
    Cause::Seen(match sight {
        Sight::Excluded(why) => {
            return Cause::Hopeless(format!(
                "no certificate can be issued for {}: {why}",
                proof.domain
            ));
        }
        Sight::Silent => return Cause::Silent,
        Sight::Failing(code) => format!("public DNS answers {code} for {record}"),
        Sight::Absent => format!("`{record}. CNAME {value}.` is not in public DNS yet"),
        Sight::Other(values) => format!(
            "{record} leads to {} in public DNS, and must be `{record}. CNAME {value}.`",
            values.join(", ")
        ),
        Sight::There => format!("{record} is in public DNS, ACM has yet to see it"),
    })
}

/// What Route 53 has where public DNS does not show the proof. `public`: whom the world asks
/// about the zone, if not the zone's own name servers.
fn in_route53(
    proof: &Proof,
    (zone, holds): &(Zone, bool),
    public: Option<&[String]>,
    waited: Duration,
) -> Cause {
    let record = &proof.record;
    let named = format!("the zone {} ({})", zone.name, zone.id);
    if !holds {
        return Cause::Seen(format!("{record} is not in {named}"));
    }
    let Some(public) = public else {
        return Cause::Seen(format!("{record} is in {named}, not in public DNS yet"));
    };
    let servers = zone.servers.join(", ");
    let asked = match public {
        [] => "the world asks nobody about it".to_owned(),
        others => format!("the world asks {}", others.join(", ")),
    };
    let why = format!("{named} is not delegated to its name servers {servers}: {asked}");
    if waited < GRACE {
        return Cause::Seen(why);
    }
    Cause::Hopeless(format!(
        "{why}; let the registrar, or the zone above, name these servers for {}, or write `zone_id` with the zone that the world asks, or `dns = \"manual\"` where it is not in this account",
        zone.name
    ))
}

/// The public zone that has the proof, else one that should; and whether it has it.
async fn zone_of(aws: &Aws, proof: &Proof) -> Result<Option<(Zone, bool)>, Error> {
    let mut without = None;
    for name in dns::climb(&proof.record).skip(1) {
        for zone in public_zones(aws, name).await? {
            if holds(aws, &zone, proof).await? {
                return Ok(Some((zone, true)));
            }
            without.get_or_insert((zone, false));
        }
        if without.is_some() {
            break;
        }
    }
    Ok(without)
}

async fn holds(aws: &Aws, zone: &Zone, proof: &Proof) -> Result<bool, Error> {
    let answer = aws
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(&zone.id)
        .start_record_name(&proof.record)
        .start_record_type(RrType::Cname)
        .max_items(1)
        .send()
        .await
        .map_err(|error| Error::of("route53:ListResourceRecordSets", &error))?;
    Ok(answer.resource_record_sets.iter().any(|set| {
        let values = set.resource_records().iter();
        dns::plain(&set.name) == proof.record
            && set.r#type == RrType::Cname
            && values
                .into_iter()
                .any(|one| dns::plain(&one.value) == proof.value)
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Cause, GRACE, in_route53, seen};
    use crate::aws::data::route53_zone::Zone;
    use crate::dns::{Proof, Sight};

    fn proof() -> Proof {
        Proof {
            domain: "shop.example.com".to_owned(),
            record: "_a1.shop.example.com".to_owned(),
            value: "_b2.acm-validations.aws".to_owned(),
        }
    }

    /// What is said; `!` before what ends the wait.
    #[track_caller]
    fn check(cause: Cause, expected: &str) {
        let said = match cause {
            Cause::Hopeless(why) => format!("!{why}"),
            Cause::Seen(text) => text,
            Cause::Silent => "-".to_owned(),
        };
        assert!(said.starts_with(expected), "{said}");
    }

    #[test]
    fn a_wait_says_what_public_dns_shows() {
        let check = |sight, expected| check(seen(&proof(), sight), expected);
        check(Sight::Silent, "-");
        check(
            Sight::Absent,
            "`_a1.shop.example.com. CNAME _b2.acm-validations.aws.` is not in public DNS yet",
        );
        check(
            Sight::Other(vec!["old.acm-validations.aws".to_owned()]),
            "_a1.shop.example.com leads to old.acm-validations.aws in public DNS, and must be `_a1.shop.example.com. CNAME _b2.acm-validations.aws.`",
        );
        check(
            Sight::There,
            "_a1.shop.example.com is in public DNS, ACM has yet to see it",
        );
        check(
            Sight::Failing("SERVFAIL".to_owned()),
            "public DNS answers SERVFAIL for _a1.shop.example.com",
        );
        check(
            Sight::Excluded("the CAA record of example.com lets nobody issue".to_owned()),
            "!no certificate can be issued for shop.example.com: the CAA record of example.com lets nobody issue",
        );
    }

    #[test]
    fn route_53_itself_says_whether_it_has_the_record_and_who_is_asked() {
        let zone = Zone {
            id: "Z1".to_owned(),
            name: "example.com".to_owned(),
            servers: vec!["ns-1.awsdns-1.org".to_owned()],
        };
        let said = |holds, public: Option<&[String]>, waited| {
            in_route53(&proof(), &(zone.clone(), holds), public, waited)
        };
        let soon = Duration::from_secs(20);
        check(
            said(false, None, GRACE),
            "_a1.shop.example.com is not in the zone example.com (Z1)",
        );
        check(
            said(true, None, GRACE),
            "_a1.shop.example.com is in the zone example.com (Z1), not in public DNS yet",
        );
        let others = ["ns.other.net".to_owned()];
        let elsewhere = "the zone example.com (Z1) is not delegated to its name servers ns-1.awsdns-1.org: the world asks ns.other.net";
        check(said(true, Some(&others), soon), elsewhere);
        check(
            said(true, Some(&others), GRACE),
            &format!("!{elsewhere}; let the registrar"),
        );
        check(
            said(true, Some(&[]), soon),
            "the zone example.com (Z1) is not delegated to its name servers ns-1.awsdns-1.org: the world asks nobody about it",
        );
    }
}
