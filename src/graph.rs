//! Who must stand before whom.
//!
//! In: the desired resources and the state's records. Out: a [`Graph`] of their addresses.
//! One graph serves apply and destroy; a destroy walks it backwards.
//!
//! *Invariant*: a graph has no cycle; what has one is refused when it is built.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::address::{Address, Mode};
use crate::diagnostic::Diagnostic;
use crate::resource::Desired;
use crate::state::Document;

/// Addresses of resources, and what each depends on.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    dependencies: BTreeMap<Address, BTreeSet<Address>>,
    levels: BTreeMap<Address, usize>,
}

/// Builds the graph of everything that is desired or recorded. Where both know a resource,
/// the desired one's dependencies count.
///
/// # Errors
/// A diagnostic for each cycle, which names the resources in it.
pub fn build(desired: &Desired, document: &Document) -> Result<Graph, Vec<Diagnostic>> {
    let mut dependencies: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for record in &document.records {
        dependencies
            .entry(record.address.clone())
            .or_default()
            .extend(record.dependencies.iter().cloned());
    }
    for (address, resource) in &desired.resources {
        dependencies.insert(address.clone(), desired.dependencies(resource));
    }
    let known: BTreeSet<Address> = dependencies.keys().cloned().collect();
    for before in dependencies.values_mut() {
        before.retain(|address| address.mode == Mode::Managed && known.contains(address));
    }
    let cycles = cycles(&dependencies, desired);
    if !cycles.is_empty() {
        return Err(cycles);
    }
    let mut graph = Graph {
        dependencies,
        levels: BTreeMap::new(),
    };
    let addresses: Vec<Address> = graph.dependencies.keys().cloned().collect();
    for address in &addresses {
        graph.find_level(address);
    }
    Ok(graph)
}

impl Graph {
    /// What must stand before this; empty for what the graph does not know.
    pub fn dependencies(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.dependencies.get(address).into_iter().flatten()
    }

    /// Everything, a level a list: each depends on earlier lists only. In order of address
    /// within a list.
    #[must_use]
    pub fn levels(&self) -> Vec<Vec<&Address>> {
        let n_levels = self.levels.values().max().map_or(0, |level| level + 1);
        let mut levels = vec![Vec::new(); n_levels];
        for (address, level) in &self.levels {
            levels[*level].push(address);
        }
        levels
    }

    /// Everything, what must stand first first.
    pub fn order(&self) -> impl Iterator<Item = &Address> {
        self.levels().into_iter().flatten()
    }

    /// How long the longest way from a root to this is, in edges.
    fn find_level(&mut self, address: &Address) -> usize {
        if let Some(level) = self.levels.get(address) {
            return *level;
        }
        let before: Vec<Address> = self.dependencies(address).cloned().collect();
        let level = before
            .iter()
            .map(|before| self.find_level(before) + 1)
            .max()
            .unwrap_or(0);
        self.levels.insert(address.clone(), level);
        level
    }
}

fn cycles(
    dependencies: &BTreeMap<Address, BTreeSet<Address>>,
    desired: &Desired,
) -> Vec<Diagnostic> {
    let mut graph: DiGraph<&Address, ()> = DiGraph::new();
    let nodes: BTreeMap<&Address, NodeIndex> = dependencies
        .keys()
        .map(|address| (address, graph.add_node(address)))
        .collect();
    for (address, before) in dependencies {
        for target in before {
            graph.add_edge(nodes[address], nodes[target], ());
        }
    }
    tarjan_scc(&graph)
        .into_iter()
        .filter(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]))
        .map(|group| {
            let mut members: Vec<&Address> = group.into_iter().map(|node| graph[node]).collect();
            members.sort();
            let names: Vec<String> = members.iter().map(ToString::to_string).collect();
            let mut diagnostic = Diagnostic::error(format!(
                "these resources wait for each other: {}",
                names.join(", ")
            ))
            .hint("take out one of the references between them");
            for resource in members
                .iter()
                .filter_map(|member| desired.resources.get(member))
            {
                if let Some(span) = &resource.origin.spec {
                    diagnostic = diagnostic.at(span.clone(), resource.address.to_string());
                }
                if let Some(span) = &resource.origin.blueprint {
                    diagnostic = diagnostic.at(span.clone(), "");
                }
            }
            diagnostic
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::build;
    use crate::address::Address;
    use crate::resource::Desired;
    use crate::state::{Document, Record, Status};

    fn document(edges: &[(&str, &[&str])]) -> Document {
        let address = |name: &str| Address::managed("c", "aws_lb", name);
        let mut document = Document::new("app", "env", "lineage");
        for (name, before) in edges {
            document.put(Record {
                address: address(name),
                generation: 1,
                status: Status::Applied,
                region: "eu-west-1".to_owned(),
                id: None,
                token: None,
                attributes: crate::value::Attributes::new(),
                dependencies: before
                    .iter()
                    .map(|name| address(name))
                    .collect::<BTreeSet<_>>(),
                protect: false,
                maker: None,
                asked: None,
                told: None,
            });
        }
        document
    }

    #[test]
    fn what_must_stand_first_comes_first() {
        let document = document(&[
            ("a", &["c"]),
            ("b", &[]),
            ("c", &["b"]),
            ("d", &["b", "gone"]),
        ]);
        let graph = build(&Desired::default(), &document).unwrap();
        let order: Vec<&str> = graph.order().map(|address| address.name.as_str()).collect();
        assert_eq!(order, ["b", "c", "d", "a"]);
    }

    #[test]
    fn a_cycle_is_named() {
        let document = document(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["d"])]);
        let problems = build(&Desired::default(), &document).unwrap_err();
        let messages: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "these resources wait for each other: c.aws_lb.a, c.aws_lb.b, c.aws_lb.c",
                "these resources wait for each other: c.aws_lb.d",
            ]
        );
    }
}
