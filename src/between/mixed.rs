//! The guardrails over what stands half-way.
//!
//! A state in between is a set of steps that are done, closed under "waits for". What stands
//! there is a mixture of old and new, and the rules are asked of it as they are of a spec. A
//! finding counts if it is about a thing that stood before, and if neither the first state nor
//! the last has it: then it is the mixture that weakens it. What is made anew is judged by what
//! it will be; in which order it is made, the demands say.
//!
//! Of a thing that goes it counts only that something was deleted that protects it, and that it
//! did not have to outlive: its own parts go before it. That what it served has turned away
//! leaves it behind, and lets nobody do more than before.
//!
//! What a thing refers to is nothing once that has been deleted.
//!
//! # Which states are looked at
//!
//! For each step, the smallest state that has it (what it waits for, and itself) and the largest
//! that lacks it (all but what waits for it). Where two steps are at odds, X done and Y not,
//! every state that has both X and not Y lies between the smallest with X and the largest without
//! Y; and each of these two is such a state. So every pair is seen twice: with as little else
//! done as can be, and with as much.
//!
//! *Invariant*: what can't be judged is not found. A refusal is proven.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::rc::Rc;

use super::earlier::{Earlier, earlier};
use super::things::{self, Thing};
use super::view::Views;
use super::weakening::{is_asked, protects};
use crate::address::Address;
use crate::guardrail::{Judge, Stands};
use crate::kind::Kind;
use crate::plan::{Action, Plan, Step};
use crate::resource::{Desired, Resource};
use crate::state::Document;
use crate::value::Value;

/// A thing that a rule does not let pass in a state in between.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weak {
    /// The rule's id.
    pub(super) rule: &'static str,
    /// The thing, as people know it.
    pub(super) address: Address,
    /// What it does for a while.
    pub(super) message: String,
    /// The steps between which it does: from the first until the second. None where no single
    /// one ends it, or begins it.
    pub(super) steps: Option<(usize, usize)>,
    /// Of the steps that are done the last one without which it would not be.
    pub(super) begins: Option<usize>,
    /// Whether it would not be, if the second came before the first, and it can.
    pub(super) is_avoidable: bool,
}

/// What a rule says of a thing.
pub(super) struct Said {
    message: String,
    pub(super) is_proven: bool,
}

pub(super) type Found = BTreeMap<(&'static str, usize), Said>;
pub(super) type View = Rc<BTreeSet<usize>>;

/// A plan's steps and what they make of what stands.
pub(super) struct Mixed<'a> {
    steps: &'a [Step],
    earlier: Earlier,
    things: &'a [Thing<'a>],
    views: Views<'a>,
    by_step: BTreeMap<usize, usize>,
    by_key: BTreeMap<&'a Address, usize>,
    judge: &'a mut Judge,
    /// How long the states last that are looked at.
    stands: Stands,
    /// What was found, by which things stood and which of their steps were done.
    judged: BTreeMap<Vec<(usize, bool)>, Rc<Found>>,
}

/// Everything that is weakened in some state that the plan's order allows.
pub(super) fn weak(
    plan: &Plan,
    desired: &Desired,
    document: &Document,
    judge: &mut Judge,
) -> Vec<Weak> {
    if plan.steps.is_empty() {
        return Vec::new();
    }
    let things = things::of(plan, desired, document);
    if !things.iter().any(Thing::stood) {
        return Vec::new();
    }
    let mut mixed = Mixed::of(plan, &things, Stands::ForAWhile, judge);
    mixed.all()
}

