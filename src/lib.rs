//! watertight provisions AWS workloads in which no byte travels in clear.

pub mod diagnostic;

pub mod address;
pub mod value;

pub mod policy;

pub mod resource;

pub mod kind;

pub mod aws;

pub mod spec;

pub mod blueprint;

pub mod guardrail;

pub mod state;

pub mod lookup;

pub mod graph;

pub mod refresh;

pub mod diff;

pub mod plan;

pub mod executor;

pub mod sandbox;
pub mod scaffold;

pub mod ui;
