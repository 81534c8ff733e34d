//! Turns what the evaluator found into diagnostics at the user's own lines, as many as there are.
//!
//! The evaluator stops at the first mistake. So the definition with that mistake is blanked out, in
//! memory, and the rest is evaluated again: offsets stay the same, and one run shows them all.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::diag::{Diagnostic, Label, Place, Report, Severity};
use crate::eval::{self, ErrorKind, EvalError, Evaluated};
use crate::options::{self, FieldPlace, OptionTree};
use crate::path::OptionPath;
use crate::project::Project;
use crate::source::{Author, Sources, Span};

/// How often a definition with mistakes is tried again without the last one found.
const ATTEMPTS: usize = 60;

/// The value of a definition, or what is wrong with it.
pub struct Judged {
    /// The value, when the whole definition has one.
    pub value: Option<Evaluated>,
    /// What is left when every mistake is taken out; only there when there were mistakes.
    pub remainder: Option<Evaluated>,
    /// What the evaluator found.
    pub report: Report,
    /// The sources that the report points into.
    pub sources: Sources,
}

/// Evaluates the host file `name` with the given text.
pub fn evaluate(project: &Project, name: &str, text: &str) -> Judged {
    let failure = match eval::evaluate(project.request(name, text.to_owned())) {
        Ok(mut value) => {
            name_options(&mut value.sources, name, text);
            let sources = value.sources.clone();
            return Judged { value: Some(value), remainder: None, report: Report::default(), sources };
        }
        Err(failure) => failure,
    };
    let mut search = Search { project, name, text: text.to_owned(), report: Report::default() };
    let mut sources = failure.sources.clone();
    search.unknown_options(&sources);
    let mut failure = Some(failure);
    let mut remainder = None;
    if search.text != text {
        failure = search.retry(&mut remainder);
    }
    for _ in 0..ATTEMPTS {
        let Some(current) = failure.take() else { break };
        let before = search.text.clone();
        for error in current.errors {
            search.report_error(error, &current.sources);
        }
        if search.text == before {
            break;
        }
        failure = search.retry(&mut remainder);
    }
    if let Some(value) = &remainder {
        // Findings about the rest need to know where its options are.
        sources.clone_from(&value.sources);
        name_options(&mut sources, name, text);
    }
    // The snippets must show what the user wrote, not what was blanked out.
    sources.restore(name, text);
    Judged { value: None, remainder, report: search.report, sources }
}

/// Merging forgets where records were said, such as a service without settings: notes where their names are.
fn name_options(sources: &mut Sources, name: &str, text: &str) {
    let Some(file) = sources.find(name) else { return };
    let places: Vec<FieldPlace> = options::definitions(text).into_iter().filter(|place| place.rooted).collect();
    let path = |place: &FieldPlace| place.path.iter().fold(OptionPath::root(), |path, field| path.field(field));
    for place in &places {
        sources.place_name(path(place), Span { file, start: place.key.start, end: place.key.end });
    }
    // In `a.b.c = 1`, nothing but this line stands for `a.b`.
    for place in &places {
        let mut above = path(place).parent();
        while let Some(path) = above.filter(|path| *path != OptionPath::root()) {
            above = path.parent();
            sources.place_name(path, Span { file, start: place.definition.start, end: place.key.end });
        }
    }
}

struct Search<'a> {
    project: &'a Project,
    name: &'a str,
    /// The text of the host file, with the mistakes found so far blanked out.
    text: String,
    report: Report,
}

