//! What a part of a plan leaves weak.
//!
//! In: a plan, and which of its steps are done. Out: a [`Bare`] for each thing that a rule does
//! not let pass then, and did before the first step and would with the whole plan; what the part
//! makes anew counts, too.
//!
//! *Invariant*: what the plan does not make, as something stands in its way, is not counted on.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::mixed::{Mixed, View, Weak};
use super::things::{self, Life, Stays, Thing};
use crate::diagnostic::Diagnostic;
use crate::guardrail::{Judge, Stands};
use crate::plan::Plan;
use crate::resource::Desired;
use crate::state::Document;

/// What a part of a plan leaves weak.
#[derive(Clone, Debug)]
pub struct Bare {
    /// The last step of the part without which it would not be; none where no single one is.
    pub begins: Option<usize>,
    /// The step of the rest with which it would not be, if one alone does it.
    pub lacks: Option<usize>,
    /// What to say where that comes along.
    pub brings: String,
    /// What to say of a step that is not done, lest it be so.
    pub stops: String,
    /// What to say where neither helps.
    pub problem: Diagnostic,
}

/// What would be weak in the end, if these steps are done and the others are not. `desired` is
/// what the whole plan leaves.
#[must_use]
pub fn part(
    plan: &Plan,
    taken: &BTreeSet<usize>,
    desired: &Desired,
    document: &Document,
    judge: &mut Judge,
) -> Vec<Bare> {
    let things = things::of(plan, desired, document);
    let mut mixed = Mixed::of(plan, &things, Stands::ForGood, judge);
    let all = mixed.everything();
    let (blocked, rest): (BTreeSet<usize>, BTreeSet<usize>) =
        all.iter().partition(|one| is_blocked(&things[**one], plan));
    let rest: View = Rc::new(rest);
    let n_steps = plan.steps.len();
    let done: Vec<bool> = (0..n_steps).map(|step| taken.contains(&step)).collect();
    let [none, every] = [false, true].map(|done| vec![done; n_steps]);
    let (first, last) = (mixed.found(&rest, &none), mixed.found(&all, &every));
    let found = mixed.found(&rest, &done);
    let found = found.iter().filter(|(_, said)| said.is_proven);
    let new = found.filter(|(id, _)| !first.contains_key(id) && !last.contains_key(id));
    new.map(|(id, _)| {
        let weak = mixed.describe(&rest, &done, *id, None);
        let mut is_weak = |view: &View| mixed.found(view, &every).contains_key(id);
        let missing = match weak.steps {
            Some((_, until)) => Some(plan.steps[until].change.label()),
            // What no step ends may hang on what none makes.
            None if is_weak(&rest) => {
                let mut blocked = blocked.iter();
                let mends = blocked.find(|one| !is_weak(&with(&rest, **one)));
                mends.map(|one| things[*one].label.clone())
            }
            None => None,
        };
        bare(&weak, missing)
    })
    .collect()
}

/// Whether it is wanted and not there, and no step makes it.
fn is_blocked(thing: &Thing<'_>, plan: &Plan) -> bool {
    let has_no_step = matches!(thing.life, Life::Stays(Stays::Wanted(..)));
    let is_unchanged = || plan.unchanged.contains(&thing.key);
    let mut problems = plan.problems.iter();
    has_no_step && problems.any(|problem| problem.address == thing.key) && !is_unchanged()
}

fn with(view: &View, thing: usize) -> View {
    let mut view = view.as_ref().clone();
    view.insert(thing);
    Rc::new(view)
}

fn bare(weak: &Weak, missing: Option<String>) -> Bare {
    let Weak { rule, address, .. } = weak;
    let is_weak = format!("{address} {}", weak.message);
    let missing = missing.unwrap_or_else(|| "what belongs to it".to_owned());
    let problem = Diagnostic::error(format!("with this part alone {is_weak}"))
        .code(*rule)
        .hint(format!("take {missing} along, or leave {address} as well"));
    Bare {
        begins: weak.begins,
        lacks: weak.steps.map(|(_, until)| until),
        brings: format!("{missing} comes along: without it {is_weak} ({rule})"),
        stops: format!("without {missing}, which is not done, {is_weak} ({rule})"),
        problem,
    }
}
