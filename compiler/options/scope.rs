//! Names and the fields they stand for: scopes, and what values are made of.

use std::rc::Rc;

use nickel_lang_parser::ast::pattern::{Pattern, PatternData};
use nickel_lang_parser::ast::record::{FieldDef, FieldMetadata, Record};
use nickel_lang_parser::ast::typ::Type;
use nickel_lang_parser::ast::{Ast, LetBinding};
use nickel_lang_parser::identifier::Ident;
use nickel_lang_parser::position::TermPos;

/// How deep patterns may nest.
const DEEPEST: usize = 1000;

/// The names in scope, innermost first; none by default.
#[derive(Clone, Default)]
pub struct Env<'ast>(Option<Rc<Frame<'ast>>>);

impl<'ast> Env<'ast> {
    /// One more scope inside this one.
    pub fn with(&self, names: Names<'ast>) -> Self {
        Self(Some(Rc::new(Frame { names, parent: self.clone() })))
    }
}

/// The names one construct brings into scope.
pub struct Frame<'ast> {
    names: Names<'ast>,
    parent: Env<'ast>,
}

pub enum Names<'ast> {
    /// Of a `let`; recursive or not.
    Let(&'ast [LetBinding<'ast>], bool),
    /// Of a record: its fields see each other.
    Record(&'ast Record<'ast>),
    /// Of a function parameter, with its argument where there is one.
    Parameter(&'ast Pattern<'ast>, Option<(&'ast Ast<'ast>, Env<'ast>)>),
}

/// What an expression was followed to. Several of them stand for their merge.
#[derive(Clone)]
pub enum Value<'ast> {
    /// A record literal.
    Record(&'ast Record<'ast>, Env<'ast>),
    /// The inner records of a piecewise definition: `b.c = 1` of `a.b.c = 1`, from path element `.1` on.
    Piece(&'ast FieldDef<'ast>, usize, Env<'ast>),
    /// A type that is no contract expression: `{ _ | T }`, `Array T`, `String`.
    Type(&'ast Type<'ast>, Env<'ast>),
    /// A function literal, with the parameters that are not applied yet.
    Function(&'ast [Pattern<'ast>], &'ast Ast<'ast>, Env<'ast>),
    /// A list literal.
    Array(&'ast [Ast<'ast>], Env<'ast>),
    /// Contracts of which all apply.
    AllOf(&'ast [Ast<'ast>], Env<'ast>),
    /// Contracts of which one applies.
    AnyOf(&'ast [Ast<'ast>], Env<'ast>),
    /// Something of the standard library, by its last name.
    Std(&'static str),
    /// Anything else.
    Unknown,
}

/// One definition of a field.
pub struct Field<'ast> {
    /// Where its name is.
    pub key: TermPos,
    /// What is said about it; `None` for the outer parts of a piecewise definition.
    pub metadata: Option<&'ast FieldMetadata<'ast>>,
    /// What it is defined as.
    pub body: Body<'ast>,
    /// The scope its annotations are read in.
    pub env: Env<'ast>,
}

/// What a field is defined as.
pub enum Body<'ast> {
    /// Nothing yet: the field has no value.
    Missing,
    /// An expression, in the scope of the field.
    Ast(&'ast Ast<'ast>),
    /// A record of the rest of a piecewise definition.
    Piece(&'ast FieldDef<'ast>, usize),
    /// A variable of the scope of the field, by `include`.
    Variable(Ident),
}

/// What a name was found to stand for.
pub enum Found<'ast> {
    Binding { doc: Option<&'ast str>, ast: &'ast Ast<'ast>, env: Env<'ast>, path: Vec<Ident> },
    Fields(Vec<Field<'ast>>),
    Unknown,
}

/// The fields of a record literal, or the one field of a piece, in order; a name may occur more than once.
pub fn fields<'ast>(value: &Value<'ast>) -> Vec<(Ident, Field<'ast>)> {
    match value {
        Value::Record(record, env) => {
            let inner = env.with(Names::Record(record));
            let defined = record.field_defs.iter().filter_map(|def| field(def, 0, &inner));
            let included = record.includes.iter().map(|include| {
                let body = Body::Variable(include.ident.ident());
                let metadata = Some(&include.metadata);
                (include.ident.ident(), Field { key: include.ident.pos, metadata, body, env: env.clone() })
            });
            defined.chain(included).collect()
        }
        Value::Piece(def, from, env) => field(def, *from, env).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The definitions of the field `name` in a record literal or a piece.
pub fn fields_named<'ast>(value: &Value<'ast>, name: Ident) -> Vec<Field<'ast>> {
    fields(value).into_iter().filter(|(id, _)| *id == name).map(|(_, field)| field).collect()
}

/// The field that the path element `at` of a definition defines; `None` if its name is computed.
fn field<'ast>(def: &'ast FieldDef<'ast>, at: usize, env: &Env<'ast>) -> Option<(Ident, Field<'ast>)> {
    let name = def.path.get(at)?.try_as_ident()?;
    let (metadata, body) = match (&def.value, at + 1 == def.path.len()) {
        (_, false) => (None, Body::Piece(def, at + 1)),
        (Some(value), true) => (Some(&def.metadata), Body::Ast(value)),
        (None, true) => (Some(&def.metadata), Body::Missing),
    };
    Some((name.ident(), Field { key: name.pos, metadata, body, env: env.clone() }))
}

/// Looks a name up, innermost scope first.
pub fn find<'ast>(name: Ident, env: &Env<'ast>) -> Option<Found<'ast>> {
    let mut scope = env;
    while let Some(here) = &scope.0 {
        match &here.names {
            Names::Let(bindings, rec) => {
                for LetBinding { pattern, metadata, value } in *bindings {
                    if let Some(path) = bound(pattern, name, 0) {
                        let env = if *rec { scope.clone() } else { here.parent.clone() };
                        return Some(Found::Binding { doc: metadata.doc, ast: value, env, path });
                    }
                }
            }
            Names::Record(record) => {
                let found = fields_named(&Value::Record(record, here.parent.clone()), name);
                if !found.is_empty() {
                    return Some(Found::Fields(found));
                }
            }
            Names::Parameter(pattern, argument) => {
                if let Some(path) = bound(pattern, name, 0) {
                    return Some(match argument {
                        Some((ast, env)) => Found::Binding { doc: None, ast, env: env.clone(), path },
                        None => Found::Unknown,
                    });
                }
            }
        }
        scope = &here.parent;
    }
    None
}

/// The fields that lead from a value to what `pattern` binds to `name` in it.
fn bound(pattern: &Pattern<'_>, name: Ident, depth: usize) -> Option<Vec<Ident>> {
    if pattern.alias.is_some_and(|alias| alias.ident() == name) {
        return Some(Vec::new());
    }
    match &pattern.data {
        PatternData::Any(id) if id.ident() == name => Some(Vec::new()),
        PatternData::Record(record) if depth < DEEPEST => record.patterns.iter().find_map(|field| {
            let mut path = bound(&field.pattern, name, depth + 1)?;
            path.insert(0, field.matched_id.ident());
            Some(path)
        }),
        _ => None,
    }
}
