//! Whether there is room for a change, before it is begun.

use std::fs;

use super::ready::SELF;
use super::{Machine, secrets};
use crate::apply::{Freight, Generation, Need, Steps, Values};
use crate::cli::exit::Failure;
use crate::cli::plan::Thought;

/// The room for a change that was thought through.
pub fn need(machine: &Machine, thought: &Thought) -> Result<Need, Failure> {
    let mut besides = secrets::fresh(machine, &thought.new, &thought.encrypted)?;
    let program = fs::metadata("/proc/self/exe").map(|seen| seen.len()).unwrap_or_default();
    if machine.is_this() && machine.disk.size(SELF).ok().flatten().map(|size| size as u64) != Some(program) {
        besides.push((SELF.to_owned(), program));
    }
    let freight = Freight {
        disk: &machine.disk,
        places: &machine.places,
        new: &thought.new,
        prospect: Some(&thought.prospect),
        steps: [&thought.forward, &thought.backward],
        values: &thought.secrets.values,
        besides,
    };
    measured(machine, &freight)
}

/// The same for a machine that has nothing yet: not even mediac's own folder may have room there.
pub fn at_first(machine: &Machine, new: &Generation) -> Result<(), Failure> {
    if machine.journal()?.last > 0 {
        return Ok(());
    }
    let nothing = Steps::default();
    let own = &machine.places;
    let own = [&own.base, &own.generations, &own.backups, &own.lock, &secrets::root_key_path(machine)];
    let freight = Freight {
        disk: &machine.disk,
        places: &machine.places,
        new,
        prospect: None,
        steps: [&nothing; 2],
        values: &Values::default(),
        besides: own.map(|path| (path.clone(), 1)).to_vec(),
    };
    enough(machine, &measured(machine, &freight)?)
}

/// Refuses where there is too little.
pub fn enough(machine: &Machine, need: &Need) -> Result<(), Failure> {
    let missing = need.missing(&machine.disk);
    let missing = missing.map_err(|error| machine.cannot("look at", &machine.places.base, &error))?;
    if missing.is_empty() {
        return Ok(());
    }
    let help = "make room, and run it again; `mediac gc` removes old builds";
    Err(Failure::invalid(
        format!("there is too little room; nothing was changed: {}", missing.join("; ")),
        help,
    ))
}

/// A failure, and how much room there should have been, where a disk is full.
pub fn explain(machine: &Machine, need: &Need, failure: Failure) -> Failure {
    Failure { message: need.explain(&machine.disk, failure.message), ..failure }
}

fn measured(machine: &Machine, freight: &Freight<'_>) -> Result<Need, Failure> {
    Need::new(freight).map_err(|error| machine.cannot("look at", &machine.places.base, &error))
}
