//! Rules and kinds, explained.
//!
//! *Invariant*: the three formats say the same.

use std::fmt::Write as _;

use serde_json::json;

use super::duplicates;
use super::style::{BOLD, CYAN, DIM, RED, YELLOW, paint};
use super::table::{markdown, wrapped};
use crate::guardrail::{RULES, Rule, Severity};
use crate::kind::{Guard, Import, KINDS, Kind, Literal};
use crate::value::Attributes;

/// Every rule and every kind, a line each.
#[must_use]
pub fn list() -> String {
    let mut text = format!("{}\n", paint(BOLD, "Guardrails"));
    let longest = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    // A string takes all that is written to it.
    for rule in RULES {
        let id = paint(CYAN, &format!("{:<longest$}", rule.id));
        let severity = format!("{:<8}", rule.severity.to_string());
        let severity = paint(colour(rule.severity), &severity);
        let _infallible = writeln!(text, "  {id}  {severity}  {}", rule.title);
    }
    let longest = KINDS.iter().map(|kind| kind.name.len()).max().unwrap_or(0);
    let _infallible = writeln!(text, "\n{}", paint(BOLD, "Kinds"));
    for kind in KINDS {
        let name = paint(CYAN, &format!("{:<longest$}", kind.name));
        let _infallible = writeln!(text, "  {name}  {}", kind.noun);
    }
    let more = "`watertight explain NAME` tells all about one.";
    text + "\n" + &paint(DIM, more) + "\n"
}

/// The same as two tables.
#[must_use]
pub fn list_in_markdown() -> String {
    let rules = RULES.iter().map(|rule| {
        vec![
            rule.id.to_owned(),
            rule.severity.to_string(),
            rule.title.to_owned(),
            rule.controls.join(", "),
        ]
    });
    let kinds = KINDS
        .iter()
        .map(|kind| vec![format!("`{}`", kind.name), kind.noun.to_owned()]);
    format!(
        "{}\n{}",
        markdown(&["rule", "severity", "what holds", "asked for by"], rules),
        markdown(&["kind", "what it is"], kinds)
    )
}

/// The same for programs.
#[must_use]
pub fn list_in_json() -> String {
    let rules: Vec<_> = RULES.iter().map(|rule| rule_for_programs(rule)).collect();
    let kinds: Vec<_> = KINDS.iter().map(|kind| kind_for_programs(kind)).collect();
    format!(
        "{}\n",
        json!({ "format_version": "1.0", "rules": rules, "kinds": kinds })
    )
}

/// All about a rule.
#[must_use]
pub fn rule(rule: &Rule) -> String {
    format!(
        "{} {} {}\n\n{}\n{}\n{}\n{}\n{}",
        paint(CYAN, rule.id),
        paint(colour(rule.severity), &rule.severity.to_string()),
        paint(BOLD, rule.title),
        wrapped(rule.explain, 0),
        paint(BOLD, "What to do"),
        wrapped(&(rule.fix.to_owned() + "."), 2),
        paint(BOLD, "Asked for by"),
        wrapped(&rule.controls.join(", "), 2),
    )
}

/// The same as Markdown.
#[must_use]
pub fn rule_in_markdown(rule: &Rule) -> String {
    format!(
        "# {}: {}\n\nSeverity: {}.\n\n{}\n\nWhat to do: {}.\n\nAsked for by: {}.\n",
        rule.id,
        rule.title,
        rule.severity,
        rule.explain,
        rule.fix,
        rule.controls.join(", "),
    )
}

/// The same for programs.
#[must_use]
pub fn rule_in_json(rule: &Rule) -> String {
    format!("{}\n", rule_for_programs(rule))
}

fn rule_for_programs(rule: &Rule) -> serde_json::Value {
    json!({
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "explain": rule.explain,
        "controls": rule.controls,
        "fix": rule.fix,
    })
}

fn colour(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical => RED.bold(),
        Severity::High => RED,
        Severity::Medium => YELLOW,
        Severity::Low => DIM,
    }
}

