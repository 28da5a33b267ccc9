//! `[environments.staging]`: which environment a spec is read for, and its overlay laid
//! over the rest.
//!
//! In: the table of the whole text. Out: the same as one environment has it, and as each
//! of the others has it.
//!
//! *Invariant*: works on TOML tables, before any section is read: whatever a spec may hold
//! can be overlaid, and every value keeps the place where it was written.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::amend;
use super::form;
use super::reader::{Reader, listed};
use super::walk::ROOT_KEYS;
use crate::diagnostic::{Span, did_you_mean};

/// What is the same in every environment, or is what tells them apart.
const FIXED: &[&str] = &["app", "environment", "environments", "requires"];

/// The tables to read.
pub(super) struct Picked<'i> {
    /// The spec as the picked environment has it; its `environment` is that one's name.
    pub(super) root: DeTable<'i>,
    /// The same for each of the others, which are only checked.
    pub(super) others: Vec<DeTable<'i>>,
    /// The names of all.
    pub(super) names: Vec<String>,
}

/// An environment that the spec speaks of.
struct Named<'a, 'i> {
    name: &'a str,
    /// Where its name stands.
    at: std::ops::Range<usize>,
    overlay: Option<&'a DeTable<'i>>,
}

/// Picks the environment that is asked for, else the one at the top.
pub(super) fn pick<'i>(reader: &mut Reader, root: &DeTable<'i>, asked: Option<&str>) -> Picked<'i> {
    let mut all = overlays(reader, root);
    let top = root.get("environment");
    if let Some(top) = top
        && let Some(name) = top.get_ref().as_str()
        && !all.iter().any(|known| known.name == name)
    {
        let at = top.span();
        let overlay = None;
        all.insert(0, Named { name, at, overlay });
    }
    let wanted = asked.or_else(|| top?.get_ref().as_str());
    let found = wanted.and_then(|wanted| all.iter().position(|known| known.name == wanted));
    // Where nothing fits, the first one stands in, so that the rest can be checked.
    let picked = found.or((!all.is_empty()).then_some(0));
    if found.is_none() && (asked.is_some() || top.is_none()) {
        not_found(reader, root, asked, &all);
    }
    let Some(picked) = picked else {
        return Picked {
            root: root.clone(),
            others: Vec::new(),
            names: Vec::new(),
        };
    };
    let names = all.iter().map(|known| known.name.to_owned()).collect();
    let picked = all.remove(picked);
    Picked {
        root: laid(root, &picked),
        others: all.iter().map(|other| laid(root, other)).collect(),
        names,
    }
}

