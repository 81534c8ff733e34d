//! Changing the target so that it is never between two builds: what was intended is on the disk before anything is
//! changed, and whoever finds the intention undoes it.

use std::collections::BTreeSet;
use std::io;

use super::decide::{Keeping, Rights, Verdict};
use super::disk::{Disk, Found};
use super::gate;
use super::generation::{Generation, PRIVATE, PRIVATE_FOLDER, make_above};
use super::journal::{Change, Journal, Phase, Places, Waiting, Was, Will, Work};
use super::memory;
use super::proof::Question;
use super::prospect::{Item, Prospect, Seen};
use super::room::Need;
use super::steps::{Step, Steps};
use super::template::Values;

/// The target, and mediac's own files on it.
pub struct Target<'a> {
    /// Where everything happens.
    pub disk: &'a Disk,
    /// The places of mediac's own files.
    pub places: &'a Places,
    /// The boot of the machine, by the name that the kernel gave it.
    pub boot: &'a str,
}

/// Who does the steps, and is told what happens.
pub trait Hands {
    /// Does a step; the error is what to say of it.
    fn act(&mut self, step: &Step) -> Result<(), String>;
    /// Asks what is the case, for a step; there is no answer where no programs are run.
    fn ask(&mut self, step: &Step, question: &Question) -> Result<Option<String>, String>;
    /// Is told what happens.
    fn tell(&mut self, event: Event<'_>);
}

/// What happens.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The build is kept.
    Kept(u64),
    /// A path is written or removed.
    Changed(&'a str),
    /// A step is done.
    Step(&'a Step),
    /// What was done is undone, because of this.
    Undoing(&'a str),
    /// A step of undoing failed; the others are done.
    Failed(&'a Step, &'a str),
}

/// How a change ended.
#[derive(Debug)]
pub enum End {
    /// The target has the build of this number.
    Applied(u64),
    /// The target has it, and it is undone when nobody confirms it.
    Waiting(u64),
    /// It failed because of this, and the target is as it was.
    Undone(String),
    /// It failed because of the first, and undoing it because of the second.
    Degraded(String, String),
}

/// What becomes of a change that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// It is undone.
    Undone,
    /// It stays as it is, to be looked at.
    Stays,
}

/// A change that nothing stands against.
pub struct Plan<'a> {
    /// The build that comes.
    pub new: &'a Generation,
    /// The build that the target has.
    pub old: Option<&'a Generation>,
    /// What becomes of every path.
    pub prospect: &'a Prospect,
    /// What is done besides.
    pub forward: Steps,
    /// What is done when it is undone.
    pub backward: Steps,
    /// What has to be said, and until when, for it not to be undone.
    pub waiting: Option<Waiting>,
    /// Secrets.
    pub values: &'a Values,
    /// What becomes of it when it fails.
    pub failing: Failing,
    /// The room that it takes.
    pub need: &'a Need,
    /// The time, in seconds since 1970.
    pub time: u64,
}

impl Target<'_> {
    /// Applies a build. An error means that nothing was changed, but for files of mediac's own that nothing refers to.
    pub fn apply(&self, journal: &mut Journal, plan: &Plan<'_>, hands: &mut dyn Hands) -> io::Result<End> {
        let to = journal.last + 1;
        plan.new.keep(self.disk, &self.places.generations, to, plan.time)?;
        hands.tell(Event::Kept(to));
        let changes = changes(plan.prospect);
        self.save(to, &changes)?;
        if let Err(error) = memory::remember(self.disk, to, &changes) {
            let _ = memory::forget(self.disk);
            return Err(error);
        }
        let work = Work {
            to,
            phase: Phase::Applying,
            boot: self.boot.to_owned(),
            changes,
            forward: plan.forward.clone(),
            backward: plan.backward.clone(),
            begun: 0,
            waiting: None,
        };
        // From here on, whatever happens, somebody will find this and undo it.
        let before = journal.clone();
        *journal = Journal { last: to, work: Some(work.clone()), ..before.clone() };
        let forward = match journal.write(self.disk, self.places) {
            Ok(()) => self.forward(journal, &work, plan, hands),
            Err(error) => match Journal::read(self.disk, self.places) {
                Ok(Ok(found)) if found == before => {
                    *journal = before;
                    let _ = memory::forget(self.disk);
                    return Err(error);
                }
                // It may be on the disk all the same: then it has to be taken back like anything else.
                _ => Err(error.to_string()),
            },
        };
        match forward {
            Ok(()) if journal.work.is_some() => Ok(End::Waiting(to)),
            Ok(()) => Ok(End::Applied(to)),
            Err(reason) => {
                // Before what was written makes room again.
                let reason = plan.need.explain(self.disk, reason);
                if plan.failing == Failing::Stays {
                    return Ok(self.leave(journal, reason));
                }
                hands.tell(Event::Undoing(&reason));
                Ok(match self.undo(journal, plan.old, Some(plan.new), plan.values, hands) {
                    Ok(()) => End::Undone(reason),
                    Err(error) => End::Degraded(reason, plan.need.explain(self.disk, error)),
                })
            }
        }
    }

