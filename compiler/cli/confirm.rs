//! `mediac confirm`: says that the machine can still be reached, so that the build stays.

use clap::Args;

use super::exit::{Exit, Failure};
use super::target::{self, Machine, window};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    /// What the apply printed; without it, whatever waits is confirmed
    #[arg(value_name = "TOKEN")]
    token: Option<String>,
    #[command(flatten)]
    target: target::Arguments,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let _lock = machine.lock()?;
    let number = window::confirm(&machine, arguments.token.as_deref())?;
    terminal.progress(&format!("build {number} stays\n"));
    Ok(Exit::Done)
}
