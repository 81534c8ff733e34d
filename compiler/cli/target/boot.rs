//! What mediac does while the machine boots, before anything of the build starts: what was cut off is taken back, and
//! secrets come back to memory.

use std::time::Duration;

use super::ready::SELF;
use super::secrets::RootKey;
use super::{Machine, guard, secrets};
use crate::apply::{Event, Hands, Question, Step};
use crate::cli::apply::Doing;
use crate::cli::exit::{Exit, Failure};
use crate::cli::recover::{self, Rest};
use crate::cli::terminal::Terminal;

const PATIENCE: Duration = Duration::from_mins(1);

/// Programs that wait for nothing else to start.
const AT_ONCE: &[&[&str]] =
    &[&["systemctl", "daemon-reload"], &["systemctl", "enable"], &["systemctl", "disable"]];

pub fn recover(machine: &Machine, doing: &Doing, terminal: &Terminal) -> Result<Exit, Failure> {
    let journal = machine.journal()?;
    if let Some(work) = &journal.work {
        // An apply of this very boot starts this unit too.
        if work.boot == machine.boot() {
            return Ok(Exit::Done);
        }
        // The guard of a first apply and the unit of a build may both be at it.
        let _lock = machine.lock_within(PATIENCE)?;
        let mut hands = Early { inner: doing.hands(machine, terminal) };
        let number = work.to;
        match recover::take_back_with(machine, &mut hands, Rest::Follows, terminal) {
            // What could not be done yet is written down, and done when the machine is up.
            Err(failure) if failure.exit == Exit::Degraded && machine.journal()?.work.is_none() => {}
            other => drop(other?),
        }
        terminal.progress(&format!("build {number} is taken back\n"));
        if guard::is_set(machine) {
            later(&mut hands.inner);
        }
    }
    guard::lift(machine);
    fill(machine)?;
    Ok(Exit::Done)
}

/// Hands that start nothing: systemd is at it, and waits for this.
struct Early<H> {
    inner: H,
}

impl<H: Hands> Hands for Early<H> {
    fn act(&mut self, step: &Step) -> Result<(), String> {
        if is_at_once(step) { self.inner.act(step) } else { Err("later".to_owned()) }
    }

    fn ask(&mut self, step: &Step, question: &Question) -> Result<Option<String>, String> {
        // Whoever asks Docker something starts it.
        if is_at_once(step) { self.inner.ask(step, question) } else { Err("later".to_owned()) }
    }

    fn tell(&mut self, event: Event<'_>) {
        if !matches!(event, Event::Failed(..)) {
            self.inner.tell(event);
        }
    }
}

fn is_at_once(step: &Step) -> bool {
    let is_one = |words: &&&[&str]| {
        step.command.iter().zip(words.iter()).filter(|(one, other)| one == *other).count() == words.len()
    };
    AT_ONCE.iter().any(|words| is_one(&words))
}

/// What is left is done when the machine is up. A machine that has no build may have no unit for that.
fn later(hands: &mut dyn Hands) {
    let words = [
        "systemd-run",
        "--quiet",
        "--collect",
        "--no-block",
        "--unit=mediac-later",
        "--property=After=multi-user.target",
        SELF,
        "recover",
        "--by=rest",
    ];
    let command = words.map(str::to_owned).to_vec();
    let step = Step { command, because: "the rest follows".to_owned(), ..Step::default() };
    if let Err(error) = hands.act(&step) {
        hands.tell(Event::Failed(&step, &error));
    }
}

/// Writes the secrets in memory again.
fn fill(machine: &Machine) -> Result<(), Failure> {
    let journal = machine.journal()?;
    let Some(build) = machine.current(&journal)? else { return Ok(()) };
    let values = secrets::values(machine, &[&build], RootKey::Read)?;
    let accounts = machine.accounts(&[&build])?;
    crate::apply::refill(&machine.disk, &build, &values, &accounts).map_err(|message| Failure {
        exit: Exit::Degraded,
        message,
        help: "`mediac status` shows which files are missing; `mediac secrets check` why".to_owned(),
    })
}
