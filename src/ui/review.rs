//! A report for the page of a pull request.
//!
//! Security stands first, then the plan, what is billed, and the details of each resource,
//! collapsed.
//!
//! *Invariant*: under [`LONGEST`] characters however large the app is, cut at whole sections
//! with a word on what was cut; and nothing that a spec says is more than text in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markdown::{Page, code, code_in_summary, details, fence, list, table, text};
use super::plan::causes;
use super::value::show;
use crate::plan::{Action, Change, Field, count};
use crate::report::{Report, Security};
use crate::value::Value;

/// Less than what GitHub takes for a comment: 65,536 characters
/// (<https://docs.github.com/en/rest/issues/comments>).
pub const LONGEST: usize = 59_999;

/// Every action, in the order in which they are counted.
const ACTIONS: [Action; 6] = [
    Action::Create,
    Action::Update,
    Action::Replace,
    Action::Delete,
    Action::Adopt,
    Action::Forget,
];

/// The report for programs.
#[must_use]
pub fn json(report: &Report) -> String {
    format!("{:#}\n", serde_json::json!(report))
}

/// The report for people.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut page = Page::new(LONGEST);
    page.add("the title", &title(report));
    if !report.refused.is_empty() {
        page.add("what is refused", &refused(report));
        page.add("the waivers", &waivers(&report.security));
        return page.end("`watertight check` tells all of it.");
    }
    page.add("what is in the way", &problems(report));
    page.add("security", &security(&report.security));
    page.add("the waivers", &waivers(&report.security));
    page.add("what waits", &waiting(&report.security));
    page.add("the plan", &plan(report));
    page.add("what is deleted", &dangers(&report.changes));
    page.add("what is billed", &billed(report));
    page.add("the notes", &notes(report));
    page.add("the guardrails", &rules(&report.security));
    page.add("the resources", &resources(&report.security));
    if !report.changes.is_empty() {
        page.add("the details", "## Details\n\n");
    }
    for change in &report.changes {
        page.add(&change.address.component, &resource(change));
    }
    page.end("`watertight plan` shows all of it.")
}

fn title(report: &Report) -> String {
    let account = report.account.as_ref().map_or_else(
        || "AWS was not asked".to_owned(),
        |account| format!("account {}", text(account)),
    );
    let mut title = format!("# {}/{}\n\n", text(&report.app), text(&report.environment));
    if report.refused.is_empty() {
        // A string takes all that is written to it.
        let _infallible = writeln!(
            title,
            "**{}** Region {}, {account}.\n",
            sum(report),
            text(&report.region)
        );
    } else {
        let _infallible = writeln!(title, "**Refused by the guardrails.**\n");
    }
    title
}

/// `3 to create, 1 to update.`
fn sum(report: &Report) -> String {
    let some: Vec<String> = ACTIONS
        .iter()
        .map(|action| (count(report.changes.iter(), *action), word(*action, false)))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} to {word}"))
        .collect();
    match some.as_slice() {
        [] if !report.problems.is_empty() => "Nothing can be done.".to_owned(),
        [] => format!(
            "No changes: {} resources are as the spec says.",
            report.unchanged
        ),
        some => format!("{}, {} unchanged.", some.join(", "), report.unchanged),
    }
}

fn refused(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .refused
        .iter()
        .map(|one| {
            let at = one.at.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![
                one.rule.to_owned(),
                code(&one.address.to_string()),
                text(&one.message),
                text(one.fix),
                code(&at),
            ]
        })
        .collect();
    let head = [
        "rule",
        "resource",
        "what is wrong",
        "what to do",
        "asked for in",
    ];
    format!("## Refused\n\n{}", table(&head, &rows, 30_000))
}

fn problems(report: &Report) -> String {
    let said: Vec<String> = report
        .problems
        .iter()
        .map(|problem| {
            let hints: Vec<String> = problem.hints.iter().map(|hint| text(hint)).collect();
            format!(
                "{}: {} ({})",
                code(&problem.address.to_string()),
                text(&problem.message),
                hints.join("; ")
            )
        })
        .collect();
    section("## This plan can't be applied\n\n", &list(&said, 4_000))
}

fn security(security: &Security) -> String {
    let judged = security.resources.iter();
    let judged = judged.filter(|(_, rules)| !rules.is_empty()).count();
    let count = |n: usize, what: &str| match n {
        0 => format!("Nothing {what}."),
        n => format!("**{n}** {what}."),
    };
    format!(
        "## Security\n\n{} guardrails hold. They speak of {judged} resources, and of {} none does. {} {}\n\n",
        security.rules.len(),
        security.resources.len() - judged,
        count(security.waived.len(), "waived"),
        count(security.waiting.len(), "left to judge when AWS is asked"),
    )
}

fn waivers(security: &Security) -> String {
    let rows: Vec<Vec<String>> = security
        .waived
        .iter()
        .map(|one| {
            vec![
                one.rule.to_owned(),
                code(&one.address.to_string()),
                text(&one.message),
                text(&one.owner),
                text(&one.reason),
                one.expires.to_string(),
            ]
        })
        .collect();
    let head = [
        "waived",
        "resource",
        "what is wrong",
        "owner",
        "reason",
        "until",
    ];
    let warnings: Vec<String> = security.warnings.iter().map(|one| text(one)).collect();
    table(&head, &rows, 8_000) + &list(&warnings, 2_000)
}

