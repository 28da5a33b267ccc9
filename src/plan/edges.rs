//! Who waits for whom.
//!
//! A delete waits for whatever used the thing until now: for the deletes of its dependents,
//! and for the updates of those that turn away from it. Beside what the references say,
//! whoever turns to a new thing waits for what [completes](super::complete) it.
//!
//! *Invariant*: nothing that is built waits for the delete of anything of ours, so what is
//! needed is never taken away before its successor stands. What others put where something of
//! ours goes (its port, its priority) goes first, and waits for nothing that is built beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::complete::{Completion, Users};
use super::{Action, Step, Why};
use crate::address::Address;
use crate::graph::Graph;
use crate::kind::Kind;
use crate::state::Document;

/// Who waits for whom, and what is needed to say so.
pub(super) struct Edges<'a> {
    steps: &'a [Step],
    graph: &'a Graph,
    recorded: BTreeMap<&'a Address, BTreeSet<&'a Address>>,
    builds: BTreeMap<&'a Address, usize>,
    deletes: BTreeMap<&'a Address, Vec<usize>>,
}

impl<'a> Edges<'a> {
    pub(super) fn new(steps: &'a [Step], graph: &'a Graph, document: &'a Document) -> Self {
        let mut edges = Self {
            steps,
            graph,
            recorded: BTreeMap::new(),
            builds: BTreeMap::new(),
            deletes: BTreeMap::new(),
        };
        for record in &document.records {
            edges
                .recorded
                .entry(&record.address)
                .or_default()
                .extend(&record.dependencies);
        }
        for (index, step) in steps.iter().enumerate() {
            let change = &step.change;
            match change.action {
                Action::Delete if change.child.is_some() => {}
                // What may still show hangs on what it hangs on.
                Action::Forget if !change.why.contains(&Why::Unseen) => {}
                Action::Delete | Action::Forget => edges
                    .deletes
                    .entry(&change.address)
                    .or_default()
                    .push(index),
                _ => {
                    edges.builds.insert(&change.address, index);
                }
            }
        }
        edges
    }

    /// For each step, the steps that come before it.
    pub(super) fn all(&self) -> Vec<BTreeSet<usize>> {
        let mut before = vec![BTreeSet::new(); self.steps.len()];
        for (address, build) in &self.builds {
            let needed = self.nearest(self.graph.dependencies(address), |of| {
                self.graph.dependencies(of).collect()
            });
            before[*build].extend(needed.iter().filter_map(|needed| self.builds.get(*needed)));
            // What it used until now, and a forerunner of its own, stay until it is done.
            let used = self.nearest(self.used_by(address), |of| self.used_by(of));
            for delete in self.deletes_of(used.into_iter().chain([*address])) {
                before[delete].insert(*build);
            }
        }
        for (address, deletes) in &self.deletes {
            for delete in deletes {
                let used = self.nearest(self.used_by_step(*delete), |of| self.used_by(of));
                for other in self.deletes_of(used.into_iter().filter(|used| used != address)) {
                    before[other].insert(*delete);
                }
            }
        }
        for (index, step) in self.steps.iter().enumerate() {
            if step.change.action != Action::Delete {
                continue;
            }
            let (successors, additions) = self.beside(step);
            if step.change.child.is_some() {
                for after in self
                    .deletes_of([&step.change.address])
                    .chain(successors.iter().copied())
                {
                    before[after].insert(index);
                }
            }
            // Two of theirs in two places of ours would wait for each other through the two
            // of ours: what goes first waits for no addition.
            if step.change.child.is_none() || successors.is_empty() {
                before[index].extend(additions);
            }
        }
        self.complete_first(&mut before);
        self.names_stay(&mut before);
        before
    }

    /// A name that goes leads where it did until that has turned to others: a new certificate may
    /// take an hour, and no run may come to its end.
    fn names_stay(&self, before: &mut [BTreeSet<usize>]) {
        for (index, step) in self.steps.iter().enumerate() {
            if step.change.action != Action::Delete || step.change.kind != "aws_route53_record" {
                continue;
            }
            let leads_to: BTreeSet<&Address> = self.used_by_step(index).into_iter().collect();
            for (address, build) in &self.builds {
                let is_part = |completion: &Completion| {
                    let needed = self.graph.dependencies(address);
                    !completion.wholes(needed, self.graph).is_disjoint(&leads_to)
                };
                let is_led_to =
                    leads_to.contains(address) || Completion::by(&address.kind).any(is_part);
                let turns = self.steps[*build].change.action == Action::Update;
                if is_led_to && turns && !is_after(*build, index, before) {
                    before[index].insert(*build);
                }
            }
        }
    }

