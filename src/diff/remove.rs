//! What stands and is wanted no more.
//!
//! *Invariant*: what is not ours, or still wanted, never gets a step here.

use super::{
    Action, Address, Attributes, BTreeSet, Change, Changes, Desired, Document, Kind, Observed,
    Record, Seen, Status, Step, Target, Value, Why, release,
};

/// What the user allows beside the confirmation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Objects in buckets that go may be deleted.
    pub empty_buckets: bool,
    /// Buckets that receive logs may go, with the logs.
    pub delete_logs: bool,
}

pub(super) fn compare(
    desired: &Desired,
    target: Target<'_>,
    observed: &Observed,
    document: &Document,
    options: Options,
    changes: &mut Changes,
) {
    let logs = log_buckets(desired, observed, document);
    let none = BTreeSet::new();
    let kept = if options.delete_logs { &none } else { &logs };
    let spec = match target {
        Target::Remove(spec) => spec,
        Target::Keep(_) | Target::Preview(_) => desired,
    };
    let why = |address: &Address| match target {
        Target::Remove(_) => Why::Destroy,
        Target::Keep(_) | Target::Preview(_) if desired.resources.contains_key(address) => {
            Why::Replaced
        }
        Target::Keep(_) | Target::Preview(_) => Why::LeftTheSpec,
    };
    for (address, seen) in &observed.resources {
        if desired.resources.contains_key(address) {
            continue;
        }
        let record = document.current(address);
        if let Some(span) = release::let_go(spec, address, record) {
            let step = delete(address, seen, record, why(address));
            changes.steps.push(release::forget(step, span));
            continue;
        }
        if let Some(bucket) = part_of(address, seen, kept) {
            if bucket == seen.id.text && address.kind == "aws_s3_bucket" {
                changes.notes.push(format!(
                    "{address} ({bucket}) receives logs and is kept; --delete-logs deletes it with all that is in it"
                ));
            }
            continue;
        }
        let mut step = delete(address, seen, record, why(address));
        step.change.protected |= !spec.ephemeral && holds_something(address, seen);
        if options.empty_buckets || part_of(address, seen, &logs).is_some() {
            allow_emptying(&mut step);
        }
        changes.steps.push(step);
    }
    for ((address, generation), seen) in &observed.deposed {
        let record = document.record(address, *generation);
        let mut step = delete(address, seen, record, Why::Replaced);
        step.change.replaced = true;
        if let Some(span) = release::let_go(spec, address, record) {
            changes.steps.push(release::forget(step, span));
            continue;
        }
        if options.empty_buckets {
            allow_emptying(&mut step);
        }
        changes.steps.push(step);
    }
    forget(desired, spec, observed, document, changes);
    release::check(spec, document, changes);
    if !matches!(target, Target::Remove(_)) {
        for child in &observed.children {
            let mut records = document.records.iter();
            let is_ours = records.any(|record| record.id.as_ref() == Some(&child.id));
            let why = if is_ours {
                Why::Replaced
            } else {
                Why::MadeByHand
            };
            changes.steps.push(delete_child(child, why));
        }
        let parents: BTreeSet<&Address> = observed.children.iter().map(|of| &of.parent).collect();
        changes
            .notes
            .extend(parents.into_iter().filter_map(to_leave));
    }
    for (address, foreign) in &observed.foreign {
        if matches!(target, Target::Remove(_)) {
            changes
                .notes
                .push(format!("{address}: {foreign}; it stays"));
        }
    }
}

fn delete(address: &Address, seen: &Seen, record: Option<&Record>, why: Why) -> Step {
    Step {
        change: Change {
            address: address.clone(),
            kind: address.kind.clone(),
            child: None,
            replaced: false,
            action: Action::Delete,
            id: Some(seen.id.clone()),
            region: seen.id.region.clone(),
            fields: Vec::new(),
            why: vec![why],
            protected: record
                .map_or_else(|| holds_something(address, seen), |record| record.protect),
        },
        after: Vec::new(),
        wanted: None,
        observed: seen.attributes.clone(),
        dependencies: record
            .map(|record| record.dependencies.iter().cloned().collect())
            .unwrap_or_default(),
        generation: record.map_or(0, |record| record.generation),
        protect: record.is_some_and(|record| record.protect),
    }
}

/// Whether it holds data or carries traffic, whatever its record says.
fn holds_something(address: &Address, seen: &Seen) -> bool {
    Kind::of(&address.kind).is_some_and(|kind| (kind.protect)(&seen.attributes))
}

