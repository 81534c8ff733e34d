//! What a change means for whoever uses the machine: what is away for a while, what stays as it is, and what taking the
//! change back does not bring back.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::generation::Generation;
use crate::diff::{Action, Difference, Summary, Weight};
use crate::inventory::Service;

/// What a change means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// What stops, starts or reloads, in the order of how much it interrupts.
    pub turns: Vec<Turn>,
    /// What is at risk.
    pub risks: Vec<Risk>,
    /// Services whose program becomes an older one, while its data may be of the newer one.
    pub older: Vec<String>,
    /// Services that go on as if nothing happened.
    pub untouched: Vec<String>,
}

/// Something that stops, starts or reloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What happens to it.
    pub kind: Interruption,
    /// The unit, container or network.
    pub subject: String,
    /// The sentence that its steps have as well.
    pub because: String,
}

/// What happens to a unit or container, what is missed longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interruption {
    /// It stops for good.
    Gone,
    /// It stops and starts.
    Away,
    /// It starts, and was not there before.
    New,
    /// It takes something in while it runs.
    Reloads,
    /// Nothing, where one would expect something.
    None,
}

/// Something that may be lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk {
    /// What.
    pub subject: String,
    /// Why, and what to do about it.
    pub why: String,
}

/// What is at risk when one of these units stops or takes something in.
const UNITS: &[(&str, &str)] = &[
    (
        "mediac-firewall.service",
        "who reaches this machine changes: `--confirm-within 120` takes it back when it locks you out",
    ),
    (
        "mediac-killswitch.service",
        "the rules of the kill-switch are loaded in one go; nothing of it is open meanwhile",
    ),
    ("systemd-networkd.service", "the machine's own network restarts"),
    ("docker.service", "every container stops and starts"),
];
/// What is at risk when a file in a folder of this name changes.
const WITHIN: &[(&str, &str)] = &[(
    "/sshd_config.d/",
    "who logs in, and from where, changes: `--confirm-within 120` takes it back when it locks you out",
)];
const MOUNT: &str = "what uses the disk stops meanwhile";
const IMAGE: &str =
    "another version may change its data; going back to this build brings the program back, not the data";
const OLDER: &str = "the new version is older: many programs refuse data of a newer one; have a backup";
const DATA_STAYS: &str = "it goes, its data stays where it is";

/// What a change from one build to another means.
pub fn outlook(difference: &Difference, old: Option<&Generation>, new: &Generation) -> Outlook {
    let mut turns: Vec<Turn> = Vec::new();
    let mut risks = BTreeSet::new();
    for consequence in &difference.consequences {
        let Some(kind) = interruption(consequence.action) else { continue };
        let subject = consequence.subject.clone();
        if matches!(kind, Interruption::Gone | Interruption::Away | Interruption::Reloads) {
            risks.extend(of_unit(&subject).map(|why| risk(&subject, why)));
        }
        turns.push(Turn { kind, subject, because: consequence.phrase().plain() });
    }
    turns.sort_by(|one, other| (one.kind, &one.subject).cmp(&(other.kind, &other.subject)));
    for change in &difference.files {
        let path = format!("/{}", change.path);
        let known = WITHIN.iter().find(|(folder, _)| path.contains(folder));
        risks.extend(known.map(|(_, why)| risk(&path, why)));
    }
    if let Summary::Made(statements) = &difference.summary {
        let alarms = statements.iter().filter(|statement| statement.weight == Weight::Alarm);
        // A machine that had nothing had no protection that could go.
        risks.extend(alarms.filter(|_| old.is_some()).map(|alarm| risk(&alarm.subject, &alarm.text.plain())));
    }
    let (before, after) = (old.map(Generation::meaning).unwrap_or_default(), new.meaning());
    let mut older = Vec::new();
    for (id, service) in &before.services {
        let why = match after.services.get(id).map(|now| aged(service, now)) {
            None => DATA_STAYS,
            Some(Aged::Not) => continue,
            Some(Aged::Other) => IMAGE,
            Some(Aged::Older) => {
                older.push(id.clone());
                OLDER
            }
        };
        risks.insert(risk(id, why));
    }
    let touched = |id: &str, service: &Service| {
        let unit = service.unit.as_deref().unwrap_or(id);
        turns
            .iter()
            .any(|turn| turn.kind < Interruption::None && (turn.subject == unit || turn.subject == id))
    };
    let kept = after
        .services
        .iter()
        .filter(|(id, service)| before.services.contains_key(*id) && !touched(id, service));
    let untouched = kept.map(|(id, _)| id.clone()).collect();
    Outlook { turns, risks: risks.into_iter().collect(), older, untouched }
}

