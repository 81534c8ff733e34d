//! A build as it was applied, kept on the target: what to go back to needs neither the project nor a network.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Serialize};

use super::decide::Rights;
use super::disk::{Disk, Found};
use crate::diff::{Kind, Snapshot, Stored};
use crate::inventory::Inventory;
use crate::manifest::{Entry, INVENTORY, MANIFEST, Manifest, sha256};

/// Who may read what mediac keeps: root, as rules and paths are nobody else's business.
pub const PRIVATE: Rights = Rights { mode: 0o600, owner: 0, group: 0 };
/// The same for folders.
pub const PRIVATE_FOLDER: Rights = Rights { mode: 0o700, owner: 0, group: 0 };
const META: &str = "meta.json";

/// A build, complete and consistent with its manifest.
#[derive(Debug, Clone)]
pub struct Generation {
    /// What it consists of.
    pub manifest: Manifest,
    /// Its files by their path on the machine, absolute; references stand where secrets belong.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The inventory, which goes to no machine.
    pub inventory: Vec<u8>,
}

/// What is noted beside a build that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Its number.
    pub number: u64,
    /// When it was made, in seconds since 1970.
    pub time: u64,
    /// SHA-256 of its manifest: one that was cut off or changed is never used.
    pub manifest: String,
}

/// Why a folder is no build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Its manifest or inventory is missing or unreadable.
    Record(String),
    /// A file is not what the manifest says.
    File(String),
}

impl Generation {
    /// The build in a snapshot.
    pub fn new(snapshot: &Snapshot) -> Result<Self, Broken> {
        let Some(manifest) = snapshot.manifest.read() else {
            return Err(Broken::Record(MANIFEST.to_owned()));
        };
        let inventory = match snapshot.files.get(INVENTORY) {
            Some(stored) if sha256(&stored.bytes) == manifest.inventory => stored.bytes.clone(),
            _ => return Err(Broken::Record(INVENTORY.to_owned())),
        };
        if manifest.digest() != manifest.id {
            return Err(Broken::Record(MANIFEST.to_owned()));
        }
        let mut files = BTreeMap::new();
        for Entry { path, sha256: hash, .. } in &manifest.files {
            let Some(hash) = hash else { continue };
            match snapshot.files.get(path.trim_start_matches('/')) {
                Some(stored) if sha256(&stored.bytes) == *hash => {
                    files.insert(path.clone(), stored.bytes.clone())
                }
                _ => return Err(Broken::File(path.clone())),
            };
        }
        Ok(Self { manifest: manifest.clone(), files, inventory })
    }

    /// A build of nothing at all.
    pub fn nothing(host: &str) -> Self {
        let inventory = Inventory { host: host.to_owned(), ..Inventory::default() }.to_json().into_bytes();
        let mut manifest = Manifest {
            host: host.to_owned(),
            inventory: sha256(&inventory),
            id: String::new(),
            files: Vec::new(),
        };
        manifest.id = manifest.digest();
        Self { manifest, files: BTreeMap::new(), inventory }
    }

    /// As a comparison takes it.
    pub fn snapshot(&self) -> Snapshot {
        let plain = |bytes: &[u8]| Stored { bytes: bytes.to_vec(), kind: Kind::Plain };
        let runs: BTreeSet<&str> = self
            .manifest
            .files
            .iter()
            .filter(|entry| u32::from_str_radix(&entry.mode, 8).is_ok_and(|mode| mode & 0o111 != 0))
            .map(|entry| entry.path.as_str())
            .collect();
        let mut files: BTreeMap<String, Stored> = BTreeMap::new();
        for (path, bytes) in &self.files {
            let kind = if runs.contains(path.as_str()) { Kind::Script } else { Kind::Plain };
            files.insert(path.trim_start_matches('/').to_owned(), Stored { bytes: bytes.clone(), kind });
        }
        files.insert(MANIFEST.to_owned(), plain(self.manifest.to_json().as_bytes()));
        files.insert(INVENTORY.to_owned(), plain(&self.inventory));
        Snapshot::new(self.manifest.host.clone(), files)
    }

