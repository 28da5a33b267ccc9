//! `[defaults]`: what components share.
//!
//! *Invariant*: what a component gives itself is never touched, and no component is given
//! a reference to itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::blueprint::Library;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::spec::{Input, Spec};

/// The spec with its defaults given to every component whose blueprint takes them. A
/// default that none can take is a problem.
pub(super) fn given<'a>(
    spec: &'a Spec,
    library: &Library,
    problems: &mut Vec<Diagnostic>,
) -> Cow<'a, Spec> {
    if spec.defaults.is_empty() {
        return Cow::Borrowed(spec);
    }
    let mut whole = spec.clone();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    // What a blueprint that is not there would take, nobody can say.
    let mut all_there = true;
    for (name, component) in &mut whole.components {
        let Some(manifest) = library.manifest(&component.blueprint.value) else {
            all_there = false;
            continue;
        };
        known.extend(manifest.inputs.keys().map(String::as_str));
        for (input, default) in &spec.defaults {
            let takes = manifest.inputs.contains_key(input);
            if takes && !refers_to(&default.value.value, name) {
                let inputs = &mut component.inputs;
                inputs
                    .entry(input.clone())
                    .or_insert_with(|| default.clone());
            }
        }
    }
    for (name, default) in &spec.defaults {
        if known.contains(name.as_str()) || !all_there {
            continue;
        }
        let message = format!("no component takes an input `{name}`");
        let hint = match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Take it out, or add a component whose blueprint takes it.".to_owned(),
        };
        let diagnostic = Diagnostic::error(message).at(default.key.clone(), "");
        problems.push(diagnostic.hint(hint));
    }
    Cow::Owned(whole)
}

/// Whether a value refers to a component.
fn refers_to(value: &Input, name: &str) -> bool {
    match value {
        Input::From { component, .. } | Input::Component(component) => component == name,
        Input::List(items) => items.iter().any(|item| refers_to(&item.value, name)),
        Input::Table(entries) => entries.values().any(|item| refers_to(&item.value, name)),
        _ => false,
    }
}
