//! Drift as a comment of a pull request.
//!
//! *Invariant*: whatever was written into AWS stays text: it stands in code alone, in its
//! cell, so that it forms no link, no tag and no name that somebody is called by. And the whole
//! is never longer than a comment may be.

use super::{counts, no_drift};
use crate::aws::trail::Answer;
use crate::drift::{Drift, Field, Thing, What};
use crate::ui::table;
use crate::ui::value::show;
use crate::value::Value;

/// What a comment may hold is 65,536 characters on GitHub ("body is too long"), and more
/// elsewhere.
const LONGEST: usize = 60_000;

/// How much of a value is shown.
const OF_A_VALUE: usize = 300;

/// The whole of it, as far as a comment holds it.
#[must_use]
pub fn markdown(drift: &Drift) -> String {
    let head = format!(
        "### Drift: {} in {}, account {}\n\n",
        code(&format!("{}/{}", drift.app, drift.environment)),
        code(&drift.region),
        code(&drift.account)
    );
    let notes: Vec<String> = drift
        .notes
        .iter()
        .map(|note| format!("- {}\n", code(note)))
        .collect();
    let mut tail = String::new();
    if !notes.is_empty() {
        tail.push_str(&cut(&notes.concat(), LONGEST / 4, "- and more\n"));
        tail.push('\n');
    }
    if drift.is_empty() {
        return format!("{head}{tail}{}\n", no_drift(drift));
    }
    let end = format!("Drift: {}.\n", counts(drift));
    let rows: Vec<Vec<String>> = drift.things.iter().flat_map(rows).collect();
    let header = ["", "what", "field", "applied", "there now", "who and when"];
    let table = table::markdown(&header, rows);
    let more = "\nThere is more than fits here: `watertight drift` shows all of it.\n";
    format!("{head}{}\n{tail}{end}", cut(&table, LONGEST * 3 / 4, more))
}

/// A row for each field; a thing without any has one, too.
fn rows(thing: &Thing) -> Vec<Vec<String>> {
    let (word, name) = match thing.what {
        What::Changed => ("changed", thing.address.to_string()),
        What::Deleted => ("deleted", thing.address.to_string()),
        What::MadeByHand => ("made by hand", thing.label()),
    };
    let row = |field: Option<&Field>| {
        let value = |value: &Value| code(&short(&show(value, 0)));
        let is_change = thing.what == What::Changed;
        let by = field.and_then(|field| field.who.as_ref());
        vec![
            word.to_owned(),
            code(&name),
            field.map_or_else(String::new, |field| code(&field.path)),
            field
                .filter(|_| is_change)
                .map_or_else(String::new, |field| value(&field.applied)),
            field.map_or_else(String::new, |field| match field.live {
                Value::Null => "nothing".to_owned(),
                ref live => value(live),
            }),
            by.or(thing.who.as_ref()).map_or_else(String::new, who),
        ]
    };
    if thing.fields.is_empty() {
        return vec![row(None)];
    }
    thing.fields.iter().map(|field| row(Some(field))).collect()
}

fn who(answer: &Answer) -> String {
    match answer {
        Answer::Made(made) => code(&super::event(made)),
        Answer::With(parent) => format!("gone with {}", code(parent)),
        Answer::Untold(why) => format!("not known: {}", code(why)),
    }
}

