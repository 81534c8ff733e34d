//! `mediac plan`: what applying a build to this machine would do. Changes nothing, and asks for no key.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::diff;
use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::secrets::store::{self, Encrypted, Store};
use super::target::secrets::{self, RootKey, Secrets};
use super::target::{self, Machine, ready};
use super::terminal::Terminal;
use crate::apply::{
    self, Broken, Generation, Journal, Keeping, Missing, Obstacle, Policy, Prospect, Request, Step, Steps,
    Unfilled, Verdict, word,
};
use crate::diff::{Difference, Snapshot};
use crate::inventory::Inventory;
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
    pub forward: Steps,
    pub backward: Steps,
    pub missing: Missing,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let new = arguments.change.build(place, terminal)?;
    let encrypted = arguments.change.encrypted(place, &new)?;
    let thought = arguments.change.think(&machine, new, encrypted, RootKey::Read)?;
    let document = document(&thought);
    if let Some(path) = &arguments.output {
        let path = place.absolute(path);
        std::fs::write(&path, &document).map_err(|error| {
            Failure::invalid(
                format!("cannot write `{}`: {error}", path.display()),
                "name a file in a folder that is there",
            )
        })?;
    }
    terminal.result(&if arguments.json { document } else { describe(&thought) });
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

    /// The same wishes as words of a command line.
    pub fn words(&self) -> Vec<String> {
        let drift = self.drift.to_possible_value().map(|value| format!("--drift={}", value.get_name()));
        drift.into_iter().chain(self.adopt.iter().map(|path| format!("--adopt='{path}'"))).collect()
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

    /// Compares it with what the machine has.
    pub fn think(
        &self,
        machine: &Machine,
        new: Generation,
        encrypted: Encrypted,
        key: RootKey,
    ) -> Result<Thought, Failure> {
        let journal = machine.journal()?;
        super::recover::is_idle(machine, &journal)?;
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
        let before = old.as_ref().map_or_else(Snapshot::default, Generation::snapshot);
        let after = new.snapshot();
        let mut forward =
            apply::steps(&Difference::between(&before, &after).consequences, old.as_ref(), &new);
        let nothing = Generation::nothing(&new.manifest.host);
        let older = old.as_ref().unwrap_or(&nothing);
        // From a build to one of nothing, and not to none: a host that is gone says nothing about its machine.
        let back = Difference::between(&after, &older.snapshot()).consequences;
        let backward = apply::steps(&back, Some(&new), older);
        // What an older change left undone is done with this one.
        let mut after = journal.pending.clone();
        after.retain(|step| !forward.after.iter().any(|other| other.command == step.command));
        after.append(&mut forward.after);
        forward.after = after;
        let missing = ready::missing(machine, &new);
        Ok(Thought { journal, old, new, secrets, encrypted, prospect, forward, backward, missing })
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
        // Accounts come with packages.
        let comes = |problem: &apply::Problem| {
            matches!(problem, apply::Problem::Account(_)) && !self.missing.packages.is_empty()
        };
        if let Some(problem) = self.prospect.problems.iter().find(|problem| !comes(problem)) {
            return Err(unable(problem));
        }
        let in_the_way: Vec<&str> = self.prospect.obstacles().map(|item| item.path.as_str()).collect();
        if in_the_way.is_empty() {
            return Ok(());
        }
        let help = "keep an edit with `--drift keep`, write over it with `--drift overwrite`; take over a file that \
                    mediac did not make with `--adopt PATH`; move anything else away";
        Err(Failure::refused(format!("{} in the way: {}", in_the_way.len(), in_the_way.join(", ")), help))
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
        let inventory: Inventory = serde_json::from_slice(&self.new.inventory).unwrap_or_default();
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

/// What would be done, for people.
pub fn describe(thought: &Thought) -> String {
    if thought.is_done() {
        return format!("{}: nothing to do\n", thought.new.manifest.host);
    }
    let mut text = format!("{}\n", thought.new.manifest.host);
    for item in &thought.prospect.paths {
        let Some(mark) = mark(item.verdict) else { continue };
        let slash = if item.keeping == Keeping::Folder { "/" } else { "" };
        let _ = writeln!(text, "  {mark} {}{slash}: {}", item.path, why(item.verdict));
    }
    let Missing { packages, disks, images: _, sources: _ } = &thought.missing;
    if !packages.is_empty() {
        let _ = writeln!(text, "  * packages are installed first, and stay: {}", packages.join(", "));
    }
    for disk in disks {
        let _ =
            writeln!(text, "  * {} is mounted first at {}; what is on it is seen then", disk.what, disk.at);
    }
    let mut said = BTreeSet::new();
    for step in thought.forward.all().filter(|step| said.insert(step.because.as_str())) {
        let _ = writeln!(text, "  > {}", step.because);
    }
    for missing in thought.unfilled() {
        let _ = writeln!(text, "  ? {missing}");
    }
    text
}

/// A sign for what happens to a path; none where nothing does.
const fn mark(verdict: Verdict) -> Option<char> {
    match verdict {
        Verdict::Keep | Verdict::Leave | Verdict::Adopt => None,
        Verdict::Write(apply::Reason::New) => Some('+'),
        Verdict::Write(_) => Some('~'),
        Verdict::Remove => Some('-'),
        Verdict::Drift => Some('!'),
        Verdict::InTheWay(_) => Some('x'),
    }
}

fn why(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InTheWay(Obstacle::Edited) => "edited by hand, and the definition changed as well",
        Verdict::InTheWay(Obstacle::Foreign) => "there already, and not made by mediac",
        Verdict::InTheWay(Obstacle::Kind) => "something of another kind is there",
        other => word(other),
    }
}

/// The change as a document. No time and no secret is in it: the same change is the same document.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    host: &'a str,
    base: Option<u64>,
    base_id: Option<&'a str>,
    build: &'a str,
    packages: &'a [String],
    disks: Vec<&'a str>,
    changes: Vec<Line<'a>>,
    steps: Vec<&'a Step>,
    missing_secrets: BTreeSet<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    change: char,
    why: &'static str,
}

fn document(thought: &Thought) -> String {
    let Thought { journal, old, new, secrets: _, encrypted: _, prospect, forward, backward: _, missing } =
        thought;
    let changes = prospect.paths.iter().filter_map(|item| {
        Some(Line { path: &item.path, change: mark(item.verdict)?, why: why(item.verdict) })
    });
    let document = Document {
        version: 1,
        host: &new.manifest.host,
        base: journal.current,
        base_id: old.as_ref().map(|old| old.manifest.id.as_str()),
        build: &new.manifest.id,
        packages: &missing.packages,
        disks: missing.disks.iter().map(|disk| disk.at.as_str()).collect(),
        changes: changes.collect(),
        steps: forward.all().collect(),
        missing_secrets: thought.unfilled(),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Refuses when a change is not the one of a file that `mediac plan --output` wrote.
pub fn same(thought: &Thought, path: &Path) -> Result<(), Failure> {
    let planned = std::fs::read_to_string(path).map_err(|error| {
        Failure::invalid(
            format!("cannot read `{}`: {error}", path.display()),
            "name a file that `mediac plan --output` wrote",
        )
    })?;
    if planned == document(thought) {
        return Ok(());
    }
    let help = "something changed since: the definition, the machine, or mediac; look at a fresh plan";
    Err(Failure::refused(format!("`{}` is not what would be done now", path.display()), help))
}
