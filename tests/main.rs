//! The one integration binary: everything that needs the whole program or the sandbox.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on says where and ends"
)]

mod support;

mod blueprints;
mod calls;
mod cdn;
mod changes;
mod dependencies;
mod destroy;
mod dns;
mod doctor;
mod drift;
mod environments;
mod errors;
mod existing_account;
mod faults;
mod foreign;
mod healthy;
mod identity;
mod interrupted;
mod lookups;
mod moved;
mod network;
mod new;
mod output;
mod overrides;
mod plan;
mod protection;
mod readme;
mod removed;
mod review;
mod routing;
mod sandbox;
mod sandbox_answers;
mod shared_record;
mod state;
mod state_verbs;
mod tidy;
mod user_blueprints;
mod values;
mod versions;
