//! Groups of things -> components of a draft.
//!
//! *Invariant*: a component has a name that no other has, and every group that becomes none has
//! a reason.

use std::collections::{BTreeMap, BTreeSet};

use super::Ask;
use super::around::{Reasons, expand};
use super::draft::{Component, Draft};
use super::found::Found;
use super::view::{View, text};
use crate::address::{Address, is_component};
use crate::blueprint::Library;
use crate::diagnostic::{Diagnostic, Severity};
use crate::terraform::state::Instance;
use crate::value::Value;

/// What the spec says at its top.
pub(super) fn head(view: &View, ask: &Ask, groups: &[Found]) -> Draft {
    let regions = groups.iter().filter_map(|one| region(view, one));
    let accounts = view.every().filter_map(|(_, one)| {
        let account = text(one, "arn")?.split(':').nth(4)?;
        (account.len() == 12).then(|| account.to_owned())
    });
    Draft {
        name: ask.name.clone(),
        source: ask.source.clone(),
        app: ask.app.clone(),
        environment: ask.environment.clone(),
        region: ask
            .region
            .clone()
            .or_else(|| most(regions))
            .unwrap_or_else(|| "us-east-1".to_owned()),
        account: most(accounts),
        tags: common_tags(view),
        ..Draft::default()
    }
}

/// What there is most of.
fn most(all: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    all.for_each(|one| *counts.entry(one).or_default() += 1);
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map(|(one, _)| one)
}

/// Where a group is. A distribution is everywhere, but not its bucket.
fn region(view: &View, found: &Found) -> Option<String> {
    let is_somewhere = |kind: &str| matches!(kind, "aws_lb" | "aws_s3_bucket" | "aws_vpc");
    let mut places = found.pins.iter();
    let (_, place) = places.find(|((kind, _), _)| is_somewhere(kind))?;
    view.get(*place).region.clone()
}

/// Tags that all have which have any, less those that name one thing.
fn common_tags(view: &View) -> BTreeMap<String, String> {
    let mut common: Option<BTreeMap<String, String>> = None;
    for (_, thing) in view.every() {
        let Some(Value::Map(tags)) = thing.attributes.get("tags") else {
            continue;
        };
        let is_own =
            |key: &str| key == "Name" || key.starts_with("aws:") || key.starts_with("watertight:");
        let tags: BTreeMap<String, String> = tags
            .iter()
            .filter(|(key, _)| !is_own(key))
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        common = Some(match common {
            None => tags,
            Some(mut common) => {
                common.retain(|key, value| tags.get(key) == Some(value));
                common
            }
        });
    }
    common.unwrap_or_default()
}

/// A component for each group that is in the region and has what it refers to.
pub(super) fn components(
    view: &View,
    groups: Vec<Found>,
    region: &str,
    reasons: &mut Reasons,
) -> Vec<Component> {
    let mut names: BTreeMap<usize, String> = BTreeMap::new();
    let mut components = Vec::new();
    for found in groups {
        if let Some(own) = self::region(view, &found).filter(|own| own != region) {
            let why = format!(
                "it is in {own}, and this spec is for {region}: `--region {own}` proposes one for what is there"
            );
            reasons.insert(found.root, why);
            continue;
        }
        let takes: Option<BTreeMap<&'static str, String>> = found
            .takes
            .iter()
            .map(|(input, root)| Some((*input, names.get(root)?.clone())))
            .collect();
        let Some(takes) = takes else {
            reasons.insert(found.root, "what it refers to is not taken over".to_owned());
            continue;
        };
        let root = view.get(found.root);
        let name = name(root, found.blueprint, &names);
        names.insert(found.root, name.clone());
        let pins = found.pins.iter();
        let pins = pins.map(|((kind, of), place)| (Address::managed(&name, kind, of), *place));
        components.push(Component {
            pins: pins.collect(),
            name,
            blueprint: found.blueprint,
            root: found.root,
            terraform: root.address.clone(),
            inputs: found.inputs,
            takes,
            overrides: BTreeMap::new(),
            additions: Vec::new(),
        });
    }
    components
}

/// A name for the component, from what Terraform calls its root.
fn name(root: &Instance, blueprint: &str, others: &BTreeMap<usize, String>) -> String {
    const SAY_NOTHING: &[&str] = &["this", "main", "default", "self"];
    let key = root.address.strip_suffix("\"]");
    let key = key.and_then(|rest| rest.rsplit("[\"").next());
    let module = root.module.rsplit("module.").next().unwrap_or_default();
    let module = module.split('[').next().unwrap_or_default();
    let says = |text: &&str| !text.is_empty() && !SAY_NOTHING.contains(text);
    // The label says it; where it says nothing, the module.
    let mut words: Vec<&str> = [root.label.as_str(), module]
        .into_iter()
        .filter(says)
        .collect();
    words.truncate(1);
    words.extend(key.filter(says));
    let fallback = match blueprint {
        "https-service" => "web",
        "static-site" => "site",
        "cdn-service" => "cdn",
        "private-bucket" => "bucket",
        other => other,
    };
    let plain: String = words
        .join("-")
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(24)
        .collect();
    let plain = plain.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let plain = SAY_NOTHING.iter().fold(plain, |plain, word| {
        let shorter = plain.strip_suffix(word);
        shorter
            .filter(|shorter| shorter.ends_with('-'))
            .unwrap_or(plain)
    });
    let plain = plain.trim_end_matches('-');
    let base = if is_component(plain) { plain } else { fallback };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut names = std::iter::once(base.to_owned()).chain(numbered);
    let free = names.find(|name| !others.values().any(|other| other == name));
    free.unwrap_or_default()
}

/// A component that the blueprint refuses is left, and why.
pub(super) fn drop_what_does_not_expand(
    draft: &mut Draft,
    library: &Library,
    reasons: &mut Reasons,
) {
    let mut bad = BTreeSet::new();
    for component in &draft.components {
        let needs = component.takes.values().find(|name| bad.contains(*name));
        let problems = match needs {
            Some(name) => vec![Diagnostic::error(format!(
                "it takes from `{name}`, which is left"
            ))],
            None => expand(&draft.alone(component), library)
                .err()
                .unwrap_or_default(),
        };
        let mut errors = problems
            .iter()
            .filter(|one| one.severity == Severity::Error);
        if let Some(first) = errors.next() {
            let why = format!(
                "the blueprint {} can't hold it: {}",
                component.blueprint, first.message
            );
            reasons.insert(component.root, why);
            bad.insert(component.name.clone());
        }
    }
    draft.components.retain(|one| !bad.contains(&one.name));
}
