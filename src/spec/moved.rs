//! `[[moved]]`: what stands under a new name.
//!
//! A component, a resource, or everything (the app or its environment) was renamed in the
//! spec; what stands in AWS stays, with its names there, and gets new tags. A block whose
//! `from` is no more is harmless, so that it can stay until every environment has had it.
//!
//! *Invariant*: a name leads to one other name, and never back to itself.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::form;
use super::reader::{Reader, misspelt};
use crate::address::{self, Address, Mode};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};

/// One `[[moved]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// What has moved.
    pub what: Move,
    /// Place of `from`.
    pub from: Span,
    /// Place of `to`.
    pub to: Span,
}

/// What has moved, from its old name to its new one.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// Everything of a component.
    Component {
        /// What it was called.
        from: String,
        /// What it is called now.
        to: String,
    },
    /// One resource.
    Resource {
        /// Where it stood.
        from: Address,
        /// Where it stands now.
        to: Address,
    },
    /// Everything: the app, its environment, or both have another name.
    Whole {
        /// Old and new name of the app.
        app: Option<(String, String)>,
        /// Old and new name of the environment.
        environment: Option<(String, String)>,
    },
}

const KEYS: &[&str] = &["from", "to"];
const EXAMPLE: &str = "Write `from = \"web\"` and `to = \"front\"` for a component, `\"web.aws_lb.main\"` for a resource, `{ app = \"shop\" }` or `{ environment = \"prod\" }` for everything.";

/// Reads every block and holds them against the spec that they stand in.
pub(super) fn read(reader: &mut Reader, root: &DeTable<'_>) -> Vec<Moved> {
    let Some(list) = root
        .get("moved")
        .and_then(|value| reader.list("moved", value, "[[moved]]"))
    else {
        return Vec::new();
    };
    let moved: Vec<Moved> = list.iter().filter_map(|item| one(reader, item)).collect();
    let names = Names {
        app: root.get("app").and_then(|app| app.get_ref().as_str()),
        components: root
            .get("components")
            .and_then(|components| components.get_ref().as_table())
            .map(|components| {
                components
                    .keys()
                    .map(|key| key.get_ref().as_ref())
                    .collect()
            })
            .unwrap_or_default(),
    };
    for one in &moved {
        names.check(reader, one, &moved);
    }
    twice(reader, &moved);
    circles(reader, &moved);
    moved
}

fn one(reader: &mut Reader, item: &Spanned<DeValue<'_>>) -> Option<Moved> {
    let table = reader.table("each of `moved`", item, "[[moved]]")?;
    reader.unknown_keys("a `[[moved]]`", table, KEYS);
    for key in KEYS {
        if !table.contains_key(*key) && misspelt(key, table, KEYS).is_none() {
            let span = reader.span(item);
            reader.missing("the `[[moved]]`", key, span, EXAMPLE);
        }
    }
    let (from, to) = (table.get("from")?, table.get("to")?);
    let spans = (reader.span(from), reader.span(to));
    let what = match (from.get_ref(), to.get_ref()) {
        (DeValue::Table(from), DeValue::Table(to)) => whole(reader, from, to, &spans),
        (DeValue::String(from), DeValue::String(to)) => named(reader, from, to, &spans),
        _ => {
            let message = "`from` and `to` are not of the same sort";
            reader.error(message, spans.1.clone(), "", EXAMPLE);
            None
        }
    }?;
    Some(Moved {
        what,
        from: spans.0,
        to: spans.1,
    })
}

/// A component or a resource.
fn named(reader: &mut Reader, from: &str, to: &str, spans: &(Span, Span)) -> Option<Move> {
    if from == to {
        let message = format!("`{from}` is moved to itself");
        reader.error(message, spans.1.clone(), "", EXAMPLE);
        return None;
    }
    if address::is_component(from) && address::is_component(to) {
        return Some(Move::Component {
            from: from.to_owned(),
            to: to.to_owned(),
        });
    }
    let mut read = |text: &str, span: &Span| {
        let address = text.parse::<Address>().ok();
        let address = address.filter(|address| address.mode == Mode::Managed);
        if address.is_none() {
            let message = if address::is_component(text) {
                format!("`{text}` is a component, and the other is none")
            } else {
                format!("`{text}` is neither a component nor the address of a resource")
            };
            reader.error(message, span.clone(), "", EXAMPLE);
        }
        address
    };
    let (from, to) = (read(from, &spans.0), read(to, &spans.1));
    let (from, to) = (from?, to?);
    if from.kind != to.kind {
        let message = format!("`{from}` can't become a `{}`", to.kind);
        let hint = "Only a name moves; what is of another kind is another thing.";
        reader.error(message, spans.1.clone(), "", hint);
        return None;
    }
    Some(Move::Resource { from, to })
}

