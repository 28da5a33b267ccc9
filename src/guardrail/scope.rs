//! What a rule sees.
//!
//! *Invariant*: every accessor is total. What is absent reads as null, what is not known
//! reads as a reference or an unknown, and a chain of references that never ends is not
//! known.

mod index;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::address::Mode;
use crate::resource::{Desired, Lookups, Resource};
use crate::value::{Part, Reference, Step, Value};
use index::Indexes;

pub(super) use index::Link;

static NULL: Value = Value::Null;

/// More references in a row than any spec has; the end of a circle.
const LONGEST_CHAIN: usize = 32;

/// Stands around what is not known in a [canonical](Scope::canonical) text. No text of AWS
/// has it.
const MARK: char = '\u{1}';

/// How long what is judged stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Until somebody asks for something else.
    ForGood,
    /// Until the next step of a plan.
    ForAWhile,
}

/// All resources, as rules read them.
pub(super) struct Scope<'a> {
    stands: Stands,
    desired: &'a Desired,
    /// What the lookups found; none while they have not been read.
    lookups: Option<&'a Lookups>,
    by_kind: BTreeMap<&'a str, Rc<[&'a Resource]>>,
    indexes: Indexes<'a>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(desired: &'a Desired, lookups: Option<&'a Lookups>) -> Self {
        let mut by_kind: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        let by_hand = desired.by_hand.values();
        for resource in desired.resources.values().chain(by_hand) {
            let of_kind = by_kind.entry(&resource.address.kind).or_default();
            of_kind.push(resource);
        }
        let by_kind = by_kind.into_iter();
        Self {
            stands: Stands::ForGood,
            desired,
            lookups,
            by_kind: by_kind.map(|(kind, all)| (kind, all.into())).collect(),
            indexes: Indexes::default(),
        }
    }

    /// The same for as long as this.
    pub(super) fn that_stands(self, stands: Stands) -> Self {
        Self { stands, ..self }
    }

    /// Whether it stands only while a plan is carried out.
    pub(super) fn is_for_a_while(&self) -> bool {
        self.stands == Stands::ForAWhile
    }

    /// All resources and lookups.
    pub(super) fn desired(&self) -> &'a Desired {
        self.desired
    }

    /// What the lookups found, once they have been read.
    pub(super) fn lookups(&self) -> Option<&'a Lookups> {
        self.lookups
    }

    /// Whether lookups may still tell something.
    pub(super) fn waits(&self) -> bool {
        self.lookups.is_none()
    }

    /// Every resource of a kind, in order of address; then those that are made by hand, as
    /// they count for what they lead to.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = &'a Resource> + use<'a> {
        let of_kind = self.by_kind.get(kind).map(Rc::clone).unwrap_or_default();
        (0..of_kind.len()).map(move |index| of_kind[index])
    }

    /// The value at a path of a resource; a reference to what another resource is given is
    /// replaced by that.
    pub(super) fn read(&self, resource: &'a Resource, path: &str) -> Cow<'a, Value> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let value = resource.attributes.get(first).unwrap_or(&NULL);
        if rest.is_empty() {
            self.literal(value)
        } else {
            self.read_in(value, rest)
        }
    }

    /// The same from a value, such as a block.
    pub(super) fn read_in(&self, value: &'a Value, path: &str) -> Cow<'a, Value> {
        let mut value = value;
        for name in path.split('.') {
            value = self.follow(value);
            if let Value::List(items) = value {
                value = items.first().map_or(&NULL, |item| self.follow(item));
            }
            value = match value {
                Value::Map(entries) => entries.get(name).unwrap_or(&NULL),
                unknown if unknown.is_unknown() => return Cow::Borrowed(unknown),
                _ => &NULL,
            };
        }
        self.literal(value)
    }

    /// The elements of an attribute: the blocks of a list, or the one that stands alone.
    pub(super) fn elements(&self, value: &'a Value) -> Vec<&'a Value> {
        match self.follow(value) {
            Value::Null => Vec::new(),
            Value::List(items) => items.iter().map(|item| self.follow(item)).collect(),
            other => vec![other],
        }
    }

    /// The blocks of a resource under a name.
    pub(super) fn blocks(&self, resource: &'a Resource, name: &str) -> Vec<&'a Value> {
        self.elements(resource.attributes.get(name).unwrap_or(&NULL))
    }

    /// The value itself, or what the resource that it refers to is given. A reference to
    /// what AWS fills in stays.
    pub(super) fn follow(&self, value: &'a Value) -> &'a Value {
        let mut followed = value;
        for _ in 0..LONGEST_CHAIN {
            let Value::Reference(reference) = followed else {
                return followed;
            };
            match self.given(reference) {
                Some(given) => followed = given,
                None => return followed,
            }
        }
        value
    }

    /// The resource of a kind that the value names by one of these attributes, be it
    /// through other resources.
    pub(super) fn target(
        &self,
        value: &'a Value,
        kind: &str,
        attributes: &[&str],
    ) -> Option<&'a Resource> {
        let mut value = value;
        for _ in 0..LONGEST_CHAIN {
            let Value::Reference(reference) = value else {
                return None;
            };
            let names = reference.target.kind == kind
                && attribute_of(reference).is_some_and(|name| attributes.contains(&name));
            if names {
                return self.desired.resources.get(&reference.target);
            }
            value = self.given(reference)?;
        }
        None
    }

    /// Text by which two values can be told to be the same, whatever references they are
    /// made of; none for what is no text. What is not known stands between marks.
    pub(super) fn canonical(&self, value: &'a Value) -> Option<String> {
        let mut text = String::new();
        self.write(value, &mut text, 0)?;
        for partition in ["arn:aws-cn:", "arn:aws-us-gov:"] {
            if let Some(rest) = text.strip_prefix(partition) {
                return Some(format!("arn:aws:{rest}"));
            }
        }
        Some(text)
    }

    /// The canonical name of a bucket.
    pub(super) fn bucket_name(&self, bucket: &'a Resource) -> String {
        let given = bucket.attributes.get("bucket").unwrap_or(&NULL);
        self.canonical(given)
            .unwrap_or_else(|| mark(&format!("{}.bucket", bucket.address)))
    }

    fn write(&self, value: &'a Value, text: &mut String, depth: usize) -> Option<()> {
        if depth > LONGEST_CHAIN {
            return None;
        }
        match value {
            Value::Reference(reference) => self.write_reference(reference, text, depth)?,
            Value::Template(parts) => {
                for part in parts {
                    match part {
                        Part::Text(part) => text.push_str(part),
                        Part::Reference(part) => self.write_reference(part, text, depth)?,
                    }
                }
            }
            Value::Unknown { from } => text.push_str(&mark(&from.as_ref()?.to_string())),
            other => text.push_str(&other.scalar_text()?),
        }
        Some(())
    }

    fn write_reference(
        &self,
        reference: &'a Reference,
        text: &mut String,
        depth: usize,
    ) -> Option<()> {
        let target = self.desired.resources.get(&reference.target);
        let attribute = attribute_of(reference);
        let kind = reference.target.kind.as_str();
        let named =
            |text: &mut String, resource: &'a Resource| match resource.attributes.get("bucket") {
                Some(name) if !name.is_null() => self.write(name, text, depth + 1),
                _ => {
                    text.push_str(&mark(&format!("{}.bucket", resource.address)));
                    Some(())
                }
            };
        match (target, kind, attribute) {
            (Some(bucket), "aws_s3_bucket", Some("id" | "bucket")) => named(text, bucket),
            (Some(bucket), "aws_s3_bucket", Some("arn")) => {
                text.push_str("arn:aws:s3:::");
                named(text, bucket)
            }
            (Some(part), kind, Some("id")) if kind.starts_with("aws_s3_bucket_") => {
                named(text, part)
            }
            (Some(distribution), "aws_cloudfront_distribution", Some("arn")) => {
                text.push_str("arn:aws:cloudfront::");
                text.push_str(&mark("account"));
                text.push_str(":distribution/");
                text.push_str(&mark(&format!("{}.id", distribution.address)));
                Some(())
            }
            _ => {
                if let Some(given) = self.given(reference) {
                    return self.write(given, text, depth + 1);
                }
                text.push_str(&mark(&reference.to_string()));
                Some(())
            }
        }
    }

    /// A template whose references are all followed becomes text; another value is
    /// followed.
    fn literal(&self, value: &'a Value) -> Cow<'a, Value> {
        let followed = self.follow(value);
        if matches!(followed, Value::Template(_)) {
            let text = self.canonical(followed).filter(|text| is_known(text));
            if let Some(text) = text {
                return Cow::Owned(Value::String(text));
            }
        }
        Cow::Borrowed(followed)
    }

    /// What the resource that is referred to is given there.
    fn given(&self, reference: &Reference) -> Option<&'a Value> {
        if reference.target.mode == Mode::Lookup {
            return None;
        }
        let resource = self.desired.resources.get(&reference.target)?;
        let (first, rest) = reference.path.split_first()?;
        let Step::Attribute(name) = first else {
            return None;
        };
        let mut value = resource.attributes.get(name)?;
        for step in rest {
            value = match step {
                Step::Attribute(name) => value.as_map()?.get(name)?,
                Step::Index(index) => value.items().get(*index)?,
                Step::Key(key) => value.as_map()?.get(key)?,
                Step::Split => return None,
            };
        }
        (!value.is_null()).then_some(value)
    }
}

/// Whether nothing in a canonical text is unknown.
pub(super) fn is_known(canonical: &str) -> bool {
    !canonical.contains(MARK)
}

/// A token for something unknown that can be told apart from every other.
pub(super) fn mark(name: &str) -> String {
    format!("{MARK}{name}{MARK}")
}

/// The one attribute that a reference leads to.
fn attribute_of(reference: &Reference) -> Option<&str> {
    match reference.path.as_slice() {
        [Step::Attribute(name)] => Some(name),
        _ => None,
    }
}
