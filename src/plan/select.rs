//! A part of a plan: what `--target` and `--exclude` leave of it.
//!
//! In: a plan, and names: components, addresses, or labels of children made by hand. Out: the
//! plan of those steps. A target brings what must come before it; with what is excluded goes
//! what comes after it. So no step of a part waits for one that is left out.
//!
//! *Invariant*: what makes a thing secure is not parted from it. Who makes a bucket makes its
//! policy, and its policy does not go without it: a choice that says otherwise is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Action, Plan, Step};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::kind::Kind;

/// The names that were given. With none, everything is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// These, and what must come before them; none for everything.
    pub target: Vec<String>,
    /// Not these, nor what comes after them.
    pub exclude: Vec<String>,
}

impl Choice {
    /// Whether everything is wanted.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.target.is_empty() && self.exclude.is_empty()
    }
}

impl std::fmt::Display for Choice {
    /// The flags, as they are typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let target = self.target.iter().map(|name| format!("--target {name}"));
        let exclude = self.exclude.iter().map(|name| format!("--exclude {name}"));
        let flags: Vec<String> = target.chain(exclude).collect();
        f.write_str(&flags.join(" "))
    }
}

/// What a plan says of itself where it is a part of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// What was asked for.
    #[serde(flatten)]
    pub choice: Choice,
    /// How many steps of the whole plan it lacks.
    pub left_out: usize,
}

/// The steps of a plan that are wanted. Those in `along` come along with what is targeted.
///
/// # Errors
/// Names that the plan doesn't have, and choices that would part a thing from what secures it.
pub fn chosen(
    plan: &Plan,
    choice: &Choice,
    along: &BTreeSet<usize>,
) -> Result<BTreeSet<usize>, Vec<Diagnostic>> {
    check_names(plan, choice)?;
    let named = |names: &[String]| -> BTreeSet<usize> {
        let steps = plan.steps.iter().enumerate();
        let steps = steps.filter(|(_, step)| names.iter().any(|name| is_named(step, name)));
        steps.map(|(index, _)| index).collect()
    };
    let steps = Steps::of(&plan.steps);
    let mut taken = if choice.target.is_empty() {
        (0..plan.steps.len()).collect()
    } else {
        steps.with_forerunners(&named(&choice.target) | along)
    };
    // What stands in the way of something that is excluded is no step. What hangs on it is.
    let blocked = |step: &Step| {
        let names_it = |problem: &super::Problem| {
            let is_excluded = |name: &String| is_name_of(name, &problem.address);
            choice.exclude.iter().any(is_excluded) && step.dependencies.contains(&problem.address)
        };
        plan.problems.iter().any(names_it)
    };
    let mut excluded = named(&choice.exclude);
    let hanging = plan.steps.iter().enumerate();
    excluded.extend(
        hanging
            .filter(|(_, step)| blocked(step))
            .map(|(index, _)| index),
    );
    let excluded = steps.with_followers(excluded);
    taken.retain(|index| !excluded.contains(index));
    let parted = steps.parted(&taken);
    if !parted.is_empty() {
        let told = parted.into_iter().map(|one| one.diagnostic(&plan.steps));
        return Err(told.collect());
    }
    Ok(taken)
}

impl Plan {
    /// The part of it that was [`chosen`].
    #[must_use]
    pub fn part(mut self, choice: &Choice, taken: &BTreeSet<usize>) -> Self {
        let left_out = self.steps.len() - taken.len();
        self.problems.retain(|problem| {
            let mut left = choice.exclude.iter();
            !left.any(|name| is_name_of(name, &problem.address))
        });
        self.keep(taken);
        self.partial = Some(Partial {
            choice: choice.clone(),
            left_out,
        });
        self
    }

    /// Keeps these steps. Whoever waits for one of the others waits for it no more.
    pub fn keep(&mut self, taken: &BTreeSet<usize>) {
        let places: BTreeMap<usize, usize> = taken.iter().copied().zip(0..).collect();
        let steps = std::mem::take(&mut self.steps).into_iter().enumerate();
        self.steps = steps
            .filter(|(index, _)| taken.contains(index))
            .map(|(_, mut step)| {
                let after = step.after.iter().filter_map(|before| places.get(before));
                step.after = after.copied().collect();
                step
            })
            .collect();
    }
}

/// Whether a component or an address is meant by this name.
fn is_name_of(name: &str, address: &crate::address::Address) -> bool {
    name == address.component || name == address.to_string()
}

fn is_named(step: &Step, name: &str) -> bool {
    is_name_of(name, &step.change.address) || name == step.change.label()
}

fn check_names(plan: &Plan, choice: &Choice) -> Result<(), Vec<Diagnostic>> {
    let steps = plan.steps.iter().map(|step| &step.change.address);
    let problems = plan.problems.iter().map(|problem| &problem.address);
    let addresses = steps.chain(&plan.unchanged).chain(problems);
    let mut known: BTreeSet<String> = plan.steps.iter().map(|step| step.change.label()).collect();
    for address in addresses {
        known.extend([address.component.clone(), address.to_string()]);
    }
    let flags = [("--target", &choice.target), ("--exclude", &choice.exclude)];
    let mut unknown = Vec::new();
    for (flag, names) in flags {
        for name in names.iter().filter(|name| !known.contains(*name)) {
            let meant = did_you_mean(name, known.iter().map(String::as_str));
            let hint = meant.map_or_else(
                || what_there_is(&known),
                |meant| format!("did you mean `{meant}`?"),
            );
            unknown.push(Diagnostic::error(format!("{flag}: the plan has no `{name}`")).hint(hint));
        }
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(unknown)
    }
}