/// The app, its environment, or both.
fn whole(
    reader: &mut Reader,
    from: &DeTable<'_>,
    to: &DeTable<'_>,
    spans: &(Span, Span),
) -> Option<Move> {
    const NAMES: &[&str] = &["app", "environment"];
    reader.unknown_keys("`from`", from, NAMES);
    reader.unknown_keys("`to`", to, NAMES);
    let mut pairs: Vec<Option<(String, String)>> = Vec::new();
    for name in NAMES {
        let pair = match (from.get(*name), to.get(*name)) {
            (None, None) => None,
            (Some(from), Some(to)) => {
                let from = reader.text_of(name, from, form::name)?;
                let to = reader.text_of(name, to, form::name)?;
                Some((from.value, to.value))
            }
            (Some(_), None) | (None, Some(_)) => {
                let message = format!("`{name}` stands on one side only");
                let hint = format!(
                    "Say what it was and what it is: `from = {{ {name} = \"old\" }}`, `to = {{ {name} = \"new\" }}`."
                );
                reader.error(message, spans.1.clone(), "", hint);
                return None;
            }
        };
        pairs.push(pair);
    }
    if pairs.iter().flatten().all(|(from, to)| from == to) {
        reader.error("nothing is moved", spans.1.clone(), "", EXAMPLE);
        return None;
    }
    let environment = pairs.pop().flatten();
    let app = pairs.pop().flatten();
    Some(Move::Whole { app, environment })
}

/// What the spec itself calls its things.
struct Names<'a> {
    app: Option<&'a str>,
    components: Vec<&'a str>,
}

impl Names<'_> {
    /// Whether the old name is free and the new one is there.
    fn check(&self, reader: &mut Reader, one: &Moved, all: &[Moved]) {
        match &one.what {
            Move::Component { from, to } => {
                if self.components.contains(&from.as_str()) {
                    let message = format!("component `{from}` still stands in this spec");
                    let hint = format!(
                        "Rename `[components.{from}]` to `[components.{to}]`, or take this `[[moved]]` out."
                    );
                    reader.error(message, one.from.clone(), "so it has not moved", hint);
                }
                let goes_on = all
                    .iter()
                    .any(|next| matches!(&next.what, Move::Component { from, .. } if from == to));
                if !goes_on {
                    self.component(reader, to, &one.to);
                }
            }
            Move::Resource { to, .. } => {
                let goes_on = all
                    .iter()
                    .any(|next| matches!(&next.what, Move::Component { from, .. } if *from == to.component));
                if !goes_on {
                    self.component(reader, &to.component, &one.to);
                }
            }
            Move::Whole {
                app: Some((_, to)), ..
            } => {
                if let Some(app) = self.app.filter(|app| app != to) {
                    let message = format!("nothing can move to the app `{to}` here");
                    let hint = format!("This spec's app is `{app}`.");
                    reader.error(message, one.to.clone(), "", hint);
                }
            }
            Move::Whole { app: None, .. } => {}
        }
    }

    fn component(&self, reader: &mut Reader, name: &str, span: &Span) {
        if self.components.contains(&name) {
            return;
        }
        let hint = match did_you_mean(name, self.components.iter().copied()) {
            Some(meant) => format!("Did you mean `{meant}`?"),
            None => format!("Add `[components.{name}]`, or say where it has gone."),
        };
        let message = format!("there is no component `{name}`");
        reader.error(message, span.clone(), "", hint);
    }
}

impl Move {
    /// What identifies the old name, and the new one.
    fn ends(&self) -> (String, String) {
        match self {
            Self::Component { from, to } => (from.clone(), to.clone()),
            Self::Resource { from, to } => (from.to_string(), to.to_string()),
            Self::Whole { app, environment } => {
                let side = |of: fn(&(String, String)) -> &String| {
                    let name = |pair: &Option<(String, String)>| {
                        pair.as_ref().map_or("*", |pair| of(pair)).to_owned()
                    };
                    format!("{}/{}", name(app), name(environment))
                };
                (side(|(from, _)| from), side(|(_, to)| to))
            }
        }
    }
}

/// Two blocks of one old name, or of one new name.
fn twice(reader: &mut Reader, moved: &[Moved]) {
    let mut old: BTreeMap<String, &Span> = BTreeMap::new();
    let mut new: BTreeMap<String, &Span> = BTreeMap::new();
    for one in moved {
        let (from, to) = one.what.ends();
        for (seen, name, span, says) in [
            (&mut old, from, &one.from, "is moved twice"),
            (&mut new, to, &one.to, "is what two are moved to"),
        ] {
            if let Some(first) = seen.get(&name) {
                let diagnostic = Diagnostic::error(format!("`{name}` {says}"))
                    .at(span.clone(), "")
                    .at((*first).clone(), "here too")
                    .hint("Keep one of the two.");
                reader.problems.push(diagnostic);
            } else {
                seen.insert(name, span);
            }
        }
    }
}

