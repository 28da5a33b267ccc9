//! What a reviewer has to know of a change before it is merged.
//!
//! In: [`Approved`] and its [`Plan`], or a [`Refusal`]. Out: a [`Report`]: the guardrails that
//! each resource satisfies, what is waived and by whom, what will change, and what is billed.
//!
//! *Invariant*: pure, and the same for the same input. No price is told, as it hangs on
//! contract, region and use; what is counted is what the prices are for.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::address::Address;
use crate::diagnostic::Span;
use crate::guardrail::{self, Approved, Finding, RULES, Refusal, Severity};
use crate::plan::by_hand::ByHand;
use crate::plan::{Action, Change, Plan, Problem};
use crate::resource::{Desired, Resource};
use crate::value::Value;

/// The version of the report's form.
pub const FORMAT: &str = "1.0";

/// All of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format_version: &'static str,
    /// The application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// Region where the spec names no other.
    pub region: String,
    /// The account that was looked at; none offline.
    pub account: Option<String>,
    /// What the guardrails do not let pass; then there is nothing else.
    pub refused: Vec<Judged>,
    /// What they say of the rest.
    pub security: Security,
    /// What will be done, in order.
    pub changes: Vec<Change>,
    /// How many resources are as they should be.
    pub unchanged: usize,
    /// What stands in the way of the plan.
    pub problems: Vec<Problem>,
    /// What is worth knowing of it.
    pub notes: Vec<String>,
    /// DNS records that somebody has to make elsewhere.
    pub by_hand: Vec<ByHand>,
    /// What is paid for.
    pub billed: Vec<Billed>,
}

/// What the guardrails say.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Security {
    /// Every rule, and of how many resources it holds.
    pub rules: Vec<Held>,
    /// Every resource, and the ids of the rules that it satisfies.
    pub resources: Vec<(Address, Vec<&'static str>)>,
    /// What is let pass all the same.
    pub waived: Vec<Waived>,
    /// What is judged only when lookups have been read; nothing once AWS was asked.
    pub waiting: Vec<Judged>,
    /// What is to be said of the waivers: that they have ended, that nothing needs them.
    pub warnings: Vec<String>,
}

/// A rule that holds.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Its id.
    pub rule: &'static str,
    /// What holds.
    pub title: &'static str,
    /// How bad it would be if it did not.
    pub severity: Severity,
    /// Who asks for it.
    pub controls: &'static [&'static str],
    /// Of how many resources.
    pub resources: usize,
}

/// What a rule says of a resource.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// The rule's id.
    pub rule: &'static str,
    /// The resource.
    pub address: Address,
    /// What is wrong, or not known.
    pub message: String,
    /// What to do.
    pub fix: &'static str,
    /// The user's line.
    pub at: Option<Span>,
}

/// What is let pass.
#[derive(Clone, Debug, Serialize)]
pub struct Waived {
    /// The rule's id.
    pub rule: &'static str,
    /// The resource.
    pub address: Address,
    /// What is wrong with it.
    pub message: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it is needed.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
}

/// Something that is paid for.
#[derive(Clone, Debug, Serialize)]
pub struct Billed {
    /// What it is.
    pub what: &'static str,
    /// What is paid for.
    pub basis: &'static str,
    /// The page of AWS that says so.
    pub page: &'static str,
    /// How many there are once the plan is carried out.
    pub count: usize,
    /// How many more that is than now, by the plan.
    pub change: isize,
}

/// Resources that are paid for: type, name, what is paid for, and the page of AWS that says so.
/// A type that is missing costs nothing of its own.
static BILLED: &[(&str, &str, &str, &str)] = &[
    (
        "aws_lb",
        "load balancers",
        "each hour, and capacity units; one that faces the internet, a public IPv4 address in each zone too",
        "https://aws.amazon.com/elasticloadbalancing/pricing/",
    ),
    (
        "aws_nat_gateway",
        "NAT gateways",
        "each hour, and each GB that passes",
        "https://aws.amazon.com/vpc/pricing/",
    ),
    (
        "aws_eip",
        "public IPv4 addresses",
        "each hour",
        "https://aws.amazon.com/vpc/pricing/",
    ),
    (
        "aws_vpc_endpoint",
        "interface endpoints, one in each zone",
        "each hour, and each GB that passes",
        "https://aws.amazon.com/privatelink/pricing/",
    ),
    (
        "aws_kms_key",
        "KMS keys",
        "each month, and requests",
        "https://aws.amazon.com/kms/pricing/",
    ),
    (
        "aws_route53_zone",
        "hosted zones",
        "each month, and queries",
        "https://aws.amazon.com/route53/pricing/",
    ),
    (
        "aws_cloudfront_distribution",
        "distributions",
        "requests, and each GB that leaves",
        "https://aws.amazon.com/cloudfront/pricing/",
    ),
    (
        "aws_s3_bucket",
        "buckets",
        "each GB kept, and requests",
        "https://aws.amazon.com/s3/pricing/",
    ),
    (
        "aws_flow_log",
        "flow logs",
        "each GB that is delivered",
        "https://aws.amazon.com/cloudwatch/pricing/",
    ),
];

