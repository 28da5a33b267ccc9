//! A plan in a file, to be looked at now and applied later.
//!
//! In: a [`Plan`] and what it was made of. Out: text, and from the text a [`Saved`] again.
//! The file's first line has the format and a digest of the rest, so that what was cut off or
//! edited is refused. [`reconcile()`] then holds the file against a plan that is made anew.
//!
//! *Invariant*: a file is never carried out. It only says which steps of a new plan, approved
//! by the guardrails of today, are the ones that somebody has seen.

mod reconcile;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use reconcile::{Reconciled, Stopped, reconcile};

use crate::address::Address;
use crate::kind::Kind;
use crate::plan::{Action, Choice, Mode, Plan, Step};
use crate::resource::{Desired, Id, Resource};
use crate::value::{Attributes, Value};

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// The format; also what tells a saved plan from anything else.
    watertight_plan: u32,
    /// SHA-256 of all that follows the line.
    #[serde(default)]
    digest: String,
}

/// What a plan is made of, beside AWS and the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Making {
    /// The spec, as it was named.
    pub spec: String,
    /// The environment, if one was named.
    pub environment: Option<String>,
    /// The folder of the user's blueprints, if one was named.
    pub blueprints: Option<String>,
    /// SHA-256 of the spec's text.
    pub spec_digest: String,
    /// SHA-256 of what the blueprints make of it.
    pub desired_digest: String,
    /// Whether its AWS is the sandbox.
    pub sandbox: bool,
    /// Objects in buckets that go may be deleted.
    pub empty_buckets: bool,
    /// Buckets that receive logs may go.
    pub delete_logs: bool,
    /// Which part was asked for.
    pub part: Choice,
}

/// A plan that was saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Version of watertight that made it.
    pub version: String,
    /// Apply or destroy.
    pub mode: Mode,
    /// The application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// The spec's region.
    pub region: String,
    /// The account that was looked at.
    pub account: Option<String>,
    /// Lineage of the state; none where nothing was ever written of it.
    pub lineage: Option<String>,
    /// Serial of the state.
    pub serial: u64,
    /// What it is made of.
    pub making: Making,
    /// What was to be done.
    pub steps: Vec<SavedStep>,
}

/// A step as `plan --json` prints it, and what it was based on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedStep {
    address: Address,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    child: Option<Id>,
    replaced: bool,
    action: Action,
    id: Option<Id>,
    region: String,
    fields: Vec<SavedField>,
    why: Vec<serde_json::Value>,
    after: Vec<usize>,
    generation: u64,
    /// SHA-256 of what it should be; none for a delete.
    #[serde(default)]
    wanted: Option<String>,
    /// What a delete saw of what it deletes.
    #[serde(default)]
    saw: BTreeMap<String, serde_json::Value>,
}

/// A field as `plan --json` prints it. What is sensitive is not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedField {
    path: String,
    before: serde_json::Value,
    after: serde_json::Value,
    known_after_apply: bool,
}

/// Why a file is not taken for a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its format is newer than [`FORMAT`].
    #[error("it has format {0}, which a newer version of watertight wrote")]
    Newer(u32),
    /// Its digest is not that of its text.
    #[error("it is not as it was written: it was cut off or edited")]
    Damaged,
    /// Another version made it.
    #[error("watertight {0} made it, and this is {version}", version = crate::VERSION)]
    OtherVersion(String),
}

impl Saved {
    /// A plan, ready to be written. Nothing sensitive is in it.
    ///
    /// # Errors
    /// A step that can't be put into JSON, which is a bug.
    pub fn of(plan: &Plan, making: Making) -> Result<Self, serde_json::Error> {
        let steps = plan.steps.iter().map(|step| {
            let mut saved: SavedStep = serde_json::from_value(serde_json::to_value(step)?)?;
            saved.wanted = step.wanted.as_ref().map(wanted);
            saved.saw = saw(step);
            Ok(saved)
        });
        Ok(Self {
            version: plan.version.clone(),
            mode: plan.mode,
            app: plan.app.clone(),
            environment: plan.environment.clone(),
            region: plan.region.clone(),
            account: plan.account.clone(),
            lineage: plan.lineage.clone(),
            serial: plan.serial,
            making,
            steps: steps.collect::<Result<_, serde_json::Error>>()?,
        })
    }

    /// The text of the file: two lines of JSON.
    ///
    /// # Errors
    /// What can't be put into JSON, which is a bug.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let body = format!("{}\n", serde_json::to_string(self)?);
        let head = Head {
            watertight_plan: FORMAT,
            digest: digest(&[&body]),
        };
        Ok(format!("{}\n{body}", serde_json::to_string(&head)?))
    }

    /// Reads a file's text. None: it is no saved plan, but a spec, say.
    ///
    /// # Errors
    /// A saved plan that this version can't apply.
    #[must_use]
    pub fn read(text: &str) -> Option<Result<Self, Unreadable>> {
        let (first, body) = text.split_once('\n').unwrap_or((text, ""));
        if !first.starts_with("{\"watertight_plan\"") {
            return None;
        }
        Some(read_body(first, body))
    }
}

