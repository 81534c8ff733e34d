//! What the tests share: projects in temporary folders, running mediac, and looking at what it wrote.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use mediac::compile::{Compiled, Outcome, compile};
use mediac::project::Project;
use walkdir::WalkDir;

/// The repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_mediac"))
}

/// Another copy of it. Not written by this process: what other threads start meanwhile would hold it open, and a program
/// that is open to be written cannot be run.
pub fn copy_program(to: &Path) {
    assert!(Command::new("cp").arg(program()).arg(to).status().unwrap().success());
}

/// A folder of its own that is gone when the test is.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A new, empty folder that everybody may enter.
    pub fn new() -> Self {
        Self::named("project")
    }

    /// A new, empty folder called `name`, inside one of its own.
    pub fn named(name: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mediac-it-{}-{number}", std::process::id())).join(name);
        fs::create_dir_all(&path).unwrap();
        let path = path.canonicalize().unwrap();
        for folder in [path.as_path(), path.parent().unwrap()] {
            set_mode(folder, 0o755);
        }
        Self { path }
    }

    /// The hosts of the repository and nothing else: modules and schemas are in the program.
    pub fn with_hosts() -> Self {
        let folder = Self::new();
        folder.add_hosts();
        folder
    }

    /// Copies the hosts of the repository into it.
    pub fn add_hosts(&self) {
        copy(&repository().join("hosts"), &self.at("hosts"));
    }

    /// A host file, and whatever else the table says: path and text.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// A path in it.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path.join(path)
    }

    /// Writes a file in it.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs mediac in it.
    pub fn mediac<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Run {
        Mediac::new(self.path()).args(arguments).run()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let own = self.path.parent().unwrap();
        for entry in WalkDir::new(own).into_iter().flatten().filter(|entry| entry.file_type().is_dir()) {
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
        }
        let _ = fs::remove_dir_all(own);
    }
}

/// A call of mediac that is being put together.
pub struct Mediac {
    program: PathBuf,
    wrapper: Vec<OsString>,
    arguments: Vec<OsString>,
    command: Command,
}

impl Mediac {
    /// mediac in a folder, in a plain environment.
    pub fn new(folder: &Path) -> Self {
        let mut command = Command::new("env");
        command.current_dir(folder).stdin(Stdio::null()).env_remove("NO_COLOR").env_remove("RUST_BACKTRACE");
        // cargo's: the loader would look for libraries among build products.
        command.env_remove("LD_LIBRARY_PATH");
        Self { program: program(), wrapper: Vec::new(), arguments: Vec::new(), command }
    }

    /// What it is called with.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Another copy of the program.
    pub fn program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Runs it by way of another program, which gets the call as its last arguments.
    pub fn through<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, wrapper: I) -> Self {
        self.wrapper.extend(wrapper.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs it from a shell, behind some shell commands.
    pub fn after(self, script: &str) -> Self {
        self.through(["sh", "-c", &format!("{script}; exec \"$@\""), "sh"])
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Gives it a file as standard input.
    pub fn stdin(mut self, file: fs::File) -> Self {
        self.command.stdin(file);
        self
    }

    /// Runs it somewhere else.
    pub fn from(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it and waits for it.
    pub fn run(mut self) -> Run {
        self.command.args(&self.wrapper).arg(&self.program).args(&self.arguments);
        let output = self.command.output().unwrap();
        Run {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// How a call ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The result.
    pub stdout: String,
    /// Progress and diagnostics.
    pub stderr: String,
}

impl Run {
    /// Fails unless it ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let Self { signal, stdout, stderr, .. } = &self;
        let shown: String = stderr.chars().take(4000).collect();
        assert_eq!(self.code, Some(code), "signal {signal:?}\nstdout:\n{stdout}\nstderr:\n{shown}");
        self
    }
}

/// A file or folder as a snapshot has it: kind and mode, and bytes or target.
pub type Seen = (String, Vec<u8>);

/// Everything in a folder: names, kinds, modes, bytes.
pub fn snapshot(folder: &Path) -> BTreeMap<String, Seen> {
    let entries = WalkDir::new(folder).follow_root_links(false).into_iter();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let kind = entry.file_type();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            let (kind, bytes) = if kind.is_dir() {
                ("folder", Vec::new())
            } else if kind.is_symlink() {
                ("link", fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes())
            } else if kind.is_file() {
                ("file", fs::read(entry.path()).unwrap())
            } else {
                (if kind.is_fifo() { "pipe" } else { "other" }, Vec::new())
            };
            let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            (name, (format!("{kind} {mode:04o}"), bytes))
        })
        .collect()
}

/// How two snapshots differ, in words; empty if they do not.
pub fn differences(a: &BTreeMap<String, Seen>, b: &BTreeMap<String, Seen>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| match (a.get(name), b.get(name)) {
            (Some(a), Some(b)) if a == b => None,
            (Some((a, _)), Some((b, _))) if a != b => Some(format!("{name}: {a}, then {b}")),
            (Some(_), Some(_)) => Some(format!("{name}: other bytes")),
            (Some(_), None) => Some(format!("{name}: only in the first")),
            _ => Some(format!("{name}: only in the second")),
        })
        .collect()
}

/// Copies a folder with all that is in it; modes too.
pub fn copy(from: &Path, to: &Path) {
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Sets a mode.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether the test may do what only root may.
pub fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

/// Whether a command can be run and ends well here.
pub fn works(command: &[&str]) -> bool {
    let (name, arguments) = command.split_first().unwrap();
    let status = Command::new(name)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Says something, captured output or not: figures, and what could not run.
pub fn say(text: &str) {
    let _ = std::io::stderr().write_all(format!("\n{text}\n").as_bytes());
}

/// Says that something cannot be tested here. Where everything must be, that is a failure.
#[track_caller]
pub fn skip(what: &str, why: &str) {
    say(&format!("NOT TESTED: {what}: {why}"));
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "with CI=true, {what} must be tested: {why}"
    );
}

/// Compiles a host in this process, with the modules of the program only.
pub fn compile_text(text: &str) -> Outcome {
    // Nothing is read from there: a project is only a name for what is in memory.
    let project = Project::open(Path::new("/nonexistent")).unwrap();
    compile(&project, "hosts/test.ncl", text)
}

/// Compiles a host in this process, and expects that it can be built.
#[track_caller]
pub fn compiled(text: &str) -> Compiled {
    let Outcome { compiled, report, .. } = compile_text(text);
    compiled.unwrap_or_else(|| panic!("{text}\n{:#?}", report.findings()))
}

/// The text of a host of the repository.
pub fn host_text(name: &str) -> String {
    fs::read_to_string(repository().join("hosts").join(format!("{name}.ncl"))).unwrap()
}

/// The names of the hosts of the repository, which are those of its out/ folders too.
pub fn hosts() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(repository().join("hosts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ncl"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

/// Does something for each item on all cores, and stops at the first failure.
pub fn each<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}
