//! What a spec holds, key by key.
//!
//! *Invariant*: whatever the table, a spec comes out and every problem is noted once.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::amend;
use super::input::{self, Scope};
use super::reader::{Reader, misspelt};
use super::{
    Amendments, Component, Given, Spec, Waiver, Written, defaults, form, import, moved, removed,
    state,
};
use crate::diagnostic::{Diagnostic, Span};

pub(super) const ROOT_KEYS: &[&str] = &[
    "app",
    "environment",
    "region",
    "account",
    "ephemeral",
    "requires",
    "tags",
    "state",
    "defaults",
    "components",
    "environments",
    "waivers",
    "moved",
    "removed",
    "import",
];

/// AWS allows 50 tags on most kinds; the rest is left to watertight's own.
const TAG_LIMIT: usize = 40;

/// Reads the whole table.
pub(super) fn spec(reader: &mut Reader, root: &DeTable<'_>) -> Spec {
    let top = Span::new(reader.source(), 0..0);
    reader.unknown_keys("the spec", root, ROOT_KEYS);
    let app = required(
        reader,
        root,
        "app",
        &top,
        "Write `app = \"shop\"` at the top.",
    );
    let environment = required(
        reader,
        root,
        "environment",
        &top,
        "Write `environment = \"test\"` at the top.",
    );
    let region = required(
        reader,
        root,
        "region",
        &top,
        "Write `region = \"eu-west-1\"` at the top.",
    );
    let state = root
        .get("state")
        .map(|value| state::backend(reader, value, &region.value))
        .unwrap_or_default();
    Spec {
        source: reader.source().clone(),
        app,
        environments: BTreeSet::from([environment.value.clone()]),
        environment,
        region,
        account: root
            .get("account")
            .and_then(|value| reader.text_of("account", value, form::account)),
        ephemeral: root
            .get("ephemeral")
            .and_then(|value| reader.bool("ephemeral", value))
            .unwrap_or_default(),
        defaults: defaults::defaults(reader, root),
        tags: root
            .get("tags")
            .map(|value| tags(reader, value))
            .unwrap_or_default(),
        state,
        components: components(reader, root, &top),
        waivers: root
            .get("waivers")
            .map(|value| waivers(reader, value, form::address_pattern))
            .unwrap_or_default(),
        moved: moved::read(reader, root),
        removed: removed::read(reader, root),
        imports: import::read(reader, root),
    }
}

/// A required text at the top; a valid one stands in for what is missing or wrong.
fn required(
    reader: &mut Reader,
    root: &DeTable<'_>,
    key: &str,
    top: &Span,
    hint: &str,
) -> Written<String> {
    let stand_in = |span: Span| Written {
        value: match key {
            "region" => "us-east-1".to_owned(),
            _ => key.to_owned(),
        },
        span,
    };
    let Some(value) = root.get(key) else {
        if misspelt(key, root, ROOT_KEYS).is_none() {
            reader.missing("the spec", key, top.clone(), hint);
        }
        return stand_in(top.clone());
    };
    let form = if key == "region" {
        form::region
    } else {
        form::name
    };
    let Some(text) = reader.text_of(key, value, form) else {
        return stand_in(reader.span(value));
    };
    if key == "region"
        && let Err(misfit) = form::known_region(&text.value)
    {
        let warning = Diagnostic::warning(misfit.message)
            .at(text.span.clone(), "")
            .hint(misfit.hint);
        reader.problems.push(warning);
    }
    text
}

fn tags(reader: &mut Reader, value: &Spanned<DeValue<'_>>) -> BTreeMap<String, Written<String>> {
    let mut tags = BTreeMap::new();
    let Some(table) = reader.table("`tags`", value, "[tags]") else {
        return tags;
    };
    if table.len() > TAG_LIMIT {
        let span = reader.span(value);
        reader.error(
            format!("there are {} tags", table.len()),
            span,
            "",
            format!("At most {TAG_LIMIT} fit beside those that watertight writes."),
        );
    }
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let key_fits = form::tag_key(name);
        let text = reader.text_of(name, value, form::tag_value);
        match (key_fits, text) {
            (Ok(()), Some(text)) => {
                tags.insert(name.to_owned(), text);
            }
            (Err(misfit), _) => {
                let span = reader.span(key);
                reader.misfit(misfit, span);
            }
            (Ok(()), None) => {}
        }
    }
    tags
}

fn components(reader: &mut Reader, root: &DeTable<'_>, top: &Span) -> BTreeMap<String, Component> {
    let mut components = BTreeMap::new();
    let value = root.get("components");
    let place = value.map_or_else(|| top.clone(), |value| reader.span(value));
    let table = match value {
        None => None,
        Some(value) => match reader.table("`components`", value, "[components.web]") {
            None => return components,
            some => some,
        },
    };
    let Some(table) = table.filter(|table| !table.is_empty()) else {
        if misspelt("components", root, ROOT_KEYS).is_none() {
            let hint = "Add `[components.web]`, and below it `blueprint = \"https-service\"`.";
            reader.error("the spec has no component", place, "", hint);
        }
        return components;
    };
    let names: Vec<&str> = table.keys().map(|key| key.get_ref().as_ref()).collect();
    for (key, value) in table {
        if let Some(component) = component(reader, key, value, &names) {
            components.insert(component.name.value.clone(), component);
        }
    }
    components
}

