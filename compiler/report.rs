//! Writes findings down, for people and for programs.

mod github;
mod human;
mod json;
mod located;
mod sarif;

use crate::diag::Report;
use crate::source::Sources;

pub use human::Styling;
pub use located::{Located, Position, locate};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With the lines they are about.
    Human(Styling),
    /// One JSON document.
    Json,
    /// Workflow commands, which become annotations of a change.
    Github,
    /// SARIF 2.1, for code scanning.
    Sarif,
}

/// The findings of several host files as one text.
pub fn write(reports: &[(&Report, &Sources)], format: Format) -> String {
    match format {
        Format::Human(styling) => {
            reports.iter().map(|(report, sources)| human::write(report, sources, styling)).collect()
        }
        Format::Json => json::write(&located(reports)),
        Format::Github => github::write(&located(reports)),
        Format::Sarif => sarif::write(&located(reports)),
    }
}

fn located(reports: &[(&Report, &Sources)]) -> Vec<Located> {
    reports
        .iter()
        .flat_map(|(report, sources)| report.findings().iter().map(|finding| locate(finding, sources)))
        .collect()
}
