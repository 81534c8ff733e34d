//! `mediac recover`: takes back an apply that was cut off, and does what is left over. Needs no network, no Nickel and no
//! project.

use clap::{Args, ValueEnum};

use super::apply::Doing;
use super::exit::{Exit, Failure};
use super::target::secrets::{self, RootKey};
use super::target::{self, Machine, boot, guard, history, window};
use super::terminal::Terminal;
use crate::apply::{self, End, Generation, Hands, Journal, Need, Phase, Places, Target};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    doing: Doing,
    /// Who calls it; for mediac's own units
    #[arg(long, value_enum, default_value_t = Caller::Person, hide = true)]
    by: Caller,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Caller {
    /// Somebody at the machine.
    Person,
    /// The timer that looks whether an apply has died.
    Watch,
    /// The machine, while it boots.
    Boot,
    /// The machine, when the rest of it has started.
    Rest,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    match arguments.by {
        Caller::Person => {
            let _lock = machine.lock()?;
            settled(take_back(&machine, &arguments.doing, terminal)?)
        }
        Caller::Watch => watch(&machine, &arguments.doing, terminal),
        Caller::Boot => boot::recover(&machine, &arguments.doing, terminal),
        Caller::Rest if machine.journal()?.pending.is_empty() => Ok(Exit::Done),
        Caller::Rest => match machine.lock() {
            // An apply is at it: it does what is left as well.
            Err(failure) if failure.exit == Exit::Locked => Ok(Exit::Done),
            lock => {
                let _lock = lock?;
                settled(settle(&machine, &arguments.doing, terminal)?)
            }
        },
    }
}

fn settled(count: usize) -> Result<Exit, Failure> {
    if count == 0 { Ok(Exit::Done) } else { Err(left(format!("{count} of the steps back failed again"))) }
}

/// Nothing as long as an apply lives, or has time; then it is taken back.
fn watch(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<Exit, Failure> {
    let lock = match machine.lock() {
        Err(failure) if failure.exit == Exit::Locked => return Ok(Exit::Done),
        lock => lock?,
    };
    let journal = machine.journal()?;
    if window::has_time(machine, &journal).is_some() {
        return Ok(Exit::Done);
    }
    if journal.work.is_some_and(|work| work.phase == Phase::Failed && work.boot == machine.boot()) {
        // Somebody wants to look at it.
        let _ = window::unwatch(&mut doing.hands(machine, terminal));
        return Ok(Exit::Done);
    }
    let count = take_back(machine, doing, terminal);
    drop(lock);
    let _ = window::unwatch(&mut doing.hands(machine, terminal));
    settled(count?)
}

/// Takes back what was cut off, if anything was, and does what an earlier way back left over. Returns how many steps of
/// that failed again: they are in nobody's way.
pub fn take_back(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<usize, Failure> {
    take_back_with(machine, &mut doing.hands(machine, terminal), Rest::Failed, terminal)?;
    settle(machine, doing, terminal)
}

/// The same for whoever is about to change something; refuses where somebody can still confirm what would be taken back.
pub fn make_way(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<(), Failure> {
    window::is_over(machine, &machine.journal()?)?;
    take_back(machine, doing, terminal).map(drop)
}

/// Refuses where anything is under way.
pub fn is_idle(machine: &Machine, journal: &Journal) -> Result<(), Failure> {
    window::is_over(machine, journal)?;
    if journal.work.is_none() {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Degraded,
        message: "an apply was cut off on this machine".to_owned(),
        help: "`mediac recover` takes it back".to_owned(),
    })
}

/// What it means that steps are left when everything else is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They were tried.
    Failed,
    /// They are done when the machine is up.
    Follows,
}

/// Takes back what was cut off with these hands, if anything was.
pub fn take_back_with(
    machine: &Machine,
    hands: &mut dyn Hands,
    rest: Rest,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let mut journal = machine.journal()?;
    tidy(machine, &journal)?;
    let Some(work) = journal.work.clone() else {
        remember(machine, &journal);
        return Ok(());
    };
    let old = machine.current(&journal)?;
    let new = match machine.generation(work.to) {
        Ok((build, _)) => Some(build),
        // Without it, what it added cannot be told from what its programs made of that.
        Err(failure) if failure.exit == Exit::Refused => None,
        Err(failure) => return Err(failure),
    };
    let builds: Vec<&Generation> = old.iter().chain(new.iter()).collect();
    let values = secrets::values(machine, &builds, RootKey::Read)?;
    let target = Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let reason = match work.phase {
        Phase::Waiting => "not confirmed",
        Phase::Failed => "failed before",
        Phase::Applying | Phase::Undoing => "cut off",
    };
    terminal.progress(&format!("build {} was {reason}: taking it back\n", work.to));
    let undone = target.undo(&mut journal, old.as_ref(), new.as_ref(), &values, hands);
    let undone = undone.map_err(|error| {
        match Need::back((&machine.disk, &machine.places), &journal, old.as_ref(), &values) {
            Ok(need) => need.explain(&machine.disk, error),
            Err(_) => error,
        }
    });
    let end = match &undone {
        Ok(()) => End::Undone(reason.to_owned()),
        Err(_) if rest == Rest::Follows && journal.work.is_none() => End::Undone(reason.to_owned()),
        Err(error) => End::Degraded(reason.to_owned(), error.clone()),
    };
    history::note(machine, "recover", journal.current, work.to, &end);
    undone.map_err(left)?;
    if rest == Rest::Failed && machine.is_this() {
        guard::lift(machine);
    }
    Ok(())
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
fn settle(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<usize, Failure> {
    let mut journal = machine.journal()?;
    if journal.pending.is_empty() || doing.is_silent(machine) {
        return Ok(0);
    }
    let target = Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let left = target.settle(&mut journal, &mut doing.hands(machine, terminal));
    left.map_err(|error| machine.cannot("write to", &machine.places.base, &error))
}

fn left(message: String) -> Failure {
    Failure {
        exit: Exit::Degraded,
        message,
        help: "`mediac status` shows what is left; `mediac recover` tries again".to_owned(),
    }
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
    if journal.work.is_none() {
        apply::forget(&machine.disk).map_err(|error| machine.cannot("write to", "/run", &error))?;
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
