//! The change as a document, for programs. No secret is in it.

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::Thought;
use super::human::{mark, why};
use crate::apply::{Interruption, Step};
use crate::cli::exit::Failure;

/// What applying a build to a machine would do, as `mediac plan --json` says it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "mediac plan")]
pub struct Document<'a> {
    /// The version of this format.
    version: u32,
    /// The host.
    host: &'a str,
    /// The number of the build that the machine has; none before the first one.
    base: Option<u64>,
    /// The identity of that build: a hash of all of it.
    base_id: Option<&'a str>,
    /// The identity of the build that comes.
    build: &'a str,
    /// Debian packages that are installed first, and stay.
    packages: &'a [String],
    /// Mount points of disks that are mounted first.
    disks: Vec<&'a str>,
    /// Files and folders that are written, removed, kept although they were edited, or in the way.
    changes: Vec<Line<'a>>,
    /// What stops, starts or reloads, what is missed longest first.
    turns: Vec<Turning<'a>>,
    /// What may be lost, and is not brought back by taking the change back.
    risks: Vec<Losing<'a>>,
    /// Services that go on as if nothing happened.
    untouched: &'a [String],
    /// The programs that are run, in order.
    steps: Vec<&'a Step>,
    /// Secrets that are needed and have no value.
    missing_secrets: BTreeSet<String>,
}

/// A file or folder.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Line<'a> {
    /// Where, on the machine.
    path: &'a str,
    /// `+` new, `~` changed, `-` removed, `!` edited by hand and kept, `x` in the way.
    change: char,
    /// Why, in words.
    why: &'static str,
}

/// A unit, container or network.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Turning<'a> {
    /// What happens to it.
    kind: Interruption,
    /// Its name.
    subject: &'a str,
    /// Why, in words.
    because: &'a str,
    /// How long that took when it was done here last. Not in a file that `--output` wrote: that is the same for the same
    /// change.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

/// Something that may be lost.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Losing<'a> {
    /// What.
    subject: &'a str,
    /// Why, and what to do about it.
    why: &'a str,
}

impl<'a> Document<'a> {
    /// Of a change.
    pub fn new(thought: &'a Thought) -> Self {
        let mut document = Self::lasting(thought);
        for turn in &mut document.turns {
            let took = thought.took.of(thought.forward.all(), turn.because);
            turn.seconds = took.map(|took| took.as_secs_f64());
        }
        document
    }

    /// Without anything that is not of the change itself: the same change is the same document.
    pub fn lasting(thought: &'a Thought) -> Self {
        let Thought {
            journal,
            old,
            new,
            secrets: _,
            encrypted: _,
            prospect,
            forward,
            backward: _,
            missing,
            outlook,
            took: _,
        } = thought;
        let changes = prospect.paths.iter().filter_map(|item| {
            Some(Line { path: &item.path, change: mark(item.verdict)?, why: why(item.verdict) })
        });
        let turns = outlook.turns.iter().map(|turn| Turning {
            kind: turn.kind,
            subject: &turn.subject,
            because: &turn.because,
            seconds: None,
        });
        let risks = outlook.risks.iter().map(|risk| Losing { subject: &risk.subject, why: &risk.why });
        Self {
            version: 1,
            host: &new.manifest.host,
            base: journal.current,
            base_id: old.as_ref().map(|old| old.manifest.id.as_str()),
            build: &new.manifest.id,
            packages: &missing.packages,
            disks: missing.disks.iter().map(|disk| disk.at.as_str()).collect(),
            changes: changes.collect(),
            turns: turns.collect(),
            risks: risks.collect(),
            untouched: &outlook.untouched,
            steps: forward.all().collect(),
            missing_secrets: thought.unfilled(),
        }
    }

    /// As text.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Refuses when a change is not the one of a file that `mediac plan --output` wrote.
pub fn same(thought: &Thought, path: &Path) -> Result<(), Failure> {
    let planned = std::fs::read_to_string(path).map_err(|error| {
        Failure::invalid(
            format!("cannot read `{}`: {error}", path.display()),
            "name a file that `mediac plan --output` wrote",
        )
    })?;
    if planned == Document::lasting(thought).json() {
        return Ok(());
    }
    let help = "something changed since: the definition, the machine, or mediac; look at a fresh plan";
    Err(Failure::refused(format!("`{}` is not what would be done now", path.display()), help))
}
