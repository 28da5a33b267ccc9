//! What stands while a plan is carried out: each thing before its step and after it.
//!
//! A thing that is replaced is two: the old one, under a key of its own, and its successor.
//! What stood before has the values that were observed, in which the ids and ARNs of things are
//! references to those very things, so that the rules see what belongs together. Only what is
//! managed of it counts: the rest is the same before and after.
//!
//! *Invariant*: a text becomes a reference only if it names exactly one thing that stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::kind::Kind;
use crate::plan::{Action, Plan, Step};
use crate::resource::{Desired, Resource};
use crate::state::Document;
use crate::value::{Attributes, Reference, Value};

/// By which attributes one thing names another, so that the rules follow it. Of buckets the
/// name itself does.
const NAMES: &[&str] = &[
    "arn",
    "bucket_domain_name",
    "bucket_regional_domain_name",
    "default_security_group_id",
    "dns_name",
    "id",
];

/// The same, of one kind alone.
const NAMES_OF: &[(&str, &str)] = &[
    ("aws_cloudfront_distribution", "domain_name"),
    ("aws_cloudwatch_log_delivery_source", "name"),
];

/// One thing.
#[derive(Debug)]
pub(super) struct Thing<'a> {
    /// Under which the rules see it.
    pub(super) key: Address,
    /// Under which people and waivers know it.
    pub(super) label: String,
    pub(super) life: Life<'a>,
    /// What it refers to or hangs on, before its step or after it.
    pub(super) uses: BTreeSet<usize>,
}

/// What becomes of a thing. The number is that of its step.
#[derive(Debug)]
pub(super) enum Life<'a> {
    /// It stays as it is.
    Stays(Stays<'a>),
    /// It stays, and is made otherwise.
    Turns(Resource, &'a Resource, usize),
    /// It is made.
    Comes(&'a Resource, usize),
    /// It is deleted.
    Goes(Resource, usize),
}

/// How a thing is that stays as it is.
#[derive(Debug)]
pub(super) enum Stays<'a> {
    /// As the spec has it; under the names that it has in AWS.
    Wanted(&'a Resource, Option<&'a Attributes>),
    /// As it was found.
    Found(Box<Resource>),
}

impl Thing<'_> {
    /// Its kind.
    pub(super) fn kind(&self) -> &str {
        &self.key.kind
    }

    /// Whether it stands before the first step.
    pub(super) fn stood(&self) -> bool {
        !matches!(self.life, Life::Comes(..))
    }

    /// Whether the plan leaves it.
    pub(super) fn stays(&self) -> bool {
        matches!(self.life, Life::Stays(_) | Life::Turns(..))
    }

    pub(super) fn step(&self) -> Option<usize> {
        match &self.life {
            Life::Stays(_) => None,
            Life::Turns(_, _, step) | Life::Comes(_, step) | Life::Goes(_, step) => Some(*step),
        }
    }

    /// What it is like when its step has been done, or has not; none where it does not stand.
    pub(super) fn at(&self, done: bool) -> Option<Resource> {
        let plain = |resource: &Resource| {
            let attributes = resource.attributes.clone();
            Resource::plain(self.key.clone(), resource.region.clone(), attributes)
        };
        match &self.life {
            Life::Stays(Stays::Found(found)) => Some(plain(found)),
            Life::Stays(Stays::Wanted(wanted, live)) => {
                let mut resource = plain(wanted);
                let generated = wanted.generated.iter();
                let named = generated.filter_map(|name| Some((name, live.as_ref()?.get(name)?)));
                let named = named.map(|(name, value)| (name.clone(), value.clone()));
                resource.attributes.extend(named);
                Some(resource)
            }
            Life::Turns(before, _, _) | Life::Goes(before, _) if !done => Some(plain(before)),
            Life::Turns(_, after, _) | Life::Comes(after, _) if done => Some(plain(after)),
            _ => None,
        }
    }
}

/// Everything that stands at some time of a plan.
pub(super) fn of<'a>(
    plan: &'a Plan,
    desired: &'a Desired,
    document: &'a Document,
) -> Vec<Thing<'a>> {
    let mut found: Vec<Draft<'a>> = plan
        .steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| Draft::of_step(index, step, document))
        .collect();
    let built: BTreeSet<&Address> = plan
        .steps
        .iter()
        .filter(|step| step.wanted.is_some() && step.change.action != Action::Forget)
        .map(|step| &step.change.address)
        .collect();
    let kept = desired.resources.values();
    let kept = kept.filter(|resource| !built.contains(&resource.address));
    found.extend(kept.map(|resource| Draft::of_kept(resource, plan)));
    let names = Names::of(&found);
    let mut things: Vec<Thing<'a>> = found.into_iter().map(|one| one.finish(&names)).collect();
    link(&mut things, plan, document);
    things
}

