//! A lock that is never given up.
//!
//! *Invariant*: what one thread panics over, the others go on with.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for it and takes it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
