//! What a file says, held against a plan that is made anew.
//!
//! A step of the new plan is carried out if the file has it in the same form. One whose world
//! moved is stopped, and with it what comes after it in either of the two, and what would be
//! weak without it; one that the file does not have is left. What the file has and the new plan
//! has not is done already.
//!
//! *Invariant*: pure. What comes out is a part of the new plan, never a step of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::{Saved, SavedField, SavedStep, saw, wanted};
use crate::between::Bare;
use crate::diff::same;
use crate::kind::Kind;
use crate::plan::{Action, Field, Partial, Plan, Problem, Step, Why, parted};
use crate::value::Value;

/// What is left of a saved plan.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// What is done: steps of the new plan that the file has.
    pub plan: Plan,
    /// What is not done, as the world moved.
    pub stopped: Vec<Stopped>,
}

/// A step of the file that is not done.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stopped {
    /// The resource, as people see it.
    pub address: String,
    /// Why: the field, what the plan saw, what is there now; or what it waits for.
    pub because: String,
}

/// How a step is found in the other plan: its label, whether it goes, and of what replacements
/// left behind, which one.
type Key = (String, bool, Option<u64>);

fn key(label: String, action: Action, replaced: bool, generation: u64) -> Key {
    let goes = matches!(action, Action::Delete | Action::Forget);
    (label, goes, replaced.then_some(generation))
}

impl Step {
    fn key(&self) -> Key {
        let change = &self.change;
        let (action, replaced) = (change.action, change.replaced);
        key(change.label(), action, replaced, self.generation)
    }
}

impl SavedStep {
    fn label(&self) -> String {
        match &self.child {
            Some(child) => format!("{}/{}", self.address, child.text),
            None => self.address.to_string(),
        }
    }

    fn key(&self) -> Key {
        key(self.label(), self.action, self.replaced, self.generation)
    }
}

/// Holds a file against a plan for the same spec, made anew with the same options. `bare` says
/// what would be weak if some steps of that plan are done and the others are not.
#[must_use]
pub fn reconcile(
    mut plan: Plan,
    saved: &Saved,
    bare: impl FnMut(&Plan, &BTreeSet<usize>) -> Vec<Bare>,
) -> Reconciled {
    let of_file: BTreeMap<Key, usize> = saved.steps.iter().map(SavedStep::key).zip(0..).collect();
    let of_plan: BTreeMap<Key, usize> = plan.steps.iter().map(Step::key).zip(0..).collect();
    let mut stops = Stops::default();
    let mut beside = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        match of_file.get(&step.key()) {
            None => {
                stops.plan.insert(index);
                beside.push(step.change.label());
            }
            Some(place) => {
                if let Err(moved) = agree(&saved.steps[*place], step) {
                    stops.plan.insert(index);
                    stops.file.insert(*place, moved);
                }
            }
        }
    }
    let is_of_file = |problem: &Problem| {
        let mut seen = saved.steps.iter();
        seen.any(|step| step.address == problem.address)
    };
    for problem in plan.problems.iter().filter(|problem| is_of_file(problem)) {
        for (place, step) in saved.steps.iter().enumerate() {
            if step.address == problem.address {
                stops.file.entry(place).or_insert(problem.message.clone());
                stops.plan.extend(of_plan.get(&step.key()));
            }
        }
    }
    let places = Places {
        of_plan: &of_plan,
        of_file: &of_file,
    };
    stops.spread(&plan, saved, places, bare);
    plan.problems.retain(|problem| !is_of_file(problem));
    let part = &saved.making.part;
    if !part.is_everything() {
        plan.partial = Some(Partial {
            choice: part.clone(),
            left_out: beside.len(),
        });
    } else if !beside.is_empty() {
        plan.notes.push(format!(
            "not in the saved plan, and not done: {}",
            beside.join(", ")
        ));
    }
    if plan.serial != saved.serial {
        plan.notes.push(format!(
            "the state was written since the plan was saved (serial {}, now {})",
            saved.serial, plan.serial
        ));
    }
    let done = of_file
        .iter()
        .filter(|(key, place)| !of_plan.contains_key(*key) && !stops.file.contains_key(*place));
    match done.count() {
        0 => {}
        1 => plan
            .notes
            .push("1 step of the saved plan is done already".to_owned()),
        n => plan
            .notes
            .push(format!("{n} steps of the saved plan are done already")),
    }
    plan.keep(&stops.taken(&plan));
    let stopped = stops.file.into_iter().map(|(place, because)| Stopped {
        address: saved.steps[place].label(),
        because,
    });
    Reconciled {
        stopped: stopped.collect(),
        plan,
    }
}

