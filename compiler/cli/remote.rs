//! `mediac apply --to USER@MACHINE`: the same protocol on another machine, through the system's own ssh.
//!
//! The build and this program are copied there; systemd runs the apply there, so that it does not die with the
//! connection that it may be about to cut; and a new connection confirms it, or nobody does and it is taken back.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::exit::{Exit, Failure};
use super::secrets::store::{self, Encrypted};
use super::target::ready::SELF;
use super::terminal::Terminal;
use crate::apply::Generation;
use crate::manifest::sha256;

/// Where a build waits to be applied: in memory, as it may never be.
const INCOMING: &str = "/run/mediac/incoming";
/// The build itself, below it; beside it are the secrets that the project has encrypted.
const BUILD: &str = "/run/mediac/incoming/build";
const UNIT: &str = "mediac-apply";
/// How long a machine may not be reached after its time is up: taking everything back takes a while as well.
const GRACE: Duration = Duration::from_mins(5);

/// What ssh says when it does not reach the other end.
const LOST: i32 = 255;

/// A machine that ssh reaches.
pub struct Remote<'a> {
    /// As ssh takes it.
    pub name: &'a str,
    /// Who is told.
    pub terminal: &'a Terminal,
}

/// What is asked for there.
pub struct Request<'a> {
    /// The build.
    pub build: &'a Generation,
    /// The secrets of it that the project has encrypted.
    pub encrypted: &'a Encrypted,
    /// How long it may stay unconfirmed, in seconds.
    pub window: u64,
    /// Further arguments, such as `--drift`.
    pub arguments: Vec<String>,
}

