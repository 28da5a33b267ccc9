//! The one integration binary: everything that needs the whole program or the sandbox.

mod support;

mod dependencies;
mod sandbox;
mod sandbox_answers;
