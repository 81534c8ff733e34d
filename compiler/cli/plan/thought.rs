//! A change that was thought through: what it does to every path, what else is done, and what stands against it.

use std::collections::BTreeSet;

use super::{Change, Drift};
use crate::apply::{
    self, Generation, Journal, Missing, Outlook, Policy, Prospect, Request, Steps, Unfilled, Verdict,
};
use crate::cli::exit::Failure;
use crate::cli::recover;
use crate::cli::secrets::store::Encrypted;
use crate::cli::target::durations::Durations;
use crate::cli::target::secrets::{self, RootKey, Secrets};
use crate::cli::target::{Machine, ready};
use crate::diff::{Difference, Snapshot};
use crate::secret::Reference;

/// A change that was thought through.
pub struct Thought {
    pub journal: Journal,
    pub old: Option<Generation>,
    pub new: Generation,
    pub secrets: Secrets,
    /// The secrets of it that the project has encrypted.
    pub encrypted: Encrypted,
    pub prospect: Prospect,
    pub forward: Steps,
    pub backward: Steps,
    pub missing: Missing,
    /// What it means for whoever uses the machine.
    pub outlook: Outlook,
    /// How long steps took here.
    pub took: Durations,
}

impl Change {
    /// Compares it with what the machine has.
    pub fn think(
        &self,
        machine: &Machine,
        new: Generation,
        encrypted: Encrypted,
        key: RootKey,
    ) -> Result<Thought, Failure> {
        let journal = machine.journal()?;
        recover::is_idle(machine, &journal)?;
        let old = machine.current(&journal)?;
        let builds: Vec<&Generation> = old.iter().chain([&new]).collect();
        let secrets = secrets::find(machine, &builds, &encrypted, key)?;
        let accounts = machine.accounts(&builds)?;
        let adopted: BTreeSet<String> = self.adopt.iter().cloned().collect();
        let policy = match self.drift {
            Drift::Fail => Policy::Fail,
            Drift::Keep => Policy::Keep,
            Drift::Overwrite => Policy::Overwrite,
        };
        let request = Request {
            disk: &machine.disk,
            old: old.as_ref(),
            new: &new,
            values: &secrets.values,
            accounts: &accounts,
            policy,
            adopted: &adopted,
        };
        let prospect = apply::prospect(&request).map_err(|error| machine.cannot("read", "/", &error))?;
        let before = match &old {
            Some(old) => apply::actual(&machine.disk, &prospect, old, &new),
            None => Ok(Snapshot::default()),
        };
        let before = before.map_err(|error| machine.cannot("read", "/", &error))?;
        let after = new.snapshot();
        let difference = Difference::between(&before, &after);
        let mut outlook = apply::outlook(&difference, old.as_ref(), &new);
        if self.older {
            outlook.older.clear();
        }
        let mut forward = apply::steps(&difference.consequences, old.as_ref(), &new);
        let nothing = Generation::nothing(&new.manifest.host);
        let older = old.as_ref().unwrap_or(&nothing);
        // From a build to one of nothing, and not to none: a host that is gone says nothing about its machine.
        let was = if old.is_some() { before } else { nothing.snapshot() };
        let back = Difference::between(&after, &was).consequences;
        let backward = apply::steps(&back, Some(&new), older);
        // What an older change left undone is done with this one.
        let mut after = journal.pending.clone();
        after.retain(|step| !forward.after.iter().any(|other| other.command == step.command));
        after.append(&mut forward.after);
        forward.after = after;
        let missing = ready::missing(machine, &new);
        let took = Durations::read(machine);
        Ok(Thought {
            journal,
            old,
            new,
            secrets,
            encrypted,
            prospect,
            forward,
            backward,
            missing,
            outlook,
            took,
        })
    }
}

impl Thought {
    /// Whether there is nothing to do.
    pub fn is_done(&self) -> bool {
        self.prospect.is_done()
            && self.old.as_ref().is_some_and(|old| old.manifest.id == self.new.manifest.id)
            && self.journal.pending.is_empty()
    }

