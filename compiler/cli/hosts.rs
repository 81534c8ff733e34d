//! Which host files a command works on, and compiling them on all cores.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::exit::Failure;
use crate::compile::{self, Outcome};
use crate::diag::{Diagnostic, Label, Place as At, Report, Severity};
use crate::project::{Project, ProjectError};
use crate::source::{Author, SourceFile, Sources, Span};

/// Where a command works.
pub struct Place {
    directory: PathBuf,
}

/// A host file of a project.
#[derive(Debug, Clone)]
pub struct HostFile {
    /// Its path relative to the project.
    pub name: String,
    /// Its absolute path.
    pub path: PathBuf,
}

/// A project, and the host files of it that were asked for.
#[derive(Debug)]
pub struct Selection {
    /// The project.
    pub project: Project,
    /// The host files, sorted.
    pub hosts: Vec<HostFile>,
}

impl Place {
    pub fn new(directory: Option<PathBuf>) -> Self {
        let current = env::current_dir().unwrap_or_default();
        Self { directory: directory.map_or_else(|| current.clone(), |directory| current.join(directory)) }
    }

    /// A path as the user gave it, made absolute.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        normal(&self.directory.join(path))
    }

    /// The project and the hosts that were asked for; all of them when none was.
    pub fn select(&self, asked: &[PathBuf]) -> Result<Selection, Failure> {
        if asked.is_empty() {
            let root = self.root().ok_or_else(|| {
                Failure::invalid(
                    format!("there is no hosts/ folder in `{}` or above it", self.directory.display()),
                    "make a folder `hosts` with a file for each host, or name a host file",
                )
            })?;
            let project = Project::open(&root).map_err(unreadable)?;
            let hosts: Vec<HostFile> =
                project.hosts().map_err(unreadable)?.into_iter().map(|path| host_file(&root, path)).collect();
            if hosts.is_empty() {
                return Err(Failure::invalid(
                    format!("there is no host file in `{}`", root.join("hosts").display()),
                    "write one: hosts/NAME.ncl",
                ));
            }
            return Ok(Selection { project, hosts });
        }
        let paths: Vec<PathBuf> = asked.iter().map(|path| self.host_path(path)).collect();
        let root = paths.first().map(|path| root_of(path)).unwrap_or_default();
        if let Some(other) = paths.iter().find(|path| root_of(path) != root) {
            return Err(Failure::invalid(
                format!("`{}` belongs to another project than the host before it", other.display()),
                "call mediac once for each project",
            ));
        }
        let project = Project::open(&root).map_err(unreadable)?;
        let hosts = paths.into_iter().map(|path| host_file(&root, path)).collect();
        Ok(Selection { project, hosts })
    }

    /// What was asked for: host files, and names without one. These may be hosts that are gone.
    pub fn present_and_gone(&self, asked: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
        let (mut present, mut gone) = (Vec::new(), Vec::new());
        for path in asked {
            let name = path.to_str().filter(|name| path.extension().is_none() && !name.contains('/'));
            match name {
                Some(name) if !self.host_path(path).exists() => gone.push(name.to_owned()),
                _ => present.push(path.clone()),
            }
        }
        (present, gone)
    }

    /// The project that the current folder belongs to.
    pub fn root(&self) -> Option<PathBuf> {
        let start = normal(&self.directory);
        start.ancestors().find(|folder| folder.join("hosts").is_dir()).map(Path::to_owned)
    }

    /// The project of a host that was asked for, or of the current folder.
    pub fn root_of(&self, asked: Option<&Path>) -> Option<PathBuf> {
        asked.map_or_else(|| self.root(), |asked| Some(root_of(&self.host_path(asked))))
    }

    /// A host by its file, or by its name.
    fn host_path(&self, asked: &Path) -> PathBuf {
        let path = self.absolute(asked);
        if path.exists() || asked.extension().is_some() {
            return path;
        }
        match (self.root(), asked.to_str()) {
            (Some(root), Some(name)) => root.join("hosts").join(format!("{name}.ncl")),
            _ => path,
        }
    }
}

