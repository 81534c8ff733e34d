//! What the evaluator complains about, in our words.

use std::collections::BTreeMap;

use nickel_lang_core::error::{Error, EvalErrorKind, IntoDiagnostics, LabelStyle};
use nickel_lang_core::files::{FileId, Files};

use super::{ErrorKind, EvalError};
use crate::source::Span;

/// An error as findings; `ids` says which of the evaluator's files are which of ours.
///
/// Messages have file names in them: those in `names` are replaced.
pub fn findings(
    error: Error,
    files: &mut Files,
    ids: &BTreeMap<FileId, usize>,
    names: &[(String, &str)],
) -> Vec<EvalError> {
    let clean = |message: &str| renamed(names, &clean(message));
    let kind = kind(&error);
    error
        .into_diagnostics(files)
        .into_iter()
        .map(|diagnostic| EvalError {
            kind,
            message: clean(&diagnostic.message),
            labels: labels(ids, diagnostic.labels),
            notes: diagnostic.notes.iter().map(|note| clean(note)).collect(),
        })
        .collect()
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

fn renamed(names: &[(String, &str)], message: &str) -> String {
    let message = message.split(" (looked in [").next().unwrap_or(message);
    names.iter().fold(message.to_owned(), |message, (name, ours)| message.replace(name, ours))
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
