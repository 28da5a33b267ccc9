//! The plan as people read it: by component, every field with its cause, and a line that
//! sums it up.
//!
//! *Invariant*: every field of the plan is shown, or marked as sensitive.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::style::{BOLD, CYAN, DIM, GREEN, MAGENTA, RED, YELLOW, paint};
use super::value::show;
use crate::diagnostic::Span;
use crate::outputs::is_sensitive;
use crate::plan::{Action, Change, Field, Mode, Partial, Plan, Problem, Why};
use crate::refresh::Known;
use crate::value::Value;

/// The whole plan.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let what = match plan.mode {
        Mode::Apply => "plan",
        Mode::Destroy => "plan to destroy",
    };
    let account = plan.account.as_ref().map_or_else(
        || "offline: AWS was not asked".to_owned(),
        |account| format!("account {account}"),
    );
    let title = format!(
        "{what}: {}/{} in {}, {account}",
        plan.app, plan.environment, plan.region
    );
    line(&mut text, &paint(BOLD, &title));
    if let Some(partial) = &plan.partial {
        line(&mut text, &paint(YELLOW, &in_part(partial)));
    }
    if plan.believed > 0 {
        line(&mut text, &paint(YELLOW, &unseen(plan.believed)));
    }
    let mut components: BTreeMap<&str, Vec<(usize, &Change)>> = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        components
            .entry(&step.change.address.component)
            .or_default()
            .push((index, &step.change));
    }
    for (component, changes) in components {
        line(&mut text, &format!("\n{}", paint(BOLD, component)));
        for (index, change) in changes {
            resource(&mut text, index + 1, change);
        }
    }
    text.push_str(&super::by_hand::planned(plan));
    let by_others = has_drifted(plan).then_some("`watertight drift` says who changed it, and when");
    let notes: Vec<&str> = plan
        .notes
        .iter()
        .map(String::as_str)
        .chain(by_others)
        .collect();
    if !notes.is_empty() {
        line(&mut text, "");
        for note in notes {
            line(&mut text, &format!("{} {note}", paint(CYAN, "note:")));
        }
    }
    line(&mut text, &format!("\n{}", summary(plan)));
    text
}

/// That AWS was not asked.
fn unseen(believed: usize) -> String {
    let what = match believed {
        1 => "1 resource is taken to be as its record says".to_owned(),
        n => format!("{n} resources are taken to be as their records say"),
    };
    format!("--refresh=false: {what}; AWS was not asked about them")
}

/// Whether others had a hand in anything that changes.
fn has_drifted(plan: &Plan) -> bool {
    let changes = plan.steps.iter().map(|step| &step.change);
    let causes = changes.flat_map(|change| {
        let fields = change.fields.iter().flat_map(|field| &field.why);
        change.why.iter().chain(fields)
    });
    plan.mode == Mode::Apply
        && causes
            .into_iter()
            .any(|why| matches!(why, Why::Drift | Why::Missing | Why::MadeByHand))
}

/// That a plan is a part of another, and what of it is missing.
fn in_part(partial: &Partial) -> String {
    let left = match partial.left_out {
        0 => "nothing is left out".to_owned(),
        1 => "1 step is left out".to_owned(),
        n => format!("{n} steps are left out"),
    };
    format!("in part ({}): {left}", partial.choice)
}

/// What the end of a run says of what was not asked for; nothing where that is nothing.
#[must_use]
pub fn left_out(plan: &Plan) -> String {
    match &plan.partial {
        Some(partial) if partial.left_out > 0 => format!(
            "{}; the same without these flags shows and does the rest\n",
            in_part(partial)
        ),
        _ => String::new(),
    }
}

/// The plan for programs, one line.
#[must_use]
pub fn json(plan: &Plan) -> String {
    let mut json = serde_json::json!({ "event": "plan", "format_version": "1.0" });
    if let (Some(fields), Ok(serde_json::Value::Object(plan))) =
        (json.as_object_mut(), serde_json::to_value(plan))
    {
        fields.extend(plan);
    }
    format!("{json}\n")
}

