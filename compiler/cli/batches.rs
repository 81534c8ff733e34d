//! Many hosts, a batch at a time, each in a process of its own.
//!
//! Values that refer to each other are never freed by the evaluator, and most of a definition does: in one
//! process, a thousand hosts would take a thousand times the memory of one.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::build::Built;
use super::exit::{Exit, Failure};
use super::hosts::HostFile;
use crate::report::Styling;

/// How many hosts one process builds, on all cores.
pub const SIZE: usize = 64;

/// Builds hosts in another mediac. None of them may have a name that is `taken`.
pub fn build(
    root: &Path,
    hosts: &[HostFile],
    out: &Path,
    styling: Styling,
    taken: &BTreeSet<String>,
) -> Result<Vec<Built>, Failure> {
    let colour = if styling == Styling::Coloured { "always" } else { "never" };
    let names = serde_json::to_vec(taken).map_err(|error| internal(&error.to_string()))?;
    let run = || {
        let mut child = Command::new(env::current_exe()?)
            .args(["build", "--batch", "--color", colour, "--directory"])
            .arg(root)
            .arg("--out")
            .arg(out)
            .arg("--")
            .args(hosts.iter().map(|host| &host.path))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&names)?;
        }
        child.wait_with_output()
    };
    let output = run().map_err(|error: io::Error| internal(&error.to_string()))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| internal(&format!("{}, {error}", output.status)))?
}

/// The names that the mediac that started this one has already given away.
pub fn taken() -> Result<BTreeSet<String>, Failure> {
    serde_json::from_reader(io::stdin()).map_err(|error| internal(&error.to_string()))
}

/// What a batch came to, for the mediac that asked for it.
pub fn answer(result: &Result<Vec<Built>, Failure>) -> String {
    serde_json::to_string(result).unwrap_or_default()
}

fn internal(message: &str) -> Failure {
    Failure {
        exit: Exit::Internal,
        message: format!("a batch of hosts was not built: {message}"),
        help: "build fewer hosts at a time, and report this".to_owned(),
    }
}
