//! `mediac check`: judges host files and writes nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::terminal::Terminal;
use crate::compile::Outcome;
use crate::diag::Severity;
use crate::report;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Host files, or names of hosts in hosts/
    #[arg(value_name = "HOST")]
    hosts: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the lines they are about
    Human,
    /// As one JSON document
    Json,
    /// As workflow commands
    Github,
    /// As SARIF 2.1
    Sarif,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let selection = place.select(&arguments.hosts)?;
    let outcomes = hosts::compile(&selection);
    let reports: Vec<_> = outcomes.iter().map(|outcome| (&outcome.report, &outcome.sources)).collect();
    match arguments.format {
        Format::Human => {
            terminal.progress(&report::write(&reports, report::Format::Human(terminal.stderr())));
            terminal.progress(&summary(&outcomes));
        }
        Format::Json => terminal.result(&report::write(&reports, report::Format::Json)),
        Format::Github => terminal.result(&report::write(&reports, report::Format::Github)),
        Format::Sarif => terminal.result(&report::write(&reports, report::Format::Sarif)),
    }
    let limit = if arguments.strict { Severity::Warning } else { Severity::Error };
    let refused = outcomes.iter().any(|outcome| outcome.report.has(limit) || outcome.compiled.is_none());
    Ok(if refused { Exit::Invalid } else { Exit::Done })
}

/// One line on how many hosts are well, and how many findings there are.
pub fn summary(outcomes: &[Outcome]) -> String {
    let count = |severity: Severity| {
        let findings = outcomes.iter().flat_map(|outcome| outcome.report.findings());
        findings.filter(|finding| finding.severity == severity).count()
    };
    let plural = |number: usize, word: &str| {
        if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
    };
    format!(
        "{} checked: {}, {}, {}\n",
        plural(outcomes.len(), "host"),
        plural(count(Severity::Error), "error"),
        plural(count(Severity::Warning), "warning"),
        plural(count(Severity::Note), "note"),
    )
}
