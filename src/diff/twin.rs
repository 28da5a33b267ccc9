//! One thing of AWS's under two names: under one it is wanted, under the other it would go.
//!
//! A setting of a bucket, a route of a table, a record of a zone: AWS knows each by what it
//! stands under, never by the name that a spec has for it. Whoever gives it another name without
//! a `[[moved]]` asks for it to be made and to be deleted. So does whoever turns one thing into
//! another that goes.
//!
//! *Invariant*: nothing is deleted that is, to AWS, what the spec wants.

use super::{
    Action, Address, Attributes, Changes, Desired, Kind, Known, Observed, Problem, Resource, Step,
    Value, Why, same, written,
};

/// Lets records go that have become another's, and refuses what would be made under one name
/// and deleted under another.
pub(super) fn settle(desired: &Desired, observed: &Observed, changes: &mut Changes) {
    let made = changes.steps.iter().filter(|step| becomes_another(step));
    let made: Vec<(Action, Resource)> = made
        .filter_map(|step| Some((step.change.action, step.wanted.clone()?)))
        .collect();
    let Changes {
        steps,
        problems,
        known,
        ..
    } = changes;
    for step in steps {
        if step.change.action != Action::Delete || step.change.child.is_some() {
            continue;
        }
        if let Some(address) = recorded_as(step, desired, observed) {
            step.change.action = Action::Forget;
            step.change.why = vec![Why::SameThing(address.clone())];
            step.change.protected = false;
            continue;
        }
        let twin = made
            .iter()
            .find(|(_, resource)| is_same(resource, known, step));
        problems.extend(twin.map(|(action, resource)| match action {
            Action::Update | Action::Adopt => not_yet(resource, step),
            _ => problem(resource, step, desired),
        }));
    }
}

/// Whether AWS tells it from others by something else when the step is done.
fn becomes_another(step: &Step) -> bool {
    let told_apart_by = Kind::of(&step.change.kind).map_or(&[][..], Kind::told_apart_by);
    let mut fields = step.change.fields.iter();
    match step.change.action {
        Action::Create | Action::Replace => true,
        Action::Update | Action::Adopt => {
            fields.any(|field| told_apart_by.contains(&written::top(&field.path)))
        }
        Action::Delete | Action::Forget => false,
    }
}

/// The resource of the spec that has what the step would delete.
fn recorded_as<'a>(step: &Step, desired: &Desired, observed: &'a Observed) -> Option<&'a Address> {
    let change = &step.change;
    let mut others = observed.resources.iter().filter(|(address, seen)| {
        address.kind == change.kind
            && **address != change.address
            && desired.resources.contains_key(*address)
            && Some(&seen.id) == change.id.as_ref()
    });
    others.next().map(|(address, _)| address)
}

/// Whether what is to be made is, to AWS, what the step would delete.
fn is_same(resource: &Resource, known: &Known, step: &Step) -> bool {
    let change = &step.change;
    let is_another = resource.address != change.address
        && resource.address.kind == change.kind
        && resource.region == change.region;
    let kind = Kind::of(&change.kind).filter(|_| is_another);
    kind.is_some_and(|kind| have_all_in_common(kind, resource, known, &step.observed))
}

/// Whether what stands has all that tells apart what is wanted. What is not known before an apply
/// is never taken for the same; what AWS chooses where nobody says it is.
pub(super) fn have_all_in_common(
    kind: &Kind,
    resource: &Resource,
    known: &Known,
    live: &Attributes,
) -> bool {
    let is_absent =
        |value: &Value| value.is_null() || matches!(value, Value::List(items) if items.is_empty());
    let is_chosen = |name: &str| {
        let attribute = kind.schema().attribute(name);
        attribute.is_some_and(|attribute| attribute.computed) && !kind.named_by.contains(&name)
    };
    let mut told = false;
    let is_common = |name: &&str| {
        let wanted = known.resolve(resource.get(name));
        let live = live.get(*name).unwrap_or(&Value::Null);
        if is_absent(&wanted) {
            return is_absent(live) || is_chosen(name);
        }
        told = true;
        same(kind, name, &wanted, live)
    };
    kind.told_apart_by().iter().all(is_common) && told
}

