//! From an evaluated value to plain data that knows where it was said.

use std::collections::BTreeMap;

use nickel_lang_core::eval::value::{NickelValue, ValueContentRef};
use nickel_lang_core::files::FileId;
use nickel_lang_core::position::{PosTable, RawSpan, TermPos};
use nickel_lang_core::serialize::{ExportFormat, to_string};

use crate::node::{Node, Value};
use crate::path::OptionPath;
use crate::source::{Sources, Span};

/// Turns an evaluated value into data and notes where each part of it was said.
pub struct Walk<'a> {
    /// The evaluator's positions.
    pub table: &'a PosTable,
    /// Which of the evaluator's files are which of ours.
    pub ids: &'a BTreeMap<FileId, usize>,
    /// Where to note them.
    pub sources: &'a mut Sources,
}

impl Walk<'_> {
    /// The data of `value`, which stands at `path` under a key that is written at `key`.
    pub fn node(&mut self, path: &OptionPath, value: &NickelValue, key: Option<TermPos>) -> Node {
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
