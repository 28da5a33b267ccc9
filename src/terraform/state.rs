//! A state's JSON, as `terraform state pull` prints it -> [`State`].
//!
//! Of format version 4, <https://developer.hashicorp.com/terraform/internals/json-format>
//! does not speak; the file's form is Terraform's own,
//! <https://github.com/hashicorp/terraform/blob/main/internal/states/statefile/version4.go>.
//!
//! *Invariant*: every instance of the file is in the state that is given back, or counted.

use serde::Deserialize;
use serde_json::Value as Json;

/// The version of the format that is read.
const VERSION: u64 = 4;

/// What Terraform remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What it manages in AWS, in the order of the file.
    pub managed: Vec<Instance>,
    /// How many data sources it has read.
    pub data: usize,
    /// How many managed instances are of other providers.
    pub others: usize,
}

/// One thing that Terraform manages.
#[derive(Clone, Debug)]
pub struct Instance {
    /// As Terraform prints it, with module and key.
    pub address: String,
    /// The type of the provider.
    pub kind: String,
    /// The name within its module.
    pub name: String,
    /// What it is set to. Some of it may be secret.
    pub attributes: Json,
    /// A replaced one, that Terraform has yet to delete.
    pub is_deposed: bool,
    /// Terraform would make it anew.
    pub is_tainted: bool,
}

impl Instance {
    /// An attribute that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }
}

/// Why a text is no state that can be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not JSON, or of another form.
    #[error("it is no state in JSON: {0}")]
    Form(#[from] serde_json::Error),
    /// It is encrypted.
    #[error("it is encrypted, as OpenTofu writes it")]
    Encrypted,
    /// It is JSON of Terraform's, but not of a state.
    #[error("it is a plan, or what `terraform show` prints, not a state")]
    Shown,
    /// It is of a version that this one does not read.
    #[error("its format version is {0}; this version reads 4")]
    Version(String),
    /// Nothing is in it.
    #[error("it has no resources")]
    Empty,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    provider: String,
    #[serde(default)]
    instances: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    index_key: Option<Json>,
    deposed: Option<String>,
    status: Option<String>,
    #[serde(default)]
    attributes: Json,
}

/// Reads what `terraform state pull` prints.
///
/// # Errors
///
/// The text is not a state of version 4, or there is nothing in it.
pub fn read(text: &str) -> Result<State, StateError> {
    let json: Json = serde_json::from_str(text)?;
    if json.get("encrypted_data").is_some() {
        return Err(StateError::Encrypted);
    }
    if json.get("format_version").is_some() {
        return Err(StateError::Shown);
    }
    let version = json.get("version").and_then(Json::as_u64);
    if version != Some(VERSION) {
        let said = version.map_or_else(|| "not said".to_owned(), |version| version.to_string());
        return Err(StateError::Version(said));
    }
    let file: File = serde_json::from_value(json)?;
    if file.resources.is_empty() {
        return Err(StateError::Empty);
    }
    let mut state = State::default();
    for resource in file.resources {
        if resource.mode != "managed" {
            state.data += resource.instances.len();
        } else if !resource.provider.contains("hashicorp/aws\"") {
            state.others += resource.instances.len();
        } else {
            let Resource {
                module,
                kind,
                name,
                instances,
                ..
            } = resource;
            let module = module.map_or_else(String::new, |module| format!("{module}."));
            state.managed.extend(instances.into_iter().map(|entry| {
                let key = entry
                    .index_key
                    .map_or_else(String::new, |key| format!("[{key}]"));
                Instance {
                    address: format!("{module}{kind}.{name}{key}"),
                    kind: kind.clone(),
                    name: name.clone(),
                    attributes: entry.attributes,
                    is_deposed: entry.deposed.is_some_and(|deposed| !deposed.is_empty()),
                    is_tainted: entry.status.as_deref() == Some("tainted"),
                }
            }));
        }
    }
    Ok(state)
}
