//! What components are given, and what they take from each other.
//!
//! *Invariant*: looks at the spec and the manifests only; nothing is rendered yet.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Expansion;
use crate::blueprint::input::{InputSpec, Problems};
use crate::blueprint::{Library, amend};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::spec::{COMPONENT_KEYS, Component, Input, Written, in_toml};

impl Expansion<'_> {
    /// Whether the inputs are what the blueprint takes.
    pub(super) fn check(&mut self, component: &Component) {
        let before = self.problems.len();
        let blueprint = &component.blueprint;
        let Some(manifest) = self.library.manifest(&blueprint.value) else {
            let mut diagnostic =
                Diagnostic::error(format!("there is no blueprint `{}`", blueprint.value))
                    .at(blueprint.span.clone(), "");
            let names: Vec<&str> = self.library.names().collect();
            diagnostic = diagnostic.hint(
                match did_you_mean(&blueprint.value, names.iter().copied()) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("There are `{}`.", names.join("`, `")),
                },
            );
            self.problems.push(diagnostic);
            self.broken.insert(component.name.value.clone());
            return;
        };
        for (name, given) in &component.inputs {
            let Some(input) = manifest.inputs.get(name) else {
                let diagnostic =
                    Diagnostic::error(format!("`{}` has no input `{name}`", blueprint.value))
                        .at(given.key.clone(), "");
                let known = manifest.inputs.keys().map(String::as_str);
                let near = did_you_mean(name, known.chain(COMPONENT_KEYS.iter().copied()));
                self.problems.push(match near {
                    Some(near) => diagnostic.hint(format!("Did you mean `{near}`?")),
                    None => diagnostic.hint(format!(
                        "It takes `{}`.",
                        manifest
                            .inputs
                            .keys()
                            .cloned()
                            .collect::<Vec<_>>()
                            .join("`, `")
                    )),
                });
                continue;
            };
            let mut found: Problems<'_> = Vec::new();
            input.problems(&given.value.value, Some(&given.value.span), &mut found);
            for (span, problem) in found {
                let span = span.unwrap_or(&given.value.span).clone();
                // A default is written once and taken by several.
                let is_default = self.spec.defaults.get(name) == Some(given);
                let message = if is_default {
                    format!("`{name}` of `{}`: {problem}", component.name.value)
                } else {
                    format!("`{name}`: {problem}")
                };
                self.problems.push(Diagnostic::error(message).at(span, ""));
            }
            for taken in taken(&given.value, Some(input)) {
                self.check_taken(&taken);
            }
        }
        for value in amend::values(&component.amendments) {
            self.whole(value);
            for taken in taken(value, None) {
                self.check_taken(&taken);
            }
        }
        for (name, input) in &manifest.inputs {
            if input.required && !component.inputs.contains_key(name) {
                self.problems.push(missing(component, name, input));
            }
        }
        if self.problems.len() > before {
            self.broken.insert(component.name.value.clone());
        }
    }

    /// A whole component has no place in an attribute.
    fn whole(&mut self, value: &Written<Input>) {
        match &value.value {
            Input::Component(other) => {
                let message = format!("an attribute can't be the whole component `{other}`");
                let hint = format!("Name one of its outputs: `{{ from = \"{other}.url\" }}`.");
                let diagnostic = Diagnostic::error(message).at(value.span.clone(), "");
                self.problems.push(diagnostic.hint(hint));
            }
            Input::List(items) => items.iter().for_each(|item| self.whole(item)),
            Input::Table(entries) => entries.values().for_each(|item| self.whole(item)),
            _ => {}
        }
    }

    /// Whether the other component's blueprint gives the output. That the component is
    /// there, and another, has been said by the parser.
    fn check_taken(&mut self, taken: &Taken<'_>) {
        let Some(other) = self.spec.components.get(taken.component) else {
            return;
        };
        let Some(manifest) = self.library.manifest(&other.blueprint.value) else {
            return;
        };
        if manifest.outputs.contains_key(taken.output) {
            return;
        }
        let message = format!(
            "`{}`, a `{}`, has no output `{}`",
            taken.component, other.blueprint.value, taken.output
        );
        let outputs = manifest.outputs.keys();
        let hint = match did_you_mean(taken.output, outputs.clone().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!(
                "It gives `{}`.",
                outputs.cloned().collect::<Vec<_>>().join("`, `")
            ),
        };
        let diagnostic = Diagnostic::error(message).at(taken.span.clone(), "");
        self.problems.push(diagnostic.hint(hint));
    }

    /// The components, those first whose outputs others take. Those that take each other's
    /// in a circle are told so and left out.
    pub(super) fn order(&mut self) -> Vec<String> {
        let components = &self.spec.components;
        let mut graph: DiGraph<&str, &Span> = DiGraph::new();
        let nodes: BTreeMap<&str, NodeIndex> = components
            .keys()
            .map(|name| (name.as_str(), graph.add_node(name)))
            .collect();
        let library = self.library;
        let all_taken: Vec<(&str, Taken<'_>)> = components
            .iter()
            .flat_map(|(name, component)| {
                let taken = taken_by(component, library);
                taken.into_iter().map(move |taken| (name.as_str(), taken))
            })
            .collect();
        for (name, taken) in &all_taken {
            if let Some(other) = nodes.get(taken.component)
                && taken.component != *name
            {
                graph.add_edge(nodes[name], *other, taken.span);
            }
        }
        let mut order = Vec::new();
        for group in tarjan_scc(&graph) {
            let mut names: Vec<&str> = group.into_iter().map(|node| graph[node]).collect();
            names.sort_unstable();
            if let [name] = names.as_slice() {
                order.push((*name).to_owned());
                continue;
            }
            let mut diagnostic = Diagnostic::error(format!(
                "these components take each other's outputs: `{}`",
                names.join("`, `")
            ))
            .hint("Take out one of the references between them.");
            for (name, taken) in &all_taken {
                if names.contains(name) && names.contains(&taken.component) {
                    diagnostic = diagnostic.at(taken.span.clone(), "");
                }
            }
            self.problems.push(diagnostic);
            self.broken.extend(names.into_iter().map(str::to_owned));
        }
        order
    }
}

