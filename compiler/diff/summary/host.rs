//! The host itself: policies, disks, secrets, packages and their repositories.

use super::{Area, Change, Sides, Statement, Weight, changes, statement};
use crate::diff::phrase::Phrase;

/// Policies by name: how they read when they are switched on and off.
const POLICIES: &[(&str, &str, &str)] = &[
    (
        "firewall",
        "the firewall is switched on",
        "the firewall is switched off: mediac no longer filters any port",
    ),
    (
        "killswitch",
        "the kill-switch is switched on",
        "the kill-switch is switched off: nothing holds back what leaves its tunnel",
    ),
];

/// Rulesets by path: what changes when they do.
const RULES: &[(&str, &str, &str)] = &[
    ("etc/mediac/firewall.nft", "firewall-rules", "the rules of the firewall change: see {}"),
    ("etc/mediac/killswitch.nft", "killswitch-rules", "the rules of the kill-switch change: see {}"),
    (
        "etc/mediac/killswitch.belt",
        "killswitch-routes",
        "the routing rules of the kill-switch change: see {}",
    ),
];

/// Firewall and kill-switch, on or off.
pub(super) fn policies(sides: &Sides<'_>) -> Vec<Statement> {
    let (old, new) = (sides.old.policies.clone(), sides.new.policies.clone());
    let states = [(old.firewall, new.firewall), (old.killswitch, new.killswitch)];
    let mut found = Vec::new();
    for ((name, on, off), state) in POLICIES.iter().zip(states) {
        match state {
            (false, true) => found.push(statement(Area::Policies, "policy-on", name, Phrase::new(on, &[]))),
            (true, false) => {
                let gone = statement(Area::Policies, "policy-off", name, Phrase::new(off, &[]));
                found.push(gone.weighing(Weight::Alarm));
            }
            _ => {}
        }
    }
    found
}

/// Rules that change while their policy stays.
pub(super) fn rules(sides: &Sides<'_>) -> Vec<Statement> {
    RULES
        .iter()
        .filter_map(|(path, kind, text)| {
            let (old, new) = (sides.base.files.get(*path)?, sides.fresh.files.get(*path)?);
            (old.bytes != new.bytes)
                .then(|| statement(Area::Policies, kind, path, Phrase::new(text, &[path])))
        })
        .collect()
}

/// Disks by mount point.
pub(super) fn disks(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (at, change) in changes(&sides.old.disks, &sides.new.disks) {
        let (kind, text) = match change {
            Change::Added(new) => ("disk-added", Phrase::new("{} is mounted at {}", &[new, at])),
            Change::Removed(old) => {
                ("disk-removed", Phrase::new("{} is no longer mounted at {}", &[old, at]))
            }
            Change::Changed(old, new) => ("disk", Phrase::new("{} is {} instead of {}", &[at, new, old])),
        };
        found.push(statement(Area::Disks, kind, at, text));
    }
    found
}

/// Secrets by SERVICE/NAME. Those that are given somebody has to provide.
pub(super) fn secrets(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (name, change) in changes(&sides.old.secrets, &sides.new.secrets) {
        let (Change::Added(source) | Change::Changed(_, source)) = change else {
            let text = Phrase::new("{} is no longer needed", &[name]);
            found.push(statement(Area::Secrets, "secret-unneeded", name, text));
            continue;
        };
        found.push(if source == "derived" {
            let text = Phrase::new("{} is needed; mediac derives it", &[name]);
            statement(Area::Secrets, "secret-derived", name, text)
        } else {
            let text = Phrase::new("{} is needed, and you must provide it", &[name]);
            statement(Area::Secrets, "secret-given", name, text).weighing(Weight::Todo)
        });
    }
    found
}

/// Debian packages.
pub(super) fn packages(sides: &Sides<'_>) -> Vec<Statement> {
    let (old, new) = (&sides.old.packages, &sides.new.packages);
    let mut found = Vec::new();
    for name in new.iter().filter(|name| !old.contains(name)) {
        let text = Phrase::new("{} is needed", &[name]);
        found.push(statement(Area::Packages, "package-added", name, text));
    }
    for name in old.iter().filter(|name| !new.contains(name)) {
        let text = Phrase::new("{} is no longer asked for", &[name]);
        found.push(statement(Area::Packages, "package-unneeded", name, text));
    }
    found
}

/// Package repositories: whoever can write there can run anything on the host.
pub(super) fn repositories(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (name, change) in changes(&sides.old.repositories, &sides.new.repositories) {
        let (kind, text) = match change {
            Change::Added(new) => {
                ("repository-added", Phrase::new("packages may come from {}: {}", &[name, new]))
            }
            Change::Removed(old) => ("repository-removed", Phrase::new("{} goes: {}", &[name, old])),
            Change::Changed(old, new) => {
                ("repository", Phrase::new("{} is {} instead of {}", &[name, new, old]))
            }
        };
        found.push(statement(Area::Repositories, kind, name, text));
    }
    found
}
