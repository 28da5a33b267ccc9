//! How an exported folder that was read differs from what it has to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use watertight::address::{Address, Mode};
use watertight::value::{Attributes, Reference, Value};

use super::expected::{ANYWHERE, mapped, question, referred_to, renamed, with_references};
use super::folder::{Folder, Read, has, stem};
use super::terraform::Line;
use super::written::normal;

/// How what was read differs from what it has to say; nothing if it is the same.
pub(crate) fn differences(read: &Folder, wanted: &Folder, line: Line) -> Vec<String> {
    let mut all = read.wrong.clone();
    let mut wanted = wanted.clone();
    let read = by_question(read);
    less_what_is_told(&mut wanted, &read, line, &mut all);
    for one in wanted
        .resources
        .values_mut()
        .chain(wanted.lookups.values_mut())
    {
        one.depends_on.extend(referred_to(one.attributes.values()));
    }
    each("", &wanted.resources, &read.resources, &mut all, differ);
    each("", &wanted.lookups, &read.lookups, &mut all, differ);
    let names: BTreeSet<&str> = wanted.outputs.iter().map(|one| one.0.as_str()).collect();
    let outputs = |folder: &Folder| {
        let mut outputs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value, is_sensitive) in &folder.outputs {
            // Labels that would be the same are told apart.
            let told_apart = stem(name).filter(|_| !names.contains(name.as_str()));
            let of_name = outputs.entry(told_apart.unwrap_or(name).to_owned());
            let value = format!("{:?}, {is_sensitive}", normal(value.clone()));
            of_name.or_default().push(value);
        }
        for of_name in outputs.values_mut() {
            of_name.sort();
        }
        outputs
    };
    let (outputs, read_outputs) = (outputs(&wanted), outputs(&read));
    each("output ", &outputs, &read_outputs, &mut all, plain);
    each("import ", &wanted.imports, &read.imports, &mut all, plain);
    all.extend(plain("regions", &wanted.regions, &read.regions));
    all.extend(plain("accounts", &wanted.accounts, &read.accounts));
    all.extend(plain("versions", &wanted.versions, &read.versions));
    all.extend(plain("left out", &wanted.left_out, &read.left_out));
    all
}

/// What was read, with the lookups that components share under what they ask.
fn by_question(read: &Folder) -> Folder {
    let shared = read
        .lookups
        .iter()
        .filter(|(one, _)| one.component.is_empty());
    let shared: BTreeMap<Address, Address> = shared
        .map(|(address, lookup)| {
            let Address { kind, name, .. } = address;
            let asked = question(kind, name, &lookup.region, &lookup.attributes);
            (address.clone(), asked)
        })
        .collect();
    let mut folder = read.clone();
    let reads = |all: BTreeMap<Address, Read>| -> BTreeMap<Address, Read> {
        let all = all.into_iter().map(|(address, mut read)| {
            if address.mode == Mode::Lookup && ANYWHERE.contains(&address.kind.as_str()) {
                read.region.clear();
            }
            let to = |reference: &Reference| Value::Reference(renamed(reference, &shared));
            read.attributes = mapped(&read.attributes, &to);
            let after = referred_to(read.attributes.values());
            read.depends_on.extend(after);
            (shared.get(&address).cloned().unwrap_or(address), read)
        });
        all.collect()
    };
    folder.resources = reads(folder.resources);
    folder.lookups = reads(folder.lookups);
    for (_, value, _) in &mut folder.outputs {
        *value = with_references(value, &|reference| {
            Value::Reference(renamed(reference, &shared))
        });
    }
    folder
}

/// Takes away what the folder says that it has no words for, if that is so: the provider has no
/// such argument, or what it refers to isn't there.
fn less_what_is_told(wanted: &mut Folder, read: &Folder, line: Line, all: &mut Vec<String>) {
    let lacking = read.resources.iter().chain(&read.lookups);
    for (address, told) in lacking.map(|(one, read)| (one, &read.lacks)) {
        let (all_wanted, schema) = match address.mode {
            Mode::Managed => (&mut wanted.resources, line.schema(&address.kind)),
            Mode::Lookup => {
                let schema = line.schema(&format!("data.{}", address.kind));
                (&mut wanted.lookups, schema)
            }
        };
        let Some(wanted) = all_wanted.get_mut(address) else {
            continue;
        };
        wanted.lacks.clone_from(told);
        for (path, instead) in told {
            let schema = schema.unwrap();
            let names: Vec<&str> = path.split('.').collect();
            let mut taken = Vec::new();
            take(
                &mut wanted.attributes,
                &names,
                instead.as_deref(),
                &mut taken,
            );
            let is_unknown = !has(schema, path);
            let leads_out = taken.iter().any(|value| {
                let mut to = Vec::new();
                value.references(&mut to);
                to.iter().any(|to| !line.leads(to))
            });
            if taken.is_empty() || !(is_unknown || leads_out || instead.is_some()) {
                all.push(format!(
                    "{address}: {path} is not left out for what is told"
                ));
            }
        }
    }
}

fn take(from: &mut Attributes, names: &[&str], instead: Option<&str>, taken: &mut Vec<Value>) {
    match names {
        [name] => {
            taken.extend(from.remove(*name));
            from.extend(instead.map(|value| ((*name).to_owned(), Value::text(value))));
        }
        [name, rest @ ..] => match from.get_mut(*name) {
            Some(Value::List(items)) => {
                for item in items {
                    if let Value::Map(inside) = item {
                        take(inside, rest, instead, taken);
                    }
                }
            }
            Some(Value::Map(inside)) => take(inside, rest, instead, taken),
            _ => {}
        },
        [] => {}
    }
}

/// Holds two tables against each other, in both directions.
fn each<K: Ord + Display, T>(
    what: &str,
    wanted: &BTreeMap<K, T>,
    read: &BTreeMap<K, T>,
    all: &mut Vec<String>,
    differ: impl Fn(&str, &T, &T) -> Vec<String>,
) {
    let names: BTreeSet<&K> = wanted.keys().chain(read.keys()).collect();
    for name in names {
        let place = format!("{what}{name}");
        match (wanted.get(name), read.get(name)) {
            (Some(wanted), Some(read)) => all.extend(differ(&place, wanted, read)),
            (Some(_), None) => all.push(format!("{place} is missing")),
            (None, _) => all.push(format!("{place} was never approved")),
        }
    }
}

fn differ(place: &str, wanted: &Read, read: &Read) -> Vec<String> {
    let mut all = Vec::new();
    let (attributes, of_read) = (&wanted.attributes, &read.attributes);
    each(&format!("{place}."), attributes, of_read, &mut all, plain);
    let less = |read: &Read| Read {
        attributes: Attributes::new(),
        ..read.clone()
    };
    all.extend(plain(place, &less(wanted), &less(read)));
    all
}

fn plain<T: PartialEq + Debug>(place: &str, wanted: &T, read: &T) -> Vec<String> {
    if wanted == read {
        return Vec::new();
    }
    vec![format!(
        "{place}:\n  approved {wanted:?}\n  exported {read:?}"
    )]
}