fn problem(resource: &Resource, step: &Step, desired: &Desired) -> Problem {
    let (old, new) = (&step.change.address, &resource.address);
    let noun = Kind::of(&old.kind).map_or("thing", |kind| kind.noun);
    if step.change.replaced || desired.resources.contains_key(old) {
        return Problem {
            address: new.clone(),
            message: format!(
                "AWS has one such {noun}, and it is {old} until that is replaced: what is made would go with it"
            ),
            hints: vec![format!(
                "apply once without {new}; then put it in, when {old} is out of its way"
            )],
        };
    }
    Problem {
        address: new.clone(),
        message: format!(
            "AWS has one such {noun}, and it is {old}, which has left the spec: what is made under the new name would be deleted under the old one"
        ),
        hints: vec![
            format!(
                "if it has another name now, say so, and it stays:\n\n{}",
                moved(old, new, desired)
            ),
            "or, if it is another one, apply once without it, then put it in".to_owned(),
        ],
    }
}

/// It stands, and is to become what the other is until that is gone.
fn not_yet(resource: &Resource, step: &Step) -> Problem {
    let (old, new) = (&step.change.address, &resource.address);
    let noun = Kind::of(&old.kind).map_or("thing", |kind| kind.noun);
    Problem {
        address: new.clone(),
        message: format!(
            "AWS has one such {noun}, and it is {old} until that is gone: {new} can't become the same before"
        ),
        hints: vec![
            format!("apply once with {new} as it is now, then change it"),
            format!(
                "or, if nothing but the name differs, keep {old} in the spec in place of {new}"
            ),
        ],
    }
}

