//! What is said about a mistake that the evaluator found.

use crate::eval::{ErrorKind, EvalError};
use crate::source::{Sources, Span};

/// A mistake in words.
pub(super) struct Wording {
    pub code: &'static str,
    pub message: String,
    pub notes: Vec<String>,
    pub help: String,
    /// The option of the host that a module asks for, such as `storage.downloads`.
    pub wanted: Option<String>,
    /// The name of an option that must be there and is not.
    pub lacks: Option<String>,
}

impl Wording {
    pub(super) fn new(error: &EvalError, sources: &Sources) -> Self {
        let message = headline(error, sources);
        let code = code(error.kind, &message);
        let lacking = code == "missing-option";
        let wanted = error.labels.iter().filter(|_| lacking).find_map(|(span, _)| wanted(sources, span));
        let lacks = quoted(&message).filter(|_| lacking).map(str::to_owned);
        let mut notes = error.notes.clone();
        notes.retain(|note| {
            let of_the_language = ["contract", "Contract", "merge", "Merge", "record", "`std."];
            !note.starts_with("Have you") && !of_the_language.iter().any(|word| note.contains(word))
        });
        let message = match (&wanted, lacking) {
            (Some(option), true) => format!("a service needs `{option}`, which the host file does not set"),
            (None, true) => format!("the option `{}` is missing", lacks.as_deref().unwrap_or_default()),
            _ => message,
        };
        let help = help(error.kind, code, &notes, wanted.as_deref(), lacks.as_deref());
        Self { code, message, notes, help, wanted, lacks }
    }
}

/// The message: what a contract of ours says stands below the evaluator's own words.
fn headline(error: &EvalError, sources: &Sources) -> String {
    let mut lines = error.message.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let rest: Vec<&str> = lines.collect();
    if error.kind != ErrorKind::Contract {
        return if rest.is_empty() { first.to_owned() } else { format!("{first} {}", rest.join(" ")) };
    }
    if let Some(extra) = rest.iter().chain([&first]).find(|line| line.contains("extra field")) {
        let name = quoted(extra).unwrap_or_default();
        return format!("there is no option `{name}` here (extra field)").replace(" (extra field)", "");
    }
    if !rest.is_empty() && !rest.concat().contains("not in the enum type") {
        return rest.join(" ");
    }
    let plain = first.strip_prefix("contract broken by ").unwrap_or(first);
    let expected = error
        .labels
        .iter()
        .find(|(_, message)| message == "expected type" || message == "expected array element type")
        .and_then(|(span, _)| sources.file(span.file)?.text.get(span.range()));
    match (plain.strip_prefix("the value of "), expected) {
        (Some(name), Some(kind)) => format!("{name} takes {}", words(kind)),
        (None, Some(kind)) => format!("this takes {}", words(kind)),
        _ => format!("{plain} is not what the option takes"),
    }
}

/// A type in words, as far as there are some.
fn words(kind: &str) -> String {
    let kind = kind.split_whitespace().collect::<Vec<_>>().join(" ");
    match kind.as_str() {
        "String" => "text".to_owned(),
        "Number" => "a number".to_owned(),
        "Bool" => "`true` or `false`".to_owned(),
        _ if kind.starts_with("[|") => format!("one of {}", kind.trim_matches(['[', ']', '|', ' ', ','])),
        _ if kind.starts_with("Array") => "a list: [ … ]".to_owned(),
        _ if kind.starts_with('{') || kind.ends_with("Input") => "a record: { … }".to_owned(),
        _ => format!("`{}`", kind.rsplit('.').next().unwrap_or(&kind)),
    }
}

/// The first text between backticks.
fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

/// The option that a module reads from the host at a span.
fn wanted(sources: &Sources, span: &Span) -> Option<String> {
    let file = sources.file(span.file)?;
    let (_, rest) = file.text.get(span.range())?.split_once("host.")?;
    let path: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).collect();
    // What lies below is the module's business: the host lacks the option above it.
    let path = path.trim_end_matches('.');
    Some(path.splitn(3, '.').take(2).collect::<Vec<_>>().join("."))
}

fn code(kind: ErrorKind, message: &str) -> &'static str {
    match kind {
        ErrorKind::Syntax => "syntax",
        ErrorKind::Import => "import",
        ErrorKind::Type => "type",
        ErrorKind::Contract if message.contains("no module knows") => "unknown-module",
        ErrorKind::Contract if message.contains("secret is written out") => "literal-secret",
        ErrorKind::Contract if message.contains("there is no option") => "unknown-option",
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

fn help(
    kind: ErrorKind,
    code: &str,
    notes: &[String],
    wanted: Option<&str>,
    lacks: Option<&str>,
) -> String {
    let text = match (kind, code) {
        (_, "missing-option") => {
            return match (wanted, lacks) {
                (Some(option), _) => format!("set `{option}` in the host file"),
                (None, Some(name)) => format!("add `{name} = …` here"),
                (None, None) => "add the option that is missing".to_owned(),
            };
        }
        (_, "unknown-option") => "remove it, or see `mediac options` for what there is",
        (ErrorKind::Syntax, _) => "correct the text here",
        (ErrorKind::Import, _) => "correct the path: it is relative to this file, or to the project",
        (ErrorKind::Conflict, _) => "keep one of the two definitions, or mark one with `| force`",
        (ErrorKind::Recursion, _) => "break the circle: give one of the values outright",
        (ErrorKind::NotData, _) => "give data here: text, a number, a list or a record",
        (ErrorKind::Internal, _) => "this is a fault of mediac, not of the host file",
        _ if !notes.is_empty() => "change the value as the note says",
        _ => "see `mediac options` for what it takes",
    };
    text.to_owned()
}
