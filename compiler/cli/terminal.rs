//! Writing to the terminal.

use std::env;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::Colour;
use super::exit::Failure;
use crate::report::Styling;

/// Standard output for results, standard error for everything else.
pub struct Terminal {
    stdout: Styling,
    stderr: Styling,
}

impl Terminal {
    pub fn new(colour: Colour) -> Self {
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let style = |is_terminal: bool| match colour {
            Colour::Always => Styling::Coloured,
            Colour::Auto if is_terminal && !no_colour => Styling::Coloured,
            Colour::Auto | Colour::Never => Styling::Plain,
        };
        Self { stdout: style(io::stdout().is_terminal()), stderr: style(io::stderr().is_terminal()) }
    }

    /// How results may look.
    pub const fn stdout(&self) -> Styling {
        self.stdout
    }

    /// How diagnostics may look.
    pub const fn stderr(&self) -> Styling {
        self.stderr
    }

    /// Writes a result. A reader that went away is no fault of ours.
    #[allow(clippy::unused_self, reason = "whoever prints needs a terminal")]
    pub fn result(&self, text: &str) {
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }

    /// Writes a result that need not be text.
    #[allow(clippy::unused_self, reason = "whoever prints needs a terminal")]
    pub fn bytes(&self, bytes: &[u8]) {
        let _ = io::stdout().lock().write_all(bytes);
    }

    /// Writes progress or diagnostics.
    #[allow(clippy::unused_self, reason = "whoever prints needs a terminal")]
    pub fn progress(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Asks for a line on the terminal that standard input is, and does not show what is typed.
    pub fn ask_silently(&self, question: &str) -> io::Result<String> {
        let input = io::stdin();
        let usual = tcgetattr(&input)?;
        let mut silent = usual.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Flush, &silent)?;
        self.progress(question);
        let mut line = String::new();
        let read = input.lock().read_line(&mut line);
        tcsetattr(&input, OptionalActions::Flush, &usual)?;
        self.progress("\n");
        read.map(|_| line)
    }

    /// Says why a command could not do its work.
    pub fn error(&self, failure: &Failure) {
        self.progress(&format!("error: {failure}\n"));
    }
}