    /// Leaves what failed as it is. When this cannot be written down, it is undone like anything that was cut off.
    fn leave(&self, journal: &mut Journal, reason: String) -> End {
        if let Some(work) = &mut journal.work {
            work.phase = Phase::Failed;
        }
        let left = "it stays as it is, as was asked for".to_owned();
        let written = journal.write(self.disk, self.places);
        End::Degraded(reason, written.map_or_else(|error| error.to_string(), |()| left))
    }

    fn forward(
        &self,
        journal: &mut Journal,
        work: &Work,
        plan: &Plan<'_>,
        hands: &mut dyn Hands,
    ) -> Result<(), String> {
        self.act(journal, &work.forward.before, hands)?;
        for (index, change) in work.changes.iter().enumerate() {
            let done = match change.will {
                Will::Folder(rights) => self.disk.make_folder(&change.path, rights),
                Will::File(rights) => self.put(&change.path, work.to, index, plan.new, plan.values, rights),
                Will::Nothing => self.disk.remove(&change.path),
            };
            done.map_err(|error| format!("`{}`: {error}", change.path))?;
            hands.tell(Event::Changed(&change.path));
        }
        self.sync(&work.changes).map_err(|error| error.to_string())?;
        self.act(journal, &work.forward.after, hands)?;
        if let (Some(waiting), Some(work)) = (&plan.waiting, &mut journal.work) {
            work.phase = Phase::Waiting;
            work.waiting = Some(waiting.clone());
            return journal.write(self.disk, self.places).map_err(|error| error.to_string());
        }
        self.commit(journal).map_err(|error| error.to_string())
    }

    /// Does steps; that one is begun is on the disk before it is.
    fn act(&self, journal: &mut Journal, steps: &[Step], hands: &mut dyn Hands) -> Result<(), String> {
        for step in steps {
            if let Some(work) = &mut journal.work {
                work.begun += 1;
            }
            journal.write(self.disk, self.places).map_err(|error| error.to_string())?;
            gate::take(step, hands).map_err(|error| format!("`{}`: {error}", step.command.join(" ")))?;
            hands.tell(Event::Step(step));
        }
        Ok(())
    }

    /// Makes what is under way the target's build: this one write does it.
    pub fn commit(&self, journal: &mut Journal) -> io::Result<()> {
        let current = journal.work.as_ref().map(|work| work.to).or(journal.current);
        let pending = match &journal.work {
            Some(work) => left_over(&journal.pending, work.forward.all()),
            None => journal.pending.clone(),
        };
        let done = Journal { current, last: journal.last, work: None, pending };
        done.write(self.disk, self.places)?;
        *journal = done;
        // Whoever comes next does it as well.
        let _ = memory::forget(self.disk);
        Ok(())
    }

    pub(super) fn put(
        &self,
        path: &str,
        number: u64,
        index: usize,
        build: &Generation,
        values: &Values,
        rights: Rights,
    ) -> io::Result<()> {
        let text = build.text(path).ok_or_else(|| io::Error::other("it is not in the build"))?;
        let filled = values.fill(text).map_err(|why| io::Error::other(why.to_string()))?;
        self.disk.put(path, &temporary(number, index), filled.as_bytes(), rights)
    }