impl Search<'_> {
    fn retry(&self, remainder: &mut Option<Evaluated>) -> Option<eval::Failure> {
        match eval::evaluate(self.project.request(self.name, self.text.clone())) {
            Ok(value) => {
                *remainder = Some(value);
                None
            }
            Err(failure) => Some(failure),
        }
    }

    /// Options that no schema knows, found without evaluating.
    fn unknown_options(&mut self, sources: &Sources) {
        let Some(file) = sources.find(self.name) else { return };
        let Some(schema) = Schema::of(self.project) else { return };
        let mut blank = Vec::new();
        for place in options::definitions(&self.text) {
            if !place.rooted {
                continue;
            }
            let segments: Vec<&str> = place.path.iter().map(String::as_str).collect();
            let Some(unknown) = schema.unknown(&segments, &self.text) else { continue };
            if blank.iter().any(|range: &std::ops::Range<usize>| range.start <= place.key.start && place.key.end <= range.end) {
                continue;
            }
            let span = Span { file, start: place.key.start, end: place.key.end };
            self.report.push(unknown.diagnostic(span));
            blank.push(place.with_comma);
        }
        for range in blank {
            self.text = options::blank(&self.text, &range);
        }
    }

    fn report_error(&mut self, error: EvalError, sources: &Sources) {
        let EvalError { kind, message, mut labels, mut notes } = error;
        let user = |span: &Span| sources.file(span.file).is_some_and(|file| file.author == Author::User);
        let in_host = |span: &Span| sources.file(span.file).is_some_and(|file| file.name == self.name);
        // What a module wanted from the host, when the host has no such option.
        let wanted = labels.iter().find_map(|(span, _)| wanted(sources, span));
        labels.sort_by_key(|(span, _)| (!in_host(span), !user(span)));
        let first = labels.first().filter(|(span, _)| user(span)).map(|(span, _)| span.clone());
        let place = first
            .as_ref()
            .filter(|span| in_host(span))
            .and_then(|span| options::field_at(&self.text, span.start));
        let blanked = first.as_ref().is_some_and(|span| {
            in_host(span) && self.text.get(span.range()).is_some_and(|text| !text.is_empty() && text.trim().is_empty())
        });
        if blanked {
            return;
        }
        let primary = first.clone().unwrap_or_else(|| self.nearest(wanted.as_deref(), sources));
        let mut shown: Vec<Label> = vec![Label { place: Place::Span(primary.clone()), message: String::new() }];
        for (span, message) in labels {
            let file = sources.file(span.file);
            let worth_showing = file.is_some_and(|file| !file.name.starts_with("schemas/"));
            if span != primary && worth_showing {
                shown.push(Label { place: Place::Span(span), message });
            }
        }
        notes.retain(|note| !note.starts_with("Have you") && !note.contains("contract"));
        let (message, notes) = headline(kind, message, notes);
        let diagnostic = Diagnostic {
            code: code(kind, &message),
            severity: Severity::Error,
            help: help(kind, &message, &notes, wanted.as_deref()),
            message,
            labels: shown,
            notes,
        };
        self.report.push(diagnostic);
        if let Some(FieldPlace { with_comma, .. }) = place.filter(|_| first.is_some()) {
            self.text = options::blank(&self.text, &with_comma);
        }
    }

    /// A place in the host file for a mistake that has none of its own: the option it speaks of, or the
    /// beginning.
    fn nearest(&self, wanted: Option<&str>, sources: &Sources) -> Span {
        let file = sources.find(self.name).unwrap_or_default();
        let path: Vec<&str> = wanted.unwrap_or_default().split('.').collect();
        let best = options::definitions(&self.text)
            .into_iter()
            .filter(|place| place.rooted)
            .map(|place| (place.path.iter().zip(&path).take_while(|(a, b)| a == *b).count(), place))
            .filter(|(depth, place)| *depth > 0 && *depth == place.path.len().min(path.len()))
            .max_by_key(|(depth, place)| (*depth, std::cmp::Reverse(place.key.start)));
        match best {
            Some((_, place)) => Span { file, start: place.key.start, end: place.key.end },
            None => {
                let start = self.text.find('{').unwrap_or_default();
                Span { file, start, end: (start + 1).min(self.text.len()) }
            }
        }
    }
}

/// The option that a module reads from the host at a span, such as `storage.downloads`.
fn wanted(sources: &Sources, span: &Span) -> Option<String> {
    let file = sources.file(span.file)?;
    let text = file.text.get(span.range())?;
    let rest = text.split("host.").nth(1)?;
    let path: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).collect();
    Some(path.trim_end_matches('.').to_owned())
}

/// The message of a mistake: what a contract of ours says stands behind the evaluator's own words.
fn headline(kind: ErrorKind, message: String, notes: Vec<String>) -> (String, Vec<String>) {
    let mut message = message;
    if kind == ErrorKind::Contract {
        for prefix in ["contract broken by a value: ", "contract broken by a value", "contract broken by "] {
            if let Some(rest) = message.strip_prefix(prefix) {
                message = rest.trim_start_matches(':').trim().to_owned();
                break;
            }
        }
        if message.is_empty() {
            "this value is not what the option takes".clone_into(&mut message);
        }
    }
    (message, notes)
}

