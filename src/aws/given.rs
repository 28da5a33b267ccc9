//! Attributes of what AWS reports.
//!
//! *Invariant*: attributes that were read hold no null: what is not there is absent.

use crate::value::{Attributes, Value};

/// The entries that are given: all but nulls.
pub(super) fn given<const N: usize>(entries: [(&str, Value); N]) -> Attributes {
    entries
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::given;
    use crate::value::Value;

    #[test]
    fn nulls_are_left_out() {
        let attributes = given([("prefix", Value::Null), ("days", 7.into())]);
        assert_eq!(attributes.len(), 1);
        assert_eq!(attributes["days"], Value::Int(7));
    }
}