/// What components give to people: `web.url = "https://shop.example.com"`.
#[must_use]
pub fn outputs(outputs: &BTreeMap<(String, String), Value>, known: &Known) -> String {
    let mut text = String::new();
    for ((component, name), value) in outputs {
        let shown = if is_sensitive(value) {
            "(sensitive)".to_owned()
        } else {
            show(&known.resolve(value), 0)
        };
        line(&mut text, &format!("{component}.{name} = {shown}"));
    }
    text
}

/// What stands in the way, each with what to do.
#[must_use]
pub fn problems(problems: &[Problem]) -> String {
    let mut text = String::new();
    for Problem {
        address,
        message,
        hints,
    } in problems
    {
        line(
            &mut text,
            &format!(
                "{} {address}: {message}",
                paint(RED.effects(anstyle::Effects::BOLD), "error:")
            ),
        );
        for hint in hints {
            line(&mut text, &format!("  {} {hint}", paint(CYAN, "help:")));
        }
    }
    text
}

/// `Plan: 12 to create, 1 to update, 0 to replace, 0 to delete.`
#[must_use]
pub fn summary(plan: &Plan) -> String {
    if plan.is_empty() {
        let n = plan.unchanged.len();
        if !plan.problems.is_empty() {
            return match plan.problems.len() {
                1 => "Nothing can be done: 1 problem stands in the way.".to_owned(),
                n => format!("Nothing can be done: {n} problems stand in the way."),
            };
        }
        if plan
            .partial
            .as_ref()
            .is_some_and(|partial| partial.left_out > 0)
        {
            return "No changes in the part that was asked for.".to_owned();
        }
        return match plan.mode {
            Mode::Apply if plan.believed > 0 => {
                format!(
                    "No changes, as far as the records tell. {n} resources are as the spec says."
                )
            }
            Mode::Apply => format!("No changes. {n} resources are as the spec says."),
            Mode::Destroy => "Nothing to destroy.".to_owned(),
        };
    }
    let mut parts = Vec::new();
    for (action, word) in [
        (Action::Create, "to create"),
        (Action::Update, "to update"),
        (Action::Replace, "to replace"),
        (Action::Delete, "to delete"),
        (Action::Adopt, "to adopt"),
        (Action::Forget, "to forget"),
    ] {
        let n = plan.count(action);
        let always = plan.mode == Mode::Apply
            && matches!(action, Action::Create | Action::Update | Action::Delete);
        if n > 0 || always {
            parts.push(format!("{n} {word}"));
        }
    }
    if !plan.unchanged.is_empty() {
        parts.push(format!("{} unchanged", plan.unchanged.len()));
    }
    format!("{} {}.", paint(BOLD, "Plan:"), parts.join(", "))
}

fn resource(text: &mut String, number: usize, change: &Change) {
    let (sign, word, style) = sign(change);
    let why = causes(&change.why, None);
    let id = change
        .id
        .as_ref()
        .filter(|id| change.child.is_none() && !change.label().ends_with(&id.text))
        .map(|id| format!(" {}", paint(DIM, &id.text)))
        .unwrap_or_default();
    let guard = if change.protected && matches!(change.action, Action::Delete | Action::Replace) {
        paint(RED, " (protected)")
    } else {
        String::new()
    };
    line(
        text,
        &format!(
            "{number:>4} {} {} {}{id}{guard}{}",
            paint(style, sign),
            paint(BOLD, &change.label()),
            paint(style, word),
            comment(&why),
        ),
    );
    let longest = change
        .fields
        .iter()
        .map(|field| field.path.chars().count())
        .max()
        .unwrap_or(0);
    let component = change.why.iter().find_map(|why| match why {
        Why::Spec(span) => Some(span),
        _ => None,
    });
    for field in &change.fields {
        attribute(text, change.action, field, longest, component);
    }
}

