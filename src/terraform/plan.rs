//! A plan's JSON -> [`Planned`].
//!
//! Terraform says what the format is, <https://developer.hashicorp.com/terraform/internals/json-format>:
//! `resource_changes` has what each instance will be (`after`) and which parts of that are
//! not known (`after_unknown`); `configuration` has the expressions that it comes from;
//! `prior_state` has the data sources that were read while planning.
//!
//! *Invariant*: every resource of the plan that will stand is either in what is to be judged
//! or counted among those that no rule speaks of.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;

use super::config::{Config, Configuration, Instances};
use super::list::{List, Needed};
use super::value::{Given, Reader};
use crate::address::{Address, Mode};
use crate::kind::{Kind, schema::Schema};
use crate::resource::{Desired, Lookup, Lookups, Origin, Resource};
use crate::value::{Attributes, Value};

/// The major version of the format that is read.
const FORMAT: &str = "1.";

/// Other names of the provider for the same types: "`aws_alb` is known as `aws_lb`. The
/// functionality is identical", <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb>.
const ALIASES: &[(&str, &str)] = &[
    ("aws_alb", "aws_lb"),
    ("aws_alb_listener", "aws_lb_listener"),
    (
        "aws_alb_listener_certificate",
        "aws_lb_listener_certificate",
    ),
    ("aws_alb_listener_rule", "aws_lb_listener_rule"),
    ("aws_alb_target_group", "aws_lb_target_group"),
    (
        "aws_alb_target_group_attachment",
        "aws_lb_target_group_attachment",
    ),
];

/// Types that rules look at and that watertight itself does not make.
const ALSO_JUDGED: &[&str] = &[
    "aws_cloudfront_origin_access_identity",
    "aws_lb_listener_certificate",
    "aws_s3_bucket_acl",
    "aws_s3_bucket_website_configuration",
    "aws_security_group_rule",
];

/// A plan of somebody's, as far as rules speak of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// What will stand once the plan is applied.
    pub desired: Desired,
    /// What its data sources found.
    pub lookups: Lookups,
    /// What stands in the configuration under the provider's other name: that name.
    pub aliases: BTreeMap<Address, String>,
    /// How many resources of other types will stand, by type: no rule speaks of them.
    pub others: BTreeMap<String, usize>,
    /// Version of Terraform that planned.
    pub terraform: String,
}

impl Planned {
    /// The address as the configuration has it.
    #[must_use]
    pub fn address(&self, address: &Address) -> String {
        match self.aliases.get(address) {
            Some(kind) => Address {
                kind: kind.clone(),
                ..address.clone()
            }
            .to_string(),
            None => address.to_string(),
        }
    }
}

/// The text is not what `terraform show -json` prints of a plan.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or of another form.
    #[error("it is no plan in JSON: {}", super::place(.0))]
    Form(#[from] serde_json::Error),
    /// It is of a format that this version does not read.
    #[error("its format is {0}; this version reads 1.x")]
    Format(String),
    /// It is JSON of Terraform's, but not of a plan.
    #[error("it has no `resource_changes`: it is a state or a configuration, not a plan")]
    NoPlan,
    /// The plan stopped at an error.
    #[error("the plan stopped at an error, so it does not say what will stand")]
    Errored,
}

#[derive(Deserialize)]
struct PlanFile {
    #[serde(default)]
    format_version: String,
    #[serde(default)]
    terraform_version: String,
    resource_changes: Option<List<ResourceChange>>,
    prior_state: Option<PriorState>,
    #[serde(default)]
    configuration: Configuration,
    #[serde(default)]
    errored: bool,
}

#[derive(Deserialize)]
struct ResourceChange {
    #[serde(default)]
    module_address: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    index: Option<Json>,
    /// Set for the remains of a replacement that was cut off.
    deposed: Option<String>,
    #[serde(default)]
    provider_name: String,
    change: Change,
}

#[derive(Deserialize)]
struct Change {
    actions: Vec<String>,
    #[serde(default)]
    after: Json,
    #[serde(default)]
    after_unknown: Json,
    #[serde(default)]
    after_sensitive: Json,
}

