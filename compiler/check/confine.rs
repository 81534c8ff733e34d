//! Confinement: services that share the network namespace of a tunnel and have no other network.

use super::tools::{at, confined, namespace, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Expose, Host, Runtime};

/// A service confined to one that makes no tunnel.
pub fn without_tunnel(host: &Host, report: &mut Report) {
    let tunnels: Vec<&str> = services(host).filter(|(_, s)| s.tunnel.is_some()).map(|(id, _)| id).collect();
    for (id, _, owner) in confined(host) {
        // What is confined itself makes no tunnel either: that is a finding of its own.
        let apart = host.services.get(owner).is_some_and(|owner| owner.confine.is_none());
        if id == owner || !apart || tunnels.contains(&owner) {
            continue;
        }
        let path = at(id, &["confine"]);
        let help = match tunnels.first() {
            Some(tunnel) => format!("set `{path} = \"{tunnel}\"`"),
            None => format!("add a service that makes a tunnel, and set `{path}` to its name"),
        };
        report.push(
            Diagnostic::error(
                "confine-without-tunnel",
                &path,
                format!("`{id}` is confined to `{owner}`, which makes no tunnel"),
                help,
            )
            .also(&Host::service_path(owner), "it has no `tunnel`"),
        );
    }
}

/// A service confined to itself.
pub fn to_itself(host: &Host, report: &mut Report) {
    for (id, service, owner) in confined(host) {
        if id == owner {
            let help = if service.tunnel.is_some() {
                format!("remove `confine`: `{id}` makes the tunnel, and others are confined to it")
            } else {
                "name the service that makes the tunnel".to_owned()
            };
            report.push(Diagnostic::error(
                "confine-to-itself",
                &at(id, &["confine"]),
                format!("`{id}` is confined to itself"),
                help,
            ));
        }
    }
}

/// A service confined to one that is confined.
pub fn nested(host: &Host, report: &mut Report) {
    for (id, _, owner) in confined(host) {
        let Some(outer) = host.services.get(owner).and_then(|s| s.confine.as_deref()) else { continue };
        if owner != id && outer != owner && outer != id {
            let path = at(id, &["confine"]);
            report.push(
                Diagnostic::error(
                    "nested-confine",
                    &path,
                    format!("`{id}` is confined to `{owner}`, which is confined itself"),
                    format!("set `{path} = \"{outer}\"`"),
                )
                .also(&at(owner, &["confine"]), format!("`{owner}` has no network of its own")),
            );
        }
    }
}

/// Confinement of, or to, what runs in no container.
pub fn not_a_container(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        if service.runtime == Runtime::Container {
            continue;
        }
        for (field, there) in [("confine", service.confine.is_some()), ("tunnel", service.tunnel.is_some())] {
            if there {
                let path = at(id, &["runtime"]);
                report.push(
                    Diagnostic::error(
                        "confine-without-container",
                        &at(id, &[field]),
                        format!("`{id}` has `{field}`, but runs in no container"),
                        format!("set `{path} = 'container`, or remove `{field}`"),
                    )
                    .also(&path, "without a container, there is no network namespace to share"),
                );
            }
        }
    }
}

/// A port of a shared namespace that everyone is meant to reach.
pub fn port_on_wan(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        if service.confine.is_none() && service.tunnel.is_none() {
            continue;
        }
        for (name, _) in service.endpoints.iter().filter(|(_, e)| e.expose == Expose::Wan) {
            let path = at(id, &["endpoints", name, "expose"]);
            let because = match &service.confine {
                Some(owner) => {
                    format!("`{id}` is confined to `{owner}`: it answers the host and the LAN, nobody else")
                }
                None => {
                    format!("`{id}` makes a tunnel: its namespace answers the host and the LAN, nobody else")
                }
            };
            report.push(
                Diagnostic::error(
                    "confined-port-on-wan",
                    &path,
                    format!("endpoint `{name}` of `{id}` cannot be open to everyone"),
                    format!("set `{path} = 'lan`; a route of the reverse proxy can still lead to it"),
                )
                .because(because),
            );
        }
    }
}

/// Confined services on a host without a kill-switch.
pub fn without_killswitch(host: &Host, report: &mut Report) {
    if host.killswitch.is_some() {
        return;
    }
    for (id, _, owner) in confined(host) {
        if host.services.get(owner).is_none_or(|owner| owner.tunnel.is_none()) {
            continue;
        }
        report.push(
            Diagnostic::warning(
                "confined-without-killswitch",
                &at(id, &["confine"]),
                format!("`{id}` is confined, but nothing stops its packets when the tunnel does not"),
                "set `killswitch = {}`",
            )
            .because(format!(
                "when `{owner}` starts, stops or fails, its network namespace has an ordinary route"
            )),
        );
    }
}

/// Settings of the network that a service cannot have when its network is another's.
pub fn network_option(host: &Host, report: &mut Report) {
    for (id, service, owner) in confined(host) {
        let sysctls = service.sysctls.keys().map(|key| ("sysctls", key));
        let names = service.extra_hosts.keys().map(|key| ("extra_hosts", key));
        for (field, key) in sysctls.chain(names) {
            report.push(
                Diagnostic::error(
                    "confined-network-option",
                    &at(id, &[field, key]),
                    format!("`{id}` shares the network of `{owner}` and cannot have `{field}` of its own"),
                    format!("move it to `{}`", at(owner, &[field, key])),
                )
                .also(&at(id, &["confine"]), "confined here"),
            );
        }
    }
}

/// A confined service that is meant to open connections to services outside.
pub fn reaches(host: &Host, report: &mut Report) {
    for (id, service, owner) in confined(host) {
        for (name, _) in service.reaches.iter().filter(|(_, on)| **on) {
            let Some(other) = host.services.get(name) else { continue };
            if namespace(name, other) != owner {
                report.push(
                    Diagnostic::error(
                        "confined-reaches",
                        &at(id, &["reaches", name]),
                        format!("`{id}` cannot reach `{name}`: it is confined to `{owner}`"),
                        format!(
                            "remove it, let `{name}` do the calling with `{} = true`, or confine `{name}` as well",
                            at(name, &["reaches", id])
                        ),
                    )
                    .also(&at(id, &["confine"]), "confined here")
                    .because("a confined service answers at home, but opens connections through the tunnel only"),
                );
            }
        }
    }
}
