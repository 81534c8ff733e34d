//! The options a user can set, read from the schemas without evaluating them.
//!
//! The schemas are the only description of the options; this reads names, types, defaults and
//! documentation back out of their text. What cannot be seen without evaluation is an option of its own
//! with the text of its contract as its type. Nothing here fails on any input: each reading runs on a
//! thread with a large stack, with bounded depth and work.

mod contract;
mod depth;
mod distance;
mod place;
mod resolve;
mod scope;
mod source;
mod suggest;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::ops::Range;

use nickel_lang_parser::ast::AstAlloc;

use self::contract::Reader;
use self::source::{Library, on_large_stack};
use crate::path::OptionPath;

pub use self::depth::{DEEPEST, too_deep};
pub use self::distance::suggest;
pub use self::place::{FieldPlace, blank, definitions, field_at};
pub use self::suggest::suggest_path;

/// What is allowed at one place of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionTree {
    /// The named options.
    pub fields: BTreeMap<String, Entry>,
    /// What any other name stands for, in a dictionary.
    pub wildcard: Option<Box<Entry>>,
    /// What each element is, in a list.
    pub element: Option<Box<Entry>>,
    /// Whether there may be more than is listed: in open records, dictionaries, and wherever the contract
    /// cannot be read.
    pub open: bool,
}

/// One option: what is said about it, and what is allowed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is allowed in it.
    pub tree: OptionTree,
    /// Its contracts as written, joined by ` | `; the fields of record literals are left out. Empty if it
    /// has none.
    pub type_text: String,
    /// Its default as written, on one line.
    pub default: Option<String>,
    /// Its documentation, or that of its contract.
    pub doc: Option<String>,
    /// The file that defines it.
    pub file: String,
    /// Where its name is in that file; for an entry of a dictionary, where its type is.
    pub span: Range<usize>,
    /// Whether it may be left out without having a value.
    pub optional: bool,
    /// Whether the schema gives it a value, default or not.
    pub has_value: bool,
}

/// An option as it is listed for users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionDoc {
    /// Its path; `<name>` stands for any name in a dictionary, `[]` for any element of a list.
    pub pattern: String,
    /// Its contracts as written, or `Dyn`.
    pub type_text: String,
    /// Its default as written.
    pub default: Option<String>,
    /// Its documentation.
    pub doc: Option<String>,
    /// The file that defines it.
    pub file: String,
    /// Where its name is in that file.
    pub span: Range<usize>,
    /// Whether it must be set wherever the record it belongs to is.
    pub required: bool,
}

impl Default for OptionTree {
    /// A place of which nothing is known: anything may be there.
    fn default() -> Self {
        Self { fields: BTreeMap::new(), wildcard: None, element: None, open: true }
    }
}

impl OptionTree {
    /// The options of the contract `field` in the file `file`, one of `sources` (name to text).
    pub fn read(sources: &BTreeMap<String, String>, file: &str, field: &str) -> Result<Self, String> {
        let read = || {
            let alloc = AstAlloc::new();
            let library = Library::new(&alloc, sources);
            let reader = Reader::new(&library);
            let fields = reader.fields(file, field).ok_or_else(|| format!("`{file}` cannot be read"))?;
            if fields.is_empty() {
                return Err(format!("`{file}` has no field `{field}`"));
            }
            let tree = reader.defined(&fields);
            if tree.is_leaf() && tree.open {
                return Err(format!("`{field}` in `{file}` is no record contract"));
            }
            Ok(tree)
        };
        on_large_stack(read).unwrap_or_else(|| Err(format!("`{file}` cannot be read")))
    }

    /// The options of the module `file`: what the contracts on its field `options` allow. `None` if it has
    /// none, or cannot be read.
    pub fn read_module(sources: &BTreeMap<String, String>, file: &str) -> Option<Self> {
        let read = || {
            let alloc = AstAlloc::new();
            let library = Library::new(&alloc, sources);
            let reader = Reader::new(&library);
            let fields = reader.fields(file, "options").filter(|fields| !fields.is_empty())?;
            Some(reader.annotated(&fields))
        };
        on_large_stack(read)?
    }

    /// All options, sorted by their paths. Entries of dictionaries and lists are listed only for the
    /// options in them: the type of the dictionary says the rest.
    pub fn documents(&self) -> Vec<OptionDoc> {
        let mut documents = Vec::new();
        self.walk(&OptionPath::root(), &mut |path, entry| {
            if entry.tree.is_leaf() || entry.says_something() {
                documents.push(entry.document(path));
            }
        });
        documents.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        documents
    }

