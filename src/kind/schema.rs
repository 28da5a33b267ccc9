//! The AWS provider's own words about its types, as static tables.
//!
//! The tables are made at build time from the trimmed schemas in `src/kind/schema/`:
//! structure, types, which attributes are required, optional or computed, what is a set or
//! a block, what is sensitive.
//!
//! *Invariant*: nothing here was written by hand, so nothing here can disagree with the
//! provider. (The lines of `data.aws_acm_certificate` are made from the provider's page of it,
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/acm_certificate>,
//! as the source of the others lacks it.)

/// A type's attributes and blocks, each in order of name.
#[derive(Debug)]
pub struct Schema {
    /// Arguments and computed attributes.
    pub attributes: &'static [Attribute],
    /// Nested blocks.
    pub blocks: &'static [Block],
}

/// An attribute.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub of: Type,
    /// Must be given.
    pub required: bool,
    /// May be given.
    pub optional: bool,
    /// AWS fills it in where it isn't given.
    pub computed: bool,
    /// Never shown, never stored.
    pub sensitive: bool,
    /// The provider advises against it.
    pub deprecated: bool,
}

/// A nested block. Held as a list of maps, whatever the nesting, but for
/// [`Nesting::Single`], which is a map.
#[derive(Debug)]
pub struct Block {
    /// Its name.
    pub name: &'static str,
    /// Whether order counts.
    pub nesting: Nesting,
    /// How many there must be.
    pub min: u64,
    /// How many there may be; 0 for any number.
    pub max: u64,
    /// What is in it.
    pub schema: Schema,
}

/// How a block repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// Order counts.
    List,
    /// Order doesn't count.
    Set,
    /// At most one.
    Single,
}

/// The type of an attribute's value.
#[derive(Debug, PartialEq, Eq)]
pub enum Type {
    /// A truth value.
    Bool,
    /// A number.
    Number,
    /// Text.
    String,
    /// Order counts.
    List(&'static Type),
    /// Order doesn't count.
    Set(&'static Type),
    /// Values by key.
    Map(&'static Type),
    /// Values by fixed names.
    Object(&'static [(&'static str, Type)]),
}

include!(concat!(env!("OUT_DIR"), "/schema.rs"));

impl Schema {
    /// The schema of a type of provider 6, `aws_lb` or `data.aws_vpc`.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Schema> {
        Self::find(AWS_6, name)
    }

    /// The same of provider 5, which lacks some types and attributes.
    #[must_use]
    pub fn of_provider_5(name: &str) -> Option<&'static Schema> {
        Self::find(AWS_5, name)
    }

    fn find(table: &'static [(&str, Schema)], name: &str) -> Option<&'static Schema> {
        let index = table.binary_search_by_key(&name, |(name, _)| name).ok()?;
        Some(&table[index].1)
    }

    /// The attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// The block of this name.
    #[must_use]
    pub fn block(&self, name: &str) -> Option<&'static Block> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// Every name that may be written: arguments and blocks.
    pub fn arguments(&self) -> impl Iterator<Item = &'static str> + use<> {
        let attributes: &'static [Attribute] = self.attributes;
        let blocks: &'static [Block] = self.blocks;
        attributes
            .iter()
            .filter(|attribute| attribute.required || attribute.optional)
            .map(|attribute| attribute.name)
            .chain(blocks.iter().map(|block| block.name))
    }
}
