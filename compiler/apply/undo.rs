//! Taking a change back: whatever of it was done, by whoever finds that it was begun.

use std::collections::BTreeSet;
use std::io;

use super::decide::Rights;
use super::disk::Found;
use super::engine::{Event, Hands, Target, left_over, saved, temporary};
use super::gate;
use super::generation::Generation;
use super::journal::{Change, Journal, Phase, Was, Will};
use super::memory::{self, remembered};
use super::steps::{Step, Steps};
use super::template::{self, Values};

impl Target<'_> {
    /// Takes back what the journal says is under way. It can be cut off and begun again any number of times.
    pub fn undo(
        &self,
        journal: &mut Journal,
        old: Option<&Generation>,
        new: Option<&Generation>,
        values: &Values,
        hands: &mut dyn Hands,
    ) -> Result<(), String> {
        let Some(work) = &mut journal.work else { return Ok(()) };
        work.phase = Phase::Undoing;
        let work = work.clone();
        // A step that was begun has to be answered; one that never was has not. This need not be on the disk: who finds
        // the journal as it was does the same.
        let told = journal.write(self.disk, self.places);
        if let Err(error) = &told {
            // Unless it says that the end was reached: files that went back then would be nobody's.
            match Journal::read(self.disk, self.places) {
                Ok(Ok(Journal { work: Some(_), .. })) => {}
                _ => return Err(error.to_string()),
            }
        }
        let steps = if work.begun > 0 { work.backward.clone() } else { Steps::default() };
        let mut failed = BTreeSet::new();
        answer(&steps.before, &mut failed, hands);
        // What was added goes first: on a full disk, that is the room for what comes back.
        let added = |change: &Change| matches!((&change.was, change.will), (Was::Absent, Will::File(_)));
        let (first, then): (Vec<_>, Vec<_>) =
            work.changes.iter().enumerate().rev().partition(|(_, change)| added(change));
        for (index, change) in first.into_iter().chain(then) {
            let back = self.put_back(change, work.to, index, old, new, values);
            back.map_err(|error| format!("`{}`: {error}", change.path))?;
        }
        self.sync(&work.changes).map_err(|error| error.to_string())?;
        told.or_else(|_| journal.write(self.disk, self.places)).map_err(|error| error.to_string())?;
        answer(&steps.after, &mut failed, hands);
        let count = failed.len();
        let mut pending = left_over(&journal.pending, steps.all());
        pending.extend(again(steps.all(), &failed));
        let done = Journal { current: journal.current, last: journal.last, work: None, pending };
        done.write(self.disk, self.places).map_err(|error| error.to_string())?;
        *journal = done;
        let _ = memory::forget(self.disk);
        if count == 0 { Ok(()) } else { Err(format!("{count} of the steps back failed")) }
    }

    /// Does what an earlier way back left over, and returns how much of it is left.
    pub fn settle(&self, journal: &mut Journal, hands: &mut dyn Hands) -> io::Result<usize> {
        let mut failed = BTreeSet::new();
        answer(&journal.pending, &mut failed, hands);
        let count = failed.len();
        journal.pending = again(journal.pending.iter(), &failed);
        journal.write(self.disk, self.places)?;
        Ok(count)
    }

    fn put_back(
        &self,
        change: &Change,
        number: u64,
        index: usize,
        old: Option<&Generation>,
        new: Option<&Generation>,
        values: &Values,
    ) -> io::Result<()> {
        let path = change.path.as_str();
        if let Some((above, _)) = path.rsplit_once('/') {
            self.disk.remove(&format!("{above}/{}", temporary(number, index)))?;
        }
        match &change.was {
            Was::Absent => match (change.will, self.disk.look(path)?) {
                (Will::Folder(_), Found::Folder(_)) => self.disk.remove_empty(path),
                // What its program made of it meanwhile is the program's.
                (Will::File(_), Found::File { bytes, .. }) if is_of(new, path, &bytes) => {
                    self.disk.remove(path)
                }
                _ => Ok(()),
            },
            Was::Remembered(rights) => match self.disk.look(&remembered(number, path))? {
                Found::File { bytes, .. } => self.put_bytes(path, number, index, &bytes, *rights),
                // The machine has booted since: it has the values of today.
                _ => self.put_kept(path, number, index, old, values, *rights),
            },
            Was::Kept(rights) => self.put_kept(path, number, index, old, values, *rights),
            Was::Saved(rights) => match self.disk.look(&saved(self.places, number, path))? {
                Found::File { bytes, .. } => self.put_bytes(path, number, index, &bytes, *rights),
                _ => Err(io::Error::other("what was saved of it is missing")),
            },
            Was::Folder(rights) => self.disk.make_folder(path, *rights),
            Was::Link(target) => match self.disk.look(path)? {
                Found::Link(now) if now == *target => Ok(()),
                _ => self.disk.link(target, path, &temporary(number, index)),
            },
        }
    }

    /// A file with exactly these bytes.
    fn put_bytes(
        &self,
        path: &str,
        number: u64,
        index: usize,
        bytes: &[u8],
        rights: Rights,
    ) -> io::Result<()> {
        match self.disk.look(path)? {
            Found::File { bytes: now, rights: has } if now == bytes && has == rights => Ok(()),
            _ => self.disk.put(path, &temporary(number, index), bytes, rights),
        }
    }

    /// A file of the build before this, filled in with the values that there are.
    fn put_kept(
        &self,
        path: &str,
        number: u64,
        index: usize,
        old: Option<&Generation>,
        values: &Values,
        rights: Rights,
    ) -> io::Result<()> {
        let old = old.ok_or_else(|| io::Error::other("the build before this is missing"))?;
        let text = old.text(path).ok_or_else(|| io::Error::other("it is not in the build before this"))?;
        let is_back = |bytes: &[u8]| match values.fill(text) {
            Ok(filled) => filled.as_bytes() == bytes,
            Err(_) => could_be(text, bytes),
        };
        match self.disk.look(path)? {
            Found::File { bytes, rights: now } if now == rights && is_back(&bytes) => Ok(()),
            _ => self.put(path, number, index, old, values, rights),
        }
    }
}

/// Does steps back, and notes those that fail.
fn answer<'a>(steps: &'a [Step], failed: &mut BTreeSet<&'a Step>, hands: &mut dyn Hands) {
    for step in steps {
        match gate::take(step, hands) {
            Ok(()) => hands.tell(Event::Step(step)),
            Err(error) => {
                hands.tell(Event::Failed(step, &error));
                failed.insert(step);
            }
        }
    }
}

/// What has to be done later when these failed, in order. With one step for containers go all: a container that could not
/// be removed was not made anew either, and when it is removed later, somebody has to.
fn again<'a>(steps: impl Iterator<Item = &'a Step>, failed: &BTreeSet<&Step>) -> Vec<Step> {
    let takes_others = failed.iter().any(|step| step.is_for_containers());
    let stays = |step: &&Step| failed.contains(step) || (takes_others && step.is_for_containers());
    steps.filter(stays).cloned().collect()
}

fn could_be(text: &str, bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|now| template::could_be(text, now))
}

fn is_of(build: Option<&Generation>, path: &str, bytes: &[u8]) -> bool {
    build.and_then(|build| build.text(path)).is_some_and(|text| could_be(text, bytes))
}
