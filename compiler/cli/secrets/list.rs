//! `mediac secrets list`: which secrets there are, what needs them, and where their values are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::store::Store;
use super::used::used;
use super::{Asked, compiled, machine_of, warn_of_unused};
use crate::cli::exit::{Exit, Failure};
use crate::cli::hosts::Place;
use crate::cli::target::Machine;
use crate::cli::target::given::{Given, Kept, Stored};
use crate::cli::terminal::Terminal;
use crate::ir::SecretSource;

#[derive(Serialize)]
struct Listed {
    host: String,
    secrets: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    kind: &'static str,
    about: String,
    /// file, credential, encrypted, root-key or missing.
    from: &'static str,
    /// The file or folder that the value is in, if it is in one.
    place: Option<String>,
    services: BTreeSet<String>,
    files: Vec<String>,
}

pub fn run(arguments: &Asked, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let (project, hosts) = compiled(&arguments.hosts, place, terminal)?;
    let machine = Machine::open(&arguments.target)?;
    let mut all = Vec::new();
    for host in hosts {
        let encrypted = Store::new(&project.root, &host.host).read()?;
        let given = Given::new(machine_of(&machine, &host.host, terminal)?, &encrypted);
        let used = used(&host);
        warn_of_unused(&encrypted, &used, terminal);
        let mut secrets = Vec::new();
        for secret in used {
            let found =
                given.find(&secret.name).map_err(|(path, error)| machine.cannot("read", &path, &error))?;
            if let Some(warning) = found.as_ref().and_then(Stored::warning) {
                terminal.progress(&format!("warning: {warning}\n"));
            }
            let from = match (&found, secret.source) {
                (Some(stored), _) => match stored.kept {
                    Kept::File => "file",
                    Kept::Credential => "credential",
                    Kept::Encrypted => "encrypted",
                },
                (None, SecretSource::Derived) => "root-key",
                (None, SecretSource::Given) => "missing",
            };
            let kind = match secret.source {
                SecretSource::Given => "given",
                SecretSource::Derived => "derived",
            };
            secrets.push(Line {
                name: secret.name,
                kind,
                about: secret.about,
                from,
                place: found.map(|stored| stored.place),
                services: secret.services,
                files: secret.files,
            });
        }
        all.push(Listed { host: host.host, secrets });
    }
    terminal.result(&if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&all).unwrap_or_default())
    } else {
        all.iter().map(human).collect()
    });
    Ok(Exit::Done)
}

fn human(host: &Listed) -> String {
    let mut text = format!("{}\n", host.host);
    for Line { name, kind, about, from, place, services, files } in &host.secrets {
        let from = match place {
            Some(place) => place.clone(),
            None if *from == "missing" => "has no value yet".to_owned(),
            None => "from the root key".to_owned(),
        };
        let _ = writeln!(text, "  {name}: {kind}, {from}");
        if !about.is_empty() {
            let _ = writeln!(text, "      {about}");
        }
        for file in files {
            let _ = writeln!(text, "      in {file}");
        }
        let others: Vec<&str> =
            services.iter().map(String::as_str).filter(|id| name.split('/').next() != Some(*id)).collect();
        if !others.is_empty() {
            let _ = writeln!(text, "      needed by {} as well", others.join(", "));
        }
    }
    text
}
