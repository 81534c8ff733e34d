//! `mediac plan`: what applying a build to this machine would do. Changes nothing, and asks for no key.

mod document;
mod human;
mod thought;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::diff;
use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::secrets::store::{self, Encrypted, Store};
use super::target::secrets::RootKey;
use super::target::{self, Machine};
use super::terminal::Terminal;
use crate::apply::{Broken, Generation};
use crate::diff::Snapshot;
use crate::report;

pub use document::{Document, same};
pub use human::describe;
pub use thought::Thought;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    pub change: Change,
    #[command(flatten)]
    pub target: target::Arguments,
    /// End with 2 when there is anything to do
    #[arg(long)]
    exit_code: bool,
    /// Write it to a file, for `mediac apply --plan FILE`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// For programs
    #[arg(long)]
    json: bool,
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
    /// Let programs become older ones; their data may be of the newer ones, and they may refuse it or break it
    #[arg(long)]
    older: bool,
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

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let new = arguments.change.build(place, terminal)?;
    let encrypted = arguments.change.encrypted(place, &new)?;
    let thought = arguments.change.think(&machine, new, encrypted, RootKey::Read)?;
    if let Some(path) = &arguments.output {
        let path = place.absolute(path);
        std::fs::write(&path, Document::lasting(&thought).json()).map_err(|error| {
            Failure::invalid(
                format!("cannot write `{}`: {error}", path.display()),
                "name a file in a folder that is there",
            )
        })?;
    }
    let text =
        if arguments.json { Document::new(&thought).json() } else { describe(&thought, terminal.stdout()) };
    terminal.result(&text);
    if let Err(failure) = thought.check() {
        terminal.error(&failure);
        return Ok(failure.exit);
    }
    Ok(if arguments.exit_code && !thought.is_done() { Exit::Differences } else { Exit::Done })
}

impl Change {
    /// Of going back: programs become older ones, which is what was asked for.
    pub fn back() -> Self {
        Self { older: true, ..Self::default() }
    }

    /// Of a host.
    pub fn of(host: &Path) -> Self {
        Self { host: Some(host.to_owned()), ..Self::default() }
    }

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

    /// The same wishes as words of a command line.
    pub fn words(&self) -> Vec<String> {
        let drift = self.drift.to_possible_value().map(|value| format!("--drift={}", value.get_name()));
        let older = self.older.then(|| "--older".to_owned());
        let adopt = self.adopt.iter().map(|path| format!("--adopt='{path}'"));
        drift.into_iter().chain(older).chain(adopt).collect()
    }

    fn compile(&self, place: &Place, terminal: &Terminal) -> Result<Snapshot, Failure> {
        let asked: Vec<PathBuf> = self.host.iter().cloned().collect();
        let selection = place.select(&asked)?;
        let [host] = selection.hosts.as_slice() else {
            return Err(Failure::invalid(
                "this project has several hosts",
                "name the one that this machine is",
            ));
        };
        let outcome = hosts::compile_one(&selection.project, host);
        let found = [(&outcome.report, &outcome.sources)];
        terminal.progress(&report::write(&found, report::Format::Human(terminal.stderr())));
        outcome.compiled.as_ref().map(diff::snapshot).ok_or_else(|| {
            Failure::invalid(
                format!("`{}` cannot be built", host.name),
                "see above; `mediac check` says the same",
            )
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
}
