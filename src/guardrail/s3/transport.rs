//! Rules about how a bucket may be reached.
//!
//! *Invariant*: a statement counts for what it denies to everybody, whatever they ask of
//! the bucket; one that is narrowed in any way counts for nothing.

use super::super::report::{Report, Verdict, shown};
use super::super::rule::{Rule, Severity};
use super::super::scope::{Scope, is_known};
use super::policies_of;
use crate::policy::{Condition, Elements, Principals, Statement, statements};
use crate::resource::Resource;
use crate::value::Value;

/// WT-S3-001.
pub(in crate::guardrail) static PLAINTEXT: Rule = Rule {
    id: "WT-S3-001",
    title: "a bucket denies plaintext",
    severity: Severity::Critical,
    explain: "A bucket's policy denies s3:* to everybody, on the bucket and on all its objects, \
        when aws:SecureTransport is false. A statement does not count if it names single \
        principals, actions or objects, if it says NotPrincipal, NotAction or NotResource, or if \
        another condition narrows it; only aws:PrincipalIsAWSService = false may stand beside, \
        as AWS advises. The operator is Bool: BoolIfExists would also deny AWS's own services.",
    controls: &[
        "Security Hub S3.5",
        "CIS AWS Foundations 2.1.1",
        "PCI DSS 4.2.1",
        "NIST SC-8",
        "Well-Architected SEC09-BP02",
    ],
    fix: "give the bucket a policy with the statement RestrictToTLSRequestsOnly: deny s3:* to \"*\" \
        on the bucket and its objects if aws:SecureTransport is false",
    check: |scope, report| check(scope, report, &SECURE_TRANSPORT),
};

/// WT-S3-002.
pub(in crate::guardrail) static OLD_TLS: Rule = Rule {
    id: "WT-S3-002",
    title: "a bucket denies old TLS",
    severity: Severity::Medium,
    explain: "A bucket's policy denies s3:* to everybody, on the bucket and on all its objects, \
        when s3:TlsVersion is less than 1.2 or 1.3 (NumericLessThan). What does not count is as \
        in WT-S3-001.",
    controls: &[
        "PCI DSS 4.2.1",
        "NIST SC-8(1)",
        "Well-Architected SEC09-BP02",
    ],
    fix: "add a statement that denies s3:* to \"*\" on the bucket and its objects if s3:TlsVersion \
        is less than 1.2",
    check: |scope, report| check(scope, report, &TLS_VERSION),
};

/// A condition under which a bucket must deny everything.
struct Test {
    /// The condition's key, in lower case.
    key: &'static str,
    operator: &'static str,
    holds: fn(&[&Value]) -> bool,
    /// What a policy without it lets happen.
    lacking: &'static str,
}

const SECURE_TRANSPORT: Test = Test {
    key: "aws:securetransport",
    operator: "Bool",
    holds: |values| !values.is_empty() && values.iter().all(|value| is_false(value)),
    lacking: "takes requests in clear",
};

const TLS_VERSION: Test = Test {
    key: "s3:tlsversion",
    operator: "NumericLessThan",
    holds: |values| {
        values.iter().any(|value| {
            let version = value
                .scalar_text()
                .and_then(|text| text.parse::<f64>().ok());
            version.is_some_and(|version| version >= 1.2)
        })
    },
    lacking: "takes requests with TLS 1.0 and 1.1",
};

/// Whether a bucket passes WT-S3-001.
pub(in crate::guardrail) fn denies_plaintext<'a>(
    scope: &Scope<'a>,
    bucket: &'a Resource,
) -> Verdict {
    let name = scope.bucket_name(bucket);
    let mut policies = policies_of(scope, &name).peekable();
    if policies.peek().is_none() {
        return Verdict::fails("has no policy, so it takes requests in clear");
    }
    Verdict::all(policies.map(|(_, policy)| denies(scope, policy, &name, &SECURE_TRANSPORT)))
}

fn check(scope: &Scope<'_>, report: &mut Report, test: &Test) {
    for bucket in scope.all("aws_s3_bucket") {
        let name = scope.bucket_name(bucket);
        if policies_of(scope, &name).next().is_none() {
            let message = format!("has no policy, so it {}", test.lacking);
            report.judge(bucket, "", Verdict::Fails(message));
        }
        let own = bucket
            .attributes
            .get("policy")
            .filter(|policy| !policy.is_null());
        if let Some(policy) = own {
            let verdict = denies(scope, scope.follow(policy), &name, test);
            report.judge(bucket, "policy", verdict);
        }
    }
    // Also a policy for a bucket that is not described here replaces the one it has.
    for holder in scope.all("aws_s3_bucket_policy") {
        let bucket = holder.attributes.get("bucket");
        let name = bucket
            .and_then(|bucket| scope.canonical(bucket))
            .unwrap_or_default();
        let policy = holder.attributes.get("policy").unwrap_or(&Value::Null);
        let verdict = denies(scope, scope.follow(policy), &name, test);
        report.judge(holder, "policy", verdict);
    }
}

