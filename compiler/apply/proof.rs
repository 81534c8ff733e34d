//! What shows that a step took effect: programs that lie say that they did it, and did not.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{Containers, Unit, handle, is_named};

/// What has to be the case after a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// systemd has read its units anew.
    Reread,
    /// A unit is started at boot.
    Enabled(String),
    /// It is not.
    Disabled(String),
    /// A unit was started, or was active before and still is.
    Started(String),
    /// A unit runs anew.
    Restarted(String),
    /// It does if it was in use.
    RestartedIfUsed(String),
    /// A unit has taken its files in, or runs anew.
    Reloaded(String),
    /// A unit has stopped.
    Stopped(String),
    /// No failure of a unit is remembered.
    Forgotten(String),
    /// A table of the firewall is another one than before.
    NewTable(String),
    /// These tables are gone.
    NoTables(Vec<String>),
    /// The routing rules of the kill-switch are gone.
    NoRules,
    /// Containers are made from these definitions; nothing is known of one that is empty.
    Made(BTreeMap<String, String>),
    /// They are, and run, and are well.
    Well(BTreeMap<String, String>),
    /// The container that had this name is gone; another one may have it.
    Gone(String),
    /// A container was started anew.
    StartedAnew(String),
    /// The network that had this name is gone.
    NoNetwork(String),
}

/// A program that changes nothing, and prints an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Exit codes beside 0 of an answer.
    pub accepts: &'static [i32],
}

/// All that is asked about a unit.
const UNIT: &str = "--property=ActiveState,InvocationID,StateChangeTimestampMonotonic,ConditionResult,\
                    ConditionTimestampMonotonic,NeedDaemonReload,Type,RemainAfterExit";
/// When systemd last read all units.
const READ: &str = "--property=UnitsLoadTimestampMonotonic";
/// `is-enabled` says so by its exit code as well: 1 for units that are not, 4 for those that are not there.
const NOT_ENABLED: &[i32] = &[1, 4];
const CONTAINERS: &str = "docker ps --all --no-trunc --format '{{.Names}} {{.ID}} {{.State}} \
                          [{{.Label \"mediac.definition\"}}] {{.Status}}'";
const NETWORKS: &str = "docker network ls --no-trunc --format '{{.Name}} {{.ID}}'";
/// Where Docker does not run, nothing of it does.
const UNLESS_DOWN: &str = "|| ! systemctl is-active --quiet docker.service";
/// All of them: what is given to `show` as a protocol, it does not look at.
const RULES: &str = "ip -4 rule show && if test -e /proc/sys/net/ipv6; then ip -6 rule show; fi";

impl Proof {
    /// What is asked after a step, and before it when the answers are compared.
    pub fn question(&self) -> Question {
        let ask = |words: &[&str], accepts| Question {
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            accepts,
        };
        match self {
            Self::Reread => ask(&["systemctl", "show", READ], &[]),
            Self::Enabled(unit) | Self::Disabled(unit) => {
                ask(&["systemctl", "is-enabled", unit], NOT_ENABLED)
            }
            Self::Started(unit)
            | Self::Restarted(unit)
            | Self::RestartedIfUsed(unit)
            | Self::Reloaded(unit)
            | Self::Stopped(unit)
            | Self::Forgotten(unit) => ask(&["systemctl", "show", UNIT, unit], &[]),
            Self::NewTable(_) | Self::NoTables(_) => ask(&["nft", "--json", "list", "tables"], &[]),
            Self::NoRules => ask(&["sh", "-c", RULES], &[]),
            Self::Made(_) | Self::Well(_) => ask(&["sh", "-c", CONTAINERS], &[]),
            Self::Gone(_) => ask(&["sh", "-c", &format!("{CONTAINERS} {UNLESS_DOWN}")], &[]),
            Self::NoNetwork(_) => ask(&["sh", "-c", &format!("{NETWORKS} {UNLESS_DOWN}")], &[]),
            Self::StartedAnew(name) => {
                ask(&["docker", "inspect", "--type=container", "--format={{.State.StartedAt}}", name], &[])
            }
        }
    }

    /// Whether the answer before the step matters.
    pub const fn compares(&self) -> bool {
        match self {
            Self::Reread
            | Self::Started(_)
            | Self::Restarted(_)
            | Self::RestartedIfUsed(_)
            | Self::Reloaded(_)
            | Self::NewTable(_)
            | Self::Gone(_)
            | Self::StartedAnew(_)
            | Self::NoNetwork(_) => true,
            Self::Enabled(_)
            | Self::Disabled(_)
            | Self::Stopped(_)
            | Self::Forgotten(_)
            | Self::NoTables(_)
            | Self::NoRules
            | Self::Made(_)
            | Self::Well(_) => false,
        }
    }

    /// Whether the answers show it; the error says what they show instead.
    pub fn judge(&self, before: &str, after: &str) -> Result<(), String> {
        let (was, is) = (Unit::new(before), Unit::new(after));
        match self {
            Self::Reread => so(before != after, || "systemd did not read its units again".to_owned()),
            Self::Enabled(unit) => {
                so(after.trim() == "enabled", || format!("{unit} is {}, not enabled", after.trim()))
            }
            Self::Disabled(unit) => so(!after.starts_with("enabled"), || format!("{unit} is still enabled")),
            Self::Started(unit) if was.is_active() => is.is_well(unit),
            Self::Started(unit) | Self::Restarted(unit) => is.ran_since(&was, unit),
            Self::RestartedIfUsed(unit) if was.is_used() => is.ran_since(&was, unit),
            Self::RestartedIfUsed(_) => Ok(()),
            Self::Reloaded(unit) => is.moved_since(&was, unit),
            Self::Stopped(unit) => so(is.has_stopped(), || format!("{unit} is {}", is.state())),
            Self::Forgotten(unit) => so(is.state() != "failed", || format!("{unit} is still failed")),
            Self::NewTable(name) => {
                let (was, is) = (handle(before, name)?, handle(after, name)?);
                so(is.is_some() && is != was, || format!("the table {name} was not loaded again"))
            }
            Self::NoTables(names) => names.iter().try_for_each(|name| {
                so(handle(after, name)?.is_none(), || format!("the table {name} is still there"))
            }),
            Self::NoRules => {
                let stay = after.lines().any(|rule| rule.trim_end().ends_with("proto 77"));
                so(!stay, || "its routing rules are still there".to_owned())
            }
            Self::Made(wanted) => Containers(after).are_made(wanted),
            Self::Well(wanted) => Containers(after).are_well(wanted),
            Self::Gone(name) | Self::NoNetwork(name) => {
                let stays = before.lines().any(|line| is_named(line, name) && has_id(after, line));
                so(!stays, || format!("{name} is still there"))
            }
            Self::StartedAnew(name) => {
                so(before != after, || format!("the container {name} was not started anew"))
            }
        }
    }
}

/// Whether the thing of a line, by its number, is still in a list.
fn has_id(list: &str, line: &str) -> bool {
    let id = |line: &str| line.split(' ').nth(1).map(str::to_owned);
    list.lines().any(|other| id(other) == id(line))
}

fn so(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
