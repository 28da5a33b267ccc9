//! Whether the world is still as the plan saw it.
//!
//! *Invariant*: pure. What has moved is named with what the plan saw and what is there now.

use super::desk::Halt;
use crate::diff::{differences, same, value_at};
use crate::kind::Kind;
use crate::plan::{Action, Field, Step};
use crate::refresh::Known;
use crate::resource::Resource;
use crate::value::{Attributes, Value};

/// Holds what is there now against the plan, before it is changed or replaced. Out: whether
/// anything still differs from what is wanted.
///
/// A field that somebody has made as wanted meanwhile is no reason to stop, but for a
/// replacement, which would then be for nothing.
pub(super) fn check(
    kind: &Kind,
    step: &Step,
    wanted: &Attributes,
    live: &Attributes,
) -> Result<bool, Halt> {
    let Some(resource) = &step.wanted else {
        return Ok(false);
    };
    let resource = Resource {
        attributes: wanted.clone(),
        ..resource.clone()
    };
    let differing = differences(kind, &resource, &Known::default(), live);
    let planned = &step.change.fields;
    let replaces = step.change.action == Action::Replace;
    let mut drops = false;
    for field in planned {
        let now = value_at(live, &field.path);
        let as_wanted = if drops_a_tag(field) {
            drops |= !now.is_null();
            now.is_null()
        } else {
            !differing.iter().any(|found| overlap(found, field))
        };
        if (replaces || !as_wanted) && !same(kind, &field.path, &field.before, now) {
            return Err(has_moved(field, now));
        }
    }
    // What the plan did not show is not done.
    for found in &differing {
        let before = value_at(&step.observed, &found.path);
        let shown = planned.iter().any(|field| overlap(found, field));
        if !shown && !same(kind, &found.path, before, &found.before) {
            let unplanned = Field {
                before: before.clone(),
                sensitive: is_sensitive(kind, &found.path),
                ..found.clone()
            };
            return Err(has_moved(&unplanned, &found.before));
        }
    }
    Ok(drops || !differing.is_empty())
}

/// Holds what is there now against the fields that the plan showed, before it is deleted.
pub(super) fn check_unchanged(kind: &Kind, step: &Step, live: &Attributes) -> Result<(), Halt> {
    for field in &step.change.fields {
        let now = value_at(live, &field.path);
        if !same(kind, &field.path, &field.before, now) {
            return Err(has_moved(field, now));
        }
    }
    Ok(())
}

/// Whether the field takes away a tag that the spec has dropped.
pub(super) fn drops_a_tag(field: &Field) -> bool {
    field.after.is_null() && field.path.starts_with("tags.")
}

/// Whether one field is the other or lies within it.
fn overlap(a: &Field, b: &Field) -> bool {
    let within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    within(&a.path, &b.path) || within(&b.path, &a.path)
}

fn is_sensitive(kind: &Kind, path: &str) -> bool {
    let top = path.split(['.', '[']).next().unwrap_or(path);
    kind.schema()
        .attribute(top)
        .is_some_and(|attribute| attribute.sensitive)
}

fn has_moved(field: &Field, now: &Value) -> Halt {
    let shown = |value: &Value| {
        if field.sensitive {
            return "another value".to_owned();
        }
        let text = match value {
            Value::Null => return "not set".to_owned(),
            value => value.to_json().to_string(),
        };
        match text.char_indices().nth(120) {
            Some((cut, _)) => format!("{}...", &text[..cut]),
            None => text,
        }
    };
    let Field { path, before, .. } = field;
    Halt::failed(
        format!(
            "{path} has moved since the plan was made: it was {}, now it is {}",
            shown(before),
            shown(now)
        ),
        "run again and look at the new plan",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::check;
    use crate::address::Address;
    use crate::executor::desk::Halt;
    use crate::kind::Kind;
    use crate::plan::{Action, Change, Field, Step};
    use crate::resource::{Origin, Resource};
    use crate::value::{Attributes, Value};

    fn group(description: &str, owner: &str) -> Attributes {
        Attributes::from([
            ("description".to_owned(), description.into()),
            (
                "tags".to_owned(),
                Value::map([("owner", Value::text(owner))]),
            ),
        ])
    }

    /// The plan saw `a` and `pay`; it changes the tag to `ops`. `live` is what is there now.
    #[track_caller]
    fn held_against(action: Action, live: (&str, &str), expected: Result<bool, &str>) {
        let address = Address::managed("web", "aws_security_group", "lb");
        let wanted = group("a", "ops");
        let step = Step {
            change: Change {
                address: address.clone(),
                kind: address.kind.clone(),
                child: None,
                replaced: false,
                action,
                id: None,
                region: "eu-west-1".to_owned(),
                fields: vec![Field {
                    path: "tags.owner".to_owned(),
                    before: "pay".into(),
                    after: "ops".into(),
                    sensitive: false,
                    forces_replacement: false,
                    why: Vec::new(),
                }],
                why: Vec::new(),
                protected: false,
            },
            after: Vec::new(),
            wanted: Some(Resource {
                address,
                region: "eu-west-1".to_owned(),
                attributes: wanted.clone(),
                generated: BTreeSet::new(),
                defaulted: BTreeSet::new(),
                depends_on: BTreeSet::new(),
                maker: None,
                origin: Origin::default(),
                origins: BTreeMap::new(),
                overridden: BTreeMap::new(),
                ignored: BTreeMap::new(),
            }),
            observed: group("a", "pay"),
            dependencies: Vec::new(),
            generation: 1,
            protect: false,
        };
        let kind = Kind::of("aws_security_group").unwrap();
        let found = check(kind, &step, &wanted, &group(live.0, live.1));
        match (found, expected) {
            (Err(Halt::Failed { error, .. }), Err(expected)) => assert_eq!(error, expected),
            (found, expected) => assert_eq!(found.ok(), expected.ok()),
        }
    }

    #[test]
    fn what_the_plan_saw_may_be_changed() {
        held_against(Action::Update, ("a", "pay"), Ok(true));
    }

    #[test]
    fn what_is_already_as_wanted_needs_no_call() {
        held_against(Action::Update, ("a", "ops"), Ok(false));
        held_against(
            Action::Replace,
            ("a", "ops"),
            Err("tags.owner has moved since the plan was made: it was \"pay\", now it is \"ops\""),
        );
    }

    #[test]
    fn what_has_moved_is_named() {
        held_against(
            Action::Update,
            ("a", "web"),
            Err("tags.owner has moved since the plan was made: it was \"pay\", now it is \"web\""),
        );
        // Nobody was shown that the description would change.
        held_against(
            Action::Update,
            ("b", "pay"),
            Err("description has moved since the plan was made: it was \"a\", now it is \"b\""),
        );
    }
}
