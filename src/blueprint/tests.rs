//! Specs through the embedded blueprints, and blueprints that are wrong.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Library, expand};
use crate::diagnostic::{Diagnostic, Source};
use crate::resource::{Desired, Origin};
use crate::spec::{self, Spec};
use crate::value::Value;

fn parsed(text: &str) -> Spec {
    let source = Source {
        name: "spec.toml".to_owned(),
        text: text.to_owned(),
    };
    let parsed = spec::parse(&Arc::new(source));
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    parsed.spec.unwrap()
}

fn expanded(text: &str) -> Result<Desired, Vec<Diagnostic>> {
    expand(&parsed(text), &Library::embedded())
}

/// Everything that a spec comes to, as text.
fn listing(desired: &Desired) -> String {
    let mut text = String::new();
    for lookup in desired.lookups.values() {
        writeln!(text, "{} in {}", lookup.address, lookup.region).unwrap();
        for (name, value) in &lookup.arguments {
            writeln!(text, "    {name} = {}", value.to_json()).unwrap();
        }
    }
    for resource in desired.resources.values() {
        let from = told(&resource.origin);
        writeln!(
            text,
            "\n{} in {}  # {from}",
            resource.address, resource.region
        )
        .unwrap();
        for (name, value) in &resource.attributes {
            let note = if resource.generated.contains(name) {
                "  # generated".to_owned()
            } else if resource.defaulted.contains(name) {
                "  # default".to_owned()
            } else {
                match resource.origins.get(name) {
                    Some(origin) => format!("  # {}", told(origin)),
                    None => String::new(),
                }
            };
            writeln!(text, "    {name} = {}{note}", value.to_json()).unwrap();
        }
        for before in &resource.depends_on {
            writeln!(text, "    after {before}").unwrap();
        }
    }
    text.push('\n');
    for ((component, name), value) in &desired.outputs {
        writeln!(text, "{component}.{name} = {}", value.to_json()).unwrap();
    }
    text
}

fn told(origin: &Origin) -> String {
    let spec = origin.spec.as_ref().map(|span| span.line_and_column().0);
    let blueprint = origin.blueprint.as_ref().map_or_else(String::new, |span| {
        let (line, _) = span.line_and_column();
        let file = span.source.name.trim_start_matches("blueprints/");
        format!(", {file}:{line}")
    });
    format!("line {}{blueprint}", spec.unwrap_or_default())
}

fn lines(problems: &[Diagnostic]) -> String {
    let mut text = String::new();
    for problem in problems {
        let places: Vec<String> = problem
            .labels
            .iter()
            .map(|label| label.span.to_string())
            .collect();
        writeln!(text, "{}: {}", places.join(", "), problem.message).unwrap();
        for hint in &problem.hints {
            writeln!(text, "  {hint}").unwrap();
        }
    }
    text
}

#[test]
fn the_examples() {
    for (name, text) in [
        (
            "https-service",
            include_str!("../../examples/https-service.toml"),
        ),
        (
            "private-bucket",
            include_str!("../../examples/private-bucket.toml"),
        ),
        ("shop", include_str!("../../examples/shop.toml")),
        (
            "static-site",
            include_str!("../../examples/static-site.toml"),
        ),
    ] {
        let desired = expanded(text).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
        insta::assert_snapshot!(name, listing(&desired));
    }
}
