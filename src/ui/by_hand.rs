//! DNS records that people make themselves: as a table, and as lines of a zone file.
//!
//! *Invariant*: what can be pasted into a zone file is told as such, and what can't is a
//! comment there.

use std::fmt::Write as _;

use super::style::{BOLD, CYAN, paint};
use crate::plan::Plan;
use crate::plan::by_hand::{Purpose, Record, RecordKind, records};
use crate::refresh::Known;

/// Seconds for which others may remember them.
const TTL: u32 = 300;

/// What a plan says of them before anything is made.
pub(super) fn planned(plan: &Plan) -> String {
    if plan.by_hand.is_empty() {
        return String::new();
    }
    let later = plan.by_hand.iter().filter(|one| one.known().is_none());
    let (named, nameless): (Vec<_>, Vec<_>) = later.partition(|one| one.name().is_some());
    let mut text = format!("\n{}\n", paint(BOLD, "DNS records to be made by hand"));
    text.push_str(&shown(&records(&plan.by_hand, &plan.known)));
    if !nameless.is_empty() {
        line(
            &mut text,
            &format!(
                "  {} for the certificate; apply prints them once they are known, and waits for them",
                nameless.len()
            ),
        );
    }
    if !named.is_empty() {
        let services: Vec<&str> = named.iter().filter_map(|one| one.name()).collect();
        line(
            &mut text,
            &format!(
                "  for {}, once it is known to what; apply ends with them",
                services.join(" and ")
            ),
        );
    }
    text
}

/// What is left for people when all is made; nothing where nothing is.
#[must_use]
pub fn made(plan: &Plan, known: &Known) -> String {
    let records = records(&plan.by_hand, known);
    if records.is_empty() {
        return String::new();
    }
    format!(
        "\n{}\n{}",
        paint(BOLD, "DNS records that belong to it, to be made by hand"),
        shown(&records)
    )
}

/// As they become known.
pub(super) fn told(component: &str, records: &[Record]) -> String {
    format!(
        "{component}: {}\n{}",
        paint(BOLD, "make these DNS records"),
        shown(records)
    )
}

fn shown(records: &[Record]) -> String {
    if records.is_empty() {
        return String::new();
    }
    let mut text = table(records);
    line(&mut text, "\n  as lines of a zone file:");
    for Record {
        name, kind, value, ..
    } in records
    {
        let comment = match kind {
            RecordKind::Cname => "",
            RecordKind::Alias => "; ",
        };
        line(
            &mut text,
            &format!("    {comment}{name} {TTL} IN {} {value}", kind.word()),
        );
    }
    if let Some(apex) = records.iter().find(|one| one.kind == RecordKind::Alias) {
        line(
            &mut text,
            &format!(
                "  {} {} is the top of its zone, where no CNAME may be: make an ALIAS, ANAME or flattened CNAME, as your DNS calls it; without one, serve www.{} and redirect to it, move the zone to Route 53, or put AWS Global Accelerator with fixed addresses before a load balancer",
                paint(CYAN, "note:"),
                apex.name.trim_end_matches('.'),
                apex.name.trim_end_matches('.'),
            ),
        );
    }
    text
}

fn table(records: &[Record]) -> String {
    let rows: Vec<[&str; 4]> = std::iter::once(["name", "type", "value", "for"])
        .chain(records.iter().map(|record| {
            let purpose = match record.purpose {
                Purpose::Certificate => "the certificate, now and at each renewal",
                Purpose::Service => "the service",
            };
            [&record.name, record.kind.word(), &record.value, purpose]
        }))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [name, kind, value, purpose] in &rows {
        line(
            &mut text,
            &format!(
                "  {name:0$}  {kind:1$}  {value:2$}  {purpose}",
                widths[0], widths[1], widths[2]
            ),
        );
    }
    text
}

fn line(text: &mut String, content: &str) {
    // A string takes all that is written to it.
    let _infallible = writeln!(text, "{}", content.trim_end());
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::plan::by_hand::{Purpose, Record, RecordKind};

    #[test]
    fn records_are_a_table_and_lines_of_a_zone_file() {
        let records = [
            Record {
                name: "_a1.example.com.".to_owned(),
                kind: RecordKind::Cname,
                value: "_b2.acm-validations.aws.".to_owned(),
                purpose: Purpose::Certificate,
            },
            Record {
                name: "example.com.".to_owned(),
                kind: RecordKind::Alias,
                value: "lb-1.elb.amazonaws.com.".to_owned(),
                purpose: Purpose::Service,
            },
        ];
        let text = shown(&records);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..7],
            [
                "  name              type   value                     for",
                "  _a1.example.com.  CNAME  _b2.acm-validations.aws.  the certificate, now and at each renewal",
                "  example.com.      ALIAS  lb-1.elb.amazonaws.com.   the service",
                "",
                "  as lines of a zone file:",
                "    _a1.example.com. 300 IN CNAME _b2.acm-validations.aws.",
                "    ; example.com. 300 IN ALIAS lb-1.elb.amazonaws.com.",
            ]
        );
        assert!(lines[7].contains("example.com is the top of its zone, where no CNAME may be"));
    }
}
