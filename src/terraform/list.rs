//! Lists of a plan's JSON, of which only what is needed is held.
//!
//! *Invariant*: of what is left out no more than one is in memory at a time.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What of a list is held.
pub(super) trait Needed: Sized {
    /// What is needed of one; none where it is not needed at all.
    fn needed(self) -> Option<Self>;
}

/// A list less what is not needed.
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Needed + Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(OneByOne(PhantomData))
    }
}

struct OneByOne<T>(PhantomData<T>);

impl<'de, T: Needed + Deserialize<'de>> Visitor<'de> for OneByOne<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let mut held = Vec::new();
        while let Some(one) = all.next_element::<T>()? {
            held.extend(one.needed());
        }
        Ok(List(held))
    }
}

#[cfg(test)]
mod tests {
    use super::{List, Needed};

    impl Needed for u32 {
        fn needed(self) -> Option<Self> {
            (self > 1).then_some(self)
        }
    }

    #[test]
    fn what_is_not_needed_is_not_held() {
        let List(held) = serde_json::from_str::<List<u32>>("[1, 2, 0, 3]").unwrap();
        assert_eq!(held, [2, 3]);
        let wrong = serde_json::from_str::<List<u32>>("{}").map(|List(held)| held);
        assert!(wrong.unwrap_err().to_string().contains("expected a list"));
    }
}
