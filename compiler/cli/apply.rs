//! `mediac apply`: applies a build to this machine, whole or not at all.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::{Exit, Failure};
use super::hosts::Place;
use super::plan::{Change, Thought, describe};
use super::remote::{self, Remote};
use super::target::hands::{Programs, Source};
use super::target::interrupt::Interrupt;
use super::target::progress::Shown;
use super::target::secrets::{self, Keep, RootKey};
use super::target::{self, Lock, Machine, guard, history, ready, room, window};
use super::terminal::Terminal;
use crate::apply::{End, Failing, Plan, Steps, Target};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    doing: Doing,
    /// Apply it to another machine, through ssh
    #[arg(long, value_name = "USER@MACHINE", conflicts_with_all = ["root", "plan", "programs", "boot_only", "no_rollback"])]
    to: Option<String>,
    /// Apply only what this file says, which `mediac plan --output` wrote; refuse if anything else would be done
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
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
    /// Take everything back unless `mediac confirm` is called within so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub confirm_within: Option<u64>,
    /// Leave a build that failed as it is, to be looked at; `mediac recover` or the next boot takes it back
    #[arg(long, conflicts_with = "confirm_within")]
    pub no_rollback: bool,
    /// With another root: the programs to call, systemctl and docker among them; none are called without
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
    /// How long one program may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub program_timeout: u64,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(name) = &arguments.to {
        return elsewhere(name, arguments, place, terminal);
    }
    let machine = Machine::open(&arguments.target)?;
    let new = arguments.change.build(place, terminal)?;
    if new.manifest.files.is_empty() {
        let help = "name the host that this machine is; `mediac remove` takes everything off it";
        return Err(Failure::refused("this build has no files at all", help));
    }
    room::at_first(&machine, &new)?;
    let lock = machine.lock()?;
    super::recover::make_way(&machine, &arguments.doing, terminal)?;
    let encrypted = arguments.change.encrypted(place, &new)?;
    let thought = arguments.change.think(&machine, new, encrypted, RootKey::Make)?;
    if let Some(path) = &arguments.plan {
        super::plan::same(&thought, &place.absolute(path))?;
    }
    let job = Job { machine: &machine, change: &arguments.change, doing: &arguments.doing, verb: "apply" };
    job.carry_out(thought, lock, terminal)
}

/// The same on another machine.
fn elsewhere(name: &str, arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    const WINDOW: u64 = 60;
    let build = arguments.change.build(place, terminal)?;
    let encrypted = arguments.change.encrypted(place, &build)?;
    let remote = Remote { name, terminal };
    let request = remote::Request {
        build: &build,
        encrypted: &encrypted,
        window: arguments.doing.confirm_within.unwrap_or(WINDOW),
        arguments: arguments.change.words(),
    };
    let exit = remote.plan(&request)?;
    if exit != Exit::Done {
        return Ok(exit);
    }
    if !arguments.doing.yes {
        ask(terminal)?;
    }
    remote.apply(&request)
}

/// A change that somebody asked for.
pub struct Job<'a> {
    pub machine: &'a Machine,
    pub change: &'a Change,
    pub doing: &'a Doing,
    /// What was called.
    pub verb: &'static str,
}