/// Where a step is in the new plan, and where in the file.
#[derive(Clone, Copy)]
struct Places<'a> {
    of_plan: &'a BTreeMap<Key, usize>,
    of_file: &'a BTreeMap<Key, usize>,
}

/// What is not done, by its place in the new plan, and why, by its place in the file.
#[derive(Default)]
struct Stops {
    plan: BTreeSet<usize>,
    file: BTreeMap<usize, String>,
}

impl Stops {
    /// Until what is left can be done alone.
    fn spread(
        &mut self,
        plan: &Plan,
        saved: &Saved,
        places: Places<'_>,
        mut bare: impl FnMut(&Plan, &BTreeSet<usize>) -> Vec<Bare>,
    ) {
        loop {
            self.follow(plan, saved, places);
            let taken = self.taken(plan);
            // One at a time, as the next may be mended by that.
            let Some(one) = bare(plan, &taken).into_iter().next() else {
                return;
            };
            let begin = one.begins.map_or(taken, |step| BTreeSet::from([step]));
            for index in begin {
                self.stop(index, plan, places, &one.stops);
            }
        }
    }

    /// What comes after it is not done either, nor what would stand without its own parts.
    fn follow(&mut self, plan: &Plan, saved: &Saved, places: Places<'_>) {
        loop {
            let before = (self.plan.len(), self.file.len());
            for (index, step) in plan.steps.iter().enumerate() {
                if !places.of_file.contains_key(&step.key()) {
                    continue;
                }
                if let Some(forerunner) = step.after.iter().find(|one| self.plan.contains(one)) {
                    let waits = waits_for(&plan.steps[*forerunner].change.label());
                    self.stop(index, plan, places, &waits);
                }
            }
            for (place, step) in saved.steps.iter().enumerate() {
                // What is done already waits for nothing.
                let Some(index) = places.of_plan.get(&step.key()) else {
                    continue;
                };
                let forerunner = step.after.iter().find(|one| self.file.contains_key(one));
                if let Some(forerunner) = forerunner {
                    self.plan.insert(*index);
                    let waits = waits_for(&saved.steps[*forerunner].label());
                    self.file.entry(place).or_insert(waits);
                }
            }
            for one in parted(&plan.steps, &self.taken(plan)) {
                let because = "it must not stand without what secures it, which is not done";
                self.stop(one.alone, plan, places, because);
            }
            if before == (self.plan.len(), self.file.len()) {
                return;
            }
        }
    }

    /// What is done.
    fn taken(&self, plan: &Plan) -> BTreeSet<usize> {
        let all = 0..plan.steps.len();
        all.filter(|index| !self.plan.contains(index)).collect()
    }

    /// A step of the new plan is not done.
    fn stop(&mut self, index: usize, plan: &Plan, places: Places<'_>, because: &str) {
        self.plan.insert(index);
        if let Some(place) = places.of_file.get(&plan.steps[index].key()) {
            let told = self.file.entry(*place);
            told.or_insert_with(|| because.to_owned());
        }
    }
}

fn waits_for(label: &str) -> String {
    format!("it comes after {label}, which is not done")
}