impl Remote<'_> {
    /// Copies the build, and shows what applying it would do. The exit code is the plan's.
    pub fn plan(&self, request: &Request<'_>) -> Result<Exit, Failure> {
        self.send(request)?;
        let words =
            [&[SELF, "plan", "--from", BUILD].map(str::to_owned), request.arguments.as_slice()].concat();
        let output = self.run(&words.join(" "), &[])?;
        self.terminal.result(&String::from_utf8_lossy(&output.stdout));
        self.terminal.progress(&String::from_utf8_lossy(&output.stderr));
        Ok(match output.status.code() {
            Some(0) => Exit::Done,
            Some(3) => Exit::Refused,
            _ => Exit::Invalid,
        })
    }

    /// Applies what was copied, and confirms it over a new connection.
    pub fn apply(&self, request: &Request<'_>) -> Result<Exit, Failure> {
        let before = self.lines()?;
        let mut told = self.journal(None).map(|(_, cursor)| cursor).unwrap_or_default();
        let call = format!(
            "systemd-run --quiet --collect --unit={UNIT} --property=KillMode=process {SELF} apply --from {BUILD} --yes \
             --confirm-within {} {}",
            request.window,
            request.arguments.join(" ")
        );
        self.must(&call)?;
        self.terminal.progress(&format!("{}: the apply runs there\n", self.name));
        let start = Instant::now();
        let mut silent = Instant::now();
        let limit = GRACE + Duration::from_secs(request.window);
        loop {
            sleep(Duration::from_millis(500));
            // What it says there is said here, as far as it comes through.
            if let Ok((lines, cursor)) = self.journal(Some(&told)) {
                for line in lines {
                    self.terminal.progress(&format!("  {line}\n"));
                }
                told = cursor;
            }
            // Each of the calls can be the one that does not come through: it is the machine's own affair for a while.
            match self.look(before) {
                Ok(Some(end)) => return end,
                Ok(None) => silent = Instant::now(),
                Err(_) if silent.elapsed() < limit => {}
                Err(failure) => return Err(failure),
            }
            if start.elapsed() > Duration::from_hours(2) {
                return Err(self.why());
            }
        }
    }

    /// Whether the apply has ended, and how; one that waits is confirmed. An error is one of the connection.
    fn look(&self, before: usize) -> Result<Option<Result<Exit, Failure>>, Failure> {
        let runs = self.runs()?;
        let state = self.state()?;
        if waits(&state) && self.must(&format!("{SELF} confirm")).is_ok() {
            self.terminal.progress(&format!("{}: confirmed over a new connection\n", self.name));
        }
        let ended = self.ended(before)?;
        if ended.is_none() && !runs && state.get("work").is_some_and(Value::is_null) {
            // It ended before it began to change anything: its own words say why.
            return Ok(Some(Err(self.why())));
        }
        Ok(ended)
    }

    /// How the apply ended, once it has.
    fn ended(&self, before: usize) -> Result<Option<Result<Exit, Failure>>, Failure> {
        let lines = self.history()?;
        let Some(last) = lines.get(before..).and_then(<[Value]>::last) else { return Ok(None) };
        let word = |key: &str| last.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let failure = |exit: Exit, message: String| {
            let help = format!("see `ssh {} {SELF} status`", self.name);
            Ok(Some(Err(Failure { exit, message, help })))
        };
        match word("result").as_str() {
            "applied" => {
                self.terminal.progress(&format!("{}: the build is applied\n", self.name));
                Ok(Some(Ok(Exit::Done)))
            }
            "undone" => failure(Exit::Undone, format!("{}; {} is as it was", word("reason"), self.name)),
            "degraded" => failure(Exit::Degraded, word("reason")),
            _ => Ok(None),
        }
    }

    fn lines(&self) -> Result<usize, Failure> {
        Ok(self.history()?.len())
    }

    fn history(&self) -> Result<Vec<Value>, Failure> {
        let output = self.must(&format!("{SELF} history --json"))?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    fn state(&self) -> Result<Value, Failure> {
        let output = self.run(&format!("{SELF} status --json"), &[])?;
        serde_json::from_slice(&output.stdout).map_err(|_| self.unreachable(&output))
    }

    /// What the apply has said there since, and how far that is; without a beginning, only that.
    fn journal(&self, since: Option<&str>) -> Result<(Vec<String>, String), Failure> {
        let from = match since {
            None => "--lines=0".to_owned(),
            // The unit had said nothing yet.
            Some("") => String::new(),
            Some(cursor) => format!("--after-cursor='{cursor}'"),
        };
        let call = format!("journalctl --no-pager --quiet --output=cat --show-cursor --unit={UNIT} {from}");
        let output = self.must(&call)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let cursor = text.lines().find_map(|line| line.strip_prefix("-- cursor: "));
        let cursor = cursor.or(since).unwrap_or_default().to_owned();
        let lines = text.lines().filter(|line| !line.starts_with("-- ")).map(str::to_owned).collect();
        Ok((lines, cursor))
    }

    fn runs(&self) -> Result<bool, Failure> {
        let output = self.run(&format!("systemctl is-active {UNIT}"), &[])?;
        match output.status.code() {
            Some(LOST) | None => Err(self.unreachable(&output)),
            code => Ok(code == Some(0)),
        }
    }

    fn why(&self) -> Failure {
        let words = self.run(&format!("journalctl --no-pager --output=cat --lines=20 --unit={UNIT}"), &[]);
        let text =
            words.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let message = format!("{}: the apply ended without a change:\n{}", self.name, text.trim_end());
        Failure::invalid(message, "see what is wrong with it, and apply again")
    }

    /// Copies this program where it is missing. One that does not run there never gets its name.
    fn install(&self) -> Result<(), Failure> {
        let own = fs::read("/proc/self/exe")
            .map_err(|error| Failure::invalid(error.to_string(), "see what is wrong with it"))?;
        let hash = sha256(&own);
        let there = self.run(&format!("sha256sum {SELF} 2>/dev/null || :"), &[])?;
        if !there.status.success() {
            return Err(self.unreachable(&there));
        }
        if String::from_utf8_lossy(&there.stdout).starts_with(&hash) {
            return Ok(());
        }
        self.terminal.progress(&format!("{}: mediac is copied there\n", self.name));
        let folder = SELF.rsplit_once('/').map_or("", |(folder, _)| folder);
        let copy = format!("mkdir -p -m 0700 {folder} && cat >{SELF}.new && chmod 0755 {SELF}.new");
        self.feed(&copy, &own)?;
        let tried = self.run(&format!("{SELF}.new --version"), &[])?;
        if !tried.status.success() {
            let said = String::from_utf8_lossy(&tried.stderr).into_owned();
            let why = said.lines().last().unwrap_or("it said nothing").to_owned();
            let help =
                "a program runs on machines of the kind that it was built for: build mediac on such a one";
            return Err(Failure::invalid(
                format!("{}: this mediac does not run there: {why}", self.name),
                help,
            ));
        }
        self.must(&format!("sync {SELF}.new && mv {SELF}.new {SELF}")).map(drop)
    }

    /// Copies this program and the build.
    fn send(&self, request: &Request<'_>) -> Result<(), Failure> {
        self.install()?;
        let build = request.build;
        self.must(&format!("rm -rf {INCOMING} && mkdir -p -m 0755 /run/mediac && mkdir -m 0700 {INCOMING}"))?;
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |name: &str, bytes: &[u8], mode: u32| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(mode);
            archive.append_data(&mut header, name, bytes)
        };
        let mut added = Ok(());
        for (path, stored) in build.snapshot().files {
            let mode = if stored.kind == crate::diff::Kind::Script { 0o755 } else { 0o644 };
            added = added.and_then(|()| add(&format!("build/{path}"), &stored.bytes, mode));
        }
        for (name, bytes) in request.encrypted.iter() {
            let place = store::place(&build.manifest.host, name);
            added = added.and_then(|()| add(&place, bytes, 0o400));
        }
        let packed = added.and_then(|()| archive.into_inner());
        let packed =
            packed.map_err(|error| Failure::invalid(error.to_string(), "see what is wrong with it"))?;
        self.feed(&format!("tar -C {INCOMING} -x"), &packed)
    }

    fn feed(&self, script: &str, bytes: &[u8]) -> Result<(), Failure> {
        let output = self.run(script, bytes)?;
        if output.status.success() { Ok(()) } else { Err(self.unreachable(&output)) }
    }

    fn must(&self, script: &str) -> Result<Output, Failure> {
        let output = self.run(script, &[])?;
        if output.status.success() { Ok(output) } else { Err(self.unreachable(&output)) }
    }

    /// Each call is a connection of its own: one that is open says nothing about whether the machine can be reached.
    fn run(&self, script: &str, input: &[u8]) -> Result<Output, Failure> {
        let mut command = Command::new("ssh");
        command.args(["-o", "ControlPath=none", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5"]);
        command.args(["-o", "ServerAliveCountMax=3", "--", self.name, &elevated(script)]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let cannot = |error: std::io::Error| {
            Failure::invalid(format!("ssh: {error}"), "`apt-get install openssh-client`")
        };
        let mut child = command.spawn().map_err(cannot)?;
        let input = input.to_vec();
        let stdin = child.stdin.take();
        let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let stderr = child.stderr.take();
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
            text
        });
        let mut stdout = Vec::new();
        if let Some(mut pipe) = child.stdout.take() {
            pipe.read_to_end(&mut stdout).map_err(cannot)?;
        }
        let status = child.wait().map_err(cannot)?;
        let _ = writer.join();
        Ok(Output { status, stdout, stderr: reader.join().unwrap_or_default() })
    }

    fn unreachable(&self, output: &Output) -> Failure {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = said.lines().last().unwrap_or("it said nothing").to_owned();
        let help =
            "try `ssh` by hand; the user there has to be root, or to be allowed `sudo` without a password";
        Failure::invalid(format!("{}: {last}", self.name), help)
    }
}

/// Whether an apply waits to be confirmed.
fn waits(state: &Value) -> bool {
    state.get("work").and_then(|work| work.get("phase")).and_then(Value::as_str) == Some("waiting")
}

/// A script that root runs, whoever logs in.
fn elevated(script: &str) -> String {
    let quoted = script.replace('\'', r"'\''");
    format!("if [ \"$(id -u)\" = 0 ]; then sh -c '{quoted}'; else sudo -n sh -c '{quoted}'; fi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_stays_one_word() {
        let text = elevated("echo 'a b'");
        assert!(text.contains(r"sudo -n sh -c 'echo '\''a b'\'''"), "{text}");
    }

    #[test]
    fn only_a_waiting_apply_is_confirmed() {
        for (text, expected) in [
            (r#"{"work": {"phase": "waiting"}}"#, true),
            (r#"{"work": {"phase": "applying"}}"#, false),
            (r#"{"work": null}"#, false),
        ] {
            assert_eq!(waits(&serde_json::from_str(text).unwrap()), expected, "{text}");
        }
    }
}
