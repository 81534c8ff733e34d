//! What an expression stands for, found by following names, imports, merges and function calls.
//!
//! Nothing is computed: a value is only followed to the literals it is put together from. Depth and total
//! work are bounded, so recursive or hostile definitions end as [`Value::Unknown`].

use std::cell::Cell;

use nickel_lang_parser::ast::primop::PrimOp;
use nickel_lang_parser::ast::typ::{Type, TypeF};
use nickel_lang_parser::ast::{Ast, Node};
use nickel_lang_parser::identifier::Ident;

use super::scope::{Body, Env, Field, Found, Names, Value, fields_named, find};
use super::source::Library;

/// How many expressions may be nested in each other.
const DEEPEST: usize = 1000;
/// How many expressions one reading may look at.
const MOST: usize = 1 << 17;
/// How many parts one value may be merged from; more are dropped.
const WIDEST: usize = 64;

/// Follows expressions through a library.
pub struct Resolver<'ast> {
    pub library: &'ast Library<'ast>,
    depth: Cell<usize>,
    work: Cell<usize>,
}

impl<'ast> Resolver<'ast> {
    pub fn new(library: &'ast Library<'ast>) -> Self {
        Self { library, depth: Cell::new(0), work: Cell::new(0) }
    }

    /// Runs `step` one level deeper; `None` when the limits are reached.
    pub fn deeper<T>(&self, step: impl FnOnce() -> T) -> Option<T> {
        if self.depth.get() >= DEEPEST || self.work.get() >= MOST {
            return None;
        }
        self.work.set(self.work.get() + 1);
        self.depth.set(self.depth.get() + 1);
        let result = step();
        self.depth.set(self.depth.get() - 1);
        Some(result)
    }