impl Job<'_> {
    /// Shows a change, asks, and does it.
    pub fn carry_out(&self, mut thought: Thought, lock: Lock, terminal: &Terminal) -> Result<Exit, Failure> {
        let Self { machine, change, doing, verb } = self;
        for warning in &thought.secrets.warnings {
            terminal.progress(&format!("warning: {warning}\n"));
        }
        terminal.result(&describe(&thought, terminal.stdout()));
        thought.check()?;
        if thought.is_done() {
            // The values are the same, but they may be encrypted for others.
            secrets::keep(machine, &thought.new, &thought.encrypted, Keep::All)?;
            return Ok(Exit::Done);
        }
        let mut need = room::need(machine, &thought)?;
        room::enough(machine, &need)?;
        if !doing.yes {
            ask(terminal)?;
        }
        let mut hands = doing.hands(machine, terminal);
        if !doing.is_silent(machine) && thought.lacks_anything() {
            ready::make(machine, &thought.missing, &mut hands)?;
            // What is on a disk, and whose a file is, can be seen only now.
            thought = change.think(machine, thought.new, thought.encrypted, RootKey::Make)?;
            thought.check()?;
            need = room::need(machine, &thought)?;
            room::enough(machine, &need)?;
        }
        thought.filled()?;
        let full = |failure| room::explain(machine, &need, failure);
        secrets::keep(machine, &thought.new, &thought.encrypted, Keep::New).map_err(full)?;
        let waiting = doing.confirm_within.map(|_| window::open()).transpose()?;
        if machine.is_this() {
            ready::install_self(machine).map_err(full)?;
            window::watch(&mut hands)?;
        }
        let before = thought.journal.current;
        let is_guarded = machine.is_this() && guard::is_needed([thought.old.as_ref(), Some(&thought.new)]);
        if is_guarded {
            guard::set(machine).map_err(full)?;
        }
        let target = Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
        let plan = Plan {
            new: &thought.new,
            old: thought.old.as_ref(),
            prospect: &thought.prospect,
            forward: doing.steps(machine, &thought.forward),
            backward: doing.steps(machine, &thought.backward),
            waiting,
            values: &thought.secrets.values,
            failing: if doing.no_rollback { Failing::Stays } else { Failing::Undone },
            need: &need,
            time: target::now(),
        };
        let mut shown = Shown::new(&mut hands, thought.size());
        let end = target.apply(&mut thought.journal, &plan, &mut shown);
        shown.finish().keep(machine);
        let end = end.map_err(|error| full(machine.cannot("write to", &machine.places.base, &error)))?;
        history::note(machine, verb, before, thought.journal.last, &end);
        if let End::Applied(_) | End::Waiting(_) = end {
            let kept = secrets::keep(machine, &thought.new, &thought.encrypted, Keep::All);
            kept.map_err(|failure| full(Failure { exit: Exit::Degraded, ..failure }))?;
        }
        let exit = match (end, doing.confirm_within) {
            (End::Waiting(number), Some(seconds)) => {
                window::wait(machine, (number, seconds), lock, doing, terminal)
            }
            (end, _) => told(end, terminal),
        };
        if machine.is_this() && machine.journal().is_ok_and(|journal| journal.work.is_none()) {
            guard::lift(machine);
            // It ends by itself as well, a little later.
            let _ = window::unwatch(&mut hands);
        }
        exit
    }
}

/// How it ended, for whoever called.
pub fn told(end: End, terminal: &Terminal) -> Result<Exit, Failure> {
    match end {
        End::Applied(number) | End::Waiting(number) => {
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
            message: format!("{reason}; and then: {error}"),
            help: "`mediac status` shows what is left; `mediac recover` tries again".to_owned(),
        }),
    }
}

impl Doing {
    /// Whether no program is run.
    pub fn is_silent(&self, machine: &Machine) -> bool {
        !machine.is_this() && self.programs.is_none()
    }

    /// Those of the steps that are done.
    fn steps(&self, machine: &Machine, steps: &Steps) -> Steps {
        if self.is_silent(machine) {
            Steps::default()
        } else if self.boot_only {
            steps.at_boot()
        } else {
            steps.clone()
        }
    }

    pub fn hands<'a>(&self, machine: &Machine, terminal: &'a Terminal) -> Programs<'a> {
        let source = match &self.programs {
            _ if self.is_silent(machine) => Source::None,
            Some(folder) => Source::Folder(folder.clone()),
            None => Source::Machine,
        };
        Programs {
            terminal,
            interrupt: Interrupt::watch(),
            source,
            limit: Duration::from_secs(self.program_timeout),
        }
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
