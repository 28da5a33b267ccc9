//! What went wrong before there was a plan, in words.
//!
//! *Invariant*: an error says what to do next wherever that is known.

use std::fmt::Write as _;

use super::Screen;
use super::diagnostics;
use super::style::{CYAN, RED, paint};
use crate::aws;
use crate::pipeline::Stop;
use crate::refresh::Failure;
use crate::state::store;

/// Why a run ended early, and what to do next.
#[must_use]
pub fn stop(screen: Screen, stop: &Stop) -> String {
    match stop {
        Stop::Wrong(problems) => diagnostics::render(problems, screen.look()),
        Stop::Refused(refusal) => diagnostics::render(&refusal.diagnostics(), screen.look()),
        Stop::Aws(error) => aws_error(None, error),
        Stop::Unread(failures) => unread(failures),
        Stop::State(error) => state_error(error),
        Stop::Account {
            expected,
            found,
            says,
            who,
        } => error(
            &format!("{says} is {expected}, but the credentials are for account {found} ({who})"),
            &[
                &format!(
                    "choose a profile or a role of account {expected} (AWS_PROFILE), or sign in to it; nothing was touched"
                ),
                "if the app is to stand in another account, give it there an environment of its own: one state knows one account",
            ],
        ),
    }
}

/// `error: message` and its hints.
#[must_use]
pub fn error(message: &str, hints: &[&str]) -> String {
    let mut text = format!("{} {message}\n", paint(RED.bold(), "error:"));
    for hint in hints {
        // A string takes all that is written to it.
        let _infallible = writeln!(text, "  {} {hint}", paint(CYAN, "help:"));
    }
    text
}

/// A failed call, of a resource where it is about one.
#[must_use]
pub fn aws_error(address: Option<&str>, failed: &aws::Error) -> String {
    let message = match address {
        Some(address) => format!("{address}: {failed}"),
        None => failed.to_string(),
    };
    error(&message, failed.next_step().as_slice())
}

/// The state's error with what caused it.
#[must_use]
pub fn state_error(failed: &store::Error) -> String {
    let mut message = failed.to_string();
    let mut source = std::error::Error::source(failed);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    error(&message, &[&failed.hint()])
}

/// The same failure of several resources is told once.
fn unread(failures: &[Failure]) -> String {
    let mut text = String::new();
    let mut told: Vec<(String, &aws::Error, Vec<String>)> = Vec::new();
    for failure in failures {
        let key = format!(
            "{} {:?} {:?}",
            failure.error.operation, failure.error.code, failure.error.message
        );
        match told.iter_mut().find(|(other, ..)| *other == key) {
            Some((_, _, addresses)) => addresses.push(failure.address.to_string()),
            None => told.push((key, &failure.error, vec![failure.address.to_string()])),
        }
    }
    for (_, failed, addresses) in told {
        text.push_str(&aws_error(Some(&addresses.join(", ")), failed));
    }
    text
}
