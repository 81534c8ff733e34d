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
        let message = in_plain_words(code, message);
        let lacking = code == "missing-option";
        let wanted = error.labels.iter().filter(|_| lacking).find_map(|(span, _)| wanted(sources, span));
        let lacks = quoted(&message).filter(|_| lacking).map(str::to_owned);
        let mut notes = error.notes.clone();
        notes.retain(|note| {
            let of_the_language =
                ["contract", "Contract", "merge", "record", "`std.", "serializ", "exporting", "equal"];
            !note.starts_with("Have you") && !of_the_language.iter().any(|word| note.contains(word))
        });
        let message = match (&wanted, lacking) {
            (Some(option), true) => format!("a service needs `{option}`, which the host file does not set"),
            (None, true) => format!("the option `{}` is missing", lacks.as_deref().unwrap_or_default()),
            _ => message,
        };
        let help = match notes.pop().filter(|_| code == "wrong-value" || code == "literal-secret") {
            Some(advice) => advice,
            None => help(code, wanted.as_deref(), lacks.as_deref()),
        };
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
        (Some(name), Some(kind)) => format!("{name} takes {}", words(kind, sources)),
        (None, Some(kind)) => format!("this takes {}", words(kind, sources)),
        _ => format!("{plain} is not what the option takes"),
    }
}

/// A type in words, as far as there are some.
fn words(kind: &str, sources: &Sources) -> String {
    let kind = kind.split_whitespace().collect::<Vec<_>>().join(" ");
    match kind.as_str() {
        "String" => "text".to_owned(),
        "Number" => "a number".to_owned(),
        "Bool" => "`true` or `false`".to_owned(),
        _ if kind.starts_with("[|") => format!("one of {}", kind.trim_matches(['[', ']', '|', ' ', ','])),
        _ if kind.starts_with("Array") => "a list: [ … ]".to_owned(),
        _ if kind.starts_with('{') || kind.ends_with("Input") => "a record: { … }".to_owned(),
        _ => {
            let name = kind.rsplit('.').next().unwrap_or(&kind);
            meaning(name, sources).unwrap_or_else(|| format!("`{name}`"))
        }
    }
}

/// What the name of a type stands for: its tags, or the doc of a word of the vocabulary.
fn meaning(name: &str, sources: &Sources) -> Option<String> {
    let schemas = || sources.files().iter().filter(|file| file.name.starts_with("schemas/"));
    let tags = schemas().find_map(|file| {
        let (_, rest) = file.text.split_once(&format!("let {name} = [|"))?;
        Some(format!("one of {}", rest.split("|]").next()?.trim()))
    });
    tags.or_else(|| {
        schemas().find_map(|file| {
            let (_, rest) = file.text.split_once(&format!("\n  {name}\n    | doc \""))?;
            let doc = rest.split(".\"\n").next()?.replace("\\\"", "\"");
            let mut letters = doc.chars();
            let first = letters.next()?.to_lowercase();
            Some(first.chain(letters).collect())
        })
    })
}

/// The evaluator's own words for what users need not know in its terms.
fn in_plain_words(code: &str, message: String) -> String {
    match code {
        // Where it is said is where the finding points.
        "syntax" => message.split(" when parsing ").next().unwrap_or(&message).to_owned(),
        "conflict" => "two definitions of this value disagree".to_owned(),
        "not-data" => "this is no data: a function, or something else that cannot be written down".to_owned(),
        "import" => {
            let file = message.strip_prefix("import of ").and_then(|rest| rest.split(" failed").next());
            file.map_or(message.clone(), |file| format!("cannot import `{file}`: there is no such file"))
        }
        _ => message,
    }
}

/// The first text between backticks.
pub(super) fn quoted(text: &str) -> Option<&str> {
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
        // The type checker reads imports, and hands on what their parser says.
        ErrorKind::Type if message.starts_with("unexpected") || message.contains("when parsing") => "syntax",
        ErrorKind::Type if message.starts_with("import of") => "import",
        ErrorKind::Type if message.starts_with("unbound identifier") => "unbound-name",
        ErrorKind::Type => "type",
        _ if message.contains("cannot merge") || message.contains("non mergeable") => "conflict",
        _ if message.contains("non serializable") => "not-data",
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

fn help(code: &str, wanted: Option<&str>, lacks: Option<&str>) -> String {
    let text = match code {
        "missing-option" => {
            return match (wanted, lacks) {
                (Some(option), _) => format!("set `{option}` in the host file"),
                (None, Some(name)) => format!("add `{name} = …` here"),
                (None, None) => "add the option that is missing".to_owned(),
            };
        }
        "unknown-option" => "remove it, or see `mediac options` for what there is",
        "syntax" => "look for a comma, a quote or a bracket that is missing here or just before",
        "import" => "correct the path: it is relative to this file, or to the project",
        "unbound-name" => {
            "text needs quotes; a name has to be defined with `let` or to be a field next to it"
        }
        "conflict" => "keep one of the two definitions, or mark one with `| force`",
        "recursion" => "break the circle: give one of the values outright",
        "not-data" => "give data here: text, a number, a list or a record",
        "internal" => "this is a fault of mediac, not of the host file",
        _ => "see `mediac options` for what it takes",
    };
    text.to_owned()
}
