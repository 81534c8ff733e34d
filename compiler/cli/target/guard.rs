//! Looks at the next boot whether a first or a last apply was cut off: no unit of a build does that yet, or any more.

use std::io;

use super::Machine;
use super::ready::SELF;
use crate::apply::{Found, Generation, Rights};
use crate::cli::exit::Failure;

const UNIT: &str = "/etc/systemd/system/mediac-guard.service";
const OWN: &str = "/etc/systemd/system/mediac-recover.service";
const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";

/// Whether builds have no unit of their own that looks.
pub fn is_needed<'a>(builds: impl IntoIterator<Item = Option<&'a Generation>>) -> bool {
    builds.into_iter().any(|build| build.is_none_or(|build| build.text(OWN).is_none()))
}

/// Whether it looks.
pub fn is_set(machine: &Machine) -> bool {
    machine.disk.look(UNIT).is_ok_and(|found| found != Found::Absent)
}

/// From now on it looks.
pub fn set(machine: &Machine) -> Result<(), Failure> {
    let text = format!(
        "[Unit]\nDescription=Takes back an apply that was cut off\nConditionPathExists={SELF}\n\
         Before=docker.service ssh.service\n\n[Service]\nType=oneshot\nExecStart={SELF} recover --by=boot\n"
    );
    let rights = Rights { mode: 0o644, owner: 0, group: 0 };
    let write = || -> io::Result<()> {
        machine.disk.put(UNIT, ".mediac-guard", text.as_bytes(), rights)?;
        if machine.disk.look(WANTS)? == Found::Absent {
            machine.disk.make_folder(WANTS, Rights { mode: 0o755, ..rights })?;
        }
        machine.disk.link(UNIT, &link(), ".mediac-guard")?;
        machine.disk.sync_above(UNIT)?;
        machine.disk.sync_above(&link())
    };
    write().map_err(|error| machine.cannot("write", UNIT, &error))
}

/// Nothing is left to look for. Where it cannot be removed, it looks and finds nothing.
pub fn lift(machine: &Machine) {
    let _ = machine.disk.remove(&link());
    let _ = machine.disk.remove(UNIT);
}

fn link() -> String {
    format!("{WANTS}/mediac-guard.service")
}
