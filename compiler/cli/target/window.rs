//! The time in which somebody has to say that the machine can still be reached.

use std::thread::sleep;
use std::time::Duration;

use super::hands::Programs;
use super::ready::SELF;
use super::{Lock, Machine, history, now};
use crate::apply::{End, Hands, Journal, Phase, Step, Waiting, Work};
use crate::cli::apply::Doing;
use crate::cli::exit::{Exit, Failure};
use crate::cli::recover::take_back;
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
    Ok(Waiting { token, since: 0, until: 0 })
}

/// What can still be confirmed. After a boot nothing can, and when a clock was set back neither: that could be for years.
pub fn has_time<'a>(machine: &Machine, journal: &'a Journal) -> Option<&'a Work> {
    let time = |waiting: &Waiting| (waiting.since..=waiting.until).contains(&now());
    journal.work.as_ref().filter(|work| {
        work.phase == Phase::Waiting && work.boot == machine.boot() && work.waiting.as_ref().is_some_and(time)
    })
}

/// Refuses as long as something can still be confirmed: whoever waits for that is not taken back by surprise.
pub fn is_over(machine: &Machine, journal: &Journal) -> Result<(), Failure> {
    has_time(machine, journal).map_or(Ok(()), |work| {
        let help = "`mediac confirm` keeps it, `mediac recover` takes it back now";
        Err(Failure::refused(format!("build {} waits to be confirmed", work.to), help))
    })
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
    // The machine has been changed: whatever fails from here on is not as if nothing had been.
    let degraded = |failure: Failure| match failure.exit {
        Exit::Invalid => Failure { exit: Exit::Degraded, ..failure },
        _ => failure,
    };
    see_through(machine, (number, seconds), lock, doing, terminal).map_err(degraded)
}

fn see_through(
    machine: &Machine,
    (number, seconds): (u64, u64),
    lock: Lock,
    doing: &Doing,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let waiting = match begin(machine, seconds) {
        Ok(waiting) => waiting,
        // Nobody could confirm it.
        Err(failure) => {
            take_back(machine, doing, terminal)?;
            return ended(machine, number, &failure.message);
        }
    };
    terminal.progress(&format!(
        "build {number} is in use; `mediac confirm {}` within {seconds} s keeps it\n",
        waiting.token
    ));
    // Whoever confirms has to get it.
    drop(lock);
    let is_under_way = |journal: &Journal| journal.work.as_ref().is_some_and(|work| work.to == number);
    loop {
        let journal = machine.journal()?;
        if !is_under_way(&journal) {
            return ended(machine, number, "it was not confirmed");
        }
        if has_time(machine, &journal).is_none() {
            match machine.lock() {
                // Somebody else confirms it in the last moment, or takes it back already.
                Err(failure) if failure.exit == Exit::Locked => {}
                lock => {
                    let _lock = lock?;
                    if is_under_way(&machine.journal()?) {
                        take_back(machine, doing, terminal)?;
                    }
                    return ended(machine, number, "it was not confirmed");
                }
            }
        }
        sleep(MOMENT);
    }
}

/// From now on the time runs. When this cannot be written down, it is over.
fn begin(machine: &Machine, seconds: u64) -> Result<Waiting, Failure> {
    let mut journal = machine.journal()?;
    let waiting = journal.work.as_mut().and_then(|work| work.waiting.as_mut()).ok_or_else(nothing)?;
    waiting.since = now();
    waiting.until = waiting.since.saturating_add(seconds);
    let waiting = waiting.clone();
    let written = journal.write(&machine.disk, &machine.places);
    written.map_err(|error| machine.cannot("write to", &machine.places.base, &error))?;
    Ok(waiting)
}

/// What became of it, whoever did that. The history knows even if the machine has come further since; its line is the
/// last thing that is written, so that it may not be there yet.
fn ended(machine: &Machine, number: u64, why: &str) -> Result<Exit, Failure> {
    let lines = history::lines(machine);
    let line = lines.iter().rev().find(|line| line.to == number && line.result != "waiting");
    let journal = machine.journal()?;
    let exit = match line.map(|line| line.result.as_str()) {
        Some("applied") => Exit::Done,
        Some("undone") => Exit::Undone,
        None if journal.current == Some(number) => Exit::Done,
        None if journal.work.is_none() && journal.pending.is_empty() => Exit::Undone,
        _ => Exit::Degraded,
    };
    if exit == Exit::Done {
        return Ok(exit);
    }
    Err(Failure {
        exit,
        message: format!("build {number} is taken back: {why}"),
        help: "if the machine could not be reached, see what the build changes in the firewall and SSH"
            .to_owned(),
    })
}

/// Keeps what is waiting.
pub fn confirm(machine: &Machine, token: Option<&str>) -> Result<u64, Failure> {
    let mut journal = machine.journal()?;
    let work = journal.work.clone().filter(|work| work.phase == Phase::Waiting).ok_or_else(nothing)?;
    let waiting = work.waiting.as_ref().ok_or_else(nothing)?;
    if token.is_some_and(|token| token != waiting.token) {
        let help = "say what the apply that is waiting now printed";
        return Err(Failure::refused("this is the word of another apply", help));
    }
    if has_time(machine, &journal).is_none() {
        return Err(Failure::refused("it is too late: the build is taken back", "apply it again"));
    }
    let target = crate::apply::Target { disk: &machine.disk, places: &machine.places, boot: &machine.boot() };
    let before = journal.current;
    target.commit(&mut journal).map_err(|error| machine.cannot("write to", &machine.places.base, &error))?;
    history::note(machine, "confirm", before, work.to, &End::Applied(work.to));
    Ok(work.to)
}

fn nothing() -> Failure {
    Failure::refused("nothing waits to be confirmed", "`mediac history` says what became of it")
}
