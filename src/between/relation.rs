//! Which steps have to do with each other, as the demands put it.
//!
//! *Invariant*: what is used is what the spec and the records say; the plan's own edges are
//! never asked.

use std::collections::{BTreeMap, BTreeSet};

use super::{Demand, Does, Side, Tie};
use crate::address::Address;
use crate::graph::Graph;
use crate::plan::{Action, Step};
use crate::state::Document;

type Users<'a> = BTreeMap<&'a Address, BTreeSet<&'a Address>>;

/// Who uses what, from now on and until now.
pub(super) struct Relations<'a> {
    steps: &'a [Step],
    graph: &'a Graph,
    recorded: Users<'a>,
    /// Users of each thing, as the spec has it.
    users: Users<'a>,
    /// Users of each thing, as it was.
    former: Users<'a>,
    /// The step that builds an address.
    builds: BTreeMap<&'a Address, usize>,
    /// The steps that delete what replacements of an address leave behind.
    leaves: BTreeMap<&'a Address, Vec<usize>>,
    by_kind: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Relations<'a> {
    pub(super) fn new(steps: &'a [Step], graph: &'a Graph, document: &'a Document) -> Self {
        let mut relations = Self {
            steps,
            graph,
            recorded: Users::new(),
            users: Users::new(),
            former: Users::new(),
            builds: BTreeMap::new(),
            leaves: BTreeMap::new(),
            by_kind: BTreeMap::new(),
        };
        for record in &document.records {
            let used = relations.recorded.entry(&record.address).or_default();
            used.extend(&record.dependencies);
            for used in &record.dependencies {
                let users = relations.former.entry(used).or_default();
                users.insert(&record.address);
            }
        }
        for user in graph.order() {
            for used in graph.dependencies(user) {
                relations.users.entry(used).or_default().insert(user);
            }
        }
        for (index, step) in steps.iter().enumerate() {
            let kind = step.change.kind.as_str();
            relations.by_kind.entry(kind).or_default().push(index);
            if does(step, Does::Builds) {
                relations.builds.insert(&step.change.address, index);
            }
            if does(step, Does::Leaves) {
                let left = relations.leaves.entry(&step.change.address).or_default();
                left.push(index);
            }
        }
        relations
    }

    /// Whether what one step builds needs what another builds.
    pub(super) fn needs(&self, step: usize, other: usize) -> bool {
        let [step, other] = [&self.steps[step], &self.steps[other]];
        let both_build = does(step, Does::Builds) && does(other, Does::Builds);
        let mut seen = BTreeSet::new();
        let mut open = vec![&step.change.address];
        while let Some(next) = open.pop().filter(|_| both_build) {
            for used in self.graph.dependencies(next) {
                if *used == other.change.address {
                    return true;
                }
                if seen.insert(used) {
                    open.push(used);
                }
            }
        }
        false
    }

    /// The pairs of steps that a demand is about.
    pub(super) fn pairs(&self, demand: &Demand) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        match demand.tie {
            Tie::Same => {
                for then in self.of(&demand.then) {
                    let step = &self.steps[then];
                    let successor = self.builds.get(&step.change.address);
                    pairs.extend(
                        successor
                            .filter(|_| step.change.replaced)
                            .map(|first| (*first, then)),
                    );
                }
            }
            Tie::Used => {
                for then in self.of(&demand.then) {
                    let step = &self.steps[then];
                    if step.change.child.is_some() {
                        continue;
                    }
                    let users = self.former.get(&step.change.address).into_iter().flatten();
                    let builds = users.filter_map(|user| self.builds.get(user));
                    pairs.extend(builds.map(|first| (*first, then)));
                }
            }
            Tie::Beside(parent) => {
                let new: Vec<usize> = self.of(&demand.first).collect();
                for then in self.of(&demand.then) {
                    let step = &self.steps[then];
                    let parents = self.parents(step, parent);
                    let same = |first: &&usize| {
                        self.steps[**first].change.kind == step.change.kind
                            && !parents.is_disjoint(&self.parents(&self.steps[**first], parent))
                    };
                    pairs.extend(new.iter().filter(same).map(|first| (*first, then)));
                }
            }
            Tie::Straight(whole) => self.through(demand, whole, false, &mut pairs),
            Tie::Far(whole) => self.through(demand, whole, true, &mut pairs),
        }
        pairs
    }

    /// Of the two sides, one is about parts of a whole and the other about its users.
    fn through(&self, demand: &Demand, whole: &str, far: bool, pairs: &mut Vec<(usize, usize)>) {
        let parts_go = demand.then.does == Does::Goes;
        let (parts, others) = if parts_go {
            (&demand.then, &demand.first)
        } else {
            (&demand.first, &demand.then)
        };
        for part in self.of(parts) {
            let step = &self.steps[part];
            // One that stands already does its part while it changes.
            if far && !parts_go && !self.is_made(&step.change.address) {
                continue;
            }
            let mut wholes: Vec<&Address> = Vec::new();
            let mut open = self.uses(step);
            while let Some(used) = open.pop() {
                if used.kind == whole {
                    wholes.push(used);
                } else if parts.kinds.contains(&used.kind.as_str()) {
                    open.extend(self.graph.dependencies(used));
                }
            }
            let mut seen = BTreeSet::new();
            let mut open = wholes;
            while let Some(used) = open.pop() {
                let now = self.users.get(used).into_iter().flatten();
                let former = self.former.get(used).into_iter().flatten();
                for user in now.chain(former.filter(|_| parts_go)) {
                    if !seen.insert(*user) {
                        continue;
                    }
                    let is_part = parts.kinds.contains(&user.kind.as_str());
                    if far || is_part {
                        open.push(user);
                    }
                    let left = self.leaves.get(user).into_iter().flatten();
                    let steps = self.builds.get(user).into_iter().chain(left);
                    for step in steps.filter(|step| !is_part && self.is(**step, others)) {
                        pairs.push(if parts_go {
                            (*step, part)
                        } else {
                            (part, *step)
                        });
                    }
                }
            }
        }
    }

    /// What a step's thing refers to: from now on, or, where it goes, until now.
    fn uses(&self, step: &'a Step) -> Vec<&'a Address> {
        let mut uses: Vec<&Address> = Vec::new();
        if does(step, Does::Goes) {
            uses.extend(&step.dependencies);
        }
        if !step.change.replaced {
            uses.extend(self.graph.dependencies(&step.change.address));
        }
        uses
    }

    /// The parents of this kind.
    fn parents(&self, step: &'a Step, kind: &str) -> BTreeSet<&'a Address> {
        if step.change.child.is_some() {
            return BTreeSet::from([&step.change.address]);
        }
        let uses = self.uses(step).into_iter();
        uses.filter(|used| used.kind == kind).collect()
    }

    fn of(&self, side: &Side) -> impl Iterator<Item = usize> {
        let of_kinds: Vec<usize> = if side.kinds.is_empty() {
            (0..self.steps.len()).collect()
        } else {
            let lists = side.kinds.iter().filter_map(|kind| self.by_kind.get(kind));
            lists.flatten().copied().collect()
        };
        of_kinds
            .into_iter()
            .filter(move |step| self.is(*step, side))
    }

    fn is(&self, step: usize, side: &Side) -> bool {
        let kind = self.steps[step].change.kind.as_str();
        let is_of_kind = side.kinds.is_empty() || side.kinds.contains(&kind);
        is_of_kind
            && match side.does {
                Does::Turns => self.turns(step),
                other => does(&self.steps[step], other),
            }
    }

    /// Whether traffic turns with a step: its thing stands, or is made as a part of what does.
    fn turns(&self, index: usize) -> bool {
        let change = &self.steps[index].change;
        match change.action {
            Action::Update => true,
            Action::Adopt => !change.fields.is_empty(),
            Action::Create | Action::Replace => self.is_part_of_what_stands(&change.address),
            Action::Delete | Action::Forget => false,
        }
    }

    fn is_part_of_what_stands(&self, address: &Address) -> bool {
        let wholes = PARTS.iter().filter(|(kind, _)| *kind == address.kind);
        let mut wholes = wholes.flat_map(|(_, wholes)| wholes.iter());
        wholes.any(|whole| {
            let mut used = self.graph.dependencies(address);
            used.any(|used| {
                used.kind == *whole && (!self.is_made(used) || self.is_part_of_what_stands(used))
            })
        })
    }

    /// Whether a new one is made.
    fn is_made(&self, address: &Address) -> bool {
        let build = self.builds.get(address);
        build.is_some_and(|build| {
            let action = self.steps[*build].change.action;
            matches!(action, Action::Create | Action::Replace)
        })
    }
}

/// What carries traffic as soon as it stands, as a part of what does.
const PARTS: &[(&str, &[&str])] = &[
    ("aws_lb_listener", &["aws_lb"]),
    ("aws_lb_listener_rule", &["aws_lb_listener"]),
    ("aws_lb_target_group_attachment", &["aws_lb_target_group"]),
    ("aws_route", &["aws_route_table"]),
    ("aws_route_table_association", &["aws_subnet"]),
    (
        "aws_vpc_security_group_egress_rule",
        &["aws_security_group"],
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        &["aws_security_group"],
    ),
];

fn does(step: &Step, what: Does) -> bool {
    match (what, step.change.action) {
        (_, Action::Forget) => false,
        (Does::Goes, action) => action == Action::Delete,
        (Does::Leaves, action) => action == Action::Delete && step.change.replaced,
        (Does::Builds | Does::Turns, action) => action != Action::Delete,
    }
}