/// Text that means nothing but itself (`CommonMark`, "Code spans": a fence of more backticks than
/// stand in it in a row).
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect();
    let longest = text.split(|one| one != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0) + 1);
    if text.contains('`') || text.trim().is_empty() {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// The beginning of a value.
fn short(text: &str) -> String {
    match text.char_indices().nth(OF_A_VALUE) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// As many whole lines as fit, and that there were more.
fn cut(lines: &str, longest: usize, more: &str) -> String {
    if lines.chars().count() <= longest {
        return lines.to_owned();
    }
    let mut kept = String::new();
    let mut length = more.chars().count();
    for line in lines.lines() {
        length += line.chars().count() + 1;
        if length > longest {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept + more
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, code, cut, markdown};
    use crate::address::Address;
    use crate::aws::trail::Answer;
    use crate::drift::{Drift, Field, Thing, What};
    use crate::resource::Id;
    use crate::value::{Attributes, Value};

    fn thing(name: &str, what: What, fields: &[(&str, Value, Value)]) -> Thing {
        Thing {
            address: Address::managed("web", "aws_lb", name),
            kind: "aws_lb",
            id: Id {
                region: "eu-west-1".to_owned(),
                text: "arn:lb".to_owned(),
            },
            what,
            fields: fields
                .iter()
                .map(|(path, applied, live)| Field {
                    path: (*path).to_owned(),
                    applied: applied.clone(),
                    live: live.clone(),
                    who: None,
                })
                .collect(),
            who: Some(Answer::Untold("no such call is on record".to_owned())),
            applied: Attributes::new(),
            live: Attributes::new(),
        }
    }

    fn drift(things: Vec<Thing>) -> Drift {
        Drift {
            app: "shop".to_owned(),
            environment: "prod".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "123456789012".to_owned(),
            things,
            unchanged: 17,
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_row_for_each_field() {
        let changed = [
            ("idle_timeout", Value::Int(60), Value::Int(600)),
            ("tags.owner", Value::text("payments"), Value::Null),
        ];
        let text = markdown(&drift(vec![
            thing("main", What::Changed, &changed),
            thing("old", What::Deleted, &[]),
        ]));
        assert_eq!(
            text,
            "### Drift: `shop/prod` in `eu-west-1`, account `123456789012`\n\n\
             |  | what | field | applied | there now | who and when |\n\
             | --- | --- | --- | --- | --- | --- |\n\
             | changed | `web.aws_lb.main` | `idle_timeout` | `60` | `600` | not known: `no such call is on record` |\n\
             | changed | `web.aws_lb.main` | `tags.owner` | `\"payments\"` | nothing | not known: `no such call is on record` |\n\
             | deleted | `web.aws_lb.old` |  |  |  | not known: `no such call is on record` |\n\n\
             Drift: 1 changed, 1 deleted; 17 as applied.\n"
        );
    }

    #[test]
    fn what_somebody_wrote_into_aws_stays_text() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("``a`"), "``` ``a` ```");
        assert_eq!(code(""), "`  `");
        let nasty = "</td> [x](http://evil) @ann ``` | \\| \n| a | b | \u{1b}[31m";
        let live = Value::text(nasty);
        let fields = [("tags.a|b", Value::Null, live)];
        let text = markdown(&drift(vec![thing("main", What::Changed, &fields)]));
        let row = text.lines().find(|line| line.starts_with("| changed"));
        let cells = cells(row.unwrap());
        assert_eq!(cells.len(), 6, "{cells:?}");
        assert_eq!(cells[2], "`tags.a\\|b`");
        let fence = "````";
        assert!(
            cells[4].starts_with(fence) && cells[4].ends_with(fence),
            "{}",
            cells[4]
        );
        assert!(!text.contains('\u{1b}'));
    }

    /// The cells of a row as GitHub takes it apart: a bar after an even number of backslashes
    /// ends one.
    fn cells(row: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut backslashes = 0;
        for one in row.trim_matches('|').chars() {
            let ends = one == '|' && backslashes % 2 == 0;
            backslashes = if one == '\\' { backslashes + 1 } else { 0 };
            if ends {
                cells.push(String::new());
            } else {
                cells.last_mut().unwrap().push(one);
            }
        }
        cells.iter().map(|cell| cell.trim().to_owned()).collect()
    }

    #[test]
    fn it_fits_into_a_comment() {
        let value = Value::text("x".repeat(5000));
        let fields = [("description", value.clone(), value)];
        let things = (0..400).map(|n| thing(&format!("lb{n}"), What::Changed, &fields));
        let mut drift = drift(things.collect());
        drift.notes = vec!["a note of some length".to_owned(); 2000];
        let text = markdown(&drift);
        assert!(text.chars().count() < LONGEST + 500, "{}", text.len());
        assert!(text.contains("There is more than fits here"));
        assert!(text.ends_with("400 changed; 17 as applied.\n"));
        assert_eq!(cut("a\nb\n", 4, "more\n"), "a\nb\n");
    }
}
