//! The manifest: what a build consists of, and one id for the whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::tree::{Artifact, Kept, Tree};

/// The name of the manifest within an output folder.
pub const MANIFEST: &str = "manifest.json";
/// The name of the inventory within an output folder.
pub const INVENTORY: &str = "inventory.json";

/// What a build consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The host.
    pub host: String,
    /// SHA-256 of everything below: two builds with one id are the same.
    pub id: String,
    /// Files and folders of the machine, sorted by path.
    pub files: Vec<Entry>,
    /// SHA-256 of the inventory, which lies beside the manifest and goes to no machine.
    pub inventory: String,
}

/// A file or folder of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its absolute path there.
    pub path: String,
    /// Four octal digits.
    pub mode: String,
    /// Name of the owner.
    pub owner: String,
    /// Name of the group.
    pub group: String,
    /// How it is kept: owned, seed, keys, secret, dir.
    pub class: String,
    /// SHA-256 of its bytes; none for a folder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// The option that caused it.
    pub origin: String,
    /// Secrets that are filled in when it is applied, as SERVICE/NAME.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub secrets: Vec<String>,
}

impl Manifest {
    /// The manifest of a tree.
    pub fn new(host: &str, tree: &Tree, inventory: &str) -> Self {
        let mut entries: BTreeMap<&str, Entry> =
            tree.files.values().map(|artifact| (artifact.path.as_str(), entry(artifact))).collect();
        for (path, directory) in &tree.directories {
            entries.entry(path).or_insert_with(|| Entry {
                path: path.clone(),
                mode: directory.mode.to_string(),
                owner: directory.owner.clone(),
                group: directory.group.clone(),
                class: name(Kept::Dir).to_owned(),
                sha256: None,
                origin: directory.origin.as_str().to_owned(),
                secrets: Vec::new(),
            });
        }
        let files: Vec<Entry> = entries.into_values().collect();
        let inventory = sha256(inventory.as_bytes());
        let mut manifest = Self { host: host.to_owned(), id: String::new(), files, inventory };
        manifest.id = manifest.digest();
        manifest
    }

    /// The id that the content has.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(u64::try_from(text.len()).unwrap_or_default().to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(&self.host);
        for Entry { path, mode, owner, group, class, sha256, origin, secrets } in &self.files {
            for text in [path, mode, owner, group, class, sha256.as_deref().unwrap_or_default(), origin] {
                add(text);
            }
            add(&secrets.join(" "));
        }
        add(&self.inventory);
        hex(&hash.finalize())
    }

    /// The text of the manifest.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn entry(artifact: &Artifact) -> Entry {
    let Artifact { path, text, mode, owner, group, class, origin } = artifact;
    let mut secrets: Vec<String> =
        artifact.secrets().into_iter().map(|secret| format!("{}/{}", secret.service, secret.name)).collect();
    secrets.dedup();
    Entry {
        path: path.clone(),
        mode: mode.to_string(),
        owner: owner.clone(),
        group: group.clone(),
        class: name(*class).to_owned(),
        sha256: Some(sha256(text.as_str().as_bytes())),
        origin: origin.as_str().to_owned(),
        secrets,
    }
}

const fn name(class: Kept) -> &'static str {
    match class {
        Kept::Owned => "owned",
        Kept::Seed => "seed",
        Kept::Keys => "keys",
        Kept::Secret => "secret",
        Kept::Dir => "dir",
    }
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
