//! What changes between two builds of a host: in words, in its consequences, and line by line.
//!
//! Pure: it reads no file and knows no git. Nothing here trusts what a base says about itself.

mod action;
mod compose;
mod consequences;
mod files;
mod human;
mod integrity;
mod json;
mod lines;
mod markdown;
mod patch;
mod phrase;
mod prose;
mod rules;
mod summary;
#[cfg(test)]
mod tests;
mod units;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::inventory::Inventory;
use crate::manifest::{INVENTORY, MANIFEST, Manifest};

pub use action::{Action, Consequence};
pub use compose::DEFINITION;
pub use files::{FileChange, Role, Status};
pub use human::write as human;
pub use json::write as json;
pub use markdown::{LIMIT, write as markdown};
pub use patch::write as patch;
pub use phrase::Phrase;
pub use summary::{Area, Statement, Summary, Weight};

/// The output of one host, as it lies in a folder or comes out of the compiler.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The host.
    pub host: String,
    /// What its manifest says.
    pub manifest: Record<Manifest>,
    /// What its inventory says.
    pub inventory: Record<Inventory>,
    /// Its files by path below the folder, manifest and inventory among them.
    pub files: BTreeMap<String, Stored>,
}

/// A file in an output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What it says.
    pub bytes: Vec<u8>,
    /// Whether it can be run there.
    pub kind: Kind,
}

/// Whether a file in an output folder can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It cannot.
    Plain,
    /// It can.
    Script,
}

/// A record of a build that may be missing, or may have been written by another version.
#[derive(Debug, Clone, Default)]
pub enum Record<T> {
    /// There is none.
    #[default]
    Absent,
    /// It cannot be understood, and why.
    Unreadable(String),
    /// What it says.
    Read(Box<T>),
}

/// Everything that changes on one host.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The host.
    pub host: String,
    /// Whether the host is on both sides.
    pub presence: Presence,
    /// How the base differs from what its own manifest says.
    pub edits: Edits,
    /// Files in the folder that no manifest lists; a build leaves them alone.
    pub unlisted: Vec<String>,
    /// What changes, in the words of a reviewer.
    pub summary: Summary,
    /// What happens on the machine when it is applied.
    pub consequences: Vec<Consequence>,
    /// Files and folders that change, sorted by path.
    pub files: Vec<FileChange>,
}

/// How a base differs from what its own manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edits {
    /// In nothing.
    None,
    /// In these files.
    Found(Vec<Phrase>),
    /// That cannot be told, and why.
    Unknown(Phrase),
}

/// On which sides a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// On both.
    Both,
    /// Only in the fresh build.
    Added,
    /// Only in the base.
    Removed,
}

impl Snapshot {
    /// The snapshot of a folder.
    pub fn new(host: impl Into<String>, files: BTreeMap<String, Stored>) -> Self {
        Self {
            host: host.into(),
            manifest: record(&files, MANIFEST),
            inventory: record(&files, INVENTORY),
            files,
        }
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text of a file, if it is there and is text.
    fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(&self.files.get(path)?.bytes).ok()
    }
}

impl<T> Record<T> {
    /// What it says, if it can be understood.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

impl Edits {
    /// What to say about them, if anything: a title, and the list below it.
    pub fn told(&self) -> Option<(&'static str, &[Phrase])> {
        match self {
            Self::None => None,
            Self::Found(edits) => {
                Some(("the base was edited by hand, so this shows more than what a build changes:", edits))
            }
            Self::Unknown(why) => {
                Some(("whether the base was edited by hand cannot be told:", std::slice::from_ref(why)))
            }
        }
    }
}

impl Difference {
    /// Compares the base with a fresh build; a side without files is one on which the host does not exist.
    pub fn between(base: &Snapshot, fresh: &Snapshot) -> Self {
        let presence = match (base.is_empty(), fresh.is_empty()) {
            (true, false) => Presence::Added,
            (false, true) => Presence::Removed,
            _ => Presence::Both,
        };
        let files = files::compare(base, fresh);
        Self {
            host: if presence == Presence::Removed { base.host.clone() } else { fresh.host.clone() },
            presence,
            edits: integrity::edits(base),
            unlisted: integrity::unlisted(base, fresh),
            summary: summary::compare(base, fresh, presence),
            consequences: consequences::derive(base, fresh, presence, &files),
            files,
        }
    }

    /// Whether the base is exactly what a fresh build gives.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

fn record<T: DeserializeOwned>(files: &BTreeMap<String, Stored>, name: &str) -> Record<T> {
    match files.get(name) {
        None => Record::Absent,
        Some(file) => match serde_json::from_slice(&file.bytes) {
            Ok(value) => Record::Read(Box::new(value)),
            Err(error) => Record::Unreadable(error.to_string()),
        },
    }
}