#[derive(Deserialize)]
struct PriorState {
    values: Option<PriorValues>,
}

#[derive(Deserialize)]
struct PriorValues {
    root_module: Option<PriorModule>,
}

#[derive(Deserialize)]
struct PriorModule {
    #[serde(default)]
    address: String,
    #[serde(default)]
    resources: List<PriorResource>,
    #[serde(default)]
    child_modules: Vec<PriorModule>,
}

#[derive(Deserialize)]
struct PriorResource {
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    index: Option<Json>,
    #[serde(default)]
    values: Json,
    #[serde(default)]
    sensitive_values: Json,
}

/// Reads what `terraform show -json` prints of a plan; `OpenTofu` prints the same.
///
/// # Errors
/// A text that is no such plan, or of a plan that stopped at an error.
pub fn read(text: &str) -> Result<Planned, ReadError> {
    let file: PlanFile = serde_json::from_str(text)?;
    if !file.format_version.starts_with(FORMAT) {
        return Err(ReadError::Format(if file.format_version.is_empty() {
            "not said".to_owned()
        } else {
            file.format_version
        }));
    }
    if file.errored {
        return Err(ReadError::Errored);
    }
    let List(changes) = file.resource_changes.ok_or(ReadError::NoPlan)?;
    let instances: Instances = changes.iter().map(ResourceChange::instance).collect();
    let config = Config::new(file.configuration, instances);
    let mut planned = Planned {
        terraform: file.terraform_version,
        ..Planned::default()
    };
    if let Some(root) = file.prior_state.and_then(|state| state.values) {
        root.root_module
            .iter()
            .for_each(|root| found(root, &mut planned));
    }
    // Documents first: policies refer to them.
    let (data, managed): (Vec<_>, Vec<_>) = changes
        .into_iter()
        .partition(|change| change.mode == "data");
    for change in &data {
        let address = change.address();
        let attributes = change.attributes(&config, &Lookups::new());
        planned.lookups.insert(address.clone(), attributes);
        note_lookup(address, &mut planned);
    }
    for change in managed {
        if !change.is_judged() {
            if change.provider_name.is_empty() || change.provider_name.ends_with("/aws") {
                *planned.others.entry(change.kind).or_default() += 1;
            }
            continue;
        }
        let address = change.address();
        if address.kind != change.kind {
            planned.aliases.insert(address.clone(), change.kind.clone());
        }
        let resource = change.resource(&config, &planned.lookups);
        planned.desired.resources.insert(address, resource);
    }
    config.link(&mut planned.desired);
    Ok(planned)
}

/// What was found while planning is known.
fn found(module: &PriorModule, planned: &mut Planned) {
    for resource in &module.resources.0 {
        let address = Address {
            component: module.address.clone(),
            mode: Mode::Lookup,
            kind: resource.kind.clone(),
            name: indexed(&resource.name, resource.index.as_ref()),
        };
        let given = Given {
            after: &resource.values,
            unknown: &Json::Null,
            sensitive: &resource.sensitive_values,
        };
        let attributes = Reader::literal().attributes(&resource.kind, &given, None);
        planned.lookups.insert(address.clone(), attributes);
        note_lookup(address, planned);
    }
    for child in &module.child_modules {
        found(child, planned);
    }
}

/// A lookup of which the answer is all there is.
fn note_lookup(address: Address, planned: &mut Planned) {
    let arguments = planned.lookups.get(&address).cloned().unwrap_or_default();
    let lookup = Lookup {
        address: address.clone(),
        region: String::new(),
        arguments,
        depends_on: BTreeSet::new(),
        origin: Origin::default(),
    };
    planned.desired.lookups.insert(address, lookup);
}

/// A name with the key of its instance, as Terraform writes it: `main[0]`, `main["a"]`.
pub(super) fn indexed(name: &str, index: Option<&Json>) -> String {
    match index {
        None | Some(Json::Null) => name.to_owned(),
        Some(index) => format!("{name}[{index}]"),
    }
}

