//! The one integration binary: everything that needs the whole program or the sandbox.

mod support;

mod dependencies;
mod errors;
mod faults;
mod foreign;
mod lookups;
mod sandbox;
mod sandbox_answers;
mod user_blueprints;
