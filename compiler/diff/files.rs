//! Which files and folders change, and how.

use std::collections::{BTreeMap, BTreeSet};

use super::integrity::{below, owned};
use super::lines::{Hunk, Sign, hunks};
use super::{Kind, Snapshot};
use crate::manifest::{Entry, INVENTORY, MANIFEST, Manifest};

/// A file or folder that changes.
#[derive(Debug, Clone)]
pub struct FileChange {
    /// Its path below the host's folder.
    pub path: String,
    /// What it is.
    pub role: Role,
    /// What becomes of it.
    pub status: Status,
    /// What the base's manifest says about it.
    pub before: Option<Entry>,
    /// What the fresh manifest says about it.
    pub after: Option<Entry>,
    /// Whether it can be run in the output folder, before and after.
    pub kinds: (Option<Kind>, Option<Kind>),
    /// The lines that change.
    pub hunks: Vec<Hunk>,
}

/// What something in an output folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A file of the machine.
    File,
    /// A folder of the machine; it stands only in the manifest.
    Folder,
    /// The manifest or the inventory: they say what is in the folder and go to no machine.
    Record,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// Its content changes.
    Modified,
    /// Its content stays; mode, owner, group, class, origin or secrets change.
    Attributes,
}

impl FileChange {
    /// How many lines come, and how many go.
    pub fn counts(&self) -> (usize, usize) {
        let lines = self.hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.fold((0, 0), |(added, removed), line| match line.sign {
            Sign::Added => (added + 1, removed),
            Sign::Removed => (added, removed + 1),
            Sign::Same => (added, removed),
        })
    }

    /// What changes besides the content: name, old value, new value.
    pub fn attributes(&self) -> Vec<(&'static str, String, String)> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Vec::new() };
        let pairs = [
            ("mode", before.mode.clone(), after.mode.clone()),
            ("owner", before.owner.clone(), after.owner.clone()),
            ("group", before.group.clone(), after.group.clone()),
            ("class", before.class.clone(), after.class.clone()),
            ("secrets", before.secrets.join(" "), after.secrets.join(" ")),
            ("origin", before.origin.clone(), after.origin.clone()),
        ];
        pairs.into_iter().filter(|(_, old, new)| old != new).collect()
    }

    /// Whether its two builds want another content; none where only one of them wants any.
    pub fn is_redefined(&self) -> Option<bool> {
        let hash = |entry: &Option<Entry>| entry.as_ref().and_then(|entry| entry.sha256.clone());
        hash(&self.before).zip(hash(&self.after)).map(|(before, after)| before != after)
    }

    /// The manifest entry that describes it best.
    pub fn entry(&self) -> Option<&Entry> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

impl Status {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
            Self::Attributes => "attributes",
        }
    }
}

/// All changes, sorted by path.
pub fn compare(base: &Snapshot, fresh: &Snapshot) -> Vec<FileChange> {
    let (before, after) = (entries(base.manifest.read()), entries(fresh.manifest.read()));
    // What a build did not write, the next one leaves alone: it is not part of any difference.
    let owned = owned(base);
    let present = |path: &str| fresh.files.contains_key(path) || owned.contains(path);
    let paths: BTreeSet<&str> = base
        .files
        .keys()
        .map(String::as_str)
        .filter(|path| present(path))
        .chain(fresh.files.keys().map(String::as_str))
        .chain(before.keys().copied())
        .chain(after.keys().copied())
        .collect();
    paths
        .into_iter()
        .filter_map(|path| change(base, fresh, path, before.get(path), after.get(path)))
        .collect()
}

fn change(
    base: &Snapshot,
    fresh: &Snapshot,
    path: &str,
    before: Option<&&Entry>,
    after: Option<&&Entry>,
) -> Option<FileChange> {
    let (old, new) = (base.files.get(path), fresh.files.get(path));
    let role = match (path, old.or(new)) {
        (MANIFEST | INVENTORY, _) => Role::Record,
        (_, Some(_)) => Role::File,
        (_, None) => Role::Folder,
    };
    // A file that its manifest lists and that is not there is an edit by hand, and no folder.
    let (before, after) = (before.map(|entry| (*entry).clone()), after.map(|entry| (*entry).clone()));
    if role == Role::Folder && [&before, &after].into_iter().flatten().any(|entry| entry.sha256.is_some()) {
        return None;
    }
    let mut found = FileChange {
        path: path.to_owned(),
        role,
        status: Status::Attributes,
        before,
        after,
        kinds: (old.map(|file| file.kind), new.map(|file| file.kind)),
        hunks: Vec::new(),
    };
    let bytes = |file: Option<&super::Stored>| file.map(|file| file.bytes.clone()).unwrap_or_default();
    let there = match role {
        Role::Folder => (found.before.is_some(), found.after.is_some()),
        Role::File | Role::Record => (old.is_some(), new.is_some()),
    };
    found.status = match there {
        (false, _) => Status::Added,
        (_, false) => Status::Removed,
        _ if bytes(old) != bytes(new) => Status::Modified,
        _ if found.kinds.0 != found.kinds.1 || !found.attributes().is_empty() => Status::Attributes,
        _ => return None,
    };
    found.hunks = hunks(&bytes(old), &bytes(new));
    Some(found)
}

fn entries(manifest: Option<&Manifest>) -> BTreeMap<&str, &Entry> {
    manifest.into_iter().flat_map(|manifest| &manifest.files).map(|entry| (below(entry), entry)).collect()
}
