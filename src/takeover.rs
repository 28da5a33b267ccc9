//! A state of Terraform's -> the spec that takes over what it manages.
//!
//! A private bucket, with all that it is set to, becomes a component. Whatever else there is
//! stays Terraform's, with the reason.
//!
//! *Invariant*: each managed instance of AWS is either taken or left, never both, and no
//! bucket that others depend on being as it is, is taken.

mod lifetime;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::kind::Kind;
use crate::terraform::state::{Instance, State};

use lifetime::Lifetime;

/// Settings that a private bucket can't have.
const FOREIGN: &[&str] = &["aws_s3_bucket_acl", "aws_s3_bucket_website_configuration"];

/// What reads from a bucket or writes to it by leave of the bucket's settings.
const HOLDERS: &[&str] = &[
    "aws_cloudfront_distribution",
    "aws_cloudtrail",
    "aws_flow_log",
    "aws_lb",
    "aws_alb",
    "aws_s3_bucket_logging",
];

/// Groups to which an access control list may open a bucket,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>.
const GROUPS: &str = "http://acs.amazonaws.com/groups/";

/// Statements of the blueprint's own policy.
const OURS: &[&str] = &["RestrictToTLSRequestsOnly", "RestrictToMinimumTLSVersion"];

/// The spec, and what becomes of each instance.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The text of the spec. None where nothing can be taken over.
    pub spec: Option<String>,
    /// What the spec takes over.
    pub taken: Vec<Taken>,
    /// What stays Terraform's.
    pub left: Vec<Left>,
}

/// One that the spec takes over.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Terraform's address.
    pub terraform: String,
    /// The resource of the spec that it becomes, or is brought along by.
    pub address: String,
    /// What would be lost or otherwise at the first apply.
    pub warnings: Vec<String>,
}

/// One that stays.
#[derive(Clone, Debug)]
pub struct Left {
    /// Terraform's address.
    pub terraform: String,
    /// Why.
    pub reason: String,
}

/// Proposes a spec of this app and environment.
#[must_use]
pub fn propose(state: &State, app: &str, environment: &str) -> Proposal {
    let buckets: Vec<&Instance> = of(state, "aws_s3_bucket").collect();
    let region = most_common(&buckets);
    let mut proposal = Proposal::default();
    let mut why = BTreeMap::new();
    let mut done = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut components = String::new();
    let mut imports = String::new();
    for bucket in buckets {
        if let Some(reason) = refusal(state, bucket, region) {
            why.insert(bucket.address.clone(), reason);
            continue;
        }
        let Some(live) = bucket.text("bucket") else {
            continue;
        };
        let component = component(&bucket.name, &mut names);
        let address = format!("{component}.aws_s3_bucket.main");
        let mut keep = Vec::new();
        let mut lost = Vec::new();
        if !settings(state, live).any(|one| one.kind == "aws_s3_bucket_policy") {
            lost.extend(policy(bucket, &mut keep));
        }
        let lifetime = lifetime(state, bucket, live);
        if lifetime.is_more {
            lost.push(
                "of its lifecycle only what holds for the whole bucket is taken over: other rules, \
                 and moves to other storage classes, go"
                    .to_owned(),
            );
        }
        components.push_str(&block(bucket, &component, live, lifetime));
        done.insert(bucket.address.clone());
        proposal.taken.push(Taken {
            terraform: bucket.address.clone(),
            address: address.clone(),
            warnings: lost,
        });
        for setting in settings(state, live) {
            done.insert(setting.address.clone());
            proposal.taken.push(Taken {
                terraform: setting.address.clone(),
                address: address.clone(),
                warnings: warnings(setting, &mut keep),
            });
        }
        imports.push_str(&import(&address, live, &keep));
    }
    proposal.left = left(state, &done, &why);
    if let (false, Some(region)) = (proposal.taken.is_empty(), region) {
        proposal.spec = Some(format!(
            "# Taken over from Terraform. Read `watertight plan` before the first apply.\n\
             app = \"{app}\"\nenvironment = \"{environment}\"\nregion = \"{region}\"\n{components}{imports}"
        ));
    }
    proposal
}

