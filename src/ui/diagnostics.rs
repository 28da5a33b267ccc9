//! Diagnostics for people and for programs.
//!
//! In: diagnostics as data. Out: text in which every place is shown and underlined, or
//! one JSON document.
//!
//! *Invariant*: nothing is decided or left out here; both formats say the same.

use std::sync::Arc;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str,
};
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Label, Severity, Source, Span};

/// How the text should look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// With or without colours.
    pub colours: Colours,
    /// Columns of the terminal, if it is one.
    pub width: Option<usize>,
}

/// With or without colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// Plain text.
    #[default]
    Off,
    /// Escape codes of terminals.
    On,
}

/// The diagnostics as text, in the order of their places, and a last line that counts
/// them. Nothing where there are none.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], look: Look) -> String {
    let renderer = match look.colours {
        Colours::Off => Renderer::plain(),
        Colours::On => Renderer::styled(),
    };
    let renderer = match look.width {
        Some(width) => renderer.term_width(width),
        None => renderer,
    };
    let diagnostics = sorted(diagnostics);
    if diagnostics.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for diagnostic in &diagnostics {
        text.push_str(&renderer.render(&report(diagnostic)));
        text.push_str("\n\n");
    }
    text.push_str(&counted(&diagnostics));
    text.push('\n');
    text
}

/// The diagnostics as one JSON document: `{diagnostics, errors, warnings}`.
#[must_use]
#[expect(
    clippy::missing_panics_doc,
    reason = "diagnostics are plain data, which JSON can hold"
)]
pub fn json(diagnostics: &[Diagnostic]) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        diagnostics: Vec<&'a Diagnostic>,
        errors: usize,
        warnings: usize,
    }
    let diagnostics = sorted(diagnostics);
    let report = Report {
        errors: count(&diagnostics, Severity::Error),
        warnings: count(&diagnostics, Severity::Warning),
        diagnostics,
    };
    serde_json::to_string_pretty(&report)
        .expect("this is a bug: diagnostics are plain data, which JSON can hold")
}

/// By file and place, those without a place first, none of them twice.
fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    let place = |diagnostic: &Diagnostic| {
        diagnostic.labels.first().map(|label| {
            let span = &label.span;
            (span.source.name.clone(), span.start, span.end)
        })
    };
    sorted.sort_by_cached_key(|diagnostic| place(diagnostic));
    sorted.dedup();
    sorted
}

fn count(diagnostics: &[&Diagnostic], severity: Severity) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == severity)
        .count()
}

/// `2 errors, 1 warning`.
fn counted(diagnostics: &[&Diagnostic]) -> String {
    let named = |n: usize, name: &str| match n {
        1 => format!("1 {name}"),
        n => format!("{n} {name}s"),
    };
    let errors = named(count(diagnostics, Severity::Error), "error");
    let warnings = named(count(diagnostics, Severity::Warning), "warning");
    format!("{errors}, {warnings}")
}

/// The first place under the message, with others of the same file; places in other
/// files as notes below, and the hints at the end of the first group.
fn report(diagnostic: &Diagnostic) -> Vec<Group<'_>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(diagnostic.message.as_str());
    if let Some(code) = &diagnostic.code {
        title = title.id(normalize_untrusted_str(code));
    }
    let mut group = Group::with_title(title);
    let mut notes = Vec::new();
    if let Some((first, others)) = diagnostic.labels.split_first() {
        let source = &first.span.source;
        let (here, elsewhere): (Vec<&Label>, Vec<&Label>) = others
            .iter()
            .partition(|label| Arc::ptr_eq(&label.span.source, source));
        let context = here
            .into_iter()
            .map(|label| annotation(AnnotationKind::Context, label));
        group = group.element(
            snippet(source)
                .annotation(annotation(AnnotationKind::Primary, first))
                .annotations(context),
        );
        notes = elsewhere.into_iter().map(note).collect();
    }
    for hint in &diagnostic.hints {
        group = group.element(Level::HELP.message(normalize_untrusted_str(hint)));
    }
    let mut groups = vec![group];
    groups.extend(notes);
    groups
}

/// A place in a file that is not the first one's, such as the blueprint's line.
fn note(label: &Label) -> Group<'_> {
    let text = match label.text.as_str() {
        "" => "from here",
        text => text,
    };
    Level::NOTE
        .secondary_title(normalize_untrusted_str(text))
        .element(snippet(&label.span.source).annotation(annotation_of(
            AnnotationKind::Primary,
            &label.span,
            "",
        )))
}

fn snippet(source: &Arc<Source>) -> Snippet<'_, Annotation<'_>> {
    Snippet::source(source.text.as_str()).path(normalize_untrusted_str(&source.name))
}

fn annotation(kind: AnnotationKind, label: &Label) -> Annotation<'_> {
    annotation_of(kind, &label.span, &label.text)
}

