//! A state of Terraform's, or of what took after it -> what stands, as it is remembered.
//!
//! Two forms are read. The state itself, as `terraform state pull` prints it and `terraform.tfstate`
//! holds it, is version 4 of a format that Terraform's source alone describes
//! (`internal/states/statefile/version4.go`). What `terraform show -json` prints of one is
//! <https://developer.hashicorp.com/terraform/internals/json-format#state-representation>.
//!
//! *Invariant*: every managed instance of the state, deposed ones too, is either among the
//! instances or counted by its provider; and no value that the state calls sensitive is in any.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::plan::{indexed, known_as};
use super::value::{Given, Reader};
use crate::value::{Attributes, Value};

/// The version of the state's format that is read.
const VERSION: u64 = 4;
/// The major version of what `terraform show -json` prints.
const FORMAT: &str = "1.";
/// Types of the AWS provider begin so.
const OURS: &str = "aws_";

/// What a state remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Version of Terraform that wrote it.
    pub terraform: String,
    /// What the AWS provider made, in the order of the state.
    pub instances: Vec<Instance>,
    /// How many data sources there are: they are looked up and nobody's.
    pub data: usize,
    /// How many instances of other providers there are, by provider.
    pub others: BTreeMap<String, usize>,
}

/// One thing that Terraform made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// Terraform's address, `module.shop.aws_lb.this["a"]`.
    pub address: String,
    /// The module that it is in, `module.shop`; empty for the root.
    pub module: String,
    /// Its type, by the name that kinds go by: `aws_lb` for `aws_alb`.
    pub kind: String,
    /// Its label in the configuration, without a key.
    pub label: String,
    /// What a replacement left behind that was interrupted: Terraform still means to delete it.
    pub is_deposed: bool,
    /// Terraform means to make it anew.
    pub is_tainted: bool,
    /// The region that it says it is in, if it says so.
    pub region: Option<String>,
    /// What it is like. What is sensitive is [`Value::Unknown`].
    pub attributes: Attributes,
}

/// The text is not a state that can be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not JSON, or of another form.
    #[error("it is no state in JSON: {}", super::place(.0))]
    Form(#[from] serde_json::Error),
    /// An older or newer version.
    #[error("its format version is {0}; this version reads 4")]
    Version(u64),
    /// `terraform show -json` prints another version.
    #[error("its format is {0}; this version reads 1.x")]
    Format(String),
    /// A plan.
    #[error("it is a plan, not a state")]
    Plan,
    /// It is encrypted.
    #[error("it is encrypted, as OpenTofu writes it")]
    Encrypted,
    /// JSON of something else.
    #[error("it is JSON, but neither a state nor what `terraform show -json` prints of one")]
    Else,
    /// Nothing is in it.
    #[error("it has no resources")]
    Empty,
}

impl StateError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Version(_) => {
                "a `terraform apply -refresh-only` of Terraform 0.12 or later rewrites it; `terraform state pull` then prints it"
            }
            Self::Plan => {
                "`terraform state pull` prints the state; a plan is judged by `watertight check --terraform-plan`"
            }
            Self::Encrypted => {
                "`tofu state pull`, run where the key is, prints it in clear: keep that file as you keep secrets"
            }
            Self::Empty => {
                "look whether the folder, the workspace and the backend are those that you mean"
            }
            Self::Form(_) | Self::Format(_) | Self::Else => {
                "`terraform state pull > terraform.tfstate` writes one, or `terraform show -json > state.json`"
            }
        }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    terraform_version: String,
    #[serde(default)]
    resources: Vec<FileResource>,
}

#[derive(Deserialize)]
struct FileResource {
    #[serde(default)]
    module: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    provider: String,
    #[serde(default)]
    instances: Vec<FileInstance>,
}

#[derive(Deserialize)]
struct FileInstance {
    index_key: Option<Json>,
    status: Option<String>,
    deposed: Option<String>,
    #[serde(default)]
    attributes: Json,
    #[serde(default)]
    sensitive_attributes: Vec<Json>,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    terraform_version: String,
    values: Option<ShownValues>,
}

#[derive(Deserialize)]
struct ShownValues {
    root_module: Option<ShownModule>,
}

#[derive(Deserialize)]
struct ShownModule {
    #[serde(default)]
    address: String,
    #[serde(default)]
    resources: Vec<ShownResource>,
    #[serde(default)]
    child_modules: Vec<ShownModule>,
}

#[derive(Deserialize)]
struct ShownResource {
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    index: Option<Json>,
    #[serde(default)]
    provider_name: String,
    deposed_key: Option<String>,
    #[serde(default)]
    tainted: bool,
    #[serde(default)]
    values: Json,
    #[serde(default)]
    sensitive_values: Json,
}

/// Reads a state.
///
/// # Errors
/// A text that is none: what it is instead, if that can be told.
pub fn read(text: &str) -> Result<State, StateError> {
    let json: Json = serde_json::from_str(text)?;
    let has = |key: &str| json.get(key).is_some();
    let state = if has("encrypted_data") {
        return Err(StateError::Encrypted);
    } else if has("resource_changes") || has("planned_values") {
        return Err(StateError::Plan);
    } else if let Some(version) = json.get("version").and_then(Json::as_u64) {
        if version != VERSION {
            return Err(StateError::Version(version));
        }
        from_file(serde_json::from_value(json)?)
    } else if let Some(format) = json.get("format_version") {
        let format = format.as_str().unwrap_or("not said");
        if !format.starts_with(FORMAT) {
            return Err(StateError::Format(format.to_owned()));
        }
        from_shown(serde_json::from_value(json)?)
    } else {
        return Err(StateError::Else);
    };
    if state.instances.is_empty() && state.data == 0 && state.others.is_empty() {
        return Err(StateError::Empty);
    }
    Ok(state)
}

