//! `mediac recover`: takes back an apply that was cut off. Needs no network, no Nickel and no project.

use clap::Args;

use super::apply::Doing;
use super::exit::{Exit, Failure};
use super::target::secrets::{self, RootKey};
use super::target::{self, Machine, history};
use super::terminal::Terminal;
use crate::apply::{End, Generation, Target};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    doing: Doing,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let _lock = machine.lock()?;
    take_back(&machine, &arguments.doing, terminal)
}

/// Takes back what was cut off, if anything was.
pub fn take_back(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut journal = machine.journal()?;
    tidy(machine, &journal)?;
    let Some(work) = journal.work.clone() else { return Ok(Exit::Done) };
    let old = machine.current(&journal)?;
    let new = machine.generation(work.to).ok().map(|(build, _)| build);
    let builds: Vec<&Generation> = old.iter().chain(new.iter()).collect();
    let values = secrets::values(machine, &builds, RootKey::Read)?;
    let target = Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let mut hands = doing.hands(machine, terminal);
    terminal.progress(&format!("build {} was cut off: taking it back\n", work.to));
    let undone = target.undo(&mut journal, old.as_ref(), new.as_ref(), &values, &mut hands);
    let reason = "cut off".to_owned();
    let end = match &undone {
        Ok(()) => End::Undone(reason),
        Err(error) => End::Degraded(reason, error.clone()),
    };
    history::note(machine, "recover", journal.current, work.to, &end);
    undone.map_err(|message| Failure {
        exit: Exit::Degraded,
        message,
        help: "`mediac status` shows what is left; `mediac recover` tries again".to_owned(),
    })?;
    tidy(machine, &journal)?;
    Ok(Exit::Done)
}

/// Removes what was never finished: builds whose keeping was cut off or that nothing came of, and files of mediac's own
/// that never got their names, one of which may be a key.
fn tidy(machine: &Machine, journal: &crate::apply::Journal) -> Result<(), Failure> {
    for path in machine.places.unfinished() {
        machine.disk.remove(&path).map_err(|error| machine.cannot("remove", &path, &error))?;
    }
    let folder = &machine.places.generations;
    let names = machine.disk.list(folder).map_err(|error| machine.cannot("read", folder, &error))?;
    let used = journal.work.as_ref().map(|work| work.to);
    for name in names {
        let number: Option<u64> = name.parse().ok();
        if number.is_none() || number.is_some_and(|number| number > journal.last && Some(number) != used) {
            let path = format!("{folder}/{name}");
            machine.disk.remove_tree(&path).map_err(|error| machine.cannot("remove", &path, &error))?;
        }
    }
    Ok(())
}
