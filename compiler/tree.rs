//! The output of a build: every file of the machine, by its path there.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::ir::{Class, Mode};
use crate::path::OptionPath;
use crate::plan::Directory;
use crate::secret::{self, Reference};
use crate::text::Text;

/// A file of the machine.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Its path on the machine, absolute.
    pub path: String,
    /// What it says; references stand where secrets belong.
    pub text: Text,
    /// Its mode.
    pub mode: Mode,
    /// Its owner.
    pub owner: String,
    /// Its group.
    pub group: String,
    /// How it is kept.
    pub class: Kept,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// How a file is kept on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// Exactly as it is here.
    Owned,
    /// Made once, then its program's own.
    Seed,
    /// Only the keys written here are kept.
    Keys,
    /// Exactly as it is here once the secrets are filled in.
    Secret,
    /// A folder with this mode and owner.
    Dir,
}

impl Artifact {
    /// A file of the host itself: owned by root, readable by all.
    pub fn system(path: impl Into<String>, text: Text, origin: &OptionPath) -> Self {
        Self {
            path: path.into(),
            text,
            mode: Mode::new(0o644),
            owner: "root".to_owned(),
            group: "root".to_owned(),
            class: Kept::Owned,
            origin: origin.clone(),
        }
    }

    /// The same file with another mode.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = Mode::new(mode);
        self
    }

    /// The secrets it refers to.
    pub fn secrets(&self) -> BTreeSet<Reference> {
        secret::references(self.text.as_str()).collect()
    }
}

/// How a file of the given class is kept, if it has secrets or not.
pub fn kept(class: Class, text: &Text) -> Kept {
    match class {
        Class::Owned if text.as_str().contains(secret::MARK) => Kept::Secret,
        Class::Owned => Kept::Owned,
        Class::Seed => Kept::Seed,
        Class::Keys => Kept::Keys,
    }
}

/// All files and folders of one machine.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Files by path.
    pub files: BTreeMap<String, Artifact>,
    /// Folders by path.
    pub directories: BTreeMap<String, Directory>,
}

impl Tree {
    /// Adds a file; two files with one path are an error that names both.
    pub fn add(&mut self, artifact: Artifact) -> Result<(), Diagnostic> {
        if let Some(other) = self.files.get(&artifact.path) {
            let Artifact { path, origin, .. } = &artifact;
            return Err(Diagnostic::error(
                "file-clash",
                origin,
                format!("two services write `{path}`"),
                "give one of them another `path`",
            )
            .here("written here")
            .also(&other.origin, "and here"));
        }
        self.files.insert(artifact.path.clone(), artifact);
        Ok(())
    }
}
