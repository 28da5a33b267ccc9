//! Changes -> steps in order.
//!
//! In: what differs, the graph, the state's records. Out: a [`Plan`] whose steps stand in
//! an order that respects every edge. Three blocks follow each other: records to forget,
//! what is built (creates, updates, replacements, adoptions) in the graph's order, what is
//! deleted in the reverse. So a destroy is the exact reverse of the apply that made it.
//!
//! What a step waits for, [`edges`](super::edges) says.
//!
//! *Invariant*: a step stands after all that it waits for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::by_hand::ByHand;
use super::edges::{Edges, is_after};
use super::{Action, Changes, Mode, Outputs, Plan, Step};
use crate::address::Address;
use crate::graph::Graph;
use crate::resource::{Lookup, Next};
use crate::state::Document;

/// What a plan says of itself, beside what the state says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Apply or destroy.
    pub mode: Mode,
    /// How many resources AWS was not asked about.
    pub believed: usize,
    /// The spec's region.
    pub region: String,
    /// The account that was looked at; none offline.
    pub account: Option<String>,
    /// What is to be asked once what it waits for stands.
    pub deferred: Vec<Lookup>,
    /// What components give to people, as far as lookups tell.
    pub outputs: Outputs,
    /// Versions of the blueprints, by name.
    pub blueprints: BTreeMap<String, String>,
    /// DNS records that somebody has to make elsewhere.
    pub by_hand: Vec<ByHand>,
    /// What people do once everything stands.
    pub next: Vec<Next>,
}

/// Puts the changes in order and says what each step waits for. Deterministic.
#[must_use]
pub fn order(changes: Changes, graph: &Graph, document: &Document, header: Header) -> Plan {
    let by_hand = header.by_hand.into_iter();
    Plan {
        by_hand: by_hand.map(|one| one.foreseen(&changes.known)).collect(),
        mode: header.mode,
        believed: header.believed,
        undoes: false,
        app: document.app.clone(),
        environment: document.environment.clone(),
        region: header.region,
        account: header.account,
        lineage: (!document.is_new()).then(|| document.lineage.clone()),
        serial: document.serial,
        steps: sort(changes.steps, graph, document),
        unchanged: changes.unchanged,
        problems: changes.problems,
        notes: changes.notes,
        partial: None,
        known: changes.known,
        deferred: header.deferred,
        outputs: header.outputs,
        version: crate::VERSION.to_owned(),
        blueprints: header.blueprints,
        next: header.next,
    }
}

/// The same plan, in which of each pair the first step comes before the second. A pair that
/// would close a circle changes nothing.
#[must_use]
pub fn put_before(mut plan: Plan, pairs: &[(usize, usize)]) -> Plan {
    let after = plan.steps.iter();
    let mut before: Vec<BTreeSet<usize>> = after
        .map(|step| step.after.iter().copied().collect())
        .collect();
    for (first, then) in pairs {
        if !is_after(*first, *then, &before) {
            before[*then].insert(*first);
        }
    }
    let places: Vec<usize> = (0..plan.steps.len()).collect();
    plan.steps = arrange(plan.steps, &before, &places);
    plan
}

fn sort(steps: Vec<Step>, graph: &Graph, document: &Document) -> Vec<Step> {
    let before = Edges::new(&steps, graph, document).all();
    let keys = keys(&steps, graph);
    arrange(steps, &before, &keys)
}

/// The steps in an order that goes by what each waits for, and else by the keys.
fn arrange<K: Ord>(steps: Vec<Step>, before: &[BTreeSet<usize>], keys: &[K]) -> Vec<Step> {
    let positions = positions(before, keys);
    let mut sorted: Vec<(usize, Step)> = steps.into_iter().enumerate().collect();
    sorted.sort_by_key(|(index, _)| positions[*index]);
    sorted
        .into_iter()
        .map(|(index, mut step)| {
            let own = positions[index];
            step.after = before[index]
                .iter()
                .map(|before| positions[*before])
                .filter(|position| *position < own)
                .collect();
            step.after.sort_unstable();
            step
        })
        .collect()
}

/// Where a step goes if nothing else decides: its block, its rank in the graph (backwards
/// for a delete), a child before its parent, an older generation before a younger one.
type Key = (u8, isize, bool, String, u64);

fn keys(steps: &[Step], graph: &Graph) -> Vec<Key> {
    let ranks: BTreeMap<&Address, isize> = graph.order().zip(0..).collect();
    steps
        .iter()
        .map(|step| {
            let change = &step.change;
            let rank = ranks.get(&change.address).copied().unwrap_or(isize::MAX);
            let (block, rank) = match change.action {
                Action::Forget => (0, rank),
                Action::Delete => (2, -rank),
                _ => (1, rank),
            };
            // Whatever has no rank has a label.
            let label = change.label();
            (block, rank, change.child.is_none(), label, step.generation)
        })
        .collect()
}

