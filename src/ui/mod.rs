//! Everything that people see. The only place that prints.
//!
//! Data goes to standard output, talk to standard error, so that a pipe gets data alone.
//! Colour goes to terminals only, and not where `NO_COLOR` is set.
//!
//! *Invariant*: nothing here decides anything; it shows what it is given.

pub mod blueprint;
pub mod by_hand;
pub mod check;
pub mod code;
pub mod compare;
pub mod confirm;
pub mod diagnostics;
pub mod doctor;
pub mod drift;
pub mod duplicates;
pub mod explain;
pub mod export;
pub mod health;
mod markdown;
pub mod next;
pub mod output;
pub mod plan;
mod policy;
pub mod progress;
pub mod prompt;
pub mod report;
pub mod review;
pub mod saved;
pub mod scaffolded;
pub mod state;
mod style;
mod table;
pub mod takeover;
pub mod terminal;
pub mod terraform;
pub mod tour;
mod value;

use std::io::Write;

use crate::world::Terminal;

/// The two streams.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Which of them a person sits at.
    pub terminal: Terminal,
}

impl Screen {
    /// How diagnostics should look on standard error.
    fn look(self) -> diagnostics::Look {
        let columns = dialoguer::console::Term::stderr().size_checked();
        diagnostics::Look {
            // What is no terminal gets none of them: the stream takes them out.
            colours: diagnostics::Colours::On,
            width: columns
                .filter(|_| self.terminal.error)
                .map(|(_, columns)| usize::from(columns)),
        }
    }

    /// Writes data.
    pub fn data(self, text: &str) {
        end(anstream::stdout().write_all(text.as_bytes()));
    }

    /// Writes talk.
    pub fn talk(self, text: &str) {
        end(anstream::stderr().write_all(text.as_bytes()));
    }
}

/// A reader that went away (`| head`) is no reason to stop: what runs must run to its end.
fn end(written: std::io::Result<()>) {
    drop(written);
}
