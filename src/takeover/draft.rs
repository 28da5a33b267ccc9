//! The spec that is proposed, while it is made, and its text.
//!
//! *Invariant*: the text is read back as what the draft holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::found::Input;
use crate::accept::edit::to_toml;
use crate::address::Address;
use crate::value::Value;

/// A spec in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) app: String,
    pub(super) environment: String,
    pub(super) region: String,
    pub(super) account: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) components: Vec<Component>,
    pub(super) imports: Vec<Import>,
}

/// One component of it.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) blueprint: &'static str,
    /// The thing that it is known by.
    pub(super) root: usize,
    /// That thing's address in Terraform.
    pub(super) terraform: String,
    pub(super) inputs: Vec<Input>,
    /// Inputs that are other components or their outputs: `network` is `core`.
    pub(super) takes: BTreeMap<&'static str, String>,
    pub(super) pins: BTreeMap<Address, usize>,
    pub(super) additions: Vec<Addition>,
    /// By resource and path.
    pub(super) overrides: BTreeMap<Address, BTreeMap<String, Value>>,
}

/// One resource beside the blueprint's.
#[derive(Clone, Debug)]
pub(super) struct Addition {
    pub(super) address: Address,
    /// Terraform's address.
    pub(super) terraform: String,
    /// Its arguments, as an addition writes them.
    pub(super) arguments: BTreeMap<&'static str, Value>,
}

/// One `[[import]]`.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) address: Address,
    pub(super) id: String,
    pub(super) keep: BTreeSet<String>,
    /// Terraform's address.
    pub(super) terraform: String,
}

impl Draft {
    /// The same with only this component and those that it takes from.
    pub(super) fn alone(&self, component: &Component) -> Self {
        let needs: BTreeSet<&String> = self.needs(component);
        let components = self.components.iter();
        let components = components.filter(|one| needs.contains(&one.name));
        Self {
            components: components.cloned().collect(),
            imports: Vec::new(),
            ..self.clone()
        }
    }

    fn needs<'a>(&'a self, component: &'a Component) -> BTreeSet<&'a String> {
        let mut needs = BTreeSet::from([&component.name]);
        for taken in component.takes.values() {
            if let Some(other) = self.components.iter().find(|one| one.name == *taken) {
                needs.extend(self.needs(other));
            }
        }
        needs
    }

    /// Which things are which resources, where no reference tells.
    pub(super) fn pins(&self) -> BTreeMap<Address, usize> {
        let components = self.components.iter();
        components.flat_map(|one| one.pins.clone()).collect()
    }

    /// The component of a resource.
    pub(super) fn component(&mut self, name: &str) -> Option<&mut Component> {
        self.components.iter_mut().find(|one| one.name == name)
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.head(&mut text);
        for component in &self.components {
            component.write(&mut text);
        }
        if !self.imports.is_empty() {
            line(
                &mut text,
                "\n# What stands and becomes the spec's, each under its address in Terraform. A bucket brings\n\
                 # what is set on it. Once the plan says that a block may go, it may.",
            );
        }
        for import in &self.imports {
            line(&mut text, &format!("\n# {}", import.terraform));
            line(&mut text, "[[import]]");
            pair(
                &mut text,
                "address",
                &Value::text(import.address.to_string()),
                false,
            );
            pair(&mut text, "id", &Value::text(&import.id), false);
            if !import.keep.is_empty() {
                pair(
                    &mut text,
                    "keep",
                    &Value::texts(import.keep.iter().cloned()),
                    false,
                );
            }
        }
        text
    }

    fn head(&self, text: &mut String) {
        line(
            text,
            &format!(
                "# Proposed by `watertight import terraform` for what {} remembers. Read it, then\n\
                 # `watertight check`, and `watertight plan`: nothing is changed before `watertight apply`.",
                self.source
            ),
        );
        pair(text, "app", &self.app.as_str().into(), false);
        pair(
            text,
            "environment",
            &self.environment.as_str().into(),
            false,
        );
        pair(text, "region", &self.region.as_str().into(), false);
        if let Some(account) = &self.account {
            pair(text, "account", &account.as_str().into(), false);
        }
        if !self.tags.is_empty() {
            line(text, "\n# All that can have tags has these.\n[tags]");
            for (key, value) in &self.tags {
                pair(text, key, &value.as_str().into(), false);
            }
        }
    }
}

impl Component {
    fn write(&self, text: &mut String) {
        let Self {
            name, terraform, ..
        } = self;
        line(
            text,
            &format!("\n# {terraform}, and what hangs on it.\n[components.{name}]"),
        );
        pair(text, "blueprint", &self.blueprint.into(), false);
        for (key, component) in &self.takes {
            let from = Value::map([("from", Value::text(component))]);
            pair(text, key, &from, false);
        }
        for Input { key, value, note } in &self.inputs {
            if note.is_empty() {
                pair(text, key, value, false);
            } else {
                let mut of = String::new();
                pair(&mut of, key, value, false);
                line(text, &format!("{} # {note}", of.trim_end()));
            }
        }
        for (address, fields) in &self.overrides {
            let Address { kind, name: of, .. } = address;
            line(
                text,
                "\n# As it stands: AWS can't change it in place, or people know it by that.",
            );
            line(text, &format!("[components.{name}.override.{kind}.{of}]"));
            for (path, value) in fields {
                let keys = match path.strip_prefix("tags.") {
                    Some(key) => vec!["tags", key],
                    None => path.split('.').collect(),
                };
                let keys = keys
                    .into_iter()
                    .map(|key| toml_edit::Key::new(key).to_string());
                pair_as_written(text, &keys.collect::<Vec<_>>().join("."), value, true);
            }
        }
        for addition in &self.additions {
            addition.write(text);
        }
    }
}

impl Addition {
    fn write(&self, text: &mut String) {
        let Address {
            component,
            kind,
            name,
            ..
        } = &self.address;
        line(
            text,
            &format!("\n# {}, which would go if nothing said it.", self.terraform),
        );
        line(
            text,
            &format!("[components.{component}.resource.{kind}.{name}]"),
        );
        for (key, value) in &self.arguments {
            pair(text, key, value, false);
        }
    }
}

fn pair(text: &mut String, key: &str, value: &Value, amends: bool) {
    let key = toml_edit::Key::new(key).to_string();
    pair_as_written(text, &key, value, amends);
}

fn pair_as_written(text: &mut String, key: &str, value: &Value, amends: bool) {
    if let Some(value) = to_toml(value, amends) {
        line(text, &format!("{key} = {}", value.to_string().trim()));
    }
}

fn line(text: &mut String, line: &str) {
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{line}");
}
