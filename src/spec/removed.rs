//! `[[removed]]`: what leaves the spec and goes on standing.
//!
//! A component or a resource was taken out of the spec; what stands of it is nobody's
//! business here any more. Its records are forgotten and AWS is left alone. A block of which
//! nothing is remembered is harmless, so that it can stay until every environment has had it.
//!
//! *Invariant*: what is let go is not in the spec.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{Reader, misspelt};
use crate::address::{self, Address, Mode};
use crate::diagnostic::{Diagnostic, Span};

/// One `[[removed]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// What is let go.
    pub what: Part,
    /// Place of its name.
    pub span: Span,
}

/// A part of a spec.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Everything of a component.
    Component(String),
    /// One resource.
    Resource(Address),
}

impl Part {
    /// Whether the resource is in this part.
    #[must_use]
    pub fn has(&self, address: &Address) -> bool {
        match self {
            Self::Component(name) => address.component == *name,
            Self::Resource(own) => own == address,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(name) => f.write_str(name),
            Self::Resource(address) => write!(f, "{address}"),
        }
    }
}

const KEYS: &[&str] = &["address"];
const EXAMPLE: &str = "Write `address = \"web\"` for a component, `address = \"web.aws_s3_bucket.logs\"` for a resource.";

/// Reads every block and holds them against the spec that they stand in.
pub(super) fn read(reader: &mut Reader, root: &DeTable<'_>) -> Vec<Removed> {
    let Some(list) = root
        .get("removed")
        .and_then(|value| reader.list("removed", value, "[[removed]]"))
    else {
        return Vec::new();
    };
    let removed: Vec<Removed> = list.iter().filter_map(|item| one(reader, item)).collect();
    let components = root
        .get("components")
        .and_then(|components| components.get_ref().as_table());
    let mut seen: BTreeMap<String, &Span> = BTreeMap::new();
    for Removed { what, span } in &removed {
        if let Part::Component(name) = what
            && components.is_some_and(|components| components.contains_key(name.as_str()))
        {
            let message = format!("component `{name}` still stands in this spec");
            let hint = format!("Take `[components.{name}]` out, or this `[[removed]]`.");
            reader.error(message, span.clone(), "so it is not removed", hint);
        }
        if let Some(first) = seen.insert(what.to_string(), span) {
            let diagnostic = Diagnostic::error(format!("`{what}` is removed twice"))
                .at(span.clone(), "")
                .at(first.clone(), "here too")
                .hint("Keep one of the two.");
            reader.problems.push(diagnostic);
        }
    }
    removed
}

fn one(reader: &mut Reader, item: &Spanned<DeValue<'_>>) -> Option<Removed> {
    let table = reader.table("each of `removed`", item, "[[removed]]")?;
    reader.unknown_keys("a `[[removed]]`", table, KEYS);
    let Some(value) = table.get("address") else {
        if misspelt("address", table, KEYS).is_none() {
            let span = reader.span(item);
            reader.missing("the `[[removed]]`", "address", span, EXAMPLE);
        }
        return None;
    };
    let text = reader.text("address", value)?;
    if address::is_component(&text.value) {
        return Some(Removed {
            what: Part::Component(text.value),
            span: text.span,
        });
    }
    let address = text.value.parse::<Address>().ok();
    if let Some(address) = address.filter(|address| address.mode == Mode::Managed) {
        return Some(Removed {
            what: Part::Resource(address),
            span: text.span,
        });
    }
    let message = format!(
        "`{}` is neither a component nor the address of a resource",
        text.value
    );
    reader.error(message, text.span, "", EXAMPLE);
    None
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use crate::diagnostic::Source;
    use crate::spec::parse;

    const HEAD: &str = "app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n\
        [components.front]\nblueprint = \"https-service\"\n";

    /// The blocks, and what is said of them.
    #[track_caller]
    fn check(blocks: &[&str], expected: &str) {
        let mut text = HEAD.to_owned();
        for block in blocks {
            writeln!(text, "[[removed]]\n{block}").unwrap();
        }
        let source = Arc::new(Source {
            name: "spec.toml".to_owned(),
            text,
        });
        let mut said = String::new();
        for problem in parse(&source, None).problems {
            let at = problem.labels.first().unwrap().span.line_and_column();
            writeln!(said, "{}:{}: {}", at.0, at.1, problem.message).unwrap();
            for hint in problem.hints.iter().filter(|hint| hint.contains("mean")) {
                writeln!(said, "    {hint}").unwrap();
            }
        }
        assert_eq!(said, expected);
    }

    #[test]
    fn components_and_resources_are_let_go() {
        check(
            &[
                "address = \"web\"",
                "address = \"front.aws_s3_bucket.logs\"",
            ],
            "",
        );
    }

    #[test]
    fn what_can_not_be_let_go_is_said() {
        check(
            &["address = \"front\""],
            "7:11: component `front` still stands in this spec\n",
        );
        check(
            &["address = \"front.data.aws_vpc.main\""],
            "7:11: `front.data.aws_vpc.main` is neither a component nor the address of a resource\n",
        );
        check(
            &["address = \"web\"", "address = \"web\""],
            "9:11: `web` is removed twice\n",
        );
        check(&["address = 1"], "7:11: `address` must be text\n");
        check(&[""], "6:1: the `[[removed]]` has no `address`\n");
        check(
            &["adress = \"web\""],
            "7:1: a `[[removed]]` has no key `adress`\n    Did you mean `address`?\n",
        );
    }
}
