//! `mediac doctor`: whether the machine is fit for mediac, and whether what was applied holds.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::target::{self, Machine, secrets};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// A program that is asked, and what it is needed for.
struct Probe {
    name: &'static str,
    command: &'static [&'static str],
    help: &'static str,
}

const PROBES: &[Probe] = &[
    Probe {
        name: "systemd",
        command: &["systemctl", "--version"],
        help: "mediac is for machines with systemd",
    },
    Probe { name: "nftables", command: &["nft", "--version"], help: "`apt-get install nftables`" },
    Probe {
        name: "docker",
        command: &["docker", "version"],
        help: "the plan installs it; then `systemctl start docker`",
    },
    Probe {
        name: "compose",
        command: &["docker", "compose", "version"],
        help: "`apt-get install docker-compose`",
    },
    Probe { name: "clock", command: &["timedatectl", "show"], help: "certificates need the right time" },
];
/// What is asked once a host with a kill-switch was applied.
const GATES: &[(&str, Probe)] = &[
    (
        "/etc/mediac/killswitch.nft",
        Probe {
            name: "kill-switch",
            command: &["nft", "list", "table", "inet", "mediac_killswitch"],
            help: "`systemctl reload-or-restart mediac-killswitch`",
        },
    ),
    (
        "/etc/mediac/firewall.nft",
        Probe {
            name: "firewall",
            command: &["nft", "list", "table", "inet", "mediac_firewall"],
            help: "`systemctl reload-or-restart mediac-firewall`",
        },
    ),
];

/// What was found out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// What was looked at.
    name: String,
    /// Whether it is well.
    ok: bool,
    /// What it is like.
    said: String,
    /// What to do about it.
    help: Option<String>,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let mut findings = vec![room(&machine)?, key(&machine)];
    if machine.is_this() {
        findings.extend(PROBES.iter().map(ask));
        if let Some(build) = machine.current(&machine.journal()?)? {
            findings.extend(
                GATES.iter().filter(|(path, _)| build.files.contains_key(*path)).map(|(_, probe)| ask(probe)),
            );
        }
    }
    let exit = if findings.iter().all(|finding| finding.ok) { Exit::Done } else { Exit::Invalid };
    if arguments.json {
        terminal.result(&format!("{}\n", serde_json::to_string_pretty(&findings).unwrap_or_default()));
        return Ok(exit);
    }
    let mut text = String::new();
    for Finding { name, ok, said, help } in &findings {
        let mark = if *ok { "ok  " } else { "FAIL" };
        let _ = writeln!(text, "{mark} {name}: {said}");
        if let Some(help) = help.as_ref().filter(|_| !ok) {
            let _ = writeln!(text, "     = help: {help}");
        }
    }
    terminal.result(&text);
    Ok(exit)
}

fn room(machine: &Machine) -> Result<Finding, Failure> {
    const ENOUGH: u64 = 64 << 20;
    let place = &machine.places.base;
    let room = machine.disk.room(place).map_err(|error| machine.cannot("look at", place, &error))?;
    let files = room.files.map(|files| format!(" and {files} files")).unwrap_or_default();
    Ok(Finding {
        name: "room".to_owned(),
        ok: room.bytes >= ENOUGH && room.files.is_none_or(|files| files > 1_000),
        said: format!("{} MiB{files} at {place}", room.bytes >> 20),
        help: Some("make room: an apply needs a little, and so does taking it back".to_owned()),
    })
}

fn key(machine: &Machine) -> Finding {
    let (ok, said) = match secrets::has_root_key(machine) {
        Ok(true) => (true, "it is there, and only root can read it".to_owned()),
        Ok(false) => (true, "the first apply makes it".to_owned()),
        Err(why) => (false, why),
    };
    let help = "restore it from a backup: with another key, all derived secrets are other ones";
    Finding { name: "root key".to_owned(), ok, said, help: Some(help.to_owned()) }
}

fn ask(probe: &Probe) -> Finding {
    let Probe { name, command, help } = probe;
    let (ok, said) = match command.split_first() {
        Some((program, arguments)) => {
            match Command::new(program).args(arguments).stdin(Stdio::null()).output() {
                Ok(output) => {
                    let text = if output.status.success() { output.stdout } else { output.stderr };
                    let text = String::from_utf8_lossy(&text).into_owned();
                    (output.status.success(), text.lines().next().unwrap_or_default().to_owned())
                }
                Err(error) => (false, error.to_string()),
            }
        }
        None => (false, String::new()),
    };
    Finding { name: (*name).to_owned(), ok, said, help: Some((*help).to_owned()) }
}
