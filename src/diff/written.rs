//! The lines that ask for a resource and for each of its attributes.
//!
//! *Invariant*: what the user's own spec overrides is never put down to the blueprint.

use crate::plan::Why;
use crate::resource::Resource;

/// The lines behind the resource as a whole.
pub(super) fn whole(resource: &Resource) -> Vec<Why> {
    let origin = &resource.origin;
    let spec = if resource.is_added() {
        origin.spec.clone().map(Why::Addition)
    } else {
        origin.spec.clone().map(Why::Spec)
    };
    spec.into_iter()
        .chain(origin.blueprint.clone().map(Why::Blueprint))
        .collect()
}

/// The lines behind a field, `idle_timeout`, `tags.owner` or `rule[1].status`.
pub(super) fn field(resource: &Resource, path: &str) -> Vec<Why> {
    let overrides = resource.overridden.iter();
    let (around, within): (Vec<_>, Vec<_>) = overrides
        .filter(|(other, _)| lies_in(path, other) || lies_in(other, path))
        .partition(|(other, _)| lies_in(path, other));
    if let Some((_, span)) = around.first() {
        return vec![Why::Override((*span).clone())];
    }
    let top = top(path);
    if resource.defaulted.contains(top) {
        return vec![Why::Default];
    }
    let by_override = |span: &_| resource.overridden.values().any(|other| other == span);
    // Tags and a generated name are made for the resource as a whole.
    let origin = resource.origins.get(top).unwrap_or(&resource.origin);
    let spec = origin.spec.clone().filter(|span| !by_override(span));
    within
        .into_iter()
        .map(|(_, span)| Why::Override(span.clone()))
        .chain(spec.map(Why::Spec))
        .chain(origin.blueprint.clone().map(Why::Blueprint))
        .collect()
}

/// The attribute that a path starts with.
pub(super) fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// Whether one path is the other or leads into it.
fn lies_in(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
