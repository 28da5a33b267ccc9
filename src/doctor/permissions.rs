//! What the caller must be allowed for this spec, whether it is, and the policy that allows
//! just that.
//!
//! Facts: *Service Authorization Reference*, "Actions, resources, and condition keys" of S3
//! (a bucket's actions, an object's) and Route 53 (a zone's).
//!
//! *Invariant*: the actions are those of the kinds, of the lookups and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Level, Line};
use crate::aws::permissions::{self, Principal, Question};
use crate::aws::{self, Aws, ErrorKind, Identity};
use crate::kind::Kind;
use crate::resource::Desired;
use crate::spec::{Backend, StateBucket};
use crate::state::Document;
use crate::value::{Part, Value};

const CHECK: &str = "permissions";

/// Each action that is needed, with the kinds and lookups that need it.
type Needed = BTreeMap<&'static str, BTreeSet<String>>;

/// Simulates what the spec needs by the policies of whoever calls.
pub(super) async fn check(
    aws: &Aws,
    desired: &Desired,
    document: Option<&Document>,
    identity: &Identity,
) -> Vec<Line> {
    let needed = needed(desired, document);
    let principal = match permissions::principal(aws, &identity.arn).await {
        Principal::Named(arn) => arn,
        Principal::Root => {
            return vec![
                Line::warning(CHECK, "the root user may do everything").hint(
                    "take a role with the permissions of `watertight doctor --policy` instead",
                ),
            ];
        }
        Principal::Other => {
            return vec![unknown("no policies stand for such a session")];
        }
    };
    let questions = questions(&needed, desired);
    let context = [
        ("aws:RequestedRegion", desired.region.as_str()),
        ("aws:SecureTransport", "true"),
        ("aws:PrincipalAccount", identity.account.as_str()),
        ("aws:RequestTag/watertight:app", desired.app.as_str()),
        (
            "aws:RequestTag/watertight:environment",
            desired.environment.as_str(),
        ),
        ("aws:ResourceTag/watertight:app", desired.app.as_str()),
        (
            "aws:ResourceTag/watertight:environment",
            desired.environment.as_str(),
        ),
    ];
    let denied = match permissions::denied(aws, &principal, &questions, &context).await {
        Ok(denied) => denied,
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            return vec![unknown(&error.to_string())];
        }
        Err(error) => return vec![Line::failed(CHECK, Level::Warning, &error)],
    };
    let of_state = state(desired);
    let of_state = of_state.iter().map(|(_, actions, _)| actions.len());
    let total = needed.len() + of_state.sum::<usize>();
    if denied.is_empty() {
        return vec![Line::ok(
            CHECK,
            format!("all {total} actions are allowed to {principal}"),
        )];
    }
    let list: Vec<String> = denied
        .iter()
        .map(|denied| {
            let users = needed.get(denied.action.as_str());
            let mut users: Vec<&str> = users.into_iter().flatten().map(String::as_str).collect();
            if users.is_empty() {
                users.push("the state");
            }
            let how = if denied.explicitly {
                ", by an explicit deny"
            } else {
                ""
            };
            format!("{} ({}{how})", denied.action, users.join(", "))
        })
        .collect();
    vec![
        Line::failure(
            CHECK,
            format!(
                "{} of {total} actions are not allowed to {principal}: {}",
                denied.len(),
                list.join("; ")
            ),
        )
        .hint("let an administrator allow them; `watertight doctor --policy` prints all that this spec needs")
        .hint("what is allowed for certain resources or on conditions only may be shown here as not allowed"),
    ]
}

fn unknown(why: &str) -> Line {
    Line::warning(CHECK, format!("can't be simulated: {why}")).hint(
        "`watertight doctor --policy` prints what this spec needs: hold it against what you have",
    )
}

/// What the spec's resources, the recorded ones and the lookups need.
fn needed(desired: &Desired, document: Option<&Document>) -> Needed {
    let recorded = document.into_iter().flat_map(|document| &document.records);
    let kinds: BTreeSet<&str> = desired
        .resources
        .keys()
        .chain(recorded.map(|record| &record.address))
        .map(|address| address.kind.as_str())
        .collect();
    let mut needed = Needed::new();
    let mut note = |actions: &'static [&'static str], user: &str| {
        for action in actions {
            needed.entry(action).or_default().insert(user.to_owned());
        }
    };
    for kind in kinds {
        if let Some(kind) = Kind::of(kind) {
            note(kind.permissions, kind.name);
        }
    }
    for address in desired.lookups.keys() {
        if let Some(lookup) = aws::lookup(&address.kind) {
            note(lookup.permissions(), &format!("data.{}", address.kind));
        }
    }
    needed
}

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Anything,
    Bucket,
    Object,
    Zone,
}

