//! The one integration binary: everything that needs the whole program or the sandbox.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on says where and ends"
)]

mod support;

mod blockers;
mod blueprints;
mod calls;
mod cdn;
mod changes;
mod chaos;
mod children;
mod dependencies;
mod destroy;
mod dns;
mod doctor;
mod drift;
mod drift_accept;
mod drift_verb;
mod duplicates;
mod environments;
mod errors;
mod existing_account;
mod exit_codes;
mod export_json;
mod faults;
mod foreign;
mod forget;
mod gone;
mod healthy;
mod identity;
mod import;
mod in_use;
mod interrupted;
mod lookups;
mod moved;
mod network;
mod new;
mod output;
mod overrides;
mod partial;
mod plan;
mod protection;
mod readme;
mod refresh;
mod removed;
mod replace;
mod report;
mod review;
mod rotation;
mod routing;
mod s3_runs;
mod s3_state;
mod sandbox;
mod sandbox_answers;
mod saved;
mod shared_record;
mod signals;
mod state;
mod state_verbs;
mod takeover;
mod takeover_blueprints;
mod terraform_export;
mod terraform_plan;
mod terraform_reads;
mod terraform_round_trip;
mod tidy;
mod twins;
mod undo;
mod unseen;
mod user_blueprints;
mod values;
mod versions;
mod waits;