impl<'a> Mixed<'a> {
    pub(super) fn of(
        plan: &'a Plan,
        things: &'a [Thing<'a>],
        stands: Stands,
        judge: &'a mut Judge,
    ) -> Self {
        let by_step = things.iter().enumerate();
        let by_step = by_step.filter_map(|(index, thing)| Some((thing.step()?, index)));
        let by_key = things.iter().enumerate();
        Self {
            steps: &plan.steps,
            earlier: earlier(&plan.steps),
            views: Views::of(things),
            by_step: by_step.collect(),
            by_key: by_key.map(|(index, thing)| (&thing.key, index)).collect(),
            things,
            judge,
            stands,
            judged: BTreeMap::new(),
        }
    }

    fn all(&mut self) -> Vec<Weak> {
        let mut weak: BTreeMap<(&'static str, usize), Weak> = BTreeMap::new();
        let switches: Vec<(usize, usize)> = self
            .by_step
            .iter()
            .map(|(step, thing)| (*step, *thing))
            .filter(|(_, thing)| self.views.is_read(*thing))
            .collect();
        for (step, thing) in switches {
            let view = Rc::new(self.views.around(thing));
            let smallest = self.smallest(step);
            let largest = self.largest(step);
            for (done, of_going) in [(smallest, Some(step)), (largest, None)] {
                for id in self.weakened(&view, &done, of_going) {
                    if let Entry::Vacant(place) = weak.entry(id) {
                        place.insert(self.describe(&view, &done, id, of_going));
                    }
                }
            }
        }
        weak.into_values().collect()
    }

    /// What counts in a state, seen from a step and proven among all things. With the step that
    /// was the last one, also what it does to things that go.
    pub(super) fn weakened(
        &mut self,
        view: &View,
        done: &[bool],
        last: Option<usize>,
    ) -> Vec<(&'static str, usize)> {
        let mut ids = self.counting(view, done, last);
        if !ids.is_empty() {
            let all = self.everything();
            let proven: BTreeSet<_> = self.counting(&all, done, last).into_iter().collect();
            ids.retain(|id| proven.contains(id));
        }
        ids
    }

    /// All that a rule reads.
    pub(super) fn everything(&self) -> View {
        let all = 0..self.things.len();
        Rc::new(all.filter(|thing| self.views.is_read(*thing)).collect())
    }

    fn counting(
        &mut self,
        view: &View,
        done: &[bool],
        last: Option<usize>,
    ) -> Vec<(&'static str, usize)> {
        let found = self.found(view, done);
        let mut counting = Vec::new();
        for (id, said) in found.iter() {
            let thing = &self.things[id.1];
            if !said.is_proven || !thing.stood() {
                continue;
            }
            let is_new = !self
                .found(view, &vec![false; self.steps.len()])
                .contains_key(id);
            let counts = if thing.stays() {
                is_new
                    && !self
                        .found(view, &vec![true; self.steps.len()])
                        .contains_key(id)
            } else {
                is_new && last.is_some_and(|last| self.is_bared(view, done, *id, last))
            };
            if counts {
                counting.push(*id);
            }
        }
        counting
    }

    /// Whether a thing that goes is weakened by the deletion of something that need not go
    /// before it.
    fn is_bared(
        &mut self,
        view: &View,
        done: &[bool],
        id: (&'static str, usize),
        last: usize,
    ) -> bool {
        let Some(other) = self.by_step.get(&last).copied() else {
            return false;
        };
        let change = &self.steps[last].change;
        let bares = change.action == Action::Delete && protects(&change.kind);
        if !bares || other == id.1 || self.hangs_on(other, id.1) {
            return false;
        }
        let mut before = done.to_vec();
        before[last] = false;
        !self.found(view, &before).contains_key(&id)
    }

    /// Whether a thing can't stand without another.
    fn hangs_on(&self, thing: usize, other: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![thing];
        while let Some(next) = open.pop() {
            if next == other {
                return true;
            }
            if seen.insert(next) {
                open.extend(&self.things[next].uses);
            }
        }
        false
    }

    /// What the rules say of the things of a view in a state.
    pub(super) fn found(&mut self, view: &View, done: &[bool]) -> Rc<Found> {
        let is_done = |thing: usize| self.things[thing].step().is_some_and(|step| done[step]);
        let state: Vec<(usize, bool)> = view.iter().map(|one| (*one, is_done(*one))).collect();
        if let Some(found) = self.judged.get(&state) {
            return Rc::clone(found);
        }
        let standing = state.iter();
        let standing = standing.filter_map(|(thing, done)| self.things[*thing].at(*done));
        let mut standing: BTreeMap<Address, Resource> = standing
            .map(|resource| (resource.address.clone(), resource))
            .collect();
        let gone: BTreeSet<&Address> = view
            .iter()
            .map(|thing| &self.things[*thing].key)
            .filter(|key| !standing.contains_key(key))
            .collect();
        for resource in standing.values_mut().filter(|_| !gone.is_empty()) {
            let values = resource.attributes.values_mut();
            values.for_each(|value| let_go(value, &gone));
        }
        let said = self.judge.findings(standing, self.stands, is_asked);
        let mut found = Found::new();
        for finding in said {
            let Some(thing) = self.by_key.get(&finding.address).copied() else {
                continue;
            };
            let name = &self.things[thing].label;
            let is_proven = !finding.unknown && !self.judge.is_waived(&finding, name);
            let said = Said {
                message: finding.message,
                is_proven,
            };
            // Of several the proven one tells.
            let before = found.entry((finding.rule, thing));
            let before = before.or_insert_with(|| Said {
                message: said.message.clone(),
                is_proven,
            });
            if is_proven && !before.is_proven {
                *before = said;
            }
        }
        let found = Rc::new(found);
        self.judged.insert(state, Rc::clone(&found));
        found
    }

    /// What counts in a state, and which of its steps make it so.
    pub(super) fn describe(
        &mut self,
        view: &View,
        done: &[bool],
        id: (&'static str, usize),
        last: Option<usize>,
    ) -> Weak {
        let message = self
            .found(view, done)
            .get(&id)
            .map(|said| said.message.clone());
        let in_view: Vec<usize> = view
            .iter()
            .filter_map(|thing| self.things[*thing].step())
            .collect();
        let mut begins: Vec<usize> = Vec::new();
        for step in in_view.iter().copied().filter(|step| done[*step]) {
            let mut without = done.to_vec();
            for (other, done) in without.iter_mut().enumerate() {
                *done &= other != step && !self.earlier.of(other, step);
            }
            if !self.found(view, &without).contains_key(&id) {
                begins.push(step);
            }
        }
        let mut ends: Vec<usize> = Vec::new();
        for step in in_view.iter().copied().filter(|step| !done[*step]) {
            let mut with = done.to_vec();
            for (other, done) in with.iter_mut().enumerate() {
                *done |= other == step || self.earlier.of(step, other);
            }
            if !self.found(view, &with).contains_key(&id) {
                ends.push(step);
            }
        }
        // The last that begins it and the first that ends it are the nearest to it.
        begins.sort_by_key(|step| (Some(*step) != last, std::cmp::Reverse(*step)));
        ends.sort_unstable();
        let pairs = || {
            begins
                .iter()
                .flat_map(|from| ends.iter().map(move |to| (*from, *to)))
        };
        let free = pairs()
            .find(|(from, to)| !self.earlier.of(*to, *from) && !self.is_one_setting(*from, *to));
        let thing = &self.things[id.1];
        Weak {
            rule: id.0,
            address: match thing.step() {
                Some(step) => self.steps[step].change.address.clone(),
                None => thing.key.clone(),
            },
            message: message.unwrap_or_default(),
            steps: free.or_else(|| pairs().next()),
            begins: begins.first().copied(),
            is_avoidable: free.is_some(),
        }
    }

    /// Whether two steps are about the same setting of something: AWS has it once, and to delete
    /// the one deletes the other.
    fn is_one_setting(&self, step: usize, other: usize) -> bool {
        let [step, other] = [step, other].map(|step| self.steps[step].change.kind.as_str());
        step == other && Kind::of(step).is_some_and(|kind| kind.part_of.is_some())
    }

    /// What a step waits for, and itself.
    pub(super) fn smallest(&self, with: usize) -> Vec<bool> {
        let all = 0..self.steps.len();
        all.map(|step| step == with || self.earlier.of(with, step))
            .collect()
    }

    /// All but a step and what waits for it.
    pub(super) fn largest(&self, without: usize) -> Vec<bool> {
        let all = 0..self.steps.len();
        all.map(|step| step != without && !self.earlier.of(step, without))
            .collect()
    }
}

/// Takes away what leads to things that do not stand.
fn let_go(value: &mut Value, gone: &BTreeSet<&Address>) {
    match value {
        Value::Reference(reference) if gone.contains(&reference.target) => *value = Value::Null,
        Value::List(items) => {
            for item in items.iter_mut() {
                let_go(item, gone);
            }
            items.retain(|item| !item.is_null());
        }
        Value::Map(entries) => entries.values_mut().for_each(|entry| let_go(entry, gone)),
        _ => {}
    }
}