/// The report of a plan. `asked` says whether AWS was asked: then nothing waits for lookups.
#[must_use]
pub fn planned(approved: &Approved, plan: &Plan, asked: bool) -> Report {
    let desired = approved.desired();
    let security = security(approved, asked);
    let is_told = |note: &&String| security.warnings.contains(note);
    Report {
        format_version: FORMAT,
        app: plan.app.clone(),
        environment: plan.environment.clone(),
        region: plan.region.clone(),
        account: plan.account.clone(),
        refused: Vec::new(),
        changes: plan.steps.iter().map(|step| step.change.clone()).collect(),
        unchanged: plan.unchanged.len(),
        problems: plan.problems.clone(),
        notes: plan
            .notes
            .iter()
            .filter(|note| !is_told(note))
            .cloned()
            .collect(),
        by_hand: plan.by_hand.clone(),
        billed: billed(desired, plan),
        security,
    }
}

/// The report of what is refused.
#[must_use]
pub fn refused(desired: &Desired, refusal: &Refusal) -> Report {
    let refuse = refusal.findings.iter().filter(|finding| finding.refuses());
    let waivers = refusal.waivers.iter();
    Report {
        format_version: FORMAT,
        app: desired.app.clone(),
        environment: desired.environment.clone(),
        region: desired.region.clone(),
        refused: refuse.map(judged).collect(),
        security: Security {
            waived: refusal.findings.iter().filter_map(waived).collect(),
            warnings: waivers.map(|waiver| waiver.message.clone()).collect(),
            ..Security::default()
        },
        ..Report::default()
    }
}

