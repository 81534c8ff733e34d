//! `mediac completions`: what a shell needs to complete the command line.

use clap::Args;

use super::exit::{Exit, Failure};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

#[allow(clippy::unnecessary_wraps, reason = "all verbs have this shape")]
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "mediac", &mut text);
    terminal.result(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}