fn read_body(first: &str, body: &str) -> Result<Saved, Unreadable> {
    let head: Head = serde_json::from_str(first).map_err(|_| Unreadable::Damaged)?;
    if head.watertight_plan > FORMAT {
        return Err(Unreadable::Newer(head.watertight_plan));
    }
    if head.digest != digest(&[body]) {
        return Err(Unreadable::Damaged);
    }
    // Whole, and yet not to be understood: the steps have another form.
    let version = |json: &serde_json::Value| json["version"].as_str().map(str::to_owned);
    let json: serde_json::Value = serde_json::from_str(body).map_err(|_| Unreadable::Damaged)?;
    match version(&json) {
        Some(version) if version == crate::VERSION => {
            serde_json::from_value(json).map_err(|_| Unreadable::Damaged)
        }
        Some(version) => Err(Unreadable::OtherVersion(version)),
        None => Err(Unreadable::Damaged),
    }
}

/// SHA-256 over texts, in hex digits.
#[must_use]
pub fn digest(texts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        // A string takes all that is written to it.
        let _infallible = write!(hex, "{byte:02x}");
    }
    hex
}

/// SHA-256 over everything that a spec and its blueprints ask for.
#[must_use]
pub fn desired_digest(desired: &Desired) -> String {
    let mut texts = Vec::new();
    for (address, resource) in &desired.resources {
        let dependencies: Vec<String> =
            resource.depends_on.iter().map(Address::to_string).collect();
        let ignored: Vec<&str> = resource.ignored.keys().map(String::as_str).collect();
        texts.push(address.to_string());
        texts.push(resource.region.clone());
        texts.push(
            Value::Map(resource.attributes.clone())
                .to_json()
                .to_string(),
        );
        texts.push(dependencies.join(" "));
        texts.push(ignored.join(" "));
    }
    for (address, lookup) in &desired.lookups {
        texts.push(address.to_string());
        texts.push(Value::Map(lookup.arguments.clone()).to_json().to_string());
    }
    digest(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// SHA-256 over what a resource should be. A name that was made up is not in it: the live one
/// wins, and a replacement takes another.
fn wanted(resource: &Resource) -> String {
    let named = resource
        .attributes
        .iter()
        .filter(|(name, _)| !resource.generated.contains(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    digest(&[&Value::Map(named).to_json().to_string()])
}

/// What a delete is based on: what a spec alone can set, and what is not sensitive. What AWS
/// fills in changes by itself.
fn saw(step: &Step) -> BTreeMap<String, serde_json::Value> {
    let deletes = step.change.action == Action::Delete && step.change.child.is_none();
    let Some(kind) = Kind::of(&step.change.kind).filter(|_| deletes) else {
        return BTreeMap::new();
    };
    let names: BTreeSet<&str> = kind.schema().arguments().collect();
    let is_the_specs = |name: &str| {
        let attribute = kind.schema().attribute(name);
        names.contains(name)
            && !kind.volatile.contains(&name)
            // What the user allows stands beside what was seen.
            && name != "force_destroy"
            && attribute.is_none_or(|attribute| !attribute.computed && !attribute.sensitive)
    };
    let observed: &Attributes = &step.observed;
    observed
        .iter()
        .filter(|(name, value)| !value.is_null() && is_the_specs(name))
        .map(|(name, value)| (name.clone(), value.to_json()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Making, Saved, Unreadable};
    use crate::plan::{Choice, Mode};

    fn saved() -> Saved {
        Saved {
            version: crate::VERSION.to_owned(),
            mode: Mode::Apply,
            app: "shop".to_owned(),
            environment: "prod".to_owned(),
            region: "eu-west-1".to_owned(),
            account: Some("123456789012".to_owned()),
            lineage: None,
            serial: 0,
            making: Making {
                spec: "shop.toml".to_owned(),
                environment: None,
                blueprints: None,
                spec_digest: String::new(),
                desired_digest: String::new(),
                sandbox: false,
                empty_buckets: false,
                delete_logs: false,
                part: Choice::default(),
            },
            steps: Vec::new(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let text = saved().write().unwrap();
        assert_eq!(Saved::read(&text), Some(Ok(saved())));
        assert_eq!(Saved::read("app = \"shop\"\n"), None);
        assert_eq!(Saved::read("{}"), None);
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_is_never_a_plan() {
        let text = saved().write().unwrap();
        for end in 0..text.len() {
            assert!(!matches!(Saved::read(&text[..end]), Some(Ok(_))), "{end}");
        }
    }

    #[test]
    fn a_file_that_was_edited_is_refused() {
        let text = saved().write().unwrap();
        for (from, to) in [
            ("123456789012", "123456789013"),
            ("shop", "shot"),
            ("\n", "\n\n"),
        ] {
            let edited = text.replace(from, to);
            assert_eq!(
                Saved::read(&edited),
                Some(Err(Unreadable::Damaged)),
                "{from}"
            );
        }
    }

    #[test]
    fn a_newer_format_and_another_version_are_named() {
        let text = saved().write().unwrap();
        let newer = text.replacen(
            &format!("\"watertight_plan\":{FORMAT}"),
            "\"watertight_plan\":99",
            1,
        );
        assert_eq!(Saved::read(&newer), Some(Err(Unreadable::Newer(99))));
        let other = Saved {
            version: "0.0.1".to_owned(),
            ..saved()
        };
        assert_eq!(
            Saved::read(&other.write().unwrap()),
            Some(Err(Unreadable::OtherVersion("0.0.1".to_owned())))
        );
    }
}
