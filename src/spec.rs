//! The spec: what the user wrote, checked for form.
//!
//! In: the text of a spec. Out: a [`Spec`] and everything that is wrong with it, at once.
//!
//! *Invariant*: no blueprint is read here; whether inputs fit is said by `blueprint`.

mod amend;
mod defaults;
mod environment;
pub mod form;
mod import;
mod input;
mod kept;
mod moved;
mod reader;
mod removed;
mod requires;
mod state;
mod syntax;
mod text;
mod walk;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Source, Span};
pub use import::Import;
pub use kept::Keeper;
pub use moved::{Move, Moved};
pub use removed::{Part, Removed};
pub use text::in_toml;

/// What came of reading a spec.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The spec, unless its text is no TOML or it requires another version.
    ///
    /// Where a value is wrong a harmless one stands in, so that later stages can add
    /// their own problems; nothing may be made of it while `problems` has an error.
    pub spec: Option<Spec>,
    /// What is wrong, in the order of the text.
    pub problems: Vec<Diagnostic>,
}

/// Reads a spec. In: the file, and the environment that is asked for (none: the one at the
/// top). Out: what it says for that environment, and all that is wrong with its form, in
/// the others too.
///
/// Text that is no TOML gives only the problems of its syntax, since what would be said
/// about the rest could be false; a key that is written twice hides nothing.
#[must_use]
pub fn parse(source: &Arc<Source>, environment: Option<&str>) -> Parsed {
    let syntax::Read {
        table,
        mut problems,
    } = syntax::read(source);
    let mut reader = reader::Reader::new(source);
    let spec = match table {
        None => None,
        Some(table) if !requires::fits(&mut reader, &table, crate::VERSION) => None,
        Some(table) => {
            let picked = environment::pick(&mut reader, &table, environment);
            let mut spec = walk::spec(&mut reader, &picked.root);
            spec.environments.extend(picked.names);
            for other in &picked.others {
                let mut again = reader::Reader::new(source);
                walk::spec(&mut again, other);
                reader.also(again.problems);
            }
            Some(spec)
        }
    };
    problems.extend(reader.problems);
    problems.sort_by_key(|problem| problem.labels.first().map(|label| label.span.start));
    Parsed { spec, problems }
}

/// Reads `[[waivers]]` that stand alone, for the addresses of somebody's Terraform.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn waivers(source: &Arc<Source>) -> Result<Vec<Waiver>, Vec<Diagnostic>> {
    let syntax::Read {
        table,
        mut problems,
    } = syntax::read(source);
    let mut reader = reader::Reader::new(source);
    let waivers = table.map(|table| walk::alone(&mut reader, &table));
    problems.extend(reader.problems);
    match waivers {
        Some(waivers) if problems.is_empty() => Ok(waivers),
        _ => Err(problems),
    }
}

/// Reads one value that stands alone, such as an answer at a prompt. In: a source that
/// holds only that. Out: the input; a reference in it is taken at its word.
///
/// # Errors
/// A phrase that says what is wrong first.
pub fn parse_input(source: &Arc<Source>) -> Result<Written<Input>, String> {
    input::alone(source)
}

/// A spec whose form is right.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The file.
    pub source: Arc<Source>,
    /// Name of the application, `[a-z][a-z0-9-]*`.
    pub app: Written<String>,
    /// Its environment, `[a-z][a-z0-9-]*`.
    pub environment: Written<String>,
    /// Every environment that the spec names, this one among them.
    pub environments: BTreeSet<String>,
    /// Region of everything that the spec gives no other.
    pub region: Written<String>,
    /// The only account that may be touched: 12 digits.
    pub account: Option<Written<String>>,
    /// A throw-away environment: nothing is protected.
    pub ephemeral: bool,
    /// Inputs of every component that takes them and does not give them itself.
    pub defaults: BTreeMap<String, Given>,
    /// Tags of everything.
    pub tags: BTreeMap<String, Written<String>>,
    /// Where state is kept.
    pub state: Backend,
    /// The components, by name.
    pub components: BTreeMap<String, Component>,
    /// Written exceptions to the rules.
    pub waivers: Vec<Waiver>,
    /// What stands under a new name.
    pub moved: Vec<Moved>,
    /// What leaves the spec and goes on standing.
    pub removed: Vec<Removed>,
    /// What stands already and becomes ours.
    pub imports: Vec<Import>,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

/// One use of a blueprint.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name and the place of its header `[components.web]`.
    pub name: Written<String>,
    /// The blueprint's name.
    pub blueprint: Written<String>,
    /// Everything else in the table, by key.
    pub inputs: BTreeMap<String, Given>,
    /// What the user changes of what the blueprint makes, and adds to it.
    pub amendments: Amendments,
}

/// What a component says beside its inputs, in the vocabulary of blueprints: a string may
/// hold `${aws_lb.main.arn}`.
#[derive(Clone, Debug, Default)]
pub struct Amendments {
    /// `[components.web.override.aws_lb.main]`: attributes of what the blueprint makes.
    pub overrides: Vec<Amendment>,
    /// `[components.web.resource.aws_lb_listener_rule.api]`: more resources.
    pub resources: Vec<Amendment>,
    /// `[components.web.data.aws_vpc.other]`: more lookups.
    pub lookups: Vec<Amendment>,
    /// `ignore`: attributes that are left to others, `aws_lb_target_group.app.stickiness`.
    pub ignored: Vec<Written<String>>,
}

/// One resource or lookup of a component, as the user writes it.
#[derive(Clone, Debug)]
pub struct Amendment {
    /// Its kind, `aws_lb`.
    pub kind: Written<String>,
    /// Its name, and the place of its header.
    pub name: Written<String>,
    /// What is given of it, by name.
    pub attributes: BTreeMap<String, Given>,
}

/// Keys of a component that can't be inputs of a blueprint.
pub const COMPONENT_KEYS: &[&str] = &["blueprint", "data", "ignore", "override", "resource"];

/// An input as the user gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Place of the key.
    pub key: Span,
    /// The value.
    pub value: Written<Input>,
}

/// What an input may hold. In a spec every string is text.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Text, as it stands.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A list.
    List(Vec<Written<Input>>),
    /// A table.
    Table(BTreeMap<String, Written<Input>>),
    /// `{ from = "network.vpc_id" }`: an output of another component. Both names are
    /// empty where the parser has already said that the reference is wrong.
    From {
        /// The component.
        component: String,
        /// Its output.
        output: String,
    },
    /// `{ from = "network" }`: everything that another component gives.
    Component(String),
    /// `{ from = "ssm:/shop/vpc" }`: what a service of AWS keeps under a name.
    Kept {
        /// The service.
        keeper: Keeper,
        /// The name that it knows.
        name: String,
    },
}

/// Where state is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// A file under `.watertight/`.
    #[default]
    Local,
    /// Objects in a bucket of S3.
    S3(StateBucket),
}

/// A bucket that keeps state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateBucket {
    /// Its name.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// What the keys in it begin with, without slashes at its ends; may be empty.
    pub prefix: String,
    /// After how many seconds without a sign of life a run's hold on the state may be taken
    /// over.
    pub lease_seconds: u32,
}

impl StateBucket {
    /// How long a run's hold lasts where the spec does not say.
    pub const LEASE_SECONDS: u32 = 45;
}

/// A written exception to a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiver {
    /// The rule's id, `WT-ELB-002`.
    pub rule: String,
    /// The resources it is for: an address in which `*` stands for any text.
    pub address: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it is needed.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Its place.
    pub span: Span,
}
