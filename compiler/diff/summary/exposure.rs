//! Who reaches what: ports, sites, networks and confinement.

use std::collections::{BTreeMap, BTreeSet};

use super::{Area, Change, Sides, Statement, Weight, changes, statement};
use crate::diff::phrase::Phrase;
use crate::inventory::{Inventory, Port, Route, Service};

const EVERYONE: &str = "wan";

/// Ports that open, close, move, or change whom they serve.
pub(super) fn ports(sides: &Sides<'_>) -> Vec<Statement> {
    let (old, new) = (endpoints(sides.old), endpoints(sides.new));
    let before = open_to_everyone(sides.old);
    let mut found = Vec::new();
    for (name, change) in changes(&old, &new) {
        let mut say = |kind, text| found.push(statement(Area::Ports, kind, name, text));
        match change {
            Change::Removed(port) => {
                say(
                    "port-closed",
                    Phrase::new("{} of {} closes: it was for ", &[&port.port, name]).then(who(port)),
                );
            }
            Change::Added(port) if opens(&before, port) => found.push(alarm(name, port)),
            Change::Added(port) => {
                say("port-opened", Phrase::new("{} of {} opens, for ", &[&port.port, name]).then(who(port)));
            }
            Change::Changed(old, port) => {
                if opens(&before, port) {
                    found.push(alarm(name, port));
                } else if old.expose != port.expose || old.peers != port.peers {
                    let text = Phrase::new("{} of {} is now for ", &[&port.port, name]).then(who(port));
                    say("port-exposure", text.then(Phrase::new("; it was for ", &[])).then(who(old)));
                }
                if old.port != port.port {
                    let text = Phrase::new("{} moves from {} to {}", &[name, &old.port, &port.port]);
                    found.push(statement(Area::Ports, "port-moved", name, text));
                }
            }
        }
    }
    found
}

/// Sites of the reverse proxy.
pub(super) fn sites(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (name, change) in changes(&sides.old.routes, &sides.new.routes) {
        let mut say = |kind, text| found.push(statement(Area::Sites, kind, name, text));
        match change {
            Change::Removed(route) => {
                say("site-removed", Phrase::new("{} goes; it led to {}", &[name, &route.to]));
            }
            Change::Added(route) if route.access == EVERYONE => found.push(open_site(name, route)),
            Change::Added(route) => {
                say(
                    "site-added",
                    Phrase::new("{} is new: it leads to {}, for {}", &[name, &route.to, &route.access]),
                );
            }
            Change::Changed(old, route) => {
                if old.to != route.to {
                    say(
                        "site-target",
                        Phrase::new("{} leads to {} instead of {}", &[name, &route.to, &old.to]),
                    );
                }
                if old.access != route.access {
                    if route.access == EVERYONE {
                        found.push(open_site(name, route));
                    } else {
                        let text = Phrase::new(
                            "{} is now for {}; it was for {}",
                            &[name, &route.access, &old.access],
                        );
                        say("site-access", text);
                    }
                }
            }
        }
    }
    found
}