/// Moves that lead back to where they began; each circle is told once.
fn circles(reader: &mut Reader, moved: &[Moved]) {
    let next: BTreeMap<String, (String, &Span)> = moved
        .iter()
        .map(|one| {
            let (from, to) = one.what.ends();
            (from, (to, &one.from))
        })
        .collect();
    for start in next.keys() {
        let mut circle = vec![start];
        let mut at = start;
        while let Some((to, _)) = next.get(at) {
            if to == start {
                if circle.iter().min() == Some(&start) {
                    let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
                    let mut diagnostic = Diagnostic::error(format!(
                        "these are moved in a circle: `{}`",
                        names.join("`, `")
                    ))
                    .hint("Take one of them out.");
                    for (_, span) in circle.iter().filter_map(|name| next.get(*name)) {
                        diagnostic = diagnostic.at((*span).clone(), "");
                    }
                    reader.problems.push(diagnostic);
                }
                break;
            }
            if circle.contains(&to) {
                break;
            }
            circle.push(to);
            at = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use crate::diagnostic::Source;
    use crate::spec::parse;

    const HEAD: &str = r#"app = "shop"
environment = "prod"
region = "eu-west-1"
[components.front]
blueprint = "https-service"
"#;

    /// Moves as `from -> to`, what stands on both sides as TOML; and what is said of them.
    #[track_caller]
    fn check(moved: &[&str], expected: &str) {
        let mut text = HEAD.to_owned();
        for one in moved {
            let (from, to) = one.split_once(" -> ").unwrap();
            writeln!(text, "[[moved]]\nfrom = {from}\nto = {to}").unwrap();
        }
        let source = Arc::new(Source {
            name: "spec.toml".to_owned(),
            text,
        });
        let mut said = String::new();
        for problem in parse(&source, None).problems {
            let at = problem.labels.first().unwrap().span.line_and_column();
            writeln!(said, "{}:{}: {}", at.0, at.1, problem.message).unwrap();
        }
        assert_eq!(said, expected);
    }

    #[test]
    fn names_of_every_sort_move() {
        check(
            &[
                "\"old\" -> \"web\"",
                "\"web\" -> \"front\"",
                "\"front.aws_lb.main\" -> \"front.aws_lb.public\"",
                "{ app = \"store\" } -> { app = \"shop\" }",
                "{ environment = \"a\" } -> { environment = \"b\" }",
                "{ app = \"a\", environment = \"b\" } -> { app = \"shop\", environment = \"b\" }",
            ],
            "",
        );
    }

    #[test]
    fn what_can_not_move_is_said() {
        check(
            &["\"front\" -> \"web\""],
            "7:8: component `front` still stands in this spec\n8:6: there is no component `web`\n",
        );
        check(
            &["\"web\" -> \"front.aws_lb.main\""],
            "7:8: `web` is a component, and the other is none\n",
        );
        check(
            &["\"web\" -> { app = \"shop\" }"],
            "8:6: `from` and `to` are not of the same sort\n",
        );
        check(
            &["\"front.data.aws_vpc.main\" -> \"front.aws_vpc.main\""],
            "7:8: `front.data.aws_vpc.main` is neither a component nor the address of a resource\n",
        );
        check(
            &["{ app = \"a\" } -> { app = \"b\" }"],
            "8:6: nothing can move to the app `b` here\n",
        );
        check(
            &["{ app = \"a\" } -> { environment = \"b\" }"],
            "8:6: `app` stands on one side only\n",
        );
        check(
            &["{ environment = \"a\" } -> { environment = \"a\" }"],
            "8:6: nothing is moved\n",
        );
    }

    #[test]
    fn a_name_leads_to_one_other_and_never_back() {
        check(
            &["\"a\" -> \"front\"", "\"b\" -> \"front\""],
            "11:6: `front` is what two are moved to\n",
        );
        check(
            &["\"a\" -> \"front\"", "\"a\" -> \"b\"", "\"b\" -> \"front\""],
            "10:8: `a` is moved twice\n14:6: `front` is what two are moved to\n",
        );
        check(
            &["\"a\" -> \"b\"", "\"b\" -> \"a\""],
            "7:8: these are moved in a circle: `a`, `b`\n",
        );
    }
}
