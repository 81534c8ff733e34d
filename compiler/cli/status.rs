//! `mediac status`: what was edited by hand since the last apply, and what is under way.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;

use super::exit::{Exit, Failure};
use super::target::secrets::{self, RootKey};
use super::target::{self, Machine};
use super::terminal::Terminal;
use crate::apply::{self, Policy, Request, Verdict, word};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// End with 2 when anything was edited
    #[arg(long)]
    exit_code: bool,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let journal = machine.journal()?;
    if let Some(work) = &journal.work {
        terminal.result(&format!("build {} was cut off: `mediac recover` takes it back\n", work.to));
        return Ok(Exit::Degraded);
    }
    let Some(build) = machine.current(&journal)? else {
        terminal.result("nothing was applied yet\n");
        return Ok(Exit::Done);
    };
    let values = secrets::values(&machine, &[&build], RootKey::Read)?;
    let accounts = machine.accounts(&build)?;
    let request = Request {
        disk: &machine.disk,
        old: Some(&build),
        new: &build,
        values: &values,
        accounts: &accounts,
        policy: Policy::Fail,
        adopted: &BTreeSet::new(),
    };
    let prospect = apply::prospect(&request).map_err(|error| machine.cannot("read", "/", &error))?;
    let mut text = String::new();
    for item in prospect.paths.iter().filter(|item| item.verdict != Verdict::Keep) {
        let _ = writeln!(text, "  {}: {}", item.path, word(item.verdict));
    }
    for step in &journal.pending {
        let _ = writeln!(text, "  still to be done: `{}`", step.command.join(" "));
    }
    let clean = text.is_empty();
    let title = if clean { "as it was applied" } else { "differs from what was applied" };
    let number = journal.current.unwrap_or_default();
    terminal.result(&format!("{}, build {number}: {title}\n{text}", build.manifest.host));
    Ok(if arguments.exit_code && !clean { Exit::Differences } else { Exit::Done })
}
