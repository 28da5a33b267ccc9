//! Every state in between.
//!
//! In: a plan, the graph and the records that it was made of. Out: a [`Problem`] for each two
//! steps that could be carried out in an order in which something is not secure, or does not
//! serve, for a while. None, for every plan that the planner makes: this is what says so.
//!
//! Two things are asked. [`check`]: whether what must come first does, by kind. [`secure`]:
//! whether the guardrails let pass what stands half-way, by its values; where another order of
//! the steps helps, the plan gets it. Of what is carried out in part, [`part()`] asks the same of its end.
//!
//! The executor may run steps in any order in which each stands after those that it waits
//! for, and may be cut off anywhere. So the states that can be are those whose steps are
//! closed under "waits for", and a thing always comes first only if it is an ancestor: that
//! alone is asked, so that no order is left out and none has to be tried.
//!
//! *Invariant*: nothing here knows how the planner finds its edges; the [`DEMANDS`] stand on
//! their own.

mod demand;
mod earlier;
mod mixed;
mod part;
mod relation;
mod things;
mod view;
mod weakening;

use crate::graph::Graph;
use crate::guardrail::Judge;
use crate::kind::Kind;
use crate::plan::{self, Action, Plan, Problem, Step};
use crate::resource::Desired;
use crate::state::Document;

pub use demand::{DEMANDS, Demand};
pub use part::{Bare, part};

use demand::{Does, Side, Tie};
use earlier::earlier;
use mixed::Weak;
use relation::Relations;

/// How often a plan is ordered anew at most: each time takes away what was found, and may let
/// something else show.
const ROUNDS: usize = 4;

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

/// The plan in an order in which the guardrails let pass whatever stands half-way, and a problem
/// for each thing that no order of its steps keeps as secure as it was. `desired` is what stays.
#[must_use]
pub fn secure(
    mut plan: Plan,
    desired: &Desired,
    document: &Document,
    judge: &mut Judge,
) -> (Plan, Vec<Problem>) {
    let mut weak = mixed::weak(&plan, desired, document, judge);
    for _ in 0..ROUNDS {
        let avoidable = weak.iter().filter(|one| one.is_avoidable);
        let first: Vec<(usize, usize)> = avoidable
            .filter_map(|one| one.steps)
            .map(|(from, until)| (until, from))
            .collect();
        if first.is_empty() {
            break;
        }
        plan = plan::put_before(plan, &first);
        weak = mixed::weak(&plan, desired, document, judge);
    }
    // What can't be done at all is told already.
    let is_blocked = |step: usize| {
        let address = &plan.steps[step].change.address;
        plan.problems
            .iter()
            .any(|problem| problem.address == *address)
    };
    weak.retain(|one| {
        !one.steps
            .is_some_and(|(from, until)| is_blocked(from) || is_blocked(until))
    });
    let problems = weak.iter().map(|one| for_a_while(&plan, one)).collect();
    (plan, problems)
}

fn for_a_while(plan: &Plan, weak: &Weak) -> Problem {
    let Weak { rule, message, .. } = weak;
    let mut problem = Problem {
        address: weak.address.clone(),
        message: format!("for a while it {message} ({rule})"),
        hints: Vec::new(),
    };
    if let Some((from, until)) = weak.steps {
        let (from, until) = (named(&plan.steps[from]), named(&plan.steps[until]));
        problem.message = format!("{}: from {from} until {until}", problem.message);
    }
    problem.hints.push(
        "it is secure before and after, and no order of these steps keeps it so: make the change in two applies; or, if that may be for a while, say so by a waiver of the rule".to_owned(),
    );
    problem
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
