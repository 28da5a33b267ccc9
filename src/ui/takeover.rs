//! What a takeover proposes, in words.
//!
//! *Invariant*: what would go is said before what is changed, that before what stays, and no
//! value that the state calls sensitive is shown.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::style::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use super::value::show;
use super::{Screen, diagnostics};
use crate::guardrail::Finding;
use crate::policy::changes;
use crate::takeover::{Change, How, Left, Made, Proposal, Taken};
use crate::value::Value;

/// The report, for people; the spec is in this file, if in any.
#[must_use]
pub fn render(screen: Screen, proposal: &Proposal, out: Option<&Path>) -> String {
    let mut text = String::new();
    if !proposal.refused.is_empty() {
        let refused: Vec<_> = proposal.refused.iter().map(Finding::diagnostic).collect();
        text.push_str(&diagnostics::render(&refused, screen.look()));
    }
    for one in &proposal.insecure {
        let verb = paint(RED, "insecure");
        let Finding { rule, message, .. } = &one.finding;
        let terraform = &one.terraform;
        line(
            &mut text,
            &format!("{verb} {terraform}: it {message} [{rule}]; the spec has it otherwise"),
        );
    }
    let (removed, left): (Vec<_>, Vec<_>) = proposal.left.iter().partition(|one| one.is_removed);
    for one in &removed {
        stays(&mut text, one);
    }
    for one in &proposal.removed {
        let verb = paint(RED, "removed");
        line(&mut text, &format!("{verb} {}: {}", one.terraform, one.why));
    }
    for one in &proposal.taken {
        taken(&mut text, one);
    }
    for one in &proposal.made {
        made(&mut text, one);
    }
    for one in left {
        stays(&mut text, one);
    }
    summary(&mut text, proposal, removed.len() + proposal.removed.len());
    if proposal.spec.is_some() {
        next(&mut text, proposal, out);
    }
    text
}

fn taken(text: &mut String, one: &Taken) {
    let how = match &one.how {
        How::Import(_) => String::new(),
        How::With(whole) => format!(", with {whole}"),
        How::Nothing => ", made anew: it is nothing in AWS".to_owned(),
    };
    let tainted = if one.is_tainted {
        "; it is tainted: Terraform would make it anew"
    } else {
        ""
    };
    let (
        verb,
        Taken {
            terraform, address, ..
        },
    ) = (paint(GREEN, "taken"), one);
    line(
        text,
        &format!("{verb} {terraform} -> {address}{how}{tainted}"),
    );
    for change in &one.changes {
        changed(text, change);
    }
}

fn changed(text: &mut String, change: &Change) {
    let Change {
        path,
        before,
        after,
    } = change;
    if let Some(statements) = changes::changes(before, after) {
        for one in &statements {
            line(text, &format!("  {path}: {} is {}", one.label, one.word()));
        }
        return;
    }
    let before = show(&hidden(before), 2);
    line(text, &format!("  {path} = {before} -> {}", show(after, 2)));
}