    /// How many paths change and programs run.
    pub fn size(&self) -> usize {
        let changes = |verdict| matches!(verdict, Verdict::Write(_) | Verdict::Remove);
        self.prospect.paths.iter().filter(|item| changes(item.verdict)).count() + self.forward.all().count()
    }

    /// Whether nothing stands against it.
    pub fn check(&self) -> Result<(), Failure> {
        // Accounts come with packages.
        let comes = |problem: &apply::Problem| {
            matches!(problem, apply::Problem::Account(_)) && !self.missing.packages.is_empty()
        };
        if let Some(problem) = self.prospect.problems.iter().find(|problem| !comes(problem)) {
            return Err(unable(problem));
        }
        let in_the_way: Vec<&str> = self.prospect.obstacles().map(|item| item.path.as_str()).collect();
        if in_the_way.is_empty() {
            return self.is_not_older();
        }
        let help = "keep an edit with `--drift keep`, write over it with `--drift overwrite`; take over a file that \
                    mediac did not make with `--adopt PATH`; move anything else away";
        Err(Failure::refused(format!("{} in the way: {}", in_the_way.len(), in_the_way.join(", ")), help))
    }

    /// Whether no program becomes an older one: its data may be of the newer one, and no build brings that back.
    fn is_not_older(&self) -> Result<(), Failure> {
        let older = &self.outlook.older;
        if older.is_empty() {
            return Ok(());
        }
        let help = "name the newer image; or back up the data, and give `--older`";
        let message = format!("older than what ran on its data last: {}", older.join(", "));
        Err(Failure::refused(message, help))
    }

    /// Whether packages or disks have to be there first. Images are looked for whenever anything changes.
    pub fn lacks_anything(&self) -> bool {
        let Missing { packages, disks, images, sources: _ } = &self.missing;
        !packages.is_empty() || !disks.is_empty() || !images.is_empty()
    }

    /// Whether every secret that is needed has a value.
    pub fn filled(&self) -> Result<(), Failure> {
        match self.unfilled().pop_first() {
            None => Ok(()),
            Some(missing) => {
                let help = "`mediac secrets set` keeps a value in the project, encrypted; or put it into \
                            /etc/mediac/secrets/SERVICE/NAME, readable by root only; `mediac secrets check` shows all";
                Err(Failure::invalid(missing, help))
            }
        }
    }

    /// Secrets that are needed and have no value, and will have none.
    pub fn unfilled(&self) -> BTreeSet<String> {
        let inventory = self.new.meaning();
        let told = |unfilled: &Unfilled| match unfilled {
            Unfilled::Missing(Reference { service, name, .. }) => {
                let name = format!("{service}/{name}");
                // Those that are derived come with the root key, which the first apply makes.
                if inventory.secrets.get(&name).is_some_and(|source| source == "derived") {
                    return None;
                }
                let why = self.secrets.closed.get(&name);
                Some(why.map_or_else(|| unfilled.to_string(), |why| format!("the secret {name} {why}")))
            }
            Unfilled::Unfit(_) => Some(unfilled.to_string()),
        };
        self.prospect.paths.iter().filter_map(|item| item.unfilled.as_ref()).filter_map(told).collect()
    }
}

fn unable(problem: &apply::Problem) -> Failure {
    match problem {
        apply::Problem::Account(name) => Failure::invalid(
            format!("there is no account `{name}` on this machine"),
            "install the package that brings it: /etc/mediac/packages.list of the build has their names",
        ),
        apply::Problem::Mode(path) => {
            Failure::invalid(format!("`{path}` has no mode in the manifest"), "build the host again")
        }
        apply::Problem::Unreadable(path, error) => Failure::invalid(
            format!("cannot look at `{path}`: {error}"),
            "no folder above it may be a link or a file; and it takes root to look everywhere",
        ),
    }
}