impl Needed for ResourceChange {
    /// What will stand; of what no rule speaks of, that it will.
    fn needed(mut self) -> Option<Self> {
        if self.mode != "data" && !self.is_judged() {
            self.change.after.take();
            self.change.after_unknown.take();
            self.change.after_sensitive.take();
        }
        (self.stands() && self.deposed.is_none()).then_some(self)
    }
}

impl Needed for PriorResource {
    /// What was looked up.
    fn needed(self) -> Option<Self> {
        (self.mode == "data").then_some(self)
    }
}

impl ResourceChange {
    /// Whether it will be there, or will be looked up, when the plan is applied.
    fn stands(&self) -> bool {
        !matches!(self.change.actions.as_slice(), [one] if one == "delete" || one == "forget")
    }

    fn is_judged(&self) -> bool {
        let kind = known_as(&self.kind);
        Kind::of(kind).is_some() || ALSO_JUDGED.contains(&kind)
    }

    /// Where it stands, as the configuration calls it.
    fn instance(&self) -> Address {
        Address {
            component: self.module_address.clone(),
            mode: if self.mode == "data" {
                Mode::Lookup
            } else {
                Mode::Managed
            },
            kind: self.kind.clone(),
            name: indexed(&self.name, self.index.as_ref()),
        }
    }

    /// Where it stands, by the name that rules know its type by.
    fn address(&self) -> Address {
        Address {
            kind: known_as(&self.kind).to_owned(),
            ..self.instance()
        }
    }

    fn attributes(&self, config: &Config, documents: &Lookups) -> Attributes {
        let given = Given {
            after: &self.change.after,
            unknown: &self.change.after_unknown,
            sensitive: &self.change.after_sensitive,
        };
        let at = self.instance();
        let expressions = config.expressions(&at);
        Reader::new(config, &at, documents).attributes(known_as(&self.kind), &given, expressions)
    }

    fn resource(&self, config: &Config, documents: &Lookups) -> Resource {
        let at = self.instance();
        let mut attributes = self.attributes(config, documents);
        let kind = Kind::of(known_as(&self.kind));
        if let Some(kind) = kind {
            defaults(kind, &mut attributes);
        }
        let own = attributes.get("region").and_then(Value::as_str);
        let region = match kind.and_then(|kind| kind.home) {
            Some(home) => home.to_owned(),
            None => own
                .map(str::to_owned)
                .or_else(|| config.region(&at))
                .unwrap_or_default(),
        };
        Resource::plain(self.address(), region, attributes)
    }
}

/// Fills in what is neither given nor left to AWS, for the attributes themselves: Terraform
/// has filled those of blocks.
fn defaults(kind: &Kind, attributes: &mut Attributes) {
    let schema: &Schema = kind.schema();
    for (path, default) in kind.defaults {
        if schema.attribute(path).is_some() && !attributes.contains_key(*path) {
            attributes.insert((*path).to_owned(), default.value());
        }
    }
}

/// The name that rules know a type by.
pub(super) fn known_as(kind: &str) -> &str {
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == kind)
        .map_or(kind, |(_, kind)| kind)
}