fn from_file(file: File) -> State {
    let mut state = State {
        terraform: file.terraform_version,
        ..State::default()
    };
    for resource in file.resources {
        for one in resource.instances {
            let sensitive = sensitive(&one.sensitive_attributes);
            state.put(&Entry {
                module: &resource.module,
                is_data: resource.mode == "data",
                kind: &resource.kind,
                label: &resource.name,
                index: one.index_key.as_ref(),
                provider: provider(&resource.provider),
                deposed: one.deposed.as_deref(),
                tainted: one.status.as_deref() == Some("tainted"),
                values: &one.attributes,
                sensitive: &sensitive,
            });
        }
    }
    state
}

fn from_shown(shown: Shown) -> State {
    fn module(one: &ShownModule, state: &mut State) {
        for resource in &one.resources {
            state.put(&Entry {
                module: &one.address,
                is_data: resource.mode == "data",
                kind: &resource.kind,
                label: &resource.name,
                index: resource.index.as_ref(),
                provider: &resource.provider_name,
                deposed: resource.deposed_key.as_deref(),
                tainted: resource.tainted,
                values: &resource.values,
                sensitive: &resource.sensitive_values,
            });
        }
        one.child_modules
            .iter()
            .for_each(|child| module(child, state));
    }
    let mut state = State {
        terraform: shown.terraform_version,
        ..State::default()
    };
    if let Some(root) = shown.values.and_then(|values| values.root_module) {
        module(&root, &mut state);
    }
    state
}

/// One instance, in either form.
struct Entry<'a> {
    module: &'a str,
    is_data: bool,
    kind: &'a str,
    label: &'a str,
    index: Option<&'a Json>,
    provider: &'a str,
    deposed: Option<&'a str>,
    tainted: bool,
    values: &'a Json,
    sensitive: &'a Json,
}

impl State {
    fn put(&mut self, found: &Entry<'_>) {
        if found.is_data {
            self.data += 1;
            return;
        }
        if !found.kind.starts_with(OURS) {
            *self.others.entry(found.provider.to_owned()).or_default() += 1;
            return;
        }
        let kind = known_as(found.kind);
        let given = Given {
            after: found.values,
            unknown: &Json::Null,
            sensitive: found.sensitive,
        };
        let mut attributes = Reader::literal().attributes(kind, &given, None);
        whole_name(kind, &mut attributes);
        hide_headers(kind, &mut attributes);
        // Those of the provider's `default_tags` stand in AWS like the thing's own.
        if let Some(all) = attributes.remove("tags_all") {
            attributes.insert("tags".to_owned(), all);
        }
        // A bucket of provider 6 has its region beside the one by which it is managed.
        let mut own = ["bucket_region", "region"].iter();
        let own = own.find_map(|name| attributes.get(*name)?.as_str());
        let arn = attributes.get("arn").and_then(Value::as_str);
        let of_arn = arn.and_then(|arn| arn.split(':').nth(3));
        let region = own.or(of_arn).filter(|region| !region.is_empty());
        let mut address = String::new();
        if !found.module.is_empty() {
            address.extend([found.module, "."]);
        }
        address.extend([found.kind, ".", &indexed(found.label, found.index)]);
        self.instances.push(Instance {
            address,
            module: found.module.to_owned(),
            kind: kind.to_owned(),
            label: found.label.to_owned(),
            is_deposed: found.deposed.is_some(),
            is_tainted: found.tainted,
            region: region.map(str::to_owned),
            attributes,
        });
    }
}

/// What a distribution says to its origin beside the viewer's headers is often a password
/// between the two, and the provider does not call it sensitive.
fn hide_headers(kind: &str, attributes: &mut Attributes) {
    let Some(Value::List(origins)) = attributes.get_mut("origin") else {
        return;
    };
    for origin in origins
        .iter_mut()
        .filter(|_| kind == "aws_cloudfront_distribution")
    {
        let Value::Map(origin) = origin else { continue };
        if let Some(Value::List(headers)) = origin.get_mut("custom_header") {
            for header in headers {
                if let Value::Map(header) = header {
                    header.insert("value".to_owned(), Value::Unknown { from: None });
                }
            }
        }
    }
}

/// A record may be written by its first label alone; its whole name is the one that AWS has.
fn whole_name(kind: &str, attributes: &mut Attributes) {
    if kind == "aws_route53_record"
        && let Some(Value::String(whole)) = attributes.get("fqdn")
    {
        let whole = whole.trim_end_matches('.').to_owned();
        attributes.insert("name".to_owned(), Value::String(whole));
    }
}

/// `provider["registry.terraform.io/hashicorp/aws"].west` -> what is in the quotes; a module's
/// comes after its name.
fn provider(text: &str) -> &str {
    text.split('"').nth(1).unwrap_or(text)
}

/// Which attributes are sensitive: the first step of each path, as a state has them,
/// `[{"type": "get_attr", "value": "password"}]`.
fn sensitive(paths: &[Json]) -> Json {
    let tops = paths.iter().filter_map(|path| {
        let first = path.get(0)?.get("value")?.as_str()?;
        Some((first.to_owned(), Json::Bool(true)))
    });
    Json::Object(tops.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests;
