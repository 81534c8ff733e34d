//! Whether a base is what its own manifest says: a difference to something else would mislead.

use std::collections::BTreeSet;

use super::phrase::Phrase;
use super::{Record, Snapshot};
use crate::manifest::{Entry, INVENTORY, MANIFEST, Manifest, sha256};

/// What was done to the base since it was built.
pub fn edits(base: &Snapshot) -> Vec<Phrase> {
    if base.is_empty() {
        return Vec::new();
    }
    let manifest = match &base.manifest {
        Record::Read(manifest) => manifest,
        Record::Absent => {
            return vec![Phrase::new("it has no {}, so edits by hand cannot be told from a build", &[MANIFEST])];
        }
        Record::Unreadable(why) => {
            let template = "its {} cannot be read ({}), so edits by hand cannot be told from a build";
            return vec![Phrase::new(template, &[MANIFEST, why])];
        }
    };
    let mut edits = Vec::new();
    if manifest.digest() != manifest.id {
        edits.push(Phrase::new("the id in {} is not that of its content", &[MANIFEST]));
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
    edits
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