/// The component that a bucket becomes.
fn block(bucket: &Instance, component: &str, live: &str, lifetime: Lifetime) -> String {
    let (terraform, name, lines) = (&bucket.address, Json::from(live), lifetime.lines());
    format!(
        "\n# {terraform}\n[components.{component}]\nblueprint = \"private-bucket\"\nbucket_name = {name}\n{lines}"
    )
}

/// The block that takes a bucket over.
fn import(address: &str, live: &str, keep: &[String]) -> String {
    let id = Json::from(live);
    let keep = match keep {
        [] => String::new(),
        sids => format!("keep = {}\n", Json::from(sids)),
    };
    format!("\n[[import]]\naddress = \"{address}\"\nid = {id}\n{keep}")
}

/// How long the bucket's objects stay, by whichever resource says it.
fn lifetime(state: &State, bucket: &Instance, live: &str) -> Lifetime {
    let rules = settings(state, live)
        .find(|one| one.kind == "aws_s3_bucket_lifecycle_configuration")
        .and_then(|one| one.attributes.get("rule"));
    let rules = rules.or_else(|| bucket.attributes.get("lifecycle_rule"));
    Lifetime::of(rules.unwrap_or(&Json::Null))
}

fn of<'a>(state: &'a State, kind: &'a str) -> impl Iterator<Item = &'a Instance> {
    let managed = state.managed.iter();
    managed.filter(move |one| one.kind == kind && !one.is_deposed)
}

/// Provider 6 says `bucket_region`, provider 5 `region`.
fn region(bucket: &Instance) -> Option<&str> {
    bucket
        .text("bucket_region")
        .or_else(|| bucket.text("region"))
}

fn most_common<'a>(buckets: &[&'a Instance]) -> Option<&'a str> {
    let mut counts = BTreeMap::new();
    for region in buckets.iter().filter_map(|bucket| region(bucket)) {
        *counts.entry(region).or_insert(0) += 1;
    }
    counts
        .into_iter()
        .max_by_key(|&(_, count)| count)
        .map(|(region, _)| region)
}

fn settings<'a>(state: &'a State, live: &'a str) -> impl Iterator<Item = &'a Instance> {
    state.managed.iter().filter(move |one| {
        is_setting(&one.kind) && !one.is_deposed && one.text("bucket") == Some(live)
    })
}

/// Whether an import of a bucket brings things of this kind along.
fn is_setting(kind: &str) -> bool {
    let whole = Kind::of(kind).and_then(|kind| kind.part_of);
    whole == Some("aws_s3_bucket") || kind == "aws_s3_bucket_logging"
}

/// Why a bucket can't become a private bucket, if it can't.
fn refusal(state: &State, bucket: &Instance, of_spec: Option<&str>) -> Option<String> {
    let Some(live) = bucket.text("bucket") else {
        return Some("the state does not say its name".to_owned());
    };
    if bucket.is_tainted {
        return Some("it is tainted: Terraform would make it anew".to_owned());
    }
    if live.contains('.') {
        return Some(
            "its name has a dot, which TLS by the bucket's host name rules out".to_owned(),
        );
    }
    match region(bucket) {
        None => return Some("the state does not say its region".to_owned()),
        own if own != of_spec => {
            return Some(
                "it is in another region than most; it needs a spec of its own".to_owned(),
            );
        }
        Some(_) => {}
    }
    if bucket.attributes.get("website").is_some_and(is_set) {
        return Some("it is a website, which no TLS reaches".to_owned());
    }
    if contains(&bucket.attributes, &|text| text.starts_with(GROUPS)) {
        return Some("its access control list lets others in".to_owned());
    }
    let about = state.managed.iter().filter(|one| !one.is_deposed);
    for one in about {
        let is_its = one.text("bucket") == Some(live);
        if is_its && FOREIGN.contains(&one.kind.as_str()) {
            return Some(format!("{} makes it other than private", one.address));
        }
        if !is_its && HOLDERS.contains(&one.kind.as_str()) && names(&one.attributes, live) {
            return Some(format!("{} needs its settings as they are", one.address));
        }
    }
    let mut encryption = settings(state, live).map(|one| &one.attributes);
    if encryption.any(|one| contains(one, &|text| text.starts_with("aws:kms")))
        || contains(&bucket.attributes, &|text| text.starts_with("aws:kms"))
    {
        return Some("it is encrypted by a key of KMS, which no blueprint has".to_owned());
    }
    None
}

