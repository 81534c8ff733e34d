//! What happens on the machine when a build is applied there: which containers and units stop for it.

use std::collections::BTreeMap;

use super::action::{Action, Consequence};
use super::files::{FileChange, Role, Status};
use super::phrase::Phrase;
use super::rules::{Effect, STOPS_CONTAINERS, WIRE, rule};
use super::units::{self, Asks, Part, UNITS};
use super::{Presence, Snapshot, compose};
use crate::inventory::Service;
use crate::manifest::Entry;

/// What follows from the changes between two snapshots.
pub(super) fn derive(
    base: &Snapshot,
    fresh: &Snapshot,
    presence: Presence,
    files: &[FileChange],
) -> Vec<Consequence> {
    if presence == Presence::Removed {
        return Vec::new();
    }
    let mut found = Found { base, fresh, all: BTreeMap::new() };
    for change in files.iter().filter(|change| change.role == Role::File) {
        found.file(change);
    }
    found.wiring();
    found.followers();
    found.finish()
}

struct Found<'a> {
    base: &'a Snapshot,
    fresh: &'a Snapshot,
    all: BTreeMap<(Action, String), Vec<Phrase>>,
}

impl Found<'_> {
    fn add(&mut self, action: Action, subject: &str, because: Phrase) {
        let reasons = self.all.entry((action, subject.to_owned())).or_default();
        if !reasons.contains(&because) {
            reasons.push(because);
        }
    }

    fn file(&mut self, change: &FileChange) {
        let path = format!("/{}", change.path);
        if change.status == Status::Attributes {
            let names: Vec<&str> = change.attributes().into_iter().map(|(name, ..)| name).collect();
            if names.iter().any(|name| *name != "origin") {
                let because = Phrase::new("only its {} changes, in place", &[&names.join(", ")]);
                self.add(Action::Nothing, &path, because);
            }
            return;
        }
        match change.entry().map(|entry| entry.class.as_str()) {
            Some("seed") => return self.seed(change, &path),
            // What is read there was read at the start.
            Some("secret") if change.is_redefined() == Some(false) && !is_of_a_unit(&path) => {
                let because = Phrase::new("{} has other values, or was edited", &[&path]);
                return self.owner(change, Action::Restart, because);
            }
            Some("keys") if change.status == Status::Modified => {
                let because =
                    Phrase::new("only the keys written here are set; its program keeps the others", &[]);
                return self.owner(change, Action::Restart, because);
            }
            _ => {}
        }
        let Some(rule) = rule(&path) else {
            let because = Phrase::new("{} changes, which it may read only at its start", &[&path]);
            return self.owner(change, Action::Restart, because);
        };
        let why = Phrase::new("{} changes; ", &[&path]).then(Phrase::new(rule.why, &[]));
        match rule.effect {
            Effect::Compose => {
                let consequences =
                    compose::derive(self.base.text(&change.path), self.fresh.text(&change.path));
                for Consequence { action, subject, because } in consequences {
                    self.all.insert((action, subject), because);
                }
            }
            Effect::Unit => self.unit(change),
            Effect::Reload(unit) => self.own(Action::Reload, unit, why),
            Effect::Restart(unit) => self.add(Action::Restart, unit, why),
            Effect::RestartAll(prefix) => {
                let names = self.fresh.files.keys().filter_map(|path| path.strip_prefix(UNITS));
                let names: Vec<String> =
                    names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect();
                for name in &names {
                    self.own(Action::Restart, name, why.clone());
                }
            }
            Effect::ReloadOwner => self.owner(change, Action::Reload, why),
            Effect::Run(_) if change.status == Status::Removed => {}
            Effect::Run(program) => self.add(Action::Run, program, why),
            Effect::Nothing if change.status == Status::Modified => {
                self.add(Action::Nothing, &path, Phrase::new(rule.why, &[]));
            }
            Effect::Nothing => {}
        }
    }

    /// A program's own file: a build makes it once and never touches it again.
    fn seed(&mut self, change: &FileChange, path: &str) {
        let because = match change.status {
            Status::Modified => {
                "it is used at the first start only; where the program has its file already, this change is not applied"
            }
            Status::Added if self.before(change).is_some() => {
                "it is used at the first start only; where the program has its file already, it is not applied"
            }
            Status::Removed => "it belongs to its program and stays",
            Status::Added | Status::Attributes => return,
        };
        self.add(Action::Nothing, path, Phrase::new(because, &[]));
    }

    fn unit(&mut self, change: &FileChange) {
        let Some((name, part)) = units::unit_of(&change.path) else { return };
        let name = name.to_owned();
        match (change.status, part) {
            (Status::Added, Part::Unit) => self.add(Action::Start, &name, Phrase::new("it is new", &[])),
            (Status::Removed, Part::Unit) => {
                self.add(Action::Stop, &name, Phrase::new("it is no longer defined", &[]));
            }
            (_, part) => {
                let text = |side: &Snapshot| side.text(&change.path).unwrap_or_default().to_owned();
                let timed =
                    name.strip_suffix(".service").is_some_and(|stem| self.brings(&format!("{stem}.timer")));
                let (action, because) = match units::compare(&name, &text(self.base), &text(self.fresh)) {
                    Asks::Restart | Asks::Reload if timed => {
                        (Action::Reread, "its timer starts it, the next time as it is now")
                    }
                    Asks::Restart if part == Part::DropIn => {
                        let path = format!("/{}", change.path);
                        let because = Phrase::new("its settings in {} change", &[&path]);
                        return self.add(Action::Restart, &name, because);
                    }
                    Asks::Reread => (Action::Reread, "what changes in it matters at its next start"),
                    Asks::Reload => (Action::Reload, "what changes in it can be taken in at runtime"),
                    Asks::Restart => (Action::Restart, "its unit changes"),
                };
                self.add(action, &name, Phrase::new(because, &[]));
            }
        }
    }

    /// A unit of the build itself: one that is new starts anyway, and one that goes has nothing to take in.
    fn own(&mut self, action: Action, unit: &str, because: Phrase) {
        let path = format!("{UNITS}{unit}");
        if self.base.files.contains_key(&path) && self.fresh.files.contains_key(&path) {
            self.add(action, unit, because);
        }
    }

    /// The service that a file belongs to, if it was there before and still is.
    fn owner(&mut self, change: &FileChange, action: Action, because: Phrase) {
        let (before, after) = (self.before(change), self.after(change));
        // A unit that a package brings runs already, or still, with what it had before.
        let own = |service: &Service| service.unit.as_ref().is_some_and(|unit| !self.brings(unit));
        let (id, service) = match (before, after) {
            (Some(_), Some(after)) => after,
            (None, Some(one)) | (Some(one), None) if own(&one.1) => one,
            _ => return,
        };
        match (&service.unit, action) {
            (Some(unit), _) => self.add(action, &unit.clone(), because),
            (None, Action::Reload) => self.add(Action::ReloadContainer, &id, because),
            // It is defined as before, and is another one on the machine: Docker cannot know.
            (None, _) if change.is_redefined() == Some(false) => {
                self.add(Action::RestartContainer, &id, because);
            }
            // A container that sees the file has a label with its hash, and is made anew by that.
            (None, _) => {}
        }
    }

    /// Whether a unit is a file of either build.
    fn brings(&self, unit: &str) -> bool {
        let path = format!("{UNITS}{unit}");
        self.base.files.contains_key(&path) || self.fresh.files.contains_key(&path)
    }

    fn before(&self, change: &FileChange) -> Option<(String, Service)> {
        service(self.base, change.entry()?)
    }

    fn after(&self, change: &FileChange) -> Option<(String, Service)> {
        service(self.fresh, change.entry()?)
    }

    /// What is new or another one is wired when it answers.
    fn wiring(&mut self) {
        let because = Phrase::new("containers are new, or others", &[]);
        let makes = |action: &Action| matches!(action, Action::StartContainer | Action::RemakeContainer);
        if self.all.keys().any(|(action, _)| makes(action)) {
            self.own(Action::Restart, WIRE, because);
        }
    }

    /// Units that stop and start with one that restarts.
    fn followers(&mut self) {
        let mut open: Vec<String> = self.restarting();
        let mut done: Vec<String> = Vec::new();
        while let Some(unit) = open.pop() {
            for follower in units::followers(self.fresh, &unit) {
                let new = self.all.contains_key(&(Action::Start, follower.clone()));
                if new || done.contains(&follower) {
                    continue;
                }
                let because = Phrase::new("it depends on {}, which restarts", &[&unit]);
                self.add(Action::Restart, &follower, because);
                open.push(follower);
            }
            done.push(unit);
        }
        for unit in self.restarting() {
            if STOPS_CONTAINERS.contains(&unit.as_str()) {
                self.add(
                    Action::Restart,
                    &unit,
                    Phrase::new("every container stops and starts with it", &[]),
                );
            }
        }
    }

    fn restarting(&self) -> Vec<String> {
        let restarts = self.all.keys().filter(|(action, _)| *action == Action::Restart);
        restarts.map(|(_, unit)| unit.clone()).collect()
    }

    /// Each unit and container once, with the strongest of what happens to it.
    fn finish(self) -> Vec<Consequence> {
        let all = &self.all;
        let has = |action: Action, subject: &String| all.contains_key(&(action, subject.clone()));
        let weaker = |action: Action, subject: &String| match action {
            Action::Reload | Action::Reread => {
                [Action::Restart, Action::Start, Action::Stop].iter().any(|stronger| has(*stronger, subject))
                    || (action == Action::Reread && has(Action::Reload, subject))
            }
            Action::Restart => has(Action::Start, subject) || has(Action::Stop, subject),
            Action::ReloadContainer => {
                [Action::RemakeContainer, Action::StartContainer, Action::RestartContainer]
                    .iter()
                    .any(|stronger| has(*stronger, subject))
            }
            Action::RestartContainer => {
                has(Action::RemakeContainer, subject) || has(Action::StartContainer, subject)
            }
            _ => false,
        };
        let kept = all.iter().filter(|((action, subject), _)| !weaker(*action, subject));
        kept.map(|((action, subject), because)| Consequence {
            action: *action,
            subject: subject.clone(),
            because: because.clone(),
        })
        .collect()
    }
}

/// Whether a file is read by a unit of mediac's own, and by no service.
fn is_of_a_unit(path: &str) -> bool {
    rule(path).is_some_and(|rule| matches!(rule.effect, Effect::Restart(_)))
}

/// The service that caused a file, by the option it comes from.
fn service(side: &Snapshot, entry: &Entry) -> Option<(String, Service)> {
    let rest = entry.origin.strip_prefix("services.")?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(['.', '[']).next()?,
    };
    Some((name.to_owned(), side.inventory.read()?.services.get(name)?.clone()))
}
