//! What a resource must be before it may reach a plan or an export.
//!
//! *Invariant*: `approve` and `confirm` are the only ways to an [`Approved`] and a
//! [`Confirmed`].

use crate::resource::Desired;

/// What the guardrails let pass, as far as can be judged before AWS is asked.
#[derive(Clone, Debug)]
pub struct Approved {
    desired: Desired,
}

impl Approved {
    /// The resources.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }
}

/// What the guardrails let pass, its lookups resolved.
#[derive(Clone, Debug)]
pub struct Confirmed {
    desired: Desired,
}

impl Confirmed {
    /// The resources; no attribute refers to a lookup any more.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }
}
