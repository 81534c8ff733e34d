//! What was done on the machine: a line for each apply, in a file that only grows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Machine, now};
use crate::apply::{End, Found};

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Line {
    /// When, in seconds since 1970.
    pub time: u64,
    /// What was called: apply, rollback, recover.
    pub verb: String,
    /// The build before.
    pub from: Option<u64>,
    /// The build.
    pub to: u64,
    /// What came of it: applied, undone, degraded.
    pub result: String,
    /// Why it was not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Adds a line. What was done does not depend on it.
pub fn note(machine: &Machine, verb: &str, from: Option<u64>, to: u64, end: &End) {
    let (result, reason) = match end {
        End::Applied(_) => ("applied", None),
        End::Waiting(_) => ("waiting", None),
        End::Undone(reason) => ("undone", Some(reason.clone())),
        End::Degraded(reason, error) => ("degraded", Some(format!("{reason}; {error}"))),
    };
    let line = Line { time: now(), verb: verb.to_owned(), from, to, result: result.to_owned(), reason };
    let _ = machine.disk.append(&machine.places.history, &serde_json::to_string(&line).unwrap_or_default());
}

/// All lines; one that was cut off is left out.
pub fn lines(machine: &Machine) -> Vec<Line> {
    match machine.disk.look(&machine.places.history) {
        Ok(Found::File { bytes, .. }) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
        }
        _ => Vec::new(),
    }
}

/// The build that the machine had before the current one came.
pub fn before(machine: &Machine, current: Option<u64>) -> Option<u64> {
    let lines = lines(machine);
    lines
        .iter()
        .rev()
        .find(|line| Some(line.to) == current && line.result == "applied")
        .and_then(|line| line.from)
}