fn annotation_of<'a>(kind: AnnotationKind, span: &Span, text: &'a str) -> Annotation<'a> {
    let source = &span.source.text;
    // A span of another text, or one that ends within a letter, must not end the program
    // that is about to say what is wrong.
    let start = source.floor_char_boundary(span.start);
    let end = source.floor_char_boundary(span.end).max(start);
    let annotation = kind.span(start..end);
    match text {
        "" => annotation,
        text => annotation.label(normalize_untrusted_str(text)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::{Colours, Look, json, render};
    use crate::diagnostic::{Diagnostic, Source, Span};
    use crate::spec;

    fn source(name: &str, text: &str) -> Arc<Source> {
        Arc::new(Source {
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }

    fn examples() -> Vec<Diagnostic> {
        let file = source(
            "shop.toml",
            "app = \"shop\"\nregoin = 3\n\n# é\n[components.web]\nport = 80\nport = 443\n",
        );
        let blueprint = source("blueprints/site/lb.toml.tera", "[a]\nport = {{ port }}\n");
        let at = |needle: &str| {
            let start = file.text.find(needle).unwrap();
            Span::new(&file, start..start + needle.len())
        };
        vec![
            Diagnostic::error("port 80 is open to everybody")
                .code("WT-SG-001")
                .at(at("[components.web]"), "made by this component")
                .at(Span::line_of(&blueprint, 2), "the blueprint's line")
                .hint("Open port 443 alone."),
            Diagnostic::error("`port` is written twice")
                .at(at("port = 443"), "again")
                .at(at("port = 80"), "first"),
            Diagnostic::warning("the spec has no key `regoin`")
                .at(at("regoin"), "")
                .hint("Did you mean `region`?")
                .hint("Its keys are listed in the manual."),
            Diagnostic::error("no credentials"),
            Diagnostic::error("no credentials"),
        ]
    }

    #[test]
    fn each_is_shown_once_in_the_order_of_places_and_counted() {
        assert_snapshot!(render(&examples(), Look::default()), @r"
        error: no credentials

        warning: the spec has no key `regoin`
         --> shop.toml:2:1
          |
        2 | regoin = 3
          | ^^^^^^
          |
          = help: Did you mean `region`?
          = help: Its keys are listed in the manual.

        error[WT-SG-001]: port 80 is open to everybody
         --> shop.toml:5:1
          |
        5 | [components.web]
          | ^^^^^^^^^^^^^^^^ made by this component
          |
          = help: Open port 443 alone.
        note: the blueprint's line
         --> blueprints/site/lb.toml.tera:2:1
          |
        2 | port = {{ port }}
          | ^^^^^^^^^^^^^^^^^

        error: `port` is written twice
         --> shop.toml:7:1
          |
        6 | port = 80
          | --------- first
        7 | port = 443
          | ^^^^^^^^^^ again

        3 errors, 1 warning
        ");
    }

    #[test]
    fn colours_change_no_word() {
        let look = Look {
            colours: Colours::On,
            width: None,
        };
        let coloured = render(&examples(), look);
        assert!(coloured.contains('\u{1b}'));
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(stripped, render(&examples(), Look::default()));
    }

    #[test]
    fn a_narrow_terminal_cuts_long_lines() {
        let text = format!("a = \"{}\"\nb = 1\n", "x".repeat(300));
        let file = source("spec.toml", &text);
        let diagnostics = [Diagnostic::error("too long").at(Span::line_of(&file, 1), "")];
        let look = Look {
            colours: Colours::Off,
            width: Some(60),
        };
        let rendered = render(&diagnostics, look);
        let widest = rendered.lines().map(str::len).max();
        assert!(widest < Some(100), "{rendered}");
    }

    #[test]
    fn nothing_wrong_is_no_text() {
        assert_eq!(render(&[], Look::default()), "");
    }

    #[test]
    fn programs_read_the_same() {
        assert_snapshot!(json(&examples()[2..4]), @r#"
        {
          "diagnostics": [
            {
              "severity": "error",
              "code": null,
              "message": "no credentials",
              "labels": [],
              "hints": []
            },
            {
              "severity": "warning",
              "code": null,
              "message": "the spec has no key `regoin`",
              "labels": [
                {
                  "span": {
                    "file": "shop.toml",
                    "line": 2,
                    "column": 1
                  },
                  "text": ""
                }
              ],
              "hints": [
                "Did you mean `region`?",
                "Its keys are listed in the manual."
              ]
            }
          ],
          "errors": 1,
          "warnings": 1
        }
        "#);
    }

    #[test]
    fn escape_codes_in_a_spec_do_not_reach_the_terminal() {
        let file = source("spec\u{1b}[2J.toml", "\u{1b}[2J = 1\n");
        let diagnostics = [Diagnostic::error("bad \u{1b}[2J")
            .at(Span::line_of(&file, 1), "bad \u{1b}[2J")
            .hint("bad \u{1b}[2J")];
        let rendered = render(&diagnostics, Look::default());
        assert!(!rendered.contains('\u{1b}'), "{rendered}");
    }

    proptest! {
        #[test]
        fn what_is_wrong_with_any_text_can_be_shown(
            text in "[a-z\\[\\]{}=\"'.\n\r\t\u{1b}é漢\u{200d}]{0,60}|\\PC{0,40}",
            width in 1..200_usize,
        ) {
            let problems = spec::parse(&source("spec.toml", &text), None).problems;
            for colours in [Colours::Off, Colours::On] {
                let rendered = render(&problems, Look { colours, width: Some(width) });
                prop_assert_eq!(rendered.is_empty(), problems.is_empty());
            }
        }

        #[test]
        fn any_span_of_any_text_can_be_shown(
            text in "\\PC{0,20}\n\\PC{0,20}\r?\n?",
            start in 0..60_usize,
            length in 0..60_usize,
            more in 0..60_usize,
        ) {
            let file = source("spec.toml", &text);
            let diagnostic = Diagnostic::error("wrong")
                .at(Span::new(&file, start..start + length), "here")
                .at(Span::new(&file, more..more + length), "there");
            prop_assert!(render(&[diagnostic], Look::default()).starts_with("error: wrong"));
        }
    }
}
