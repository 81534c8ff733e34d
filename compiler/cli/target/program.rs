//! Runs one program, for as long as it may take.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long to wait for the last words of a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// An answer that is longer than this is none.
const LONGEST: u64 = 4 << 20;
const MOMENT: Duration = Duration::from_millis(5);

/// Runs a program, and returns what it says on its standard output, where that is a pipe. These exit codes beside 0 are
/// as good.
pub fn run(command: &mut Command, limit: Duration, accepts: &[i32]) -> Result<String, String> {
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    // Not of this terminal: what interrupts mediac must not end a step in the middle.
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (answer, said) = (read(child.stdout.take()), read(child.stderr.take()));
    let status = wait(&mut child, limit)?;
    if !status.success() && !status.code().is_some_and(|code| accepts.contains(&code)) {
        // Something that it left running may hold the other end open.
        let said = said.recv_timeout(LAST_WORDS).unwrap_or_default();
        let last = said.lines().last().unwrap_or_default();
        return Err(format!("{status}{}{last}", if last.is_empty() { "" } else { ": " }));
    }
    match answer.recv_timeout(limit) {
        Ok(answer) if u64::try_from(answer.len()).is_ok_and(|length| length < LONGEST) => Ok(answer),
        _ => Err("its answer has no end".to_owned()),
    }
}

/// Reads all the while: a program that says much must not wait for its reader.
fn read(from: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, words) = mpsc::channel();
    spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.by_ref().take(LONGEST).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut from, &mut std::io::sink());
        }
        sender.send(String::from_utf8_lossy(&bytes).into_owned())
    });
    words
}

/// Waits for a program; one that takes too long is ended, with all that it started.
fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, String> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() > limit => {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no end within {} s", limit.as_secs()));
            }
            // Most of what is asked is answered at once.
            Ok(None) => sleep(MOMENT.min(start.elapsed() / 4)),
            Err(error) => return Err(error.to_string()),
        }
    }
}