fn is_set(blocks: &Json) -> bool {
    blocks.as_array().is_some_and(|blocks| !blocks.is_empty())
}

fn names(json: &Json, bucket: &str) -> bool {
    contains(json, &|text| {
        let rest = text.strip_prefix("arn:aws:s3:::").unwrap_or(text);
        let rest = rest.strip_prefix(bucket);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    })
}

fn contains(json: &Json, is_it: &dyn Fn(&str) -> bool) -> bool {
    match json {
        Json::String(text) => is_it(text),
        Json::Array(items) => items.iter().any(|item| contains(item, is_it)),
        Json::Object(entries) => entries.values().any(|entry| contains(entry, is_it)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// What a setting loses. Statements that have a `Sid` are kept.
fn warnings(setting: &Instance, keep: &mut Vec<String>) -> Vec<String> {
    match setting.kind.as_str() {
        "aws_s3_bucket_logging" => {
            vec!["the log goes to a bucket that the blueprint makes".to_owned()]
        }
        "aws_s3_bucket_policy" => policy(setting, keep),
        _ => Vec::new(),
    }
}

fn policy(holder: &Instance, keep: &mut Vec<String>) -> Vec<String> {
    let policy = holder.text("policy").unwrap_or_default();
    let policy: Json = serde_json::from_str(policy).unwrap_or_default();
    let statements = match policy.get("Statement") {
        Some(Json::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let mut nameless = 0;
    for statement in statements {
        match statement.get("Sid").and_then(Json::as_str) {
            Some(sid) if OURS.contains(&sid) => {}
            Some(sid) if !sid.is_empty() => keep.push(sid.to_owned()),
            _ => nameless += 1,
        }
    }
    if nameless == 0 {
        return Vec::new();
    }
    vec![format!(
        "{nameless} of the policy's statements have no Sid, and go"
    )]
}

/// A name that the spec takes, and nobody has.
fn component(name: &str, names: &mut BTreeSet<String>) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let plain = plain.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let plain: String = plain.chars().take(24).collect();
    let plain = match plain.trim_end_matches('-') {
        "" => "bucket",
        plain => plain,
    };
    let numbered = (2..).map(|number| format!("{plain}{number}"));
    let free = std::iter::once(plain.to_owned())
        .chain(numbered)
        .find(|name| !names.contains(name))
        .unwrap_or_default();
    names.insert(free.clone());
    free
}

fn left(state: &State, done: &BTreeSet<String>, why: &BTreeMap<String, String>) -> Vec<Left> {
    let managed = state.managed.iter();
    let left = managed.filter(|one| one.is_deposed || !done.contains(&one.address));
    left.map(|one| Left {
        terraform: one.address.clone(),
        reason: if one.is_deposed {
            "it is deposed: Terraform has yet to delete it".to_owned()
        } else if let Some(reason) = why.get(&one.address) {
            reason.clone()
        } else if is_setting(&one.kind) {
            "its bucket is not taken over".to_owned()
        } else {
            "only private buckets are proposed; `[[import]]` may take it by hand".to_owned()
        },
    })
    .collect()
}
