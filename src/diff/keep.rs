//! What the spec wants, held against what stands.
//!
//! *Invariant*: desired is held against observed alone; a record adds the word "drift".

use super::{
    ADDRESS_TAG, Action, Address, BTreeMap, Change, Changes, Desired, Document, Field, Foreign,
    Graph, Kind, Known, Maker, Observed, Ownership, Problem, Record, Resource, Seen, Standing,
    Status, Step, Value, Why, beside, bound, differences, import, in_the_way, left, same, value_at,
    written,
};
use crate::value::Reference;

pub(super) fn compare(
    desired: &Desired,
    graph: &Graph,
    observed: &Observed,
    document: &Document,
    asked: bool,
    changes: &mut Changes,
) {
    let foreign: BTreeMap<&Address, &Foreign> = observed
        .foreign
        .iter()
        .map(|(address, foreign)| (address, foreign))
        .collect();
    let mut known = Known::of(desired, observed);
    if let Some(problem) = elsewhere(desired, observed) {
        changes.problems.push(problem);
        changes.known = known;
        return;
    }
    changes.notes.extend(left::notes(desired));
    changes
        .notes
        .extend(left::behind(desired, observed, document));
    changes.notes.extend(import::notes(desired, document));
    let bound = bound::to_replaced(desired, observed, &known);
    for address in graph.order() {
        let Some(resource) = desired.resources.get(address) else {
            continue;
        };
        let Some(kind) = Kind::of(&address.kind) else {
            continue;
        };
        if let Some(foreign) = foreign.get(address) {
            if !in_the_way::goes_first(kind, foreign, observed) {
                changes
                    .problems
                    .push(in_the_way::problem(resource, kind, foreign));
                continue;
            }
            changes.notes.push(in_the_way::note(address, foreign));
        }
        if let Some(problem) = import::problem(resource, desired, observed, document, asked) {
            changes.problems.push(problem);
            continue;
        }
        let record = document.current(address);
        let stands = observed.resources.get(address);
        // Until it has been complete once, nothing of it was there to be left to others.
        let is_new = stands.is_none()
            || record.is_some_and(|of| matches!(of.status, Status::Creating | Status::Created));
        let resource = if is_new {
            &all_ours(resource)
        } else {
            resource
        };
        let case = Case {
            desired,
            document,
            resource,
            kind,
            record,
            bound: bound.get(address),
            asked,
        };
        match stands {
            None => {
                let step = case.create(&known, observed);
                learn(&step, &mut known);
                changes.steps.push(step);
            }
            Some(seen) => case.hold_against(seen, observed, &mut known, changes),
        }
        let own = changes.steps.iter().rev();
        let own = own.take_while(|step| step.change.address == *address);
        let mut actions = own.map(|step| step.change.action);
        if actions.any(|action| matches!(action, Action::Create | Action::Replace)) {
            forget_answers(address, desired, &mut known);
        }
    }
    changes.known = known;
}

/// What waits for something that is only made now is asked again when it stands. An update
/// in place leaves it the thing that it was.
fn forget_answers(made: &Address, desired: &Desired, known: &mut Known) {
    for lookup in desired.lookups.values() {
        if lookup.is_deferred() && lookup.waits_for().contains(made) {
            known.forget(&lookup.address);
        }
    }
}

/// The same with nothing left to others, as it is when it is made.
fn all_ours(resource: &Resource) -> Resource {
    Resource {
        ignored: BTreeMap::new(),
        ..resource.clone()
    }
}

/// What stands in another region than the spec says. Nothing can move, and to hold the one
/// against the other would show nonsense.
fn elsewhere(desired: &Desired, observed: &Observed) -> Option<Problem> {
    let moved: Vec<(&Address, &Seen, &Resource)> = observed
        .resources
        .iter()
        .filter_map(|(address, seen)| Some((address, seen, desired.resources.get(address)?)))
        .filter(|(_, seen, resource)| seen.id.region != resource.region)
        .collect();
    let (address, seen, resource) = moved.first()?;
    let more = match moved.len() - 1 {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    Some(Problem {
        address: (*address).clone(),
        message: format!(
            "it stands in {}, and the spec now says {}{more}; nothing moves from one region to another",
            seen.id.region, resource.region
        ),
        hints: vec![
            "put the region back; or destroy with the old region first, then apply with the new one; or give the new region another `environment`".to_owned(),
        ],
    })
}

/// What is made will have what was wanted of it: a bucket's name is known before the bucket
/// stands. What only AWS can tell stays unknown.
fn learn(step: &Step, known: &mut Known) {
    let Some(resource) = &step.wanted else { return };
    let given = resource
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), known.resolve(value)))
        .filter(|(_, value)| !value.is_unknown())
        .collect();
    known.learn(resource.address.clone(), given);
}

