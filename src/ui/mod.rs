//! What people see: the only place that prints.
//!
//! *Invariant*: nothing outside this module writes to a terminal, and nothing in it
//! decides what happens.

pub mod diagnostics;

pub mod prompt;