    fn walk(&self, path: &OptionPath, visit: &mut impl FnMut(&OptionPath, &Entry)) {
        for (name, entry) in &self.fields {
            let path = path.field(name);
            visit(&path, entry);
            entry.tree.walk(&path, visit);
        }
        if let Some(entry) = &self.wildcard {
            let dot = if path.as_str().is_empty() { "" } else { "." };
            entry.tree.walk(&OptionPath::parse(&format!("{}{dot}<name>", path.as_str())), visit);
        }
        if let Some(entry) = &self.element {
            entry.tree.walk(&OptionPath::parse(&format!("{}[]", path.as_str())), visit);
        }
    }

    /// The option at a path; a segment that starts with `[` is an element of a list. `None` at the root,
    /// and where there is no such option.
    pub fn get(&self, segments: &[&str]) -> Option<&Entry> {
        let (last, above) = segments.split_last()?;
        self.at(above)?.step(last)
    }

    /// The names that can be used at a path, sorted. `None` where any name can, as in a dictionary, or
    /// where it is not known.
    pub fn children(&self, segments: &[&str]) -> Option<Vec<&str>> {
        let here = self.at(segments)?;
        let known = !here.open || (here.wildcard.is_none() && !here.fields.is_empty());
        known.then(|| here.fields.keys().map(String::as_str).collect())
    }

    /// The tree at a path; this one for the empty path.
    pub fn at(&self, segments: &[&str]) -> Option<&Self> {
        segments.iter().try_fold(self, |here, segment| Some(&here.step(segment)?.tree))
    }

    fn step(&self, segment: &str) -> Option<&Entry> {
        let other = if segment.starts_with('[') { &self.element } else { &self.wildcard };
        self.fields.get(segment).or(other.as_deref())
    }

    /// Whether no option is known in here.
    pub fn is_leaf(&self) -> bool {
        self.fields.is_empty() && self.wildcard.is_none() && self.element.is_none()
    }

    /// What is allowed where both contracts hold.
    fn and(self, other: Self) -> Self {
        let open = self.open && other.open;
        Self { open, ..self.merge(other) }
    }

    /// What is allowed by the merge of two record contracts.
    fn merge(mut self, other: Self) -> Self {
        for (name, entry) in other.fields {
            let entry = match self.fields.remove(&name) {
                Some(before) => before.and(entry),
                None => entry,
            };
            self.fields.insert(name, entry);
        }
        self.wildcard = both(self.wildcard, other.wildcard);
        self.element = both(self.element, other.element);
        self.open |= other.open;
        self
    }
}

fn both(one: Option<Box<Entry>>, other: Option<Box<Entry>>) -> Option<Box<Entry>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Box::new(one.and(*other))),
        (one, other) => one.or(other),
    }
}

impl Entry {
    fn says_something(&self) -> bool {
        self.doc.is_some() || self.default.is_some() || !self.type_text.is_empty()
    }

    /// One option that is said in two places.
    fn and(self, other: Self) -> Self {
        let keep_place = self.says_something() || !other.says_something();
        let (file, span) = if keep_place { (self.file, self.span) } else { (other.file, other.span) };
        let type_text = match (self.type_text.as_str(), other.type_text.as_str()) {
            (one, "") => one.to_owned(),
            ("", other) => other.to_owned(),
            (one, other) if one.split(" | ").any(|part| part == other) => one.to_owned(),
            (one, other) => format!("{one} | {other}"),
        };
        Self {
            tree: self.tree.and(other.tree),
            type_text,
            default: self.default.or(other.default),
            doc: self.doc.or(other.doc),
            file,
            span,
            optional: self.optional && other.optional,
            has_value: self.has_value || other.has_value,
        }
    }

    fn document(&self, path: &OptionPath) -> OptionDoc {
        let type_text = if self.type_text.is_empty() { "Dyn" } else { &self.type_text };
        OptionDoc {
            pattern: path.as_str().to_owned(),
            type_text: type_text.to_owned(),
            default: self.default.clone(),
            doc: self.doc.clone(),
            file: self.file.clone(),
            span: self.span.clone(),
            required: !self.optional && !self.has_value,
        }
    }
}