fn risk(subject: &str, why: &str) -> Risk {
    Risk { subject: subject.to_owned(), why: why.to_owned() }
}

const fn interruption(action: Action) -> Option<Interruption> {
    match action {
        Action::RemoveContainer | Action::Stop | Action::RemoveNetwork => Some(Interruption::Gone),
        Action::RemakeNetwork | Action::RemakeContainer | Action::RestartContainer | Action::Restart => {
            Some(Interruption::Away)
        }
        Action::MakeNetwork | Action::StartContainer | Action::Start => Some(Interruption::New),
        Action::Reload | Action::ReloadContainer => Some(Interruption::Reloads),
        Action::Nothing | Action::Reread => Some(Interruption::None),
        Action::Unknown | Action::Run => None,
    }
}

fn of_unit(unit: &str) -> Option<&'static str> {
    let known = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, why)| *why);
    known.or_else(|| Path::new(unit).extension().is_some_and(|kind| kind == "mount").then_some(MOUNT))
}

/// What another image of a service is to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aged {
    /// The same, or no image.
    Not,
    /// Another, and nobody knows which is newer.
    Other,
    /// An older version of the same program.
    Older,
}

fn aged(before: &Service, after: &Service) -> Aged {
    let (Some(before), Some(after)) = (before.image.as_deref(), after.image.as_deref()) else {
        return Aged::Not;
    };
    let (old, new) = (version(before), version(after));
    match (name(before) == name(after), old.cmp(&new)) {
        (true, _) if before == after => Aged::Not,
        // Only numbers can be compared: `latest` has none.
        (true, Ordering::Greater) if !new.is_empty() => Aged::Older,
        _ => Aged::Other,
    }
}

/// An image without tag and digest.
fn name(image: &str) -> &str {
    let plain = image.split_once('@').map_or(image, |(plain, _)| plain);
    match plain.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => plain,
    }
}

/// The numbers at the beginning of an image's tag.
fn version(image: &str) -> Vec<u64> {
    let plain = image.split_once('@').map_or(image, |(plain, _)| plain);
    let tag = plain.get(name(image).len()..).unwrap_or_default().trim_start_matches([':', 'v']);
    tag.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(image: &str) -> Service {
        Service { image: Some(image.to_owned()), ..Service::default() }
    }

    #[test]
    fn another_version_puts_data_at_risk() {
        for (before, after, expected) in [
            ("demo:4.0.1", "demo:4.0.1", Aged::Not),
            ("demo:4.0.1", "demo:4.0.2", Aged::Other),
            ("demo:4.0.10", "demo:4.0.9", Aged::Older),
            ("demo:v4.1", "demo:v4", Aged::Older),
            ("demo:4.0.1@sha256:a", "demo:4.0.1@sha256:b", Aged::Other),
            ("demo:4", "demo:latest", Aged::Other),
            ("host:5000/demo", "host:5000/demo:4", Aged::Other),
            ("a/demo:9", "b/demo:4", Aged::Other),
        ] {
            assert_eq!(aged(&container(before), &container(after)), expected, "{before} {after}");
        }
    }

    #[test]
    fn tags_are_read_by_their_numbers() {
        for (image, expected) in [
            ("a.example/b/demo:4.0.15-ls12", vec![4, 0, 15]),
            ("localhost:5000/x", vec![]),
            ("x:v2.6", vec![2, 6]),
            ("x:latest", vec![]),
        ] {
            assert_eq!(version(image), expected, "{image}");
        }
    }
}
