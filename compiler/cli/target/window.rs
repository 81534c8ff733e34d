//! The time in which somebody has to say that the machine can still be reached.

use std::thread::sleep;
use std::time::Duration;

use super::hands::Programs;
use super::ready::SELF;
use super::{Lock, Machine, history, now};
use crate::apply::{End, Hands, Journal, Phase, Step, Waiting};
use crate::cli::apply::Doing;
use crate::cli::exit::{Exit, Failure};
use crate::cli::terminal::Terminal;

/// The name of the timer that looks whether an apply has died.
const WATCH: &str = "mediac-watch";
const MOMENT: Duration = Duration::from_millis(100);

/// What has to be said. The time for it begins only when there is something to say it of: until then it is over.
pub fn open() -> Result<Waiting, Failure> {
    let mut bytes = [0_u8; 8];
    let read = std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
    read.map_err(|error| Failure::invalid(format!("`/dev/urandom`: {error}"), "see what is wrong with it"))?;
    let token = format!("{:016x}", u64::from_be_bytes(bytes));
    Ok(Waiting { token, until: 0 })
}

/// From now on systemd looks every few seconds whether the apply is still alive or was confirmed: it must not be this
/// process that has to live for that.
pub fn watch(hands: &mut Programs<'_>) -> Result<(), Failure> {
    let unit = format!("--unit={WATCH}");
    let words = [
        "systemd-run",
        "--quiet",
        "--collect",
        &unit,
        "--on-active=10s",
        "--on-unit-active=5s",
        "--timer-property=AccuracySec=1s",
        SELF,
        "recover",
        "--by=watch",
    ];
    let step = Step {
        command: words.map(str::to_owned).to_vec(),
        because: "systemd watches over this".to_owned(),
        ..Step::default()
    };
    let armed = unwatch(hands).and_then(|()| hands.act(&step));
    armed.map_err(|error| {
        Failure::invalid(
            format!("systemd does not watch over this: {error}; nothing was changed"),
            "see `systemctl status`",
        )
    })
}

/// Nothing is left to watch, or another watch begins.
pub fn unwatch(hands: &mut dyn Hands) -> Result<(), String> {
    let command = ["systemctl", "stop", &format!("{WATCH}.timer")].map(str::to_owned).to_vec();
    hands.act(&Step { command, because: "a watch ends".to_owned(), accepts: vec![5], ..Step::default() })
}

/// Waits so many seconds for `mediac confirm`, and takes everything back when it does not come.
pub fn wait(
    machine: &Machine,
    (number, seconds): (u64, u64),
    lock: Lock,
    doing: &Doing,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let waiting = begin(machine, seconds)?;
    terminal.progress(&format!(
        "build {number} is in use; `mediac confirm {}` within {seconds} s keeps it\n",
        waiting.token
    ));
    // Whoever confirms has to get it.
    drop(lock);
    loop {
        let under_way = |journal: Journal| journal.work.filter(|work| work.to == number);
        let Some(work) = under_way(machine.journal()?) else { return ended(machine, number) };
        if work.phase != Phase::Waiting || now() > waiting.until {
            match machine.lock() {
                // Somebody else confirms it in the last moment, or takes it back already.
                Err(failure) if failure.exit == Exit::Locked => {}
                lock => {
                    let _lock = lock?;
                    if under_way(machine.journal()?).is_some() {
                        crate::cli::recover::take_back(machine, doing, terminal)?;
                    }
                    return ended(machine, number);
                }
            }
        }
        sleep(MOMENT);
    }
}

/// From now on the time runs. When this cannot be written down, it is over, and whoever watches takes everything back.
fn begin(machine: &Machine, seconds: u64) -> Result<Waiting, Failure> {
    let mut journal = machine.journal()?;
    let nothing =
        || Failure::refused("nothing waits to be confirmed", "`mediac history` says what became of it");
    let waiting = journal.work.as_mut().and_then(|work| work.waiting.as_mut()).ok_or_else(nothing)?;
    waiting.until = now().saturating_add(seconds);
    let waiting = waiting.clone();
    let written = journal.write(&machine.disk, &machine.places);
    written.map_err(|error| machine.cannot("write to", &machine.places.base, &error))?;
    Ok(waiting)
}

/// What became of it, whoever did that.
fn ended(machine: &Machine, number: u64) -> Result<Exit, Failure> {
    let journal = machine.journal()?;
    if journal.current == Some(number) {
        return Ok(Exit::Done);
    }
    let degraded = journal.work.is_some() || !journal.pending.is_empty();
    Err(Failure {
        exit: if degraded { Exit::Degraded } else { Exit::Undone },
        message: format!("build {number} was not confirmed; the machine has the one before"),
        help: "if the machine could not be reached, see what the build changes in the firewall and SSH"
            .to_owned(),
    })
}

/// Keeps what is waiting.
pub fn confirm(machine: &Machine, token: Option<&str>) -> Result<u64, Failure> {
    let mut journal = machine.journal()?;
    let nothing =
        || Failure::refused("nothing waits to be confirmed", "`mediac history` says what became of it");
    let work = journal.work.clone().filter(|work| work.phase == Phase::Waiting).ok_or_else(nothing)?;
    let waiting = work.waiting.ok_or_else(nothing)?;
    if token.is_some_and(|token| token != waiting.token) {
        let help = "say what the apply that is waiting now printed";
        return Err(Failure::refused("this is the word of another apply", help));
    }
    if now() > waiting.until || work.boot != machine.boot() {
        return Err(Failure::refused("it is too late: the build is taken back", "apply it again"));
    }
    let target = crate::apply::Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let before = journal.current;
    target.commit(&mut journal).map_err(|error| machine.cannot("write to", &machine.places.base, &error))?;
    history::note(machine, "confirm", before, work.to, &End::Applied(work.to));
    Ok(work.to)
}
