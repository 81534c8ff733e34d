//! `mediac options`: every option, with its type, default, meaning and place.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::terminal::Terminal;
use crate::options::{OptionDoc, OptionTree};
use crate::project::Project;
use crate::source::line_column;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Only options whose path or meaning contains this
    query: Option<String>,
    /// Write them as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    option: String,
    #[serde(rename = "type")]
    kind: String,
    default: Option<String>,
    required: bool,
    doc: Option<String>,
    defined: String,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let root = place.root().unwrap_or_else(|| place.absolute(".".as_ref()));
    let project = Project::open(&root).map_err(hosts::unreadable)?;
    let all = list(&project)?;
    let query = arguments.query.as_deref().unwrap_or_default().to_lowercase();
    let matches = |listed: &&Listed| {
        listed.option.to_lowercase().contains(&query)
            || listed.doc.as_ref().is_some_and(|doc| doc.to_lowercase().contains(&query))
    };
    let found: Vec<&Listed> = all.iter().filter(matches).collect();
    if found.is_empty() {
        return Err(Failure::invalid(
            format!("no option has `{query}` in it"),
            "call `mediac options` for all of them",
        ));
    }
    if arguments.json {
        let mut text = serde_json::to_string_pretty(&found).unwrap_or_default();
        text.push('\n');
        terminal.result(&text);
    } else {
        let text: String = found.iter().map(|listed| human(listed)).collect();
        terminal.result(&text);
    }
    Ok(Exit::Done)
}

/// The options of hosts, and those of each module.
fn list(project: &Project) -> Result<Vec<Listed>, Failure> {
    let sources = project.definitions();
    let internal = |message: String| Failure {
        exit: Exit::Internal,
        message: format!("internal error, please report: {message}"),
        help: "this is a fault of mediac, not of the project".to_owned(),
    };
    let host = OptionTree::read(&sources, "schemas/host.ncl", "Host").map_err(internal)?;
    let text = |doc: &OptionDoc| sources.get(&doc.file).cloned().unwrap_or_default();
    let mut all: Vec<Listed> =
        host.documents().into_iter().map(|doc| listed("", &doc, &text(&doc))).collect();
    for module in project.modules() {
        let Some(tree) = OptionTree::read_module(&sources, &format!("modules/{module}.ncl")) else {
            continue;
        };
        let prefix = format!("services.{module}.options.");
        all.extend(tree.documents().into_iter().map(|doc| listed(&prefix, &doc, &text(&doc))));
    }
    Ok(all)
}

fn listed(prefix: &str, doc: &OptionDoc, source: &str) -> Listed {
    let (line, _) = line_column(source, doc.span.start);
    Listed {
        option: format!("{prefix}{}", doc.pattern),
        kind: doc.type_text.clone(),
        default: doc.default.clone(),
        required: doc.required,
        doc: doc.doc.clone(),
        defined: format!("{}:{line}", doc.file),
    }
}

fn human(listed: &Listed) -> String {
    let Listed { option, kind, default, required, doc, defined } = listed;
    let mut text = format!("{option}\n    {kind}");
    match default {
        Some(default) => {
            let _ = write!(text, ", by default {default}");
        }
        None if *required => text.push_str(", required"),
        None => {}
    }
    text.push('\n');
    if let Some(doc) = doc {
        let _ = writeln!(text, "    {doc}");
    }
    let _ = writeln!(text, "    {defined}\n");
    text
}