/// One resource and what is known of it.
struct Case<'a> {
    desired: &'a Desired,
    document: &'a Document,
    resource: &'a Resource,
    kind: &'static Kind,
    record: Option<&'a Record>,
    /// What it is tied to and can't go over from, where that is replaced.
    bound: Option<&'a Reference>,
    /// Whether AWS was asked. If not, what only AWS can tell is taken to be what it was.
    asked: bool,
}

impl Case<'_> {
    fn create(&self, known: &Known, observed: &Observed) -> Step {
        let why = match self.record {
            None => Why::New,
            // It was never complete: AWS may just not show it yet.
            Some(record) if record.status == Status::Created => Why::Unfinished,
            Some(record) if record.id.is_some() => Why::Missing,
            Some(_) => Why::Unfinished,
        };
        // An attempt that may have reached AWS is repeated under its own generation, so
        // that its token is recognised.
        let generation = match self.record {
            Some(record) if record.id.is_none() => record.generation,
            _ => self.document.generation + 1,
        };
        let fields = self
            .resource
            .attributes
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| Field {
                path: name.clone(),
                before: Value::Null,
                after: known.resolve(value),
                sensitive: self.is_sensitive(name),
                forces_replacement: false,
                why: written::field(self.resource, name),
            })
            .collect();
        let mut why = vec![why];
        why.extend(written::whole(self.resource));
        let mut step = self.step(Action::Create, None, fields, why, generation);
        // A replacement that did not get as far as its successor: the old one still has
        // the name.
        self.take_another_name(None, observed, known, &mut step);
        step
    }

    fn hold_against(
        &self,
        seen: &Seen,
        observed: &Observed,
        known: &mut Known,
        changes: &mut Changes,
    ) {
        let mut fields = differences(self.kind, self.resource, known, &seen.attributes);
        fields.retain(|field| self.asked || !field.after.is_unknown());
        self.drop_tags(seen, &mut fields);
        let tie = self.bound.filter(|_| self.asked).and_then(|to| {
            let shown = self.kind.bound?.shown;
            bound::field(
                self.kind,
                to,
                seen.attributes.get(shown).unwrap_or(&Value::Null),
            )
        });
        fields.extend(tie);
        if self.asked {
            let leaves = bound::leaves(
                self.kind,
                self.resource,
                self.desired,
                known,
                &seen.attributes,
            );
            if let Some(leaves) = leaves {
                fields.retain(|field| field.path != leaves.path);
                fields.push(leaves);
            }
        }
        for field in &mut fields {
            field.sensitive = self.is_sensitive(written::top(&field.path));
            field.why = self.cause(field);
        }
        if fields.iter().any(|field| field.forces_replacement) {
            known.forget(&self.resource.address);
            self.replace(seen, observed, fields, known, changes);
            return;
        }
        for field in &fields {
            self.foresee(field, known);
        }
        let generation = self
            .record
            .map_or(self.document.generation + 1, |record| record.generation);
        let unfinished = self
            .record
            .is_some_and(|record| record.status != Status::Applied);
        let (action, why) = match &seen.standing {
            Standing::Found(ownership) => (
                Action::Adopt,
                vec![Why::NoRecord {
                    proof: proof(ownership),
                    lineage: self.of_another(ownership),
                }],
            ),
            Standing::Imported(span) => (Action::Adopt, vec![Why::Imported(span.clone())]),
            Standing::Intended => (Action::Update, vec![Why::Unfinished]),
            Standing::Recorded if unfinished => (Action::Update, vec![Why::Unfinished]),
            // Only the record changes; without that a later destroy would go by the old one.
            Standing::Recorded if fields.is_empty() && self.protection_changes() => (
                Action::Update,
                vec![Why::Protection(self.is_to_be_protected())],
            ),
            // The same, under the name that it has now.
            Standing::Recorded if fields.is_empty() && self.has_moved() => {
                (Action::Update, self.moved())
            }
            Standing::Recorded if fields.is_empty() => {
                changes.unchanged.push(self.resource.address.clone());
                return;
            }
            Standing::Recorded => (Action::Update, self.moved()),
        };
        let mut step = self.step(action, Some(seen), fields, why, generation);
        self.keep_live_names(seen, &mut step);
        changes.steps.push(step);
    }

    /// Makes a new one first; the old one goes when nothing uses it any more.
    fn replace(
        &self,
        seen: &Seen,
        observed: &Observed,
        fields: Vec<Field>,
        known: &mut Known,
        changes: &mut Changes,
    ) {
        let forced = fields
            .iter()
            .find(|field| field.forces_replacement)
            .map(|field| field.path.clone())
            .unwrap_or_default();
        if matches!(seen.standing, Standing::Found(_) | Standing::Imported(_)) {
            changes.problems.push(Problem {
                address: self.resource.address.clone(),
                message: format!(
                    "{} {} stands without a record, and its {forced} can't be changed in place",
                    self.kind.noun, seen.id
                ),
                hints: vec![
                    "make the spec say what stands, adopt it, then change the spec".to_owned(),
                ],
            });
            return;
        }
        let generation = self.document.generation + 1;
        let mut step = self.step(
            Action::Replace,
            Some(seen),
            fields,
            self.moved(),
            generation,
        );
        step.wanted = Some(all_ours(self.resource));
        if !self.take_another_name(Some(seen), observed, known, &mut step) {
            let problem = beside::problem(self.kind, self.resource, &forced);
            changes.problems.push(problem);
            return;
        }
        let old_generation = self.record.map_or(generation, |record| record.generation);
        let mut old = self.step(
            Action::Delete,
            Some(seen),
            Vec::new(),
            vec![Why::Replaced],
            old_generation,
        );
        old.change.replaced = true;
        old.wanted = None;
        old.dependencies = self
            .record
            .map(|record| record.dependencies.iter().cloned().collect())
            .unwrap_or_default();
        learn(&step, known);
        changes.steps.push(step);
        changes.steps.push(old);
    }

    /// Gives what is made beside its forerunners, those that earlier runs left behind among
    /// them, a name of its own. False if it can't stand beside them.
    fn take_another_name(
        &self,
        seen: Option<&Seen>,
        observed: &Observed,
        known: &Known,
        step: &mut Step,
    ) -> bool {
        let left = observed.deposed.iter();
        let left = left.filter(|((address, _), _)| *address == self.resource.address);
        let mut standing = seen.into_iter().chain(left.map(|(_, left)| left));
        if !standing.any(|other| beside::clash(self.kind, self.resource, known, other)) {
            return true;
        }
        let generation = step.generation;
        let wanted = step.wanted.as_mut();
        wanted.is_some_and(|resource| beside::rename(self.kind, resource, generation))
    }

    /// What an update will make of an attribute that others refer to.
    fn foresee(&self, field: &Field, known: &mut Known) {
        let address = &self.resource.address;
        known.forget_attributes(address, self.kind.volatile);
        known.foresee(
            address,
            written::top(&field.path),
            self.resource.get(written::top(&field.path)),
        );
    }

    /// A tag that the spec dropped goes, if we set it.
    fn drop_tags(&self, seen: &Seen, fields: &mut Vec<Field>) {
        let Some(record) = self.record else { return };
        let keys = |value: Option<&Value>| {
            value
                .and_then(Value::as_map)
                .map(|map| map.keys().cloned().collect::<Vec<_>>())
                .unwrap_or_default()
        };
        let wanted = keys(self.resource.attributes.get("tags"));
        for key in keys(record.attributes.get("tags")) {
            let live = seen.attributes.get("tags").and_then(Value::as_map);
            let live = live.and_then(|tags| tags.get(&key));
            if let (false, Some(live)) = (wanted.contains(&key), live) {
                fields.push(Field {
                    path: format!("tags.{key}"),
                    before: live.clone(),
                    after: Value::Null,
                    sensitive: false,
                    forces_replacement: false,
                    why: Vec::new(),
                });
            }
        }
    }

    /// The live name wins over a generated one.
    fn keep_live_names(&self, seen: &Seen, step: &mut Step) {
        let Some(resource) = &mut step.wanted else {
            return;
        };
        for name in &self.resource.generated {
            if let Some(live) = seen.attributes.get(name) {
                resource.attributes.insert(name.clone(), live.clone());
            }
        }
    }

    fn step(
        &self,
        action: Action,
        seen: Option<&Seen>,
        fields: Vec<Field>,
        why: Vec<Why>,
        generation: u64,
    ) -> Step {
        let protect = self.is_to_be_protected();
        // What the record or the spec protects, the stricter of the two.
        let protected = protect || self.record.is_some_and(|record| record.protect);
        Step {
            change: Change {
                address: self.resource.address.clone(),
                kind: self.kind.name.to_owned(),
                child: None,
                replaced: false,
                action,
                id: seen.map(|seen| seen.id.clone()),
                region: self.resource.region.clone(),
                fields,
                why,
                protected,
            },
            after: Vec::new(),
            wanted: Some(self.resource.clone()),
            observed: seen.map(|seen| seen.attributes.clone()).unwrap_or_default(),
            dependencies: self
                .desired
                .dependencies(self.resource)
                .into_iter()
                .collect(),
            generation,
            protect,
        }
    }

    /// Whether it holds data or carries traffic that the spec does not call throw-away.
    fn is_to_be_protected(&self) -> bool {
        !self.desired.ephemeral && (self.kind.protect)(&self.resource.attributes)
    }

    /// The lineage in its tags, where another document made it.
    fn of_another(&self, ownership: &Ownership) -> Option<String> {
        let Ownership::Tagged { lineage } = ownership else {
            return None;
        };
        let is_anothers = !lineage.is_empty() && *lineage != self.document.lineage;
        is_anothers.then(|| lineage.clone())
    }

    fn protection_changes(&self) -> bool {
        self.record
            .is_some_and(|record| record.protect != self.is_to_be_protected())
    }

    fn has_moved(&self) -> bool {
        let renamed = &self.document.renamed.addresses;
        renamed.contains_key(&self.resource.address)
    }

    /// What it was called before, as a cause.
    fn moved(&self) -> Vec<Why> {
        let before = self.document.renamed.before(&self.resource.address);
        before.map(Why::Moved).into_iter().collect()
    }

    fn is_sensitive(&self, name: &str) -> bool {
        self.kind
            .schema()
            .attribute(name)
            .is_some_and(|attribute| attribute.sensitive)
    }

    /// Why a field of something that stands changes.
    fn cause(&self, field: &Field) -> Vec<Why> {
        let mut upstream = Vec::new();
        let from = match &field.after {
            Value::Unknown { from: Some(from) } => Some(&from.target),
            _ => None,
        };
        upstream.extend(from.cloned().map(Why::Upstream));
        if upstream.is_empty() {
            if self.was_applied(field) {
                upstream.push(Why::Drift);
            } else if let Some(new) = self.new_default(field) {
                let written = written::field(self.resource, &field.path).into_iter();
                return [new]
                    .into_iter()
                    .chain(written.filter(|why| matches!(why, Why::Blueprint(_))))
                    .collect();
            }
        }
        upstream.extend(written::field(self.resource, &field.path));
        upstream
    }

    /// Whether the wanted value is the one that was applied last, so that it is AWS that
    /// has changed.
    fn was_applied(&self, field: &Field) -> bool {
        let Some(record) = self.record else {
            return false;
        };
        let applied = Value::Map(record.attributes.clone());
        let was = match field.path.strip_prefix("tags.") {
            Some(key) => applied
                .get("tags")
                .as_map()
                .and_then(|tags| tags.get(key))
                .cloned()
                .unwrap_or_default(),
            None => applied.get(&field.path).clone(),
        };
        record.status == Status::Applied && !was.is_null() && was == field.after
    }

    /// A default that another version had otherwise. It is one only if the spec has no part
    /// in the value, then and now, and AWS still has what that version applied.
    fn new_default(&self, field: &Field) -> Option<Why> {
        let record = self.record.filter(|it| it.status == Status::Applied)?;
        let (then, now) = (record.maker.as_ref()?, self.resource.maker.as_ref()?);
        let attribute = written::top(&field.path);
        let is_given = |maker: &Maker| maker.given.contains(attribute);
        let is_given = attribute == "tags" || is_given(then) || is_given(now);
        // `ephemeral` is the spec's too, and no attribute's own.
        if is_given || field.sensitive || self.protection_changes() {
            return None;
        }
        let applied = value_at(&record.attributes, &field.path);
        if !applied.is_null() && !same(self.kind, &field.path, applied, &field.before) {
            return None;
        }
        let is_kinds = self.resource.defaulted.contains(attribute);
        let (of, from, to) = if is_kinds && then.watertight != now.watertight {
            ("watertight", &then.watertight, &now.watertight)
        } else if then.blueprint == now.blueprint && then.version != now.version {
            (now.blueprint.as_str(), &then.version, &now.version)
        } else {
            return None;
        };
        Some(Why::NewDefault {
            of: of.to_owned(),
            from: from.clone(),
            to: to.clone(),
        })
    }
}

fn proof(ownership: &Ownership) -> String {
    match ownership {
        Ownership::Tagged { .. } => format!("its tag {ADDRESS_TAG} names this address"),
        Ownership::ChildOfOurs | Ownership::Given => "what it belongs to is ours".to_owned(),
        Ownership::Equal => "its value is exactly the wanted one".to_owned(),
        Ownership::Shared => "it is shared by every app that uses this name".to_owned(),
        Ownership::Foreign => "nothing proves it".to_owned(),
    }
}
