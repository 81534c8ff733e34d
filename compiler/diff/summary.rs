//! What changes, in the words of a reviewer: two inventories compared.

mod exposure;
mod host;
mod services;

use std::collections::{BTreeMap, BTreeSet};

use super::phrase::Phrase;
use super::{Presence, Record, Snapshot};
use crate::inventory::Inventory;

/// What changes, or why that cannot be said.
#[derive(Debug, Clone)]
pub enum Summary {
    /// The changes: the gravest first, then by area.
    Made(Vec<Statement>),
    /// One of the two inventories cannot be read.
    Impossible(Phrase),
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// How much it matters.
    pub weight: Weight,
    /// What it is about.
    pub area: Area,
    /// Stable name in kebab case.
    pub kind: &'static str,
    /// The service, port, site … that changes.
    pub subject: String,
    /// The change as a sentence.
    pub text: Phrase,
}

/// How much a change matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It takes protection away.
    Alarm,
    /// Somebody has to do something for it.
    Todo,
    /// It is what it says.
    Plain,
}

/// What a change is about, in the order of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// The host as a whole.
    Host,
    /// Services.
    Services,
    /// Images of containers.
    Images,
    /// Ports and who reaches them.
    Ports,
    /// Sites of the reverse proxy.
    Sites,
    /// Networks of containers.
    Networks,
    /// Firewall and kill-switch.
    Policies,
    /// What is confined to a tunnel.
    Confinement,
    /// Disks.
    Disks,
    /// Secrets.
    Secrets,
    /// Debian packages.
    Packages,
    /// Package repositories.
    Repositories,
}

impl Weight {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Todo => "todo",
            Self::Plain => "plain",
        }
    }
}

impl Area {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Services => "services",
            Self::Images => "images",
            Self::Ports => "ports",
            Self::Sites => "sites",
            Self::Networks => "networks",
            Self::Policies => "policies",
            Self::Confinement => "confinement",
            Self::Disks => "disks",
            Self::Secrets => "secrets",
            Self::Packages => "packages",
            Self::Repositories => "repositories",
        }
    }
}

/// Every comparison, each of one part of the inventories.
const COMPARISONS: &[fn(&Sides<'_>) -> Vec<Statement>] = &[
    services::services,
    services::images,
    exposure::ports,
    exposure::sites,
    exposure::networks,
    exposure::confinement,
    host::policies,
    host::rules,
    host::disks,
    host::secrets,
    host::packages,
    host::repositories,
];

/// The two sides of a comparison.
pub(super) struct Sides<'a> {
    old: &'a Inventory,
    new: &'a Inventory,
    base: &'a Snapshot,
    fresh: &'a Snapshot,
}

/// One entry of two maps, where they differ.
pub(super) enum Change<'a, T> {
    /// Only the new map has it.
    Added(&'a T),
    /// Only the old map has it.
    Removed(&'a T),
    /// Both have it, with other values.
    Changed(&'a T, &'a T),
}

/// Compares the inventories of two snapshots.
pub fn compare(base: &Snapshot, fresh: &Snapshot, presence: Presence) -> Summary {
    if presence == Presence::Removed {
        let text = "the host {} is removed from the project; nothing changes on the machine by that";
        return Summary::Made(vec![statement(
            Area::Host,
            "host-removed",
            &base.host,
            Phrase::new(text, &[&base.host]),
        )]);
    }
    let nothing = Inventory::default();
    let old = match &base.inventory {
        Record::Read(inventory) => inventory,
        Record::Absent if presence == Presence::Added => &nothing,
        Record::Absent => {
            return Summary::Impossible(Phrase::new("no summary: the base has no inventory", &[]));
        }
        Record::Unreadable(why) => {
            let text =
                "no summary: the inventory of the base was written by another version, or by hand ({})";
            return Summary::Impossible(Phrase::new(text, &[why]));
        }
    };
    let Some(new) = fresh.inventory.read() else {
        return Summary::Impossible(Phrase::new("no summary: the fresh build has no inventory", &[]));
    };
    let sides = Sides { old, new, base, fresh };
    let mut statements: Vec<Statement> = COMPARISONS.iter().flat_map(|compare| compare(&sides)).collect();
    if presence == Presence::Added {
        let text = Phrase::new("the host {} is new", &[&fresh.host]);
        statements.push(statement(Area::Host, "host-added", &fresh.host, text));
    }
    statements.sort();
    Summary::Made(statements)
}

/// A plain statement.
fn statement(area: Area, kind: &'static str, subject: &str, text: Phrase) -> Statement {
    Statement { weight: Weight::Plain, area, kind, subject: subject.to_owned(), text }
}

impl Statement {
    /// The same statement as one that matters more.
    fn weighing(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }
}

/// The entries in which two maps differ, by key.
fn changes<'a, T: PartialEq>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a str, Change<'a, T>)> {
    let keys: BTreeSet<&'a str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    keys.into_iter().filter_map(|key| {
        let change = match (old.get(key), new.get(key)) {
            (None, Some(new)) => Change::Added(new),
            (Some(old), None) => Change::Removed(old),
            (Some(old), Some(new)) if old != new => Change::Changed(old, new),
            _ => return None,
        };
        Some((key, change))
    })
}
