//! A group of things that one blueprint makes, and what to tell the blueprint.
//!
//! *Invariant*: an input is given only where the state says what it is, and as the state says
//! it.

use std::collections::{BTreeMap, BTreeSet};

use super::lifetime::{self, Lifetime};
use super::view::{View, at, text, texts};
use crate::policy::{Condition, statements};
use crate::terraform::state::Instance;
use crate::value::Value;

/// A group, by the thing that it is known by.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The blueprint that makes such a group.
    pub(super) blueprint: &'static str,
    /// The thing that it is known by.
    pub(super) root: usize,
    /// What is given, in order.
    pub(super) inputs: Vec<Input>,
    /// Which things are which resources, by kind and name, where no reference tells.
    pub(super) pins: BTreeMap<(&'static str, String), usize>,
    /// The roots of other groups that inputs refer to, by input.
    pub(super) takes: BTreeMap<&'static str, usize>,
}

/// One input.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) key: &'static str,
    pub(super) value: Value,
    /// Why it is said, where a reader would ask.
    pub(super) note: &'static str,
}

impl Found {
    pub(super) fn new(blueprint: &'static str, root: usize) -> Self {
        Self {
            blueprint,
            root,
            ..Self::default()
        }
    }

    pub(super) fn give(&mut self, key: &'static str, value: impl Into<Value>) {
        self.note(key, value, "");
    }

    pub(super) fn note(&mut self, key: &'static str, value: impl Into<Value>, note: &'static str) {
        let value = value.into();
        if !value.is_null() {
            self.inputs.push(Input { key, value, note });
        }
    }

    pub(super) fn pin(&mut self, kind: &'static str, name: impl Into<String>, place: usize) {
        self.pins.insert((kind, name.into()), place);
    }
}

/// The names that a service is reached by, who proves them, and where their records are.
pub(super) struct Names {
    pub(super) domain: String,
    pub(super) aliases: BTreeSet<String>,
    certificate: Certificate,
    zone: Option<String>,
}

enum Certificate {
    /// The group's own.
    Own(usize),
    /// One that stands elsewhere, or that the blueprint could not have made.
    Given(String),
}

/// What ACM can hold and the inputs can say, by the word that a state has for it.
const KEYS: &[(&str, &str)] = &[
    ("EC_prime256v1", "EC_prime256v1"),
    ("EC_secp384r1", "EC_secp384r1"),
    ("RSA_2048", "RSA_2048"),
];

impl Names {
    /// The names of what serves with this certificate and has this name in DNS; `given` are
    /// those that it says itself. None where there is not even one.
    pub(super) fn of(
        view: &View,
        certificate: &str,
        dns_name: Option<&str>,
        given: &BTreeSet<String>,
        owned: &mut BTreeSet<usize>,
    ) -> Option<Self> {
        let records: Vec<&Instance> = view
            .all("aws_route53_record")
            .map(|(_, one)| one)
            .filter(|one| dns_name.is_some_and(|name| leads_to(one, name)))
            .collect();
        let recorded: BTreeSet<String> = records
            .iter()
            .filter_map(|one| text(one, "name").map(str::to_owned))
            .collect();
        let found = view.one("aws_acm_certificate", "arn", certificate);
        let mut proven = BTreeSet::new();
        let mut first = None;
        if let Some((_, one)) = found {
            first = text(one, "domain_name").map(str::to_owned);
            proven = texts(one, "subject_alternative_names");
            proven.extend(first.clone());
        }
        let is_plain = |names: &BTreeSet<String>| {
            !names.is_empty() && names.iter().all(|name| !name.starts_with('*'))
        };
        let names = if !given.is_empty() {
            given.clone()
        } else if is_plain(&proven) {
            proven.clone()
        } else {
            recorded
                .iter()
                .filter(|name| !name.starts_with('*'))
                .cloned()
                .collect()
        };
        let domain = first
            .filter(|first| names.contains(first))
            .or_else(|| names.iter().next().cloned())?;
        let certificate = match found {
            Some((place, one)) if proven == names && can_be_made(one) && owned.insert(place) => {
                Certificate::Own(place)
            }
            _ => Certificate::Given(certificate.to_owned()),
        };
        let zone = records.iter().find_map(|one| text(one, "zone_id"));
        let mut aliases = names;
        aliases.remove(&domain);
        Some(Self {
            domain,
            aliases,
            certificate,
            zone: zone.map(str::to_owned),
        })
    }