/// What the user has allowed stands beside what was observed, where the delete finds it.
fn allow_emptying(step: &mut Step) {
    if step.change.kind == "aws_s3_bucket" {
        step.observed
            .insert("force_destroy".to_owned(), Value::Bool(true));
    }
}

/// Records of what is gone and not wanted.
fn forget(
    desired: &Desired,
    spec: &Desired,
    observed: &Observed,
    document: &Document,
    changes: &mut Changes,
) {
    for record in &document.records {
        let stands = if record.status == Status::Deposed {
            observed
                .deposed
                .contains_key(&(record.address.clone(), record.generation))
        } else {
            desired.resources.contains_key(&record.address)
                || observed.resources.contains_key(&record.address)
        };
        if stands {
            continue;
        }
        changes.steps.push(Step {
            change: Change {
                address: record.address.clone(),
                kind: record.address.kind.clone(),
                child: None,
                replaced: record.status == Status::Deposed,
                action: Action::Forget,
                id: record.id.clone(),
                region: record.region.clone(),
                fields: Vec::new(),
                why: vec![absent(record, spec)],
                protected: false,
            },
            after: Vec::new(),
            wanted: None,
            observed: Attributes::new(),
            dependencies: record.dependencies.iter().cloned().collect(),
            generation: record.generation,
            protect: false,
        });
    }
}

/// Why nothing is seen of what was recorded.
fn absent(record: &Record, spec: &Desired) -> Why {
    if !matches!(record.status, Status::Creating | Status::Created) {
        return Why::Missing;
    }
    let let_go = release::let_go(spec, &record.address, Some(record));
    let_go.map_or(Why::Unseen, |span| Why::Released(span.clone()))
}

/// How to leave to others what they add under a parent.
fn to_leave(parent: &Address) -> Option<String> {
    let word = Kind::of(&parent.kind)?.children_called;
    Some(format!(
        "what others add under {parent} can be left to them: ignore = [\"{}.{word}\"] in its component",
        parent.local()
    ))
}

fn delete_child(child: &crate::refresh::Child, why: Why) -> Step {
    Step {
        change: Change {
            address: child.parent.clone(),
            kind: child.kind.to_owned(),
            child: Some(child.id.clone()),
            replaced: false,
            action: Action::Delete,
            id: Some(child.id.clone()),
            region: child.id.region.clone(),
            fields: child
                .attributes
                .iter()
                .filter(|(name, value)| {
                    let is_argument = |kind: &Kind| kind.schema().arguments().any(|of| of == *name);
                    !value.is_null() && Kind::of(child.kind).is_some_and(is_argument)
                })
                .map(|(name, value)| crate::plan::Field {
                    path: name.clone(),
                    before: value.clone(),
                    after: Value::Null,
                    sensitive: false,
                    forces_replacement: false,
                    why: Vec::new(),
                })
                .collect(),
            why: vec![why],
            protected: false,
        },
        after: Vec::new(),
        wanted: None,
        observed: child.attributes.clone(),
        dependencies: Vec::new(),
        generation: 0,
        protect: false,
    }
}

/// Names of the buckets, wanted no more, whose policy lets a log-delivery service write
/// into them. AWS goes on writing for a while after the source is gone. Where an earlier run
/// stopped after the policy had gone, its record still tells.
fn log_buckets(desired: &Desired, observed: &Observed, document: &Document) -> BTreeSet<String> {
    let seen = observed
        .resources
        .iter()
        .map(|(address, seen)| (address, Some(&seen.id), &seen.attributes));
    let recorded = document
        .records
        .iter()
        .map(|record| (&record.address, record.id.as_ref(), &record.attributes));
    seen.chain(recorded)
        .filter(|(address, ..)| {
            address.kind == "aws_s3_bucket_policy" && !desired.resources.contains_key(address)
        })
        .filter(|(_, _, attributes)| {
            attributes
                .get("policy")
                .is_some_and(crate::policy::receives_logs)
        })
        .filter_map(|(_, id, _)| Some(id?.text.clone()))
        .collect()
}

/// Which of the buckets this is, or is a part of.
fn part_of<'a>(address: &Address, seen: &Seen, buckets: &'a BTreeSet<String>) -> Option<&'a str> {
    let of_a_bucket = address.kind == "aws_s3_bucket"
        || Kind::of(&address.kind).is_some_and(|kind| kind.serialise_by == Some("bucket"));
    if !of_a_bucket {
        return None;
    }
    let bucket = seen.attributes.get("bucket").and_then(Value::as_str)?;
    buckets.get(bucket).map(String::as_str)
}
