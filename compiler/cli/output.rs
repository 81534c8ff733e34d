//! The output folder of a host: written whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use similar::TextDiff;
use walkdir::WalkDir;

use super::exit::Failure;
use crate::compile::Compiled;
use crate::diff::{Kind, Stored};
use crate::manifest::{MANIFEST, Manifest};

/// The mode in out/ of a file with this mode on the machine: a script stays one, all else is the same.
pub const fn mode(on_machine: u32) -> u32 {
    if on_machine & 0o100 == 0 { FILE_MODE } else { SCRIPT_MODE }
}

/// What writing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The folder was as it should be.
    Unchanged,
    /// The folder was written.
    Written,
}

/// Mode of files and folders in out/: the same whatever the umask.
pub const FILE_MODE: u32 = 0o644;
const SCRIPT_MODE: u32 = 0o755;
const FOLDER_MODE: u32 = 0o755;

/// Writes the output of a host to `out/<host>`: into a folder beside it first, which then takes its place.
///
/// What stands in the folder and is not in its manifest stays there.
pub fn write(out: &Path, compiled: &Compiled) -> Result<State, Failure> {
    let target = out.join(&compiled.host);
    let wanted = wanted(compiled);
    if fs::symlink_metadata(&target).is_ok() && !target.is_dir() {
        return Err(Failure::refused(
            format!("`{}` is no folder: mediac did not write it", target.display()),
            "move it away, or build to another folder with `-o`",
        ));
    }
    let present = present(&target)?;
    if !present.is_empty() && !present.contains_key(MANIFEST) {
        return Err(Failure::refused(
            format!("`{}` is not empty and has no {MANIFEST}: mediac did not write it", target.display()),
            "move what is in it away, or build to another folder with `-o`",
        ));
    }
    let owned = owned(&present);
    let foreign: BTreeSet<&String> =
        present.keys().filter(|name| !owned.contains(*name) && !wanted.contains_key(*name)).collect();
    let same = wanted.len() + foreign.len() == present.len()
        && wanted.iter().all(|(name, (text, mode))| {
            present.get(name).is_some_and(|file| file.bytes == text.as_bytes() && file.mode == *mode)
        });
    if same {
        return Ok(State::Unchanged);
    }
    let staged = out.join(format!(".{}.new", compiled.host));
    let result = stage(&staged, &wanted).and_then(|()| {
        for name in foreign {
            carry_over(&target.join(name), &staged.join(name))?;
        }
        publish(out, &staged, &target, &compiled.host)
    });
    result.map(|()| State::Written).map_err(|error| {
        let _ = fs::remove_dir_all(&staged);
        Failure::invalid(
            format!("cannot write `{}`: {error}", target.display()),
            "the folder is as it was before; make room or correct the permissions, and build again",
        )
    })
}

/// The unified differences between the folder on the disk and a fresh build; empty if there are none.
pub fn compare(out: &Path, compiled: &Compiled) -> Result<String, Failure> {
    let target = out.join(&compiled.host);
    let present = present(&target)?;
    let owned = owned(&present);
    let wanted = wanted(compiled);
    let mut text = String::new();
    for (name, (new, mode)) in &wanted {
        let path = format!("out/{}/{name}", compiled.host);
        match present.get(name) {
            None => {
                let _ = writeln!(text, "{path}: missing");
            }
            Some(file) => {
                if file.bytes != new.as_bytes() {
                    let old = String::from_utf8_lossy(&file.bytes);
                    let difference = TextDiff::from_lines(old.as_ref(), new);
                    text.push_str(&difference.unified_diff().header(&path, &path).to_string());
                }
                if file.mode & 0o111 != mode & 0o111 {
                    let _ = writeln!(text, "{path}: mode {:04o} instead of {mode:04o}", file.mode);
                }
            }
        }
    }
    for name in present.keys().filter(|name| owned.contains(*name) && !wanted.contains_key(*name)) {
        let _ = writeln!(text, "out/{}/{name}: no longer part of the build", compiled.host);
    }
    Ok(text)
}

