//! `mediac recover`: takes back an apply that was cut off. Needs no network, no Nickel and no project.

use clap::Args;

use super::apply::Doing;
use super::exit::{Exit, Failure};
use super::target::secrets::{self, RootKey};
use super::target::{self, Machine, history};
use super::terminal::Terminal;
use crate::apply::{End, Generation, Journal, Places, Target};

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
    match take_back(&machine, &arguments.doing, terminal)? {
        0 => Ok(Exit::Done),
        count => Err(Failure {
            exit: Exit::Degraded,
            message: format!("{count} of the steps back failed again"),
            help: "`mediac status` shows what is left; `mediac recover` tries again".to_owned(),
        }),
    }
}

/// Takes back what was cut off, if anything was, and does what an earlier way back left over. Returns how many steps of
/// that failed again: they are in nobody's way.
pub fn take_back(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<usize, Failure> {
    let mut journal = machine.journal()?;
    tidy(machine, &journal)?;
    let Some(work) = journal.work.clone() else {
        remember(machine, &journal);
        return settle(machine, &mut journal, doing, terminal);
    };
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
    Ok(0)
}

/// Adds the line of the current build to the history if it was cut off before that: `rollback` goes by it.
fn remember(machine: &Machine, journal: &Journal) {
    let Some(current) = journal.current else { return };
    let applied: Vec<u64> =
        history::lines(machine).iter().filter(|line| line.result == "applied").map(|line| line.to).collect();
    if !applied.contains(&current) {
        history::note(machine, "apply", applied.last().copied(), current, &End::Applied(current));
    }
}

/// Does what an earlier way back left over.
fn settle(
    machine: &Machine,
    journal: &mut Journal,
    doing: &Doing,
    terminal: &Terminal,
) -> Result<usize, Failure> {
    if journal.pending.is_empty() || doing.is_silent(machine) {
        return Ok(0);
    }
    let target = Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let left = target.settle(journal, &mut doing.hands(machine, terminal));
    left.map_err(|error| machine.cannot("write to", &machine.places.base, &error))
}

/// Removes what was never finished: builds whose keeping was cut off or that nothing came of, and files of mediac's own
/// that never got their names, one of which may be a key.
fn tidy(machine: &Machine, journal: &Journal) -> Result<(), Failure> {
    let base = &machine.places.base;
    let names = machine.disk.list(base).map_err(|error| machine.cannot("read", base, &error))?;
    for name in names.iter().filter(|name| Places::is_unfinished(name)) {
        let path = format!("{base}/{name}");
        machine.disk.remove(&path).map_err(|error| machine.cannot("remove", &path, &error))?;
    }
    let folder = &machine.places.generations;
    let names = machine.disk.list(folder).map_err(|error| machine.cannot("read", folder, &error))?;
    let used = journal.work.as_ref().map(|work| work.to);
    for name in names {
        let number: Option<u64> = name.parse().ok();
        if number.is_none_or(|number| number > journal.last && Some(number) != used) {
            let path = format!("{folder}/{name}");
            machine.disk.remove_tree(&path).map_err(|error| machine.cannot("remove", &path, &error))?;
        }
    }
    Ok(())
}
