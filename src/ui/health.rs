//! Whether services answer; where one doesn't, why, and what to do.
//!
//! *Invariant*: AWS's own reason is always shown before any advice.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::style::{BOLD, CYAN, GREEN, RED, YELLOW, paint};
use super::value::show;
use crate::aws::target_health::Target;
use crate::health::{Health, Passage};
use crate::refresh::Known;
use crate::value::{Reference, Value};

/// One look at a service that is waited for.
#[must_use]
pub fn waiting(health: &Health) -> String {
    let targets: Vec<String> = health.targets.iter().map(state).collect();
    format!(
        "{}: waiting for a healthy target: {} [{}s]\n",
        health.service.address,
        targets.join(", "),
        health.waited.as_secs()
    )
}

/// How services are at the end.
#[must_use]
pub fn report(all: &[Health], known: &Known) -> String {
    let mut text = String::new();
    for health in all {
        text.push_str(&one(health, known));
    }
    text
}

/// The same as a line for programs.
#[must_use]
pub fn json(all: &[Health]) -> String {
    let services: Vec<_> = all
        .iter()
        .map(|health| {
            let targets: Vec<_> = health
                .targets
                .iter()
                .map(|target| {
                    json!({
                        "target": target.name,
                        "state": target.state,
                        "reason": target.reason,
                        "description": target.description,
                    })
                })
                .collect();
            json!({
                "address": health.service.address,
                "target_group_arn": health.id.text,
                "healthy": health.is_healthy(),
                "expected_targets": health.service.targets,
                "targets": targets,
            })
        })
        .collect();
    format!("{}\n", json!({ "event": "health", "services": services }))
}

fn one(health: &Health, known: &Known) -> String {
    let address = paint(BOLD, &health.service.address.to_string());
    let healthy = health
        .targets
        .iter()
        .filter(|target| target.state == "healthy")
        .count();
    if healthy > 0 {
        let n = health.targets.len();
        let answer = paint(GREEN, "answers");
        return format!("{address}: {answer}, {healthy} of {n} targets healthy\n");
    }
    if health.targets.is_empty() {
        return nothing_registered(health, known);
    }
    let mut text = format!("{address}: {}\n", paint(RED, "no target is healthy"));
    for target in &health.targets {
        line(&mut text, 2, &state(target));
        if let Some(description) = &target.description {
            line(&mut text, 4, description);
        }
    }
    let checked = format!("the health check asks {}", health.service.check);
    line(&mut text, 2, &checked);
    line(&mut text, 2, "what the security groups let through:");
    for passage in &health.service.passages {
        line(&mut text, 4, &let_through(passage, known));
    }
    if health.service.passages.is_empty() {
        line(&mut text, 4, "nothing, by the rules of this spec");
    }
    for advice in advice(health) {
        line(&mut text, 2, &format!("{} {advice}", paint(CYAN, "help:")));
    }
    text
}

/// Nobody is there yet: what to register, and with which group.
fn nothing_registered(health: &Health, known: &Known) -> String {
    let service = &health.service;
    let groups: Vec<String> = service
        .passages
        .iter()
        .filter(|passage| !passage.leaves)
        .map(|passage| named(&passage.group, known))
        .collect();
    let port = service
        .port
        .map_or_else(|| "PORT".to_owned(), |port| port.to_string());
    let mut text = format!(
        "{}: {}\n",
        paint(BOLD, &service.address.to_string()),
        paint(YELLOW, "nothing is registered yet, so nothing answers")
    );
    line(
        &mut text,
        2,
        &format!(
            "register what speaks {} on port {port}: `targets` in the spec, a service or scaling group that is given this target group, or",
            service.protocol
        ),
    );
    line(
        &mut text,
        4,
        &format!(
            "aws elbv2 register-targets --region {} --target-group-arn {} --targets Id=ADDRESS,Port={port}",
            health.id.region, health.id.text
        ),
    );
    if !groups.is_empty() {
        let groups = groups.join(", ");
        line(
            &mut text,
            2,
            &format!("its machines need the security group {groups}"),
        );
    }
    text
}

/// What may be wrong, by AWS's reasons.
///
/// Source: "Target health reason codes" of the user guide for Application Load Balancers; and
/// "Target groups for your Application Load Balancers": the load balancer encrypts to its
/// targets and does not validate their certificates.
fn advice(health: &Health) -> Vec<String> {
    let reasons: BTreeSet<&str> = health
        .targets
        .iter()
        .filter_map(|target| target.reason.as_deref())
        .collect();
    let port = health
        .service
        .port
        .map_or_else(|| "its port".to_owned(), |port| format!("port {port}"));
    let mut advice = Vec::new();
    for reason in reasons {
        advice.push(match reason {
            "Target.FailedHealthChecks" => format!(
                "the target may not speak TLS on {port}, or nothing listens there. {RECIPE}"
            ),
            "Target.Timeout" => format!(
                "nothing came back from {port}: does the machine run, has it the security group above, and do the ACLs of its network let the answer out?"
            ),
            "Target.ResponseCodeMismatch" => {
                "TLS works, and the path answers another code: set `health_check_path` to one that answers 200".to_owned()
            }
            "Elb.RegistrationInProgress" | "Elb.InitialHealthChecking" => {
                "AWS has not finished its first checks; wait, or look again with `watertight apply`".to_owned()
            }
            "Target.NotInUse" => {
                "no listener sends it traffic, or the load balancer is not in its zone: add a subnet of that zone to `subnets`".to_owned()
            }
            "Target.InvalidState" => "the instance is stopped or gone".to_owned(),
            "Target.IpUnusable" => {
                "the address belongs to a load balancer and can't be a target".to_owned()
            }
            other => format!("AWS says {other}"),
        });
    }
    advice
}

/// How a target comes to speak TLS.
const RECIPE: &str = "The load balancer encrypts to it and does not check its certificate, so one \
     that it signs itself is enough:
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 3650 -subj /CN=service -keyout key.pem -out cert.pem
    and have the service listen with the two, as in nginx:
      listen 8443 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3;";

fn state(target: &Target) -> String {
    let reason = target
        .reason
        .as_ref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    format!("{} {}{reason}", target.name, target.state)
}

fn let_through(passage: &Passage, known: &Known) -> String {
    let group = named(&passage.group, known);
    let mut references = Vec::new();
    passage.peer.references(&mut references);
    let peer = match references.first() {
        Some(reference) => named(&reference.target, known),
        None => show(&passage.peer, 0),
    };
    if passage.leaves {
        format!("{group} lets out {} to {peer}", passage.ports)
    } else {
        format!("{group} lets in {} from {peer}", passage.ports)
    }
}

/// An address and what AWS calls it.
fn named(address: &crate::address::Address, known: &Known) -> String {
    let id = known.value(&Reference::to(address.clone(), "id"));
    match id.as_ref().and_then(Value::as_str) {
        Some(id) => format!("{id} ({address})"),
        None => address.to_string(),
    }
}

fn line(text: &mut String, indent: usize, said: &str) {
    let _infallible = writeln!(text, "{:indent$}{said}", "");
}
