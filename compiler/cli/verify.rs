//! `mediac verify`: files only, and cheap: whether they are as they were applied.

use clap::Args;

use super::exit::{Exit, Failure};
use super::status::State;
use super::target::{self, Machine};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// End with 2 when anything differs
    #[arg(long)]
    exit_code: bool,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let state = State::read(&machine)?;
    if arguments.json {
        terminal.result(&state.json());
    } else {
        for (path, why) in &state.files {
            terminal.result(&format!("{path}: {why}\n"));
        }
    }
    Ok(if arguments.exit_code && !state.files.is_empty() { Exit::Differences } else { Exit::Done })
}
