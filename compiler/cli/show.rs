//! `mediac show`: a build that was applied to this machine: its files, or one of them.

use std::fmt::Write as _;

use clap::Args;

use super::exit::{Exit, Failure};
use super::target::{self, Machine};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The number of the build; by default the current one
    #[arg(value_name = "BUILD")]
    number: Option<u64>,
    /// The file to show; references stand where secrets belong
    #[arg(value_name = "PATH", requires = "number")]
    path: Option<String>,
    #[command(flatten)]
    target: target::Arguments,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let current = machine.journal()?.current;
    let nothing = || Failure::refused("nothing was applied yet", "`mediac apply` does it");
    let number = arguments.number.or(current).ok_or_else(nothing)?;
    let (build, _) = machine.generation(number)?;
    if let Some(path) = &arguments.path {
        let help = format!("`mediac show {number}` lists those that are");
        let bytes = build.files.get(path);
        let bytes =
            bytes.ok_or_else(|| Failure::invalid(format!("`{path}` is not in build {number}"), help))?;
        terminal.bytes(bytes);
        return Ok(Exit::Done);
    }
    let mut text = format!("{}, build {number}, {}\n", build.manifest.host, build.manifest.id);
    for entry in &build.manifest.files {
        let _ = writeln!(
            text,
            "  {} {}:{} {:6} {}",
            entry.mode, entry.owner, entry.group, entry.class, entry.path
        );
    }
    terminal.result(&text);
    Ok(Exit::Done)
}
