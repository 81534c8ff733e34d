//! The encrypted secrets of a host in the project: secrets/HOST/SERVICE/NAME.age, a file for each.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::cli::exit::Failure;
use crate::encryption::Recipients;

/// What the files are read and written through.
pub struct Store {
    root: PathBuf,
    host: String,
}

/// What the project has encrypted for a host.
#[derive(Debug, Default)]
pub struct Encrypted {
    folder: String,
    files: BTreeMap<String, Vec<u8>>,
}

/// The folder in the project.
pub const FOLDER: &str = "secrets";
/// Who can read: in `secrets/` those who can read all, in a host's folder those who can read its own.
const RECIPIENTS: &str = "recipients.txt";
const ENDING: &str = ".age";

/// The nearest folder above a path that has secrets of the host: an output folder may be copied without its project.
pub fn above(path: &Path, host: &str) -> Option<PathBuf> {
    path.ancestors().find(|folder| folder.join(FOLDER).join(host).is_dir()).map(Path::to_owned)
}

impl Encrypted {
    /// An encrypted secret and where it is, relative to the project.
    pub fn get(&self, name: &str) -> Option<(&[u8], String)> {
        self.files.get(name).map(|bytes| (bytes.as_slice(), format!("{}/{name}{ENDING}", self.folder)))
    }

    /// All of them by SERVICE/NAME.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }
}

/// The path of an encrypted secret, relative to the project.
pub fn place(host: &str, name: &str) -> String {
    format!("{FOLDER}/{host}/{name}{ENDING}")
}

impl Store {
    pub fn new(root: &Path, host: &str) -> Self {
        Self { root: root.to_owned(), host: host.to_owned() }
    }

    /// Where a secret is kept, relative to the project.
    pub fn place(&self, name: &str) -> String {
        place(&self.host, name)
    }

    /// All that there are.
    pub fn read(&self) -> Result<Encrypted, Failure> {
        let folder = self.root.join(FOLDER).join(&self.host);
        let mut found = Encrypted { folder: format!("{FOLDER}/{}", self.host), files: BTreeMap::new() };
        if !folder.exists() {
            return Ok(found);
        }
        for entry in WalkDir::new(&folder).min_depth(2).max_depth(2).sort_by_file_name() {
            let entry =
                entry.map_err(|error| unreadable(error.path().unwrap_or(&folder), &error.to_string()))?;
            let name = entry.path().strip_prefix(&folder).ok().and_then(Path::to_str);
            let Some(name) = name.and_then(|name| name.strip_suffix(ENDING)) else { continue };
            // Temporary files of a write that was cut off.
            if name.contains("/.") || !entry.path().is_file() {
                continue;
            }
            let bytes =
                fs::read(entry.path()).map_err(|error| unreadable(entry.path(), &error.to_string()))?;
            found.files.insert(name.to_owned(), bytes);
        }
        Ok(found)
    }

    /// Those that secrets of the host are encrypted for.
    pub fn recipients(&self) -> Result<Recipients, Failure> {
        let mut recipients = Recipients::default();
        for name in self.recipient_files() {
            let text = match fs::read_to_string(self.root.join(&name)) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(Path::new(&name), &error.to_string())),
            };
            recipients.add(&text).map_err(|line| {
                Failure::invalid(
                    format!("{name}:{line}: this is no public key of age, and no Ed25519 key of SSH"),
                    "write one key in a line: `age1…`, as `age-keygen -y` prints it, or `ssh-ed25519 …`",
                )
            })?;
        }
        Ok(recipients)
    }

    /// The same, if there is anybody.
    pub fn some_recipients(&self) -> Result<Recipients, Failure> {
        let recipients = self.recipients()?;
        if recipients.is_empty() {
            let [all, own] = self.recipient_files();
            return Err(Failure::invalid(
                format!("there is nobody to encrypt for: neither `{all}` nor `{own}` has a key"),
                format!(
                    "write your own public key to `{all}`, and the machine's (/etc/ssh/ssh_host_ed25519_key.pub there) to `{own}`"
                ),
            ));
        }
        Ok(recipients)
    }

    fn recipient_files(&self) -> [String; 2] {
        [format!("{FOLDER}/{RECIPIENTS}"), format!("{FOLDER}/{}/{RECIPIENTS}", self.host)]
    }

    /// Writes files: all of them beside their places first, so that a full disk leaves everything as it was.
    pub fn write(&self, files: &BTreeMap<String, String>) -> Result<(), Failure> {
        let mut staged = Vec::new();
        let result = files.iter().try_for_each(|(name, text)| {
            let target = self.root.join(self.place(name));
            let folder = target.parent().unwrap_or(&self.root).to_owned();
            let temporary = folder.join(format!(".{}.new", name.rsplit('/').next().unwrap_or(name)));
            fs::create_dir_all(&folder)?;
            staged.push((temporary.clone(), target, folder));
            write_whole(&temporary, text)
        });
        let result = result.and_then(|()| {
            staged.iter().try_for_each(|(temporary, target, folder)| {
                fs::rename(temporary, target)?;
                File::open(folder)?.sync_all()
            })
        });
        result.map_err(|error| {
            for (temporary, ..) in &staged {
                let _ = fs::remove_file(temporary);
            }
            Failure::invalid(
                format!("cannot write below `{FOLDER}/{}`: {error}", self.host),
                "every file there is whole; make room or correct the permissions, and do it again",
            )
        })
    }
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    // What git keeps of it anyway.
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::invalid(format!("cannot read `{}`: {why}", path.display()), "check the path and its permissions")
}
