//! Whether a base is what its own manifest says: a difference to something else would mislead.

use std::collections::BTreeSet;

use super::phrase::Phrase;
use super::{Edits, Record, Snapshot};
use crate::manifest::{Entry, INVENTORY, MANIFEST, Manifest, sha256};

/// What was done to the base since it was built.
pub fn edits(base: &Snapshot) -> Edits {
    if base.is_empty() {
        return Edits::None;
    }
    let manifest = match &base.manifest {
        Record::Read(manifest) => manifest,
        Record::Absent => {
            return Edits::Unknown(Phrase::new("it has no {}", &[MANIFEST]));
        }
        Record::Unreadable(why) => {
            return Edits::Unknown(Phrase::new("its {} cannot be read ({})", &[MANIFEST, why]));
        }
    };
    let mut edits = Vec::new();
    if manifest.digest() != manifest.id {
        edits.push(Phrase::new("the id in {} is not that of its content", &[MANIFEST]));
    }
    if manifest.host != base.host {
        edits.push(Phrase::new("its {} is that of the host {}", &[MANIFEST, &manifest.host]));
    }
    for (path, hash) in hashes(manifest) {
        match base.files.get(path) {
            None => edits.push(Phrase::new("{} is missing", &[path])),
            Some(file) if sha256(&file.bytes) != hash => {
                edits.push(Phrase::new("{} is not what was built", &[path]));
            }
            Some(_) => {}
        }
    }
    if edits.is_empty() { Edits::None } else { Edits::Found(edits) }
}

/// Files of the base that neither its manifest nor the fresh build knows.
pub fn unlisted(base: &Snapshot, fresh: &Snapshot) -> Vec<String> {
    let known = owned(base);
    let unknown = |path: &&String| !known.contains(path.as_str()) && !fresh.files.contains_key(*path);
    base.files.keys().filter(unknown).cloned().collect()
}

/// The files that a build of the base wrote.
pub fn owned(base: &Snapshot) -> BTreeSet<&str> {
    let listed = base.manifest.read().into_iter().flat_map(|manifest| &manifest.files);
    listed.map(below).chain([MANIFEST, INVENTORY]).collect()
}

/// The path of a file of the machine below the host's folder.
pub fn below(entry: &Entry) -> &str {
    entry.path.trim_start_matches('/')
}

fn hashes(manifest: &Manifest) -> impl Iterator<Item = (&str, &str)> {
    let files = manifest.files.iter().filter_map(|entry| Some((below(entry), entry.sha256.as_deref()?)));
    files.chain([(INVENTORY, manifest.inventory.as_str())])
}