fn security(approved: &Approved, asked: bool) -> Security {
    let desired = approved.desired();
    let mut satisfied = guardrail::satisfied(desired);
    let findings = approved.findings();
    let waiting = findings
        .iter()
        .filter(|finding| finding.waived.is_none() && finding.awaits.is_some());
    if asked {
        // A plan that was made with AWS was confirmed: what waited has been judged and holds.
        for finding in waiting.clone() {
            let rules = satisfied.entry(finding.address.clone()).or_default();
            let rule = guardrail::rule(finding.rule);
            rules.extend(rule.filter(|rule| rules.iter().all(|other| other.id != rule.id)));
            rules.sort_by_key(|rule| rule.id);
        }
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in satisfied.values().flatten() {
        *counts.entry(rule.id).or_default() += 1;
    }
    let rules = RULES.iter().filter_map(|rule| {
        Some(Held {
            rule: rule.id,
            title: rule.title,
            severity: rule.severity,
            controls: rule.controls,
            resources: *counts.get(rule.id)?,
        })
    });
    let ids = |address: &Address| {
        let rules = satisfied.get(address).into_iter().flatten();
        rules.map(|rule| rule.id).collect::<Vec<_>>()
    };
    let resources = desired.resources.keys();
    Security {
        rules: rules.collect(),
        resources: resources
            .map(|address| (address.clone(), ids(address)))
            .collect(),
        waived: findings.iter().filter_map(waived).collect(),
        waiting: if asked {
            Vec::new()
        } else {
            waiting.map(judged).collect()
        },
        warnings: approved
            .warnings()
            .iter()
            .map(|warning| warning.message.clone())
            .collect(),
    }
}

fn waived(finding: &Finding) -> Option<Waived> {
    let waiver = finding.waived.as_ref()?;
    Some(Waived {
        rule: finding.rule,
        address: finding.address.clone(),
        message: finding.message.clone(),
        owner: waiver.owner.clone(),
        reason: waiver.reason.clone(),
        expires: waiver.expires,
    })
}

fn judged(finding: &Finding) -> Judged {
    Judged {
        rule: finding.rule,
        address: finding.address.clone(),
        message: finding.message.clone(),
        fix: finding.fix,
        at: finding.origin.spec.clone(),
    }
}

fn billed(desired: &Desired, plan: &Plan) -> Vec<Billed> {
    let rows = BILLED.iter().map(|&(kind, what, basis, page)| {
        let of_kind = desired.resources.values();
        let of_kind = of_kind.filter(|resource| resource.address.kind == kind);
        Billed {
            what,
            basis,
            page,
            count: of_kind.map(units).sum(),
            change: plan
                .steps
                .iter()
                .map(|step| more(kind, &step.change, step.wanted.as_ref()))
                .sum(),
        }
    });
    rows.filter(|row| row.count > 0 || row.change != 0)
        .collect()
}

/// How many are paid for: an interface endpoint in each of its subnets, and no gateway
/// endpoint; anything else once.
fn units(resource: &Resource) -> usize {
    if resource.address.kind != "aws_vpc_endpoint" {
        return 1;
    }
    match resource.get("vpc_endpoint_type").as_str() {
        Some("Interface") => resource.get("subnet_ids").items().len().max(1),
        _ => 0,
    }
}

/// How many more, or fewer, there are for a change. What replaces another is paid for in its
/// place.
fn more(kind: &str, change: &Change, wanted: Option<&Resource>) -> isize {
    if change.kind != kind || change.replaced || change.child.is_some() {
        return 0;
    }
    let n = |count: usize| isize::try_from(count).unwrap_or(isize::MAX);
    match change.action {
        Action::Create => n(wanted.map_or(1, units)),
        Action::Delete => -n(gone(change)),
        _ => 0,
    }
}

/// How many were paid for of what goes.
fn gone(change: &Change) -> usize {
    let before = |path: &str| {
        let field = change.fields.iter().find(|field| field.path == path);
        field.map_or(&Value::Null, |field| &field.before)
    };
    if change.kind == "aws_vpc_endpoint" {
        match before("vpc_endpoint_type").as_str() {
            Some("Interface") => before("subnet_ids").items().len().max(1),
            _ => 0,
        }
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::{BILLED, units};
    use crate::address::Address;
    use crate::kind::KINDS;
    use crate::resource::Resource;
    use crate::value::{Attributes, Value};

    /// What costs nothing of its own, by the pages of [`BILLED`] and those of ACM and VPC.
    const FREE: &[&str] = &[
        "aws_acm_certificate",
        "aws_acm_certificate_validation",
        "aws_cloudfront_origin_access_control",
        "aws_cloudfront_response_headers_policy",
        "aws_cloudfront_vpc_origin",
        "aws_cloudwatch_log_delivery",
        "aws_cloudwatch_log_delivery_destination",
        "aws_cloudwatch_log_delivery_source",
        "aws_default_security_group",
        "aws_internet_gateway",
        "aws_lb_listener",
        "aws_lb_listener_rule",
        "aws_lb_target_group",
        "aws_lb_target_group_attachment",
        "aws_route",
        "aws_route53_record",
        "aws_route_table",
        "aws_route_table_association",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_security_group",
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    ];

    #[test]
    fn each_kind_is_billed_or_known_to_be_free() {
        for kind in KINDS {
            let is_billed = BILLED.iter().any(|(name, ..)| *name == kind.name);
            let is_free = FREE.contains(&kind.name);
            assert!(is_billed != is_free, "{}: which is it?", kind.name);
        }
        let is_kind = |name: &&str| KINDS.iter().any(|kind| kind.name == *name);
        assert!(FREE.iter().all(is_kind));
    }

    #[test]
    fn an_interface_endpoint_is_paid_in_each_zone_and_all_else_once() {
        let made = |kind: &str, attributes: Attributes| {
            let address = Address::managed("web", kind, "main");
            units(&Resource::plain(
                address,
                "eu-west-1".to_owned(),
                attributes,
            ))
        };
        for (kind, ..) in BILLED
            .iter()
            .filter(|(kind, ..)| *kind != "aws_vpc_endpoint")
        {
            assert_eq!(made(kind, Attributes::new()), 1, "{kind}");
        }
        let endpoint = |of: &str| {
            let subnets = Value::texts(["subnet-1", "subnet-2", "subnet-3"]);
            let given = [("vpc_endpoint_type", of.into()), ("subnet_ids", subnets)];
            given.map(|(name, value)| (name.to_owned(), value)).into()
        };
        assert_eq!(made("aws_vpc_endpoint", endpoint("Interface")), 3);
        assert_eq!(made("aws_vpc_endpoint", endpoint("Gateway")), 0);
    }
}