/// The folders in out/ that mediac wrote.
pub fn folders(out: &Path) -> Vec<String> {
    WalkDir::new(out)
        .min_depth(1)
        .max_depth(1)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| entry.path().join(MANIFEST).is_file())
        .filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
        .filter(|name| !name.starts_with('.'))
        .collect()
}

/// A file in the output folder.
pub struct Present {
    pub bytes: Vec<u8>,
    pub mode: u32,
}

/// A file for a comparison.
pub fn stored(bytes: Vec<u8>, mode: u32) -> Stored {
    Stored { bytes, kind: if mode & 0o111 == 0 { Kind::Plain } else { Kind::Script } }
}

/// Text and mode of every file that belongs there.
pub fn wanted(compiled: &Compiled) -> BTreeMap<String, (String, u32)> {
    let mut files: BTreeMap<String, (String, u32)> =
        compiled.output().map(|(name, text)| (name, (text.to_owned(), FILE_MODE))).collect();
    for artifact in compiled.tree.files.values() {
        if let Some((_, in_out)) = files.get_mut(artifact.path.trim_start_matches('/')) {
            *in_out = mode(artifact.mode.bits());
        }
    }
    let (name, text) = compiled.manifest();
    files.insert(name, (text, FILE_MODE));
    files
}

/// Every file of a folder; none if there is no such folder.
pub fn present(folder: &Path) -> Result<BTreeMap<String, Present>, Failure> {
    let unreadable = |path: &Path, error: &io::Error| {
        Failure::invalid(
            format!("cannot read `{}`: {error}", path.display()),
            "check the permissions of the folder",
        )
    };
    let mut files = BTreeMap::new();
    if fs::symlink_metadata(folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(files);
    }
    for entry in WalkDir::new(folder).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            unreadable(&path, &error.into())
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let mode = file.metadata().map_err(|error| unreadable(path, &error))?.permissions().mode() & 0o7777;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        files.insert(name, Present { bytes, mode });
    }
    Ok(files)
}

/// What the manifest in a folder lists, and the manifest itself.
fn owned(present: &BTreeMap<String, Present>) -> BTreeSet<String> {
    let manifest: Option<Manifest> =
        present.get(MANIFEST).and_then(|file| serde_json::from_slice(&file.bytes).ok());
    manifest
        .iter()
        .flat_map(|manifest| &manifest.files)
        .map(|entry| entry.path.trim_start_matches('/').to_owned())
        .chain([MANIFEST.to_owned(), crate::manifest::INVENTORY.to_owned()])
        .collect()
}

fn stage(staged: &Path, wanted: &BTreeMap<String, (String, u32)>) -> io::Result<()> {
    if staged.exists() {
        fs::remove_dir_all(staged)?;
    }
    folder(staged)?;
    for (name, (text, mode)) in wanted {
        let path = staged.join(name);
        if let Some(parent) = path.parent() {
            folders_to(staged, parent)?;
        }
        let mut file = File::create_new(&path)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(*mode))?;
        // A full disk may show only here; nothing was published yet.
        file.sync_data()?;
    }
    Ok(())
}

fn folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
}

fn folders_to(root: &Path, path: &Path) -> io::Result<()> {
    let mut missing: Vec<&Path> =
        path.ancestors().take_while(|ancestor| *ancestor != root && !ancestor.exists()).collect();
    while let Some(next) = missing.pop() {
        folder(next)?;
    }
    Ok(())
}

/// Keeps a file that mediac did not write.
fn carry_over(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

/// Puts the staged folder in place of the old one.
fn publish(out: &Path, staged: &Path, target: &Path, host: &str) -> io::Result<()> {
    let old: PathBuf = out.join(format!(".{host}.old"));
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    if target.exists() {
        fs::rename(target, &old)?;
    }
    if let Err(error) = fs::rename(staged, target) {
        let _ = fs::rename(&old, target);
        return Err(error);
    }
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}