/// Whether a step is the one that was seen.
fn agree(saved: &SavedStep, step: &Step) -> Result<(), String> {
    let change = &step.change;
    if saved.id.is_some() && change.id.is_some() && saved.id != change.id {
        return Err(moved(
            "its id",
            &text(saved.id.as_ref()),
            &text(change.id.as_ref()),
        ));
    }
    if saved.action == Action::Delete {
        return deletes_the_same(saved, step);
    }
    // An earlier run of the file was stopped within this step: it goes on to the same end.
    let is_unfinished = change.why.contains(&Why::Unfinished);
    let was_whole = !saved.why.iter().any(|why| why["cause"] == "unfinished");
    let goal = step.wanted.as_ref().map(wanted);
    let makes = matches!(
        saved.action,
        Action::Create | Action::Replace | Action::Adopt
    );
    if is_unfinished && was_whole && makes && goal == saved.wanted {
        return Ok(());
    }
    if saved.id.is_some() != change.id.is_some() {
        return Err(match (&saved.id, &change.id) {
            (Some(id), _) => format!("the plan saw {id}, which is gone now"),
            (_, now) => format!(
                "the plan saw nothing there, now {} stands",
                text(now.as_ref())
            ),
        });
    }
    for field in &change.fields {
        let of_file = saved.fields.iter().find(|one| one.path == field.path);
        same_field(step, of_file, field)?;
    }
    if saved.action != change.action {
        return Err(format!(
            "the plan was to {}, now it would be to {}",
            word(saved.action),
            word(change.action)
        ));
    }
    if goal != saved.wanted {
        return Err("what it should be has changed: a lookup has another answer now".to_owned());
    }
    Ok(())
}

/// A field of the new plan must be one of the file. One that the file alone has was made as
/// wanted meanwhile.
fn same_field(step: &Step, saved: Option<&SavedField>, field: &Field) -> Result<(), String> {
    if field.sensitive {
        return match saved {
            Some(_) => Ok(()),
            None => Err(format!("{} has moved since the plan was made", field.path)),
        };
    }
    let now = field.before.to_json();
    let Some(saved) = saved else {
        let was = field.after.to_json();
        return Err(format!(
            "{}: the plan saw nothing to change in it ({was} is wanted), now it is {}",
            field.path,
            shown(&now)
        ));
    };
    let kind = Kind::of(&step.change.kind);
    let is_same = |a: &serde_json::Value, b: &serde_json::Value| {
        let (x, y) = (Value::from_json(a), Value::from_json(b));
        a == b || kind.is_some_and(|kind| same(kind, &field.path, &x, &y))
    };
    if !is_same(&saved.before, &now) {
        return Err(moved(&field.path, &shown(&saved.before), &shown(&now)));
    }
    let after = field.after.to_json();
    if !saved.known_after_apply && !is_same(&saved.after, &after) {
        return Err(format!(
            "{}: the plan would make it {}, now it would be {}",
            field.path,
            shown(&saved.after),
            shown(&after)
        ));
    }
    Ok(())
}

/// What goes must be what was seen; what is gone already is fine.
fn deletes_the_same(saved: &SavedStep, step: &Step) -> Result<(), String> {
    if step.change.action == Action::Forget {
        return Ok(());
    }
    let Some(kind) = Kind::of(&step.change.kind) else {
        return Ok(());
    };
    for field in &step.change.fields {
        let of_file = saved.fields.iter().find(|one| one.path == field.path);
        same_field(step, of_file, field)?;
    }
    let now = saw(step);
    let names: BTreeSet<&String> = saved.saw.keys().chain(now.keys()).collect();
    for name in names {
        let null = serde_json::Value::Null;
        let (before, now) = (
            saved.saw.get(name).unwrap_or(&null),
            now.get(name).unwrap_or(&null),
        );
        let (a, b) = (Value::from_json(before), Value::from_json(now));
        if before != now && !same(kind, name, &a, &b) {
            return Err(moved(name, &shown(before), &shown(now)));
        }
    }
    Ok(())
}

fn moved(what: &str, saw: &str, now: &str) -> String {
    format!("{what}: the plan saw {saw}, now it is {now}")
}

fn text(id: Option<&crate::resource::Id>) -> String {
    id.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

fn shown(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::Null => return "not set".to_owned(),
        value => value.to_string(),
    };
    match text.char_indices().nth(120) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create it",
        Action::Update => "update it",
        Action::Replace => "replace it",
        Action::Delete => "delete it",
        Action::Adopt => "adopt it",
        Action::Forget => "forget its record",
    }
}
