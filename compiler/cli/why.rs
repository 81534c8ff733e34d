//! `mediac why`: from a line of a generated file to the option that caused it, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::terminal::Terminal;
use crate::compile::{Compiled, Outcome};
use crate::effect;
use crate::judge;
use crate::path::OptionPath;
use crate::project;
use crate::source::{Author, Sources};
use crate::tree::Artifact;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A generated file, with or without :LINE (out/HOST/etc/… or /etc/…), or an option
    #[arg(value_name = "PATH[:LINE] or OPTION")]
    what: String,
    /// The host file; by default all of hosts/
    #[arg(long, value_name = "HOST")]
    host: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let asked: Vec<PathBuf> = arguments.host.iter().cloned().collect();
    let selection = place.select(&asked)?;
    let (path, line) = split(&arguments.what);
    let absolute = place.absolute(Path::new(path));
    let in_out = absolute.strip_prefix(selection.project.root.join("out")).ok().map(Path::to_owned);
    let mut answer = String::new();
    for (host, mut outcome) in selection.hosts.iter().zip(hosts::compile(&selection)) {
        let text = project::read(&host.path).map_err(hosts::unreadable)?;
        judge::name_options(&mut outcome.sources, &host.name, &text);
        let Some(compiled) = &outcome.compiled else {
            terminal.progress(&format!("{}: has errors, see `mediac check`\n", host.name));
            continue;
        };
        match artifact(compiled, path, in_out.as_deref()) {
            Some(artifact) => from_file(&mut answer, compiled, artifact, line, &outcome.sources),
            // The quoted names in an option may have slashes as well.
            None if !path.contains('/') || path.contains('"') => {
                let option = OptionPath::parse(&arguments.what);
                let effect = effect::lines(&selection.project, &host.name, &text, compiled, &option);
                from_option(&mut answer, compiled, &option, &effect.unwrap_or_default(), &outcome);
            }
            None => {}
        }
    }
    if answer.is_empty() {
        return Err(Failure::invalid(
            format!("`{}` is neither a generated file nor an option with any effect", arguments.what),
            "name a file below out/, or an option as `mediac options` lists them",
        ));
    }
    terminal.result(&answer);
    Ok(Exit::Done)
}

/// A path and the line behind it.
fn split(what: &str) -> (&str, Option<usize>) {
    match what.rsplit_once(':') {
        Some((path, line)) => line.parse().map_or((what, None), |line| (path, Some(line))),
        None => (what, None),
    }
}

fn artifact<'a>(compiled: &'a Compiled, path: &str, in_out: Option<&Path>) -> Option<&'a Artifact> {
    let below = in_out.and_then(|path| path.strip_prefix(&compiled.host).ok());
    let target = match below {
        Some(below) => format!("/{}", below.display()),
        None => path.to_owned(),
    };
    compiled.tree.files.get(&target)
}

/// The options behind a file, or behind one line of it.
fn from_file(
    answer: &mut String,
    compiled: &Compiled,
    artifact: &Artifact,
    line: Option<usize>,
    sources: &Sources,
) {
    let shown = format!("out/{}{}", compiled.host, artifact.path);
    let mut options = BTreeSet::new();
    if let Some(number) = line {
        let text = artifact.text.as_str().lines().nth(number.saturating_sub(1)).unwrap_or_default();
        let _ = writeln!(answer, "{shown}:{number}\n    {}", text.trim());
        options.insert(artifact.text.origin(number).unwrap_or(&artifact.origin));
    } else {
        let _ = writeln!(answer, "{shown}");
        options.extend((1..=artifact.text.lines()).filter_map(|number| artifact.text.origin(number)));
        options.insert(&artifact.origin);
    }
    for option in options {
        let _ = writeln!(answer, "  {option}");
        places(answer, option, sources);
    }
}

/// Where an option was said, and what it caused: the lines that name it as their origin, and those that
/// change when it does.
fn from_option(
    answer: &mut String,
    compiled: &Compiled,
    option: &OptionPath,
    effect: &BTreeMap<String, Vec<usize>>,
    outcome: &Outcome,
) {
    let mut lines = String::new();
    for (path, artifact) in &compiled.tree.files {
        let changed = effect.get(path);
        for (number, text) in (1..).zip(artifact.text.as_str().lines()) {
            let named = artifact.text.origin(number).is_some_and(|origin| origin.is_within(option));
            if named || changed.is_some_and(|lines| lines.contains(&number)) {
                let _ = writeln!(lines, "  out/{}{path}:{number}  {}", compiled.host, text.trim());
            }
        }
    }
    if !lines.is_empty() {
        let _ = writeln!(answer, "{option}");
        places(answer, option, &outcome.sources);
        answer.push_str(&lines);
    }
}

fn places(answer: &mut String, option: &OptionPath, sources: &Sources) {
    let nearest = sources.span(option);
    let user = sources.user_span(option).filter(|span| Some(*span) != nearest);
    for span in nearest.into_iter().chain(user) {
        let Some(file) = sources.file(span.file) else { continue };
        let (line, column) = sources.line_column(span);
        let text = file.text.get(span.range()).and_then(|text| text.lines().next()).unwrap_or_default();
        let whose = if file.author == Author::Builtin { " (built in)" } else { "" };
        let _ = writeln!(answer, "    {}:{line}:{column}{whose}  {}", file.name, text.trim());
    }
}
