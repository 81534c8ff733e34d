//! Turns what the evaluator found into diagnostics at the user's own lines, as many as there are.
//!
//! The evaluator stops at the first mistake. So the definition with that mistake is blanked out, in
//! memory, and the rest is evaluated again: offsets stay the same, and one run shows them all.

mod schema;
mod wording;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diag::{Diagnostic, Label, Place, Report, Severity};
use crate::eval::{self, EvalError, Evaluated};
use crate::node::Node;
use crate::options::{self, FieldPlace};
use crate::path::OptionPath;
use crate::project::Project;
use crate::source::{Author, SourceFile, Sources, Span};

use schema::Schema;
use wording::Wording;

/// How often a definition with mistakes is tried again without the last one found.
const ATTEMPTS: usize = 60;

/// The value of a definition, or what is wrong with it.
pub struct Judged {
    /// The value, when the whole definition has one.
    pub value: Option<Node>,
    /// What is left when every mistake is taken out; only there when there were mistakes.
    pub remainder: Option<Node>,
    /// What the evaluator found.
    pub report: Report,
    /// The sources that the report points into.
    pub sources: Sources,
}

/// Evaluates the host file `name` with the given text.
pub fn evaluate(project: &Project, name: &str, text: &str) -> Judged {
    if let Some(range) = options::too_deep(text) {
        return too_deep(name, text, &range);
    }
    let failure = match eval::evaluate(project.request(name, text.to_owned())) {
        Ok(Evaluated { tree, sources }) => {
            return Judged { value: Some(tree), remainder: None, report: Report::default(), sources };
        }
        Err(failure) => failure,
    };
    let mut search = Search {
        project,
        name,
        text: text.to_owned(),
        report: Report::default(),
        taken_out: BTreeSet::new(),
        partial: false,
    };
    let mut sources = failure.sources.clone();
    let first = failure.errors.first().map(|error| error.message.trim().to_owned());
    search.unknown_options(&sources);
    let mut failure = Some(failure);
    let mut remainder = None;
    if search.text != text {
        failure = search.retry(&mut remainder);
    }
    for _ in 0..ATTEMPTS {
        let Some(current) = failure.take() else { break };
        let before = search.text.clone();
        for error in &current.errors {
            search.report_error(error, &current.sources);
        }
        if search.text == before {
            break;
        }
        failure = search.retry(&mut remainder);
    }
    if !search.report.has(Severity::Error) {
        // A definition without a value is never refused without a word.
        search.report.push(Diagnostic::error(
            "evaluation",
            &OptionPath::root(),
            first.filter(|text| !text.is_empty()).unwrap_or_else(|| "this file has no value".to_owned()),
            "look for characters that do not belong here, such as a carriage return without a line feed",
        ));
    }
    let remainder = remainder.map(|Evaluated { tree, sources: rest }| {
        // Findings about the rest need to know where its options are.
        sources = rest;
        tree
    });
    // The snippets must show what the user wrote, not what was blanked out.
    sources.restore(name, text);
    let remainder = remainder.filter(|_| !search.partial);
    Judged { value: None, remainder, report: search.report, sources }
}

fn too_deep(name: &str, text: &str, range: &Range<usize>) -> Judged {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile { name: name.to_owned(), text: text.into(), author: Author::User });
    let mut report = Report::default();
    report.push(Diagnostic {
        code: "too-deep",
        severity: Severity::Error,
        message: "this file is nested too deep".to_owned(),
        labels: vec![Label {
            place: Place::Span(Span { file, start: range.start, end: range.end }),
            message: String::new(),
        }],
        notes: vec![format!("{} levels are allowed, and as many annotations of one value", options::DEEPEST)],
        help: "look for a bracket that is not closed, or for what was written by accident".to_owned(),
    });
    Judged { value: None, remainder: None, report, sources }
}

