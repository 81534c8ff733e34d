//! `mediac build`: writes every file of the hosts to out/, or says whether it is there already.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::batches;
use super::cache;
use super::exit::{Exit, Failure};
use super::hosts::{self, HostFile, Place, Selection};
use super::output::{self, State};
use super::terminal::Terminal;
use crate::compile::{self, Compiled, Outcome};
use crate::report::{self, Styling};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Host files, or names of hosts in hosts/
    #[arg(value_name = "HOST")]
    hosts: Vec<PathBuf>,
    /// The folder to write to, a folder for each host; by default out/ of the project
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write nothing; say what differs, and fail if anything does
    #[arg(long)]
    check: bool,
    /// Answer to the mediac that started this one
    #[arg(long, hide = true, conflicts_with = "check")]
    batch: bool,
}

/// What came of one host.
#[derive(Serialize, Deserialize)]
pub struct Built {
    host: String,
    /// Diagnostics, and in a check the differences.
    text: String,
    exit: Exit,
    done: Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Done {
    Failed,
    Unchanged,
    Written,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let selection = place.select(&arguments.hosts)?;
    let out = match &arguments.out {
        Some(out) => place.absolute(out),
        None => selection.project.root.join("out"),
    };
    if arguments.batch {
        let result = batches::taken().and_then(|taken| write_all(&selection, &out, terminal.stderr(), taken));
        terminal.result(&batches::answer(&result));
        return Ok(Exit::Done);
    }
    let mut results = if arguments.check {
        let outcomes = hosts::compile(&selection);
        outcomes.into_iter().map(|outcome| compare(&out, outcome, terminal.stderr())).collect()
    } else {
        write_all(&selection, &out, terminal.stderr(), BTreeSet::new())?
    };
    if arguments.hosts.is_empty() {
        results.extend(orphans(&out, &results));
    }
    let mut worst = Exit::Done;
    for Built { host, text, exit, done } in &results {
        terminal.progress(text);
        match done {
            Done::Written => terminal.result(&format!("{host}: written\n")),
            Done::Unchanged => terminal.result(&format!("{host}: unchanged\n")),
            Done::Failed => {}
        }
        // A stray folder is worth a word in a build, and an error only where freshness is asked for.
        if *exit != Exit::Done && worst == Exit::Done {
            worst = *exit;
        }
    }
    Ok(worst)
}

/// What is left of a compiled host to write: many hosts need not fit into memory with all their sources.
struct Ready {
    name: Option<String>,
    compiled: Option<Compiled>,
    inputs: Vec<PathBuf>,
    /// Diagnostics, as they are shown.
    text: String,
    /// Diagnostics, as they are remembered.
    plain: String,
}

fn write_all(
    selection: &Selection,
    out: &Path,
    styling: Styling,
    mut taken: BTreeSet<String>,
) -> Result<Vec<Built>, Failure> {
    let hits = hosts::parallel(&selection.hosts, |host| cache::look(out, &selection.project, host));
    let mut built = Vec::new();
    let mut rest = Vec::new();
    for (host, hit) in selection.hosts.iter().zip(hits) {
        match hit {
            Some(hit) => {
                built.push(Built {
                    host: hit.host,
                    text: hit.report,
                    exit: Exit::Done,
                    done: Done::Unchanged,
                });
            }
            None => rest.push(host.clone()),
        }
    }
    taken.extend(built.iter().map(|built| built.host.clone()));
    if rest.len() <= batches::SIZE {
        write_each(selection, &rest, out, styling, &mut taken, &mut built)?;
        return Ok(built);
    }
    for batch in rest.chunks(batches::SIZE) {
        let more = batches::build(&selection.project.root, batch, out, styling, &taken)?;
        taken.extend(more.iter().map(|built| built.host.clone()));
        built.extend(more);
    }
    Ok(built)
}

fn write_each(
    selection: &Selection,
    hosts: &[HostFile],
    out: &Path,
    styling: Styling,
    taken: &mut BTreeSet<String>,
    built: &mut Vec<Built>,
) -> Result<(), Failure> {
    let results = hosts::parallel(hosts, |host| ready(hosts::compile_one(&selection.project, host), styling));
    // Before anything is written: two hosts of one name would write one folder.
    for (host, ready) in hosts.iter().zip(&results) {
        let Some(name) = &ready.name else { continue };
        if !taken.insert(name.clone()) {
            return Err(Failure::invalid(
                format!("two hosts are called `{name}`; one of them is `{}`", host.name),
                "give one of them another `name`: it is also the name of its folder in out/",
            ));
        }
    }
    for (host, ready) in hosts.iter().zip(results) {
        built.push(write(selection, out, host, ready)?);
    }
    Ok(())
}

fn ready(outcome: Outcome, styling: Styling) -> Ready {
    let show =
        |styling| report::write(&[(&outcome.report, &outcome.sources)], report::Format::Human(styling));
    Ready {
        text: show(styling),
        plain: show(Styling::Plain),
        inputs: compile::inputs(&outcome.sources),
        name: outcome.name,
        compiled: outcome.compiled,
    }
}

fn write(selection: &Selection, out: &Path, host: &HostFile, ready: Ready) -> Result<Built, Failure> {
    let Ready { name, compiled, inputs, text, plain } = ready;
    let name = name.unwrap_or_else(|| host.name.clone());
    let Some(compiled) = compiled else {
        return Ok(Built { host: name, text, exit: Exit::Invalid, done: Done::Failed });
    };
    let state = output::write(out, &compiled)?;
    cache::keep(out, &selection.project, host, &inputs, &compiled, &plain);
    let done = if state == State::Written { Done::Written } else { Done::Unchanged };
    Ok(Built { host: name, text, exit: Exit::Done, done })
}

fn compare(out: &Path, outcome: Outcome, styling: Styling) -> Built {
    let mut text = report::write(&[(&outcome.report, &outcome.sources)], report::Format::Human(styling));
    let host = outcome.name.clone().unwrap_or_default();
    let Some(compiled) = outcome.compiled else {
        return Built { host, text, exit: Exit::Invalid, done: Done::Failed };
    };
    let differences = stale(out, &compiled);
    if differences.is_empty() {
        return Built { host, text, exit: Exit::Done, done: Done::Unchanged };
    }
    text.push_str(&differences);
    let _ = write!(text, "error: out/{host} is stale\n  = help: run `mediac build` and commit out/{host}\n");
    Built { host, text, exit: Exit::Invalid, done: Done::Failed }
}

/// How the folder on the disk differs from a fresh build, as text; empty if it does not.
fn stale(out: &Path, compiled: &Compiled) -> String {
    match output::compare(out, compiled) {
        Ok(differences) => differences,
        Err(failure) => format!("{failure}\n"),
    }
}

/// Folders in out/ whose host is gone.
fn orphans(out: &Path, results: &[Built]) -> Vec<Built> {
    if results.iter().any(|built| built.done == Done::Failed) {
        // Without every name there is no telling which folder belongs to nobody.
        return Vec::new();
    }
    output::folders(out)
        .into_iter()
        .filter(|name| !results.iter().any(|built| built.host == *name))
        .map(|name| Built {
            text: format!(
                "error: out/{name} belongs to no host\n  = help: remove the folder, or bring hosts/{name}.ncl back\n"
            ),
            host: name,
            exit: Exit::Invalid,
            done: Done::Failed,
        })
        .collect()
}
