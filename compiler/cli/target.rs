//! The machine that builds are applied to, as the command line names it.

pub mod boot;
pub mod durations;
pub mod given;
pub mod guard;
pub mod hands;
pub mod history;
pub mod interrupt;
pub mod program;
pub mod progress;
pub mod ready;
pub mod room;
pub mod secrets;
pub mod window;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use rustix::fs::{FlockOperation, flock};

use super::exit::{Exit, Failure};
use super::identity;
use crate::apply::{Accounts, Broken, Disk, Generation, Journal, Meta, Need, Places};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The root of the machine's files
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Where mediac keeps what it applied, below the root
    #[arg(long, value_name = "DIR", default_value = "/var/lib/mediac")]
    state_dir: String,
    /// How long to wait for another mediac, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    lock_timeout: u64,
    #[command(flatten)]
    identity: identity::Arguments,
}

/// The machine.
pub struct Machine {
    /// Its files.
    pub disk: Disk,
    /// Where mediac's own are.
    pub places: Places,
    /// Its root, as it was given.
    pub root: PathBuf,
    /// Where the keys to encrypted secrets are.
    pub identity: identity::Arguments,
    timeout: Duration,
}

/// Holds off every other mediac for as long as it lives. The kernel lets go of it when its holder dies.
pub struct Lock {
    _file: fs::File,
}

impl Lock {
    fn of(file: fs::File, path: &Path, timeout: Duration) -> Result<Self, Failure> {
        let start = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(_) if start.elapsed() < timeout => std::thread::sleep(Duration::from_millis(20)),
                Err(_) => return Err(held(path)),
            }
        }
        let line = format!("{} {}\n", std::process::id(), std::env::args().collect::<Vec<_>>().join(" "));
        // For people only: what holds the lock is the open file.
        let _ = fs::write(path, line);
        Ok(Self { _file: file })
    }
}

impl Machine {
    pub fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let disk = Disk::open(&arguments.root).map_err(|error| {
            Failure::invalid(
                format!("`{}`: {error}", arguments.root.display()),
                "name the folder with the machine's files",
            )
        })?;
        Ok(Self {
            disk,
            places: Places::new(&arguments.state_dir),
            root: arguments.root.clone(),
            identity: arguments.identity.clone(),
            timeout: Duration::from_secs(arguments.lock_timeout),
        })
    }

    /// Waits for other mediacs to end, as long as was asked for.
    pub fn lock(&self) -> Result<Lock, Failure> {
        self.lock_within(self.timeout)
    }

    fn lock_within(&self, timeout: Duration) -> Result<Lock, Failure> {
        self.hold(&self.places.lock, timeout)
    }

    /// Holds off other wirings, and nothing else: services may take their time.
    pub fn lock_wiring(&self) -> Result<Lock, Failure> {
        self.hold(&format!("{}/wire.lock", self.places.base), self.timeout)
    }

    fn hold(&self, lock: &str, timeout: Duration) -> Result<Lock, Failure> {
        let made = self.places.make(&self.disk);
        made.map_err(|error| self.no_room(self.cannot("write to", &self.places.base, &error)))?;
        let path = self.root.join(lock.trim_start_matches('/'));
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| self.no_room(self.cannot("open", lock, &error)))?;
        Lock::of(file, &path, timeout)
    }

    /// Where the disk is full: how much mediac needs for its own folder.
    fn no_room(&self, failure: Failure) -> Failure {
        match Need::of_places(&self.disk, &self.places) {
            Ok(need) => room::explain(self, &need, failure),
            Err(_) => failure,
        }
    }

    pub fn journal(&self) -> Result<Journal, Failure> {
        match Journal::read(&self.disk, &self.places) {
            Ok(Ok(journal)) => Ok(journal),
            Ok(Err(why)) => Err(Failure {
                exit: Exit::Degraded,
                message: format!("the journal in `{}` cannot be understood: {why}", self.places.base),
                help: "it may be of a newer mediac: use that; it is never written in part".to_owned(),
            }),
            Err(error) => Err(self.cannot("read", &self.places.base, &error)),
        }
    }

    pub fn generation(&self, number: u64) -> Result<(Generation, Meta), Failure> {
        match Generation::load(&self.disk, &self.places.generations, number) {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(Broken::Record(name) | Broken::File(name))) => Err(Failure::refused(
                format!("build {number} is not whole: `{name}`"),
                "`mediac history` lists the others",
            )),
            Err(error) => Err(self.cannot("read", &self.places.generations, &error)),
        }
    }

    /// The build that the machine has.
    pub fn current(&self, journal: &Journal) -> Result<Option<Generation>, Failure> {
        journal.current.map(|number| self.generation(number).map(|(build, _)| build)).transpose()
    }

    /// Accounts of the machine and of builds.
    pub fn accounts(&self, builds: &[&Generation]) -> Result<Accounts, Failure> {
        let mut accounts =
            Accounts::read(&self.disk).map_err(|error| self.cannot("read", "/etc/passwd", &error))?;
        for build in builds {
            for path in build.files.keys().filter(|path| path.starts_with("/etc/sysusers.d/")) {
                accounts.declare(build.text(path).unwrap_or_default());
            }
        }
        Ok(accounts)
    }

    /// Where an encrypted secret is kept: the machine has no project when it boots.
    pub fn encrypted(&self, name: &str) -> String {
        format!("{}/secrets/{name}.age", self.places.base)
    }

    /// What the kernel calls this boot.
    #[allow(clippy::unused_self, reason = "it is the machine's, where there is no other")]
    pub fn boot(&self) -> String {
        fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
    }

    /// Whether it is the machine that this runs on, and not a tree of files.
    pub fn is_this(&self) -> bool {
        self.root == Path::new("/")
    }

    pub fn cannot(&self, verb: &str, path: &str, error: &io::Error) -> Failure {
        let root = if self.is_this() { String::new() } else { format!(" below `{}`", self.root.display()) };
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => "run it as root",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, and run it again",
            _ => "see what is wrong with it, and run it again",
        };
        Failure::invalid(format!("cannot {verb} `{path}`{root}: {error}"), help)
    }
}

/// The time, in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

fn held(path: &Path) -> Failure {
    let holder = fs::read_to_string(path).unwrap_or_default();
    let (pid, command) = holder.trim().split_once(' ').unwrap_or(("?", "?"));
    Failure {
        exit: Exit::Locked,
        message: format!("another mediac is at work: process {pid}, `{command}`"),
        help: "wait for it, or give `--lock-timeout SECONDS`".to_owned(),
    }
}