/// Whether the policy of the bucket of this canonical name denies everything under the
/// test's condition.
fn denies<'a>(scope: &Scope<'a>, policy: &'a Value, name: &str, test: &Test) -> Verdict {
    if policy.as_map().is_none() && policy.is_unknown() {
        return Verdict::unknown("policy", policy);
    }
    let mut covered = Covered::default();
    let mut near = None;
    let mut unknown = None;
    let statements = statements(policy);
    for statement in &statements {
        match denied(scope, statement, name, test) {
            Ok(part) => {
                if part.bucket != part.objects {
                    let what = if part.bucket {
                        "the bucket alone"
                    } else {
                        "the objects alone"
                    };
                    near.get_or_insert(format!("{} is about {what}", statement.label()));
                }
                covered.bucket |= part.bucket;
                covered.objects |= part.objects;
            }
            Err(Shortfall::Unrelated) => {}
            Err(Shortfall::Near(why)) => {
                near.get_or_insert(format!("{} {why}", statement.label()));
            }
            Err(Shortfall::Unknown(value)) => {
                unknown.get_or_insert(value);
            }
        }
    }
    match (unknown, near) {
        _ if covered.bucket && covered.objects => Verdict::Holds,
        (Some(value), _) => Verdict::unknown("policy", value),
        (None, Some(near)) => Verdict::Fails(format!("{}: {near}", test.lacking)),
        (None, None) => Verdict::Fails(format!("{}: no statement denies them", test.lacking)),
    }
}

/// What of a bucket a statement denies.
#[derive(Default)]
struct Covered {
    bucket: bool,
    objects: bool,
}

/// Why a statement does not count.
enum Shortfall<'a> {
    Unrelated,
    Near(String),
    Unknown(&'a Value),
}

fn denied<'a>(
    scope: &Scope<'a>,
    statement: &Statement<'a>,
    name: &str,
    test: &Test,
) -> Result<Covered, Shortfall<'a>> {
    let near = |why: &str| Shortfall::Near(why.to_owned());
    match statement.effect {
        Some("Deny") => {}
        None if statement.whole.is_unknown() => return Err(Shortfall::Unknown(statement.whole)),
        _ => return Err(Shortfall::Unrelated),
    }
    let (tests, others): (Vec<_>, Vec<_>) = statement
        .conditions
        .iter()
        .partition(|condition| condition.key == test.key);
    if tests.is_empty() {
        return Err(Shortfall::Unrelated);
    }
    for condition in tests {
        if condition.operator != test.operator {
            return Err(Shortfall::Near(format!(
                "tests with {} in place of {}",
                condition.operator, test.operator
            )));
        }
        if !(test.holds)(&condition.values) {
            return Err(first_unknown(&condition.values)
                .map_or_else(|| near("tests for another value"), Shortfall::Unknown));
        }
    }
    if let Some(narrow) = others.iter().find(|condition| !is_harmless(condition)) {
        return Err(Shortfall::Near(format!(
            "is narrowed by a condition on {}",
            if narrow.key.is_empty() {
                "something unreadable"
            } else {
                &narrow.key
            }
        )));
    }
    match &statement.principals {
        Principals::Everyone => {}
        Principals::Only(only) => {
            let only: Vec<&Value> = only.iter().map(|(_, principal)| *principal).collect();
            return Err(first_unknown(&only)
                .map_or_else(|| near("does not deny everybody"), Shortfall::Unknown));
        }
        Principals::Other => return Err(near("does not deny everybody")),
    }
    match &statement.actions {
        Elements::Only(actions) if actions.iter().any(|action| is_every_action(action)) => {}
        Elements::Only(actions) => {
            return Err(first_unknown(actions).map_or_else(
                || near("does not deny every action (s3:*)"),
                Shortfall::Unknown,
            ));
        }
        Elements::AllBut(_) => return Err(near("leaves out actions by NotAction")),
    }
    let Elements::Only(resources) = &statement.resources else {
        return Err(near("leaves out resources by NotResource"));
    };
    let patterns: Vec<Option<String>> = resources
        .iter()
        .map(|resource| scope.canonical(resource))
        .collect();
    let arn = format!("arn:aws:s3:::{name}");
    let objects = format!("{arn}/");
    let covered = Covered {
        bucket: patterns
            .iter()
            .flatten()
            .any(|pattern| covers(pattern, &arn, false)),
        objects: patterns
            .iter()
            .flatten()
            .any(|pattern| covers(pattern, &objects, true)),
    };
    if covered.bucket && covered.objects {
        return Ok(covered);
    }
    // What is left may be told by a reference to something else than this bucket.
    let unknown = resources.iter().zip(&patterns).find(|(resource, text)| {
        text.as_deref().map_or_else(
            || resource.is_unknown(),
            |text| !is_known(text) && !text.starts_with(&arn),
        )
    });
    match unknown {
        Some((resource, _)) => Err(Shortfall::Unknown(resource)),
        None if covered.bucket || covered.objects => Ok(covered),
        None => Err(Shortfall::Near(format!(
            "is about {}, not about this bucket and all its objects",
            resources
                .iter()
                .map(|resource| shown(resource))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

/// Whether a pattern of a resource stands for this ARN, or for everything that begins with
/// it. A star counts at the end only: one in the middle leaves something out.
fn covers(pattern: &str, arn: &str, everything_below: bool) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => !start.contains(['*', '?']) && arn.starts_with(start),
        None => !everything_below && pattern == arn,
    }
}

/// AWS advises to spare its own services, whose requests have neither key.
fn is_harmless(condition: &Condition<'_>) -> bool {
    condition.key == "aws:principalisawsservice"
        && matches!(condition.operator, "Bool" | "BoolIfExists")
        && !condition.values.is_empty()
        && condition.values.iter().all(|value| is_false(value))
}

fn is_every_action(action: &Value) -> bool {
    action
        .as_str()
        .is_some_and(|action| action == "*" || action.eq_ignore_ascii_case("s3:*"))
}

fn is_false(value: &Value) -> bool {
    value
        .scalar_text()
        .is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

fn first_unknown<'a>(values: &[&'a Value]) -> Option<&'a Value> {
    values.iter().find(|value| value.is_unknown()).copied()
}