/// All about a kind.
#[must_use]
pub fn kind(kind: &Kind) -> String {
    let mut text = format!("{} {}\n", paint(CYAN, kind.name), paint(BOLD, kind.noun));
    for (title, said) in facts(kind) {
        // A string takes all that is written to it.
        let _infallible = write!(text, "\n{}\n{}", paint(BOLD, title), wrapped(&said, 2));
    }
    text
}

/// The same as Markdown.
#[must_use]
pub fn kind_in_markdown(kind: &Kind) -> String {
    let rows = facts(kind)
        .into_iter()
        .map(|(title, said)| vec![title.to_owned(), said]);
    format!(
        "# `{}`: {}\n\n{}",
        kind.name,
        kind.noun,
        markdown(&["what", "how"], rows)
    )
}

/// The same for programs.
#[must_use]
pub fn kind_in_json(kind: &Kind) -> String {
    format!("{}\n", kind_for_programs(kind))
}

fn kind_for_programs(kind: &Kind) -> serde_json::Value {
    let defaults: serde_json::Map<String, serde_json::Value> = kind
        .defaults
        .iter()
        .map(|(path, literal)| ((*path).to_owned(), literal.value().to_json()))
        .collect();
    json!({
        "name": kind.name,
        "noun": kind.noun,
        "replaced_by": kind.replace,
        "defaults": defaults,
        "exclusive_children": kind.exclusive_children,
        "duplicates": duplicates::for_programs(kind),
        "home": kind.home,
        "patience_minutes": kind.patience,
        "permissions": kind.permissions,
    })
}

/// What there is to say about a kind, in the order in which people ask.
fn facts(kind: &Kind) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "Attributes",
        format!(
            "those of {} in the hashicorp/aws provider, version 6",
            kind.name
        ),
    )];
    let mut say = |title, said: String| {
        if !said.is_empty() {
            facts.push((title, said));
        }
    };
    say(
        "Replaced when one of these changes",
        kind.replace.join(", "),
    );
    let defaults: Vec<String> = kind
        .defaults
        .iter()
        .map(|(path, literal)| match literal {
            Literal::Bool(value) => format!("{path} = {value}"),
            Literal::Int(value) => format!("{path} = {value}"),
            Literal::Text(text) => format!("{path} = \"{text}\""),
            Literal::Nothing => format!("{path} = []"),
        })
        .collect();
    say("Where nothing is written", defaults.join(", "));
    if let Some(name) = kind.generated_name {
        let account = if name.with_account {
            ", with the account's number as it is one in all of AWS"
        } else {
            ""
        };
        let said = format!(
            "{} is made from app, environment, component and name, {} characters at most{account}",
            name.attribute, name.longest
        );
        say("Name", said);
    }
    if !kind.exclusive_children.is_empty() {
        let said = format!(
            "{}: one that was made by hand is removed",
            kind.exclusive_children.join(", ")
        );
        say("Owns alone", said);
    }
    if let Some(home) = kind.home {
        say("Home", format!("{home}, whatever the spec's region"));
    }
    if (kind.protect)(&Attributes::new()) {
        let said = "it holds data or carries traffic: unless the spec says `ephemeral = true`, to \
                    delete or replace it needs --remove-protection";
        say("Protected", said.to_owned());
    }
    let said = format!("{}. AWS: {}", guard(kind.guard), kind.twice.says);
    say("Made twice?", said);
    say(
        "Patience",
        format!("{} minutes in which AWS may say nothing new", kind.patience),
    );
    if let Import::Not(why) = kind.import {
        say("Terraform can't import it", why.to_owned());
    }
    say("IAM actions", kind.permissions.join(", "));
    facts
}

/// Whether one of a kind can be made twice.
pub(super) fn guard(guard: Guard) -> &'static str {
    match guard {
        Guard::Token { .. } => "no: the call carries a token by which AWS knows it again",
        Guard::UniqueName => "no: AWS allows one of its name",
        Guard::Idempotent => "no: the call sets rather than makes",
        Guard::Nothing => {
            "AWS has no guard: after an uncertain answer it is looked for before the call is sent again"
        }
    }
}
