//! What holds of the parser whatever it is given.

use proptest::prelude::*;

use super::tests::{GOOD, read};
use crate::diagnostic::Severity;

const BROKEN: &str = include_str!("../../examples/broken.toml");

fn any_spec() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[components.web]\n",
        "[components.net]\n",
        "[[waivers]]\n",
        "[tags]\n",
        "[state]\n",
        "[a.b]\n",
        "[[a]]\n",
        "app",
        "blueprint",
        "expires = ",
        "from = \"web.x\"",
        "a",
        ".",
        " = ",
        "\"x\"",
        "1",
        "inf",
        "2027-01-31",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "'''",
        "#",
        "\n",
        "\r",
        "\u{e9}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The text with some of its bytes removed or replaced.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let edit = (
        any::<prop::sample::Index>(),
        0..12_usize,
        "\\PC{0,3}|[\\[\\]{}=\"'.,\n]",
    );
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (place, length, with) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, with.into_bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Reads the text, and demands what holds of every one: it is read or refused, and what
/// is said stands in order and within the text.
fn survives(text: &str) {
    let parsed = read(text);
    let is_wrong = parsed
        .problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    assert!(parsed.spec.is_some() || is_wrong);
    let mut last = 0;
    for problem in &parsed.problems {
        for label in &problem.labels {
            assert!(text.get(label.span.start..label.span.end).is_some());
        }
        assert!(problem.labels[0].span.start >= last);
        last = problem.labels[0].span.start;
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces_of_a_spec_are_read_or_refused(text in any_spec()) {
        survives(&text);
    }

    #[test]
    fn any_change_to_a_spec_is_read_or_refused(text in mutated(GOOD)) {
        survives(&text);
    }

    #[test]
    fn any_change_to_a_bad_spec_is_read_or_refused(text in mutated(BROKEN)) {
        survives(&text);
    }
}

#[test]
fn depth_does_not_exhaust_the_stack() {
    survives(&"[".repeat(100_000));
    survives(&format!("{}b = 1", "a.".repeat(1_000_000)));
    survives(&format!("{}b = 1", "a . ".repeat(1_000_000)));
    survives(&format!("a = {}", "[".repeat(100_000)));
    survives(&format!("a = {}", "{a=".repeat(100_000)));
    survives(&format!("[{}a]", "a.".repeat(1_000_000)));
    survives(&format!("[{}a]\n", "a.".repeat(79)).repeat(1000));
    survives(&format!("[[{}a]]\n", "a.".repeat(79)).repeat(1000));
}
