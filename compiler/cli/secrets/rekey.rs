//! `mediac secrets rekey`: encrypts all values anew, for the recipients of today. All of them, or none.

use std::collections::BTreeMap;
use std::fs;

use clap::Args;

use super::store::{FOLDER, Store};
use crate::cli::exit::{Exit, Failure};
use crate::cli::hosts::Place;
use crate::cli::identity;
use crate::cli::target::given::why;
use crate::cli::terminal::Terminal;
use crate::options::suggest;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Names of hosts; all that have encrypted secrets by default
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,
    #[command(flatten)]
    identity: identity::Arguments,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(root) = place.root() else {
        return Err(Failure::invalid("this is no project", "call it where `hosts/` is, or give `-C DIR`"));
    };
    let known: Vec<String> = fs::read_dir(root.join(FOLDER)).map_or_else(
        |_| Vec::new(),
        |entries| {
            let folders = entries.flatten().filter(|entry| entry.path().is_dir());
            folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
        },
    );
    if let Some(other) = arguments.hosts.iter().find(|name| !known.contains(name)) {
        let help = suggest(other, known.iter().map(String::as_str)).map_or_else(
            || "it is the name of a folder there".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        return Err(Failure::invalid(format!("`{FOLDER}/` has nothing for a host `{other}`"), help));
    }
    let keys = arguments.identity.read("/".as_ref())?;
    for warning in &keys.warnings {
        terminal.progress(&format!("warning: {warning}\n"));
    }
    let mut hosts = if arguments.hosts.is_empty() { known } else { arguments.hosts.clone() };
    hosts.sort();
    hosts.dedup();
    let mut work = Vec::new();
    let mut closed = Vec::new();
    for host in &hosts {
        let store = Store::new(&root, host);
        let encrypted = store.read()?;
        if encrypted.iter().next().is_none() {
            continue;
        }
        let recipients = store.some_recipients()?;
        let mut files = BTreeMap::new();
        for (name, bytes) in encrypted.iter() {
            match keys.identities.decrypt(bytes) {
                Ok(value) => {
                    files.extend(recipients.encrypt(&value).map(|text| (name.to_owned(), text)));
                }
                Err(reason) => closed.push(format!("`{}` {}", store.place(name), why(reason))),
            }
        }
        work.push((host, store, recipients, files));
    }
    if !closed.is_empty() {
        return Err(Failure::invalid(
            format!("{}; nothing was changed", closed.join(", ")),
            "name a key that opens all of them with `--identity FILE`; remove what nobody can open any more",
        ));
    }
    for (host, store, recipients, files) in &work {
        store.write(files)?;
        let titles = recipients.titles().join(", ");
        terminal.result(&format!("{host}: {} encrypted anew, for {titles}\n", files.len()));
        if files.values().any(|text| keys.identities.decrypt(text.as_bytes()).is_err()) {
            terminal.progress(
                "warning: your own key is not among the recipients: you cannot read them any more\n",
            );
        }
    }
    if work.is_empty() {
        terminal.progress("nothing is encrypted yet: `mediac secrets set` does it\n");
    } else {
        terminal.progress("note: who is no recipient any more can still read what the history has: give those values anew\n");
    }
    Ok(Exit::Done)
}