/// What is taken over, and what the next apply changes of it.
#[must_use]
pub fn imported(changes: &[Change]) -> String {
    let mut text = String::new();
    for (index, change) in changes.iter().enumerate() {
        let shown = Change {
            why: Vec::new(),
            ..change.clone()
        };
        resource(&mut text, index + 1, &shown);
    }
    let of = changes.len();
    let differ = changes.iter().filter(|change| !change.fields.is_empty());
    let rest = match differ.count() {
        0 => "all is as the spec says".to_owned(),
        n => format!("{n} of them not as the spec says, which the next apply mends"),
    };
    line(
        &mut text,
        &format!("\n{of} to record: {rest}. Nothing changes in AWS."),
    );
    text
}

fn sign(change: &Change) -> (&'static str, &'static str, Style) {
    match change.action {
        Action::Create => ("+", "create", GREEN),
        Action::Update => ("~", "update", YELLOW),
        Action::Replace => ("±", "replace", MAGENTA),
        Action::Delete if change.replaced => ("-", "delete the replaced one", RED),
        Action::Delete => ("-", "delete", RED),
        Action::Adopt => ("=", "adopt", CYAN),
        Action::Forget => ("x", "forget its record", DIM),
    }
}

fn attribute(
    text: &mut String,
    action: Action,
    field: &Field,
    longest: usize,
    component: Option<&Span>,
) {
    const INDENT: usize = 9;
    let value = |value: &Value| {
        if field.sensitive {
            "(sensitive)".to_owned()
        } else {
            show(value, INDENT)
        }
    };
    let values = match action {
        Action::Create => value(&field.after),
        Action::Delete => value(&field.before),
        _ => by_statement(field, INDENT).unwrap_or_else(|| {
            format!(
                "{} {} {}",
                paint(RED, &value(&field.before)),
                paint(DIM, "->"),
                paint(GREEN, &value(&field.after)),
            )
        }),
    };
    let forces = if field.forces_replacement {
        paint(MAGENTA, " (forces a replacement)")
    } else {
        String::new()
    };
    // The causes stand on the first line, however long the value is.
    let (first, rest) = match values.split_once('\n') {
        Some((first, rest)) => (first, format!("\n{rest}")),
        None => (values.as_str(), String::new()),
    };
    line(
        text,
        &format!(
            "{:INDENT$}{:longest$} = {first}{forces}{}{rest}",
            "",
            field.path,
            comment(&causes(&field.why, component)),
        ),
    );
}

/// A policy that may be shown, by statement.
fn by_statement(field: &Field, indent: usize) -> Option<String> {
    let shown = super::policy::difference(&field.before, &field.after, indent);
    shown.filter(|_| !field.sensitive)
}

/// The causes, the nearest first. The component's own line, which the resource's line has
/// told already, is left out.
pub(super) fn causes(why: &[Why], told: Option<&Span>) -> String {
    let texts: Vec<String> = why
        .iter()
        .filter(|why| !matches!(why, Why::Spec(span) if Some(span) == told))
        .map(cause)
        .collect();
    texts.join(" < ")
}

fn cause(why: &Why) -> String {
    match why {
        Why::Spec(span) | Why::Blueprint(span) => place(span),
        Why::Override(span) => format!("override, {}", place(span)),
        Why::Addition(span) => format!("added, {}", place(span)),
        Why::Imported(span) => format!("the spec's import, {}", place(span)),
        Why::Released(span) => format!("the spec lets it go, {}; it stands on", place(span)),
        other => other.to_string(),
    }
}

fn place(span: &Span) -> String {
    let name = span.source.name.trim_start_matches("blueprints/");
    let (line, _) = span.line_and_column();
    format!("{name}:{line}")
}

fn comment(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        paint(DIM, &format!("  # {why}"))
    }
}

fn line(text: &mut String, content: &str) {
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{}", content.trim_end());
}
