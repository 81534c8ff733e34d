//! `mediac plan`: what applying a build to this machine would do. Changes nothing, and asks for no key.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::secrets::store::{self, Encrypted, Store};
use super::target::secrets::{self, RootKey, Secrets};
use super::target::{self, Machine};
use super::terminal::Terminal;
use super::diff;
use crate::apply::{
    self, Broken, Generation, Journal, Keeping, Obstacle, Policy, Prospect, Request, Step, Unfilled, Verdict, word,
};
use crate::diff::{Difference, Snapshot};
use crate::report;
use crate::secret::Reference;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    pub change: Change,
    #[command(flatten)]
    pub target: target::Arguments,
    /// End with 2 when there is anything to do
    #[arg(long)]
    exit_code: bool,
}

/// Which build is applied, and how.
#[derive(Debug, Args, Default)]
pub struct Change {
    /// A host file, or the name of a host; not needed when the project has only one
    #[arg(value_name = "HOST", conflicts_with = "from")]
    host: Option<PathBuf>,
    /// The output of a host that `mediac build` wrote, instead of a fresh build
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// What to do with files of mediac's that were edited by hand
    #[arg(long, value_enum, value_name = "POLICY", default_value_t = Drift::Fail)]
    drift: Drift,
    /// Take over this file, which mediac did not make; what it says is saved. Can be repeated
    #[arg(long, value_name = "PATH")]
    adopt: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Drift {
    #[default]
    /// Refuse where the definition changed as well, keep the others
    Fail,
    /// Keep them
    Keep,
    /// Save them and write over them
    Overwrite,
}

/// A change that was thought through.
pub struct Thought {
    pub journal: Journal,
    pub old: Option<Generation>,
    pub new: Generation,
    pub secrets: Secrets,
    /// The secrets of it that the project has encrypted.
    pub encrypted: Encrypted,
    pub prospect: Prospect,
    pub forward: Vec<Step>,
    pub backward: Vec<Step>,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let new = arguments.change.build(place, terminal)?;
    let encrypted = arguments.change.encrypted(place, &new)?;
    let thought = arguments.change.think(&machine, new, encrypted, RootKey::Read)?;
    terminal.result(&describe(&thought));
    if let Err(failure) = thought.check() {
        terminal.error(&failure);
        return Ok(failure.exit);
    }
    Ok(if arguments.exit_code && !thought.is_done() { Exit::Differences } else { Exit::Done })
}

impl Change {
    /// The build that was asked for.
    pub fn build(&self, place: &Place, terminal: &Terminal) -> Result<Generation, Failure> {
        let snapshot = match &self.from {
            Some(folder) => diff::read("", &place.absolute(folder))?,
            None => self.compile(place, terminal)?,
        };
        Generation::new(&snapshot).map_err(|broken| {
            let (Broken::Record(name) | Broken::File(name)) = broken;
            let message = format!("this is no build, or one that was edited by hand: `{name}`");
            Failure::invalid(message, "name a folder that `mediac build` wrote, or build it again")
        })
    }

    fn compile(&self, place: &Place, terminal: &Terminal) -> Result<Snapshot, Failure> {
        let asked: Vec<PathBuf> = self.host.iter().cloned().collect();
        let selection = place.select(&asked)?;
        let [host] = selection.hosts.as_slice() else {
            return Err(Failure::invalid("this project has several hosts", "name the one that this machine is"));
        };
        let outcome = hosts::compile_one(&selection.project, host);
        let found = [(&outcome.report, &outcome.sources)];
        terminal.progress(&report::write(&found, report::Format::Human(terminal.stderr())));
        outcome.compiled.as_ref().map(diff::snapshot).ok_or_else(|| {
            Failure::invalid(format!("`{}` cannot be built", host.name), "see above; `mediac check` says the same")
        })
    }

    /// What the project has encrypted for the host of a build.
    pub fn encrypted(&self, place: &Place, build: &Generation) -> Result<Encrypted, Failure> {
        let host = &build.manifest.host;
        let root = match (&self.from, &self.host) {
            (Some(from), _) => store::above(&place.absolute(from), host),
            (None, host) => place.root_of(host.as_deref()),
        };
        root.map_or_else(|| Ok(Encrypted::default()), |root| Store::new(&root, host).read())
    }

