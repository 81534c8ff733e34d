//! Files in memory, which are gone after a boot.

use super::accounts::Accounts;
use super::decide::Rights;
use super::disk::{Disk, Found};
use super::generation::Generation;
use super::template::Values;

/// What does not survive a boot.
const MEMORY: &str = "/run/";

/// Writes the files of a build that are kept in memory. The error says which could not be written, and why.
pub fn refill(disk: &Disk, build: &Generation, values: &Values, accounts: &Accounts) -> Result<(), String> {
    let mut failed = Vec::new();
    for entry in build.manifest.files.iter().filter(|entry| entry.path.starts_with(MEMORY)) {
        let put = || -> Result<(), String> {
            let rights =
                super::prospect::rights(entry, accounts).map_err(|problem| format!("{problem:?}"))?;
            let filled =
                values.fill(build.text(&entry.path).unwrap_or_default()).map_err(|why| why.to_string())?;
            above(disk, &entry.path).map_err(|error| error.to_string())?;
            disk.put(&entry.path, ".mediac-boot", filled.as_bytes(), rights)
                .map_err(|error| error.to_string())
        };
        if let Err(why) = put() {
            failed.push(format!("`{}`: {why}", entry.path));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Makes the folders above a path.
fn above(disk: &Disk, path: &str) -> std::io::Result<()> {
    for folder in super::prospect::ancestors(path) {
        if disk.look(&folder)? == Found::Absent {
            disk.make_folder(&folder, Rights { mode: 0o755, owner: 0, group: 0 })?;
        }
    }
    Ok(())
}
