//! `mediac remove`: takes everything that mediac made off the machine. Folders, programs' own files and packages stay.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::apply::{Doing, Job};
use super::exit::{Exit, Failure};
use super::plan::Change;
use super::secrets::store::Encrypted;
use super::target::secrets::RootKey;
use super::target::{self, Machine};
use super::terminal::Terminal;
use crate::apply::{Generation, ancestors};

/// Folders of mediac's own.
const OWN: [&str; 2] = ["/etc/mediac", "/usr/lib/mediac"];

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
    super::recover::make_way(&machine, &arguments.doing, terminal)?;
    let Some(old) = machine.current(&machine.journal()?)? else {
        terminal.result("nothing was applied here\n");
        return Ok(Exit::Done);
    };
    let change = Change::default();
    let nothing = Generation::nothing(&old.manifest.host);
    let thought = change.think(&machine, nothing, Encrypted::default(), RootKey::Read)?;
    let job = Job { machine: &machine, change: &change, doing: &arguments.doing, verb: "remove" };
    let exit = job.carry_out(thought, lock, terminal)?;
    tidy(&machine, &old);
    Ok(exit)
}

/// Removes folders that only mediac puts files into, where they are empty, and what it has in memory.
fn tidy(machine: &Machine, old: &Generation) {
    let own = |folder: &String| OWN.iter().any(|own| folder == own || folder.starts_with(&format!("{own}/")));
    let additions = |folder: &String| {
        folder == "/etc/sysusers.d"
            || (folder.starts_with("/etc/systemd/")
                && Path::new(folder).extension().is_some_and(|kind| kind == "d"))
    };
    let above = old.files.keys().flat_map(|path| ancestors(path));
    let mut folders: BTreeSet<String> = above.filter(|folder| own(folder) || additions(folder)).collect();
    folders.extend(OWN.map(str::to_owned));
    folders.insert("/etc/mediac/live".to_owned());
    for folder in folders.iter().rev() {
        let _ = machine.disk.remove_empty(folder);
    }
    let _ = machine.disk.remove_tree("/run/mediac");
}
