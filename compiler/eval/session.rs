//! One evaluator for many hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use nickel_lang_core::cache::{CacheError, CacheHub, InputFormat, SourcePath};
use nickel_lang_core::error::{Error, NullReporter, ParseErrors};
use nickel_lang_core::eval::cache::CacheImpl;
use nickel_lang_core::eval::value::NickelValue;
use nickel_lang_core::eval::{VirtualMachine, VmContext};
use nickel_lang_core::files::FileId;
use nickel_lang_core::typecheck::TypecheckMode;

use super::findings::findings;
use super::tree::Walk;
use super::{Definitions, Evaluated, Failure, Request};
use crate::path::OptionPath;
use crate::source::{Author, SourceFile, Sources};

/// The name of the generated program that puts modules and host together; no file has it.
const DRIVER: &str = "<driver>.ncl";

/// The evaluator with schemas and modules in it, for any number of hosts.
///
/// What it evaluated of them serves all hosts. That also bounds memory: values that refer to each other,
/// as those of the standard library do, are never freed.
pub struct Session {
    context: VmContext<CacheHub, CacheImpl>,
    root: PathBuf,
    definitions: Definitions,
    /// The definitions as the evaluator knows them.
    files: BTreeMap<String, FileId>,
    /// How many hosts there were.
    count: usize,
}

impl Session {
    /// An evaluator with the definitions of a request.
    pub fn new(request: &Request) -> Self {
        let Request { root, definitions, .. } = request;
        let mut cache = CacheHub::new();
        let mut add = |name: &str, text: &str| cache.sources.add_string(source(root, name), text.to_owned());
        let files = definitions.texts.iter().map(|(name, text)| (name.clone(), add(name, text))).collect();
        add(DRIVER, &definitions.driver);
        cache.sources.add_import_paths(std::iter::once(root.clone()));
        let context = VmContext::new(cache, io::sink(), NullReporter {});
        Self { context, root: root.clone(), definitions: definitions.clone(), files, count: 0 }
    }

    /// Whether this is the evaluator for a request.
    pub fn fits(&self, request: &Request) -> bool {
        self.root == request.root && self.definitions == request.definitions
    }

    /// The value of a host.
    pub fn run(&mut self, request: &Request) -> Result<Evaluated, Failure> {
        self.count += 1;
        // Under a name of its own beside the file: a host that imports another one reads it from the disk.
        let alias = Path::new(&request.name).with_file_name(format!("<host {}>.ncl", self.count));
        let alias = alias.to_string_lossy().into_owned();
        let program = format!("(import {}) (import {})", string(DRIVER), string(&alias));
        let sources = &mut self.context.import_resolver.sources;
        let host = sources.add_string(source(&self.root, &alias), request.text.clone());
        let main = sources.add_string(source(&self.root, &format!("<main {}>.ncl", self.count)), program);
        let result = self.value(main, host);
        let (ids, mut sources) = self.table(request, main, host);
        match result {
            Ok(value) => {
                let mut walk = Walk { table: &self.context.pos_table, ids: &ids, sources: &mut sources };
                let tree = walk.node(&OptionPath::root(), &value, None);
                Ok(Evaluated { tree, sources })
            }
            Err(error) => {
                let mut files = self.context.import_resolver.sources.files().clone();
                // Where the project lies has nothing to do with what is wrong in it.
                let root = self.root.to_string_lossy();
                let names = [(format!("{root}/"), ""), (root.into_owned(), "."), (alias, &*request.name)];
                Err(Failure { errors: findings(error, &mut files, &ids, &names), sources })
            }
        }
    }

    /// Those of the definitions that are not well typed; what is compiled in is not looked at when hosts are.
    pub fn ill_typed(&mut self) -> Result<Vec<String>, Error> {
        self.context.import_resolver.prepare_stdlib(&mut self.context.pos_table)?;
        let files: Vec<(String, FileId)> = self.files.clone().into_iter().collect();
        Ok(files.into_iter().filter(|(_, id)| self.typecheck(*id).is_err()).map(|(name, _)| name).collect())
    }

    fn value(&mut self, main: FileId, host: FileId) -> Result<NickelValue, Error> {
        self.context.import_resolver.prepare_stdlib(&mut self.context.pos_table)?;
        let own: Vec<FileId> =
            self.definitions.user.iter().filter_map(|name| self.files.get(name).copied()).collect();
        for id in own.into_iter().chain([host]) {
            self.typecheck(id)?;
        }
        // What is compiled into mediac was type-checked when mediac was: that takes as long as a third of the rest.
        let prepared = self.context.prepare_eval_only(main)?;
        let value = VirtualMachine::new(&mut self.context).eval_full_for_export_closure(prepared.into())?;
        Ok(value)
    }

    /// Type-checks a file and what it imports.
    fn typecheck(&mut self, id: FileId) -> Result<(), Error> {
        let cache = &mut self.context.import_resolver;
        cache.parse_to_ast(id)?;
        match cache.typecheck(id, TypecheckMode::Walk) {
            Ok(_) => Ok(()),
            Err(CacheError::Error(error)) => Err(error.into()),
            Err(CacheError::IncompatibleState { .. }) => Err(ParseErrors::none().into()),
        }
    }

    /// The evaluator's files as ours: the definitions, and what the host reads. Other hosts of the session have
    /// nothing to do with it.
    fn table(&self, request: &Request, main: FileId, host: FileId) -> (BTreeMap<FileId, usize>, Sources) {
        let cache = &self.context.import_resolver;
        let mut read: BTreeSet<FileId> = BTreeSet::new();
        let mut next = vec![main, host];
        while let Some(id) = next.pop() {
            if read.insert(id) {
                next.extend(cache.import_data.imports(id));
            }
        }
        let mut files = self.files.clone();
        for id in read {
            let path = Path::new(cache.sources.name(id));
            let name = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned();
            if id == host {
                files.insert(request.name.clone(), id);
            } else if id != main && name != DRIVER {
                files.entry(name).or_insert(id);
            }
        }
        let mut ids = BTreeMap::new();
        let mut sources = Sources::default();
        for (name, id) in files {
            let builtin = self.files.contains_key(&name) && !self.definitions.user.contains(&name);
            let author = if builtin { Author::Builtin } else { Author::User };
            ids.insert(id, sources.add(SourceFile { name, text: cache.sources.clone_source(id), author }));
        }
        (ids, sources)
    }
}

/// A file as the evaluator names it.
fn source(root: &Path, name: &str) -> SourcePath {
    SourcePath::Path(root.join(name), InputFormat::from_path(Path::new(name)).unwrap_or_default())
}

/// A path as a Nickel string.
fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("%{", "\\%{"))
}
