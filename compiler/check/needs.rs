//! Order: which services wait for which.

use std::collections::{BTreeMap, VecDeque};

use super::tools::{at, containers, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Host, Need, Runtime};
use crate::path::OptionPath;

/// Services that wait for each other.
pub fn cycle(host: &Host, report: &mut Report) {
    let waits = waits(host);
    for &start in waits.keys() {
        let Some(round) = round(&waits, start) else { continue };
        let mut steps = round.iter().filter_map(|(from, to)| Some((*from, *to, waits.get(from)?.get(to)?)));
        // A wait that was written down is easier to give up than the one that confinement brings.
        let Some((from, to, wait)) =
            steps.clone().find(|(_, _, wait)| !wait.confined).or_else(|| steps.next())
        else {
            continue;
        };
        let message = if from == to {
            format!("`{from}` waits for itself")
        } else {
            let names: Vec<String> = round.iter().map(|(_, to)| format!("`{to}`")).collect();
            format!("services wait for each other: `{start}` for {}", names.join(" for "))
        };
        let mut finding =
            Diagnostic::error("needs-cycle", &wait.option, message, format!("remove `{}`", wait.option))
                .here(format!("`{from}` waits for `{to}`"));
        for (other, next, wait) in round.iter().filter_map(|(a, b)| Some((*a, *b, waits.get(a)?.get(b)?))) {
            if (other, next) != (from, to) {
                let how = if wait.confined { "is confined to" } else { "waits for" };
                finding = finding.also(&wait.option, format!("`{other}` {how} `{next}`"));
            }
        }
        report.push(finding);
    }
}

/// Why one service waits for another.
struct Wait {
    option: OptionPath,
    confined: bool,
}

type Waits<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Wait>>;

fn waits(host: &Host) -> Waits<'_> {
    services(host)
        .map(|(id, service)| {
            let mut waits: BTreeMap<&str, Wait> = BTreeMap::new();
            // A service confined to itself is a finding of its own.
            if let Some(owner) = service.confine.as_deref().filter(|owner| *owner != id) {
                waits.insert(owner, Wait { option: at(id, &["confine"]), confined: true });
            }
            for name in service.needs.keys() {
                waits.insert(name, Wait { option: at(id, &["needs", name]), confined: false });
            }
            (id, waits)
        })
        .collect()
}

/// The shortest way from `start` back to it through services after it in the alphabet, as steps. So each
/// round is found once, from its first service.
fn round<'a>(waits: &Waits<'a>, start: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut came: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &next in waits.get(at)?.keys().filter(|next| **next >= start && waits.contains_key(*next)) {
            if came.contains_key(next) {
                continue;
            }
            came.insert(next, at);
            if next != start {
                queue.push_back(next);
                continue;
            }
            let mut steps = vec![(at, start)];
            let mut to = at;
            while to != start {
                let from = came.get(to).copied()?;
                steps.push((from, to));
                to = from;
            }
            steps.reverse();
            return Some(steps);
        }
    }
    None
}

/// A container that waits for something that is no container.
pub fn native(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        for name in service.needs.keys() {
            let Some(other) = host.services.get(name).filter(|other| other.runtime != Runtime::Container)
            else {
                continue;
            };
            let what =
                if other.runtime == Runtime::Native { "a unit of the host" } else { "nothing that runs" };
            let help = if other.endpoints.is_empty() {
                format!("remove `{}`", at(id, &["needs", name]))
            } else {
                format!("remove it; to let `{id}` talk to it, set `{} = true`", at(id, &["reaches", name]))
            };
            report.push(
                Diagnostic::error(
                    "needs-native",
                    &at(id, &["needs", name]),
                    format!("the container `{id}` cannot wait for `{name}`, which is {what}"),
                    help,
                )
                .also(&at(name, &["runtime"]), format!("`{name}` runs in no container")),
            );
        }
    }
}

/// A wait for the health of a service that has no check.
pub fn healthy_without_check(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, _) in service.needs.iter().filter(|(_, need)| **need == Need::Healthy) {
            let Some(other) = host.services.get(name).filter(|other| other.runtime == Runtime::Container)
            else {
                continue;
            };
            if other.health.is_none() && !other.builtin_health {
                let path = at(id, &["needs", name]);
                report.push(
                    Diagnostic::error(
                        "healthy-without-check",
                        &path,
                        format!("`{id}` waits until `{name}` is healthy, but `{name}` has no health check"),
                        format!(
                            "set `{path} = 'started`, or `{} = [\"CMD\", …]`",
                            at(name, &["health", "test"])
                        ),
                    )
                    .also(&Host::service_path(name), "it has neither `health` nor `builtin_health`"),
                );
            }
        }
    }
}

/// A service that is to be reached, but listens nowhere.
pub fn reach_without_endpoint(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, _) in service.reaches.iter().filter(|(_, on)| **on) {
            let Some(other) = host.services.get(name) else { continue };
            let path = at(id, &["reaches", name]);
            if other.endpoints.is_empty() {
                report.push(
                    Diagnostic::error(
                        "reach-without-endpoint",
                        &path,
                        format!("`{id}` reaches `{name}`, which has no endpoints"),
                        format!("add `{} = {{ port = … }}`, or remove it", at(name, &["endpoints", "NAME"])),
                    )
                    .also(&Host::service_path(name), "the service"),
                );
            }
        }
    }
}