/// What is not known of a state is what it calls sensitive.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Unknown { .. } => "(sensitive)".into(),
        Value::List(items) => Value::List(items.iter().map(hidden).collect()),
        Value::Map(entries) => {
            let entries = entries.iter();
            Value::Map(
                entries
                    .map(|(key, one)| (key.clone(), hidden(one)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn made(text: &mut String, one: &Made) {
    let why = if one.is_part {
        ", unless it is so already"
    } else {
        ""
    };
    line(
        text,
        &format!("{} {}{why}", paint(YELLOW, "made"), one.address),
    );
}

fn stays(text: &mut String, one: &Left) {
    let verb = paint(if one.is_removed { RED } else { YELLOW }, "left");
    line(text, &format!("{verb} {}: {}", one.terraform, one.why));
}

fn summary(text: &mut String, proposal: &Proposal, removed: usize) {
    let (taken, left) = (proposal.taken.len(), proposal.left.len());
    let mut beside = Vec::new();
    if proposal.data > 0 {
        beside.push(format!("{} data sources", proposal.data));
    }
    let others: usize = proposal.others.values().sum();
    if others > 0 {
        beside.push(format!("{others} resources of other providers"));
    }
    let beside = match beside.as_slice() {
        [] => String::new(),
        all => format!("; {} were not looked at", all.join(" and ")),
    };
    line(
        text,
        &format!(
            "{taken} taken and {left} left of {} that Terraform manages in AWS{beside}",
            taken + left
        ),
    );
    if removed > 0 {
        let told = paint(RED, &format!("{removed} would be REMOVED"));
        line(
            text,
            &format!("{told} by the first apply: they stand at the top"),
        );
    }
}

fn next(text: &mut String, proposal: &Proposal, out: Option<&Path>) {
    let spec = out.map_or("SPEC".to_owned(), |out| out.display().to_string());
    line(text, &format!("\n{}", paint(BOLD, "Next:")));
    let said = |text: &mut String, command: &str, why: &str| {
        line(text, &format!("  {command}\n      {}", paint(DIM, why)));
    };
    if !proposal.refused.is_empty() {
        let why = "refuses so far, for the reasons at the top";
        said(text, &format!("watertight check {spec}"), why);
    }
    let plan = format!("watertight plan {spec}");
    said(
        text,
        &plan,
        "asks AWS what all of it is like; nothing is changed",
    );
    let apply = format!("watertight apply {spec} --adopt");
    said(text, &apply, "takes it over");
    let forget = "terraform state rm ADDRESS";
    let why =
        "for each that was taken, before Terraform runs again: it would set it back, or delete it";
    said(text, forget, why);
}

fn line(text: &mut String, line: &str) {
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{line}");
}

/// The report, for programs.
#[must_use]
pub fn json(proposal: &Proposal) -> String {
    let taken = proposal.taken.iter().map(|one| {
        let (how, of) = match &one.how {
            How::Import(id) => ("import", id.clone().into()),
            How::With(whole) => ("with", whole.to_string().into()),
            How::Nothing => ("anew", serde_json::Value::Bool(true)),
        };
        json!({
            "terraform": one.terraform,
            "address": one.address.to_string(),
            how: of,
            "tainted": one.is_tainted,
            "changes": one.changes.iter().map(field).collect::<Vec<_>>(),
        })
    });
    let left = proposal.left.iter().map(stay);
    let removed = proposal.removed.iter().map(stay);
    let made = proposal
        .made
        .iter()
        .map(|one| json!({ "address": one.address.to_string(), "part": one.is_part }));
    let finding = |one: &Finding| {
        json!({
            "rule": one.rule,
            "address": one.address.to_string(),
            "message": one.message,
            "fix": one.fix,
        })
    };
    let insecure = proposal.insecure.iter().map(|one| {
        let mut told = finding(&one.finding);
        told["terraform"] = one.terraform.as_str().into();
        told
    });
    let report = json!({
        "format_version": "1.0",
        "spec": proposal.spec,
        "refused": proposal.refused.iter().map(finding).collect::<Vec<_>>(),
        "insecure": insecure.collect::<Vec<_>>(),
        "taken": taken.collect::<Vec<_>>(),
        "made": made.collect::<Vec<_>>(),
        "left": left.collect::<Vec<_>>(),
        "removed": removed.collect::<Vec<_>>(),
        "data_sources": proposal.data,
        "other_providers": proposal.others,
    });
    format!("{report:#}\n")
}

fn stay(one: &Left) -> serde_json::Value {
    json!({
        "terraform": one.terraform,
        "kind": one.kind,
        "why": one.why,
        "removed": one.is_removed,
    })
}

fn field(change: &Change) -> serde_json::Value {
    json!({
        "path": change.path,
        "before": change.before.to_json(),
        "after": change.after.to_json(),
        "unknown": matches!(change.after, Value::Unknown { .. }),
    })
}
