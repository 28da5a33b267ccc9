//! `watertight completions`: what a shell needs to complete the command line.
//!
//! *Invariant*: generated from the same definitions that parse the command line.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::Exit;
use crate::ui::Screen;

/// Print a shell's completions
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  watertight completions bash >> ~/.bash_completion
  watertight completions fish > ~/.config/fish/completions/watertight.fish
  watertight completions zsh > \"${fpath[1]}/_watertight\"")]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(screen: Screen, arguments: &Arguments) -> Exit {
    let mut script = Vec::new();
    let mut command = super::Arguments::command();
    generate(arguments.shell, &mut command, "watertight", &mut script);
    screen.data(&String::from_utf8_lossy(&script));
    Exit::Done
}
