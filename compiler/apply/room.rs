//! How much room a change takes at most on each file system: known before anything is changed, and told when a disk gets
//! full all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::decide::{Keeping, Reason, Rights, Verdict};
use super::disk::{Disk, Found, Room};
use super::engine::{changes, saved};
use super::generation::Generation;
use super::journal::{Change, Journal, Phase, Places, Was, Will, Work};
use super::memory::{MEMORY, remembered};
use super::prospect::{Item, Prospect, Seen};
use super::steps::Steps;
use super::template::Values;

/// Files of mediac's own that every change may make or let grow: lock, root key, history, a line in a folder.
const OWN: u64 = 4;
/// What the journal gains on its way: how many steps were begun, and what has to be said.
const GROWTH: u64 = 512;

/// What a change takes at most, by file system.
#[derive(Debug, Default)]
pub struct Need {
    devices: BTreeMap<u64, Demand>,
}

/// What a change consists of.
pub struct Freight<'a> {
    /// The target.
    pub disk: &'a Disk,
    /// The places of mediac's own files.
    pub places: &'a Places,
    /// The build that comes.
    pub new: &'a Generation,
    /// What becomes of every path; without it, as if there were nothing at any of them.
    pub prospect: Option<&'a Prospect>,
    /// What is done besides, and when it is undone.
    pub steps: [&'a Steps; 2],
    /// Secrets.
    pub values: &'a Values,
    /// Other files that come with it: where, and how large.
    pub besides: Vec<(String, u64)>,
}

/// What is taken of one file system.
#[derive(Debug)]
struct Demand {
    /// A folder on it, for people.
    place: String,
    block: u64,
    bytes: Meter,
    files: Meter,
    /// The largest that is written at once.
    largest: u64,
}

/// How much there is at most, while things come and go.
#[derive(Debug, Default)]
struct Meter {
    added: u64,
    freed: u64,
    most: u64,
}

impl Meter {
    fn add(&mut self, count: u64) {
        self.added += count;
        self.most = self.most.max(self.added.saturating_sub(self.freed));
    }
}

impl Demand {
    fn whole(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.block).saturating_mul(self.block)
    }

    fn add(&mut self, bytes: u64) {
        let bytes = self.whole(bytes);
        self.bytes.add(bytes);
        self.files.add(1);
        self.largest = self.largest.max(bytes);
    }

    fn free(&mut self, bytes: u64) {
        self.bytes.freed += self.whole(bytes);
        self.files.freed += 1;
    }

    fn fits(&self, room: &Room) -> bool {
        self.bytes.most <= room.bytes && room.files.is_none_or(|files| self.files.most <= files)
    }

    /// Whether what is written next may not fit.
    fn fills(&self, room: &Room) -> bool {
        self.largest.max(self.block) > room.bytes || room.files == Some(0)
    }

    fn told(&self, room: &Room) -> String {
        let Self { place, bytes, files, .. } = self;
        match room.files {
            Some(left) => format!(
                "{} bytes and {} files are needed at `{place}`, and {} bytes and {left} files are free",
                bytes.most, files.most, room.bytes
            ),
            None => format!("{} bytes are needed at `{place}`, and {} are free", bytes.most, room.bytes),
        }
    }
}

