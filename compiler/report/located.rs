//! Findings with their places as file, line and column.

use serde::Serialize;

use crate::diag::{Diagnostic, Place, Severity};
use crate::source::{Author, Sources, Span, line_column};

/// A finding with all its places.
#[derive(Debug, Clone, Serialize)]
pub struct Located {
    /// Stable name.
    pub code: &'static str,
    /// error, warning or note.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// Every place involved, the primary one first.
    pub places: Vec<Position>,
    /// What explains it.
    pub notes: Vec<String>,
    /// What to do.
    pub help: String,
}

/// A place in a source file; lines and columns count from 1.
#[derive(Debug, Clone, Serialize)]
pub struct Position {
    /// Path relative to the project.
    pub file: String,
    /// First line.
    pub line: usize,
    /// First column, in characters.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// Column behind the last character.
    pub end_column: usize,
    /// What the place has to do with the finding.
    pub message: String,
}

/// Finds the places of a finding. The primary one is in the user's own files if anything of it is.
pub fn locate(finding: &Diagnostic, sources: &Sources) -> Located {
    let places = spans(finding, sources)
        .into_iter()
        .filter_map(|(span, message)| {
            let file = sources.file(span.file)?;
            let (line, column) = line_column(&file.text, span.start);
            let (end_line, end_column) = line_column(&file.text, span.end);
            Some(Position { file: file.name.clone(), line, column, end_line, end_column, message })
        })
        .collect();
    Located {
        code: finding.code,
        severity: severity(finding.severity),
        message: finding.message.clone(),
        places,
        notes: finding.notes.clone(),
        help: finding.help.clone(),
    }
}

/// The spans of a finding, the primary one first.
pub fn spans(finding: &Diagnostic, sources: &Sources) -> Vec<(Span, String)> {
    let mut spans: Vec<(Span, String)> = Vec::new();
    for (index, label) in finding.labels.iter().enumerate() {
        let span = match &label.place {
            Place::Span(span) => Some(span.clone()),
            Place::Option(path) if index == 0 => {
                sources.user_span(path).or_else(|| sources.span(path)).cloned()
            }
            Place::Option(path) => sources.span(path).cloned(),
        };
        let Some(span) = span else { continue };
        match spans.iter_mut().find(|(other, _)| *other == span) {
            Some((_, message)) if message.is_empty() => message.clone_from(&label.message),
            Some(_) => {}
            None => spans.push((span, label.message.clone())),
        }
    }
    // The value that clashes may be a default: then the user's own line comes first all the same.
    let of_user = |span: &Span| sources.file(span.file).is_some_and(|file| file.author == Author::User);
    if let Some(first) = spans.iter().position(|(span, _)| of_user(span)) {
        spans.get_mut(..=first).unwrap_or_default().rotate_right(1);
    }
    if spans.is_empty() {
        spans.extend(beginning(sources).map(|span| (span, String::new())));
    }
    spans
}

/// The beginning of the host file, for a finding about the whole.
fn beginning(sources: &Sources) -> Option<Span> {
    let file = sources.files().iter().position(|file| file.name.starts_with("hosts/")).unwrap_or_default();
    let text = &sources.file(file)?.text;
    let start = text.find('{').unwrap_or_default();
    Some(Span { file, start, end: (start + 1).min(text.len()) })
}

pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
