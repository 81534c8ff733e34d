//! `mediac secrets`: values that the project keeps encrypted, and where the others are. No value is ever printed.

mod check;
mod list;
mod rekey;
mod set;
pub mod store;
mod used;

use std::io;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::target::given::GIVEN;
use super::target::{self, Machine};
use super::terminal::Terminal;
use crate::compile::Compiled;
use crate::project::Project;
use crate::report;
use store::Encrypted;
use used::Used;

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the secrets of hosts: what needs them, and where their values are; needs no key
    List(Asked),
    /// Keep a value in the project, encrypted; needs no key of one's own
    Set(set::Arguments),
    /// Look whether every given secret has a value that can be read here
    Check(Asked),
    /// Encrypt all values anew, for the recipients of today
    Rekey(rekey::Arguments),
}

/// Which hosts, and the machine that is looked at.
#[derive(Debug, Args)]
pub struct Asked {
    /// Host files, or names of hosts in hosts/
    #[arg(value_name = "HOST")]
    hosts: Vec<PathBuf>,
    #[command(flatten)]
    target: target::Arguments,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub fn run(verb: &Verb, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    match verb {
        Verb::List(arguments) => list::run(arguments, place, terminal),
        Verb::Set(arguments) => set::run(arguments, place, terminal),
        Verb::Check(arguments) => check::run(arguments, place, terminal),
        Verb::Rekey(arguments) => rekey::run(arguments, place, terminal),
    }
}

/// The project, and the hosts that were asked for, compiled: only a definition that holds says which secrets it needs.
fn compiled(
    asked: &[PathBuf],
    place: &Place,
    terminal: &Terminal,
) -> Result<(Project, Vec<Compiled>), Failure> {
    let selection = place.select(asked)?;
    let outcomes = hosts::compile(&selection);
    let (mut compiled, mut failed) = (Vec::new(), Vec::new());
    for (host, outcome) in selection.hosts.iter().zip(outcomes) {
        if let Some(host) = outcome.compiled {
            compiled.push(host);
            continue;
        }
        let found = [(&outcome.report, &outcome.sources)];
        terminal.progress(&report::write(&found, report::Format::Human(terminal.stderr())));
        failed.push(format!("`{}`", host.name));
    }
    if failed.is_empty() {
        return Ok((selection.project, compiled));
    }
    Err(Failure::invalid(
        format!("{} cannot be built", failed.join(", ")),
        "see above; `mediac check` says the same",
    ))
}

/// The same, when it can only be about one host.
fn one(asked: &[PathBuf], place: &Place, terminal: &Terminal) -> Result<(Project, Compiled), Failure> {
    let (project, mut hosts) = compiled(asked, place, terminal)?;
    match (hosts.pop(), hosts.is_empty()) {
        (Some(host), true) => Ok((project, host)),
        _ => Err(Failure::invalid(
            "this project has several hosts",
            "name the one that is meant, before the secret",
        )),
    }
}

/// The machine that this runs on, if what it has could be the host's; what it has for another host does not count.
fn machine_of<'a>(
    machine: &'a Machine,
    host: &str,
    terminal: &Terminal,
) -> Result<Option<&'a Machine>, Failure> {
    for folder in [GIVEN, machine.places.base.as_str()] {
        match machine.disk.list(folder) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let why = "only root can, so what this machine itself has is left out";
                terminal.progress(&format!("note: cannot look into `{folder}`: {why}\n"));
                return Ok(None);
            }
            Err(error) => return Err(machine.cannot("read", folder, &error)),
            Ok(_) => {}
        }
    }
    let current = machine.current(&machine.journal()?)?;
    Ok(Some(machine).filter(|_| current.is_none_or(|build| build.manifest.host == host)))
}

/// Says what is encrypted for nothing: a name may have been mistyped, or the service is gone.
fn warn_of_unused(encrypted: &Encrypted, used: &[Used], terminal: &Terminal) {
    for (name, _) in encrypted.iter().filter(|(name, _)| !used.iter().any(|used| used.name == *name)) {
        let place = encrypted.get(name).map(|(_, place)| place).unwrap_or_default();
        terminal.progress(&format!(
            "warning: `{place}` is for no secret of this host: remove it, or correct its name\n"
        ));
    }
}