impl Need {
    /// Of a change, and of taking it back at any moment of it.
    pub fn new(freight: &Freight<'_>) -> io::Result<Self> {
        let Freight { disk, places, new, .. } = freight;
        let blank = blank(disk, new)?;
        let changes = changes(freight.prospect.unwrap_or(&blank));
        let mut need = Self::of_places(disk, places)?;
        let records = [new.manifest.to_json().len(), new.inventory.len(), 1];
        let records = records.iter().enumerate().map(|(number, size)| (format!("/{number}"), *size));
        let files = new.files.iter().map(|(path, bytes)| (format!("/out{path}"), bytes.len()));
        need.tree(disk, &places.generations, records.chain(files))?;
        let (mut backups, mut memory) = (Vec::new(), Vec::new());
        for Change { path, was, .. } in &changes {
            match was {
                Was::Saved(_) => backups.push((path.clone(), length(disk.size(path)?))),
                Was::Link(_) => backups.push((path.clone(), 0)),
                Was::Remembered(_) => memory.push((path.clone(), length(disk.size(path)?))),
                Was::Absent | Was::Kept(_) | Was::Folder(_) => {}
            }
        }
        need.tree(disk, &places.backups, backups.into_iter())?;
        need.tree(disk, MEMORY, memory.into_iter())?;
        // It is there twice whenever it is written.
        let journal = journal(freight, &changes);
        for _ in 0..2 {
            need.at(disk, &places.base)?.add(journal);
        }
        for (path, size) in &freight.besides {
            need.at(disk, path)?.add(*size);
        }
        let sizes = changes.iter().map(|change| sizes(freight, change)).collect::<io::Result<Vec<_>>>()?;
        let both: Vec<(&Change, Sizes)> = changes.iter().zip(sizes).collect();
        for (change, sizes) in &both {
            need.at(disk, &change.path)?.replace(sizes);
        }
        // What was added goes first.
        let (first, then): (Vec<_>, Vec<_>) = both.iter().rev().partition(|(_, sizes)| sizes.old.is_none());
        for (change, sizes) in first.into_iter().chain(then) {
            need.at(disk, &change.path)?.replace(&Sizes { old: sizes.new, new: sizes.old });
        }
        Ok(need)
    }

    /// Of taking back what is under way.
    pub fn back(
        (disk, places): (&Disk, &Places),
        journal: &Journal,
        old: Option<&Generation>,
        values: &Values,
    ) -> io::Result<Self> {
        let mut need = Self::of_places(disk, places)?;
        let text = serde_json::to_string_pretty(journal).unwrap_or_default();
        need.at(disk, &places.base)?.add(length(Some(text.len())));
        let Some(work) = &journal.work else { return Ok(need) };
        for Change { path, was, .. } in work.changes.iter().rev() {
            let new = match was {
                Was::Kept(_) => old.and_then(|old| filled(old, values, path)),
                Was::Saved(_) => disk.size(&saved(places, work.to, path))?.map(|size| length(Some(size))),
                Was::Remembered(_) => disk.size(&remembered(work.to, path))?.map(|size| length(Some(size))),
                Was::Link(_) => Some(0),
                Was::Absent | Was::Folder(_) => None,
            };
            let old = disk.size(path)?.map(|size| length(Some(size)));
            need.at(disk, path)?.replace(&Sizes { old, new });
        }
        Ok(need)
    }

    /// Of mediac's own folder.
    pub fn of_places(disk: &Disk, places: &Places) -> io::Result<Self> {
        let mut need = Self::default();
        let own = need.at(disk, &places.base)?;
        for _ in 0..OWN {
            own.add(1);
        }
        Ok(need)
    }

    /// Where there is too little room for it.
    pub fn missing(&self, disk: &Disk) -> io::Result<Vec<String>> {
        self.where_not(disk, Demand::fits)
    }

    /// Why something failed, and, where a disk is full, how much would be needed.
    pub fn explain(&self, disk: &Disk, reason: String) -> String {
        match self.where_not(disk, |demand, room| !demand.fills(room)) {
            Ok(full) if !full.is_empty() => format!("{reason}; {}", full.join("; ")),
            _ => reason,
        }
    }

