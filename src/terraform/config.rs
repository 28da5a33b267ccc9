//! The configuration: what an expression refers to, through modules, variables and outputs.
//!
//! The JSON of a configuration names references and says nothing of what is computed from
//! them. So a reference is taken for a value only where the value is unknown and nothing
//! else could have made it so; see [`Config::targets`].
//!
//! *Invariant*: what can't be followed to its end (a local value, `each.value`) leads nowhere.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::plan::{known_as, other_names};
use crate::address::{Address, Mode};
use crate::resource::Desired;
use crate::value::{Attributes, Reference, Step, Value};

/// More modules and variables in a row than any configuration has.
const DEEPEST: usize = 32;

/// The `configuration` of a plan.
#[derive(Default, Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    provider_config: BTreeMap<String, Provider>,
    #[serde(default)]
    root_module: Module,
}

#[derive(Default, Deserialize)]
struct Provider {
    #[serde(default)]
    expressions: Map<String, Json>,
}

#[derive(Default, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<ConfigResource>,
    #[serde(default, rename = "module_calls")]
    calls: BTreeMap<String, Call>,
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
}

#[derive(Default, Deserialize)]
struct Call {
    #[serde(default)]
    expressions: Map<String, Json>,
    #[serde(default)]
    module: Module,
}

#[derive(Default, Deserialize)]
struct Output {
    #[serde(default)]
    expression: Json,
}

#[derive(Deserialize)]
struct ConfigResource {
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    provider_config_key: String,
    #[serde(default)]
    expressions: Map<String, Json>,
}

/// The addresses of all instances of a plan.
pub(super) type Instances = BTreeSet<Address>;

/// A configuration, ready to be asked.
pub(super) struct Config {
    root: Module,
    providers: BTreeMap<String, Provider>,
    instances: Instances,
    /// The paths of all modules that hold an instance.
    modules: BTreeSet<String>,
    /// Where each resource stands in its module's list.
    places: BTreeMap<Place, usize>,
}

/// A module's names, without instances, and a resource's mode, type and name.
type Place = (Vec<String>, bool, String, String);

impl Config {
    pub(super) fn new(configuration: Configuration, instances: Instances) -> Self {
        let mut places = BTreeMap::new();
        index(&configuration.root_module, &mut Vec::new(), &mut places);
        Self {
            root: configuration.root_module,
            providers: configuration.provider_config,
            modules: instances.iter().map(|at| at.component.clone()).collect(),
            instances,
            places,
        }
    }

    /// The expressions of a resource, by attribute.
    pub(super) fn expressions(&self, at: &Address) -> Option<&Map<String, Json>> {
        self.resource(at).map(|resource| &resource.expressions)
    }

    /// The region of a resource's provider, where it is written as such.
    pub(super) fn region(&self, at: &Address) -> Option<String> {
        let key = &self.resource(at)?.provider_config_key;
        let region = self.providers.get(key)?.expressions.get("region")?;
        let region = region.get("constant_value")?.as_str()?;
        Some(region.to_owned())
    }

    fn resource(&self, at: &Address) -> Option<&ConfigResource> {
        let names = module_names(&at.component);
        let (name, _) = split_index(&at.name);
        let is_data = at.mode == Mode::Lookup;
        let place = (names, is_data, at.kind.clone(), name.to_owned());
        let index = self.places.get(&place)?;
        self.module(&place.0)?.resources.get(*index)
    }

    fn module(&self, names: &[String]) -> Option<&Module> {
        let mut module = &self.root;
        for name in names {
            module = &module.calls.get(name)?.module;
        }
        Some(module)
    }

    /// The attributes of resources and lookups that an expression of an instance refers to,
    /// each once, in order of mention. None where something else is referred to, too, that
    /// can't be followed.
    pub(super) fn targets(&self, at: &Address, expression: &Json) -> Option<Vec<Reference>> {
        let mut found = Vec::new();
        let key = split_index(&at.name).1;
        self.follow(&at.component, key, expression, &mut found, 0)?;
        Some(found)
    }

