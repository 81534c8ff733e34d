//! `mediac schema`: the JSON schemas of what commands print for programs.

use clap::{Args, ValueEnum};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::doctor::Finding;
use super::exit::{Exit, Failure};
use super::plan::Document;
use super::status::State;
use super::target::history::Line;
use super::terminal::Terminal;
use super::wire;

#[derive(Debug, Args)]
pub struct Arguments {
    /// What is described
    #[arg(value_enum, value_name = "COMMAND")]
    of: Of,
}

/// A command with `--json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// What an apply would do
    Plan,
    /// What a machine is like; `verify` says the same
    Status,
    /// What was applied
    History,
    /// Whether a machine is fit
    Doctor,
    /// What wiring would do, or did
    Wire,
}

#[allow(clippy::unnecessary_wraps, reason = "a command like the others")]
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = match arguments.of {
        Of::Plan => schema::<Document<'_>>(),
        Of::Status => schema::<State>(),
        Of::History => schema::<Vec<Line>>(),
        Of::Doctor => schema::<Vec<Finding>>(),
        Of::Wire => schema::<wire::Document>(),
    };
    terminal.result(&format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default()));
    Ok(Exit::Done)
}

/// Of a type as it is written: what is always there is required.
fn schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