    /// Saves what is written over although it is not in the build before, where people find it again by its path.
    fn save(&self, number: u64, changes: &[Change]) -> io::Result<()> {
        let top = format!("{}/{number}", self.places.backups);
        let saved_any = changes.iter().any(|change| matches!(change.was, Was::Saved(_) | Was::Link(_)));
        if !saved_any {
            return Ok(());
        }
        self.disk.remove_tree(&top)?;
        self.disk.make_folder(&top, PRIVATE_FOLDER)?;
        let mut folders = BTreeSet::from([top.clone()]);
        for change in changes {
            let place = saved(self.places, number, &change.path);
            match (&change.was, self.disk.look(&change.path)?) {
                (Was::Saved(_), Found::File { bytes, .. }) => {
                    make_above(self.disk, &place, &top, &mut folders)?;
                    self.disk.write_new(&place, &bytes, PRIVATE)?;
                }
                (Was::Link(target), _) => {
                    make_above(self.disk, &place, &top, &mut folders)?;
                    self.disk.link(target, &place, ".link")?;
                }
                _ => {}
            }
        }
        for folder in folders.iter().rev() {
            self.disk.sync_folder(folder)?;
        }
        self.disk.sync_folder(&self.places.backups)
    }

    /// Waits until the entries of all folders with changes are on the disk.
    pub(super) fn sync(&self, changes: &[Change]) -> io::Result<()> {
        let mut synced = BTreeSet::new();
        for change in changes {
            let above = change.path.rsplit_once('/').map_or("", |(above, _)| above);
            if synced.insert(above) {
                self.disk.sync_above(&change.path)?;
            }
            // The entry of a folder is in the one above, but its mode and owner are its own.
            if let (Will::Folder(_), Found::Folder(_)) = (change.will, self.disk.look(&change.path)?) {
                self.disk.sync_folder(&change.path)?;
            }
        }
        Ok(())
    }
}

/// What is still owed when these steps are done: not what one of them did to the same unit or container.
pub(super) fn left_over<'a>(owed: &[Step], done: impl Iterator<Item = &'a Step>) -> Vec<Step> {
    let subjects: BTreeSet<Option<&String>> = done.map(|step| step.command.last()).collect();
    owed.iter().filter(|step| !subjects.contains(&step.command.last())).cloned().collect()
}

/// What is changed for a prospect: folders from above, then files, what goes last.
pub(super) fn changes(prospect: &Prospect) -> Vec<Change> {
    let mut changes: Vec<(u8, Change)> = Vec::new();
    for Item { path, verdict, seen, rights, keeping, .. } in &prospect.paths {
        let was = match seen {
            Seen::Absent => Was::Absent,
            Seen::AsApplied(rights) => Was::Kept(*rights),
            Seen::OtherValues(rights) => Was::Remembered(*rights),
            Seen::File(rights) => Was::Saved(*rights),
            Seen::Folder(rights) => Was::Folder(*rights),
            Seen::Link(target) => Was::Link(target.clone()),
            Seen::Special => continue,
        };
        let (rank, will) = match (verdict, keeping) {
            (Verdict::Write(_), Keeping::Folder) => (0, Will::Folder(*rights)),
            (Verdict::Write(_), Keeping::Exact | Keeping::Once) => (1, Will::File(*rights)),
            (Verdict::Remove, _) => (2, Will::Nothing),
            (Verdict::Keep | Verdict::Adopt | Verdict::Leave | Verdict::Drift | Verdict::InTheWay(_), _) => {
                continue;
            }
        };
        changes.push((rank, Change { path: path.clone(), was, will }));
    }
    changes.sort_by_key(|(rank, _)| *rank);
    changes.into_iter().map(|(_, change)| change).collect()
}

/// The name of a file until it is whole.
pub(super) fn temporary(number: u64, index: usize) -> String {
    format!(".mediac-{number}-{index}")
}

pub(super) fn saved(places: &Places, number: u64, path: &str) -> String {
    format!("{}/{number}{path}", places.backups)
}
