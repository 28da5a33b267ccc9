//! JSON policy documents, as AWS reads them.
//!
//! *Invariant*: pure. Two documents that AWS holds for the same are equal here.

use crate::value::Value;

/// Whether AWS holds the two documents for the same.
#[must_use]
pub fn equal(wanted: &Value, live: &Value) -> bool {
    wanted == live
}

/// Whether the document lets a log-delivery service of AWS write.
#[must_use]
pub fn receives_logs(_policy: &Value) -> bool {
    false
}