impl Scope {
    fn of(action: &str) -> Self {
        match action {
            "s3:ListAllMyBuckets" => Self::Anything,
            action if action.ends_with("Object") || action.ends_with("ObjectVersion") => {
                Self::Object
            }
            action if action.starts_with("s3:") => Self::Bucket,
            "route53:ChangeResourceRecordSets"
            | "route53:GetHostedZone"
            | "route53:ListResourceRecordSets" => Self::Zone,
            _ => Self::Anything,
        }
    }

    /// The ARNs of the spec's things of this sort; `*` stands for what is not known.
    fn arns(self, desired: &Desired) -> Vec<String> {
        let partition = aws::partition(&desired.region);
        let named = |kind: &str, attribute: &str| -> BTreeSet<String> {
            desired
                .resources
                .values()
                .filter(|resource| resource.address.kind == kind)
                .map(|resource| pattern(resource.get(attribute)))
                .collect()
        };
        match self {
            Self::Anything => Vec::new(),
            Self::Bucket => named("aws_s3_bucket", "bucket")
                .iter()
                .map(|name| format!("arn:{partition}:s3:::{name}"))
                .collect(),
            Self::Object => named("aws_s3_bucket", "bucket")
                .iter()
                .map(|name| format!("arn:{partition}:s3:::{name}/*"))
                .collect(),
            Self::Zone => named("aws_route53_record", "zone_id")
                .iter()
                .map(|zone| format!("arn:{partition}:route53:::hostedzone/{zone}"))
                .collect(),
        }
    }
}

/// A text, with `*` for what is not known yet.
fn pattern(value: &Value) -> String {
    match value {
        Value::Template(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Reference(_) => "*",
            })
            .collect(),
        value => value.scalar_text().unwrap_or_else(|| "*".to_owned()),
    }
}

fn by_scope(needed: &Needed) -> BTreeMap<Scope, Vec<String>> {
    let mut scopes: BTreeMap<Scope, Vec<String>> = BTreeMap::new();
    for action in needed.keys() {
        let actions = scopes.entry(Scope::of(action)).or_default();
        actions.push((*action).to_owned());
    }
    scopes
}

fn questions(needed: &Needed, desired: &Desired) -> Vec<Question> {
    let of_state = state(desired);
    by_scope(needed)
        .into_iter()
        .map(|(scope, actions)| Question {
            actions,
            resources: scope.arns(desired),
        })
        .chain(of_state.into_iter().map(|(_, actions, arn)| Question {
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            resources: vec![arn],
        }))
        .collect()
}

/// What the store in S3 needs of its objects: a missing one is told from a forbidden one only
/// to those who may list the bucket (*Amazon S3 API Reference*, `GetObject`, Permissions).
const OF_OBJECTS: &[&str] = &[
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
];

/// And of the bucket: to judge whether it is fit.
const OF_BUCKET: &[&str] = &[
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
];

/// What the state needs, where it is kept in S3: a name, actions, and on what.
fn state(desired: &Desired) -> Vec<(&'static str, &'static [&'static str], String)> {
    let Backend::S3(bucket) = &desired.state else {
        return Vec::new();
    };
    let StateBucket {
        bucket,
        region,
        prefix,
        ..
    } = bucket;
    let arn = format!("arn:{}:s3:::{bucket}", aws::partition(region));
    let below = match prefix.as_str() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let (app, environment) = (&desired.app, &desired.environment);
    let objects = format!("{arn}/{below}{app}/{environment}/*");
    vec![
        ("StateBucket", OF_BUCKET, arn),
        ("StateObjects", OF_OBJECTS, objects),
    ]
}

/// The IAM policy that allows what the spec needs, for people and programs: pretty JSON.
#[must_use]
pub fn policy(desired: &Desired, document: Option<&Document>) -> String {
    let needed = needed(desired, document);
    let of_state = state(desired).into_iter().map(|(sid, actions, arn)| {
        json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": arn})
    });
    let statements: Vec<serde_json::Value> = by_scope(&needed)
        .into_iter()
        .map(|(scope, actions)| {
            let arns = scope.arns(desired);
            let resource = match arns.as_slice() {
                [] => json!("*"),
                [one] => json!(one),
                several => json!(several),
            };
            json!({
                "Sid": format!("{scope:?}"),
                "Effect": "Allow",
                "Action": actions,
                "Resource": resource,
            })
        })
        .chain(of_state)
        .collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    format!("{policy:#}\n")
}