    pub(super) fn give(&self, view: &View, found: &mut Found) {
        found.give("domain", self.domain.as_str());
        if !self.aliases.is_empty() {
            found.give("aliases", Value::texts(self.aliases.iter().cloned()));
        }
        match &self.zone {
            Some(zone) => found.give("zone_id", zone.as_str()),
            None => found.note(
                "dns",
                "manual",
                "the state has no record of Route 53 for it",
            ),
        }
        match &self.certificate {
            Certificate::Own(place) => {
                found.pin("aws_acm_certificate", "site", *place);
                let key = text(view.get(*place), "key_algorithm");
                if let Some(key) = key.filter(|key| *key != "EC_prime256v1") {
                    found.give("key_algorithm", key);
                }
            }
            Certificate::Given(arn) => found.give("certificate_arn", arn.as_str()),
        }
    }
}

/// Whether a blueprint could have made a certificate like this.
fn can_be_made(one: &Instance) -> bool {
    let key = text(one, "key_algorithm");
    text(one, "validation_method") == Some("DNS")
        && key.is_some_and(|key| KEYS.iter().any(|(known, _)| *known == key))
}

/// Whether a record stands for this name of AWS's.
fn leads_to(record: &Instance, name: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        text.strip_prefix("dualstack.")
            .map_or(text.clone(), str::to_owned)
    };
    let alias = text(record, "alias.name");
    alias.is_some_and(|alias| plain(alias) == plain(name))
        || texts(record, "records")
            .iter()
            .any(|one| plain(one) == plain(name))
}

/// What the lifecycle of a bucket says, and how old a TLS its policy allows: inputs that all
/// buckets of blueprints have. `expire` is the input for days until objects go.
pub(super) fn bucket(
    view: &View,
    bucket: &Instance,
    expire: Option<&'static str>,
    found: &mut Found,
) {
    let lifetime = lifetime(view, bucket);
    if let (Some(expire), Some(days)) = (expire, lifetime.expire_days) {
        found.give(expire, days);
    }
    let note = match lifetime {
        Lifetime { is_more: true, .. } => {
            "of the lifecycle only what holds for the whole bucket: other rules, and moves to other storage classes, go"
        }
        Lifetime {
            noncurrent_days: None,
            ..
        } => "so far overwritten and deleted versions stay for ever",
        _ => "",
    };
    let days = lifetime.noncurrent_days.unwrap_or(lifetime::LONG);
    found.note("noncurrent_days", days, note);
    let name = text(bucket, "bucket").unwrap_or_default();
    if let Some((_, one)) = view.one("aws_s3_bucket_policy", "bucket", name) {
        let statements = statements(at(one, "policy"));
        let is_13 = |one: &Condition<'_>| {
            let mut values = one.values.iter().map(|value| value.scalar_text());
            one.key.eq_ignore_ascii_case("s3:tlsversion")
                && values.any(|value| value.as_deref() == Some("1.3"))
        };
        if statements
            .iter()
            .any(|one| one.conditions.iter().any(is_13))
        {
            found.give("min_tls", "1.3");
        }
    }
}

/// How long the objects of a bucket stay, by whichever thing says it.
fn lifetime(view: &View, bucket: &Instance) -> Lifetime {
    let name = text(bucket, "bucket").unwrap_or_default();
    let rules = view.one("aws_s3_bucket_lifecycle_configuration", "bucket", name);
    let rules = rules.map_or(at(bucket, "lifecycle_rule"), |(_, one)| at(one, "rule"));
    Lifetime::of(rules)
}

/// Days that logs stay where no input says otherwise.
const LOGS_STAY: i64 = 365;

/// The bucket that receives logs, with what its lifecycle says: the input `logs`, and the days.
pub(super) fn logs(view: &View, input: &'static str, target: Option<&str>, found: &mut Found) {
    let Some(name) = target else {
        found.note(
            input,
            false,
            "there are none today; without this line they are made",
        );
        return;
    };
    let Some((_, bucket)) = view.one("aws_s3_bucket", "bucket", name) else {
        return;
    };
    match lifetime(view, bucket).expire_days {
        Some(LOGS_STAY) => {}
        Some(days) => found.give("log_retention_days", days),
        None => found.note(
            "log_retention_days",
            lifetime::LONG,
            "so far logs stay for ever",
        ),
    }
}

/// The name of a bucket as an input takes it; one of another form stays the bucket's, by its
/// import.
pub(super) fn bucket_name(name: &str, found: &mut Found) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.chars().all(plain) {
        found.give("bucket_name", name);
    }
}

/// The inputs that say what browsers are told to insist on.
pub(super) fn hsts(age: Option<i64>, subdomains: bool, preload: bool, found: &mut Found) {
    let Some(age) = age else {
        return;
    };
    if age != 31_536_000 {
        found.give("hsts_max_age", age);
    }
    if subdomains {
        found.give("hsts_include_subdomains", true);
    }
    if preload && subdomains && age >= 31_536_000 {
        found.give("hsts_preload", true);
    }
}
