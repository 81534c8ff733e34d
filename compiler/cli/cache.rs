//! Remembers which inputs a build had, so that one without changes need not be evaluated.
//!
//! What is remembered lies in `out/.cache`, which git does not see. It never decides what a build is:
//! a hit says only that the same program read the same bytes, and that what it wrote is still there.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hosts::HostFile;
use super::output;
use crate::compile::Compiled;
use crate::manifest::{INVENTORY, MANIFEST, Manifest, sha256};
use crate::project::Project;

/// A build that need not be done.
pub struct Hit {
    /// The host.
    pub host: String,
    /// What there was to say about it.
    pub report: String,
}

/// What a build read and wrote.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
struct Stamp {
    /// The program, by version, size and time of its file.
    program: String,
    /// The project's own modules: one more or less changes a build.
    modules: Vec<String>,
    /// Files read from the project, and the hash of each.
    inputs: BTreeMap<String, String>,
    /// The host.
    host: String,
    /// The hash of the manifest that was written.
    manifest: String,
    /// What there was to say.
    report: String,
}

/// Whether the build of a host is done already.
pub fn look(out: &Path, project: &Project, host: &HostFile) -> Option<Hit> {
    let stamp: Stamp = serde_json::from_slice(&fs::read(file(out, host)).ok()?).ok()?;
    let fresh = stamp.program == program()?
        && stamp.modules == own_modules(project)
        && stamp.inputs.iter().all(|(name, hash)| file_hash(&project.root.join(name)).as_ref() == Some(hash))
        && written(&out.join(&stamp.host), &stamp.manifest);
    fresh.then_some(Hit { host: stamp.host, report: stamp.report })
}

/// Remembers a build. Failing to is no failure: the next build is done in full.
pub fn keep(
    out: &Path,
    project: &Project,
    host: &HostFile,
    inputs: &[PathBuf],
    compiled: &Compiled,
    report: &str,
) {
    let stamp = || {
        let mut hashes = BTreeMap::new();
        for input in inputs {
            hashes.insert(input.to_str()?.to_owned(), file_hash(&project.root.join(input))?);
        }
        Some(Stamp {
            program: program()?,
            modules: own_modules(project),
            inputs: hashes,
            host: compiled.host.clone(),
            manifest: sha256(compiled.manifest().1.as_bytes()),
            report: report.to_owned(),
        })
    };
    let Some(text) = stamp().and_then(|stamp| serde_json::to_vec(&stamp).ok()) else { return };
    let path = file(out, host);
    let Some(folder) = path.parent() else { return };
    let staged = path.with_extension("new");
    let _ = fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join(".gitignore"), "*\n"))
        .and_then(|()| fs::write(&staged, text))
        .and_then(|()| fs::rename(&staged, &path));
}

fn file(out: &Path, host: &HostFile) -> PathBuf {
    out.join(".cache").join(format!("{}.json", sha256(host.path.as_os_str().as_encoded_bytes())))
}

fn program() -> Option<String> {
    let metadata = fs::metadata(env::current_exe().ok()?).ok()?;
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    Some(format!("{} {} {seconds}.{nanoseconds}", env!("CARGO_PKG_VERSION"), metadata.len()))
}

fn own_modules(project: &Project) -> Vec<String> {
    project.own_definitions().map(str::to_owned).collect()
}

fn file_hash(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| sha256(&bytes))
}

/// Whether a folder holds exactly what its manifest lists, and the manifest is the one that was written.
fn written(folder: &Path, manifest: &str) -> bool {
    let read = || {
        let bytes = fs::read(folder.join(MANIFEST)).ok()?;
        if sha256(&bytes) != manifest {
            return None;
        }
        let manifest: Manifest = serde_json::from_slice(&bytes).ok()?;
        let own = [MANIFEST, INVENTORY].iter().all(|name| has_mode(&folder.join(name), output::FILE_MODE));
        let mut same = own && file_hash(&folder.join(INVENTORY))? == manifest.inventory;
        for entry in &manifest.files {
            let Some(hash) = &entry.sha256 else { continue };
            let path = folder.join(entry.path.trim_start_matches('/'));
            let mode = output::mode(u32::from_str_radix(&entry.mode, 8).ok()?);
            same &= file_hash(&path).as_ref() == Some(hash) && has_mode(&path, mode);
        }
        Some(same)
    };
    read().unwrap_or(false)
}

fn has_mode(path: &Path, mode: u32) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o7777 == mode)
}
