//! Evaluates definitions. The only file that knows the Nickel evaluator.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use nickel_lang_core::cache::{CacheHub, InputFormat, SourcePath};
use nickel_lang_core::error::{Error, EvalErrorKind, IntoDiagnostics, LabelStyle, NullReporter};
use nickel_lang_core::eval::cache::CacheImpl;
use nickel_lang_core::eval::value::{NickelValue, ValueContentRef};
use nickel_lang_core::eval::{VirtualMachine, VmContext};
use nickel_lang_core::files::FileId;
use nickel_lang_core::position::{PosTable, RawSpan, TermPos};
use nickel_lang_core::serialize::{ExportFormat, to_string};

use crate::node::{Node, Value};
use crate::path::OptionPath;
use crate::source::{Author, SourceFile, Sources, Span};

/// Deep definitions need deep stacks: evaluation recurses. Only the touched part is ever used.
const STACK_BYTES: usize = 1 << 30;

/// The name of the generated program that puts modules and host together.
const DRIVER: &str = "<driver>";

/// What to evaluate.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The project's folder; sources are named relative to it.
    pub root: PathBuf,
    /// The program that puts everything together.
    pub driver: String,
    /// Sources that are not read from the disk, by their path relative to the project.
    pub memory: BTreeMap<String, String>,
    /// Which of `memory` belong to the user.
    pub user: Vec<String>,
}

/// The value of a definition.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The whole value; each node's origin is its own path.
    pub tree: Node,
    /// The sources, and where each option was said.
    pub sources: Sources,
}

/// Why there is no value.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What the evaluator has to say, in its own order.
    pub errors: Vec<EvalError>,
    /// The sources the errors point into.
    pub sources: Sources,
}

/// What kind of mistake the evaluator found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no Nickel.
    Syntax,
    /// A file that is imported cannot be read.
    Import,
    /// A type annotation does not hold.
    Type,
    /// A value is not what its contract asks for.
    Contract,
    /// A value that must be there is not.
    Missing,
    /// Two definitions of one value disagree.
    Conflict,
    /// A value depends on itself.
    Recursion,
    /// The result holds something that is no data, a function say.
    NotData,
    /// Anything else that went wrong while evaluating.
    Other,
    /// The evaluator itself failed.
    Internal,
}

/// One mistake the evaluator found.
#[derive(Debug, Clone)]
pub struct EvalError {
    /// What kind of mistake.
    pub kind: ErrorKind,
    /// What is wrong.
    pub message: String,
    /// The places involved, primary ones first.
    pub labels: Vec<(Span, String)>,
    /// What explains it.
    pub notes: Vec<String>,
}

/// Evaluates a request, on a thread of its own.
pub fn evaluate(request: Request) -> Result<Evaluated, Failure> {
    let spawned = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || run(&request));
    match spawned.map(thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(internal("the evaluator panicked")),
        Err(error) => Err(internal(&format!("cannot start the evaluator: {error}"))),
    }
}

fn internal(message: &str) -> Failure {
    let error = EvalError {
        kind: ErrorKind::Internal,
        message: message.to_owned(),
        labels: Vec::new(),
        notes: Vec::new(),
    };
    Failure { errors: vec![error], sources: Sources::default() }
}

fn run(request: &Request) -> Result<Evaluated, Failure> {
    let mut cache = CacheHub::new();
    for (name, text) in &request.memory {
        let format = InputFormat::from_path(Path::new(name)).unwrap_or_default();
        cache.sources.add_string(SourcePath::Path(request.root.join(name), format), text.clone());
    }
    let driver = SourcePath::Path(request.root.join(DRIVER), InputFormat::Nickel);
    let main = cache.sources.add_string(driver, request.driver.clone());
    cache.sources.add_import_paths(std::iter::once(request.root.clone()));
    let mut context: VmContext<CacheHub, CacheImpl> = VmContext::new(cache, io::sink(), NullReporter {});
    match value(&mut context, main) {
        Ok(value) => {
            let table = FileTable::new(request, &context.import_resolver);
            let mut sources = table.sources;
            let mut walk = Walk { table: &context.pos_table, ids: &table.ids, sources: &mut sources };
            let tree = walk.node(&OptionPath::root(), &value, None);
            Ok(Evaluated { tree, sources })
        }
        Err(error) => {
            let mut files = context.import_resolver.sources.files().clone();
            let kind = kind(&error);
            let diagnostics = error.into_diagnostics(&mut files);
            let table = FileTable::new(request, &context.import_resolver);
            // Where the project is has nothing to do with what is wrong in it.
            let errors = diagnostics
                .into_iter()
                .map(|diagnostic| EvalError {
                    kind,
                    message: relative(request, &clean(&diagnostic.message)),
                    labels: labels(&table.ids, diagnostic.labels),
                    notes: diagnostic.notes.iter().map(|note| relative(request, &clean(note))).collect(),
                })
                .collect();
            Err(Failure { errors, sources: table.sources })
        }
    }
}

fn value(context: &mut VmContext<CacheHub, CacheImpl>, main: FileId) -> Result<NickelValue, Error> {
    let prepared = context.prepare_eval(main)?;
    let value = VirtualMachine::new(context).eval_full_for_export_closure(prepared.into())?;
    Ok(value)
}

