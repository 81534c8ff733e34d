//! Many hosts, a batch at a time, each in a process of its own.
//!
//! Values that refer to each other are never freed by the evaluator, and most of a definition does: in one
//! process, a thousand hosts would take a thousand times the memory of one.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use super::build::Built;
use super::exit::{Exit, Failure};
use super::hosts::HostFile;
use crate::report::Styling;

/// How many hosts one process builds, on all cores.
pub const SIZE: usize = 64;

/// Builds hosts in another mediac.
pub fn build(root: &Path, hosts: &[HostFile], out: &Path, styling: Styling) -> Result<Vec<Built>, Failure> {
    let colour = if styling == Styling::Coloured { "always" } else { "never" };
    let result = env::current_exe().and_then(|program| {
        Command::new(program)
            .args(["build", "--batch", "--color", colour, "--directory"])
            .arg(root)
            .arg("--out")
            .arg(out)
            .arg("--")
            .args(hosts.iter().map(|host| &host.path))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
    });
    let output = result.map_err(|error| internal(&error.to_string()))?;
    serde_json::from_slice(&output.stdout).map_err(|error| internal(&format!("{}, {error}", output.status)))?
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