/// The other names that the provider has for a type.
pub(super) fn other_names(kind: &str) -> impl Iterator<Item = &'static str> {
    ALIASES
        .iter()
        .filter(move |(_, known)| *known == kind)
        .map(|(alias, _)| *alias)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ReadError, read};
    use crate::address::Address;
    use crate::value::{Reference, Value};

    /// The attributes of `aws_lb.main` in a plan of one load balancer of this type.
    fn balancer(kind: &str, change: &serde_json::Value, expressions: &serde_json::Value) -> Value {
        let group = json!({
            "mode": "managed", "type": "aws_security_group", "name": "lb",
            "change": {
                "actions": ["create"],
                "after": { "name": "lb" },
                "after_unknown": { "id": true },
            },
        });
        let balancer = json!({
            "mode": "managed", "type": kind, "name": "main", "change": change,
        });
        let plan = json!({
            "format_version": "1.2",
            "resource_changes": [group, balancer],
            "configuration": { "root_module": { "resources": [
                { "mode": "managed", "type": kind, "name": "main", "expressions": expressions },
                { "mode": "managed", "type": "aws_security_group", "name": "lb", "expressions": {
                    "name": { "constant_value": "lb" },
                }},
            ]}},
        });
        let planned = read(&plan.to_string()).unwrap();
        let address = Address::managed("", "aws_lb", "main");
        let resource = &planned.desired.resources[&address];
        assert_eq!(planned.address(&address), format!("{kind}.main"));
        Value::Map(resource.attributes.clone())
    }

    #[test]
    fn an_alias_is_judged_as_what_it_is_and_shown_as_it_is_written() {
        let change = json!({ "actions": ["create"], "after": { "internal": true } });
        let found = balancer("aws_alb", &change, &json!({}));
        assert_eq!(found.get("internal"), &Value::Bool(true));
    }

    #[test]
    fn what_is_sensitive_is_unknown() {
        let change = json!({
            "actions": ["update"],
            "after": { "name": "secret", "tags": { "token": "secret" } },
            "after_sensitive": { "name": true, "tags": true },
        });
        let found = balancer("aws_lb", &change, &json!({}));
        assert!(found.get("name").is_unknown());
        assert!(!format!("{found:?}").contains("secret"));
    }

    #[test]
    fn what_is_not_known_is_what_it_refers_to_if_nothing_else_can_have_made_it_so() {
        let unknown = json!({
            "actions": ["create"],
            "after": {},
            "after_unknown": { "security_groups": [true], "arn": true, "name": true },
        });
        let references = |texts: &[&str]| {
            json!({
                "security_groups": { "references": texts },
                "name": { "references": ["aws_security_group.lb.id", "aws_security_group.lb"] },
            })
        };
        let group = Address::managed("", "aws_security_group", "lb");
        let nothing = Value::Unknown { from: None };
        let check = |texts: &[&str], expected: &Value| {
            let mut change = unknown.clone();
            change["after"]["security_groups"] = json!([null]);
            let found = balancer("aws_lb", &change, &references(texts));
            let groups = found.get("security_groups").items();
            assert_eq!(groups, std::slice::from_ref(expected), "{texts:?}");
            // A name is made of what it refers to.
            assert_eq!(found.get("name"), &nothing);
            // AWS alone gives it one.
            assert!(found.get("arn").is_null());
        };
        let id = Value::Reference(Reference::to(group, "id"));
        check(&["aws_security_group.lb.id", "aws_security_group.lb"], &id);
        // Its name is known: that can't be what is not.
        check(
            &["aws_security_group.lb.name", "aws_security_group.lb"],
            &nothing,
        );
        check(&["local.groups"], &nothing);
        check(&["aws_security_group.lb.id", "each.value"], &nothing);
    }

    #[test]
    fn what_goes_or_was_left_by_a_replacement_is_not_judged() {
        let change = |actions: &[&str], deposed: Option<&str>| {
            json!({
                "mode": "managed", "type": "aws_lb", "name": "main", "deposed": deposed,
                "change": { "actions": actions, "after": {} },
            })
        };
        let judged = |change: serde_json::Value| {
            let plan = json!({ "format_version": "1.0", "resource_changes": [change] });
            read(&plan.to_string()).unwrap().desired.resources.len()
        };
        assert_eq!(judged(change(&["delete"], None)), 0);
        assert_eq!(judged(change(&["delete"], Some("0a1b"))), 0);
        assert_eq!(judged(change(&["delete", "create"], None)), 1);
        assert_eq!(judged(change(&["no-op"], None)), 1);
        assert!(matches!(read("{}"), Err(ReadError::Format(_))));
    }

    /// A plan has secrets.
    #[test]
    fn a_misplaced_value_is_not_repeated() {
        let text = "{\"format_version\": \"1.0\",\n\"resource_changes\": \"hunter2\"}";
        let told = read(text).unwrap_err().to_string();
        assert_eq!(
            told,
            "it is no plan in JSON: a value is of another form than expected, line 2, column 29"
        );
    }
}
