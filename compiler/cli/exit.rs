//! Exit codes: one table for all commands.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::panic;
use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use serde::{Deserialize, Serialize};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Invalid input or a failed check; nothing was changed.
    Invalid,
    /// Differences exist; only where they were asked for.
    Differences,
    /// Refused: something is in the way that mediac did not make.
    Refused,
    /// It failed, and the machine is as it was.
    Undone,
    /// It failed, and so did undoing it, or a part of it.
    Degraded,
    /// Another mediac is at work.
    Locked,
    /// The command line was wrong.
    Usage,
    /// A fault of mediac.
    Internal,
}

/// The table: the code, what it means, and what the machine is like.
const TABLE: &[(Exit, u8, &str, &str)] = &[
    (Exit::Done, 0, "done, or there was nothing to do", "as wanted"),
    (Exit::Invalid, 1, "invalid input, a failed check, or too little room", "nothing was changed"),
    (Exit::Differences, 2, "there are differences; only with `--exit-code`", "nothing was changed"),
    (Exit::Refused, 3, "refused: something is in the way, or waits to be confirmed", "nothing was changed"),
    (Exit::Undone, 4, "it failed, or was not confirmed in time", "as it was before"),
    (
        Exit::Degraded,
        5,
        "it failed, and taking it back did too; or a part of it is left",
        "see `mediac status`",
    ),
    (Exit::Locked, 6, "another mediac is at work", "nothing was changed by this one"),
    (Exit::Usage, 64, "the command line was wrong", "nothing was changed"),
    (Exit::Internal, 70, "a fault of mediac: please report it", "see `mediac status`"),
];

/// The table for people: a line for the code, and one below it for the machine.
pub(super) fn table() -> String {
    let mut text = String::new();
    for (_, code, means, machine) in TABLE {
        let _ = write!(text, "{code:>4}  {means}\n      machine: {machine}\n");
    }
    text
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        let found = TABLE.iter().find(|(other, ..)| *other == exit);
        found.map_or(Self::FAILURE, |(_, code, ..)| Self::from(*code))
    }
}

/// Why a command could not do its work.
#[derive(Debug, Serialize, Deserialize)]
pub struct Failure {
    /// How it ends.
    pub exit: Exit,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Failure {
    /// A failure because of what was given.
    pub fn invalid(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Invalid, message: message.into(), help: help.into() }
    }

    /// A failure because something is in the way.
    pub fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  = help: {}", self.message, self.help)
    }
}

/// Ends a wrong command line as sysexits(3) has it: clap's own code would mean "differences" here.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // Help and version go to standard output; if that is closed there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

/// A panic is a fault of mediac, and says so.
pub(super) fn report_panics() {
    panic::set_hook(Box::new(|info| {
        // A thread that evaluates hands its panic on; the others end the process.
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "internal error, please report: panic at {place}");
    }));
}

/// What is in memory stays there: a core dump would have the secrets in it.
pub(super) fn leave_no_core() {
    // Where the kernel refuses there is nothing else to be done.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