    fn where_not(&self, disk: &Disk, good: impl Fn(&Demand, &Room) -> bool) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for demand in self.devices.values() {
            let room = disk.room(&demand.place)?;
            if !good(demand, &room) {
                found.push(demand.told(&room));
            }
        }
        Ok(found)
    }

    /// What is taken of the file system that a path lies on.
    fn at(&mut self, disk: &Disk, path: &str) -> io::Result<&mut Demand> {
        let room = disk.room(path)?;
        Ok(self.devices.entry(room.device).or_insert_with(|| Demand {
            place: room.place,
            block: room.block.max(1),
            bytes: Meter::default(),
            files: Meter::default(),
            largest: 0,
        }))
    }

    /// Files below a folder of their own, with all folders between.
    fn tree<S: TryInto<u64>>(
        &mut self,
        disk: &Disk,
        top: &str,
        files: impl Iterator<Item = (String, S)>,
    ) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        let demand = self.at(disk, top)?;
        for (path, size) in files {
            folders.extend(super::prospect::ancestors(&path));
            folders.insert(String::new());
            demand.add(size.try_into().unwrap_or(u64::MAX >> 8));
        }
        for _ in folders {
            demand.add(1);
        }
        Ok(())
    }
}

/// How large what goes and what comes is; nothing where there is nothing.
struct Sizes {
    old: Option<u64>,
    new: Option<u64>,
}

impl Demand {
    /// The new one is there before the old one goes.
    fn replace(&mut self, sizes: &Sizes) {
        if let Some(new) = sizes.new {
            self.add(new);
        }
        if let Some(old) = sizes.old {
            self.free(old);
        }
    }
}

fn sizes(freight: &Freight<'_>, change: &Change) -> io::Result<Sizes> {
    let old = match &change.was {
        Was::Absent | Was::Folder(_) => None,
        Was::Kept(_) | Was::Remembered(_) | Was::Saved(_) => Some(length(freight.disk.size(&change.path)?)),
        Was::Link(_) => Some(0),
    };
    let new = match change.will {
        Will::File(_) => filled(freight.new, freight.values, &change.path),
        Will::Folder(_) if change.was == Was::Absent => Some(1),
        Will::Folder(_) | Will::Nothing => None,
    };
    Ok(Sizes { old, new })
}

/// The size of a file with its secrets, or without those that are not known yet.
fn filled(build: &Generation, values: &Values, path: &str) -> Option<u64> {
    let text = build.text(path)?;
    Some(length(Some(values.fill(text).map_or(text.len(), |filled| filled.len()))))
}

fn length(size: Option<impl TryInto<u64>>) -> u64 {
    size.and_then(|size| size.try_into().ok()).unwrap_or_default()
}

/// The journal at its largest.
fn journal(freight: &Freight<'_>, changes: &[Change]) -> u64 {
    let [forward, backward] = freight.steps.map(Clone::clone);
    let work = Work {
        to: 0,
        phase: Phase::Undoing,
        boot: String::new(),
        changes: changes.to_vec(),
        // What is left over of them is added to them.
        forward,
        backward,
        begun: 0,
        waiting: None,
    };
    let journal = Journal { work: Some(work), ..Journal::default() };
    length(Some(serde_json::to_string_pretty(&journal).unwrap_or_default().len())) + GROWTH
}

/// A build that comes to a machine where there is nothing.
fn blank(disk: &Disk, build: &Generation) -> io::Result<Prospect> {
    let item = |path: String, keeping: Keeping| Item {
        path,
        keeping,
        verdict: Verdict::Write(Reason::New),
        seen: Seen::Absent,
        rights: Rights { mode: 0, owner: 0, group: 0 },
        unfilled: None,
    };
    let paths = build.manifest.files.iter().map(|entry| entry.path.as_str());
    let mut folders: BTreeSet<String> = paths.flat_map(super::prospect::ancestors).collect();
    folders.extend(build.manifest.files.iter().map(|entry| entry.path.clone()));
    let mut items = Vec::new();
    for path in folders {
        if build.files.contains_key(&path) {
            items.push(item(path, Keeping::Exact));
        } else if disk.look(&path)? == Found::Absent {
            items.push(item(path, Keeping::Folder));
        }
    }
    Ok(Prospect { paths: items, problems: Vec::new() })
}
