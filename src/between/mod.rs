//! Every state in between.
//!
//! In: a plan, the graph and the records that it was made of. Out: a [`Problem`] for each two
//! steps that could be carried out in an order in which something is not secure, or does not
//! serve, for a while. None, for every plan that the planner makes: this is what says so.
//!
//! The executor may run steps in any order in which each stands after those that it waits
//! for, and may be cut off anywhere. So the states that can be are those whose steps are
//! closed under "waits for", and a thing always comes first only if it is an ancestor: that
//! alone is asked, so that no order is left out and none has to be tried.
//!
//! *Invariant*: nothing here knows how the planner finds its edges; the [`DEMANDS`] stand on
//! their own.

mod demand;
mod relation;

use crate::graph::Graph;
use crate::kind::Kind;
use crate::plan::{Action, Plan, Problem, Step};
use crate::state::Document;

pub use demand::{DEMANDS, Demand};

use demand::{Does, Side, Tie};
use relation::Relations;

/// Two steps of which one must come first and need not.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    /// What is demanded.
    pub demand: &'static Demand,
    /// Index of the step that must come first.
    pub first: usize,
    /// Index of the one that must not come before it.
    pub then: usize,
}

/// Every demand that the plan's order does not meet, as what stands in its way.
#[must_use]
pub fn check(plan: &Plan, graph: &Graph, document: &Document) -> Vec<Problem> {
    broken(plan, graph, document)
        .iter()
        .map(|broken| problem(plan, broken))
        .collect()
}

/// Every demand that the plan's order does not meet.
#[must_use]
pub fn broken(plan: &Plan, graph: &Graph, document: &Document) -> Vec<Broken> {
    let relations = Relations::new(&plan.steps, graph, document);
    let earlier = earlier(&plan.steps);
    let mut found = Vec::new();
    for demand in DEMANDS {
        for (first, then) in relations.pairs(demand) {
            // What can't come later, as it is needed, is not asked to.
            let is_needed = || relations.needs(first, then);
            let gives_way = demand.may_give_way() && earlier.of(first, then);
            if first != then && !earlier.of(then, first) && !gives_way && !is_needed() {
                found.push(Broken {
                    demand,
                    first,
                    then,
                });
            }
        }
    }
    found
}

/// For each step, the steps that are done in every order before it begins.
struct Earlier {
    words: usize,
    bits: Vec<u64>,
}

impl Earlier {
    fn of(&self, step: usize, other: usize) -> bool {
        self.bits[step * self.words + other / 64] & (1 << (other % 64)) != 0
    }
}

fn earlier(steps: &[Step]) -> Earlier {
    let words = steps.len().div_ceil(64);
    let mut bits = vec![0_u64; words * steps.len()];
    for (index, step) in steps.iter().enumerate() {
        // All that a step waits for stands before it.
        let (done, own) = bits.split_at_mut(index * words);
        for before in step.after.iter().filter(|before| **before < index) {
            own[before / 64] |= 1 << (before % 64);
            let theirs = &done[before * words..(before + 1) * words];
            for (own, theirs) in own.iter_mut().zip(theirs) {
                *own |= theirs;
            }
        }
    }
    Earlier { words, bits }
}

fn problem(plan: &Plan, broken: &Broken) -> Problem {
    let (first, then) = (&plan.steps[broken.first], &plan.steps[broken.then]);
    let demand = broken.demand;
    Problem {
        address: then.change.address.clone(),
        message: format!(
            "{} could come before {}: {} ({})",
            named(then),
            named(first),
            demand.why,
            demand.id
        ),
        hints: vec![format!(
            "add a `depends_on` that says so, if the spec orders these itself; or else report it with the plan: {}",
            demand.title
        )],
    }
}

fn named(step: &Step) -> String {
    let action = match step.change.action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Replace => "replacing",
        Action::Adopt => "adopting",
        Action::Delete if step.change.replaced => "deleting the replaced",
        Action::Delete => "deleting",
        Action::Forget => "forgetting",
    };
    let noun = Kind::of(&step.change.kind).map_or("resource", |kind| kind.noun);
    format!("{action} {noun} {}", step.change.label())
}

#[cfg(test)]
mod tests;
