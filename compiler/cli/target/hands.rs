//! Runs the programs of an apply, and says what happens.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::interrupt::Interrupt;
use crate::apply::{Event, Hands, Step};
use crate::cli::terminal::Terminal;

/// Where programs are looked for, whatever the caller's environment says.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long to wait for the last words of a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Does steps, or only says them.
pub struct Programs<'a> {
    /// Who is told.
    pub terminal: &'a Terminal,
    /// What may stop it between two steps.
    pub interrupt: Interrupt,
    /// Whether programs are run, and which.
    pub source: Source,
    /// How long one may take.
    pub limit: Duration,
}

/// Which programs are run.
pub enum Source {
    /// Those of the machine.
    Machine,
    /// Those in a folder, for trials.
    Folder(PathBuf),
    /// None.
    None,
}

impl Hands for Programs<'_> {
    fn act(&mut self, step: &Step) -> Result<(), String> {
        let path = match &self.source {
            Source::None => return Ok(()),
            Source::Machine => PATH.to_owned(),
            Source::Folder(folder) => folder.display().to_string(),
        };
        if self.interrupt.is_raised() {
            return Err("interrupted".to_owned());
        }
        let Some((program, arguments)) = step.command.split_first() else { return Ok(()) };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Not of this terminal: what interrupts mediac must not end a step in the middle.
        command.process_group(0);
        let child = command.spawn().map_err(|error| error.to_string())?;
        wait(child, self.limit, &step.accepts)
    }

    fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Kept(number) => self.terminal.progress(&format!("build {number} is kept\n")),
            Event::Changed(_) => {}
            Event::Step(step) => self.terminal.progress(&format!("done: {}\n", step.because)),
            Event::Undoing(reason) => {
                self.terminal.progress(&format!("error: {reason}\ntaking everything back\n"));
            }
            Event::Failed(step, error) => {
                self.terminal.progress(&format!("error: `{}`: {error}\n", step.command.join(" ")));
            }
        }
    }
}

/// Waits for a program; one that takes too long is ended, with all that it started.
fn wait(mut child: Child, limit: Duration, accepts: &[i32]) -> Result<(), String> {
    let start = Instant::now();
    // Read all the while: a program that says much must not wait for its reader.
    let (sender, said) = mpsc::channel();
    let stderr = child.stderr.take();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.map(|mut stderr| stderr.read_to_string(&mut text));
        sender.send(text)
    });
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) if status.code().is_some_and(|code| accepts.contains(&code)) => return Ok(()),
            Ok(Some(status)) => {
                // Something that it left running may hold the other end open.
                let said = said.recv_timeout(LAST_WORDS).unwrap_or_default();
                let last = said.lines().last().unwrap_or_default();
                return Err(format!("{status}{}{last}", if last.is_empty() { "" } else { ": " }));
            }
            Ok(None) if start.elapsed() > limit => {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no end within {} s", limit.as_secs()));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.to_string()),
        }
    }
}