fn component(
    reader: &mut Reader,
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
    names: &[&str],
) -> Option<Component> {
    let name = key.get_ref().as_ref();
    let name_fits = form::name(name);
    let fits = name_fits.is_ok();
    if let Err(misfit) = name_fits {
        let span = reader.span(key);
        reader.misfit(misfit, span);
    }
    let table = reader.table(&format!("component `{name}`"), value, "[components.web]")?;
    let scope = Scope {
        component: name,
        components: names,
    };
    let mut inputs = BTreeMap::new();
    let mut amendments = Amendments::default();
    let mut blueprint = None;
    for (key, value) in table {
        let input = key.get_ref().as_ref();
        if input == "blueprint" {
            blueprint = reader.text("blueprint", value);
        } else if amend::has(input) {
            amend::read(reader, &scope, input, value, &mut amendments);
        } else {
            let given = Given {
                key: reader.span(key),
                value: input::read(reader, Some(&scope), value),
            };
            inputs.insert(input.to_owned(), given);
        }
    }
    let span = reader.span(value);
    if !table.contains_key("blueprint") {
        let owner = format!("component `{name}`");
        if let Some(key) = misspelt("blueprint", table, &["blueprint"]) {
            let key = reader.span(key);
            reader.missing(&owner, "blueprint", key, "Did you mean `blueprint` here?");
        } else {
            let hint = "Write `blueprint = \"https-service\"` below it.";
            reader.missing(&owner, "blueprint", span.clone(), hint);
        }
    }
    let blueprint = blueprint.filter(|_| fits)?;
    Some(Component {
        name: Written {
            value: name.to_owned(),
            span,
        },
        blueprint,
        inputs,
        amendments,
    })
}

/// What a waiver's address must be.
type AddressForm = fn(&str) -> Result<(), form::Misfit>;

/// Waivers that stand alone, for what Terraform calls its resources.
pub(super) fn alone(reader: &mut Reader, root: &DeTable<'_>) -> Vec<Waiver> {
    reader.unknown_keys("a file of waivers", root, &["waivers"]);
    root.get("waivers")
        .map(|value| waivers(reader, value, form::terraform_pattern))
        .unwrap_or_default()
}

fn waivers(reader: &mut Reader, value: &Spanned<DeValue<'_>>, address: AddressForm) -> Vec<Waiver> {
    let Some(list) = reader.list("waivers", value, "[[waivers]]") else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|item| {
            let table = reader.table("each of `waivers`", item, "[[waivers]]")?;
            let span = reader.span(item);
            waiver(reader, span, table, address)
        })
        .collect()
}

const WAIVER_KEYS: &[(&str, &str)] = &[
    ("rule", "Name the rule: `rule = \"WT-ELB-002\"`."),
    ("address", "Name what it is for: `address = \"web.*\"`."),
    ("owner", "Name who answers for it: `owner = \"payments\"`."),
    ("reason", "Say why it is needed: `reason = \"...\"`."),
    ("expires", "Say how long: `expires = 2027-01-31`."),
];

/// A waiver that is right in every part: an exception to a rule is not guessed at.
fn waiver(
    reader: &mut Reader,
    span: Span,
    table: &DeTable<'_>,
    form_of_address: AddressForm,
) -> Option<Waiver> {
    let known: Vec<&str> = WAIVER_KEYS.iter().map(|(key, _)| *key).collect();
    reader.unknown_keys("a waiver", table, &known);
    for (key, hint) in WAIVER_KEYS {
        if !table.contains_key(*key) && misspelt(key, table, &known).is_none() {
            reader.missing("the waiver", key, span.clone(), hint);
        }
    }
    let rule = table
        .get("rule")
        .and_then(|value| reader.text_of("rule", value, form::rule));
    let address = table
        .get("address")
        .and_then(|value| reader.text_of("address", value, form_of_address));
    let owner = filled(reader, table, "owner");
    let reason = filled(reader, table, "reason");
    let expires = table
        .get("expires")
        .and_then(|value| reader.date("expires", value));
    Some(Waiver {
        rule: rule?.value,
        address: address?.value,
        owner: owner?,
        reason: reason?,
        expires: expires?,
        span,
    })
}

/// Text that says something.
fn filled(reader: &mut Reader, table: &DeTable<'_>, key: &str) -> Option<String> {
    let text = reader.text(key, table.get(key)?)?;
    if text.value.trim().is_empty() {
        let hint = WAIVER_KEYS
            .iter()
            .find(|(known, _)| *known == key)
            .map_or("", |(_, hint)| hint);
        reader.error(
            format!("the waiver's `{key}` is empty"),
            text.span,
            "",
            hint,
        );
        return None;
    }
    Some(text.value)
}
