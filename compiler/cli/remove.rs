//! `mediac remove`: takes everything that mediac made off the machine. Folders, programs' own files and packages stay.

use clap::Args;

use super::apply::{Doing, Job};
use super::exit::{Exit, Failure};
use super::plan::Change;
use super::secrets::store::Encrypted;
use super::target::secrets::RootKey;
use super::target::{self, Machine};
use super::terminal::Terminal;
use crate::apply::Generation;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    doing: Doing,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let lock = machine.lock()?;
    super::recover::take_back(&machine, &arguments.doing, terminal)?;
    let Some(old) = machine.current(&machine.journal()?)? else {
        terminal.result("nothing was applied here\n");
        return Ok(Exit::Done);
    };
    let change = Change::default();
    let nothing = Generation::nothing(&old.manifest.host);
    let thought = change.think(&machine, nothing, Encrypted::default(), RootKey::Read)?;
    let job = Job { machine: &machine, change: &change, doing: &arguments.doing, verb: "remove" };
    job.carry_out(thought, lock, terminal)
}