    /// What it means; one that cannot be read means nothing.
    pub fn meaning(&self) -> Inventory {
        serde_json::from_slice(&self.inventory).unwrap_or_default()
    }

    /// Its manifest's entries by path.
    pub fn entries(&self) -> BTreeMap<&str, &Entry> {
        self.manifest.files.iter().map(|entry| (entry.path.as_str(), entry)).collect()
    }

    /// The text of a file; files of a build are always text.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// Keeps it under a number: in a folder of another name first, which is renamed when all of it is on the disk.
    pub fn keep(&self, disk: &Disk, folder: &str, number: u64, time: u64) -> io::Result<()> {
        let stage = format!("{folder}/.{number}");
        disk.remove_tree(&stage)?;
        disk.make_folder(&stage, PRIVATE_FOLDER)?;
        let mut folders = BTreeSet::from([stage.clone()]);
        for (path, bytes) in &self.files {
            let place = format!("{stage}/out{path}");
            make_above(disk, &place, &stage, &mut folders)?;
            disk.write_new(&place, bytes, PRIVATE)?;
        }
        let text = self.manifest.to_json();
        let meta = Meta { number, time, manifest: sha256(text.as_bytes()) };
        let records = [(MANIFEST, text.as_bytes()), (INVENTORY, self.inventory.as_slice())];
        for (name, bytes) in records {
            disk.write_new(&format!("{stage}/{name}"), bytes, PRIVATE)?;
        }
        let meta = serde_json::to_string(&meta).unwrap_or_default();
        disk.write_new(&format!("{stage}/{META}"), meta.as_bytes(), PRIVATE)?;
        for folder in folders.iter().rev() {
            disk.sync_folder(folder)?;
        }
        disk.rename(&stage, &format!("{folder}/{number}"))?;
        disk.sync_folder(folder)
    }

    /// The build that is kept under a number.
    pub fn load(disk: &Disk, folder: &str, number: u64) -> io::Result<Result<(Self, Meta), Broken>> {
        let base = format!("{folder}/{number}");
        let read = |name: &str| -> io::Result<Option<Vec<u8>>> {
            Ok(match disk.look(&format!("{base}/{name}"))? {
                Found::File { bytes, .. } => Some(bytes),
                _ => None,
            })
        };
        let (manifest, inventory, meta) = (read(MANIFEST)?, read(INVENTORY)?, read(META)?);
        let (Some(text), Some(inventory), Some(meta)) = (manifest, inventory, meta) else {
            return Ok(Err(Broken::Record(MANIFEST.to_owned())));
        };
        let parsed = (serde_json::from_slice::<Manifest>(&text), serde_json::from_slice::<Meta>(&meta));
        let (Ok(manifest), Ok(meta)) = parsed else { return Ok(Err(Broken::Record(MANIFEST.to_owned()))) };
        if sha256(&text) != meta.manifest || sha256(&inventory) != manifest.inventory {
            return Ok(Err(Broken::Record(MANIFEST.to_owned())));
        }
        let mut files = BTreeMap::new();
        for entry in manifest.files.iter().filter(|entry| entry.sha256.is_some()) {
            match read(&format!("out{}", entry.path))? {
                Some(bytes) if entry.sha256.as_deref() == Some(sha256(&bytes).as_str()) => {
                    files.insert(entry.path.clone(), bytes);
                }
                _ => return Ok(Err(Broken::File(entry.path.clone()))),
            }
        }
        Ok(Ok((Self { manifest, files, inventory }, meta)))
    }
}

/// Makes the folders between `top` and a path.
pub(super) fn make_above(disk: &Disk, path: &str, top: &str, made: &mut BTreeSet<String>) -> io::Result<()> {
    let Some((above, _)) = path.rsplit_once('/') else { return Ok(()) };
    if above.len() <= top.len() || made.contains(above) {
        return Ok(());
    }
    make_above(disk, above, top, made)?;
    disk.make_folder(above, PRIVATE_FOLDER)?;
    made.insert(above.to_owned());
    Ok(())
}
