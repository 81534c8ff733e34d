//! Diagnostics: what is wrong, where, and what to do about it.

use crate::path::OptionPath;
use crate::source::{Sources, Span};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is refused.
    Note,
    /// Probably not meant; refused under `--strict`.
    Warning,
    /// Nothing can be built.
    Error,
}

/// A place that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The value of an option.
    Option(OptionPath),
    /// A stretch of a source file.
    Span(Span),
}

/// A place, and what it has to do with the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What about it; may be empty.
    pub message: String,
}

/// One finding. The first label is the primary one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name in kebab case.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lowercase sentence without a full stop.
    pub message: String,
    /// Every place involved, the one to change first.
    pub labels: Vec<Label>,
    /// What explains it.
    pub notes: Vec<String>,
    /// What to do.
    pub help: String,
}

impl Diagnostic {
    /// An error at the option `path`, with what to do about it.
    pub fn error(
        code: &'static str,
        path: &OptionPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Error, path, message.into(), help.into())
    }

    /// A warning at the option `path`, with what to do about it.
    pub fn warning(
        code: &'static str,
        path: &OptionPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Warning, path, message.into(), help.into())
    }

    /// A note at the option `path`, with what could be done about it.
    pub fn note(
        code: &'static str,
        path: &OptionPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Note, path, message.into(), help.into())
    }

    fn new(code: &'static str, severity: Severity, path: &OptionPath, message: String, help: String) -> Self {
        let label = Label { place: Place::Option(path.clone()), message: String::new() };
        Self { code, severity, message, labels: vec![label], notes: Vec::new(), help }
    }

    /// Says what the primary place has to do with it.
    #[must_use]
    pub fn here(mut self, message: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.message = message.into();
        }
        self
    }

    /// Adds another place involved.
    #[must_use]
    pub fn also(mut self, path: &OptionPath, message: impl Into<String>) -> Self {
        self.labels.push(Label { place: Place::Option(path.clone()), message: message.into() });
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// All findings of one run, in the order they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Diagnostic>,
}

impl FromIterator<Diagnostic> for Report {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(findings: I) -> Self {
        let mut report = Self::default();
        findings.into_iter().for_each(|finding| report.push(finding));
        report
    }
}

impl Report {
    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Adds all findings of another report.
    pub fn extend(&mut self, other: Self) {
        for finding in other.findings {
            self.push(finding);
        }
    }

    /// The findings.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }

    /// Puts the findings in the order of the places they are about; those of one place stay as they were.
    pub fn sort(&mut self, sources: &Sources) {
        let place = |finding: &Diagnostic| {
            let span = finding.labels.first().and_then(|label| match &label.place {
                Place::Span(span) => Some(span.clone()),
                Place::Option(path) => sources.user_span(path).or_else(|| sources.span(path)).cloned(),
            });
            let name = span.as_ref().and_then(|span| Some(sources.file(span.file)?.name.clone()));
            (std::cmp::Reverse(finding.severity), name, span.map(|span| span.start))
        };
        self.findings.sort_by_cached_key(place);
    }

    /// Whether anything in it is at least as bad as `severity`.
    pub fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= severity)
    }
}
