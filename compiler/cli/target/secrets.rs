//! Values of secrets on the machine: given ones as they are found, derived ones from the root key. They stay in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Machine;
use super::given::{Given, Kept, why};
use crate::apply::{Disk, Found, Generation, Rights, Values, derived, formed};
use crate::cli::exit::Failure;
use crate::cli::identity::Keys;
use crate::cli::secrets::store::Encrypted;
use crate::encryption::Identities;
use crate::secret::{self, Reference};

const KEY_LENGTH: usize = 32;

/// Whether a root key may be made where there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RootKey {
    /// It is made.
    Make,
    /// There are no derived secrets without it.
    Read,
}

/// What is known of the secrets of some builds.
#[derive(Default)]
pub struct Secrets {
    /// The values that there are.
    pub values: Values,
    /// Why others cannot be had although they are somewhere, by SERVICE/NAME.
    pub closed: BTreeMap<String, &'static str>,
    /// What should be otherwise.
    pub warnings: BTreeSet<String>,
}

/// All values that the machine has for the builds.
pub fn values(machine: &Machine, builds: &[&Generation], key: RootKey) -> Result<Values, Failure> {
    find(machine, builds, &Encrypted::default(), key).map(|secrets| secrets.values)
}

/// All values that there are for the builds, some of them encrypted in the project.
pub fn find(
    machine: &Machine,
    builds: &[&Generation],
    encrypted: &Encrypted,
    key: RootKey,
) -> Result<Secrets, Failure> {
    let wanted = references(builds);
    let mut secrets = Secrets::default();
    if wanted.is_empty() {
        return Ok(secrets);
    }
    let path = root_key_path(machine);
    let root_key = match root_key(&machine.disk, &path, key) {
        Ok(root_key) => root_key,
        Err(error) => return Err(machine.cannot("read", &path, &error)),
    };
    let given = Given::new(Some(machine), encrypted);
    let (mut keys, nobody): (Option<Keys>, _) = (None, Identities::default());
    for reference in wanted {
        let name = format!("{}/{}", reference.service, reference.name);
        let stored = given.find(&name).map_err(|(path, error)| machine.cannot("read", &path, &error))?;
        let value = match stored {
            Some(stored) => {
                secrets.warnings.extend(stored.warning());
                // No key is looked for where nothing is encrypted.
                if stored.kept == Kept::Encrypted && keys.is_none() {
                    keys = Some(machine.identity.read(&machine.root)?);
                }
                let identities = keys.as_ref().map_or(&nobody, |keys| &keys.identities);
                stored.open(identities).map_err(|closed| secrets.closed.insert(name, why(closed))).ok()
            }
            None if is_derived(builds, &reference) => {
                if root_key.is_none() {
                    secrets.closed.insert(name, "comes from the root key, which the first apply makes");
                }
                root_key.as_deref().and_then(|root_key| derived(root_key, &reference))
            }
            None => None,
        };
        let formed =
            value.and_then(|value| formed(root_key.as_deref().unwrap_or_default(), &reference, &value));
        if let Some(formed) = formed {
            secrets.values.insert(reference, formed);
        }
    }
    secrets.warnings.extend(keys.unwrap_or_default().warnings);
    Ok(secrets)
}

/// Which encrypted secrets are kept on the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Those that it does not have: before a build is applied, so that one that is cut off can be taken back with the
    /// values it had.
    New,
    /// Those that have changed as well: when the build is applied.
    All,
}

/// Keeps the encrypted secrets of a build on the machine, which has no project when it boots.
pub fn keep(machine: &Machine, build: &Generation, encrypted: &Encrypted, keep: Keep) -> Result<(), Failure> {
    for (name, bytes) in needed(build, encrypted) {
        let path = machine.encrypted(name);
        let put = || -> io::Result<()> {
            match machine.disk.look(&path)? {
                Found::File { bytes: kept, .. } if kept == bytes => return Ok(()),
                Found::File { .. } if keep == Keep::New => return Ok(()),
                _ => {}
            }
            let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
            for folder in folders.filter(|folder| folder.len() > machine.places.base.len()) {
                machine.disk.make_folder(folder, Rights { mode: 0o700, owner: 0, group: 0 })?;
                machine.disk.sync_above(folder)?;
            }
            machine.disk.put(&path, ".new", bytes, Rights { mode: 0o400, owner: 0, group: 0 })?;
            machine.disk.sync_above(&path)
        };
        put().map_err(|error| machine.cannot("write to", &path, &error))?;
    }
    Ok(())
}

/// Those of them that the machine does not have so yet: where they go, and how large they are.
pub fn fresh(
    machine: &Machine,
    build: &Generation,
    encrypted: &Encrypted,
) -> Result<Vec<(String, u64)>, Failure> {
    let mut found = Vec::new();
    for (name, bytes) in needed(build, encrypted) {
        let path = machine.encrypted(name);
        match machine.disk.look(&path) {
            Ok(Found::File { bytes: kept, .. }) if kept == *bytes => {}
            Ok(_) => found.push((path, bytes.len() as u64)),
            Err(error) => return Err(machine.cannot("read", &path, &error)),
        }
    }
    Ok(found)
}

/// The encrypted secrets that a build refers to.
fn needed<'a>(build: &Generation, encrypted: &'a Encrypted) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let names: BTreeSet<String> =
        references(&[build]).iter().map(|found| format!("{}/{}", found.service, found.name)).collect();
    encrypted.iter().filter(move |(name, _)| names.contains(*name))
}

/// Where the root key is.
pub fn root_key_path(machine: &Machine) -> String {
    format!("{}/root.key", machine.places.base)
}

fn references(builds: &[&Generation]) -> BTreeSet<Reference> {
    builds
        .iter()
        .flat_map(|build| build.files.keys().filter_map(|path| build.text(path)))
        .flat_map(secret::references)
        .collect()
}

/// The key of what is remembered of wired secrets: derived from the root key, and of no use without it.
pub fn records_key(machine: &Machine) -> Result<Vec<u8>, Failure> {
    let path = root_key_path(machine);
    let root_key = root_key(&machine.disk, &path, RootKey::Read);
    let root_key = root_key.map_err(|error| machine.cannot("read", &path, &error))?.unwrap_or_default();
    let purpose = Reference { service: "mediac".to_owned(), name: "wired".to_owned(), form: None };
    Ok(derived(&root_key, &purpose).unwrap_or_default().into_bytes())
}

/// Whether the root key is there, or what is wrong with it.
pub fn has_root_key(machine: &Machine) -> Result<bool, String> {
    let path = format!("{}/root.key", machine.places.base);
    match machine.disk.look(&path) {
        Ok(Found::Absent) => Ok(false),
        Ok(Found::File { bytes, rights })
            if bytes.len() == KEY_LENGTH && rights.mode.trailing_zeros() >= 6 =>
        {
            Ok(true)
        }
        Ok(Found::File { bytes, .. }) if bytes.len() == KEY_LENGTH => Err("others can read it".to_owned()),
        Ok(_) => Err(format!("it is no key: {KEY_LENGTH} bytes in a file")),
        Err(error) => Err(error.to_string()),
    }
}

fn is_derived(builds: &[&Generation], reference: &Reference) -> bool {
    let name = format!("{}/{}", reference.service, reference.name);
    builds.iter().any(|build| {
        let inventory: serde_json::Value = serde_json::from_slice(&build.inventory).unwrap_or_default();
        inventory
            .get("secrets")
            .and_then(|secrets| secrets.get(&name))
            .is_some_and(|source| source == "derived")
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
