//! The walk through a syntax tree that collects the fields it defines.

use nickel_lang_parser::ast::pattern::{Pattern, PatternData};
use nickel_lang_parser::ast::primop::PrimOp;
use nickel_lang_parser::ast::record::{FieldDef, FieldPathElem, Record};
use nickel_lang_parser::ast::typ::iter::RecordRowsItem;
use nickel_lang_parser::ast::typ::{Type, TypeF};
use nickel_lang_parser::ast::{Annotation, Ast, Node, StringChunk};

use super::place::{FieldPlace, end_with_comma};
use super::source::range;

/// How deep expressions may be nested in each other; what is deeper is left out.
const DEEPEST: usize = 1000;

/// All fields defined in `ast`, which is the whole of `source`.
pub fn places(source: &str, ast: &Ast<'_>) -> Vec<FieldPlace> {
    let mut walk = Walk { source, places: Vec::new(), depth: 0 };
    walk.ast(ast, &Place { path: Vec::new(), rooted: true });
    walk.places
}

/// Where the walk is: the path of the expression at hand.
#[derive(Clone)]
struct Place {
    path: Vec<String>,
    rooted: bool,
}

impl Place {
    /// The same path, of something that is not the value there.
    fn loose(&self) -> Self {
        Self { path: self.path.clone(), rooted: false }
    }

    /// An expression that is no part of any field's value.
    fn fresh() -> Self {
        Self { path: Vec::new(), rooted: false }
    }
}

struct Walk<'s> {
    source: &'s str,
    places: Vec<FieldPlace>,
    depth: usize,
}

impl Walk<'_> {
    fn ast(&mut self, ast: &Ast<'_>, place: &Place) {
        if self.depth < DEEPEST {
            self.depth += 1;
            self.node(&ast.node, place);
            self.depth -= 1;
        }
    }

    fn node(&mut self, node: &Node<'_>, place: &Place) {
        match node {
            Node::Record(record) => self.record(record, place),
            Node::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let mut inner = place.clone();
                    inner.path.push(format!("[{index}]"));
                    self.ast(item, &inner);
                }
            }
            Node::Let { bindings, body, .. } => {
                for binding in *bindings {
                    self.pattern(&binding.pattern);
                    self.annotation(&binding.metadata.annotation, &Place::fresh());
                    self.ast(&binding.value, &Place::fresh());
                }
                self.ast(body, place);
            }
            Node::Fun { args, body } => {
                for arg in *args {
                    self.pattern(arg);
                }
                self.ast(body, place);
            }
            Node::Annotated { annot, inner } => {
                self.annotation(annot, &place.loose());
                self.ast(inner, place);
            }
            Node::IfThenElse { cond, then_branch, else_branch } => {
                self.ast(cond, &place.loose());
                self.ast(then_branch, place);
                self.ast(else_branch, place);
            }
            Node::PrimOpApp { op, args } => {
                let merge = matches!(op, PrimOp::Merge(_));
                let inner = if merge { place.clone() } else { place.loose() };
                for arg in *args {
                    self.ast(arg, &inner);
                }
            }
            Node::App { head, args } => {
                for part in std::iter::once(*head).chain(*args) {
                    self.ast(part, &place.loose());
                }
            }
            Node::StringChunks(chunks) => {
                for chunk in *chunks {
                    if let StringChunk::Expr(expr, _) = chunk {
                        self.ast(expr, &place.loose());
                    }
                }
            }
            Node::EnumVariant { arg: Some(arg), .. } => self.ast(arg, &place.loose()),
            Node::Match(cases) => {
                for branch in cases.branches {
                    self.pattern(&branch.pattern);
                    for part in branch.guard.iter().chain([&branch.body]) {
                        self.ast(part, &place.loose());
                    }
                }
            }
            Node::Type(typ) => self.typ(typ, &place.loose()),
            _ => {}
        }
    }

    fn record(&mut self, record: &Record<'_>, place: &Place) {
        for def in record.field_defs {
            let mut inner = place.clone();
            for part in def.path {
                if let FieldPathElem::Ident(name) = part {
                    inner.path.push(name.label().to_owned());
                } else {
                    let text = range(part.pos()).and_then(|range| self.source.get(range));
                    inner.path.push(text.unwrap_or_default().to_owned());
                    inner.rooted = false;
                }
            }
            self.places.extend(self.place(def, &inner));
            for part in def.path {
                if let FieldPathElem::Expr(name) = part {
                    self.ast(name, &place.loose());
                }
            }
            self.annotation(&def.metadata.annotation, &inner.loose());
            if let Some(value) = &def.value {
                self.ast(value, &inner);
            }
        }
        for include in record.includes {
            self.annotation(&include.metadata.annotation, &place.loose());
        }
    }

    fn place(&self, def: &FieldDef<'_>, place: &Place) -> Option<FieldPlace> {
        let definition = range(def.pos)?;
        Some(FieldPlace {
            path: place.path.clone(),
            rooted: place.rooted,
            key: range(def.path.last()?.pos())?,
            value: def.value.as_ref().and_then(|value| range(value.pos)),
            with_comma: definition.start..end_with_comma(self.source, definition.end),
            definition,
        })
    }

    fn annotation(&mut self, annotation: &Annotation<'_>, place: &Place) {
        for typ in annotation.typ.iter().chain(annotation.contracts) {
            self.typ(typ, place);
        }
    }

    fn typ(&mut self, typ: &Type<'_>, place: &Place) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        match &typ.typ {
            TypeF::Contract(ast) => self.ast(ast, place),
            TypeF::Forall { body: inner, .. }
            | TypeF::Dict { type_fields: inner, .. }
            | TypeF::Array(inner) => {
                self.typ(inner, place);
            }
            TypeF::Arrow(from, to) => {
                self.typ(from, place);
                self.typ(to, place);
            }
            TypeF::Record(rows) => {
                for row in rows.iter() {
                    if let RecordRowsItem::Row(row) = row {
                        self.typ(row.typ, place);
                    }
                }
            }
            _ => {}
        }
        self.depth -= 1;
    }

    fn pattern(&mut self, pattern: &Pattern<'_>) {
        if let PatternData::Record(record) = &pattern.data {
            for field in record.patterns {
                self.annotation(&field.annotation, &Place::fresh());
                if let Some(default) = &field.default {
                    self.ast(default, &Place::fresh());
                }
            }
        }
    }
}