    fn follow(
        &self,
        module: &str,
        key: Option<&str>,
        expression: &Json,
        found: &mut Vec<Reference>,
        depth: usize,
    ) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let texts: Vec<&str> = expression
            .get("references")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        for (index, text) in texts.iter().enumerate() {
            // `aws_lb.main.arn` is followed by what it begins with, `aws_lb.main`.
            let is_prefix = texts[..index].iter().any(|longer| {
                longer
                    .strip_prefix(text)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
            });
            if !is_prefix {
                self.follow_one(module, key, text, found, depth)?;
            }
        }
        Some(())
    }

    fn follow_one(
        &self,
        module: &str,
        key: Option<&str>,
        text: &str,
        found: &mut Vec<Reference>,
        depth: usize,
    ) -> Option<()> {
        let parts = parts(text);
        match parts.as_slice() {
            [
                "each" | "count" | "path" | "terraform" | "self" | "local",
                ..,
            ] => None,
            ["var", name, ..] => {
                let (parent, name_here) = parent(module)?;
                let (name_here, key) = split_index(name_here);
                let call = self.module(&module_names(parent))?.calls.get(name_here)?;
                let given = call.expressions.get(split_index(name).0)?;
                if given.get("constant_value").is_some() {
                    return Some(());
                }
                self.follow(parent, key, given, found, depth + 1)
            }
            ["module", name, output, ..] => {
                let (plain, own) = split_index(name);
                let child = if own.is_some() {
                    joined(module, name)
                } else {
                    self.child(module, plain, key)?
                };
                let output = self
                    .module(&module_names(&child))?
                    .outputs
                    .get(split_index(output).0)?;
                self.follow(&child, None, &output.expression, found, depth + 1)
            }
            ["data", kind, name, path @ ..] => {
                let target = self.instance(module, Mode::Lookup, kind, name, key)?;
                push(target, path, found)
            }
            [kind, name, path @ ..] => {
                let target = self.instance(module, Mode::Managed, kind, name, key)?;
                push(target, path, found)
            }
            _ => None,
        }
    }

    /// The instance that a reference without a key can mean: the only one, or the one with
    /// the same key.
    fn instance(
        &self,
        module: &str,
        mode: Mode,
        kind: &str,
        name: &str,
        key: Option<&str>,
    ) -> Option<Address> {
        let (plain, own) = split_index(name);
        let address = |name: String| Address {
            component: module.to_owned(),
            mode,
            kind: kind.to_owned(),
            name,
        };
        let candidates = [
            own.map(|_| name.to_owned()),
            own.is_none().then(|| plain.to_owned()),
            own.or(key).map(|key| format!("{plain}[{key}]")),
        ];
        let known = candidates
            .into_iter()
            .flatten()
            .map(address)
            .find(|address| self.instances.contains(address));
        known.or_else(|| {
            let first = address(format!("{plain}["));
            let mut same = self.instances.range(first..).take_while(|other| {
                (other.component.as_str(), other.kind.as_str()) == (module, kind)
                    && split_index(&other.name).0 == plain
            });
            let only = same.next().cloned();
            only.filter(|_| same.next().is_none())
        })
    }

    /// The instance of a module that a reference without a key can mean.
    fn child(&self, module: &str, name: &str, key: Option<&str>) -> Option<String> {
        let plain = joined(module, name);
        let is_there = |path: &str| {
            let below = format!("{path}.");
            let mut after = self.modules.range(below.clone()..);
            self.modules.contains(path)
                || after
                    .next()
                    .is_some_and(|module| module.starts_with(&below))
        };
        if is_there(&plain) {
            return Some(plain);
        }
        let with_key = format!("{plain}[{}]", key?);
        is_there(&with_key).then_some(with_key)
    }

    /// Known values that the configuration takes from another resource of the plan become
    /// the reference again: rules follow those.
    ///
    /// And what is unknown where it stands is not taken from what is known elsewhere:
    /// something else has made it so.
    pub(super) fn link(&self, desired: &mut Desired) {
        let taken = |reference: &Reference| {
            let is_known = || {
                let Some(Step::Attribute(name)) = reference.path.first() else {
                    return false;
                };
                let target = desired.resources.get(&reference.target);
                let value = target.and_then(|target| target.attributes.get(name));
                value.is_some_and(|value| !value.is_unknown())
            };
            Some(if is_known() {
                Value::Unknown { from: None }
            } else {
                Value::Reference(reference.clone())
            })
        };
        let unlinked: Vec<(Address, Attributes)> = desired
            .resources
            .iter()
            .map(|(address, resource)| {
                let attributes = resource.attributes.iter();
                let unknown = attributes.filter(|(_, value)| value.is_unknown());
                let attributes = unknown.map(|(name, value)| (name.clone(), value.resolve(&taken)));
                (address.clone(), attributes.collect())
            })
            .collect();
        for (address, attributes) in unlinked {
            if let Some(resource) = desired.resources.get_mut(&address) {
                resource.attributes.extend(attributes);
            }
        }
        let mut links: Vec<(Address, String, Reference)> = Vec::new();
        for (address, resource) in &desired.resources {
            let Some((at, expressions)) = self.instance_of(address) else {
                continue;
            };
            for (name, value) in &resource.attributes {
                if value.as_str().is_none() {
                    continue;
                }
                let targets = expressions
                    .get(name)
                    .and_then(|expression| self.targets(&at, expression));
                let Some([reference]) = targets.as_deref() else {
                    continue;
                };
                let [Step::Attribute(attribute)] = reference.path.as_slice() else {
                    continue;
                };
                let theirs = desired
                    .resources
                    .get(&reference.target)
                    .and_then(|target| target.attributes.get(attribute));
                if theirs == Some(value) {
                    links.push((address.clone(), name.clone(), reference.clone()));
                }
            }
        }
        for (address, name, reference) in links {
            if let Some(resource) = desired.resources.get_mut(&address) {
                resource
                    .attributes
                    .insert(name, Value::Reference(reference));
            }
        }
    }

    fn instance_of(&self, address: &Address) -> Option<(Address, &Map<String, Json>)> {
        if let Some(expressions) = self.expressions(address) {
            return Some((address.clone(), expressions));
        }
        // It stands in the configuration under the provider's other name.
        let mut others = other_names(&address.kind).map(|kind| Address {
            kind: kind.to_owned(),
            ..address.clone()
        });
        let at = others.find(|at| self.instances.contains(at))?;
        let expressions = self.expressions(&at)?;
        Some((at, expressions))
    }
}

