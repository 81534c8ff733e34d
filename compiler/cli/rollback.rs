//! `mediac rollback`: goes back to a build that was applied before. Needs no project: the build is on the machine.

use clap::Args;

use super::apply::{Doing, Job};
use super::exit::{Exit, Failure};
use super::plan::Change;
use super::secrets::store::Encrypted;
use super::target::secrets::RootKey;
use super::target::{self, Machine, history};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The number of the build; by default the one before
    #[arg(value_name = "BUILD")]
    number: Option<u64>,
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    doing: Doing,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let lock = machine.lock()?;
    super::recover::make_way(&machine, &arguments.doing, terminal)?;
    let journal = machine.journal()?;
    let number = match arguments.number {
        Some(number) => number,
        None => history::before(&machine, journal.current).ok_or_else(|| {
            Failure::refused("there is no build to go back to", "`mediac history` lists those that there are")
        })?,
    };
    let (build, _) = machine.generation(number)?;
    let change = Change::back();
    let thought = change.think(&machine, build, Encrypted::default(), RootKey::Read)?;
    let job = Job { machine: &machine, change: &change, doing: &arguments.doing, verb: "rollback" };
    job.carry_out(thought, lock, terminal)
}
