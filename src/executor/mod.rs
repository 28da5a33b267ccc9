//! Carries out a plan.

pub mod event;