/// Container networks.
pub(super) fn networks(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (name, change) in changes(&sides.old.networks, &sides.new.networks) {
        let mut say = |kind, text| found.push(statement(Area::Networks, kind, name, text));
        match change {
            Change::Added(new) => {
                say("network-added", Phrase::new("{} is new, with {}", &[name, &new.subnet]));
            }
            Change::Removed(old) => {
                say("network-removed", Phrase::new("{} goes; it had {}", &[name, &old.subnet]));
            }
            Change::Changed(old, new) => {
                if old.subnet != new.subnet {
                    let text = Phrase::new("{} has {} instead of {}", &[name, &new.subnet, &old.subnet]);
                    say("network-subnet", text);
                }
                if old.bridge != new.bridge {
                    let text =
                        Phrase::new("{} uses the bridge {} instead of {}", &[name, &new.bridge, &old.bridge]);
                    say("network-bridge", text);
                }
                match (&old.confined_to, &new.confined_to) {
                    (Some(tunnel), None) => {
                        let text = Phrase::new("the network {} is no longer confined to {}", &[name, tunnel]);
                        let open = statement(Area::Networks, "network-unconfined", name, text);
                        found.push(open.weighing(Weight::Alarm));
                    }
                    (old, Some(tunnel)) if old.as_ref() != Some(tunnel) => {
                        say("network-confined", Phrase::new("{} is confined to {}", &[name, tunnel]));
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// Services that are confined to a tunnel, or were.
pub(super) fn confinement(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (id, service) in &sides.new.services {
        let before = sides.old.services.get(id).and_then(|service| tunnel(sides.old, service));
        let after = tunnel(sides.new, service);
        let (kind, text) = match (before, after) {
            (Some(old), None) => {
                let text = Phrase::new(
                    "{} is no longer confined to {}: it speaks from the home's own address",
                    &[id, old],
                );
                let free = statement(Area::Confinement, "unconfined", id, text);
                found.push(free.weighing(Weight::Alarm));
                continue;
            }
            (None, Some(new)) => ("confined", Phrase::new("{} is confined to {}", &[id, new])),
            (Some(old), Some(new)) if old != new => {
                ("confined-elsewhere", Phrase::new("{} is confined to {} instead of {}", &[id, new, old]))
            }
            _ => continue,
        };
        found.push(statement(Area::Confinement, kind, id, text));
    }
    found
}

/// The tunnel that a service is confined to.
fn tunnel<'a>(inventory: &'a Inventory, service: &'a Service) -> Option<&'a str> {
    let mut network = service.network.as_deref()?;
    // A service may share the network of one that has its own; more steps than that are no inventory of ours.
    for _ in 0..4 {
        let Some(owner) = network.strip_prefix("that of ") else { break };
        network = inventory.services.get(owner)?.network.as_deref()?;
    }
    inventory.networks.get(network)?.confined_to.as_deref()
}

/// Every endpoint, as SERVICE/ENDPOINT.
fn endpoints(inventory: &Inventory) -> BTreeMap<String, Port> {
    let services = inventory.services.iter();
    services
        .flat_map(|(id, service)| {
            service.ports.iter().map(move |(name, port)| (format!("{id}/{name}"), port.clone()))
        })
        .collect()
}

fn open_to_everyone(inventory: &Inventory) -> BTreeSet<&str> {
    let ports = inventory.services.values().flat_map(|service| service.ports.values());
    ports.filter(|port| port.expose == EVERYONE).map(|port| port.port.as_str()).collect()
}

fn opens(before: &BTreeSet<&str>, port: &Port) -> bool {
    port.expose == EVERYONE && !before.contains(port.port.as_str())
}

fn alarm(name: &str, port: &Port) -> Statement {
    let text = Phrase::new("opens {} to everyone ({})", &[&port.port, name]);
    statement(Area::Ports, "port-opened-to-everyone", name, text).weighing(Weight::Alarm)
}

fn open_site(name: &str, route: &Route) -> Statement {
    let text = Phrase::new("opens the site {} to everyone; it leads to {}", &[name, &route.to]);
    statement(Area::Sites, "site-opened-to-everyone", name, text).weighing(Weight::Alarm)
}

/// Whom a port serves.
fn who(port: &Port) -> Phrase {
    let known = match port.expose.as_str() {
        "none" if port.peers.is_empty() => Phrase::new("nobody", &[]),
        "none" => return Phrase::new("{} only", &[&port.peers.join(", ")]),
        "host" => Phrase::new("this host", &[]),
        "lan" => Phrase::new("the home network", &[]),
        EVERYONE => Phrase::new("everyone", &[]),
        other => Phrase::new("{}", &[other]),
    };
    if port.peers.is_empty() { known } else { known.then(Phrase::new(" and {}", &[&port.peers.join(", ")])) }
}
