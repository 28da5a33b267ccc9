//! Drift as people read it: what was applied, what is there now, who and when.
//!
//! *Invariant*: every field of the drift is shown.

mod markdown;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use markdown::markdown;

use super::policy;
use super::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use super::value::show;
use crate::accept::Accepted;
use crate::aws::trail::{Answer, Event};
use crate::drift::{Drift, Field, Thing, What, to_json};
use crate::value::Value;

/// The whole of it.
#[must_use]
pub fn render(drift: &Drift) -> String {
    let mut text = String::new();
    let title = format!(
        "drift: {}/{} in {}, account {}",
        drift.app, drift.environment, drift.region, drift.account
    );
    line(&mut text, &paint(BOLD, &title));
    let mut components: BTreeMap<&str, Vec<&Thing>> = BTreeMap::new();
    for thing in &drift.things {
        let component = thing.address.component.as_str();
        components.entry(component).or_default().push(thing);
    }
    for (component, things) in components {
        line(&mut text, &format!("\n{}", paint(BOLD, component)));
        for thing in things {
            one(&mut text, thing);
        }
    }
    if !drift.notes.is_empty() {
        line(&mut text, "");
        for note in &drift.notes {
            line(&mut text, &format!("{} {note}", paint(CYAN, "note:")));
        }
    }
    line(&mut text, &format!("\n{}", summary(drift)));
    text
}

/// The same for programs.
#[must_use]
pub fn json(drift: &Drift) -> String {
    format!("{:#}\n", to_json(drift))
}

/// `ModifyLoadBalancerAttributes by arn:.., 2026-11-27 14:03 UTC, from the console`.
#[must_use]
pub fn event(event: &Event) -> String {
    let at = event.at.strftime("%Y-%m-%d %H:%M UTC");
    let from = event
        .from
        .as_ref()
        .map(|from| format!(", from {from}"))
        .unwrap_or_default();
    format!("{} by {}, {at}{from}", event.call, event.by)
}

/// What is written into the spec, the lines that change, and what is left with its reason.
#[must_use]
pub fn accepted(accepted: &Accepted, file: &str, before: &str) -> String {
    let mut text = String::new();
    for told in &accepted.left {
        let left = paint(YELLOW, "left:");
        line(&mut text, &format!("{left} {}: {}", told.what, told.told));
    }
    for told in &accepted.written {
        let into = paint(GREEN, "into the spec:");
        line(&mut text, &format!("{into} {} as {}", told.what, told.told));
    }
    if !accepted.written.is_empty() {
        line(&mut text, &format!("\n{}", paint(BOLD, file)));
        text.push_str(&changed_lines(before, &accepted.text));
    }
    text
}

/// The lines that change, each with the two before and after it.
fn changed_lines(before: &str, after: &str) -> String {
    const AROUND: usize = 2;
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // The longest common lines of what follows line i of the old and line j of the new.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let mut lines: Vec<(char, &str)> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    let mut text = String::new();
    for (index, (sign, content)) in lines.iter().enumerate() {
        let near = &lines[index.saturating_sub(AROUND)..(index + AROUND + 1).min(lines.len())];
        if !near.iter().any(|(sign, _)| *sign != ' ') {
            continue;
        }
        let shown = format!("  {sign} {content}");
        line(
            &mut text,
            &match sign {
                '+' => paint(GREEN, &shown),
                '-' => paint(RED, &shown),
                _ => shown,
            },
        );
    }
    text
}

fn summary(drift: &Drift) -> String {
    if drift.is_empty() {
        return no_drift(drift);
    }
    format!(
        "{} {}.\n`watertight apply` puts it back; `watertight drift --accept` writes what it can into the spec.",
        paint(BOLD, "Drift:"),
        counts(drift)
    )
}

fn no_drift(drift: &Drift) -> String {
    let n = drift.unchanged;
    format!("No drift. {n} resources stand as they were applied.")
}

/// `1 changed, 2 deleted; 17 as applied`.
fn counts(drift: &Drift) -> String {
    let parts: Vec<String> = [
        (What::Changed, "changed"),
        (What::Deleted, "deleted"),
        (What::MadeByHand, "made by hand"),
    ]
    .into_iter()
    .map(|(what, word)| (drift.count(what), word))
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    format!("{}; {} as applied", parts.join(", "), drift.unchanged)
}

fn one(text: &mut String, thing: &Thing) {
    let (sign, word, style) = match thing.what {
        What::Changed => ("~", "changed", YELLOW),
        What::Deleted => ("-", "deleted", RED),
        What::MadeByHand => ("+", "made by hand", GREEN),
    };
    let label = thing.label();
    let id = if label.ends_with(&thing.id.text) {
        String::new()
    } else {
        format!(" {}", paint(DIM, &thing.id.text))
    };
    let sign = paint(style, sign);
    let word = paint(style, word);
    line(
        text,
        &format!("  {sign} {} {word}{id}", paint(BOLD, &label)),
    );
    let longest = thing.fields.iter().map(|field| field.path.chars().count());
    let longest = longest.max().unwrap_or(0);
    let mut fields = thing.fields.iter().peekable();
    while let Some(field) = fields.next() {
        attribute(text, thing.what, field, longest);
        // Fields that one call changed are told of once.
        let same = fields.peek().is_some_and(|next| next.who == field.who);
        if let (Some(answer), false) = (&field.who, same) {
            who(text, answer);
        }
    }
    if let Some(answer) = &thing.who {
        who(text, answer);
    }
}

const INDENT: usize = 6;

fn attribute(text: &mut String, what: What, field: &Field, longest: usize) {
    let live = show(&field.live, INDENT);
    let values = match what {
        What::MadeByHand => live,
        _ => policy::difference(&field.applied, &field.live, INDENT).unwrap_or_else(|| {
            format!(
                "{} {} {}",
                paint(GREEN, &show(&field.applied, INDENT)),
                paint(DIM, "->"),
                paint(
                    RED,
                    &if field.live == Value::Null {
                        "nothing".to_owned()
                    } else {
                        live
                    }
                ),
            )
        }),
    };
    let path = &field.path;
    line(text, &format!("{:INDENT$}{path:longest$} = {values}", ""));
}

fn who(text: &mut String, answer: &Answer) {
    let told = match answer {
        Answer::Made(made) => event(made),
        Answer::With(parent) => format!("gone with {parent}"),
        Answer::Untold(why) => format!("by whom is not known: {why}"),
    };
    line(text, &format!("{:INDENT$}{}", "", paint(DIM, &told)));
}

fn line(text: &mut String, content: &str) {
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{}", content.trim_end());
}
