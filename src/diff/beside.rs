//! Whether two of one kind can stand at the same time, which a replacement needs.
//!
//! *Invariant*: a name that the user gave is never changed.

use super::{Kind, Known, Problem, Resource, Seen};
use crate::value::Value;

/// Whether AWS takes the new one for the one that stands.
pub(super) fn clash(kind: &Kind, resource: &Resource, known: &Known, other: &Seen) -> bool {
    let same = |name: &&str| {
        let wanted = known.resolve(resource.get(name));
        other.attributes.get(*name) == Some(&wanted) && !wanted.is_null()
    };
    let keys = kind.told_apart_by();
    !keys.is_empty() && keys.iter().all(same)
}

/// Gives it another name: its own, with the generation. False where the name is the user's,
/// or there is none.
pub(super) fn rename(kind: &Kind, resource: &mut Resource, generation: u64) -> bool {
    let Some(of) = kind.generated_name else {
        return false;
    };
    if !resource.generated.contains(of.attribute) {
        return false;
    }
    let suffix = format!("-{generation:x}");
    if let Some(Value::String(name)) = resource.attributes.get_mut(of.attribute) {
        let kept: String = name.chars().take(of.longest - suffix.len()).collect();
        *name = format!("{}{suffix}", kept.trim_end_matches('-'));
    }
    true
}

/// That it would have to be replaced, and can't be.
pub(super) fn problem(kind: &Kind, resource: &Resource, forced: &str) -> Problem {
    let noun = kind.noun;
    let (same, hint) = if kind.generated_name.is_some() {
        (
            "name".to_owned(),
            "leave the name out of the spec, or give another one; watertight makes the new one before it deletes the old one".to_owned(),
        )
    } else {
        let keys = kind.alone_with.join(" and ");
        let last = kind.alone_with.last().copied().unwrap_or_default();
        let hint = format!(
            "give it another {last}; or take it out of the spec, with what stands on it, apply, and put it in again: there is none in between"
        );
        (keys, hint)
    };
    Problem {
        address: resource.address.clone(),
        message: format!(
            "its {forced} can't be changed in place, and a new {noun} can't be made beside the old one of the same {same}"
        ),
        hints: vec![hint],
    }
}