/// An input that must be given and is not.
fn missing(component: &Component, name: &str, input: &InputSpec) -> Diagnostic {
    let example = input.example.as_ref().map_or_else(
        || format!("Add `{name} = ...`."),
        |example| format!("Add `{name} = {}`.", in_toml(example)),
    );
    Diagnostic::error(format!(
        "`{}` needs `{name}`: {}",
        component.blueprint.value, input.summary
    ))
    .at(component.name.span.clone(), "")
    .hint(example)
}

/// Everything that a component takes from others.
pub(super) fn taken_by<'a>(component: &'a Component, library: &'a Library) -> Vec<Taken<'a>> {
    let Some(manifest) = library.manifest(&component.blueprint.value) else {
        return Vec::new();
    };
    component
        .inputs
        .iter()
        .filter_map(|(name, given)| Some((manifest.inputs.get(name)?, given)))
        .flat_map(|(input, given)| taken(&given.value, Some(input)))
        .chain(amend::values(&component.amendments).flat_map(|value| taken(value, None)))
        .collect()
}

/// A `{ from = ".." }` in an input.
pub(super) struct Taken<'a> {
    pub(super) component: &'a str,
    pub(super) output: &'a str,
    pub(super) span: &'a Span,
    /// Whether it must be given.
    pub(super) must: bool,
}

/// Every output that a value takes. One that the parser has complained about is nameless
/// and left out.
fn taken<'a>(value: &'a Written<Input>, input: Option<&'a InputSpec>) -> Vec<Taken<'a>> {
    match &value.value {
        Input::Component(component) => input
            .into_iter()
            .flat_map(|input| {
                let must = input.takes.iter().map(|output| (output, true));
                must.chain(input.may_take.iter().map(|output| (output, false)))
            })
            .map(|(output, must)| Taken {
                component,
                output,
                span: &value.span,
                must,
            })
            .collect(),
        Input::From { component, output } if !component.is_empty() => vec![Taken {
            component,
            output,
            span: &value.span,
            must: true,
        }],
        Input::List(items) => items.iter().flat_map(|item| taken(item, input)).collect(),
        Input::Table(entries) => {
            let entries = entries.values();
            entries.flat_map(|item| taken(item, input)).collect()
        }
        _ => Vec::new(),
    }
}