/// Each step's place: of all whose forerunners are placed, the smallest key comes next.
///
/// Edges of different ages (one from a record, one from the spec) may close a circle among
/// deletes. Then the smallest key goes first all the same: AWS refuses what is in use, and
/// the executor waits.
fn positions<K: Ord>(before: &[BTreeSet<usize>], keys: &[K]) -> Vec<usize> {
    let mut missing: Vec<usize> = before.iter().map(BTreeSet::len).collect();
    let mut dependents = vec![Vec::new(); before.len()];
    for (index, before) in before.iter().enumerate() {
        for forerunner in before {
            dependents[*forerunner].push(index);
        }
    }
    let mut free: BinaryHeap<Reverse<(&K, usize)>> = (0..before.len())
        .filter(|index| missing[*index] == 0)
        .map(|index| Reverse((&keys[index], index)))
        .collect();
    let mut left: BTreeSet<(&K, usize)> = keys.iter().zip(0..).collect();
    let mut positions = vec![0; before.len()];
    for position in 0..before.len() {
        let next = free
            .pop()
            .map(|Reverse(next)| next)
            .or_else(|| left.first().copied());
        let Some((key, index)) = next else { break };
        left.remove(&(key, index));
        positions[index] = position;
        for dependent in &dependents[index] {
            missing[*dependent] = missing[*dependent].saturating_sub(1);
            if missing[*dependent] == 0 && left.contains(&(&keys[*dependent], *dependent)) {
                free.push(Reverse((&keys[*dependent], *dependent)));
            }
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Header, order};
    use crate::address::Address;
    use crate::graph::build;
    use crate::plan::{Action, Change, Changes, Mode, Plan, Step};
    use crate::resource::{Desired, Id, Resource};
    use crate::state::{Document, Record, Status};
    use crate::value::Attributes;

    fn address(name: &str) -> Address {
        Address::managed("c", "aws_lb", name)
    }

    fn id(text: &str) -> Id {
        Id {
            region: "eu-west-1".to_owned(),
            text: text.to_owned(),
        }
    }

    /// `create a`, `delete old a` (a leftover), `delete a/x` (a child made by hand).
    fn step(text: &str, dependencies: &[&str]) -> Step {
        let words: Vec<&str> = text.split(' ').collect();
        let (action, replaced) = match words[0] {
            "create" => (Action::Create, false),
            "update" => (Action::Update, false),
            "replace" => (Action::Replace, false),
            "forget" => (Action::Forget, false),
            _ => (Action::Delete, words.len() == 3),
        };
        let name = words[words.len() - 1];
        let (name, child) = match name.split_once('/') {
            Some((name, child)) => (name, Some(id(child))),
            None => (name, None),
        };
        Step {
            change: Change {
                address: address(name),
                kind: "aws_lb".to_owned(),
                child,
                replaced,
                action,
                id: None,
                region: "eu-west-1".to_owned(),
                fields: Vec::new(),
                why: Vec::new(),
                protected: false,
            },
            after: Vec::new(),
            wanted: None,
            observed: Attributes::new(),
            dependencies: dependencies.iter().map(|name| address(name)).collect(),
            generation: 1,
            protect: false,
        }
    }

    fn shown(step: &Step) -> String {
        let name = step.change.label().replace("c.aws_lb.", "");
        let action = match step.change.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Replace => "replace",
            Action::Forget => "forget",
            Action::Delete if step.change.replaced => "delete old",
            _ => "delete",
        };
        format!("{action} {name}")
    }

    type Uses<'a> = &'a [(&'a str, &'a [&'a str])];

    fn plan(steps: Vec<Step>, desired: Uses<'_>, recorded: Uses<'_>) -> Plan {
        let mut document = Document::new("app", "env", "lineage");
        for (name, uses) in recorded {
            document.put(Record {
                address: address(name),
                generation: 1,
                status: Status::Applied,
                region: "eu-west-1".to_owned(),
                id: Some(id(name)),
                token: None,
                attributes: Attributes::new(),
                dependencies: uses.iter().map(|name| address(name)).collect(),
                protect: false,
                maker: None,
                asked: None,
                told: None,
            });
        }
        let resources = desired.iter().map(|(name, uses)| {
            let resource = Resource {
                address: address(name),
                region: "eu-west-1".to_owned(),
                attributes: Attributes::new(),
                generated: BTreeSet::new(),
                defaulted: BTreeSet::new(),
                depends_on: uses.iter().map(|name| address(name)).collect(),
                maker: None,
                origin: crate::resource::Origin::default(),
                origins: std::collections::BTreeMap::new(),
                overridden: std::collections::BTreeMap::new(),
                ignored: std::collections::BTreeMap::new(),
            };
            (address(name), resource)
        });
        let desired = Desired {
            resources: resources.collect(),
            ..Desired::default()
        };
        let graph = build(&desired, &document).unwrap();
        let changes = Changes {
            steps,
            ..Changes::default()
        };
        let header = Header {
            mode: Mode::Apply,
            believed: 0,
            region: "eu-west-1".to_owned(),
            account: None,
            deferred: Vec::new(),
            outputs: std::collections::BTreeMap::new(),
            blueprints: std::collections::BTreeMap::new(),
            by_hand: Vec::new(),
            next: Vec::new(),
        };
        order(changes, &graph, &document, header)
    }

    /// Steps as `index step < indices of what it waits for`.
    #[track_caller]
    fn check(steps: &[(&str, &[&str])], desired: Uses<'_>, recorded: Uses<'_>, expected: &[&str]) {
        let steps = steps.iter().map(|(text, uses)| step(text, uses)).collect();
        let found: Vec<String> = plan(steps, desired, recorded)
            .steps
            .iter()
            .map(|step| format!("{} < {:?}", shown(step), step.after))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_built_waits_for_the_nearest_step_through_what_stays() {
        check(
            &[("update c", &[]), ("create a", &[]), ("forget z", &[])],
            &[("a", &[]), ("b", &["a"]), ("c", &["b"])],
            &[("b", &["a"]), ("c", &["b"])],
            &["forget z < []", "create a < []", "update c < [1]"],
        );
    }

    #[test]
    fn a_replaced_thing_goes_when_its_dependents_have_turned_away() {
        check(
            &[
                ("delete old cert", &[]),
                ("update listener", &["cert"]),
                ("replace cert", &[]),
            ],
            &[("cert", &[]), ("listener", &["cert"])],
            &[("cert", &[]), ("listener", &["cert"])],
            &[
                "replace cert < []",
                "update listener < [0]",
                "delete old cert < [0, 1]",
            ],
        );
    }

    #[test]
    fn what_left_the_spec_goes_when_its_former_user_is_updated() {
        check(
            &[
                ("delete old_group", &[]),
                ("update lb", &[]),
                ("create new_group", &[]),
            ],
            &[("lb", &["new_group"]), ("new_group", &[])],
            &[("lb", &["old_group"]), ("old_group", &[])],
            &[
                "create new_group < []",
                "update lb < [0]",
                "delete old_group < [1]",
            ],
        );
    }

    #[test]
    fn leftovers_of_a_chain_go_in_reverse() {
        check(
            &[
                ("replace lb", &[]),
                ("delete old lb", &[]),
                ("replace listener", &[]),
                ("delete old listener", &["lb"]),
            ],
            &[("lb", &[]), ("listener", &["lb"])],
            &[("lb", &[]), ("listener", &["lb"])],
            &[
                "replace lb < []",
                "replace listener < [0]",
                "delete old listener < [1]",
                "delete old lb < [0, 1, 2]",
            ],
        );
    }

    #[test]
    fn a_child_made_by_hand_goes_after_our_own_are_added_and_before_its_parent() {
        check(
            &[
                ("delete group/sgr-1", &[]),
                ("create rule", &[]),
                ("replace group", &[]),
                ("delete old group", &[]),
            ],
            &[("group", &[]), ("rule", &["group"])],
            &[("group", &[])],
            &[
                "replace group < []",
                "create rule < [0]",
                "delete group/sgr-1 < [1]",
                "delete old group < [0, 1, 2]",
            ],
        );
    }

    #[test]
    fn a_circle_of_old_and_new_edges_is_cut() {
        let found = plan(
            vec![step("delete old a", &["b"]), step("delete old b", &["a"])],
            &[],
            &[],
        );
        let order: Vec<String> = found.steps.iter().map(shown).collect();
        assert_eq!(order.len(), 2);
        assert!(found.steps[0].after.is_empty());
    }

    proptest! {
        #[test]
        fn apply_respects_every_edge_and_destroy_is_its_reverse(
            edges in prop::collection::vec((0..12_usize, 0..12_usize), 0..30),
            names in Just((0..12_u8).map(|n| format!("n{n}")).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let uses: Vec<Vec<&str>> = (0..12)
                .map(|from| {
                    edges
                        .iter()
                        .filter(|(a, b)| *a == from && b < a)
                        .map(|(_, b)| names[*b].as_str())
                        .collect()
                })
                .collect();
            let graph: Vec<(&str, &[&str])> = names
                .iter()
                .zip(&uses)
                .map(|(name, uses)| (name.as_str(), uses.as_slice()))
                .collect();
            let all = |verb: &str| -> Vec<Step> {
                graph.iter().map(|(name, uses)| step(&format!("{verb} {name}"), uses)).collect()
            };
            let apply = plan(all("create"), &graph, &[]);
            let destroy = plan(all("delete"), &[], &graph);
            let names_of = |plan: &Plan| -> Vec<String> {
                plan.steps.iter().map(|step| step.change.address.name.clone()).collect()
            };
            let built = names_of(&apply);
            for (name, uses) in &graph {
                let place = |name: &str| built.iter().position(|built| built == name).unwrap();
                for used in *uses {
                    prop_assert!(place(used) < place(name));
                    prop_assert!(apply.steps[place(name)].after.contains(&place(used)));
                }
            }
            let mut deleted = names_of(&destroy);
            deleted.reverse();
            prop_assert_eq!(built, deleted);
            for (index, step) in destroy.steps.iter().enumerate() {
                prop_assert!(step.after.iter().all(|before| *before < index));
            }
        }
    }
}
