//! Where the private keys are that encrypted secrets are read with.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Failure;
use crate::encryption::Identities;

#[derive(Debug, Clone, Default, Args)]
pub struct Arguments {
    /// A file with a private key, of age or SSH, to read encrypted secrets with. Can be repeated; by default what
    /// `MEDIAC_IDENTITY` names, or /etc/mediac/identity.txt and the machine's own SSH key
    #[arg(long, value_name = "FILE")]
    identity: Vec<PathBuf>,
}

/// Private keys that were found.
#[derive(Default)]
pub struct Keys {
    /// They.
    pub identities: Identities,
    /// What is wrong with the files they are in.
    pub warnings: Vec<String>,
}

/// Where they are looked for when none was named, below the root: an age identity, and what every machine with SSH has.
const USUAL: [&str; 2] = ["/etc/mediac/identity.txt", "/etc/ssh/ssh_host_ed25519_key"];
const VARIABLE: &str = "MEDIAC_IDENTITY";

impl Arguments {
    /// The keys that were named; otherwise those that there are on the machine, if there are any.
    pub fn read(&self, root: &Path) -> Result<Keys, Failure> {
        let mut keys = Keys::default();
        let variable = env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let named = if self.identity.is_empty() { variable.as_slice() } else { &self.identity };
        for path in named {
            let text = read(path).map_err(|error| unusable(path, &error.to_string()))?;
            keys.add(path, &text).map_err(|why| unusable(path, why))?;
        }
        if named.is_empty() {
            for usual in USUAL {
                let path = root.join(usual.trim_start_matches('/'));
                let Ok(text) = read(&path) else { continue };
                if let Err(why) = keys.add(&path, &text) {
                    keys.warnings.push(format!("`{}` is of no use: {why}", path.display()));
                }
            }
        }
        Ok(keys)
    }
}

impl Keys {
    fn add(&mut self, path: &Path, text: &str) -> Result<(), &'static str> {
        self.identities.add(text)?;
        // A pipe from a password manager has no mode that means anything.
        let open = |seen: fs::Metadata| seen.is_file() && seen.permissions().mode() & 0o077 != 0;
        if fs::metadata(path).is_ok_and(open) {
            let path = path.display();
            self.warnings.push(format!("`{path}` is a private key that others may read: `chmod 600 {path}`"));
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::invalid(
        format!("`{}` cannot be used as an identity: {why}", path.display()),
        "name a file that `age-keygen` or `ssh-keygen -t ed25519` wrote, without a passphrase",
    )
}
