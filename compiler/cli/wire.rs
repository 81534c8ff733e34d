//! `mediac wire`: makes the services of this machine know each other, and shows before what that would change.

mod adopt;
mod desk;
mod document;
mod human;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::hosts::Place;
use super::target;
use super::terminal::Terminal;
use crate::wire::{Outcome, Prune, Run, ServicePlan, Spot, Trouble};
use desk::Desk;

pub use document::Document;

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show what wiring would change in the services, field by field; changes nothing
    Plan(PlanArguments),
    /// Wire the services; what is as it should be is left alone
    Apply(ApplyArguments),
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    common: Common,
    /// How long to wait for services, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u64,
    /// Print what to write into the host file to keep what was changed in the services
    #[arg(long, conflicts_with = "json")]
    adopt: bool,
    /// End with 2 when there is anything to do
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Args)]
pub struct ApplyArguments {
    #[command(flatten)]
    common: Common,
    /// How long to wait for services, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
}

#[derive(Debug, Args)]
struct Common {
    /// A host file, or the name of a host; by default what was applied to this machine
    #[arg(value_name = "HOST")]
    host: Option<PathBuf>,
    /// Remove what mediac made and nothing declares any more
    #[arg(long)]
    prune: bool,
    /// The longest that one answer may take, in seconds
    // Services that try others out before they save wait 100 seconds for them.
    #[arg(long, value_name = "SECONDS", default_value_t = 130)]
    timeout: u64,
    #[command(flatten)]
    target: target::Arguments,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub fn run(verb: &Verb, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    match verb {
        Verb::Plan(arguments) => plan(arguments, place, terminal),
        Verb::Apply(arguments) => apply(arguments, place, terminal),
    }
}

fn plan(arguments: &PlanArguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let common = &arguments.common;
    let desk = Desk::open(&common.target, common.host.as_deref(), place, terminal)?;
    let records = desk.records()?;
    let run = desk.run(common.prune(), arguments.wait, common.timeout, desk::Voice::Progress);
    let outcome = run.plan(records).map_err(|circle| in_a_circle(&circle))?;
    if arguments.adopt {
        terminal.result(&adopt::nickel(&outcome));
    } else if common.json {
        terminal.result(&Document::new(&desk.wiring, &outcome).json());
    } else {
        terminal.result(&human::plan(&desk.wiring, &outcome.plan, terminal.stdout()));
    }
    Ok(if outcome.plan.values().any(|plan| plan.troubles().next().is_some()) {
        Exit::Invalid
    } else if arguments.exit_code && outcome.plan.values().any(|plan| !plan.is_done()) {
        Exit::Differences
    } else {
        Exit::Done
    })
}

fn apply(arguments: &ApplyArguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let common = &arguments.common;
    let desk = Desk::open(&common.target, common.host.as_deref(), place, terminal)?;
    let _lock = desk.lock()?;
    let records = desk.records()?;
    let voice = if common.json { desk::Voice::Progress } else { desk::Voice::Events };
    let run: Run<'_> = desk.run(common.prune(), arguments.wait, common.timeout, voice);
    let outcome = run.apply(records).map_err(|circle| in_a_circle(&circle))?;
    if common.json {
        terminal.result(&Document::new(&desk.wiring, &outcome).json());
    } else {
        terminal.result(&human::outcome(&desk.wiring, &outcome, terminal.stdout()));
    }
    if let Some(why) = &outcome.unkept {
        return Err(Failure {
            exit: Exit::Degraded,
            message: format!("what was wired could not be noted: {why}"),
            help: "make room, and run it again: it finds what is there".to_owned(),
        });
    }
    Ok(exit(&outcome))
}

/// A part is left: after something was done, or because of what may be gone soon. Otherwise trying again is of no use.
fn exit(outcome: &Outcome) -> Exit {
    let left = outcome.left.values().any(|plan| !plan.is_done() || plan.troubles().next().is_some());
    let troubles = outcome.left.values().flat_map(ServicePlan::troubles);
    let failed = outcome.events.iter().filter_map(|event| event.result.as_ref().err());
    let passes = troubles.chain(failed).any(Trouble::may_pass);
    match (left, passes || outcome.events.iter().any(|event| event.result.is_ok())) {
        (false, _) => Exit::Done,
        (true, false) => Exit::Invalid,
        (true, true) => Exit::Degraded,
    }
}

fn in_a_circle(circle: &[Spot]) -> Failure {
    let names: Vec<String> =
        circle.iter().map(|(service, resource)| format!("{service}/{resource}")).collect();
    Failure::invalid(
        format!("objects wait for each other: {}", names.join(", ")),
        "`mediac check` names the references",
    )
}

impl Common {
    const fn prune(&self) -> Prune {
        if self.prune { Prune::Remove } else { Prune::Keep }
    }
}

/// Seconds as a duration.
const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
