//! `mediac gc`: removes old builds from the machine, but never one that could still be needed.

use std::collections::BTreeSet;

use clap::Args;

use super::exit::{Exit, Failure};
use super::target::{self, Machine, history, now, window};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    /// How many of the newest builds stay
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    keep: usize,
    /// Of the others, only those go that were made more than so many days ago
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u64>,
    #[command(flatten)]
    target: target::Arguments,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let _lock = machine.lock()?;
    let journal = machine.journal()?;
    window::is_over(&machine, &journal)?;
    let places = &machine.places;
    let numbers = |folder: &str| -> Result<BTreeSet<u64>, Failure> {
        let names = machine.disk.list(folder).map_err(|error| machine.cannot("read", folder, &error))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    };
    let all = numbers(&places.generations)?;
    let mut needed: BTreeSet<u64> = all.iter().rev().take(arguments.keep).copied().collect();
    needed.extend(journal.current);
    // What a rollback without a number goes back to.
    needed.extend(history::before(&machine, journal.current));
    needed.extend(journal.work.map(|work| work.to));
    if let Some(days) = arguments.older_than {
        for number in &all {
            if !is_older(&machine, *number, days)? {
                needed.insert(*number);
            }
        }
    }
    let mut count = 0_u32;
    for number in all.iter().filter(|number| !needed.contains(number)) {
        let path = format!("{}/{number}", places.generations);
        // Gone at once: half of a build is never seen under its name.
        let aside = format!("{}/.{number}", places.generations);
        let gone = machine.disk.rename(&path, &aside);
        // On the disk as well: after a power cut there must not be half of it under its name.
        let gone = gone.and_then(|()| machine.disk.sync_folder(&places.generations));
        let gone = gone.and_then(|()| machine.disk.remove_tree(&aside));
        gone.map_err(|error| machine.cannot("remove", &path, &error))?;
        count += 1;
    }
    // What was saved from being written over is of use only while its build can be undone.
    for number in numbers(&places.backups)?.difference(&needed) {
        let path = format!("{}/{number}", places.backups);
        machine.disk.remove_tree(&path).map_err(|error| machine.cannot("remove", &path, &error))?;
    }
    let synced = machine.disk.sync_folder(&places.generations);
    synced.map_err(|error| machine.cannot("write to", &places.generations, &error))?;
    terminal.result(&format!("{count} builds removed, {} stay\n", all.intersection(&needed).count()));
    Ok(Exit::Done)
}

/// Whether a build was made more than so many days ago; one that is not whole is of no use, however old it is.
fn is_older(machine: &Machine, number: u64, days: u64) -> Result<bool, Failure> {
    const DAY: u64 = 24 * 60 * 60;
    match machine.generation(number) {
        Ok((_, meta)) => Ok(now().saturating_sub(meta.time) > days.saturating_mul(DAY)),
        Err(failure) if failure.exit == Exit::Refused => Ok(true),
        Err(failure) => Err(failure),
    }
}
