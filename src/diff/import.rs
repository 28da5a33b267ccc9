//! What the spec imports, held against what is recorded and what stands.
//!
//! *Invariant*: what can't become what the spec says gets no step.

use super::{Address, Desired, Document, Kind, Observed, Problem, Resource};
use crate::diagnostic::Span;
use crate::resource::Id;
use crate::spec::Import;

/// What is in the way of an import; none where it can be, or is done.
pub(super) fn problem(
    resource: &Resource,
    desired: &Desired,
    observed: &Observed,
    document: &Document,
    asked: bool,
) -> Option<Problem> {
    let one = desired.import(&resource.address)?;
    let at = place(&one.span);
    let (message, hint) = if let Some(id) = recorded(one, document) {
        if id == one.id {
            return None;
        }
        (
            format!(
                "it is recorded as {id}, and the `[[import]]` at {at} says {}",
                one.id
            ),
            format!(
                "take the `[[import]]` out; or, if it is to be {} from now on, `watertight state rm {}` first: {id} then stands on without watertight",
                one.id, one.address
            ),
        )
    } else if let Some(other) = owner(one, &resource.region, document) {
        (
            format!("{} is recorded as {other} already, so it can't be imported as this too ({at})", one.id),
            "take the `[[import]]` out; if the thing has a new name in the spec, say so with `[[moved]]`".to_owned(),
        )
    } else if !asked {
        (
            format!(
                "it is to be imported as {} ({at}), which has to be read first",
                one.id
            ),
            "plan without `--offline`".to_owned(),
        )
    } else if !observed.resources.contains_key(&resource.address) {
        let said = format!(
            "AWS has no {} {} in {}, which the `[[import]]` at {at} names",
            Kind::of(&one.address.kind).map_or("thing", |kind| kind.noun),
            one.id,
            resource.region
        );
        (
            match observed.absent.get(&resource.address) {
                Some(Some(answer)) => answer.not_found(said).to_string(),
                _ => said,
            },
            "write the id as AWS and Terraform's import have it, and look whether account and region are right; without the `[[import]]` a new one is made".to_owned(),
        )
    } else {
        return None;
    };
    Some(Problem {
        address: one.address.clone(),
        message,
        hints: vec![hint],
    })
}

/// That blocks are done and may go, a sentence each. What keeps statements is never done.
pub(super) fn notes(desired: &Desired, document: &Document) -> Vec<String> {
    let done = desired.imports.iter().filter(|one| {
        one.keep.is_empty() && recorded(one, document).is_some_and(|id| id == one.id)
    });
    done.map(|one| {
        format!(
            "{} is imported: the `[[import]]` at {} may go",
            one.address,
            place(&one.span)
        )
    })
    .collect()
}

fn place(span: &Span) -> String {
    let (line, _) = span.line_and_column();
    format!("{}:{line}", span.source.name)
}

/// What the resource is recorded as.
fn recorded<'a>(one: &Import, document: &'a Document) -> Option<&'a str> {
    let record = document.current(&one.address)?;
    record.id.as_ref().map(|id| id.text.as_str())
}

/// The other address under which the thing is recorded.
fn owner<'a>(one: &Import, region: &str, document: &'a Document) -> Option<&'a Address> {
    let is_it = |address: &Address, id: &Id| {
        address.kind == one.address.kind && id.text == one.id && id.region == region
    };
    let records = document.records.iter();
    let mut owners = records.filter(|record| {
        let id = record.id.as_ref();
        id.is_some_and(|id| is_it(&record.address, id))
    });
    owners.next().map(|record| &record.address)
}