/// What may be named.
fn what_there_is(known: &BTreeSet<String>) -> String {
    let components = known.iter().filter(|name| !name.contains('.'));
    let components: Vec<&str> = components.map(String::as_str).collect();
    if components.is_empty() {
        return "nothing stands, and nothing is to be made".to_owned();
    }
    let components = components.join("`, `");
    format!("name a component (`{components}`) or an address of the plan")
}

/// The kind of the thing that one of this kind secures or completes, if it is made for that
/// alone: what AWS keeps as a part of it, and what closes or watches a network.
fn whole_of(kind: &str) -> Option<&'static str> {
    match kind {
        "aws_default_security_group" | "aws_flow_log" => Some("aws_vpc"),
        other => Kind::of(other)?.part_of,
    }
}

/// Steps, and which of them must not be parted.
struct Steps<'a> {
    steps: &'a [Step],
    /// (the part, the whole).
    pairs: Vec<(usize, usize)>,
}

impl<'a> Steps<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut pairs = Vec::new();
        for (part, step) in steps.iter().enumerate() {
            let Some(whole) = whole_of(&step.change.kind) else {
                continue;
            };
            let wholes = steps.iter().enumerate().filter(|(_, other)| {
                other.change.kind == whole
                    && other.change.child.is_none()
                    && step.dependencies.contains(&other.change.address)
            });
            pairs.extend(wholes.map(|(index, _)| (part, index)));
        }
        Self { steps, pairs }
    }

    fn makes(&self, index: usize) -> bool {
        let action = self.steps[index].change.action;
        matches!(action, Action::Create | Action::Replace | Action::Adopt)
    }

    fn deletes(&self, index: usize) -> bool {
        self.steps[index].change.action == Action::Delete
    }

    /// These; what must come before them; the parts of what is made; what a replacement
    /// leaves behind.
    fn with_forerunners(&self, mut taken: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = taken.iter().copied().collect();
        while let Some(index) = open.pop() {
            let step = &self.steps[index];
            let parts = self.pairs.iter().filter(|(part, whole)| {
                *whole == index && !self.deletes(*part) && !self.deletes(index)
            });
            let leftovers = self.steps.iter().enumerate().filter(|(_, other)| {
                other.change.replaced
                    && step.change.action == Action::Replace
                    && other.change.address == step.change.address
            });
            let more = step.after.iter().copied();
            let more = more
                .chain(parts.map(|(part, _)| *part))
                .chain(leftovers.map(|(other, _)| other));
            for one in more {
                if taken.insert(one) {
                    open.push(one);
                }
            }
        }
        taken
    }

    /// These; what comes after them; and the deletion of the parts of what is not deleted.
    fn with_followers(&self, mut excluded: BTreeSet<usize>) -> BTreeSet<usize> {
        loop {
            let followers = self
                .steps
                .iter()
                .enumerate()
                .filter(|(_, step)| step.after.iter().any(|before| excluded.contains(before)));
            let followers: Vec<usize> = followers.map(|(index, _)| index).collect();
            let parts = self.pairs.iter().filter(|(part, whole)| {
                excluded.contains(whole) && self.deletes(*whole) && self.deletes(*part)
            });
            let before = excluded.len();
            let parts: Vec<usize> = parts.map(|(part, _)| *part).collect();
            excluded.extend(followers.into_iter().chain(parts));
            if excluded.len() == before {
                return excluded;
            }
        }
    }

    /// The pairs of which one half is wanted, and the half that must not be done alone.
    fn parted(&self, taken: &BTreeSet<usize>) -> Vec<Parted> {
        let mut found = Vec::new();
        for (part, whole) in &self.pairs {
            let (part, whole) = (*part, *whole);
            let is_bare = self.makes(whole) && !self.deletes(part);
            let is_bared = self.deletes(whole) && self.deletes(part);
            if is_bare && taken.contains(&whole) && !taken.contains(&part) {
                found.push(Parted {
                    alone: whole,
                    part,
                    whole,
                });
            } else if is_bared && taken.contains(&part) && !taken.contains(&whole) {
                found.push(Parted {
                    alone: part,
                    part,
                    whole,
                });
            }
        }
        found
    }
}

/// A part and a whole, of which only one would be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parted {
    /// The one that would be done: the whole is made bare, or the part is taken from it.
    pub alone: usize,
    part: usize,
    whole: usize,
}

impl Parted {
    fn diagnostic(self, steps: &[Step]) -> Diagnostic {
        let label = |index: usize| steps[index].change.label();
        let (part, whole) = (label(self.part), label(self.whole));
        let hint = if self.alone == self.whole {
            format!("exclude {whole} as well")
        } else {
            format!("name {whole}, which takes {part} along, or leave both")
        };
        let message = format!("{whole} would stand without {part}, which secures it");
        Diagnostic::error(message).hint(hint)
    }
}

/// What must not be done alone, if these steps are done and the others are not.
#[must_use]
pub fn parted(steps: &[Step], taken: &BTreeSet<usize>) -> Vec<Parted> {
    Steps::of(steps).parted(taken)
}