fn code(kind: ErrorKind, message: &str) -> &'static str {
    match kind {
        ErrorKind::Syntax => "syntax",
        ErrorKind::Import => "import",
        ErrorKind::Type => "type",
        ErrorKind::Contract if message.contains("no module knows") => "unknown-module",
        ErrorKind::Contract if message.contains("secret is written out") => "literal-secret",
        ErrorKind::Contract if message.contains("extra field") => "unknown-option",
        ErrorKind::Contract => "wrong-value",
        ErrorKind::Missing => "missing-option",
        ErrorKind::Other if message.contains("missing field") => "missing-option",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Recursion => "recursion",
        ErrorKind::NotData => "not-data",
        ErrorKind::Other => "evaluation",
        ErrorKind::Internal => "internal",
    }
}

fn help(kind: ErrorKind, message: &str, notes: &[String], wanted: Option<&str>) -> String {
    let text = match kind {
        ErrorKind::Syntax => "correct the text here",
        ErrorKind::Import => "correct the path, relative to this file or to the project",
        ErrorKind::Conflict => "keep one of the two definitions, or mark one with `| force`",
        ErrorKind::Recursion => "break the circle: give one of the values outright",
        ErrorKind::NotData => "give data here: text, a number, a list or a record",
        ErrorKind::Internal => "internal error, please report",
        ErrorKind::Missing | ErrorKind::Other if wanted.is_some() => {
            return format!("set `{}` in the host file", wanted.unwrap_or_default());
        }
        ErrorKind::Missing => "add the option that is missing",
        ErrorKind::Contract if message.contains("extra field") => "remove it, or see `mediac options` for what there is",
        _ if !notes.is_empty() => "change the value as the note says",
        _ => "see `mediac options` for what it takes",
    };
    text.to_owned()
}

/// What options there are: those of hosts, and those of each module.
struct Schema {
    host: OptionTree,
    modules: BTreeMap<String, OptionTree>,
}

/// An option that no schema knows.
struct Unknown {
    name: String,
    suggestion: Option<String>,
    known: Vec<String>,
}

impl Schema {
    fn of(project: &Project) -> Option<&'static Self> {
        // The schemas are those of the binary; a process works on one project.
        static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
        SCHEMA
            .get_or_init(|| {
                let sources = project.definitions();
                let host = OptionTree::read(&sources, "schemas/host.ncl", "Host").ok()?;
                let modules = project
                    .modules()
                    .filter_map(|name| {
                        let tree = OptionTree::read_module(&sources, &format!("modules/{name}.ncl"))?;
                        Some((name.to_owned(), tree))
                    })
                    .collect();
                Some(Self { host, modules })
            })
            .as_ref()
    }

    fn unknown(&self, path: &[&str], text: &str) -> Option<Unknown> {
        let (tree, prefix, rest) = match path {
            ["services", id, "options", rest @ ..] if !rest.is_empty() => {
                let kind = kind_of(text, id).unwrap_or_else(|| (*id).to_owned());
                (self.modules.get(&kind)?, format!("services.{id}.options."), rest)
            }
            _ => (&self.host, String::new(), path),
        };
        let (name, parents) = rest.split_last()?;
        let children = tree.children(parents)?;
        if children.contains(name) {
            return None;
        }
        let suggestion = options::suggest_path(tree, rest).map(|path| format!("{prefix}{path}"));
        let known = children.into_iter().map(str::to_owned).collect();
        Some(Unknown { name: (*name).to_owned(), suggestion, known })
    }
}

/// The module of a service, when the host file says so.
fn kind_of(text: &str, id: &str) -> Option<String> {
    let place = options::definitions(text)
        .into_iter()
        .find(|place| place.rooted && place.path.iter().map(String::as_str).eq(["services", id, "kind"]))?;
    Some(text.get(place.value?)?.trim().trim_matches('"').to_owned())
}

impl Unknown {
    fn diagnostic(self, span: Span) -> Diagnostic {
        let Self { name, suggestion, known } = self;
        let help = match suggestion {
            Some(path) => format!("did you mean `{path}`?"),
            None => "remove it, or see `mediac options` for what there is".to_owned(),
        };
        Diagnostic {
            code: "unknown-option",
            severity: Severity::Error,
            message: format!("there is no option `{name}` here"),
            labels: vec![Label { place: Place::Span(span), message: String::new() }],
            notes: vec![format!("known here: {}", known.join(", "))],
            help,
        }
    }
}