    /// What `ast` is merged from.
    pub fn values(&self, ast: &'ast Ast<'ast>, env: &Env<'ast>) -> Vec<Value<'ast>> {
        let mut values = self.deeper(|| self.follow(ast, env)).unwrap_or_else(|| vec![Value::Unknown]);
        values.dedup_by(|one, other| matches!((one, other), (Value::Unknown, Value::Unknown)));
        values.truncate(WIDEST);
        values
    }

    fn follow(&self, ast: &'ast Ast<'ast>, env: &Env<'ast>) -> Vec<Value<'ast>> {
        match &ast.node {
            Node::Record(record) => vec![Value::Record(record, env.clone())],
            Node::Array(items) => vec![Value::Array(items, env.clone())],
            Node::Fun { args, body } => vec![Value::Function(args, body, env.clone())],
            Node::Type(typ) => self.type_values(typ, env),
            Node::Annotated { inner, .. } => self.values(inner, env),
            Node::Let { bindings, body, rec } => self.values(body, &env.with(Names::Let(bindings, *rec))),
            Node::Var(name) => self.variable(name.ident(), env),
            Node::App { head, args } => {
                self.values(head, env).into_iter().flat_map(|head| self.apply(head, args, env)).collect()
            }
            Node::PrimOpApp { op: PrimOp::Merge(_), args } => {
                args.iter().flat_map(|part| self.values(part, env)).collect()
            }
            Node::PrimOpApp { op: PrimOp::RecordStatAccess(name), args } => args
                .iter()
                .flat_map(|record| self.values(record, env))
                .flat_map(|record| self.get(&record, name.ident()))
                .collect(),
            Node::IfThenElse { then_branch, else_branch, .. } => {
                [then_branch, else_branch].iter().flat_map(|branch| self.values(branch, env)).collect()
            }
            Node::Import(import) => match self.library.import(import, ast.pos) {
                Some(root) => self.values(root, &Env::default()),
                None => vec![Value::Unknown],
            },
            _ => vec![Value::Unknown],
        }
    }

    /// What a type stands for: the expression it is made of, if it is a contract.
    pub fn type_values(&self, typ: &'ast Type<'ast>, env: &Env<'ast>) -> Vec<Value<'ast>> {
        match &typ.typ {
            TypeF::Contract(ast) => self.values(ast, env),
            TypeF::Var(name) => self.variable(*name, env),
            _ => vec![Value::Type(typ, env.clone())],
        }
    }

    fn apply(&self, head: Value<'ast>, args: &'ast [Ast<'ast>], env: &Env<'ast>) -> Vec<Value<'ast>> {
        match head {
            Value::Function(params, body, mut scope) => {
                for (param, arg) in params.iter().zip(args) {
                    scope = scope.with(Names::Parameter(param, Some((arg, env.clone()))));
                }
                if let Some(missing) = params.get(args.len()..).filter(|rest| !rest.is_empty()) {
                    return vec![Value::Function(missing, body, scope)];
                }
                let results = self.values(body, &scope);
                match args.get(params.len()..) {
                    Some(rest) if !rest.is_empty() => {
                        results.into_iter().flat_map(|head| self.apply(head, rest, env)).collect()
                    }
                    _ => results,
                }
            }
            Value::Std(name) => args
                .first()
                .into_iter()
                .flat_map(|list| self.values(list, env))
                .map(|list| match (name, list) {
                    ("Sequence" | "all_of", Value::Array(items, env)) => Value::AllOf(items, env),
                    ("any_of", Value::Array(items, env)) => Value::AnyOf(items, env),
                    _ => Value::Unknown,
                })
                .collect(),
            _ => vec![Value::Unknown],
        }
    }

    /// The values of the field `name` of `record`.
    fn get(&self, record: &Value<'ast>, name: Ident) -> Vec<Value<'ast>> {
        if let Value::Std(_) = record {
            return vec![Value::Std(name.label())];
        }
        self.fields_named(record, name).iter().flat_map(|field| self.field_values(field)).collect()
    }

    /// The values a field is defined as.
    pub fn field_values(&self, field: &Field<'ast>) -> Vec<Value<'ast>> {
        match field.body {
            Body::Missing => Vec::new(),
            Body::Ast(ast) => self.values(ast, &field.env),
            Body::Piece(def, from) => vec![Value::Piece(def, from, field.env.clone())],
            Body::Variable(name) => {
                self.deeper(|| self.variable(name, &field.env)).unwrap_or_else(|| vec![Value::Unknown])
            }
        }
    }

    /// The definitions of the field `name` of `record`. A function stands for what it returns.
    pub fn fields_named(&self, record: &Value<'ast>, name: Ident) -> Vec<Field<'ast>> {
        match record {
            Value::Function(params, body, env) => {
                let bind = |scope: Env<'ast>, param| scope.with(Names::Parameter(param, None));
                let scope = params.iter().fold(env.clone(), bind);
                self.values(body, &scope).iter().flat_map(|body| self.fields_named(body, name)).collect()
            }
            record => fields_named(record, name),
        }
    }

    fn variable(&self, name: Ident, env: &Env<'ast>) -> Vec<Value<'ast>> {
        match find(name, env) {
            Some(Found::Binding { ast, env, path, .. }) => {
                path.into_iter().fold(self.values(ast, &env), |records, name| {
                    records.iter().flat_map(|record| self.get(record, name)).collect()
                })
            }
            Some(Found::Fields(fields)) => fields.iter().flat_map(|field| self.field_values(field)).collect(),
            None if name.label() == "std" => vec![Value::Std("std")],
            Some(Found::Unknown) | None => vec![Value::Unknown],
        }
    }

    /// The documentation of what a contract expression names.
    pub fn doc_of(&self, ast: &'ast Ast<'ast>, env: &Env<'ast>) -> Option<&'ast str> {
        self.deeper(|| match &ast.node {
            Node::Var(name) => match find(name.ident(), env)? {
                Found::Binding { doc, ast, env, path } => match path.split_first() {
                    None => doc.or_else(|| self.doc_of(ast, &env)),
                    Some((name, [])) => self.fields_doc(&self.values(ast, &env), *name),
                    Some(_) => None,
                },
                Found::Fields(fields) => fields.iter().find_map(|field| self.field_doc(field)),
                Found::Unknown => None,
            },
            Node::PrimOpApp { op: PrimOp::RecordStatAccess(name), args: [record] } => {
                self.fields_doc(&self.values(record, env), name.ident())
            }
            Node::App { head, .. } => self.doc_of(head, env),
            Node::Annotated { inner, .. } | Node::Type(Type { typ: TypeF::Contract(inner), .. }) => {
                self.doc_of(inner, env)
            }
            _ => None,
        })?
    }

    fn fields_doc(&self, records: &[Value<'ast>], name: Ident) -> Option<&'ast str> {
        let mut fields = records.iter().flat_map(|record| self.fields_named(record, name));
        fields.find_map(|field| self.field_doc(&field))
    }

    fn field_doc(&self, field: &Field<'ast>) -> Option<&'ast str> {
        let own = field.metadata.and_then(|metadata| metadata.doc);
        own.or_else(|| match field.body {
            Body::Ast(ast) => self.doc_of(ast, &field.env),
            _ => None,
        })
    }
}
