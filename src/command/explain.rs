//! `watertight explain`: what a guardrail asks, and what a kind is.
//!
//! *Invariant*: what is shown is read from the tables that judge and apply.

use clap::Args;

use super::{Exit, Failed, Format};
use crate::diagnostic::did_you_mean;
use crate::guardrail::{self, RULES};
use crate::kind::{KINDS, Kind};
use crate::ui::{Screen, duplicates, explain};

/// Explain a guardrail or a kind; without a name, list them
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight explain
  watertight explain WT-ELB-001
  watertight explain aws_lb_listener
  watertight explain duplicates")]
pub(super) struct Arguments {
    /// A rule such as WT-ELB-001, a kind such as `aws_lb`, or `duplicates` for what keeps each
    /// kind from being made twice
    #[arg(value_name = "RULE|KIND|duplicates")]
    name: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(screen: Screen, arguments: &Arguments) -> Result<Exit, Failed> {
    let Some(name) = &arguments.name else {
        screen.data(&match arguments.format {
            Format::Text => explain::list(),
            Format::Markdown => explain::list_in_markdown(),
            Format::Json => explain::list_in_json(),
        });
        return Ok(Exit::Done);
    };
    let text = if name == "duplicates" {
        match arguments.format {
            Format::Text => duplicates::list(),
            Format::Markdown => duplicates::list_in_markdown(),
            Format::Json => duplicates::list_in_json(),
        }
    } else if let Some(rule) = guardrail::rule(&name.to_uppercase()) {
        match arguments.format {
            Format::Text => explain::rule(rule),
            Format::Markdown => explain::rule_in_markdown(rule),
            Format::Json => explain::rule_in_json(rule),
        }
    } else if let Some(kind) = Kind::of(name) {
        match arguments.format {
            Format::Text => explain::kind(kind),
            Format::Markdown => explain::kind_in_markdown(kind),
            Format::Json => explain::kind_in_json(kind),
        }
    } else {
        let names = RULES.iter().map(|rule| rule.id);
        let names = names.chain(KINDS.iter().map(|kind| kind.name));
        let hint = did_you_mean(name, names).map_or_else(
            || "`watertight explain` lists them".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        return Err(Failed::said(
            format!("there is no rule and no kind `{name}`"),
            &[&hint],
        ));
    };
    screen.data(&text);
    Ok(Exit::Done)
}