fn kind(error: &Error) -> ErrorKind {
    match error {
        Error::ParseErrors(_) => ErrorKind::Syntax,
        Error::ImportError(_) | Error::IOError(_) => ErrorKind::Import,
        Error::TypecheckError(_) => ErrorKind::Type,
        Error::ExportError(_) => ErrorKind::NotData,
        Error::ReplError(_) => ErrorKind::Other,
        Error::EvalError(data) => match &data.error {
            EvalErrorKind::BlameError { .. } => ErrorKind::Contract,
            EvalErrorKind::MissingFieldDef { .. } => ErrorKind::Missing,
            EvalErrorKind::MergeIncompatibleArgs { .. } => ErrorKind::Conflict,
            EvalErrorKind::InfiniteRecursion(..) => ErrorKind::Recursion,
            EvalErrorKind::InternalError(..) => ErrorKind::Internal,
            _ => ErrorKind::Other,
        },
    }
}

/// Messages may name files by their absolute path: where a project lies is nobody's business.
fn relative(request: &Request, message: &str) -> String {
    let root = request.root.to_string_lossy();
    let message = message.split(" (looked in [").next().unwrap_or(message);
    message.replace(&format!("{root}/"), "").replace(root.as_ref(), ".")
}

/// Messages may hold addresses of closures, which differ from run to run.
fn clean(message: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once("<closure@0x") {
        out.push_str(before);
        out.push_str("<expression>");
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out.replace("%<expression>", "<expression>")
}

fn labels(
    ids: &BTreeMap<FileId, usize>,
    labels: Vec<nickel_lang_core::error::Label<FileId>>,
) -> Vec<(Span, String)> {
    let (primary, secondary): (Vec<_>, Vec<_>) =
        labels.into_iter().partition(|label| label.style == LabelStyle::Primary);
    primary
        .into_iter()
        .chain(secondary)
        .filter_map(|label| {
            let file = *ids.get(&label.file_id)?;
            Some((Span { file, start: label.range.start, end: label.range.end }, clean(&label.message)))
        })
        .collect()
}

/// The evaluator's files as ours: those of the project and of mediac, without its standard library.
struct FileTable {
    sources: Sources,
    ids: BTreeMap<FileId, usize>,
}

impl FileTable {
    fn new(request: &Request, cache: &CacheHub) -> Self {
        let mut sources = Sources::default();
        let mut ids = BTreeMap::new();
        let read: BTreeSet<FileId> = cache.sources.file_paths.keys().copied().collect();
        for id in read {
            let path = Path::new(cache.sources.name(id));
            let name = path.strip_prefix(&request.root).unwrap_or(path).to_string_lossy().into_owned();
            if name == DRIVER {
                continue;
            }
            let builtin = request.memory.contains_key(&name) && !request.user.contains(&name);
            let author = if builtin { Author::Builtin } else { Author::User };
            ids.insert(id, sources.add(SourceFile { name, text: cache.sources.clone_source(id), author }));
        }
        Self { sources, ids }
    }
}

/// Turns an evaluated value into data and notes where each part of it was said.
struct Walk<'a> {
    table: &'a PosTable,
    ids: &'a BTreeMap<FileId, usize>,
    sources: &'a mut Sources,
}

impl Walk<'_> {
    fn node(&mut self, path: &OptionPath, value: &NickelValue, key: Option<TermPos>) -> Node {
        let span = self.span(value.pos(self.table)).or_else(|| key.and_then(|pos| self.span(pos)));
        if let Some(span) = span {
            self.sources.place(path.clone(), span);
        }
        let data = match value.content_ref() {
            ValueContentRef::Bool(b) => Value::Bool(b),
            ValueContentRef::String(s) => Value::Str(s.to_string()),
            ValueContentRef::EnumVariant(variant) => Value::Str(variant.tag.label().to_owned()),
            ValueContentRef::Number(_) => number(value),
            ValueContentRef::Array(array) => Value::List(
                array
                    .into_opt()
                    .into_iter()
                    .flat_map(|data| data.array.iter())
                    .enumerate()
                    .map(|(index, item)| self.node(&path.index(index), item, None))
                    .collect(),
            ),
            ValueContentRef::Record(record) => Value::Map(
                record
                    .into_opt()
                    .into_iter()
                    .flat_map(|data| data.fields.iter())
                    .filter(|(_, field)| !field.metadata.as_ref().is_some_and(|m| m.not_exported))
                    .filter_map(|(id, field)| {
                        let name = id.label().to_owned();
                        let node = self.node(&path.field(&name), field.value.as_ref()?, Some(id.pos));
                        Some((name, node))
                    })
                    .collect(),
            ),
            _ => Value::Null,
        };
        Node { value: data, origin: Some(path.clone()) }
    }

    fn span(&self, pos: TermPos) -> Option<Span> {
        let (TermPos::Original(raw) | TermPos::Inherited(raw)) = pos else { return None };
        let RawSpan { src_id, start, end } = raw;
        let file = *self.ids.get(&src_id)?;
        Some(Span { file, start: start.to_usize(), end: end.to_usize() })
    }
}

/// Numbers are exact fractions; whole ones stay whole, the others become the nearest float.
fn number(value: &NickelValue) -> Value {
    let text = to_string(ExportFormat::Json, value).unwrap_or_default();
    text.trim().parse().map(Value::Int).or_else(|_| text.trim().parse().map(Value::Float)).unwrap_or_default()
}
