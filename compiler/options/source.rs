//! The Nickel sources: parsed on demand, and their snippets as one line of text.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use nickel_lang_parser::ErrorTolerantParser as _;
use nickel_lang_parser::ast::{Ast, AstAlloc, Import, InputFormat};
use nickel_lang_parser::files::{FileId, Files};
use nickel_lang_parser::grammar::TermParser;
use nickel_lang_parser::lexer::{Lexer, MultiStringToken, NormalToken, StringToken, Token};
use nickel_lang_parser::position::TermPos;

use super::depth::too_deep;

/// The stack the parser and the readers run on: the parser recurses over types, the readers over syntax.
const STACK: usize = 256 << 20;
/// The longest source that is read. With [`STACK`] it bounds how deep any recursion of the parser gets.
const LONGEST: usize = 256 << 10;

/// How much of a snippet is shown.
const LONGEST_SNIPPET: usize = 4 << 10;

/// Runs `work` on a thread with a large stack. `None` if it panics: the parser has states it does not expect.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// The bytes of a position, in the file it belongs to.
pub fn range(pos: TermPos) -> Option<Range<usize>> {
    pos.into_opt().map(nickel_lang_parser::position::RawSpan::to_range)
}

/// Parses one source. `None` if it is no Nickel.
pub fn parse<'ast>(alloc: &'ast AstAlloc, id: FileId, text: &str) -> Option<&'ast Ast<'ast>> {
    if text.len() > LONGEST || has_lone_return(text) || too_deep(text).is_some() {
        return None;
    }
    let ast = TermParser::new().parse_strict(alloc, id, Lexer::new(text)).ok()?;
    Some(alloc.alloc(ast))
}

/// Whether a carriage return stands alone: an error in Nickel, for which its lexer panics in debug builds.
pub fn has_lone_return(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\r') {
        if !after.starts_with('\n') {
            return true;
        }
        rest = after;
    }
    false
}

/// All sources, parsed when first asked for.
pub struct Library<'ast> {
    alloc: &'ast AstAlloc,
    texts: &'ast BTreeMap<String, String>,
    files: RefCell<Files>,
    names: RefCell<BTreeMap<FileId, &'ast str>>,
    parsed: RefCell<BTreeMap<&'ast str, Option<&'ast Ast<'ast>>>>,
}

impl<'ast> Library<'ast> {
    pub fn new(alloc: &'ast AstAlloc, texts: &'ast BTreeMap<String, String>) -> Self {
        Self {
            alloc,
            texts,
            files: RefCell::new(Files::empty()),
            names: RefCell::default(),
            parsed: RefCell::default(),
        }
    }

    /// The parsed file of exactly this name.
    pub fn open(&self, name: &str) -> Option<&'ast Ast<'ast>> {
        let (name, text) = self.texts.get_key_value(name)?;
        if let Some(known) = self.parsed.borrow().get(name.as_str()) {
            return *known;
        }
        let id = self.files.borrow_mut().add(name, "");
        self.names.borrow_mut().insert(id, name);
        let ast = parse(self.alloc, id, text);
        self.parsed.borrow_mut().insert(name, ast);
        ast
    }

    /// The file an import means: relative to the importing file, from the root, or the first whose path
    /// ends so.
    pub fn import(&self, import: &Import<'ast>, from: TermPos) -> Option<&'ast Ast<'ast>> {
        let Import::Path { path, format: InputFormat::Nickel } = import else { return None };
        let path = path.to_str()?;
        let folder = self.file(from).and_then(|name| name.rsplit_once('/')).map_or("", |(folder, _)| folder);
        self.open(&normal_path(folder, path)).or_else(|| self.find(path))
    }

    /// The file of this path from the root, or the first whose path ends so.
    pub fn find(&self, path: &str) -> Option<&'ast Ast<'ast>> {
        let path = normal_path("", path);
        let ends = |name: &&String| name.strip_suffix(&path).is_some_and(|rest| rest.ends_with('/'));
        self.open(&path).or_else(|| self.open(self.texts.keys().find(ends)?))
    }

    /// The name of the file a position is in.
    pub fn file(&self, pos: TermPos) -> Option<&'ast str> {
        self.names.borrow().get(&pos.src_id()?).copied()
    }

    /// The source text at a position.
    pub fn text(&self, pos: TermPos) -> &'ast str {
        let text = self.file(pos).and_then(|name| self.texts.get(name));
        text.zip(range(pos)).and_then(|(text, range)| text.get(range)).unwrap_or_default()
    }
}

/// `path` seen from `folder`, without `.` and `..`.
fn normal_path(folder: &str, path: &str) -> String {
    let mut parts = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A snippet of Nickel on one line: comments dropped, blanks between tokens made one space, and, for
/// [`Bodies::Elided`], the fields of record literals left out. Strings are kept as they are. A very long
/// snippet is cut.
pub fn one_line(snippet: &str, bodies: Bodies) -> String {
    let mut out = String::new();
    let mut end = 0;
    // whether each brace that is open is to be left out, with everything in it
    let mut open: Vec<bool> = Vec::new();
    let mut tokens = Lexer::new(snippet).peekable();
    while let Some(Ok((start, token, stop))) = tokens.next() {
        if start > LONGEST_SNIPPET {
            out.push_str(" …");
            break;
        }
        let hidden = open.last().copied().unwrap_or_default();
        if !hidden {
            if start > end && !out.is_empty() {
                out.push(' ');
            }
            out.push_str(snippet.get(start..stop).unwrap_or_default());
        }
        end = stop;
        match token {
            Token::Normal(NormalToken::LBrace) => {
                use NormalToken::{Ellipsis, RBrace, Underscore};
                let keep = match tokens.peek() {
                    Some(Ok((_, Token::Normal(Ellipsis | RBrace | Underscore), _))) | None => true,
                    _ => bodies == Bodies::Kept,
                };
                if !hidden && !keep {
                    out.push_str(" … ");
                }
                open.push(hidden || !keep);
            }
            Token::Normal(NormalToken::RBrace) => {
                let was_hidden = open.pop().unwrap_or_default();
                if was_hidden && !open.last().copied().unwrap_or_default() {
                    out.push('}');
                }
            }
            Token::Str(StringToken::Interpolation) | Token::MultiStr(MultiStringToken::Interpolation) => {
                open.push(hidden);
            }
            _ => {}
        }
    }
    out
}

/// What becomes of the fields of record literals in [`one_line`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// They are shown.
    Kept,
    /// They are replaced by `…`.
    Elided,
}
