//! The rule about what a bucket lets CloudFront do.
//!
//! *Invariant*: a grant to a service is a grant to all its customers, until a condition
//! says which.

use std::collections::BTreeSet;

use super::super::report::{Report, Verdict};
use super::super::rule::{Rule, Severity};
use super::super::scope::{Scope, is_known, mark};
use crate::policy::{Condition, Principals, Statement, matches, statements};
use crate::value::Value;

/// WT-S3-007.
pub(in crate::guardrail) static SCOPED: Rule = Rule {
    id: "WT-S3-007",
    title: "what CloudFront may do is granted to one distribution",
    severity: Severity::High,
    explain: "A statement that allows cloudfront.amazonaws.com anything has the condition that \
        aws:SourceArn is the ARN of one distribution, without stars (StringEquals, ArnEquals, or \
        StringLike and ArnLike): else any distribution of any account may read the bucket. \
        NotPrincipal, or everybody without a condition, reaches CloudFront too.",
    controls: &["NIST AC-3", "Well-Architected SEC09-BP03"],
    fix: "add the condition StringEquals, aws:SourceArn = the distribution's arn",
    check,
};

/// The ids of the distributions among the resources, as a canonical text has them.
type Described = BTreeSet<String>;

fn check(scope: &Scope<'_>, report: &mut Report) {
    let described: Described = scope
        .all("aws_cloudfront_distribution")
        .map(|distribution| mark(&format!("{}.id", distribution.address)))
        .collect();
    for holder in scope
        .all("aws_s3_bucket_policy")
        .chain(scope.all("aws_s3_bucket"))
    {
        let policy = holder.attributes.get("policy").unwrap_or(&Value::Null);
        let policy = scope.follow(policy);
        if policy.as_map().is_none() {
            let verdict = Verdict::of("policy", policy, Value::is_null, |_| {
                "has a policy that is no document".to_owned()
            });
            report.judge(holder, "policy", verdict);
        }
        for statement in statements(policy) {
            let verdict = scoped(scope, &statement, &described);
            report.judge(holder, "policy", verdict);
        }
    }
}

fn scoped<'a>(scope: &Scope<'a>, statement: &Statement<'a>, described: &Described) -> Verdict {
    match statement.effect {
        Some("Deny") => return Verdict::Holds,
        Some("Allow") => {}
        _ => return Verdict::unknown("policy", statement.whole),
    }
    let label = statement.label();
    match &statement.principals {
        Principals::Everyone if statement.conditions.is_empty() => {
            return Verdict::Fails(format!("grants too much: {label} lets everybody in"));
        }
        Principals::Everyone => return Verdict::Holds,
        Principals::Other => {
            return Verdict::Fails(format!(
                "grants too much: {label} lets in whoever it does not name"
            ));
        }
        Principals::Only(_) => {}
    }
    let mut is_for_cloudfront = false;
    for service in statement.services() {
        match service.as_str() {
            Some(name) => is_for_cloudfront |= matches(name, "cloudfront.amazonaws.com"),
            None => return Verdict::unknown("a principal of its policy", service),
        }
    }
    if !is_for_cloudfront {
        return Verdict::Holds;
    }
    let sources = statement.conditions.iter().filter(|condition| {
        condition.key == "aws:sourcearn"
            && matches!(
                condition.operator,
                "StringEquals" | "StringLike" | "ArnEquals" | "ArnLike"
            )
    });
    Verdict::any(sources.map(|condition| names_distributions(scope, condition, &label, described)))
        .unwrap_or_else(|| {
            Verdict::Fails(format!(
                "grants too much: {label} lets every distribution of every account in"
            ))
        })
}

fn names_distributions<'a>(
    scope: &Scope<'a>,
    condition: &Condition<'a>,
    label: &str,
    described: &Described,
) -> Verdict {
    if condition.values.is_empty() {
        return Verdict::Fails(format!("grants too much: {label} names no distribution"));
    }
    Verdict::all(condition.values.iter().map(|value| {
        let arn = scope.canonical(value);
        match arn {
            Some(arn) if is_distribution(&arn, described) => Verdict::Holds,
            Some(arn) if is_known(&arn) => Verdict::Fails(format!(
                "grants too much: {label} lets {arn} in, which is not one distribution"
            )),
            _ => Verdict::unknown("aws:SourceArn in its policy", value),
        }
    }))
}

/// Whether a canonical text is the ARN of one distribution. The account may be unknown
/// (whoever asks for it gets the right one); the distribution is one of the resources, or
/// spelled out.
fn is_distribution(arn: &str, described: &Described) -> bool {
    let Some((account, id)) = arn
        .strip_prefix("arn:aws:cloudfront::")
        .and_then(|rest| rest.split_once(":distribution/"))
    else {
        return false;
    };
    let is_described = described.contains(id);
    let is_spelled = !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric());
    let is_account = !account.is_empty() && !account.contains(['*', '?', ':']);
    is_account && (is_described || is_spelled)
}
