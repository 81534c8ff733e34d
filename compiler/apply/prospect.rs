//! What an apply would do: every path compared three ways, before anything is changed.

use std::collections::BTreeSet;
use std::io;

use super::accounts::Accounts;
use super::decide::{self, Adopted, Keeping, Policy, Reason, Rights, State, Verdict};
use super::disk::{Disk, Found};
use super::generation::Generation;
use super::template::{self, Unfilled, Values};
use crate::manifest::{Entry, sha256};

/// What becomes of every path that either build knows.
#[derive(Debug, Clone, Default)]
pub struct Prospect {
    /// Sorted by path, so that folders come before what is in them.
    pub paths: Vec<Item>,
    /// What stands against it, at once and all of it.
    pub problems: Vec<Problem>,
}

/// What becomes of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The path.
    pub path: String,
    /// How it is kept.
    pub keeping: Keeping,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What is there now.
    pub seen: Seen,
    /// The rights that it gets, if it is written.
    pub rights: Rights,
    /// Why it cannot be written yet.
    pub unfilled: Option<Unfilled>,
}

/// What is at a path, as far as undoing needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Absent,
    /// The very file that the build before this wrote, with these rights.
    AsApplied(Rights),
    /// The same, but for values of secrets that are others today.
    OtherValues(Rights),
    /// Another file.
    File(Rights),
    /// A folder.
    Folder(Rights),
    /// A link.
    Link(String),
    /// Something else.
    Special,
}

/// What stands against an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// An account does not exist.
    Account(String),
    /// A mode in the manifest is none.
    Mode(String),
    /// A path cannot be looked at.
    Unreadable(String, String),
}

/// What the comparison goes by.
pub struct Request<'a> {
    /// The target.
    pub disk: &'a Disk,
    /// The build that the target has.
    pub old: Option<&'a Generation>,
    /// The build that comes; none to look what became of the old one.
    pub new: &'a Generation,
    /// Secrets.
    pub values: &'a Values,
    /// Accounts of the target, and of the build that comes.
    pub accounts: &'a Accounts,
    /// What to do with edits.
    pub policy: Policy,
    /// Paths that are taken over although mediac did not make them.
    pub adopted: &'a BTreeSet<String>,
}

/// Compares every path. An error is one of reading the target.
pub fn prospect(request: &Request<'_>) -> io::Result<Prospect> {
    let (old, new) = (request.old.map(Generation::entries).unwrap_or_default(), request.new.entries());
    let mut result = Prospect::default();
    let paths: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for path in paths {
        let pair = Pair { request, path, old: old.get(path).copied(), new: new.get(path).copied() };
        match request.disk.look(path) {
            Ok(found) => match pair.item(&found) {
                Ok(item) => result.paths.push(item),
                Err(problem) => {
                    if !result.problems.contains(&problem) {
                        result.problems.push(problem);
                    }
                }
            },
            Err(error) => result.problems.push(Problem::Unreadable(path.to_owned(), error.to_string())),
        }
    }
    let known: BTreeSet<String> = result.paths.iter().map(|item| item.path.clone()).collect();
    let wanted = result.paths.iter().filter(|item| matches!(item.verdict, Verdict::Write(_)));
    let above: BTreeSet<String> =
        wanted.flat_map(|item| ancestors(&item.path)).filter(|path| !known.contains(path)).collect();
    for path in above {
        if request.disk.look(&path).is_ok_and(|found| found == Found::Absent) {
            let rights = Rights { mode: 0o755, owner: 0, group: 0 };
            let verdict = Verdict::Write(Reason::New);
            result.paths.push(Item {
                path,
                keeping: Keeping::Folder,
                verdict,
                seen: Seen::Absent,
                rights,
                unfilled: None,
            });
        }
    }
    result.paths.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(result)
}

/// The folders above a path.
pub fn ancestors(path: &str) -> impl Iterator<Item = String> + '_ {
    path.match_indices('/').filter(|(at, _)| *at > 0).filter_map(|(at, _)| path.get(..at)).map(str::to_owned)
}

impl Prospect {
    /// Paths that are in the way.
    pub fn obstacles(&self) -> impl Iterator<Item = &Item> {
        self.paths.iter().filter(|item| matches!(item.verdict, Verdict::InTheWay(_)))
    }

    /// Whether the target is exactly as wanted.
    pub fn is_done(&self) -> bool {
        self.paths
            .iter()
            .all(|item| !matches!(item.verdict, Verdict::Write(_) | Verdict::Remove | Verdict::InTheWay(_)))
    }
}

struct Pair<'a> {
    request: &'a Request<'a>,
    path: &'a str,
    old: Option<&'a Entry>,
    new: Option<&'a Entry>,
}

