//! `mediac diff`: what would change, in words, in its consequences and line by line. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::git::Revision;
use super::hosts::{self, Place, Selection};
use super::output;
use super::terminal::Terminal;
use crate::compile::Compiled;
use crate::diff::{self, Difference, Edits, LIMIT, Snapshot};
use crate::manifest::{MANIFEST, Manifest};
use crate::report;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Host files, or names of hosts
    #[arg(value_name = "HOST")]
    hosts: Vec<PathBuf>,
    /// Compare with what a git revision has in out/, instead of what is there now
    #[arg(long, value_name = "REV", conflicts_with = "against")]
    base: Option<String>,
    /// Compare with another folder: one like out/, or the output of one host
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// How to write the differences
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// End with 2 when anything differs
    #[arg(long)]
    exit_code: bool,
    /// With `--format md`: how long the text may be, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(1_000..=65_536))]
    max_bytes: u32,
    /// The folder that builds are written to; by default out/ of the project
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Human,
    /// For `git apply` and `patch -p1`
    Patch,
    /// For a comment on a pull request
    Md,
    /// For programs
    Json,
}

/// What a fresh build is compared with.
enum Base<'a> {
    /// A folder with a folder for each host.
    Folder(PathBuf),
    /// The output of one host.
    Host(String, PathBuf),
    /// The output folder at a revision.
    Revision(Revision<'a>),
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let (present, gone) = place.present_and_gone(&arguments.hosts);
    let selection = if present.is_empty() && !gone.is_empty() { None } else { Some(place.select(&present)?) };
    let root = match &selection {
        Some(selection) => selection.project.root.clone(),
        None => place.root().unwrap_or_default(),
    };
    let out = arguments.out.as_ref().map_or_else(|| root.join("out"), |out| place.absolute(out));
    let base = Base::find(arguments, place, &out)?;
    let mut builds: BTreeMap<String, Snapshot> = BTreeMap::new();
    let mut failed = false;
    for built in selection.iter().flat_map(|selection| compile(selection, terminal)) {
        match built {
            Some(compiled) => {
                builds.insert(compiled.host.clone(), snapshot(&compiled));
            }
            None => failed = true,
        }
    }
    if let (Base::Host(name, _), true) = (&base, arguments.hosts.is_empty()) {
        builds.retain(|host, _| host == name);
    }
    for host in removed(&base, &builds, &gone, arguments.hosts.is_empty() && !failed)? {
        builds.insert(host.clone(), Snapshot::new(host, BTreeMap::new()));
    }
    let mut differences = Vec::new();
    for (host, build) in &builds {
        differences.push(Difference::between(&base.snapshot(host)?, build));
    }
    let folder = out.strip_prefix(&root).ok().or(out.file_name().map(Path::new)).unwrap_or(Path::new("out"));
    print(arguments, &differences, &folder.to_string_lossy(), terminal);
    let different = differences.iter().any(|difference| !difference.is_empty());
    Ok(match (failed, arguments.exit_code && different) {
        (true, _) => Exit::Invalid,
        (false, true) => Exit::Differences,
        (false, false) => Exit::Done,
    })
}

