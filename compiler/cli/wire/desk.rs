//! What wiring needs of the machine: the definition, values of secrets, and what was wired last.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use super::{human, seconds};
use crate::apply::{Found, Rights};
use crate::cli::exit::{Exit, Failure};
use crate::cli::hosts::Place;
use crate::cli::plan::Change;
use crate::cli::target::secrets::records_key;
use crate::cli::target::{self, Lock, Machine};
use crate::cli::terminal::Terminal;
use crate::secret::{self, Reference};
use crate::wire::{self, Event, Key, Prune, Records, Run, Secrets, Trouble, WIRING, Watcher, Wiring};

/// How often a service that is waited for is named.
const OFTEN: Duration = Duration::from_secs(10);

/// Everything about the machine.
pub struct Desk<'a> {
    /// What is wanted.
    pub wiring: Wiring,
    machine: Machine,
    secrets: Secrets,
    key: Key,
    terminal: &'a Terminal,
    voice: Mutex<Talk>,
}

/// What is said while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Only what takes long.
    Progress,
    /// Everything that was done as well.
    Events,
}

struct Talk {
    voice: Voice,
    said: BTreeMap<String, Duration>,
}

impl<'a> Desk<'a> {
    /// Of this machine. Without a host, of what was applied to it.
    pub fn open(
        arguments: &target::Arguments,
        host: Option<&Path>,
        place: &Place,
        terminal: &'a Terminal,
    ) -> Result<Self, Failure> {
        let machine = Machine::open(arguments)?;
        let text = match host {
            Some(host) => {
                let build = Change::of(host).build(place, terminal)?;
                build.text(WIRING).map(str::to_owned)
            }
            None => text(&machine, WIRING)?,
        };
        let secrets = values(&machine, text.as_deref().unwrap_or_default())?;
        let wiring = match text {
            Some(text) => wire::parse(&text).map_err(|error| {
                Failure::invalid(
                    format!("`{WIRING}` cannot be read: {error}"),
                    "it may be of another version: `mediac apply` writes it anew",
                )
            })?,
            None if host.is_some() => Wiring::default(),
            None => {
                return Err(Failure::invalid(
                    format!("there is no `{WIRING}`: nothing that is wired was applied to this machine"),
                    "`mediac apply` first, or name a host",
                ));
            }
        };
        let key = Key(records_key(&machine)?);
        let voice = Mutex::new(Talk { voice: Voice::Progress, said: BTreeMap::new() });
        Ok(Self { wiring, machine, secrets, key, terminal, voice })
    }

    /// Holds off other wirings, and nothing else: services may take their time.
    pub fn lock(&self) -> Result<Lock, Failure> {
        self.machine.lock_wiring()
    }

    /// What was wired last.
    pub fn records(&self) -> Result<Records, Failure> {
        let path = self.path();
        let Some(text) = text(&self.machine, &path)? else { return Ok(Records::default()) };
        serde_json::from_str(&text).map_err(|error| Failure {
            exit: Exit::Refused,
            message: format!("`{path}` cannot be understood: {error}"),
            help: "it may be of a newer mediac: use that. Without the file, mediac forgets what it made"
                .to_owned(),
        })
    }

    /// A run.
    pub fn run(&self, prune: Prune, wait: u64, timeout: u64, voice: Voice) -> Run<'_> {
        if let Ok(mut talk) = self.voice.lock() {
            talk.voice = voice;
        }
        Run {
            wiring: &self.wiring,
            secrets: &self.secrets,
            key: &self.key,
            prune,
            wait: seconds(wait),
            timeout: seconds(timeout.max(1)),
            watcher: self,
        }
    }

    fn path(&self) -> String {
        format!("{}/wired.json", self.machine.places.base)
    }
}

impl Watcher for Desk<'_> {
    fn waiting(&self, service: &str, since: Duration, trouble: &Trouble) {
        let Ok(mut talk) = self.voice.lock() else { return };
        let due =
            talk.said.get(service).is_none_or(|last| *last > since || since.saturating_sub(*last) >= OFTEN);
        if due {
            talk.said.insert(service.to_owned(), since);
            let seconds = since.as_secs();
            self.terminal.progress(&format!("waiting for {service} ({seconds} s): it {trouble}\n"));
        }
    }

    fn did(&self, event: &Event) {
        let Ok(talk) = self.voice.lock() else { return };
        if talk.voice == Voice::Events {
            self.terminal.result(&human::event(&self.wiring, event));
        }
    }

    fn keep(&self, records: &Records) -> Result<(), String> {
        let mut text = serde_json::to_string_pretty(records).map_err(|error| error.to_string())?;
        text.push('\n');
        let path = self.path();
        match self.machine.disk.look(&path) {
            Ok(Found::File { bytes, .. }) if bytes == text.as_bytes() => return Ok(()),
            _ => {}
        }
        let rights = Rights { mode: 0o600, owner: 0, group: 0 };
        let put = self.machine.disk.put(&path, ".wired.json", text.as_bytes(), rights);
        put.and_then(|()| self.machine.disk.sync_above(&path)).map_err(|error| error.to_string())
    }
}

fn text(machine: &Machine, path: &str) -> Result<Option<String>, Failure> {
    match machine.disk.look(path) {
        Ok(Found::File { bytes, .. }) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Ok(_) => Ok(None),
        Err(error) => Err(machine.cannot("read", path, &error)),
    }
}

/// The values that an apply, or the boot, put into memory; which are missing is said where they are needed.
fn values(machine: &Machine, text_of_wiring: &str) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    let wanted: BTreeSet<Reference> = wire::references(text_of_wiring);
    for reference in wanted {
        let path = secret::held(&reference);
        if let Some(value) = text(machine, &path)? {
            secrets.insert(reference, value.trim_end_matches('\n').to_owned());
        }
    }
    Ok(secrets)
}