/// A thing whose observed values have not been read yet.
struct Draft<'a> {
    key: Address,
    label: String,
    step: Option<usize>,
    /// The names that it has, and what it is like, if it stands.
    observed: Option<&'a Attributes>,
    /// What AWS calls it, where the attributes don't tell.
    id: Option<&'a str>,
    /// The attributes that are managed of what stands; none for all that can be.
    managed: Option<BTreeSet<&'a str>>,
    wanted: Option<&'a Resource>,
    region: &'a str,
}

impl<'a> Draft<'a> {
    fn of_step(index: usize, step: &'a Step, document: &'a Document) -> Option<Self> {
        let change = &step.change;
        let goes = change.action == Action::Delete;
        let is_old = change.replaced || change.child.is_some();
        let mut key = change.address.clone();
        key.kind.clone_from(&change.kind);
        if let Some(child) = &change.child {
            key.name = format!("{}/{}", key.name, child.text);
        } else if change.replaced {
            key.name = format!("{}~{}", key.name, step.generation);
        }
        let stands = match change.action {
            Action::Create | Action::Replace => false,
            // What is forgotten because it is gone.
            Action::Forget => !step.observed.is_empty(),
            Action::Update | Action::Adopt | Action::Delete => true,
        };
        if !stands && step.wanted.is_none() {
            return None;
        }
        let record = document.record(&change.address, step.generation);
        let record = record.filter(|_| change.child.is_none());
        let wanted = step.wanted.as_ref().filter(|_| !goes && !is_old);
        let managed = record.into_iter().flat_map(|record| &record.attributes);
        let managed = managed.chain(wanted.into_iter().flat_map(|wanted| &wanted.attributes));
        let managed: BTreeSet<&str> = managed.map(|(name, _)| name.as_str()).collect();
        // Tags are read by no rule.
        let turns = change.fields.iter().any(|field| !is_tag(&field.path));
        let is_switch = match change.action {
            Action::Forget => false,
            Action::Update | Action::Adopt => turns,
            Action::Create | Action::Replace | Action::Delete => true,
        };
        Some(Self {
            key,
            label: change.label(),
            step: is_switch.then_some(index),
            observed: stands.then_some(&step.observed),
            id: change
                .id
                .as_ref()
                .map(|id| id.text.as_str())
                .filter(|_| stands),
            managed: (!managed.is_empty()).then_some(managed),
            wanted,
            region: &change.region,
        })
    }

    fn of_kept(resource: &'a Resource, plan: &'a Plan) -> Self {
        Self {
            key: resource.address.clone(),
            label: resource.address.to_string(),
            step: None,
            observed: plan.known.attributes(&resource.address),
            id: None,
            managed: None,
            wanted: Some(resource),
            region: &resource.region,
        }
    }

    fn finish(self, names: &Names) -> Thing<'a> {
        let before = || {
            let kind = Kind::of(&self.key.kind);
            let managed = |name: &String| {
                let is_argument = |kind: &Kind| kind.schema().arguments().any(|of| of == name);
                let managed = self.managed.as_ref();
                let is_managed = managed.is_none_or(|managed| managed.contains(name.as_str()));
                name != "id" && is_managed && kind.is_some_and(is_argument)
            };
            let observed = self.observed.into_iter().flatten();
            let observed = observed.filter(|(name, value)| managed(name) && !value.is_null());
            let attributes = observed
                .map(|(name, value)| (name.clone(), names.link(value, &self.key)))
                .collect();
            Resource::plain(self.key.clone(), self.region.to_owned(), attributes)
        };
        let life = match (self.step, self.wanted, self.observed) {
            (Some(step), Some(after), Some(_)) => Life::Turns(before(), after, step),
            (Some(step), Some(after), None) => Life::Comes(after, step),
            (Some(step), None, _) => Life::Goes(before(), step),
            (None, Some(wanted), live) => Life::Stays(Stays::Wanted(wanted, live)),
            (None, None, _) => Life::Stays(Stays::Found(Box::new(before()))),
        };
        Thing {
            key: self.key,
            label: self.label,
            life,
            uses: BTreeSet::new(),
        }
    }
}

/// What a text names, among what stands before the first step.
struct Names(BTreeMap<String, Option<Reference>>);

