//! Spec -> Desired.