/// The project of a host file: the folder above `hosts/`, or the file's own.
fn root_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    if folder.file_name().is_some_and(|name| name == "hosts") {
        return folder.parent().unwrap_or(folder).to_owned();
    }
    folder.ancestors().find(|folder| folder.join("hosts").is_dir()).unwrap_or(folder).to_owned()
}

fn host_file(root: &Path, path: PathBuf) -> HostFile {
    let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
    HostFile { name, path }
}

/// A path without `.` and `..`, as they are written.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

pub fn unreadable(error: ProjectError) -> Failure {
    let ProjectError { path, error } = error;
    Failure::invalid(
        format!("cannot read `{}`: {error}", path.display()),
        "check the path and its permissions",
    )
}

/// Reads and compiles host files, as many at a time as there are cores; in the order given.
pub fn compile(selection: &Selection) -> Vec<Outcome> {
    let mut outcomes = parallel(&selection.hosts, |host| compile_one(&selection.project, host));
    name_twins(&selection.hosts, &mut outcomes);
    outcomes
}

/// Applies `work` to all items on all cores, and returns the results in order.
pub fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, R>> = Mutex::new(BTreeMap::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// More than any host has to say. Evaluating takes a multiple of it, in time and memory.
const LARGEST: u64 = 4 << 20;

/// Compiles one host file from the disk.
pub fn compile_one(project: &Project, host: &HostFile) -> Outcome {
    match fs::metadata(&host.path) {
        Ok(seen) if seen.len() > LARGEST => {
            let (size, most) = (seen.len() >> 20, LARGEST >> 20);
            let message = format!("`{}` has {size} MiB, which is too much for a host file", host.name);
            let help = format!("leave out what is not part of the host; {most} MiB are allowed");
            return failed(&host.name, "", 0, "too-large", message, &help);
        }
        // Reading a pipe would wait for whoever writes to it.
        Ok(seen) if !seen.is_file() => {
            let message = format!("`{}` is no file", host.name);
            return failed(&host.name, "", 0, "unreadable", message, "name a host file");
        }
        _ => {}
    }
    match fs::read(&host.path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => compile::compile(project, &host.name, &text),
            Err(error) => not_text(&host.name, error.as_bytes(), error.utf8_error().valid_up_to()),
        },
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", host.name);
            failed(&host.name, "", 0, "unreadable", message, "check the path and its permissions")
        }
    }
}

fn not_text(name: &str, bytes: &[u8], offset: usize) -> Outcome {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let message = format!("this file is not UTF-8: byte {offset} belongs to no character");
    failed(name, &text, offset, "not-utf8", message, "save the file as UTF-8")
}

fn failed(name: &str, text: &str, offset: usize, code: &'static str, message: String, help: &str) -> Outcome {
    let mut sources = Sources::default();
    let file =
        sources.add(SourceFile { name: name.to_owned(), text: text.to_owned().into(), author: Author::User });
    let span = Span { file, start: offset, end: offset };
    let mut report = Report::default();
    report.push(Diagnostic {
        code,
        severity: Severity::Error,
        message,
        labels: vec![Label { place: At::Span(span), message: String::new() }],
        notes: Vec::new(),
        help: help.to_owned(),
    });
    Outcome { compiled: None, name: None, proof: None, report, sources }
}

/// Two hosts with one name would write one folder.
fn name_twins(hosts: &[HostFile], outcomes: &mut [Outcome]) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (host, outcome) in hosts.iter().zip(outcomes) {
        let Some(name) = outcome.name.clone() else { continue };
        match seen.get(&name) {
            Some(first) => {
                let path = crate::path::OptionPath::root().field("name");
                outcome.report.push(
                    Diagnostic::error(
                        "duplicate-host",
                        &path,
                        format!("two hosts are called `{name}`"),
                        "give one of them another `name`: it is also the name of its folder in out/",
                    )
                    .because(format!("the other one is `{first}`")),
                );
                outcome.compiled = None;
            }
            None => {
                seen.insert(name, host.name.clone());
            }
        }
    }
}
