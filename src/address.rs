//! Where a resource stands in a spec: `component.kind.name`.
//!
//! In: text. Out: an [`Address`] that prints as it was read.
//!
//! *Invariant*: an address says nothing about AWS; what AWS calls the thing is an
//! [`Id`](crate::resource::Id).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether watertight owns the thing or only looks it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A resource that watertight creates, changes and deletes.
    Managed,
    /// A lookup (Terraform's data source), read once a run and never changed.
    Lookup,
}

/// `web.aws_lb.main`, or `web.data.aws_vpc.main` for a lookup.
///
/// Addresses order by component, then mode, kind and name; that is the order in which
/// reports list them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Name of the component in the spec, `[a-z][a-z0-9-]*`. Of a resource in somebody's
    /// Terraform, the path of its module; empty for the root.
    pub component: String,
    /// Owned or looked up.
    pub mode: Mode,
    /// A type of the AWS provider, `aws_lb`.
    pub kind: String,
    /// Name within the component and kind, `[a-z][a-z0-9_]*`.
    pub name: String,
}

impl Address {
    /// The address of a resource that watertight owns.
    #[must_use]
    pub fn managed(component: &str, kind: &str, name: &str) -> Self {
        Self {
            component: component.to_owned(),
            mode: Mode::Managed,
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The address of a lookup.
    #[must_use]
    pub fn lookup(component: &str, kind: &str, name: &str) -> Self {
        Self {
            mode: Mode::Lookup,
            ..Self::managed(component, kind, name)
        }
    }

    /// The address less its component, as blueprints write it: `aws_lb.main`.
    #[must_use]
    pub fn local(&self) -> String {
        match self.mode {
            Mode::Managed => format!("{}.{}", self.kind, self.name),
            Mode::Lookup => format!("data.{}.{}", self.kind, self.name),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.component.is_empty() {
            return f.write_str(&self.local());
        }
        write!(f, "{}.{}", self.component, self.local())
    }
}

/// The text is not an address.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not an address of the form component.kind.name")]
pub struct ParseError {
    /// What was given.
    pub text: String,
}

impl FromStr for Address {
    type Err = ParseError;

    /// Reads what [`Display`](fmt::Display) prints.
    ///
    /// # Errors
    /// Anything that is not three parts (four with `data`) of allowed characters.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parts: Vec<&str> = text.split('.').collect();
        let address = match parts.as_slice() {
            [component, kind, name] => Self::managed(component, kind, name),
            [component, "data", kind, name] => Self::lookup(component, kind, name),
            _ => {
                return Err(ParseError {
                    text: text.to_owned(),
                });
            }
        };
        let valid =
            is_component(&address.component) && is_name(&address.kind) && is_name(&address.name);
        if valid {
            Ok(address)
        } else {
            Err(ParseError {
                text: text.to_owned(),
            })
        }
    }
}

/// Whether the text can name a component: `[a-z][a-z0-9-]*`.
#[must_use]
pub fn is_component(text: &str) -> bool {
    has_form(text, '-')
}

/// Whether the text can name a resource, an input or an output: `[a-z][a-z0-9_]*`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    has_form(text, '_')
}

fn has_form(text: &str, joiner: char) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joiner)
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Address;

    proptest! {
        #[test]
        fn an_address_parses_what_it_prints(
            component in "[a-z][a-z0-9-]{0,8}",
            lookup in any::<bool>(),
            kind in "aws_[a-z0-9_]{1,8}",
            name in "[a-z][a-z0-9_]{0,8}",
        ) {
            let address = if lookup {
                Address::lookup(&component, &kind, &name)
            } else {
                Address::managed(&component, &kind, &name)
            };
            prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        }
    }
}