/// Merging forgets where records were said, such as a service without settings: notes where their names are.
pub fn name_options(sources: &mut Sources, name: &str, text: &str) {
    let Some(file) = sources.find(name) else { return };
    let places: Vec<FieldPlace> =
        options::definitions(text).into_iter().filter(|place| place.rooted).collect();
    let path =
        |place: &FieldPlace| place.path.iter().fold(OptionPath::root(), |path, field| path.field(field));
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
    /// The names on the way to what was taken out: that they are missing is no mistake of the user's.
    taken_out: BTreeSet<String>,
    /// Whether so much was taken out that checks of the rest would be misled.
    partial: bool,
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

    /// Options that no schema knows and services that no module knows, found without evaluating.
    fn unknown_options(&mut self, sources: &Sources) {
        let Some(file) = sources.find(self.name) else { return };
        let Some(schema) = Schema::of(self.project) else { return };
        let definitions = options::definitions(&self.text);
        let mut blank: Vec<Range<usize>> = Vec::new();
        for place in definitions.iter().filter(|place| place.rooted) {
            let covered = |range: &Range<usize>| range.start <= place.key.start && place.key.end <= range.end;
            if blank.iter().any(covered) {
                continue;
            }
            let segments: Vec<&str> = place.path.iter().map(String::as_str).collect();
            let unknown = schema.unknown(&segments, &definitions, &self.text);
            let Some(unknown) = unknown else { continue };
            let Range { start, end } = unknown.place(place, &self.text);
            self.report.push(unknown.diagnostic(Span { file, start, end }));
            blank.push(place.with_comma.clone());
        }
        for range in blank {
            self.text = options::blank(&self.text, &range);
        }
    }

    fn report_error(&mut self, error: &EvalError, sources: &Sources) {
        let user = |span: &Span| sources.file(span.file).is_some_and(|file| file.author == Author::User);
        let in_host = |span: &Span| sources.file(span.file).is_some_and(|file| file.name == self.name);
        let mut labels = error.labels.clone();
        labels.sort_by_key(|(span, _)| (!in_host(span), !user(span)));
        let first = labels.first().filter(|(span, _)| user(span)).map(|(span, _)| span.clone());
        if first.as_ref().is_some_and(|span| in_host(span) && self.is_blank(span)) {
            // It comes of what was taken out before.
            return;
        }
        let wording = Wording::new(error, sources);
        let lacking = wording.code == "missing-option";
        if lacking && wording.lacks.as_ref().is_some_and(|name| self.taken_out.contains(name)) {
            return;
        }
        let asking = if lacking { self.asking(error, sources) } else { None };
        let secret = first.as_ref().filter(|_| wording.code == "literal-secret");
        let primary = secret
            .and_then(|record| self.field_of(record, wording::quoted(&wording.help)?))
            .or_else(|| first.clone())
            .filter(|_| !lacking)
            .or_else(|| asking.clone())
            .or_else(|| self.incomplete(wording.lacks.as_deref()?, sources))
            .unwrap_or_else(|| self.nearest(wording.wanted.as_deref().or(wording.lacks.as_deref()), sources));
        let mut shown = vec![Label { place: Place::Span(primary.clone()), message: String::new() }];
        for (span, message) in labels {
            let worth_showing =
                sources.file(span.file).is_some_and(|file| !file.name.starts_with("schemas/"));
            if span != primary && worth_showing && !lacking {
                shown.push(Label { place: Place::Span(span), message });
            }
        }
        let culprit = if lacking { asking } else { first.filter(|span| in_host(span)) };
        let place = culprit.and_then(|span| options::field_at(&self.text, span.start));
        let Wording { code, message, notes, help, wanted: _, lacks: _ } = wording;
        self.report.push(Diagnostic { code, severity: Severity::Error, message, labels: shown, notes, help });
        if let Some(place) = place {
            self.take_out(&place);
        }
    }

    /// The value of the field `name` of the record that is said at `record`.
    fn field_of(&self, record: &Span, name: &str) -> Option<Span> {
        let definitions = options::definitions(&self.text);
        let inside = |place: &&FieldPlace| {
            record.start <= place.definition.start
                && place.definition.end <= record.end
                && place.path.last().is_some_and(|last| last == name)
        };
        let value = definitions.iter().find(inside)?.value.clone()?;
        Some(Span { file: record.file, start: value.start, end: value.end })
    }

    fn is_blank(&self, span: &Span) -> bool {
        self.text.get(span.range()).is_some_and(|text| !text.is_empty() && text.trim().is_empty())
    }

    /// The service whose module, or a helper that it imports, asks for an option that the host lacks.
    fn asking(&self, error: &EvalError, sources: &Sources) -> Option<Span> {
        let file = sources.find(self.name)?;
        let definitions = options::definitions(&self.text);
        error.labels.iter().find_map(|(span, _)| {
            let helper = &sources.file(span.file)?.name;
            let place = definitions.iter().find(|place| match place.path.as_slice() {
                [services, id, ..] if place.rooted && services == "services" => {
                    let kind = schema::kind_of(&self.text, id);
                    let module = format!("modules/{}.ncl", kind.as_deref().unwrap_or(id));
                    *helper == module || imports(sources, &module, helper)
                }
                _ => false,
            })?;
            Some(Span { file, start: place.key.start, end: place.key.end })
        })
    }

    /// Blanks a definition out, so that the rest can be judged.
    fn take_out(&mut self, place: &FieldPlace) {
        self.text = options::blank(&self.text, &place.with_comma);
        self.taken_out.extend(place.path.iter().cloned());
        // Without the record that holds everything, what the rest lacks says nothing.
        self.partial |= place.path.len() < 2;
    }

    /// A record of the host file that has to have the option `name`, and does not.
    fn incomplete(&self, name: &str, sources: &Sources) -> Option<Span> {
        let file = sources.find(self.name)?;
        let schema = Schema::of(self.project)?;
        let definitions = options::definitions(&self.text);
        let has = |path: &[&str]| {
            definitions.iter().any(|other| {
                let other: Vec<&str> = other.path.iter().map(String::as_str).collect();
                other.starts_with(path) && other.get(path.len()) == Some(&name)
            })
        };
        let place = definitions.iter().filter(|place| place.rooted).find(|place| {
            let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
            (1..=path.len())
                .filter_map(|depth| path.get(..depth))
                .any(|path| schema.requires(path, name) && !has(path))
        })?;
        Some(Span { file, start: place.key.start, end: place.key.end })
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
        if let Some((_, place)) = best {
            return Span { file, start: place.key.start, end: place.key.end };
        }
        let start = self.text.find('{').unwrap_or_default();
        Span { file, start, end: (start + 1).min(self.text.len()) }
    }
}

/// Whether a file that was read names another one, as an import does.
fn imports(sources: &Sources, module: &str, helper: &str) -> bool {
    let quoted = format!("\"{helper}\"");
    sources.files().iter().any(|file| file.name == module && file.text.contains(&quoted))
}
