//! The difference for programs.
//!
//! One document: `{"hosts": [HOST…]}`, hosts sorted by name. Fields are added in later versions, and none
//! is renamed or removed. A HOST has
//!
//! - `host`, and `presence`: `both`, `added` or `removed`;
//! - `different`: whether anything differs;
//! - `edited`: sentences on how the base differs from its own manifest, or why that cannot be told; empty
//!   for one that is as it was built;
//! - `unlisted`: files in the base that no manifest lists;
//! - `summary`: a list of `{weight, area, kind, subject, text}`; `weight` is `alarm`, `todo` or `plain`,
//!   `kind` a stable name. Where none can be made it is empty, and `summary_error` says why;
//! - `consequences`: a list of `{action, subject, because: [TEXT…], text}`, `action` a stable name;
//! - `files`: a list, sorted by path, of `{path, role, status, attributes, hunks, added, removed, utf8, text}`:
//!   `role` is `file`, `folder` or `record` (manifest and inventory), `status` `added`, `removed`, `modified`
//!   or `attributes`, `attributes` a list of `{name, before, after}`, `before` null for what is new and
//!   `after` null for what goes, `hunks` how many there are, `text` the unified difference without its
//!   header, and `utf8` whether every byte of it was text.

use serde::Serialize;

use super::files::{FileChange, Role};
use super::lines::unified;
use super::phrase::Phrase;
use super::summary::{Statement, Summary};
use super::{Consequence, Difference, Presence};
use crate::manifest::Entry;

#[derive(Serialize)]
struct Document<'a> {
    hosts: Vec<Host<'a>>,
}

#[derive(Serialize)]
struct Host<'a> {
    #[serde(rename = "host")]
    name: &'a str,
    presence: &'static str,
    different: bool,
    edited: Vec<String>,
    unlisted: &'a [String],
    summary: Vec<Change<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_error: Option<String>,
    consequences: Vec<Effect<'a>>,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    weight: &'static str,
    area: &'static str,
    kind: &'a str,
    subject: &'a str,
    text: String,
}

#[derive(Serialize)]
struct Effect<'a> {
    action: &'static str,
    subject: &'a str,
    because: Vec<String>,
    text: String,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    role: &'static str,
    status: &'static str,
    attributes: Vec<Attribute>,
    hunks: usize,
    added: usize,
    removed: usize,
    utf8: bool,
    text: String,
}

#[derive(Serialize)]
struct Attribute {
    name: &'static str,
    before: Option<String>,
    after: Option<String>,
}

/// Writes the differences of several hosts as one document.
pub fn write(differences: &[Difference]) -> String {
    let document = Document { hosts: differences.iter().map(host).collect() };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn host(difference: &Difference) -> Host<'_> {
    let Difference { host, presence, edits, unlisted, summary, consequences, files } = difference;
    let (summary, summary_error) = match summary {
        Summary::Made(statements) => (statements.iter().map(change).collect(), None),
        Summary::Impossible(why) => (Vec::new(), Some(why.plain())),
    };
    // Two equal sides have nothing to summarize, whoever edited them.
    let equal = difference.is_empty();
    Host {
        name: host,
        presence: match presence {
            Presence::Both => "both",
            Presence::Added => "added",
            Presence::Removed => "removed",
        },
        different: !equal,
        edited: edits.told().into_iter().flat_map(|(_, edits)| edits).map(Phrase::plain).collect(),
        unlisted,
        summary,
        summary_error: summary_error.filter(|_| !equal),
        consequences: consequences.iter().map(effect).collect(),
        files: files.iter().map(file).collect(),
    }
}

fn change(statement: &Statement) -> Change<'_> {
    let Statement { weight, area, kind, subject, text } = statement;
    Change { weight: weight.name(), area: area.name(), kind, subject, text: text.plain() }
}

fn effect(consequence: &Consequence) -> Effect<'_> {
    let Consequence { action, subject, because } = consequence;
    let because = because.iter().map(Phrase::plain).collect();
    Effect { action: action.name(), subject, because, text: consequence.phrase().plain() }
}

fn file(change: &FileChange) -> File<'_> {
    let (added, removed) = change.counts();
    let bytes = unified(&change.hunks);
    File {
        path: &change.path,
        role: match change.role {
            Role::File => "file",
            Role::Folder => "folder",
            Role::Record => "record",
        },
        status: change.status.name(),
        attributes: attributes(change),
        hunks: change.hunks.len(),
        added,
        removed,
        utf8: std::str::from_utf8(&bytes).is_ok(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn attributes(change: &FileChange) -> Vec<Attribute> {
    let all = |entry: &Entry| {
        [("mode", &entry.mode), ("owner", &entry.owner), ("group", &entry.group), ("class", &entry.class)]
            .map(|(name, value)| (name, value.clone()))
    };
    match (&change.before, &change.after) {
        (None, Some(entry)) => {
            let new = all(entry).into_iter();
            new.map(|(name, value)| Attribute { name, before: None, after: Some(value) }).collect()
        }
        (Some(entry), None) => {
            let old = all(entry).into_iter();
            old.map(|(name, value)| Attribute { name, before: Some(value), after: None }).collect()
        }
        _ => {
            let changes = change.attributes().into_iter();
            changes.map(|(name, old, new)| Attribute { name, before: Some(old), after: Some(new) }).collect()
        }
    }
}