/// The overlays of the right form. Keys that they can't have are said here, and left out
/// when they are laid.
fn overlays<'a, 'i>(reader: &mut Reader, root: &'a DeTable<'i>) -> Vec<Named<'a, 'i>> {
    let mut all = Vec::new();
    let Some(value) = root.get("environments") else {
        return all;
    };
    let example = "[environments.staging]";
    let Some(table) = reader.table("`environments`", value, example) else {
        return all;
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if let Err(misfit) = form::name(name) {
            let span = reader.span(key);
            reader.misfit(misfit, span);
            continue;
        }
        let what = format!("environment `{name}`");
        let Some(overlay) = reader.table(&what, value, example) else {
            continue;
        };
        all.push(Named {
            name,
            at: key.span(),
            overlay: Some(overlay),
        });
        for (key, _) in overlay {
            let fixed = key.get_ref().as_ref();
            if FIXED.contains(&fixed) {
                let span = reader.span(key);
                let hint = match fixed {
                    "environment" => "The table's name is the environment's: leave this out.",
                    _ => "It is the same in all of them: write it at the top.",
                };
                reader.error(
                    format!("an environment can't set `{fixed}`"),
                    span,
                    "",
                    hint,
                );
            }
        }
        let known: Vec<&str> = overlaid_keys().collect();
        let without_fixed: DeTable<'i> = overlay
            .iter()
            .filter(|(key, _)| !FIXED.contains(&key.get_ref().as_ref()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        reader.unknown_keys(&what, &without_fixed, &known);
    }
    all
}

fn overlaid_keys() -> impl Iterator<Item = &'static str> {
    let keys = ROOT_KEYS.iter().copied();
    keys.filter(|key| !FIXED.contains(key))
}

/// Says that the environment is not there, or that none is asked for.
fn not_found(reader: &mut Reader, root: &DeTable<'_>, asked: Option<&str>, all: &[Named<'_, '_>]) {
    let names: Vec<&str> = all.iter().map(|known| known.name).collect();
    let place = root.get("environment").or_else(|| root.get("environments"));
    let place = place.map_or_else(
        || Span::new(reader.source(), 0..0),
        |value| reader.span(value),
    );
    match asked {
        Some(asked) => {
            let hint = match (did_you_mean(asked, names.iter().copied()), names.as_slice()) {
                (Some(meant), _) => format!("Did you mean `--env {meant}`?"),
                (None, []) => format!("Add `[environments.{asked}]`, or leave out `--env`."),
                (None, [only]) => {
                    format!("There is only `{only}`; add `[environments.{asked}]` for another.")
                }
                (None, _) => format!("There are {}.", listed(&names)),
            };
            let message = format!("there is no environment `{asked}`");
            reader.error(message, place, "", hint);
        }
        None if names.is_empty() => {}
        None => {
            let hint = format!(
                "Pick one with `--env`, of {}; or write the usual one at the top, `environment = \"{}\"`.",
                listed(&names),
                names[0]
            );
            reader.error("the spec has several environments", place, "", hint);
        }
    }
}

/// The whole spec as an environment has it.
fn laid<'i>(root: &DeTable<'i>, named: &Named<'_, 'i>) -> DeTable<'i> {
    let mut table = root.clone();
    if let Some(overlay) = named.overlay {
        for (key, value) in overlay {
            if overlaid_keys().any(|known| known == key.get_ref().as_ref()) {
                lay(&mut table, key, value, &[]);
            }
        }
        // The name stands where the table is headed by it.
        let key = Spanned::new(named.at.clone(), DeString::Borrowed("environment"));
        let name = DeValue::String(DeString::Owned(named.name.to_owned()));
        table.remove("environment");
        table.insert(key, Spanned::new(named.at.clone(), name));
    }
    table
}

/// Lays a value over what stands at its key: a table is merged, waivers are added, anything
/// else is replaced.
fn lay<'i>(
    below: &mut DeTable<'i>,
    key: &Spanned<DeString<'i>>,
    value: &Spanned<DeValue<'i>>,
    path: &[&str],
) {
    let name = key.get_ref().as_ref();
    let (key, value) = match (below.remove_entry(name), value.get_ref()) {
        (Some((old_key, old)), DeValue::Table(over))
            if old.get_ref().is_table() && !is_whole(path, name, &old, over) =>
        {
            let at = old.span();
            let DeValue::Table(mut table) = old.into_inner() else {
                return;
            };
            let path = [path, &[name]].concat();
            for (key, value) in over {
                lay(&mut table, key, value, &path);
            }
            (old_key, Spanned::new(at, DeValue::Table(table)))
        }
        (Some((old_key, old)), DeValue::Array(more))
            if path.is_empty() && name == "waivers" && old.get_ref().is_array() =>
        {
            let at = old.span();
            let DeValue::Array(mut list) = old.into_inner() else {
                return;
            };
            for item in more {
                list.push(item.clone());
            }
            (old_key, Spanned::new(at, DeValue::Array(list)))
        }
        _ => (key.clone(), value.clone()),
    };
    below.insert(key, value);
}

/// Whether a table is one value, which is never half of this and half of that: an input's
/// (`{ tag = ".." }`), or a reference.
fn is_whole(path: &[&str], name: &str, old: &Spanned<DeValue<'_>>, over: &DeTable<'_>) -> bool {
    let is_input = match path {
        ["components", _] => !amend::has(name),
        ["defaults"] => true,
        _ => false,
    };
    let is_reference = |table: &DeTable<'_>| table.contains_key("from");
    is_input || is_reference(over) || old.get_ref().as_table().is_some_and(is_reference)
}
