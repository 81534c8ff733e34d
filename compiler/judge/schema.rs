//! What options there are, and what was meant by one that there is not.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use crate::diag::{Diagnostic, Label, Place, Severity};
use crate::options::{self, FieldPlace, OptionTree};
use crate::project::Project;
use crate::source::Span;

/// The options of hosts, and those of each module.
pub(super) struct Schema {
    host: OptionTree,
    modules: BTreeMap<String, Option<OptionTree>>,
}

/// An option or a service that nobody knows.
pub(super) struct Unknown {
    /// As it is written.
    name: String,
    code: &'static str,
    message: String,
    known: Vec<String>,
    help: String,
}

impl Schema {
    /// The schema of a project. It is read once: a process works on one project.
    pub(super) fn of(project: &Project) -> Option<&'static Self> {
        static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
        SCHEMA
            .get_or_init(|| {
                let sources = project.definitions();
                let host = OptionTree::read(&sources, "schemas/host.ncl", "Host").ok()?;
                let modules = project
                    .modules()
                    .map(|name| {
                        let tree = OptionTree::read_module(&sources, &format!("modules/{name}.ncl"));
                        (name.to_owned(), tree)
                    })
                    .collect();
                Some(Self { host, modules })
            })
            .as_ref()
    }

    /// What is wrong with an option of the given path, if nobody knows it.
    pub(super) fn unknown(&self, path: &[&str], definitions: &[FieldPlace], text: &str) -> Option<Unknown> {
        if let ["services", id, ..] = path {
            let kind = kind_of(text, id).unwrap_or_else(|| (*id).to_owned());
            let says = |field: &str| {
                let wanted = ["services", id, field];
                definitions
                    .iter()
                    .any(|place| place.rooted && place.path.iter().map(String::as_str).eq(wanted))
            };
            // A service whose fields come from elsewhere is judged when it is evaluated.
            let spelled_out =
                definitions.iter().filter(|place| place.rooted && place.path.len() == 2).all(|place| {
                    place.path.get(1).is_none_or(|name| name != id)
                        || place.value.as_ref().and_then(|range| text.get(range.clone())).is_some_and(
                            |value| value.trim_start().starts_with('{') && value.trim_end().ends_with('}'),
                        )
                });
            if !self.modules.contains_key(&kind) && spelled_out && !says("image") && !says("runtime") {
                return Some(self.unknown_module(id, &kind));
            }
            if let ["services", _, "options", rest @ ..] = path
                && !rest.is_empty()
            {
                let tree = self.modules.get(&kind)?.as_ref()?;
                return unknown_option(tree, rest, &format!("services.{id}.options."));
            }
        }
        unknown_option(&self.host, path, "")
    }

    /// Whether a record at `path` must have the option `name`.
    pub(super) fn requires(&self, path: &[&str], name: &str) -> bool {
        let full: Vec<&str> = path.iter().copied().chain([name]).collect();
        let entry = match full.as_slice() {
            ["services", id, "options", rest @ ..] => {
                self.modules.get(*id).and_then(Option::as_ref).and_then(|tree| tree.get(rest))
            }
            _ => self.host.get(&full),
        };
        entry.is_some_and(|entry| !entry.optional && !entry.has_value)
    }

    fn unknown_module(&self, id: &str, kind: &str) -> Unknown {
        let near = options::suggest(kind, self.modules.keys().map(String::as_str));
        let help = match near {
            Some(name) if id == kind => format!("did you mean `services.{name}`?"),
            Some(name) => format!("did you mean `services.{id}.kind = \"{name}\"`?"),
            None => format!("for a container of your own, set `services.{id}.image`"),
        };
        Unknown {
            name: if id == kind { id } else { "kind" }.to_owned(),
            code: "unknown-module",
            message: format!("no module knows the service `{kind}`"),
            known: self.modules.keys().cloned().collect(),
            help,
        }
    }
}

fn unknown_option(tree: &OptionTree, path: &[&str], prefix: &str) -> Option<Unknown> {
    let (name, parents) = path.split_last()?;
    let children = tree.children(parents)?;
    if children.contains(name) {
        return None;
    }
    let help = match options::suggest_path(tree, path) {
        Some(meant) => format!("did you mean `{prefix}{meant}`?"),
        None => "remove it, or see `mediac options` for what there is".to_owned(),
    };
    Some(Unknown {
        name: (*name).to_owned(),
        code: "unknown-option",
        message: format!("there is no option `{name}` here"),
        known: children.into_iter().map(str::to_owned).collect(),
        help,
    })
}

/// The module of a service, when the host file says so in plain text.
pub(super) fn kind_of(text: &str, id: &str) -> Option<String> {
    let place = options::definitions(text)
        .into_iter()
        .find(|place| place.rooted && place.path.iter().map(String::as_str).eq(["services", id, "kind"]))?;
    Some(text.get(place.value?)?.trim().trim_matches('"').to_owned())
}

impl Unknown {
    /// The name that nobody knows, in a definition with it in its path.
    pub(super) fn place(&self, field: &FieldPlace, text: &str) -> Range<usize> {
        let Self { name, .. } = self;
        if field.path.last() == Some(name) {
            return field.key.clone();
        }
        let start = field.definition.start;
        let before = text.get(start..field.key.start).unwrap_or_default();
        match before.rfind(&format!("{name}.")) {
            Some(at) => start + at..start + at + name.len(),
            None => field.key.clone(),
        }
    }

    /// The finding, with the place of the name.
    pub(super) fn diagnostic(self, span: Span) -> Diagnostic {
        let Self { code, message, known, help, name: _ } = self;
        Diagnostic {
            code,
            severity: Severity::Error,
            message,
            labels: vec![Label { place: Place::Span(span), message: String::new() }],
            notes: vec![format!("known here: {}", known.join(", "))],
            help,
        }
    }
}
