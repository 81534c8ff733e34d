//! `mediac apply`: applies a build to this machine, whole or not at all.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::{Exit, Failure};
use super::hosts::Place;
use super::plan::{Change, Thought, describe};
use super::target::hands::{Programs, Source};
use super::target::secrets::RootKey;
use super::target::{self, Machine, history};
use super::terminal::Terminal;
use crate::apply::{End, Plan, Target};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    doing: Doing,
}

/// How a change is carried out.
#[derive(Debug, Args)]
pub struct Doing {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Write files only: nothing is restarted, and the build takes effect at the next boot
    #[arg(long)]
    pub boot_only: bool,
    /// With another root: the programs to call, systemctl and docker among them; none are called without
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
    /// How long one program may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub program_timeout: u64,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let new = arguments.change.build(place, terminal)?;
    let _lock = machine.lock()?;
    super::recover::take_back(&machine, &arguments.doing, terminal)?;
    let thought = arguments.change.think(&machine, new, RootKey::Make)?;
    carry_out(&machine, thought, &arguments.doing, "apply", terminal)
}

/// Shows a change, asks, and does it.
pub fn carry_out(
    machine: &Machine,
    mut thought: Thought,
    doing: &Doing,
    verb: &'static str,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    terminal.result(&describe(&thought));
    thought.check()?;
    if thought.is_done() {
        return Ok(Exit::Done);
    }
    let unfilled = thought.unfilled();
    if let Some(missing) = unfilled.first() {
        let help = "put a given secret into /etc/mediac/secrets/SERVICE/NAME, readable by root only";
        return Err(Failure::invalid(missing.clone(), help));
    }
    if !doing.yes {
        ask(terminal)?;
    }
    let target = Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let plan = Plan {
        new: &thought.new,
        old: thought.old.as_ref(),
        prospect: &thought.prospect,
        forward: if doing.is_silent(machine) { Vec::new() } else { thought.forward.clone() },
        backward: if doing.is_silent(machine) { Vec::new() } else { thought.backward.clone() },
        values: &thought.values,
        time: target::now(),
    };
    let mut hands = doing.hands(machine, terminal);
    let before = thought.journal.current;
    let end = target.apply(&mut thought.journal, &plan, &mut hands);
    let end = end.map_err(|error| machine.cannot("write to", &machine.places.base, &error))?;
    let number = thought.journal.last;
    history::note(machine, verb, before, number, &end);
    match end {
        End::Applied(number) => {
            terminal.progress(&format!("build {number} is applied\n"));
            Ok(Exit::Done)
        }
        End::Undone(reason) => Err(Failure {
            exit: Exit::Undone,
            message: format!("{reason}; the machine is as it was"),
            help: "see what is wrong with it, and apply again".to_owned(),
        }),
        End::Degraded(reason, error) => Err(Failure {
            exit: Exit::Degraded,
            message: format!("{reason}; and then, while taking it back: {error}"),
            help: "`mediac status` shows what is left; `mediac recover` tries again".to_owned(),
        }),
    }
}

impl Doing {
    /// Whether no program is run.
    pub fn is_silent(&self, machine: &Machine) -> bool {
        self.boot_only || (!machine.is_this() && self.programs.is_none())
    }

    pub fn hands<'a>(&self, machine: &Machine, terminal: &'a Terminal) -> Programs<'a> {
        let source = match &self.programs {
            _ if self.is_silent(machine) => Source::None,
            Some(folder) => Source::Folder(folder.clone()),
            None => Source::Machine,
        };
        Programs { terminal, source, limit: Duration::from_secs(self.program_timeout) }
    }
}

fn ask(terminal: &Terminal) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::refused("there is nobody to ask", "give `--yes` to apply without being asked"));
    }
    terminal.progress("apply this? [y/N] ");
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::refused("it was not wanted", "nothing was changed")),
    }
}
