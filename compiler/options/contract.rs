//! The options a contract allows.

use std::cell::RefCell;
use std::ptr;

use nickel_lang_parser::ast::MergePriority;
use nickel_lang_parser::ast::record::Record;
use nickel_lang_parser::ast::typ::iter::RecordRowsItem;
use nickel_lang_parser::ast::typ::{Type, TypeF};
use nickel_lang_parser::identifier::Ident;
use nickel_lang_parser::position::TermPos;

use super::resolve::Resolver;
use super::scope::{Body, Env, Field, Value, fields};
use super::source::{Bodies, Library, one_line, range};
use super::{Entry, OptionTree};

/// Reads trees of options out of a library.
pub struct Reader<'ast> {
    resolver: Resolver<'ast>,
    /// The record contracts being read: one that contains itself ends there.
    active: RefCell<Vec<&'ast Record<'ast>>>,
}

impl<'ast> Reader<'ast> {
    pub fn new(library: &'ast Library<'ast>) -> Self {
        Self { resolver: Resolver::new(library), active: RefCell::default() }
    }

    /// All definitions of the top-level field `name` of a file. `None` if the file cannot be read.
    pub fn fields(&self, file: &str, name: &str) -> Option<Vec<Field<'ast>>> {
        let values = self.resolver.values(self.resolver.library.find(file)?, &Env::default());
        let name = Ident::new(name);
        Some(values.iter().flat_map(|value| self.resolver.fields_named(value, name)).collect())
    }

    /// The options of the contracts that `fields` are defined as.
    pub fn defined(&self, fields: &[Field<'ast>]) -> OptionTree {
        self.merged(fields.iter().flat_map(|field| self.resolver.field_values(field)).collect())
    }

    /// The options that the contracts on `fields` allow in them.
    pub fn annotated(&self, fields: &[Field<'ast>]) -> OptionTree {
        let entries = fields.iter().filter_map(|field| self.entry(field));
        entries.map(|entry| entry.tree).reduce(OptionTree::and).unwrap_or_default()
    }

    fn merged(&self, values: Vec<Value<'ast>>) -> OptionTree {
        let trees = values.into_iter().map(|value| self.value(value));
        trees.reduce(OptionTree::merge).unwrap_or_default()
    }

    fn value(&self, value: Value<'ast>) -> OptionTree {
        match value {
            Value::Record(record, _) => {
                if self.active.borrow().iter().any(|other| ptr::eq(*other, record)) {
                    return OptionTree::default();
                }
                self.active.borrow_mut().push(record);
                let tree = self.resolver.deeper(|| self.record(&value, record.open));
                self.active.borrow_mut().pop();
                tree.unwrap_or_default()
            }
            // what is merged in with `=` instead of checked with `|` forbids no other field
            Value::Piece(..) => self.resolver.deeper(|| self.record(&value, true)).unwrap_or_default(),
            Value::Type(typ, env) => self.typ(typ, &env),
            Value::AllOf(parts, env) => parts
                .iter()
                .map(|part| self.merged(self.resolver.values(part, &env)))
                .reduce(OptionTree::and)
                .unwrap_or_default(),
            Value::AnyOf(parts, env) => parts
                .iter()
                .map(|part| self.merged(self.resolver.values(part, &env)))
                .reduce(OptionTree::merge)
                .unwrap_or_default(),
            Value::Function(..) | Value::Array(..) | Value::Std(_) | Value::Unknown => OptionTree::default(),
        }
    }

    fn record(&self, value: &Value<'ast>, open: bool) -> OptionTree {
        let mut tree = OptionTree { open, ..OptionTree::default() };
        for (name, field) in fields(value) {
            let Some(entry) = self.entry(&field) else { continue };
            let entry = match tree.fields.remove(name.label()) {
                // said in several places of one record: optional if one of them says so
                Some(before) => {
                    let optional = before.optional || entry.optional;
                    Entry { optional, ..before.and(entry) }
                }
                None => entry,
            };
            tree.fields.insert(name.label().to_owned(), entry);
        }
        tree
    }

    fn typ(&self, typ: &'ast Type<'ast>, env: &Env<'ast>) -> OptionTree {
        let read = || match &typ.typ {
            TypeF::Contract(_) | TypeF::Var(_) => self.merged(self.resolver.type_values(typ, env)),
            TypeF::Forall { body, .. } => self.typ(body, env),
            TypeF::Dict { type_fields, .. } => OptionTree {
                wildcard: Some(Box::new(self.typed(type_fields, env, type_fields.pos, true))),
                ..OptionTree::default()
            },
            TypeF::Array(element) => OptionTree {
                element: Some(Box::new(self.typed(element, env, element.pos, true))),
                ..OptionTree::default()
            },
            TypeF::Record(rows) => {
                let mut tree = OptionTree { open: false, ..OptionTree::default() };
                for row in rows.iter() {
                    match row {
                        RecordRowsItem::Row(row) => {
                            let entry = self.typed(row.typ, env, row.id.pos, false);
                            tree.fields.insert(row.id.label().to_owned(), entry);
                        }
                        RecordRowsItem::TailDyn | RecordRowsItem::TailVar(_) => tree.open = true,
                    }
                }
                tree
            }
            _ => OptionTree::default(),
        };
        self.resolver.deeper(read).unwrap_or_default()
    }

    /// What has nothing but a type: an entry of a dictionary, an element of a list, a row of a record type.
    fn typed(&self, typ: &'ast Type<'ast>, env: &Env<'ast>, place: TermPos, optional: bool) -> Entry {
        Entry {
            tree: self.typ(typ, env),
            type_text: self.type_text(typ),
            default: None,
            doc: self.type_doc(typ, env),
            file: self.resolver.library.file(place).unwrap_or_default().to_owned(),
            span: range(place).unwrap_or_default(),
            optional,
            has_value: false,
        }
    }

    /// What a field says. `None` for holes and helpers, which are not exported and so no option.
    fn entry(&self, field: &Field<'ast>) -> Option<Entry> {
        let metadata = field.metadata;
        if metadata.is_some_and(|metadata| metadata.not_exported) {
            return None;
        }
        let annotation = metadata.map(|metadata| &metadata.annotation);
        let types: Vec<_> = annotation.into_iter().flat_map(|it| it.typ.iter().chain(it.contracts)).collect();
        let yields = metadata.is_some_and(|metadata| metadata.priority < MergePriority::Neutral);
        let tree = match types.iter().map(|typ| self.typ(typ, &field.env)).reduce(OptionTree::and) {
            Some(tree) => tree,
            None if yields => OptionTree::default(),
            None => OptionTree { open: true, ..self.merged(self.resolver.field_values(field)) },
        };
        let default = match field.body {
            Body::Ast(ast) if yields => Some(one_line(self.resolver.library.text(ast.pos), Bodies::Kept)),
            _ => None,
        };
        let texts: Vec<_> = types.iter().map(|typ| self.type_text(typ)).collect();
        let own_doc = metadata.and_then(|metadata| metadata.doc).map(str::to_owned);
        Some(Entry {
            tree,
            type_text: texts.join(" | "),
            default,
            doc: own_doc.or_else(|| types.iter().find_map(|typ| self.type_doc(typ, &field.env))),
            file: self.resolver.library.file(field.key).unwrap_or_default().to_owned(),
            span: range(field.key).unwrap_or_default(),
            optional: metadata.is_none_or(|metadata| metadata.opt),
            has_value: !matches!(field.body, Body::Missing | Body::Piece(..)),
        })
    }

    fn type_text(&self, typ: &Type<'ast>) -> String {
        one_line(self.resolver.library.text(typ.pos), Bodies::Elided)
    }

    /// The documentation of the contract itself, for an option that has none of its own.
    fn type_doc(&self, typ: &'ast Type<'ast>, env: &Env<'ast>) -> Option<String> {
        match &typ.typ {
            TypeF::Contract(ast) => self.resolver.doc_of(ast, env).map(str::to_owned),
            _ => None,
        }
    }
}
