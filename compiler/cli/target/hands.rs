//! Runs the programs of an apply, and says what happens.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::interrupt::Interrupt;
use super::program;
use crate::apply::{Event, Hands, Question, Step};
use crate::cli::terminal::Terminal;

/// Where programs are looked for, whatever the caller's environment says.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
        let Some(mut command) = self.command(&step.command)? else { return Ok(()) };
        program::run(command.stdout(Stdio::null()), self.limit, &step.accepts).map(drop)
    }

    fn ask(&mut self, _step: &Step, question: &Question) -> Result<Option<String>, String> {
        let Some(mut command) = self.command(&question.command)? else { return Ok(None) };
        program::run(command.stdout(Stdio::piped()), self.limit, question.accepts).map(Some)
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

impl Programs<'_> {
    /// A command as it is run here; none where no programs are.
    fn command(&self, words: &[String]) -> Result<Option<Command>, String> {
        let path = match &self.source {
            Source::None => return Ok(None),
            Source::Machine => PATH.to_owned(),
            Source::Folder(folder) => folder.display().to_string(),
        };
        if self.interrupt.is_raised() {
            return Err("interrupted".to_owned());
        }
        let Some((program, arguments)) = words.split_first() else { return Ok(None) };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").current_dir("/");
        Ok(Some(command))
    }
}
