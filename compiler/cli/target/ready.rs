//! Makes a machine ready for a build: packages, disks, images, and mediac itself where its units look for it.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use super::Machine;
use super::hands::Programs;
use super::progress::Shown;
use crate::apply::{Event, Found, Generation, Hands as _, Missing, Rights, SOURCES};
use crate::cli::exit::Failure;

/// Where units call mediac.
pub const SELF: &str = "/var/lib/mediac/bin/mediac";
/// Downloads take as long as they take, within reason.
const LIMIT: Duration = Duration::from_mins(30);

/// What a build needs and the machine does not have.
pub fn missing(machine: &Machine, build: &Generation) -> Missing {
    let status = match machine.disk.look("/var/lib/dpkg/status") {
        Ok(Found::File { bytes, .. }) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    };
    let table = if machine.is_this() {
        fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
    } else {
        String::new()
    };
    // A tree of files has no mounts of its own: what is below a mount point there is what counts.
    let mounted: BTreeSet<String> =
        table.lines().filter_map(|line| line.split(' ').nth(4)).map(str::to_owned).collect();
    let mut missing = Missing::new(build, &status, &mounted);
    if !machine.is_this() {
        missing.disks.clear();
    }
    missing
}

/// Makes what is missing be there. An error means that nothing of the build was applied.
pub fn make(machine: &Machine, missing: &Missing, hands: &mut Programs<'_>) -> Result<(), Failure> {
    let private = Rights { mode: 0o755, owner: 0, group: 0 };
    let write = || -> std::io::Result<()> {
        machine.disk.make_missing(SOURCES, private)?;
        for (name, bytes) in &missing.sources {
            machine.disk.put(
                &format!("{SOURCES}/{name}"),
                ".source",
                bytes,
                Rights { mode: 0o644, ..private },
            )?;
        }
        Ok(())
    };
    write().map_err(|error| machine.cannot("write to", SOURCES, &error))?;
    let usual = std::mem::replace(&mut hands.limit, LIMIT);
    let steps = missing.steps();
    let mut shown = Shown::new(hands, steps.len());
    let done = steps.iter().try_for_each(|step| {
        shown.act(step).map(|()| shown.tell(Event::Step(step))).map_err(|error| {
            let message = format!("`{}`: {error}; nothing of the build was applied", step.command.join(" "));
            Failure::invalid(message, "see what is wrong with it, and apply again")
        })
    });
    shown.finish();
    hands.limit = usual;
    done
}

/// Puts this program where the machine's units find it.
pub fn install_self(machine: &Machine) -> Result<(), Failure> {
    let rights = Rights { mode: 0o755, owner: 0, group: 0 };
    let install = || -> std::io::Result<()> {
        let bytes = fs::read("/proc/self/exe")?;
        if matches!(machine.disk.look(SELF)?, Found::File { bytes: there, .. } if there == bytes) {
            return Ok(());
        }
        let folder = SELF.rsplit_once('/').map_or("", |(folder, _)| folder);
        if machine.disk.look(folder)? == Found::Absent {
            machine.disk.make_folder(folder, rights)?;
        }
        machine.disk.put(SELF, ".mediac", &bytes, rights)?;
        machine.disk.sync_above(SELF)
    };
    install().map_err(|error| machine.cannot("write", SELF, &error))
}
