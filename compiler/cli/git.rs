//! The output of hosts as a git revision has it, read with the `git` program.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use super::exit::Failure;
use crate::diff::{Kind, Snapshot, Stored};
use crate::manifest::MANIFEST;

/// The output folder at a revision.
pub struct Revision<'a> {
    /// The revision as it was given.
    name: &'a str,
    /// Where git is started.
    folder: &'a Path,
    /// Its files by path below the output folder.
    files: BTreeMap<String, Blob>,
}

/// A file that git keeps.
struct Blob {
    id: String,
    kind: Kind,
}

impl<'a> Revision<'a> {
    /// Lists the folder `out` at the revision `name`.
    pub fn read(out: &'a Path, name: &'a str) -> Result<Self, Failure> {
        // The folder itself may be gone from the disk.
        let folder = out.ancestors().find(|folder| folder.is_dir()).unwrap_or(out);
        let inside = git(folder, ["rev-parse", "--show-prefix"])?;
        if !inside.status.success() {
            return Err(Failure::invalid(
                format!("`{}` is in no git repository that can be read: {}", folder.display(), said(&inside)),
                "`--base` needs one; to compare with a folder use `--against DIR`",
            ));
        }
        let wanted = format!("{name}^{{commit}}");
        let commit = git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        if !commit.status.success() {
            return Err(Failure::invalid(
                format!("there is no revision `{name}` in the repository of `{}`", folder.display()),
                "name a commit, branch or tag; in CI, fetch it before (`git fetch origin BRANCH`)",
            ));
        }
        let commit = line(&commit);
        let rest = out.strip_prefix(folder).unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let path = format!("{}{rest}", line(&inside));
        let path = path.trim_end_matches('/');
        let mut words = vec!["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
        if !path.is_empty() {
            words.push(path);
        }
        let listed = git(folder, words)?;
        if !listed.status.success() {
            return Err(unreadable(name, &said(&listed)));
        }
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let entries = listed.stdout.split(|byte| *byte == 0).filter_map(|entry| entry_of(entry, &below));
        Ok(Self { name, folder, files: entries.collect() })
    }

    /// The hosts whose output is there.
    pub fn hosts(&self) -> Vec<String> {
        let hosts = self.files.keys().filter_map(|path| path.strip_suffix(MANIFEST)?.strip_suffix('/'));
        hosts.filter(|host| !host.contains('/') && !host.starts_with('.')).map(str::to_owned).collect()
    }

    /// The output of one host; empty if there is none.
    pub fn snapshot(&self, host: &str) -> Result<Snapshot, Failure> {
        let prefix = format!("{host}/");
        let wanted: Vec<(&str, &Blob)> =
            self.files.iter().filter_map(|(path, blob)| Some((path.strip_prefix(&prefix)?, blob))).collect();
        let ids: Vec<&str> = wanted.iter().map(|(_, blob)| blob.id.as_str()).collect();
        let contents = contents(self.folder, &ids).map_err(|why| unreadable(self.name, &why))?;
        let files = wanted
            .into_iter()
            .zip(contents)
            .map(|((path, blob), bytes)| (path.to_owned(), Stored { bytes, kind: blob.kind }))
            .collect();
        Ok(Snapshot::new(host, files))
    }
}

/// One line of `git ls-tree -z`: mode, type, id, a tab, and the path.
fn entry_of(entry: &[u8], below: &str) -> Option<(String, Blob)> {
    let text = String::from_utf8_lossy(entry);
    let (about, path) = text.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    let path = path.strip_prefix(below)?.to_owned();
    let runs = if mode == "100755" { Kind::Script } else { Kind::Plain };
    (kind == "blob").then(|| (path, Blob { id: id.to_owned(), kind: runs }))
}

/// The contents of blobs, all from one process however many there are.
fn contents(folder: &Path, ids: &[&str]) -> Result<Vec<Vec<u8>>, String> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut child = command(folder, ["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let questions = ids.join("\n") + "\n";
    let stdin = child.stdin.take();
    // git answers while it is being asked: whoever only writes would wait for ever once the pipe is full.
    let asking = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(questions.as_bytes())));
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let _ = asking.join();
    let mut rest = output.stdout.as_slice();
    let mut contents = Vec::new();
    for id in ids {
        let (bytes, after) =
            answer(rest).ok_or_else(|| format!("git cannot read the object {id}: {}", said(&output)))?;
        contents.push(bytes.to_vec());
        rest = after;
    }
    Ok(contents)
}

/// One answer: id, type and size on a line, the content, and a line feed.
fn answer(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(text.get(..end)?).ok()?;
    let size: usize = head.split(' ').nth(2)?.parse().ok()?;
    let start = end + 1;
    Some((text.get(start..start + size)?, text.get(start + size + 1..)?))
}

fn git<S: AsRef<OsStr>>(folder: &Path, words: impl IntoIterator<Item = S>) -> Result<Output, Failure> {
    command(folder, words).stdin(Stdio::null()).output().map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            let help = "install it, or compare with a folder: `--against DIR`";
            return Failure::invalid("`--base` needs the program `git`, which is not installed", help);
        }
        Failure::invalid(format!("cannot run git: {error}"), "check that git works in this folder")
    })
}

fn command<S: AsRef<OsStr>>(folder: &Path, words: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(words).env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn unreadable(revision: &str, why: &str) -> Failure {
    Failure::invalid(
        format!("cannot read the revision `{revision}`: {why}"),
        "check the repository with `git fsck`",
    )
}

/// The only line of an answer. A path may end with spaces, so only the line feed goes.
fn line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// What git had to say about it.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("git does not say why").to_owned()
}
