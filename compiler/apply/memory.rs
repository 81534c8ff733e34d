//! Files whose secrets get other values are kept in memory until the change has ended: no disk must have them.

use std::collections::BTreeSet;
use std::io;

use super::decide::Rights;
use super::disk::{Disk, Found};
use super::generation::{PRIVATE, PRIVATE_FOLDER, make_above};
use super::journal::{Change, Was};

/// The folder of all of them.
pub(super) const MEMORY: &str = "/run/mediac/undo";
const RUN: &str = "/run/mediac";

/// Keeps those of a change.
pub(super) fn remember(disk: &Disk, number: u64, changes: &[Change]) -> io::Result<()> {
    let files: Vec<&Change> =
        changes.iter().filter(|change| matches!(change.was, Was::Remembered(_))).collect();
    if files.is_empty() {
        return Ok(());
    }
    disk.remove_tree(MEMORY)?;
    disk.make_missing(RUN, Rights { mode: 0o755, ..PRIVATE_FOLDER })?;
    disk.make_folder(MEMORY, PRIVATE_FOLDER)?;
    let mut folders = BTreeSet::new();
    for Change { path, .. } in files {
        if let Found::File { bytes, .. } = disk.look(path)? {
            let place = remembered(number, path);
            make_above(disk, &place, MEMORY, &mut folders)?;
            disk.write_new(&place, &bytes, PRIVATE)?;
        }
    }
    Ok(())
}

/// Where a file is kept.
pub(super) fn remembered(number: u64, path: &str) -> String {
    format!("{MEMORY}/{number}{path}")
}

/// Nobody needs them any more.
pub fn forget(disk: &Disk) -> io::Result<()> {
    match disk.look(MEMORY)? {
        Found::Absent => Ok(()),
        _ => disk.remove_tree(MEMORY),
    }
}