impl Names {
    fn of(all: &[Draft<'_>]) -> Self {
        let mut names: BTreeMap<String, Option<Reference>> = BTreeMap::new();
        let mut learn = |draft: &Draft<'_>, attribute: &str, text: &str| {
            let meant = names.entry(text.to_owned());
            let meant = meant.or_insert_with(|| Some(Reference::to(draft.key.clone(), attribute)));
            if meant.as_ref().is_some_and(|one| one.target != draft.key) {
                *meant = None;
            }
        };
        for draft in all {
            let kind = draft.key.kind.as_str();
            let Some(observed) = draft.observed else {
                continue;
            };
            // A setting has the id of its whole.
            let is_setting = Kind::of(kind).is_some_and(|kind| kind.part_of.is_some());
            let is_bucket = kind == "aws_s3_bucket";
            let of_kind = NAMES_OF.iter().filter(|(of, _)| *of == kind);
            let all = NAMES.iter().chain(of_kind.map(|(_, name)| name));
            for name in all.filter(|_| !is_setting) {
                let text = observed.get(*name).and_then(Value::as_str);
                let text = text.filter(|_| !is_bucket || !matches!(*name, "arn" | "id"));
                if let Some(text) = text.filter(|text| !text.is_empty()) {
                    learn(draft, name, text);
                }
            }
            if let Some(id) = draft.id.filter(|_| !is_setting && !is_bucket) {
                learn(draft, "id", id);
            }
        }
        Self(names)
    }

    /// The same value, its texts that name other things references to those.
    fn link(&self, value: &Value, own: &Address) -> Value {
        match value {
            Value::String(text) => match self.0.get(text) {
                Some(Some(reference)) if reference.target != *own => {
                    Value::Reference(reference.clone())
                }
                _ => value.clone(),
            },
            Value::List(items) => {
                Value::List(items.iter().map(|item| self.link(item, own)).collect())
            }
            Value::Map(entries) => {
                let entries = entries.iter();
                Value::map(entries.map(|(name, entry)| (name, self.link(entry, own))))
            }
            other => other.clone(),
        }
    }
}

/// Says of each thing what it uses: what it refers to, and what its record says that it hangs
/// on.
fn link(things: &mut [Thing<'_>], plan: &Plan, document: &Document) {
    let keys: BTreeMap<Address, usize> = things
        .iter()
        .enumerate()
        .map(|(index, thing)| (thing.key.clone(), index))
        .collect();
    let mut old: BTreeMap<&Address, usize> = BTreeMap::new();
    for step in &plan.steps {
        if step.change.replaced {
            let mut key = step.change.address.clone();
            key.name = format!("{}~{}", key.name, step.generation);
            let index = keys.get(&key).copied();
            old.extend(index.map(|index| (&step.change.address, index)));
        }
    }
    let all: Vec<BTreeSet<usize>> = things
        .iter()
        .map(|thing| uses(thing, plan, document, &keys, &old))
        .collect();
    for (thing, uses) in things.iter_mut().zip(all) {
        thing.uses = uses;
    }
}

fn uses(
    thing: &Thing<'_>,
    plan: &Plan,
    document: &Document,
    keys: &BTreeMap<Address, usize>,
    old: &BTreeMap<&Address, usize>,
) -> BTreeSet<usize> {
    let (before, after) = match &thing.life {
        Life::Stays(Stays::Wanted(wanted, _)) => (None, Some(*wanted)),
        Life::Stays(Stays::Found(found)) => (Some(found.as_ref()), None),
        Life::Turns(before, after, _) => (Some(before), Some(*after)),
        Life::Comes(after, _) => (None, Some(*after)),
        Life::Goes(before, _) => (Some(before), None),
    };
    let mut uses = BTreeSet::new();
    for resource in before.into_iter().chain(after) {
        let others = resource.dependencies();
        uses.extend(others.iter().filter_map(|other| keys.get(other)));
    }
    let step = thing.step().map(|step| &plan.steps[step]);
    if let Some(step) = step.filter(|_| thing.stood()) {
        let record = document.record(&step.change.address, step.generation);
        let record = record.filter(|_| step.change.child.is_none());
        let others = record.into_iter().flat_map(|record| &record.dependencies);
        uses.extend(others.filter_map(|other| old.get(other).or_else(|| keys.get(other))));
        // A child that was made by hand hangs on its parent.
        if step.change.child.is_some() {
            uses.extend(keys.get(&step.change.address));
        }
    }
    uses
}

fn is_tag(path: &str) -> bool {
    path == "tags" || path.starts_with("tags.")
}
