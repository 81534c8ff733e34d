//! `mediac status`: what was edited by hand since the last apply, what is under way, and what is left to be done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::target::secrets::{self, RootKey};
use super::target::{self, Machine};
use super::terminal::Terminal;
use crate::apply::{self, Phase, Policy, Request, Step, Verdict, word};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// End with 2 when anything was edited
    #[arg(long)]
    exit_code: bool,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// What a machine is like, beside what was applied to it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "mediac status")]
pub struct State {
    /// The version of this document.
    pub version: u32,
    /// The host that was applied.
    pub host: Option<String>,
    /// The number of its build.
    pub build: Option<u64>,
    /// Files that are not as they were applied, and in what way.
    pub files: BTreeMap<String, &'static str>,
    /// What is under way.
    pub work: Option<Under>,
    /// What is left to be done for the build to take effect.
    pub pending: Vec<Step>,
}

/// What is under way.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Under {
    /// The build that comes.
    pub build: u64,
    /// How far it is.
    pub phase: Phase,
    /// Until when it can be confirmed, in seconds since 1970.
    pub until: Option<u64>,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let state = State::read(&machine)?;
    terminal.result(&if arguments.json { state.json() } else { state.text() });
    let cut_off = state.work.as_ref().is_some_and(|work| work.phase != Phase::Waiting);
    Ok(if cut_off || !state.pending.is_empty() {
        Exit::Degraded
    } else if arguments.exit_code && (!state.files.is_empty() || state.work.is_some()) {
        Exit::Differences
    } else {
        Exit::Done
    })
}

impl State {
    /// Of a machine. With something under way its files are between two builds, and are not compared.
    pub fn read(machine: &Machine) -> Result<Self, Failure> {
        let journal = machine.journal()?;
        let work = journal.work.as_ref().map(|work| Under {
            build: work.to,
            phase: work.phase,
            until: work.waiting.as_ref().map(|waiting| waiting.until),
        });
        let mut state = Self {
            version: 1,
            host: None,
            build: journal.current,
            files: BTreeMap::new(),
            work,
            pending: journal.pending.clone(),
        };
        let Some(build) = machine.current(&journal)? else { return Ok(state) };
        state.host = Some(build.manifest.host.clone());
        if state.work.is_some() {
            return Ok(state);
        }
        let values = secrets::values(machine, &[&build], RootKey::Read)?;
        let accounts = machine.accounts(&[&build])?;
        let request = Request {
            disk: &machine.disk,
            old: Some(&build),
            new: &build,
            values: &values,
            accounts: &accounts,
            policy: Policy::Fail,
            adopted: &BTreeSet::new(),
        };
        let prospect = apply::prospect(&request).map_err(|error| machine.cannot("read", "/", &error))?;
        let differing = prospect.paths.into_iter().filter(|item| item.verdict != Verdict::Keep);
        state.files = differing.map(|item| (item.path, word(item.verdict))).collect();
        Ok(state)
    }

    /// For programs.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    fn text(&self) -> String {
        let mut text = String::new();
        match (&self.host, self.build) {
            (Some(host), Some(number)) => {
                let clean = self.files.is_empty() && self.work.is_none() && self.pending.is_empty();
                let title = if clean { "as it was applied" } else { "not as it was applied" };
                let _ = writeln!(text, "{host}, build {number}: {title}");
            }
            _ => text.push_str("nothing was applied yet\n"),
        }
        match &self.work {
            Some(Under { build, phase: Phase::Waiting, .. }) => {
                let _ = writeln!(text, "  build {build} waits for `mediac confirm`");
            }
            Some(Under { build, phase: Phase::Failed, .. }) => {
                let _ = writeln!(
                    text,
                    "  build {build} failed and stays as it is: `mediac recover` takes it back"
                );
            }
            Some(Under { build, .. }) => {
                let _ = writeln!(text, "  build {build} was cut off: `mediac recover` takes it back");
            }
            None => {}
        }
        for (path, why) in &self.files {
            let _ = writeln!(text, "  {path}: {why}");
        }
        for step in &self.pending {
            let _ = writeln!(text, "  still to be done: `{}`", step.command.join(" "));
        }
        text
    }
}