    /// Whoever turns to a thing turns when what completes that stands, and what completed it
    /// until now stays until then. What protects comes first: where two such edges would close
    /// a circle, the later one gives way.
    fn complete_first(&self, before: &mut [BTreeSet<usize>]) {
        let users = self.users();
        for of in [Users::All, Users::InService] {
            for (index, step) in self.steps.iter().enumerate() {
                let completions = Completion::by(&step.change.kind);
                for completion in completions.filter(|completion| completion.users == of) {
                    if step.change.action == Action::Delete {
                        self.part_stays(index, completion, &users, before);
                    } else {
                        self.part_first(index, completion, &users, before);
                    }
                }
            }
        }
    }

    /// What a step builds is part of something: whoever turns to that waits for it.
    fn part_first(
        &self,
        part: usize,
        completion: &Completion,
        users: &UsersOf<'a>,
        before: &mut [BTreeSet<usize>],
    ) {
        let change = &self.steps[part].change;
        let stood = !matches!(change.action, Action::Create | Action::Replace);
        let is_build = self.builds.get(&change.address) == Some(&part);
        if !is_build || (stood && completion.users == Users::InService) {
            return;
        }
        let needed = self.graph.dependencies(&change.address);
        for whole in completion.wholes(needed, self.graph) {
            for user in self.turning(completion, whole, &users.from_now).0 {
                // What the part needs itself can't wait for it.
                if user != part && !is_after(part, user, before) {
                    before[user].insert(part);
                }
            }
        }
    }

    /// What a step deletes is part of something: it stays until everybody has turned away.
    fn part_stays(
        &self,
        part: usize,
        completion: &Completion,
        users: &UsersOf<'a>,
        before: &mut [BTreeSet<usize>],
    ) {
        if completion.users == Users::All {
            return;
        }
        let needed = self.used_by_step(part);
        for whole in completion.wholes(needed, self.graph) {
            let (turning, leaving) = self.turning(completion, whole, &users.until_now);
            for user in turning.into_iter().chain(leaving) {
                // What goes first, as ours takes its place, can't wait for who turns to ours.
                if user != part && !is_after(user, part, before) {
                    before[part].insert(user);
                }
            }
        }
    }