impl<'a> Base<'a> {
    fn find(arguments: &'a Arguments, place: &Place, out: &'a Path) -> Result<Self, Failure> {
        if let Some(revision) = &arguments.base {
            return Revision::read(out, revision).map(Self::Revision);
        }
        let Some(folder) = &arguments.against else { return Ok(Self::Folder(out.to_owned())) };
        let folder = place.absolute(folder);
        if !folder.is_dir() {
            return Err(Failure::invalid(
                format!("`{}` is no folder", folder.display()),
                "name a folder that `mediac build -o` wrote",
            ));
        }
        if !folder.join(MANIFEST).is_file() {
            return Ok(Self::Folder(folder));
        }
        let manifest: Option<Manifest> =
            std::fs::read(folder.join(MANIFEST)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        // A manifest that cannot be read is for the comparison to tell; the folder is named like its host.
        let name = manifest.map(|manifest| manifest.host);
        let name = name.or_else(|| Some(folder.file_name()?.to_string_lossy().into_owned()));
        Ok(Self::Host(name.unwrap_or_default(), folder))
    }

    fn hosts(&self) -> Vec<String> {
        match self {
            Self::Folder(out) => output::folders(out),
            Self::Host(host, _) => vec![host.clone()],
            Self::Revision(revision) => revision.hosts(),
        }
    }

    fn snapshot(&self, host: &str) -> Result<Snapshot, Failure> {
        match self {
            Self::Folder(out) => read(host, &out.join(host)),
            Self::Host(name, folder) if name == host => read(host, folder),
            Self::Host(name, folder) => Err(Failure::invalid(
                format!("`{}` is the output of `{name}`, and not of `{host}`", folder.display()),
                format!("name the host: `mediac diff {name} --against …`"),
            )),
            Self::Revision(revision) => revision.snapshot(host),
        }
    }
}

/// Compiles the hosts that were asked for; findings go to standard error.
fn compile(selection: &Selection, terminal: &Terminal) -> Vec<Option<Compiled>> {
    let outcomes = hosts::compile(selection).into_iter();
    outcomes
        .map(|outcome| {
            let report = [(&outcome.report, &outcome.sources)];
            terminal.progress(&report::write(&report, report::Format::Human(terminal.stderr())));
            outcome.compiled
        })
        .collect()
}

/// Hosts that only the base has: those named, or all when every host was asked for and could be built.
fn removed(
    base: &Base<'_>,
    builds: &BTreeMap<String, Snapshot>,
    gone: &[String],
    everything: bool,
) -> Result<BTreeSet<String>, Failure> {
    let known: BTreeSet<String> = base.hosts().into_iter().collect();
    if let Some(stranger) = gone.iter().find(|host| !known.contains(*host)) {
        return Err(Failure::invalid(
            format!("there is no host `{stranger}`, and the base has none either"),
            "name a host file, or a host in hosts/",
        ));
    }
    let all = known.into_iter().filter(|host| !builds.contains_key(host));
    Ok(all.filter(|host| everything || gone.contains(host)).collect())
}

fn print(arguments: &Arguments, differences: &[Difference], folder: &str, terminal: &Terminal) {
    match arguments.format {
        Format::Human => terminal.result(&human(differences, folder, terminal)),
        Format::Patch => differences.iter().for_each(|one| terminal.bytes(&diff::patch(one, folder))),
        Format::Json => terminal.result(&diff::json(differences)),
        Format::Md => terminal.result(&markdown(differences, arguments.max_bytes)),
    }
}

fn human(differences: &[Difference], folder: &str, terminal: &Terminal) -> String {
    if differences.iter().all(|one| one.is_empty() && one.edits == Edits::None) {
        return "no differences\n".to_owned();
    }
    let texts = differences.iter().map(|one| diff::human(one, folder, terminal.stdout()));
    texts.collect::<Vec<_>>().join("\n")
}

/// All hosts share one limit: what one leaves, the next may use.
fn markdown(differences: &[Difference], limit: u32) -> String {
    let mut room = usize::try_from(limit).unwrap_or(LIMIT);
    let mut text = String::new();
    for (index, one) in differences.iter().enumerate() {
        let part = diff::markdown(one, room / (differences.len() - index));
        room = room.saturating_sub(part.len());
        text.push_str(&part);
    }
    text
}

/// A fresh build, as it is compared.
pub fn snapshot(compiled: &Compiled) -> Snapshot {
    let files = output::wanted(compiled).into_iter();
    let files = files.map(|(name, (text, mode))| (name, output::stored(text.into_bytes(), mode)));
    Snapshot::new(&compiled.host, files.collect())
}

/// The output of a host in a folder.
pub fn read(host: &str, folder: &Path) -> Result<Snapshot, Failure> {
    let files = output::present(folder)?.into_iter();
    Ok(Snapshot::new(host, files.map(|(name, file)| (name, output::stored(file.bytes, file.mode))).collect()))
}