fn index(module: &Module, names: &mut Vec<String>, places: &mut BTreeMap<Place, usize>) {
    for (position, resource) in module.resources.iter().enumerate() {
        let place = (
            names.clone(),
            resource.mode == "data",
            resource.kind.clone(),
            resource.name.clone(),
        );
        places.insert(place, position);
    }
    for (name, call) in &module.calls {
        names.push(name.clone());
        index(&call.module, names, places);
        names.pop();
    }
}

/// A reference, by the name that rules know the type by. A whole resource is no value.
fn push(target: Address, path: &[&str], found: &mut Vec<Reference>) -> Option<()> {
    let mut steps = Vec::new();
    for part in path {
        let (name, key) = split_index(part);
        steps.push(Step::Attribute(name.to_owned()));
        if let Some(key) = key {
            match key.parse() {
                Ok(index) => steps.push(Step::Index(index)),
                Err(_) => steps.push(Step::Key(key.trim_matches('"').to_owned())),
            }
        }
    }
    if steps.is_empty() {
        return None;
    }
    let reference = Reference {
        target: Address {
            kind: known_as(&target.kind).to_owned(),
            ..target
        },
        path: steps,
    };
    if !found.contains(&reference) {
        found.push(reference);
    }
    Some(())
}

/// The parts between the dots that stand outside of brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0_usize, false);
    for (place, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if !quoted && depth == 0 => {
                parts.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `main["a"]` -> `main` and `"a"`.
fn split_index(name: &str) -> (&str, Option<&str>) {
    match name.split_once('[') {
        Some((plain, rest)) => (plain, rest.strip_suffix(']')),
        None => (name, None),
    }
}

/// The names of the modules on a path, without their keys: `module.a["x"].module.b`.
fn module_names(path: &str) -> Vec<String> {
    if path.is_empty() {
        return Vec::new();
    }
    let parts = parts(path);
    parts
        .into_iter()
        .skip(1)
        .step_by(2)
        .map(|name| split_index(name).0.to_owned())
        .collect()
}

/// The path of the module around a module, and what that calls it; none for the root.
fn parent(path: &str) -> Option<(&str, &str)> {
    let parts = parts(path);
    let last = *parts.last().filter(|last| !last.is_empty())?;
    let around = path.strip_suffix(last)?.strip_suffix("module.")?;
    Some((around.strip_suffix('.').unwrap_or(around), last))
}

fn joined(module: &str, name: &str) -> String {
    if module.is_empty() {
        format!("module.{name}")
    } else {
        format!("{module}.module.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::{module_names, parent, parts, split_index};

    #[test]
    fn addresses_of_terraform_are_taken_apart() {
        assert_eq!(
            parts(r#"module.a["x.y"].aws_lb.main"#),
            ["module", r#"a["x.y"]"#, "aws_lb", "main"]
        );
        assert_eq!(split_index(r#"main["a"]"#), ("main", Some(r#""a""#)));
        assert_eq!(module_names(r#"module.a["x"].module.b"#), ["a", "b"]);
        assert_eq!(
            parent(r#"module.a["x.y"].module.b[0]"#),
            Some((r#"module.a["x.y"]"#, "b[0]"))
        );
        assert_eq!(parent("module.a"), Some(("", "a")));
        assert_eq!(parent(""), None);
    }
}
