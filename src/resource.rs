//! One object that AWS should have, and the whole set of them.
//!
//! *Invariant*: everything a spec asks for is in [`Desired`], filled to the last default;
//! no later stage looks at the spec's inputs again.

mod kept;
mod substitute;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Mode};
use crate::diagnostic::Span;
use crate::spec::{Backend, Import, Moved, Removed, Waiver};
use crate::value::{Attributes, Reference, Value};

/// What AWS calls a thing, and where: ids are unique in a region only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// Region whose endpoint knows the id; `us-east-1` for global services.
    pub region: String,
    /// The id itself, in the form that the kind's Terraform import takes.
    pub text: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where something came from. Every diagnostic points at the spec first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The user's lines: the component, or the input that an attribute's value came from.
    pub spec: Option<Span>,
    /// The blueprint's line.
    pub blueprint: Option<Span>,
}

/// What makes a resource: recorded with it, so that a change that comes of a newer version
/// can be told from one that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// Version of watertight, whose kinds have the defaults.
    pub watertight: String,
    /// The blueprint's name.
    pub blueprint: String,
    /// Its version.
    pub version: String,
    /// Top-level attributes whose value hangs on what the spec gives; the others are the
    /// blueprint's and the kind's alone.
    pub given: BTreeSet<String>,
}

/// One resource as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Where it stands.
    pub address: Address,
    /// Region it lives in; `us-east-1` for global services.
    pub region: String,
    /// What it should be, in the schema's vocabulary. Blocks are lists of maps; JSON
    /// documents are maps. What is neither given nor defaulted is absent: unmanaged.
    pub attributes: Attributes,
    /// Top-level attributes whose value [`expand`](crate::blueprint::expand) made up (a
    /// name). Never compared: the live one wins.
    pub generated: BTreeSet<String>,
    /// Top-level attributes that neither spec nor blueprint gave, filled from the kind's
    /// defaults.
    pub defaulted: BTreeSet<String>,
    /// What must stand before, beside what the references say.
    pub depends_on: BTreeSet<Address>,
    /// The blueprint that wrote it, and the versions; none before it is filled in.
    pub maker: Option<Box<Maker>>,
    /// The component's lines in the spec, and the resource's header in the blueprint.
    pub origin: Origin,
    /// The same for each top-level attribute that a blueprint wrote.
    pub origins: BTreeMap<String, Origin>,
    /// What the user's `override` says, by path, `idle_timeout` or `health_check.interval`:
    /// where.
    pub overridden: BTreeMap<String, Span>,
    /// What the user's `ignore` leaves to others, by path: where. Never compared and never
    /// written once it stands: the live value wins.
    pub ignored: BTreeMap<String, Span>,
}

impl Resource {
    /// A resource of which nothing is known but what it is like: no spec and no blueprint wrote
    /// it.
    #[must_use]
    pub fn plain(address: Address, region: String, attributes: Attributes) -> Self {
        Self {
            address,
            region,
            attributes,
            generated: BTreeSet::new(),
            defaulted: BTreeSet::new(),
            depends_on: BTreeSet::new(),
            maker: None,
            origin: Origin::default(),
            origins: BTreeMap::new(),
            overridden: BTreeMap::new(),
            ignored: BTreeMap::new(),
        }
    }

    /// The value at a path of names, as [`Value::get`] walks it; null where there is none.
    #[must_use]
    pub fn get(&self, path: &str) -> &Value {
        static NULL: Value = Value::Null;
        let (first, rest) = path
            .split_once('.')
            .map_or((path, None), |(a, b)| (a, Some(b)));
        let value = self.attributes.get(first).unwrap_or(&NULL);
        rest.map_or(value, |rest| value.get(rest))
    }

    /// Whether the user's spec adds it to what the blueprint makes.
    #[must_use]
    pub fn is_added(&self) -> bool {
        self.origin.spec.is_some() && self.origin.blueprint.is_none()
    }

    /// Where an attribute's value came from: its own line, else the resource's.
    #[must_use]
    pub fn origin_of(&self, attribute: &str) -> &Origin {
        self.origins.get(attribute).unwrap_or(&self.origin)
    }

    /// Everything that must stand before it: references and `depends_on`.
    #[must_use]
    pub fn dependencies(&self) -> BTreeSet<Address> {
        let mut references = Vec::new();
        self.attributes
            .values()
            .for_each(|value| value.references(&mut references));
        let mut dependencies = self.depends_on.clone();
        dependencies.extend(
            references
                .into_iter()
                .map(|reference| reference.target.clone()),
        );
        dependencies
    }
}

/// Something that AWS is asked about: before anything is planned, or, if it is deferred, as
/// soon as what it depends on stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// Where it stands; its mode is [`Mode::Lookup`].
    pub address: Address,
    /// Region that is asked.
    pub region: String,
    /// Literals and references to other lookups; of a deferred one, to resources too.
    pub arguments: Attributes,
    /// Resources that must stand before it can be asked: it is deferred. None for one that
    /// is asked before anything is planned.
    pub depends_on: BTreeSet<Address>,
    /// The component's lines and the blueprint's.
    pub origin: Origin,
}

impl Lookup {
    /// Whether it waits for resources.
    #[must_use]
    pub fn is_deferred(&self) -> bool {
        !self.depends_on.is_empty()
    }

