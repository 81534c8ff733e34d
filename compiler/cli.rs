//! The command line: the only place that prints, or reads the clock, the environment or the terminal.

mod apply;
mod batches;
mod build;
mod cache;
mod check;
mod completions;
mod confirm;
mod diff;
mod doctor;
mod exit;
mod gc;
mod git;
mod history;
mod hosts;
mod identity;
mod options;
mod output;
mod plan;
mod prove;
mod recover;
mod remote;
mod remove;
mod rollback;
mod schema;
mod secrets;
mod show;
mod status;
mod target;
mod terminal;
mod verify;
mod why;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub use exit::Exit;

/// The compiler for home media servers: one typed host definition in, every file of the machine out
#[derive(Debug, Parser)]
#[command(
    name = "mediac",
    version,
    arg_required_else_help = true,
    after_help = "A project is a folder with hosts/*.ncl. Without a HOST, commands take all of hosts/.\n\
                  `mediac help exit-codes` says what the exit codes mean."
)]
struct Cli {
    /// Work as if started in this folder
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Whether to use colours
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    #[command(subcommand)]
    verb: Verb,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Judge host files and write nothing
    Check(check::Arguments),
    /// Write every file of the hosts to out/
    Build(build::Arguments),
    /// Show what would change, and what that would restart
    Diff(diff::Arguments),
    /// Show what the firewall does with every packet there can be, and who can reach what
    Prove(prove::Arguments),
    /// Show what applying a build to this machine would do
    Plan(plan::Arguments),
    /// Apply a build to this machine, whole or not at all
    Apply(apply::Arguments),
    /// Say that the machine can still be reached, so that a build stays
    Confirm(confirm::Arguments),
    /// Go back to a build that was applied before
    Rollback(rollback::Arguments),
    /// Take back an apply that was cut off
    Recover(recover::Arguments),
    /// Show what was edited by hand, and what is under way
    Status(status::Arguments),
    /// Compare the machine's files with what was applied
    Verify(verify::Arguments),
    /// List the builds that were applied
    History(history::Arguments),
    /// Show a build that was applied
    Show(show::Arguments),
    /// Remove old builds from this machine
    Gc(gc::Arguments),
    /// Take everything that mediac made off this machine; data stays
    Remove(remove::Arguments),
    /// Look whether this machine is fit for mediac, and whether what was applied holds
    Doctor(doctor::Arguments),
    /// Make the services know each other, over their own interfaces
    #[command(subcommand)]
    Wire(wire::Verb),
    /// Keep values of secrets in the project, encrypted, and see which there are
    #[command(subcommand)]
    Secrets(secrets::Verb),
    /// From a line of a generated file to the option that caused it, or back
    Why(why::Arguments),
    /// List the options: types, defaults, and what they mean
    Options(options::Arguments),
    /// Print the JSON schema of what a command says with `--json`
    Schema(schema::Arguments),
    /// Print completions for a shell
    Completions(completions::Arguments),
    /// Say what the exit codes mean, and what the machine is like then
    #[command(after_help = exit::table())]
    ExitCodes,
}

/// Runs the command given on the command line.
pub fn main() -> ExitCode {
    exit::report_panics();
    exit::leave_no_core();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let terminal = terminal::Terminal::new(cli.color);
    let place = hosts::Place::new(cli.directory);
    let result = match cli.verb {
        Verb::Check(arguments) => check::run(&arguments, &place, &terminal),
        Verb::Build(arguments) => build::run(&arguments, &place, &terminal),
        Verb::Diff(arguments) => diff::run(&arguments, &place, &terminal),
        Verb::Prove(arguments) => prove::run(&arguments, &place, &terminal),
        Verb::Plan(arguments) => plan::run(&arguments, &place, &terminal),
        Verb::Apply(arguments) => apply::run(&arguments, &place, &terminal),
        Verb::Rollback(arguments) => rollback::run(&arguments, &terminal),
        Verb::Recover(arguments) => recover::run(&arguments, &terminal),
        Verb::Status(arguments) => status::run(&arguments, &terminal),
        Verb::History(arguments) => history::run(&arguments, &terminal),
        Verb::Confirm(arguments) => confirm::run(&arguments, &terminal),
        Verb::Verify(arguments) => verify::run(&arguments, &terminal),
        Verb::Show(arguments) => show::run(&arguments, &terminal),
        Verb::Gc(arguments) => gc::run(&arguments, &terminal),
        Verb::Remove(arguments) => remove::run(&arguments, &terminal),
        Verb::Doctor(arguments) => doctor::run(&arguments, &terminal),
        Verb::Secrets(verb) => secrets::run(&verb, &place, &terminal),
        Verb::Wire(verb) => wire::run(&verb, &place, &terminal),
        Verb::Why(arguments) => why::run(&arguments, &place, &terminal),
        Verb::Options(arguments) => options::run(&arguments, &place, &terminal),
        Verb::Schema(arguments) => schema::run(&arguments, &terminal),
        Verb::Completions(arguments) => completions::run(&arguments, &terminal),
        Verb::ExitCodes => {
            terminal.result(&exit::table());
            Ok(Exit::Done)
        }
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.error(&failure);
            failure.exit.into()
        }
    }
}

/// The command line itself, for completions.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
