//! The terminal as it was before anything was asked.
//!
//! Questions read key by key: until one is answered nothing that is typed shows, and often the
//! cursor is hidden. A signal ends the run in the middle of that.
//!
//! *Invariant*: who never touched the terminal leaves it alone.

#[cfg(unix)]
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Screen;

/// How a terminal was.
#[derive(Debug)]
pub struct Before {
    screen: Screen,
    /// None where nobody can be asked.
    #[cfg(unix)]
    modes: Option<Termios>,
}

impl Before {
    /// As it is now.
    #[must_use]
    pub fn now(screen: Screen) -> Self {
        Self {
            screen,
            #[cfg(unix)]
            modes: (screen.terminal.input && screen.terminal.error)
                .then(|| tcgetattr(std::io::stdin()).ok())
                .flatten(),
        }
    }

    /// Makes it so again, with its cursor; what is said next stands on a line of its own.
    #[cfg(unix)]
    pub fn restore(&self) {
        const SHOW_CURSOR: &str = "\u{1b}[?25h";
        let Some(before) = &self.modes else { return };
        let is_asking =
            tcgetattr(std::io::stdin()).is_ok_and(|now| now.local_modes != before.local_modes);
        if is_asking {
            // A terminal that went away needs no care.
            super::end(
                tcsetattr(std::io::stdin(), OptionalActions::Drain, before).map_err(Into::into),
            );
            self.screen.talk("\n");
        }
        super::end(std::io::Write::write_all(
            &mut std::io::stderr(),
            SHOW_CURSOR.as_bytes(),
        ));
    }

    /// Nothing to do: there is no such mode.
    #[cfg(not(unix))]
    pub fn restore(&self) {}
}
