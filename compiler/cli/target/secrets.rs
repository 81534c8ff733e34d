//! Values of secrets on the machine: given ones from files, derived ones from the root key. They stay in memory.

use std::collections::BTreeSet;
use std::io;

use super::Machine;
use crate::apply::{Disk, Found, Generation, Rights, Values, derived, formed};
use crate::cli::exit::Failure;
use crate::secret::{self, Reference};

/// A file for each given secret, SERVICE/NAME.
const GIVEN: &str = "/etc/mediac/secrets";
const KEY_LENGTH: usize = 32;

/// Whether a root key may be made where there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RootKey {
    /// It is made.
    Make,
    /// There are no derived secrets without it.
    Read,
}

/// All values that there are for the builds.
pub fn values(machine: &Machine, builds: &[&Generation], key: RootKey) -> Result<Values, Failure> {
    let wanted: BTreeSet<Reference> = builds
        .iter()
        .flat_map(|build| build.files.keys().filter_map(|path| build.text(path)))
        .flat_map(secret::references)
        .collect();
    let mut values = Values::default();
    if wanted.is_empty() {
        return Ok(values);
    }
    // No core of this process may be written: from here on it has secrets in its memory.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let path = format!("{}/root.key", machine.places.base);
    let root_key = match root_key(&machine.disk, &path, key) {
        Ok(root_key) => root_key,
        Err(error) => return Err(machine.cannot("read", &path, &error)),
    };
    for reference in wanted {
        let place = format!("{GIVEN}/{}/{}", reference.service, reference.name);
        let value = match machine.disk.look(&place) {
            Ok(Found::File { bytes, .. }) => String::from_utf8(bytes).ok().map(|text| text.trim_end_matches('\n').to_owned()),
            Ok(_) if is_derived(builds, &reference) => {
                root_key.as_deref().and_then(|root_key| derived(root_key, &reference))
            }
            Ok(_) => None,
            Err(error) => return Err(machine.cannot("read", &place, &error)),
        };
        let formed = value.and_then(|value| formed(root_key.as_deref().unwrap_or_default(), &reference, &value));
        if let Some(formed) = formed {
            values.insert(reference, formed);
        }
    }
    Ok(values)
}

fn is_derived(builds: &[&Generation], reference: &Reference) -> bool {
    let name = format!("{}/{}", reference.service, reference.name);
    builds.iter().any(|build| {
        let inventory: serde_json::Value = serde_json::from_slice(&build.inventory).unwrap_or_default();
        inventory.get("secrets").and_then(|secrets| secrets.get(&name)).is_some_and(|source| source == "derived")
    })
}

/// The root key; one that is made is on the disk before anything is derived from it.
fn root_key(disk: &Disk, path: &str, key: RootKey) -> io::Result<Option<Vec<u8>>> {
    match disk.look(path)? {
        Found::File { bytes, .. } if bytes.len() == KEY_LENGTH => Ok(Some(bytes)),
        Found::Absent if key == RootKey::Make => {
            let mut bytes = vec![0; KEY_LENGTH];
            io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
            disk.put(path, ".root.key", &bytes, Rights { mode: 0o400, owner: 0, group: 0 })?;
            disk.sync_above(path)?;
            Ok(Some(bytes))
        }
        Found::Absent => Ok(None),
        _ => Err(io::Error::other("it is no key: 32 bytes in a file")),
    }
}
