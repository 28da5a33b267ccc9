//! The one integration binary: everything that needs the whole program or the sandbox.

mod support;

mod blueprints;
mod calls;
mod changes;
mod dependencies;
mod destroy;
mod drift;
mod interrupted;
mod plan;
mod sandbox;
mod sandbox_answers;
mod shared_record;
mod state;