    /// What it waits for: what it says, and the resources that it refers to.
    #[must_use]
    pub fn waits_for(&self) -> BTreeSet<Address> {
        let mut references = Vec::new();
        let arguments = self.arguments.values();
        arguments.for_each(|value| value.references(&mut references));
        let targets = references.into_iter().map(|reference| &reference.target);
        targets
            .filter(|target| target.mode == Mode::Managed)
            .chain(&self.depends_on)
            .cloned()
            .collect()
    }
}

/// What an input demands of a value that is looked up for it.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The way to the value.
    pub reference: Reference,
    /// The input.
    pub input: String,
    /// What the spec says in its place: `ssm:/shop/vpc_id`.
    pub said: String,
    /// Where it says so.
    pub span: Span,
    /// What the value must be.
    pub form: Arc<dyn Form>,
}

/// What a value must be.
pub trait Form: fmt::Debug + Send + Sync {
    /// Whether it is that; `span` is where the spec asks for it.
    ///
    /// # Errors
    /// A phrase that says what is wrong.
    fn fits(&self, value: &Value, span: &Span) -> Result<(), String>;
}

impl PartialEq for Demand {
    /// The form is the input's, and so the same for the same input.
    fn eq(&self, other: &Self) -> bool {
        (&self.reference, &self.input, &self.said) == (&other.reference, &other.input, &other.said)
    }
}

/// A command for people once everything stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// The component that it is about.
    pub component: String,
    /// What it does, a phrase.
    pub summary: String,
    /// The command, for a shell.
    pub command: Value,
}

/// Statements of policies that stay as AWS has them, by the policy's address.
pub type Kept = BTreeMap<Address, Vec<Value>>;

/// What the lookups found, by address.
pub type Lookups = BTreeMap<Address, Attributes>;

/// A whole spec, expanded: what AWS should have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Name of the application.
    pub app: String,
    /// Its environment.
    pub environment: String,
    /// Region where the spec names no other.
    pub region: String,
    /// The only account that may be touched, where the spec says so.
    pub account: Option<String>,
    /// A throw-away environment: nothing is protected.
    pub ephemeral: bool,
    /// Where what is made is remembered.
    pub state: Backend,
    /// Everything that is to stand.
    pub resources: BTreeMap<Address, Resource>,
    /// DNS records that somebody makes by hand, in a zone elsewhere.
    pub by_hand: BTreeMap<Address, Resource>,
    /// Everything that is to be asked.
    pub lookups: BTreeMap<Address, Lookup>,
    /// What components give to others and to people, by component and name.
    pub outputs: BTreeMap<(String, String), Value>,
    /// What people do once everything stands, in order.
    pub next: Vec<Next>,
    /// Written exceptions to the rules.
    pub waivers: Vec<Waiver>,
    /// Every environment that the spec names, this one among them.
    pub environments: BTreeSet<String>,
    /// What stands under a new name.
    pub moved: Vec<Moved>,
    /// What left the spec and goes on standing.
    pub removed: Vec<Removed>,
    /// What stands already and becomes ours.
    pub imports: Vec<Import>,
    /// What inputs demand of the values that are looked up for them.
    pub demands: Vec<Demand>,
    /// Versions of the blueprints that it is made of, by name.
    pub blueprints: BTreeMap<String, String>,
}

impl Desired {
    /// The resources that must stand before this one: those that it depends on, and those
    /// that the deferred lookups wait for which it refers to.
    #[must_use]
    pub fn dependencies(&self, resource: &Resource) -> BTreeSet<Address> {
        let mut dependencies = BTreeSet::new();
        for address in resource.dependencies() {
            match self.lookups.get(&address) {
                Some(lookup) => dependencies.extend(lookup.waits_for()),
                None => {
                    dependencies.insert(address);
                }
            }
        }
        dependencies
    }

    /// What a resource is imported as, where the spec says so.
    #[must_use]
    pub fn import(&self, address: &Address) -> Option<&Import> {
        self.imports.iter().find(|one| one.address == *address)
    }

    /// The policy of a bucket, where it is a document.
    #[must_use]
    pub fn policy_of(&self, bucket: &Address) -> Option<&Resource> {
        kept::policy_of(self, bucket)
    }

    /// The same with the statements that its policies keep.
    #[must_use]
    pub fn with_kept(self, kept: &Kept) -> Self {
        kept::add(self, kept)
    }

    /// The same with what the lookups found in the place of the references to them. What
    /// was not found is [`Value::Unknown`]; references to deferred lookups stay.
    #[must_use]
    pub fn with_lookups(self, lookups: &Lookups) -> Self {
        substitute::lookups(self, lookups)
    }

    /// A desired nothing, of which only is known what it is called: enough to find its
    /// state and destroy what that records.
    #[must_use]
    pub fn named(spec: &crate::spec::Spec) -> Self {
        Self {
            app: spec.app.value.clone(),
            environment: spec.environment.value.clone(),
            region: spec.region.value.clone(),
            account: spec.account.as_ref().map(|account| account.value.clone()),
            ephemeral: spec.ephemeral,
            state: spec.state.clone(),
            environments: spec.environments.clone(),
            moved: spec.moved.clone(),
            removed: spec.removed.clone(),
            ..Self::default()
        }
    }
}
