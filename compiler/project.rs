//! A project: a folder with `hosts/`, and with modules of its own where it wants them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::eval::{Definitions, Request};

/// The schemas and modules that are part of mediac: path and text.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/definitions.rs"));

/// The module of services that no other module knows.
const FALLBACK: &str = "_custom";

/// A project on the disk.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder, absolute.
    pub root: PathBuf,
    /// Schemas and modules by path: the built-in ones, overridden by the project's own.
    definitions: BTreeMap<String, Definition>,
}

#[derive(Debug, Clone)]
struct Definition {
    text: String,
    own: bool,
}

/// What cannot be read, and why.
#[derive(Debug)]
pub struct ProjectError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl Project {
    /// The project in `root`, with its own modules read.
    pub fn open(root: &Path) -> Result<Self, ProjectError> {
        let mut definitions: BTreeMap<String, Definition> = BUILTIN
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Definition { text: (*text).to_owned(), own: false }))
            .collect();
        for path in nickel_files(&root.join("modules"))? {
            let Some(stem) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let name = format!("modules/{stem}");
            let text = read(&path)?;
            if definitions.get(&name).is_none_or(|builtin| builtin.text != text) {
                definitions.insert(name, Definition { text, own: true });
            }
        }
        Ok(Self { root: root.to_owned(), definitions })
    }

    /// The host files of the project, sorted.
    pub fn hosts(&self) -> Result<Vec<PathBuf>, ProjectError> {
        nickel_files(&self.root.join("hosts"))
    }

    /// Schemas and modules by path relative to the project.
    pub fn definitions(&self) -> BTreeMap<String, String> {
        self.definitions.iter().map(|(name, definition)| (name.clone(), definition.text.clone())).collect()
    }

    /// The definitions that the project adds or overrides, by path.
    pub fn own_definitions(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().filter(|(_, definition)| definition.own).map(|(name, _)| name.as_str())
    }

    /// The names of the modules, without helpers.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.definitions
            .keys()
            .filter_map(|name| name.strip_prefix("modules/")?.strip_suffix(".ncl"))
            .filter(|name| !name.starts_with('_'))
    }

    /// What to evaluate for the host file `name` (relative to the project) with the given text.
    pub fn request(&self, name: &str, text: String) -> Request {
        let mut driver = String::from("(import \"schemas/mediac.ncl\").compile {\n");
        for module in self.modules().chain([FALLBACK]) {
            let _ = writeln!(driver, "  \"{module}\" = import \"modules/{module}.ncl\",");
        }
        driver.push_str("}\n");
        let user = self.own_definitions().map(str::to_owned).collect();
        Request {
            root: self.root.clone(),
            definitions: Definitions { driver, texts: self.definitions(), user },
            name: name.to_owned(),
            text,
        }
    }
}

/// The `.ncl` files of a folder, sorted; none if there is no such folder.
fn nickel_files(folder: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).min_depth(1).max_depth(1).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                if entry.path().extension().is_some_and(|extension| extension == "ncl") {
                    files.push(entry.into_path());
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let error = io::Error::from(error);
                if error.kind() == io::ErrorKind::NotFound && path == folder {
                    return Ok(files);
                }
                return Err(ProjectError { path, error });
            }
        }
    }
    Ok(files)
}

/// The text of a file, which must be UTF-8.
pub fn read(path: &Path) -> Result<String, ProjectError> {
    std::fs::read_to_string(path).map_err(|error| ProjectError { path: path.to_owned(), error })
}