impl Pair<'_> {
    fn item(&self, found: &Found) -> Result<Item, Problem> {
        let keeping = keeping(self.new.or(self.old).map_or("", |entry| entry.class.as_str()));
        let (mut last, next) =
            (self.wanted(self.old, self.request.old)?, self.wanted(self.new, Some(self.request.new))?);
        let seen = self.seen(found, &mut last);
        let as_applied = matches!(seen, State::File { .. }) && seen == last;
        let verdict = decide::decide(keeping, &last, &seen, &next);
        let named = if self.request.adopted.contains(self.path) { Adopted::Named } else { Adopted::No };
        let verdict = decide::settle(verdict, self.request.policy, named);
        let rights = match &next {
            State::File { rights, .. } | State::Folder(rights) => *rights,
            State::Absent | State::Link | State::Special => Rights { mode: 0, owner: 0, group: 0 },
        };
        let seen = match found {
            Found::Absent => Seen::Absent,
            Found::File { bytes, rights } if as_applied && !self.has_values(bytes) => {
                Seen::OtherValues(*rights)
            }
            Found::File { rights, .. } if as_applied => Seen::AsApplied(*rights),
            Found::File { rights, .. } => Seen::File(*rights),
            Found::Folder(rights) => Seen::Folder(*rights),
            Found::Link(target) => Seen::Link(target.clone()),
            Found::Special => Seen::Special,
        };
        // Only what is written has to be filled in: without a key, everything else can still be told.
        let text = self.request.new.text(self.path).filter(|_| matches!(verdict, Verdict::Write(_)));
        let unfilled = text.and_then(|text| self.request.values.fill(text).err());
        Ok(Item { path: self.path.to_owned(), keeping, verdict, seen, rights, unfilled })
    }

    /// Whether the file that the build before this wrote has the values of today, as far as they are known.
    fn has_values(&self, bytes: &[u8]) -> bool {
        let text = self.request.old.and_then(|old| old.text(self.path)).unwrap_or_default();
        self.request.values.fill(text).map_or(true, |filled| filled.as_bytes() == bytes)
    }

    /// What a build wants at the path.
    fn wanted(&self, entry: Option<&Entry>, build: Option<&Generation>) -> Result<State, Problem> {
        let Some((entry, build)) = entry.zip(build) else { return Ok(State::Absent) };
        let rights = rights(entry, self.request.accounts)?;
        if entry.class == "dir" {
            return Ok(State::Folder(rights));
        }
        let content = build.files.get(self.path).map(|bytes| sha256(bytes)).unwrap_or_default();
        Ok(State::File { content, rights })
    }

    /// What is there. A file with secrets is compared by what it would be with the values of today; one that could be the
    /// last build's with other values is taken for that.
    fn seen(&self, found: &Found, last: &mut State) -> State {
        let Found::File { bytes, rights } = found else {
            return match found {
                Found::Folder(rights) => State::Folder(*rights),
                Found::Link(_) => State::Link,
                Found::Special => State::Special,
                Found::Absent | Found::File { .. } => State::Absent,
            };
        };
        let mut content = sha256(bytes);
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let next =
            self.new.filter(|entry| !entry.secrets.is_empty()).and_then(|_| self.request.new.text(self.path));
        // Without the value, a file that could be the wanted one is taken for it.
        let is_next = |next: &str| match self.request.values.fill(next) {
            Ok(filled) => filled == text,
            Err(_) => template::could_be(next, text),
        };
        if next.is_some_and(is_next) {
            content = self.request.new.files.get(self.path).map(|bytes| sha256(bytes)).unwrap_or_default();
        } else if let Some(before) = self.old.filter(|entry| !entry.secrets.is_empty()) {
            let before = self.request.old.and_then(|old| old.text(&before.path)).unwrap_or_default();
            if template::could_be(before, text) {
                if let State::File { content, .. } = last {
                    "as applied, with other values".clone_into(content);
                }
                "as applied, with other values".clone_into(&mut content);
            }
        }
        State::File { content, rights: *rights }
    }
}

fn keeping(class: &str) -> Keeping {
    match class {
        "dir" => Keeping::Folder,
        "seed" => Keeping::Once,
        _ => Keeping::Exact,
    }
}

pub(super) fn rights(entry: &Entry, accounts: &Accounts) -> Result<Rights, Problem> {
    let mode = u32::from_str_radix(&entry.mode, 8).map_err(|_| Problem::Mode(entry.path.clone()))?;
    let owner = accounts.user(&entry.owner).ok_or_else(|| Problem::Account(entry.owner.clone()))?;
    let group = accounts.group(&entry.group).ok_or_else(|| Problem::Account(entry.group.clone()))?;
    Ok(Rights { mode, owner, group })
}

/// A word for a verdict.
pub const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Keep => "as wanted",
        Verdict::Adopt => "taken over as it is",
        Verdict::Write(Reason::New) => "new",
        Verdict::Write(Reason::Changed) => "changed",
        Verdict::Write(Reason::Missing) => "missing, made again",
        Verdict::Write(Reason::Rights) => "gets its mode and owner",
        Verdict::Write(Reason::Overwrite) => "edited by hand, saved and written over",
        Verdict::Write(Reason::Adoption) => "not mediac's, saved and taken over",
        Verdict::Remove => "removed",
        Verdict::Leave => "no longer wanted, left where it is",
        Verdict::Drift => "edited by hand, kept",
        Verdict::InTheWay(_) => "in the way",
    }
}
