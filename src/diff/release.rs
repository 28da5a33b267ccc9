//! What the spec lets go: records are forgotten, and what stands is left alone.
//!
//! *Invariant*: what is let go, and what it hangs on, is not deleted.

use super::{
    Action, Address, BTreeMap, Changes, Desired, Document, Kind, Problem, Record, Step, Why,
};
use crate::diagnostic::{Span, did_you_mean};
use crate::spec::Part;

/// Where the spec lets a thing go, by name or with the whole that it is a part of.
pub(super) fn let_go<'a>(
    spec: &'a Desired,
    address: &Address,
    record: Option<&Record>,
) -> Option<&'a Span> {
    let named = |address: &Address| spec.removed.iter().find(|one| one.what.has(address));
    let whole = Kind::of(&address.kind).and_then(|kind| kind.part_of);
    let wholes = record.into_iter().flat_map(|record| &record.dependencies);
    let mut wholes = wholes.filter(|other| Some(other.kind.as_str()) == whole);
    let by = named(address).or_else(|| wholes.find_map(named));
    by.map(|one| &one.span)
}

/// The deletion that there would be without the spec's word, as what it is now.
pub(super) fn forget(delete: Step, span: &Span) -> Step {
    let mut step = delete;
    step.change.action = Action::Forget;
    step.change.why = vec![Why::Released(span.clone())];
    step.change.protected = false;
    step
}

/// Deletions that would take with them what is let go, and those that look like a name
/// that was meant to be let go.
pub(super) fn check(spec: &Desired, document: &Document, changes: &mut Changes) {
    let deleted: BTreeMap<&Address, &Step> = changes
        .steps
        .iter()
        .filter(|step| step.change.action == Action::Delete && step.change.child.is_none())
        .map(|step| (&step.change.address, step))
        .collect();
    let mut problems = Vec::new();
    for step in &changes.steps {
        let Some(Why::Released(span)) = step.change.why.first() else {
            continue;
        };
        let used = step.dependencies.iter();
        for used in used.filter(|used| deleted.contains_key(used)) {
            problems.push(Problem {
                address: used.clone(),
                message: format!(
                    "it would be deleted, and {}, which is to stay ({}), hangs on it",
                    step.change.address,
                    place(span)
                ),
                hints: vec![format!(
                    "let it go too:\n\n    [[removed]]\n    address = \"{used}\"\n\n  or take the `[[removed]]` out, and both are deleted"
                )],
            });
        }
    }
    for one in &spec.removed {
        let is_remembered = |record: &Record| one.what.has(&record.address);
        if document.records.iter().any(is_remembered) {
            continue;
        }
        let left = deleted.values().filter(|step| {
            matches!(
                step.change.why.first(),
                Some(Why::LeftTheSpec | Why::Destroy)
            ) && !spec.resources.contains_key(&step.change.address)
        });
        let names: BTreeMap<String, &Address> = left
            .map(|step| &step.change.address)
            .map(|address| match one.what {
                Part::Component(_) => (address.component.clone(), address),
                Part::Resource(_) => (address.to_string(), address),
            })
            .collect();
        let written = one.what.to_string();
        let meant = did_you_mean(&written, names.keys().map(String::as_str));
        if let Some((meant, address)) = meant.and_then(|meant| names.get_key_value(meant)) {
            problems.push(Problem {
                address: (*address).clone(),
                message: format!(
                    "it would be deleted, and the `[[removed]]` at {} names `{written}`, of which nothing is remembered",
                    place(&one.span)
                ),
                hints: vec![format!(
                    "did you mean `{meant}`? If not, take the `[[removed]]` out"
                )],
            });
        }
    }
    changes.problems.extend(problems);
}

fn place(span: &Span) -> String {
    let (line, _) = span.line_and_column();
    format!("{}:{line}", span.source.name)
}
