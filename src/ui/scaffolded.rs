//! What a new spec comes to, and what to type next.
//!
//! *Invariant*: a command that is suggested is one that can be typed as it stands.

use std::fmt::Write as _;

use super::check;
use super::style::{BOLD, DIM, GREEN, paint};
use crate::guardrail::Approved;

/// Where the spec is.
#[must_use]
pub fn written(name: &str) -> String {
    format!("\n{} {name}\n", paint(GREEN, "wrote"))
}

/// What the spec comes to and, where it is in a file, the next steps.
#[must_use]
pub fn summary(name: Option<&str>, approved: &Approved) -> String {
    let mut text = check::render(approved);
    let Some(name) = name else {
        return text;
    };
    let name = in_shell(name);
    let _infallible = writeln!(text, "\n{}", paint(BOLD, "Next:"));
    for (command, what) in [
        (
            format!("watertight plan {name} --sandbox"),
            "what would be done, on a local stand-in for AWS",
        ),
        (
            format!("watertight apply {name} --sandbox"),
            "do it there; no account needed",
        ),
        (
            format!("watertight plan {name}"),
            "the same on AWS, with your credentials",
        ),
    ] {
        // A string takes all that is written to it.
        let _infallible = writeln!(text, "  {command}\n      {}", paint(DIM, what));
    }
    text
}

/// The name as a shell takes it for one word.
fn in_shell(name: &str) -> String {
    let is_plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    if is_plain && !name.starts_with('-') {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::in_shell;

    #[test]
    fn a_name_is_one_word() {
        assert_eq!(in_shell("specs/shop.toml"), "specs/shop.toml");
        assert_eq!(in_shell("my shop.toml"), "'my shop.toml'");
        assert_eq!(in_shell("it's.toml"), r"'it'\''s.toml'");
    }
}
