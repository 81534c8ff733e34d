//! What mediac knows of the target: which build it has, and what it is in the middle of.
//!
//! One small file, replaced as a whole. Whoever reads it, after whatever happened, finds one of two things: nothing under
//! way, or everything that is needed to undo what is.

use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::Rights;
use super::disk::{Disk, Found};
use super::generation::{PRIVATE, PRIVATE_FOLDER};
use super::steps::{Step, Steps};

/// The name of the journal until it is whole.
const UNFINISHED: &str = ".journal.json";

/// What mediac knows of the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The build that the target has; none before the first one.
    pub current: Option<u64>,
    /// The highest number that was ever given to a build.
    pub last: u64,
    /// What is under way.
    pub work: Option<Work>,
    /// What still has to be done for the current build to take effect.
    pub pending: Vec<Step>,
}

/// A change of the target that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// The build that comes.
    pub to: u64,
    /// How far it is.
    pub phase: Phase,
    /// The boot of the machine that it began in.
    pub boot: String,
    /// What is changed, in order.
    pub changes: Vec<Change>,
    /// What is done besides.
    pub forward: Steps,
    /// What is done when it is undone.
    pub backward: Steps,
    /// How many of the steps forward were begun.
    pub begun: usize,
    /// What it waits for, when all of it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// A change that is done, and undone again when nobody confirms it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// What has to be said.
    pub token: String,
    /// When the time for it began, in seconds since 1970.
    pub since: u64,
    /// When it is too late.
    pub until: u64,
}

/// How far a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Files are written and steps are done; when this is found later, all of it is undone.
    Applying,
    /// All of it is done, and somebody has to say that the machine can still be reached.
    Waiting,
    /// It failed, and stays as it is until somebody undoes it, as was asked for.
    Failed,
    /// It is being undone; what is left of that is done when this is found.
    Undoing,
}

/// Something that is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where.
    pub path: String,
    /// What was there.
    pub was: Was,
    /// What comes there.
    pub will: Will,
}

/// What was at a path, so that it can be there again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Was {
    /// Nothing.
    Absent,
    /// A file as the build before this has it, with these rights.
    Kept(Rights),
    /// The same with other values of secrets, which are in memory; after a reboot they are gone.
    Remembered(Rights),
    /// A file that was saved.
    Saved(Rights),
    /// A folder with these rights.
    Folder(Rights),
    /// A link.
    Link(String),
}

/// What comes to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Will {
    /// A file of the build.
    File(Rights),
    /// A folder.
    Folder(Rights),
    /// Nothing.
    Nothing,
}

/// The places of mediac's own files on the target.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder of all of them.
    pub base: String,
    /// The folder of the builds.
    pub generations: String,
    /// The folder of what was saved before it was written over.
    pub backups: String,
    /// The list of what was done.
    pub history: String,
    /// The lock.
    pub lock: String,
    journal: String,
}

impl Places {
    /// The places below a folder of the target.
    pub fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let below = |name: &str| format!("{base}/{name}");
        Self {
            generations: below("generations"),
            backups: below("backups"),
            history: below("history.jsonl"),
            lock: below("lock"),
            journal: below("journal.json"),
            base,
        }
    }

    /// Whether a name in its folder is one that a file of mediac's own has only as long as it is written.
    pub fn is_unfinished(name: &str) -> bool {
        name == UNFINISHED || matches!(name, ".root.key" | ".durations.json")
    }

    /// Makes the folders.
    pub fn make(&self, disk: &Disk) -> io::Result<()> {
        let mut above = String::new();
        for component in self.base.split('/').filter(|component| !component.is_empty()) {
            above = format!("{above}/{component}");
            if disk.look(&above)? == Found::Absent {
                disk.make_folder(
                    &above,
                    if above == self.base { PRIVATE_FOLDER } else { Rights { mode: 0o755, ..PRIVATE } },
                )?;
                disk.sync_above(&above)?;
            }
        }
        for folder in [&self.generations, &self.backups] {
            if disk.look(folder)? == Found::Absent {
                disk.make_folder(folder, PRIVATE_FOLDER)?;
                disk.sync_above(folder)?;
            }
        }
        Ok(())
    }
}

impl Journal {
    /// What the target has; a target that mediac never saw has an empty one. The inner error says why it is unreadable.
    pub fn read(disk: &Disk, places: &Places) -> io::Result<Result<Self, String>> {
        Ok(match disk.look(&places.journal)? {
            Found::Absent => Ok(Self::default()),
            Found::File { bytes, .. } => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
            _ => Err("it is not a file".to_owned()),
        })
    }

    /// Replaces it, on the disk when this returns.
    pub fn write(&self, disk: &Disk, places: &Places) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        disk.put(&places.journal, UNFINISHED, text.as_bytes(), PRIVATE)?;
        disk.sync_folder(&places.base)
    }
}