fn waiting(security: &Security) -> String {
    let rows: Vec<Vec<String>> = security
        .waiting
        .iter()
        .map(|one| {
            let address = code(&one.address.to_string());
            vec![one.rule.to_owned(), address, text(&one.message)]
        })
        .collect();
    table(&["judged later", "resource", "why"], &rows, 4_000)
}

fn plan(report: &Report) -> String {
    let mut components: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &report.changes {
        let of = components.entry(&change.address.component).or_default();
        of.push(change);
    }
    let rows: Vec<Vec<String>> = components
        .iter()
        .map(|(component, changes)| {
            let counts = ACTIONS.map(|action| match count(changes.iter().copied(), action) {
                0 => String::new(),
                n => n.to_string(),
            });
            let mut row = vec![code(component)];
            row.extend(counts);
            row
        })
        .collect();
    let words = ACTIONS.map(|action| word(action, false));
    let head = [&["component"][..], &words].concat();
    section("## Plan\n\n", &table(&head, &rows, 6_000))
}

/// What goes, or makes way for another: nobody should have to look for it.
fn dangers(changes: &[Change]) -> String {
    let goes = changes.iter().filter(|change| {
        matches!(change.action, Action::Delete | Action::Replace) && !change.replaced
    });
    let said: Vec<String> = goes
        .map(|change| {
            let guard = if change.protected {
                ", **protected, as it holds data or carries traffic**"
            } else {
                ""
            };
            let why = causes(&change.why, None);
            format!(
                "{} {}{guard}: {}",
                word(change.action, change.replaced),
                code(&change.label()),
                text(&why)
            )
        })
        .collect();
    list(&said, 6_000)
}

fn billed(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .billed
        .iter()
        .map(|row| {
            let change = match row.change {
                0 => String::new(),
                n => format!("{n:+}"),
            };
            vec![
                row.what.to_owned(),
                row.count.to_string(),
                change,
                format!("{} ([prices]({}))", row.basis, row.page),
            ]
        })
        .collect();
    let head = ["what is billed", "then", "change", "for"];
    section("## Cost\n\n", &table(&head, &rows, 4_000))
}

fn notes(report: &Report) -> String {
    let mut notes: Vec<String> = report.notes.iter().map(|note| text(note)).collect();
    notes.extend(report.by_hand.iter().map(|record| {
        let address = code(&record.address.to_string());
        format!("{address} is a DNS record that somebody makes by hand")
    }));
    section("## Worth knowing\n\n", &list(&notes, 4_000))
}

fn rules(security: &Security) -> String {
    let rows: Vec<Vec<String>> = security
        .rules
        .iter()
        .map(|held| {
            vec![
                held.rule.to_owned(),
                text(held.title),
                held.severity.to_string(),
                held.resources.to_string(),
                text(&held.controls.join(", ")),
            ]
        })
        .collect();
    let head = [
        "rule",
        "what holds",
        "severity",
        "resources",
        "asked for by",
    ];
    let inside = table(&head, &rows, 12_000);
    section_of_details("Each guardrail, and who asks for it", &inside)
}

fn resources(security: &Security) -> String {
    let rows: Vec<Vec<String>> = security
        .resources
        .iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(address, rules)| vec![code(&address.to_string()), rules.join(", ")])
        .collect();
    let inside = table(&["resource", "satisfies"], &rows, 12_000);
    section_of_details(
        "Each resource, and the guardrails that it satisfies",
        &inside,
    )
}

fn section_of_details(summary: &str, inside: &str) -> String {
    if inside.is_empty() {
        return String::new();
    }
    details(summary, inside)
}

fn section(head: &str, inside: &str) -> String {
    if inside.is_empty() {
        return String::new();
    }
    format!("{head}{inside}")
}

fn word(action: Action, replaced: bool) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete if replaced => "delete the replaced",
        Action::Delete => "delete",
        Action::Adopt => "adopt",
        Action::Forget => "forget",
    }
}

/// A resource, collapsed.
fn resource(change: &Change) -> String {
    let why = causes(&change.why, None);
    let what = word(change.action, change.replaced);
    let summary = format!("{what} {}", code_in_summary(&change.label()));
    let mut lines = vec![format!("# {why}")];
    for field in &change.fields {
        lines.extend(attribute(change.action, field));
    }
    details(&summary, &fence("diff", &lines, 5_000))
}

/// An attribute as a diff has it.
fn attribute(action: Action, field: &Field) -> Vec<String> {
    let before = !matches!(action, Action::Create);
    let after = !matches!(action, Action::Delete);
    let why = match causes(&field.why, None) {
        why if why.is_empty() => why,
        why => format!("  # {why}"),
    };
    let shown = |sign: char, value: &Value| -> Vec<String> {
        let value = if field.sensitive {
            "(sensitive)".to_owned()
        } else {
            show(value, 0)
        };
        let lines = format!("{} = {value}", field.path);
        let mut lines: Vec<String> = lines.lines().map(|line| format!("{sign} {line}")).collect();
        if let Some(first) = lines.first_mut() {
            first.push_str(&why);
        }
        lines
    };
    let mut lines = Vec::new();
    if before {
        lines.extend(shown('-', &field.before));
    }
    if after {
        lines.extend(shown('+', &field.after));
    }
    lines
}