    /// Compares it with what the machine has.
    pub fn think(
        &self,
        machine: &Machine,
        new: Generation,
        encrypted: Encrypted,
        key: RootKey,
    ) -> Result<Thought, Failure> {
        let journal = machine.journal()?;
        if journal.work.is_some() {
            return Err(Failure {
                exit: Exit::Degraded,
                message: "an apply was cut off on this machine".to_owned(),
                help: "`mediac recover` takes it back".to_owned(),
            });
        }
        let old = machine.current(&journal)?;
        let builds: Vec<&Generation> = old.iter().chain([&new]).collect();
        let secrets = secrets::find(machine, &builds, &encrypted, key)?;
        let accounts = machine.accounts(&new)?;
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
        let prospect =
            apply::prospect(&request).map_err(|error| machine.cannot("read", "/", &error))?;
        let before = old.as_ref().map_or_else(Snapshot::default, Generation::snapshot);
        let after = new.snapshot();
        let forward = apply::steps(&Difference::between(&before, &after).consequences);
        let backward = apply::steps(&Difference::between(&after, &before).consequences);
        Ok(Thought { journal, old, new, secrets, encrypted, prospect, forward, backward })
    }
}

impl Thought {
    /// Whether there is nothing to do.
    pub fn is_done(&self) -> bool {
        self.prospect.is_done()
            && self.old.as_ref().is_some_and(|old| old.manifest.id == self.new.manifest.id)
            && self.journal.pending.is_empty()
    }

    /// Whether nothing stands against it.
    pub fn check(&self) -> Result<(), Failure> {
        if let Some(problem) = self.prospect.problems.first() {
            return Err(unable(problem));
        }
        if self.new.manifest.files.is_empty() {
            return Err(Failure::refused("this build has no files at all", "name the host that this machine is"));
        }
        let in_the_way: Vec<&str> = self.prospect.obstacles().map(|item| item.path.as_str()).collect();
        if in_the_way.is_empty() {
            return Ok(());
        }
        let help = "keep an edit with `--drift keep`, write over it with `--drift overwrite`; take over a file that \
                    mediac did not make with `--adopt PATH`; move anything else away";
        Err(Failure::refused(format!("{} in the way: {}", in_the_way.len(), in_the_way.join(", ")), help))
    }

    /// Secrets that are needed and have no value.
    pub fn unfilled(&self) -> BTreeSet<String> {
        let told = |unfilled: &Unfilled| match unfilled {
            Unfilled::Missing(Reference { service, name, .. }) => {
                let why = self.secrets.closed.get(&format!("{service}/{name}"));
                why.map_or_else(|| unfilled.to_string(), |why| format!("the secret {service}/{name} {why}"))
            }
            Unfilled::Unfit(_) => unfilled.to_string(),
        };
        self.prospect.paths.iter().filter_map(|item| item.unfilled.as_ref()).map(told).collect()
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

/// What would be done, for people.
pub fn describe(thought: &Thought) -> String {
    if thought.is_done() {
        return format!("{}: nothing to do\n", thought.new.manifest.host);
    }
    let mut text = format!("{}\n", thought.new.manifest.host);
    for item in &thought.prospect.paths {
        let mark = match item.verdict {
            Verdict::Keep | Verdict::Leave | Verdict::Adopt => continue,
            Verdict::Write(apply::Reason::New) => '+',
            Verdict::Write(_) => '~',
            Verdict::Remove => '-',
            Verdict::Drift => '!',
            Verdict::InTheWay(_) => 'x',
        };
        let slash = if item.keeping == Keeping::Folder { "/" } else { "" };
        let _ = writeln!(text, "  {mark} {}{slash}: {}", item.path, why(item.verdict));
    }
    for step in &thought.forward {
        let _ = writeln!(text, "  > {}", step.because);
    }
    for missing in thought.unfilled() {
        let _ = writeln!(text, "  ? {missing}");
    }
    text
}

fn why(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InTheWay(Obstacle::Edited) => "edited by hand, and the definition changed as well",
        Verdict::InTheWay(Obstacle::Foreign) => "there already, and not made by mediac",
        Verdict::InTheWay(Obstacle::Kind) => "something of another kind is there",
        other => word(other),
    }
}
