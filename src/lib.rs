//! watertight provisions AWS workloads in which no byte travels in clear.
//!
//! This page is the map of the crate. It is the first thing to read; [`pipeline`] is the
//! second.
//!
//! # The flow
//!
//! One line, one direction. Each arrow is a free function that takes values and returns
//! values; nobody reaches back.
//!
//! ```text
//! Spec -> Desired -> Approved -> Confirmed -> Graph -> Observed -> Changes -> Plan -> Summary
//!             |                      ^                    ^                     |
//!             blueprints             lookups              state <---------------+ step by step
//! ```
//!
//! | door | from | to |
//! | --- | --- | --- |
//! | [`spec::parse`] | the text of a spec | [`spec::Spec`] |
//! | [`blueprint::expand`] | a spec and a [`blueprint::Library`] | [`resource::Desired`] |
//! | [`guardrail::approve`] | what is desired | [`guardrail::Approved`] |
//! | [`lookup::read`] | what is approved | [`resource::Lookups`] |
//! | [`lookup::kept`] | what is imported with statements to keep | [`resource::Kept`] |
//! | [`guardrail::confirm`] | what is approved, the lookups, what is kept | [`guardrail::Confirmed`] |
//! | [`graph::build`] | what is desired or recorded | [`graph::Graph`] |
//! | [`refresh::observe`] | the graph, the state, AWS | [`refresh::Observed`] |
//! | [`diff::compare`] | what is confirmed, what is observed | [`plan::Changes`] |
//! | [`plan::order`] | changes | [`plan::Plan`] |
//! | [`between::secure`] | a plan | the same in an order in which nothing is weakened on the way |
//! | [`between::check`] | a plan | what would not be secure for a while |
//! | [`executor::run`] | a plan | documents of the state, events, a summary |
//!
//! Beside the line stand those who look and change nothing:
//!
//! | door | from | to |
//! | --- | --- | --- |
//! | [`compare::environments`] | two expanded specs | [`compare::Comparison`] |
//! | [`saved::reconcile`] | a plan, and one that was saved | what of it may still be done |
//! | [`undo::desired`] | a document | what takes back the last apply, as desired |
//! | [`outputs::resolve`] | what stands | what components give |
//! | [`drift::find`] | what was applied, what is observed | what others changed |
//! | [`accept::write`] | a spec, what others changed | the spec that says so |
//! | [`report::planned`] | what is approved, and its plan | what a reviewer has to know |
//! | [`health::wait`] | what was applied | whether the services answer |
//! | [`doctor::aws`] | a spec and AWS | what stands in the way |
//! | [`terraform::read`] | somebody's Terraform plan | [`terraform::Planned`], for the same guardrails |
//! | [`takeover::propose`] | a state of Terraform's | the spec that takes it over |
//! | [`export::terraform`] | what is approved | Terraform for review, and to take over |
//! | [`dns::look`] | the proof that a certificate waits for | what public DNS says of it |
//!
//! # What holds everywhere
//!
//! 1. *Secure or refused*: [`guardrail::Approved`] and [`guardrail::Confirmed`] have no other
//!    constructors than the guardrails' doors, and a plan that keeps anything is made of one
//!    of them.
//! 2. *Nothing is lost*: a call that changes something goes out only when the state document
//!    on disk says that it will.
//! 3. *The plan is the apply*: [`diff`] and [`plan`] choose; [`executor`] fills in what only
//!    AWS can tell.
//! 4. *It explains*: every field of a plan carries its causes ([`plan::Why`]), every
//!    [`diagnostic::Diagnostic`] its place and what to do.
//!
//! # Who may know whom
//!
//! A module imports those above it in the list of modules at the end of this file, never
//! one under it: a test reads the imports. (`plan` stands above `diff`, which fills its
//! words.) SDK crates appear
//! only in [`aws`], Tera only in [`blueprint`], clap only in [`command`], and dialoguer,
//! indicatif and annotate-snippets only in [`ui`], which alone prints. [`diff`], [`plan`],
//! [`graph`], [`guardrail`], [`blueprint`], [`compare`], [`between`], [`saved`], [`undo`],
//! [`takeover`], [`export`], [`report`], [`spec`] and [`kind`] are pure: no IO, no clock.
//! Only `main.rs` reads arguments, environment, directory and clock, into a
//! [`world::World`].
//!
//! # Files on disk
//!
//! `.watertight/<app>/<environment>/state.json` beside the spec, `history/` and `lock` next
//! to it: [`state::store`]. The sandbox's virtual environment, process id and port, in the
//! user's cache folder: [`sandbox`].

/// This version of watertight.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

// Words: plain data.
pub mod diagnostic;

pub mod address;

pub mod value;

pub mod policy;

// What the rest of the world sees.
pub mod dns;

// What the user writes, and what comes of it.
pub mod spec;

pub mod resource;

// What AWS's things are, and what one does to them.
pub mod kind;

pub mod aws;

// The flow.
pub mod blueprint;

pub mod guardrail;

pub mod terraform;

pub mod export;

pub mod state;

pub mod lookup;

pub mod graph;

pub mod refresh;

pub mod outputs;

pub mod plan;

pub mod diff;

pub mod undo;

pub mod between;

pub mod compare;

pub mod drift;
pub mod saved;

pub mod blockers;

pub mod executor;

pub mod pipeline;

pub mod report;

pub mod accept;

pub mod takeover;

pub mod health;

pub mod doctor;

// What people touch.
pub mod sandbox;

pub mod scaffold;

pub mod world;

pub mod ui;

pub mod command;
