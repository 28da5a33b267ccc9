//! Asks AWS what the lookups want to know, in the order in which they need each other, once
//! a run.
//!
//! In: the desired resources. Out: [`Lookups`].
//!
//! *Invariant*: a lookup depends on literals and other lookups only.
