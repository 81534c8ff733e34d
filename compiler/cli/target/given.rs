//! Where values of secrets are: in a folder of files, among systemd's credentials, or encrypted.

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::Machine;
use crate::apply::{Found, Rights};
use crate::cli::secrets::store::Encrypted;
use crate::encryption::{Closed, Identities};

/// A file for each given secret, SERVICE/NAME.
pub const GIVEN: &str = "/etc/mediac/secrets";

/// How a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In a file of the folder.
    File,
    /// As a credential that systemd passes to the unit.
    Credential,
    /// In an encrypted file.
    Encrypted,
}

/// A value that was found; it may be encrypted.
pub struct Stored {
    /// How it is kept.
    pub kept: Kept,
    /// Where.
    pub place: String,
    /// Whether accounts other than its owner's can read it as it is.
    pub exposed: bool,
    bytes: Vec<u8>,
}

/// What is looked through, in this order: files, credentials, what the project has encrypted, and what was kept of that
/// when it was applied.
pub struct Given<'a> {
    machine: Option<&'a Machine>,
    encrypted: &'a Encrypted,
    credentials: Option<PathBuf>,
}

/// A file's bytes, and who may read them.
type Content = (Vec<u8>, Rights);

impl<'a> Given<'a> {
    /// Without a machine, only what is encrypted in the project is found.
    pub fn new(machine: Option<&'a Machine>, encrypted: &'a Encrypted) -> Self {
        let credentials = machine.and_then(|_| env::var_os("CREDENTIALS_DIRECTORY")).map(PathBuf::from);
        Self { machine, encrypted, credentials }
    }

    /// The value of SERVICE/NAME, if there is one. The error comes with the path that cannot be read.
    pub fn find(&self, name: &str) -> Result<Option<Stored>, (String, io::Error)> {
        let place = format!("{GIVEN}/{name}");
        if let Some((bytes, rights)) = self.file(&place)? {
            let exposed = is_open(rights) && self.is_open_above(&place);
            return Ok(Some(Stored { kept: Kept::File, place, exposed, bytes }));
        }
        if let Some(folder) = &self.credentials {
            let path = folder.join(name.replace('/', "."));
            let place = path.display().to_string();
            match fs::read(&path) {
                Ok(bytes) => {
                    return Ok(Some(Stored { kept: Kept::Credential, place, exposed: false, bytes }));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((place, error)),
            }
        }
        let found = match (self.encrypted.get(name), self.machine) {
            (Some((bytes, place)), _) => Some((bytes.to_vec(), place)),
            (None, Some(machine)) => {
                let place = machine.encrypted(name);
                self.file(&place)?.map(|(bytes, _)| (bytes, place))
            }
            (None, None) => None,
        };
        Ok(found.map(|(bytes, place)| Stored { kept: Kept::Encrypted, place, exposed: false, bytes }))
    }

    fn file(&self, path: &str) -> Result<Option<Content>, (String, io::Error)> {
        let Some(machine) = self.machine else { return Ok(None) };
        match machine.disk.look(path) {
            Ok(Found::File { bytes, rights }) => Ok(Some((bytes, rights))),
            Ok(Found::Absent) => Ok(None),
            Ok(_) => Err((path.to_owned(), io::Error::other("it is no file"))),
            Err(error) => Err((path.to_owned(), error)),
        }
    }

    /// Whether everybody may enter the folders that a file of the folder is in.
    fn is_open_above(&self, path: &str) -> bool {
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        above.filter(|folder| folder.starts_with(GIVEN)).all(|folder| {
            let found = self.machine.map(|machine| machine.disk.look(folder));
            matches!(found, Some(Ok(Found::Folder(rights))) if rights.mode & 0o001 != 0)
        })
    }
}

const fn is_open(rights: Rights) -> bool {
    rights.mode & 0o004 != 0
}

impl Stored {
    /// The value.
    pub fn open(&self, identities: &Identities) -> Result<String, Closed> {
        if self.kept == Kept::Encrypted {
            return identities.decrypt(&self.bytes);
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|_| Closed::Binary)?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// What is wrong with who can read it.
    pub fn warning(&self) -> Option<String> {
        let place = &self.place;
        self.exposed.then(|| format!("everybody on the machine can read `{place}`: `chmod 700 {GIVEN}`"))
    }
}

/// Why a value cannot be had, as the end of a sentence about the secret.
pub const fn why(closed: Closed) -> &'static str {
    match closed {
        Closed::Other => "is encrypted, and no key here opens it",
        Closed::Damaged => "is encrypted in a file that was damaged or changed",
        Closed::Binary => "is no text",
    }
}