/// The block to write: for the whole component where all of it has another name.
fn moved(old: &Address, new: &Address, desired: &Desired) -> String {
    let mut addresses = desired.resources.keys();
    let is_whole =
        old.local() == new.local() && !addresses.any(|address| address.component == old.component);
    let (from, to) = if is_whole {
        (old.component.clone(), new.component.clone())
    } else {
        (old.to_string(), new.to_string())
    };
    format!("    [[moved]]\n    from = \"{from}\"\n    to = \"{to}\"\n")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::settle;
    use crate::address::Address;
    use crate::kind::{KINDS, Kind};
    use crate::plan::{Action, Change, Changes, Field, Step, Why};
    use crate::refresh::{Observed, Seen, Standing};
    use crate::resource::{Desired, Id, Resource};
    use crate::value::{Attributes, Value};

    const REGION: &str = "eu-west-1";

    fn id(text: &str) -> Id {
        Id {
            region: REGION.to_owned(),
            text: text.to_owned(),
        }
    }

    /// What tells it apart, all of it this value.
    fn attributes(kind: &Kind, value: &str) -> Attributes {
        let names = kind.told_apart_by().iter();
        names
            .map(|name| ((*name).to_owned(), value.into()))
            .collect()
    }

    fn step(action: Action, address: &Address, value: &str, wanted: Option<Resource>) -> Step {
        let kind = Kind::of(&address.kind).unwrap();
        Step {
            change: Change {
                address: address.clone(),
                kind: address.kind.clone(),
                child: None,
                replaced: false,
                action,
                id: (action == Action::Delete).then(|| id(value)),
                region: REGION.to_owned(),
                fields: Vec::new(),
                why: vec![Why::LeftTheSpec],
                protected: true,
            },
            after: Vec::new(),
            wanted,
            observed: attributes(kind, value),
            dependencies: Vec::new(),
            generation: 1,
            protect: true,
        }
    }

    /// What two runs make of things by name: what is recorded, what is wanted, and the changes
    /// from one to the other.
    fn changes(
        kind: &Kind,
        recorded: &BTreeMap<&str, &str>,
        wanted: &BTreeMap<&str, &str>,
    ) -> Changes {
        let at = |name: &str| Address::managed("web", kind.name, name);
        let (mut desired, mut observed) = (Desired::default(), Observed::default());
        let mut changes = Changes::default();
        for (name, value) in wanted {
            let resource = Resource::plain(at(name), REGION.to_owned(), attributes(kind, value));
            if !recorded.contains_key(name) {
                let step = step(Action::Create, &at(name), value, Some(resource.clone()));
                changes.steps.push(step);
            }
            desired.resources.insert(at(name), resource);
        }
        for (name, value) in recorded {
            let seen = Seen {
                id: id(value),
                attributes: attributes(kind, value),
                standing: Standing::Recorded,
            };
            observed.resources.insert(at(name), seen);
            if !wanted.contains_key(name) {
                changes
                    .steps
                    .push(step(Action::Delete, &at(name), value, None));
            }
        }
        settle(&desired, &observed, &mut changes);
        changes
    }

    fn told_apart() -> Vec<&'static Kind> {
        let kinds = KINDS.iter().copied();
        kinds
            .filter(|kind| !kind.told_apart_by().is_empty())
            .collect()
    }

    /// Few names and few values, so that they meet. No name changes its value, which is
    /// another matter.
    fn names() -> impl Strategy<Value = BTreeMap<&'static str, &'static str>> {
        btree_map(
            select(vec!["a", "b", "c", "d"]),
            select(vec!["x", "y", "z"]),
            0..4,
        )
    }

    proptest! {
        /// Once everything is made and then everything deleted, all that is wanted stands; or
        /// the plan is refused, and then somebody gave a thing another name.
        #[test]
        fn what_is_wanted_stands_in_the_end(
            kind in select(told_apart()),
            recorded in names(),
            asked in names(),
        ) {
            let wanted: BTreeMap<&str, &str> = asked
                .into_iter()
                .map(|(name, value)| (name, recorded.get(name).copied().unwrap_or(value)))
                .collect();
            let changes = changes(kind, &recorded, &wanted);
            let value = |step: &Step| {
                let first = step.observed.values().next();
                first.and_then(Value::as_str).map(str::to_owned)
            };
            let of = |action| {
                let steps = changes.steps.iter().filter(move |step| step.change.action == action);
                steps.filter_map(value).collect::<BTreeSet<_>>()
            };
            let mut stands: BTreeSet<String> = recorded.values().map(|value| (*value).to_owned()).collect();
            stands.extend(of(Action::Create));
            for gone in of(Action::Delete) {
                stands.remove(&gone);
            }
            let is_whole = wanted.values().all(|value| stands.contains(*value));
            let mut leaves = recorded.iter().filter(|(name, _)| !wanted.contains_key(*name));
            let comes = |value: &&str| {
                wanted.iter().any(|(name, of)| of == value && !recorded.contains_key(name))
            };
            let is_renamed = leaves.any(|(_, value)| comes(value));
            prop_assert!(is_whole || !changes.problems.is_empty());
            prop_assert!(changes.problems.is_empty() || is_renamed);
        }
    }

    #[test]
    fn the_block_to_write_is_shown() {
        let kind = Kind::of("aws_s3_bucket_versioning").unwrap();
        let changes = changes(
            kind,
            &BTreeMap::from([("old", "files")]),
            &BTreeMap::from([("new", "files")]),
        );
        let problem = &changes.problems[0];
        assert_eq!(problem.address.name, "new");
        assert!(
            problem.hints[0].contains(
                "    [[moved]]\n    from = \"web.aws_s3_bucket_versioning.old\"\n    to = \"web.aws_s3_bucket_versioning.new\"\n"
            ),
            "{:?}",
            problem.hints
        );
    }

    /// A rule that takes the priority of one that leaves the spec can't before that is gone.
    #[test]
    fn what_turns_into_what_goes_is_refused() {
        let at = |name: &str| Address::managed("web", "aws_lb_listener_rule", name);
        let kind = Kind::of("aws_lb_listener_rule").unwrap();
        let turned = Resource::plain(at("new"), REGION.to_owned(), attributes(kind, "x"));
        let field = |path: &str| Field {
            path: path.to_owned(),
            before: "y".into(),
            after: "x".into(),
            sensitive: false,
            forces_replacement: false,
            why: Vec::new(),
        };
        for (path, is_refused) in [("priority", true), ("action", false)] {
            let mut update = step(Action::Update, &at("new"), "y", Some(turned.clone()));
            update.change.fields = vec![field(path)];
            let mut changes = Changes {
                steps: vec![update, step(Action::Delete, &at("old"), "x", None)],
                ..Changes::default()
            };
            settle(&Desired::default(), &Observed::default(), &mut changes);
            let told = changes.problems.iter().map(|problem| &problem.message);
            let told = told.filter(|told| told.contains("web.aws_lb_listener_rule.old until"));
            assert_eq!(told.count(), usize::from(is_refused), "{path}");
        }
    }

    /// Both have a record already: the old one goes, the thing does not.
    #[test]
    fn what_is_recorded_twice_is_let_go() {
        let kind = Kind::of("aws_s3_bucket_policy").unwrap();
        let changes = changes(
            kind,
            &BTreeMap::from([("new", "files"), ("old", "files")]),
            &BTreeMap::from([("new", "files")]),
        );
        let steps: Vec<_> = changes
            .steps
            .iter()
            .map(|step| (step.change.action, step.change.why[0].to_string()))
            .collect();
        let why = "it is web.aws_s3_bucket_policy.new now: the same thing in AWS, which stays";
        assert_eq!(steps, [(Action::Forget, why.to_owned())]);
        assert!(changes.problems.is_empty());
    }
}