    /// Of what uses a whole and is no part of it: the steps that build it, and those that
    /// delete what a replacement of it leaves behind.
    fn turning(
        &self,
        completion: &Completion,
        whole: &Address,
        users: &BTreeMap<&'a Address, BTreeSet<&'a Address>>,
    ) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut turning, mut leaving) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Address> = users.get(whole).into_iter().flatten().copied().collect();
        while let Some(user) = open.pop() {
            if !seen.insert(user) {
                continue;
            }
            let is_part = completion.has(&user.kind);
            if is_part || completion.users == Users::InService {
                open.extend(users.get(user).into_iter().flatten());
            }
            // Another setting of it uses nothing.
            let is_setting = Kind::of(&user.kind).is_some_and(|kind| kind.part_of.is_some());
            if is_part || is_setting {
                continue;
            }
            let build = self.builds.get(user).copied();
            turning.extend(
                build.filter(|build| completion.users == Users::All || self.is_in_service(*build)),
            );
            let is_left = |delete: &usize| self.steps[*delete].change.replaced;
            leaving.extend(self.deletes_of([user]).filter(is_left));
        }
        (turning, leaving)
    }

    /// Whether traffic turns with a step: what it builds stands, or is made as a part of what
    /// does, as a rule of a listener that is there.
    fn is_in_service(&self, build: usize) -> bool {
        let change = &self.steps[build].change;
        match change.action {
            Action::Update => true,
            Action::Adopt => !change.fields.is_empty(),
            _ => Completion::by(&change.kind).any(|completion| {
                let needed = self.graph.dependencies(&change.address);
                let mut wholes = completion.wholes(needed, self.graph).into_iter();
                wholes.any(|whole| self.stands(whole))
            }),
        }
    }

    fn stands(&self, address: &Address) -> bool {
        let build = self.builds.get(address);
        build.is_none_or(|build| {
            let action = self.steps[*build].change.action;
            !matches!(action, Action::Create | Action::Replace)
        })
    }

    /// Who refers to each thing, as the spec has it and as the records have it.
    fn users(&self) -> UsersOf<'a> {
        let mut users = UsersOf::default();
        for user in self.graph.order() {
            for used in self.graph.dependencies(user) {
                users.from_now.entry(used).or_default().insert(user);
            }
            for used in self.used_by(user) {
                users.until_now.entry(used).or_default().insert(user);
            }
        }
        users
    }

    /// Of what a parent has many of (its rules), those that take the place of an old one (its
    /// port), and the others, which are added before it goes.
    fn beside(&self, step: &'a Step) -> (Vec<usize>, Vec<usize>) {
        self.under(step)
            .partition(|build| self.steps[*build].takes_place_of(step))
    }

    /// What is built of the same kind under the same parent.
    fn under(&self, step: &'a Step) -> impl Iterator<Item = usize> {
        let kind = &step.change.kind;
        let parents: Vec<&Address> = match step.change.child {
            Some(_) => vec![&step.change.address],
            None => step
                .dependencies
                .iter()
                .filter(|parent| {
                    Kind::of(&parent.kind)
                        .is_some_and(|parent| parent.exclusive_children.contains(&kind.as_str()))
                })
                .collect(),
        };
        self.builds
            .iter()
            .filter(move |(address, _)| address.kind == *kind)
            .filter(move |(address, _)| {
                self.graph
                    .dependencies(address)
                    .any(|parent| parents.contains(&parent))
            })
            .map(|(_, build)| *build)
    }

    fn deletes_of(
        &self,
        addresses: impl IntoIterator<Item = &'a Address>,
    ) -> impl Iterator<Item = usize> {
        addresses
            .into_iter()
            .filter_map(|address| self.deletes.get(address))
            .flatten()
            .copied()
    }

    /// What stood before an address, by its records and by what is desired.
    fn used_by(&self, address: &Address) -> Vec<&'a Address> {
        let recorded = self.recorded.get(address).into_iter().flatten().copied();
        recorded.chain(self.graph.dependencies(address)).collect()
    }

    /// What a thing that goes hangs on. What a replacement leaves behind hangs on what its
    /// own record says, not on what its successor needs.
    fn used_by_step(&self, index: usize) -> Vec<&'a Address> {
        let step = &self.steps[index];
        let mut used: Vec<&Address> = step.dependencies.iter().collect();
        if !step.change.replaced {
            used.extend(self.graph.dependencies(&step.change.address));
        }
        used
    }

    /// The nearest addresses that a step is about, seen through those that none is about.
    fn nearest(
        &self,
        from: impl IntoIterator<Item = &'a Address>,
        further: impl Fn(&Address) -> Vec<&'a Address>,
    ) -> BTreeSet<&'a Address> {
        let mut found = BTreeSet::new();
        let mut seen: BTreeSet<&Address> = BTreeSet::new();
        let mut open: Vec<&Address> = from.into_iter().collect();
        while let Some(address) = open.pop() {
            if !seen.insert(address) {
                continue;
            }
            if self.builds.contains_key(address) || self.deletes.contains_key(address) {
                found.insert(address);
            } else {
                open.extend(further(address));
            }
        }
        found
    }
}

/// Who refers to each address.
#[derive(Default)]
struct UsersOf<'a> {
    /// As it will be.
    from_now: BTreeMap<&'a Address, BTreeSet<&'a Address>>,
    /// As it has been, or will be.
    until_now: BTreeMap<&'a Address, BTreeSet<&'a Address>>,
}

/// Whether a step comes after another, straight or through others.
pub(super) fn is_after(step: usize, other: usize, before: &[BTreeSet<usize>]) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![step];
    while let Some(next) = open.pop() {
        if next == other {
            return true;
        }
        if seen.insert(next) {
            open.extend(&before[next]);
        }
    }
    false
}
