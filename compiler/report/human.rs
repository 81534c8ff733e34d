//! Findings for people, with the lines they are about.

use codespan_reporting::diagnostic::{Diagnostic as Snippet, Label, LabelStyle, Severity as Level};
use codespan_reporting::files::SimpleFiles;
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{self, Config};

use super::located;
use crate::diag::{Diagnostic, Report, Severity};
use crate::source::Sources;

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Styling {
    /// Plain text.
    Plain,
    /// Text with ANSI colours.
    Coloured,
}

pub(super) fn write(report: &Report, sources: &Sources, styling: Styling) -> String {
    let bytes = match styling {
        Styling::Plain => emit(NoColor::new(Vec::new()), report, sources).into_inner(),
        Styling::Coloured => emit(Ansi::new(Vec::new()), report, sources).into_inner(),
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

fn emit<W: WriteColor>(mut out: W, report: &Report, sources: &Sources) -> W {
    let mut files = SimpleFiles::new();
    for (index, file) in sources.files().iter().enumerate() {
        files.add(file.name.clone(), masked(report, sources, index, &file.text));
    }
    let config = Config::default();
    for finding in report.findings() {
        // Writing to memory does not fail; a span that fits no file would only lose its snippet.
        let _ = term::emit_to_write_style(&mut out, &config, &files, &snippet(finding, sources));
    }
    out
}

/// The text of a file, with stars for secrets that were written out: they must not get into a log as well.
fn masked(report: &Report, sources: &Sources, index: usize, text: &str) -> String {
    let mut text = text.to_owned();
    for finding in report.findings().iter().filter(|finding| finding.code == "literal-secret") {
        for (span, _) in
            located::spans(finding, sources).iter().take(1).filter(|(span, _)| span.file == index)
        {
            if let Some(secret) = text.get(span.range()) {
                let stars: String = secret
                    .bytes()
                    .map(|byte| if matches!(byte, b'"' | b'\n') { char::from(byte) } else { '*' })
                    .collect();
                text.replace_range(span.range(), &stars);
            }
        }
    }
    text
}

fn snippet(finding: &Diagnostic, sources: &Sources) -> Snippet<usize> {
    let level = match finding.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note => Level::Note,
    };
    let (shown, too_long): (Vec<_>, Vec<_>) = located::spans(finding, sources)
        .into_iter()
        .partition(|(span, _)| line_length(sources, span) <= LONGEST);
    let labels = shown
        .into_iter()
        .enumerate()
        .map(|(index, (span, message))| {
            let style = if index == 0 { LabelStyle::Primary } else { LabelStyle::Secondary };
            Label::new(style, span.file, first_line(sources, &span)).with_message(message)
        })
        .collect();
    let mut notes: Vec<String> = finding.notes.iter().map(|note| clipped(note)).collect();
    for (span, _) in too_long {
        let (line, column) = sources.line_column(&span);
        let name = sources.file(span.file).map(|file| file.name.as_str()).unwrap_or_default();
        notes.push(format!("at {name}:{line}:{column}, in a line too long to show"));
    }
    notes.push(format!("help: {}", finding.help));
    Snippet::new(level)
        .with_code(finding.code)
        .with_message(clipped(&finding.message))
        .with_labels(labels)
        .with_notes(notes)
}

/// Lines and messages longer than this hold data rather than words.
const LONGEST: usize = 2000;

/// The length of the line that a span begins in.
fn line_length(sources: &Sources, span: &crate::source::Span) -> usize {
    let Some((before, after)) =
        sources.file(span.file).and_then(|file| file.text.split_at_checked(span.start))
    else {
        return 0;
    };
    before.len() - before.rfind('\n').map_or(0, |at| at + 1) + after.find('\n').unwrap_or(after.len())
}

fn clipped(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST / 10).chain("…".chars()).collect()
}

/// Long values are shown by their first line.
fn first_line(sources: &Sources, span: &crate::source::Span) -> std::ops::Range<usize> {
    let text = sources.file(span.file).and_then(|file| file.text.get(span.range())).unwrap_or_default();
    match text.find('\n') {
        Some(length) => span.start..span.start + length.max(1),
        None => span.range(),
    }
}
