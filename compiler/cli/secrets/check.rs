//! `mediac secrets check`: whether every given secret has a value that can be read here.

use std::fmt::Write as _;

use serde::Serialize;

use super::store::Store;
use super::used::{Used, unfit, used};
use super::{Asked, compiled, machine_of, warn_of_unused};
use crate::cli::exit::{Exit, Failure};
use crate::cli::hosts::Place;
use crate::cli::identity::Keys;
use crate::cli::target::Machine;
use crate::cli::target::given::{Given, Stored, why};
use crate::cli::terminal::Terminal;
use crate::compile::Compiled;
use crate::encryption::{Closed, Recipients};
use crate::ir::SecretSource;

#[derive(Serialize)]
struct Judged {
    host: String,
    secrets: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    /// Where the value is.
    place: Option<String>,
    problem: Option<Problem>,
}

#[derive(Serialize)]
struct Problem {
    message: String,
    help: String,
}

pub fn run(arguments: &Asked, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let (project, hosts) = compiled(&arguments.hosts, place, terminal)?;
    let machine = Machine::open(&arguments.target)?;
    let keys = machine.identity.read(&machine.root)?;
    for warning in &keys.warnings {
        terminal.progress(&format!("warning: {warning}\n"));
    }
    let mut all = Vec::new();
    for host in &hosts {
        let store = Store::new(&project.root, &host.host);
        let encrypted = store.read()?;
        let given = Given::new(machine_of(&machine, &host.host, terminal)?, &encrypted);
        let judge = Judge { host, keys: &keys, recipients: store.recipients()? };
        let used = used(host);
        warn_of_unused(&encrypted, &used, terminal);
        let mut secrets = Vec::new();
        for secret in &used {
            let stored =
                given.find(&secret.name).map_err(|(path, error)| machine.cannot("read", &path, &error))?;
            if stored.is_none() && secret.source == SecretSource::Derived {
                continue;
            }
            if let Some(warning) = stored.as_ref().and_then(Stored::warning) {
                terminal.progress(&format!("warning: {warning}\n"));
            }
            let problem = judge.problem(secret, stored.as_ref());
            secrets.push(Line {
                name: secret.name.clone(),
                place: stored.map(|stored| stored.place),
                problem,
            });
        }
        all.push(Judged { host: host.host.clone(), secrets });
    }
    terminal.result(&if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&all).unwrap_or_default())
    } else {
        all.iter().map(human).collect()
    });
    let failed = all.iter().flat_map(|host| &host.secrets).filter(|line| line.problem.is_some()).count();
    if failed > 0 {
        return Err(Failure::invalid(
            format!(
                "{failed} {} no value that can be used",
                if failed == 1 { "secret has" } else { "secrets have" }
            ),
            "see above, or `--json`, for each of them",
        ));
    }
    Ok(Exit::Done)
}

struct Judge<'a> {
    host: &'a Compiled,
    keys: &'a Keys,
    recipients: Recipients,
}

impl Judge<'_> {
    fn problem(&self, secret: &Used, stored: Option<&Stored>) -> Option<Problem> {
        let set = format!("`mediac secrets set {} {}`", self.host.host, secret.name);
        let Some(stored) = stored else {
            return Some(Problem { message: "has no value".to_owned(), help: set });
        };
        match stored.open(&self.keys.identities) {
            Err(closed) => {
                let help = if closed == Closed::Other {
                    self.by_whom()
                } else {
                    format!("{set}, or take it from the history")
                };
                Some(Problem { message: why(closed).to_owned(), help })
            }
            Ok(value) if value.is_empty() => Some(Problem { message: "is empty".to_owned(), help: set }),
            Ok(value) => {
                let files = unfit(self.host, &secret.name, &value);
                (!files.is_empty()).then(|| Problem {
                    message: format!(
                        "has characters that mean something to the format of {}",
                        files.join(", ")
                    ),
                    help:
                        "letters, digits and ._~+/=@:,- mean nothing to any format: change it to one of those"
                            .to_owned(),
                })
            }
        }
    }

    /// Who can read what is encrypted for the recipients of today.
    fn by_whom(&self) -> String {
        let titles = self.recipients.titles().join(", ");
        let who = if titles.is_empty() {
            "nobody is named as a recipient".to_owned()
        } else {
            format!("recipients of today: {titles}")
        };
        let named = if self.keys.identities.is_empty() {
            "there is no key here"
        } else {
            "the keys here are of others"
        };
        format!("{named}; name one with `--identity FILE` ({who})")
    }
}

fn human(host: &Judged) -> String {
    let good = host.secrets.iter().filter(|line| line.problem.is_none()).count();
    let mut text = format!("{}: {good} of {} values can be read here\n", host.host, host.secrets.len());
    for Line { name, place, problem } in &host.secrets {
        let place = place.as_deref().map(|place| format!(" ({place})")).unwrap_or_default();
        let _ = match problem {
            None => writeln!(text, "  ok  {name}{place}"),
            Some(Problem { message, help }) => {
                writeln!(text, "  x   {name} {message}{place}\n      = help: {help}")
            }
        };
    }
    text
}
